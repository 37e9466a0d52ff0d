"""Cityscapes: streets of 50 German and neighbouring cities, 2048x1024, with instances."""

from pathlib import Path

from sembla.core.errors import InputError
from sembla.data.catalog.reading import below, numbering, paired, read_pair, subfolder
from sembla.data.labelsets import CITYSCAPES_19, CITYSCAPES_34, CITYSCAPES_34_TO_19
from sembla.data.records import SPLITS, Kind, Record, Sample

__all__ = ["KIND", "KIND_19"]

_IDS = numbering({label: label for label in range(CITYSCAPES_34.count)})
_LICENCE = "Cityscapes terms: research and education only, no redistribution."


def records(root: Path) -> list[Record]:
    """Pairs of leftImg8bit/SPLIT/CITY/*_leftImg8bit.png and gtFine/SPLIT/CITY/*_gtFine_labelIds.png.

    Instances are added where *_gtFine_instanceIds.png is there; of the split test, photos may stand alone.
    """
    photos, maps = subfolder(root, ["leftImg8bit"]), subfolder(root, ["gtFine"])
    found = []
    for split in SPLITS:
        images = below(photos / split, suffix="_leftImg8bit")
        labels = below(maps / split, suffix="_gtFine_labelIds")
        instances = below(maps / split, suffix="_gtFine_instanceIds")
        found += paired(images, labels, split, instances=instances, required=split != "test")
    if not found:
        raise InputError(f"{photos} holds no photo; expected train/CITY/*_leftImg8bit.png in it.")
    return found


def read(record: Record) -> Sample:
    """Decode one entry with the 34 label ids."""
    return read_pair(record, _IDS)


def read_19(record: Record) -> Sample:
    """Decode one entry with the 19 train ids."""
    sample = read(record)
    if sample.labels is None:
        return sample
    return Sample(sample.picture, CITYSCAPES_34_TO_19(sample.labels), sample.instances)


KIND = Kind(
    name="cityscapes",
    summary="Cityscapes with its 34 label ids and instances: leftImg8bit/ and gtFine/ as downloaded.",
    label_set=CITYSCAPES_34,
    records=records,
    read=read,
    licence=_LICENCE,
)
"""Cityscapes with label ids."""

KIND_19 = Kind(
    name="cityscapes_19",
    summary="Cityscapes with its 19 train ids and instances: leftImg8bit/ and gtFine/ as downloaded.",
    label_set=CITYSCAPES_19,
    records=records,
    read=read_19,
    licence=_LICENCE,
)
"""Cityscapes with train ids."""
