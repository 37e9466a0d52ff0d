"""The known data sets, each in the layout that its makers gave it: one module a set, one dict of them all."""

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from sembla.core.errors import InputError
from sembla.data.catalog import (
    ade20k,
    camvid,
    celeba,
    celebamask_hq,
    cityscapes,
    coco_stuff,
    facades,
    faces,
    fasseg,
    folder,
    lsun,
    portrait_npz,
)
from sembla.data.records import Kind

__all__ = ["KINDS", "find_kind"]

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            cityscapes.KIND,
            cityscapes.KIND_19,
            ade20k.KIND,
            coco_stuff.KIND,
            camvid.KIND,
            facades.KIND,
            celebamask_hq.KIND,
            celebamask_hq.KIND_PARSING,
            portrait_npz.KIND,
            celeba.KIND,
            lsun.KIND,
            fasseg.KIND,
            faces.KIND,
            folder.KIND,
        )
    }
)
"""Every kind by its name."""


def find_kind(name: str) -> Kind:
    """The kind of a name. Raises `InputError` that lists the kinds, and suggests the one that may be meant."""
    if name in KINDS:
        return KINDS[name]
    close = difflib.get_close_matches(name.lower().replace("-", "_"), KINDS, n=1)
    meant = f" (did you mean {close[0]}?)" if close else ""
    raise InputError(f"there is no kind {name!r}{meant}; the kinds are {', '.join(KINDS)}.")
