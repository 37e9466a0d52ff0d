"""CelebAMask-HQ: 30,000 faces of 1024 px with 19 classes of 512 px."""

import contextlib
import logging
import shlex
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from sembla.core.errors import InputError, LabelError
from sembla.core.types import LabelMap
from sembla.data.catalog.folder import plain_records
from sembla.data.catalog.reading import below, fit, numbering, paired, read_values, renumber
from sembla.data.catalog.tables import attributes_of, read_table
from sembla.data.face_order import detect_celebamask_order
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING, CELEBAMASK_HQ_TO_PARSING
from sembla.data.records import Kind, Record, Sample

__all__ = ["KIND", "KIND_PARSING", "PARTS", "PHOTOS", "home", "paint", "parts"]

_IDS = numbering({label: label for label in range(CELEBAMASK_HQ_19.count)})
PHOTOS, PARTS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
"""The makers' folders of photos, and of a file for each part of each face."""

_log = logging.getLogger("sembla")

_LOOKED_AT = 8  # index maps of a set whose order is checked

_LICENCE = "Non-commercial research only."

# CelebA's own splits, which begin at these of its pictures (counted from 0).
_FIRST_VAL, _FIRST_TEST = 162770, 182637

_TEST = 24_000  # where systems that know no such list let the test split begin


def records(root: Path) -> list[Record]:
    """Faces in any of three layouts.

    The makers': CelebA-HQ-img/0.jpg and either index maps CelebAMask-HQ-mask/0.png or the parts as they come,
    CelebAMask-HQ-mask-anno/0/00000_hair.png, with their lists of attributes and of CelebA's numbers (for the splits)
    where they are there. Photos and index maps in one folder: 0.jpg, 0.png. The plain one: images/ and labels/.
    """
    makers = home(root)
    if makers:
        return _of_makers(makers)
    found = plain_records(root) or _side_by_side(root)
    if not found:
        raise InputError(
            f"{root} is not CelebAMask-HQ; expected CelebA-HQ-img/ and CelebAMask-HQ-mask-anno/, "
            "or images/ and labels/, in it."
        )
    return found


def records_of_makers(root: Path) -> list[Record]:
    """Faces whose index maps have the order of MaskGAN; a warning is logged where they seem not to."""
    return _checked(records(root), root, KIND)


def records_of_parsing(root: Path) -> list[Record]:
    """Faces whose index maps have the order of face-parsing.PyTorch; a warning is logged where they seem not to."""
    return _checked(records(root), root, KIND_PARSING)


