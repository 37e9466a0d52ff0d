"""COCO-Stuff: 164,000 everyday photos with 182 classes of things and stuff."""

from pathlib import Path

from sembla.core.errors import InputError
from sembla.data.catalog.reading import below, numbering, paired, read_pair
from sembla.data.labelsets import COCO_STUFF_182, IGNORE
from sembla.data.records import SPLITS, Kind, Record, Sample

__all__ = ["KIND"]

# Both layouts store COCO's id less 1, and 255 for unlabelled.
_IDS = numbering({**{label: label for label in range(COCO_STUFF_182.count)}, 255: IGNORE})


def records(root: Path) -> list[Record]:
    """Pairs in either of two layouts.

    The makers': train2017/, val2017/ (also below images/) and stuffthingmaps_trainval2017/{train2017,val2017}/ (also
    stuffthingmaps/ or annotations/). SPADE's: train_img/, train_label/ and train_inst/, the same for val.
    """
    found = []
    for split in SPLITS:
        found += _of_spade(root, split) or _of_makers(root, split)
    if not found:
        raise InputError(
            f"{root} is not COCO-Stuff; expected train2017/ and stuffthingmaps_trainval2017/train2017/, "
            "or SPADE's train_img/ and train_label/, in it."
        )
    return found


def _of_spade(root: Path, split: str) -> list[Record]:
    images, labels, instances = (below(root / f"{split}_{what}") for what in ("img", "label", "inst"))
    return paired(images, labels, split, instances=instances, required=split != "test")


def _of_makers(root: Path, split: str) -> list[Record]:
    folder = f"{split}2017"
    images = below(root / folder) or below(root / "images" / folder)
    places = ("stuffthingmaps_trainval2017", "stuffthingmaps", "annotations")
    labels = next((maps for place in places if (maps := below(root / place / folder))), {})
    return paired(images, labels, split, required=split != "test")


def read(record: Record) -> Sample:
    """Decode one entry."""
    return read_pair(record, _IDS)


KIND = Kind(
    name="coco_stuff",
    summary="COCO-Stuff with 182 classes: the makers' 2017 layout, or SPADE's with instances.",
    label_set=COCO_STUFF_182,
    records=records,
    read=read,
    licence="Annotations CC BY 4.0; the photos are Flickr's, each under its own terms.",
)
"""COCO-Stuff."""
