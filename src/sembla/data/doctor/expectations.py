"""What the label maps of a known data set may hold, as its makers store them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.data.catalog import find_kind
from sembla.data.classes import CLASSES, read_declared
from sembla.data.doctor.chart import Expected
from sembla.data.doctor.looking import Look
from sembla.data.doctor.pairs import Finding
from sembla.data.labelsets import (
    ADE20K_150,
    CAMVID_11,
    CAMVID_32,
    CELEBAMASK_HQ_19,
    CELEBAMASK_HQ_19_PARSING,
    CITYSCAPES_34,
    COCO_STUFF_182,
    FACADES_12,
    FASSEG_6,
)

__all__ = ["check_kind", "expect", "expect_of", "recognise"]

_STORED: Mapping[str, Expected] = MappingProxyType(
    {
        "cityscapes": Expected(range(34), label_set=CITYSCAPES_34),
        "cityscapes_19": Expected(range(34), label_set=CITYSCAPES_34),
        "ade20k": Expected(range(1, 151), frozenset({0}), label_set=ADE20K_150),
        "coco_stuff": Expected(range(182), frozenset({255}), label_set=COCO_STUFF_182),
        "camvid": Expected(range(11), frozenset({11, 255}), label_set=CAMVID_11, drawn=CAMVID_32),
        "facades": Expected(range(12), label_set=FACADES_12),
        "celebamask_hq": Expected(range(19), label_set=CELEBAMASK_HQ_19),
        "celebamask_hq_parsing": Expected(range(19), label_set=CELEBAMASK_HQ_19_PARSING),
        "fasseg": Expected(range(6), label_set=FASSEG_6, drawn=FASSEG_6),
    }
)

_NAMES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "cityscapes": re.compile(r".+_gtFine_labelIds\.png"),
        "ade20k": re.compile(r"ADE_(train|val)_\d{8}\.png"),
        "coco_stuff": re.compile(r"\d{12}\.png"),
    }
)
"""How the label maps of sets with telling names are called."""


def check_kind(kind: str | None) -> None:
    """Raise `InputError` for a kind that is not known, or has no label maps."""
    if kind is None or find_kind(kind).name in {"folder", *_STORED}:
        return
    raise InputError(f"{kind} has no label maps, so that there is nothing for the label doctor to look at.")


def recognise(finding: Finding) -> str:
    """The kind whose names all label maps bear, or ""; also where the folder itself says which ids there may be.

    Mended copies keep the names of their sources, but not always the ids.
    """
    if (finding.root / CLASSES).is_file():
        return ""
    names = {pair.labels.name for pair in finding.pairs} | {path.name for path in finding.lone_labels}
    return next((kind for kind, form in _NAMES.items() if all(map(form.fullmatch, names))), "")


def expect(root: Path, kind: str, looks: tuple[Look, ...]) -> Expected | None:
    """What the maps may hold: by the kind, by what is written in the folder, or unknown (None)."""
    known = _STORED.get(kind)
    if known is None:
        return expect_of(read_declared(root))
    if kind == "facades" and _starts_at_one(looks):  # as the makers store them; pix2pix's copies start at 0
        return replace(known, classes=range(1, FACADES_12.count + 1))
    return known


def _starts_at_one(looks: tuple[Look, ...]) -> bool:
    values = [value for look in looks if look.labels.values is not None for value in look.labels.values[:1]]
    largest = max((int(look.labels.values[-1]) for look in looks if look.labels.values is not None), default=0)
    return bool(values) and min(values) == 1 and largest == FACADES_12.count


def expect_of(label_set: LabelSet | None) -> Expected | None:
    """What maps of a label set may hold; unknown (None) without one."""
    if label_set is None:
        return None
    others = frozenset() if label_set.ignore is None else frozenset({label_set.ignore})
    return Expected(range(label_set.count), others, label_set)
