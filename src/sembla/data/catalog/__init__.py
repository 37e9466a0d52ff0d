"""The known data sets, each in the layout that its makers gave it: one module a set, one dict of them all."""

from collections.abc import Mapping
from types import MappingProxyType

from sembla.data.catalog import (
    ade20k,
    camvid,
    celeba,
    celebamask_hq,
    cityscapes,
    coco_stuff,
    facades,
    fasseg,
    folder,
    lsun,
)
from sembla.data.records import Kind

__all__ = ["KINDS"]

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
            celeba.KIND,
            lsun.KIND,
            fasseg.KIND,
            folder.KIND,
        )
    }
)
"""Every kind by its name."""