def _checked(found: list[Record], root: Path, kind: Kind) -> list[Record]:
    """The same records, once some of their index maps were looked at."""
    paths = [record.files["labels"] for record in found if "labels" in record.files]
    with contextlib.suppress(InputError):  # a damaged map is told when it is read
        some = paths[:: max(1, len(paths) // _LOOKED_AT)]
        shown = detect_celebamask_order(renumber(read_values(path), _IDS, path) for path in some).label_set
        if shown not in {None, kind.label_set}:
            other = KIND if kind is KIND_PARSING else KIND_PARSING
            _log.warning(
                "the label maps of %s seem to number the parts as %s does, not %s: their names would be wrong. "
                "Prepare it as %s, or renumber a copy with sembla doctor %s --as %s --fix COPY.",
                *(root, other.name, kind.name, other.name, shlex.quote(str(root)), kind.name),
            )
    return found


def home(root: Path) -> Path | None:
    """Where the makers' folders lie: in `root` or in CelebAMask-HQ in it; None where they do not."""
    return next((folder for folder in (root / "CelebAMask-HQ", root) if (folder / PHOTOS).is_dir()), None)


def _of_makers(root: Path) -> list[Record]:
    images = below(root / PHOTOS)
    maps = below(root / "CelebAMask-HQ-mask") or below(root / "CelebAMaskHQ-mask")
    files = {} if maps else parts(root / PARTS)
    alone = [name for name in images if name not in maps and name not in files]
    if alone or not images:
        told = f"{images[alone[0]]} has no map" if alone else f"{root / PHOTOS} holds no photo"
        raise InputError(f"{told}; expected {PARTS}/*/00000_skin.png and so on, or index maps.")
    mapping, lists = root / "CelebA-HQ-to-CelebA-mapping.txt", root / "CelebAMask-HQ-attribute-anno.txt"
    splits = _splits(mapping) if mapping.is_file() else _by_number(images)
    if splits and not mapping.is_file():
        _log.info("%s is not there: photos from number %d on are the test split, and not CelebA's", mapping, _TEST)
    extra = {"attributes": lists} if lists.is_file() else {}
    found = []
    for name, image in images.items():
        own = {"labels": maps[name]} if maps else files[name]
        found.append(Record(name, splits.get(name, ""), {"image": image, **own, **extra}, key=name))
    return found


def parts(root: Path) -> dict[str, dict[str, Path]]:
    """The files of each face's parts: "0" -> {"part:hair": ...}; the folders hold 2000 faces each."""
    known = set(CELEBAMASK_HQ_19.names)
    found: dict[str, dict[str, Path]] = {}
    for name, path in below(root).items():
        number, _, part = name.rpartition("/")[2].partition("_")
        if number.isdecimal() and part in known:
            found.setdefault(str(int(number)), {})[f"part:{part}"] = path
    return found


def _splits(mapping: Path) -> dict[str, str]:
    """The split of each face, from the list `idx orig_idx orig_file` of CelebA's numbers."""
    found = {}
    for line in mapping.read_text(encoding="utf-8").splitlines()[1:]:
        words = line.split()
        if len(words) == 3 and words[1].isdecimal():
            number = int(words[1])
            found[words[0]] = "train" if number < _FIRST_VAL else "val" if number < _FIRST_TEST else "test"
    return found


def _by_number(images: Iterable[str]) -> dict[str, str]:
    """The split of each photo by its own number; none where all would be of one."""
    found = {name: "test" if int(name) >= _TEST else "train" for name in images if name.isdecimal()}
    return found if len(set(found.values())) > 1 else {}


def _side_by_side(root: Path) -> list[Record]:
    return paired(below(root, endings=(".jpg", ".jpeg")), below(root, endings=(".png",)), "")


def read(record: Record) -> Sample:
    """Decode one entry; the photo is reduced to the size of its map."""
    if "labels" in record.files:
        labels = renumber(read_values(record.files["labels"]), _IDS, record.files["labels"])
    else:
        labels = paint(record)
    attributes = {}
    if "attributes" in record.files:
        attributes = attributes_of(read_table(record.files["attributes"]), record.key)
    return Sample(fit(record.files["image"], labels.shape[:2]), labels, attributes=attributes)


def read_parsing(record: Record) -> Sample:
    """Decode one entry of the other order: index maps as they are, parts painted and renumbered."""
    sample = read(record)
    if "labels" in record.files or sample.labels is None:
        return sample
    return replace(sample, labels=CELEBAMASK_HQ_TO_PARSING(sample.labels))


def paint(record: Record) -> LabelMap:
    """The parts (0 and 255) one over the other, in the order of the classes: hair lies over the skin."""
    labels: LabelMap | None = None
    for label, part in enumerate(CELEBAMASK_HQ_19.names):
        path = record.files.get(f"part:{part}")
        if path is None:
            continue
        mask = read_values(path) > 127
        labels = np.zeros(mask.shape, np.uint8) if labels is None else labels
        if mask.shape != labels.shape:
            raise LabelError(f"{path} is of another size than the other parts of its face; get it anew.")
        labels[mask] = label
    if labels is None:
        raise LabelError(f"{record.files['image']} has no parts; expected files such as 00000_skin.png.")
    return labels


KIND = Kind(
    name="celebamask_hq",
    summary="CelebAMask-HQ in MaskGAN's order: parts or index maps as downloaded, or plain folders.",
    label_set=CELEBAMASK_HQ_19,
    records=records_of_makers,
    read=read,
    licence=_LICENCE,
)
"""CelebAMask-HQ in the order of its makers."""

KIND_PARSING = Kind(
    name="celebamask_hq_parsing",
    summary="CelebAMask-HQ index maps in the order of face-parsing.PyTorch.",
    label_set=CELEBAMASK_HQ_19_PARSING,
    records=records_of_parsing,
    read=read_parsing,
    licence=_LICENCE,
)
"""The same in the order of face-parsing.PyTorch."""
