"""CamVid: 701 frames of five drives through Cambridge, 960x720, or 480x360 as SegNet has them."""

from pathlib import Path

import numpy as np

from sembla.core.errors import InputError, LabelError
from sembla.core.types import LabelMap
from sembla.data.catalog.folder import plain_records
from sembla.data.catalog.reading import below, numbering, paired, read_coloured, read_pair
from sembla.data.labelsets import CAMVID_11, CAMVID_32, CAMVID_32_TO_11, IGNORE
from sembla.data.records import SPLITS, Kind, Record, Sample
from sembla.imaging.io import MapArray

__all__ = ["KIND"]

# SegNet stores the void as 11.
_IDS = numbering({**{label: label for label in range(CAMVID_11.count)}, CAMVID_11.count: IGNORE, IGNORE: IGNORE})
_MOST_UNKNOWN = 0.01  # share of pixels in colours that CamVid does not have: stray ones of the annotators, not a set


def records(root: Path) -> list[Record]:
    """Pairs in any of three layouts.

    The makers': 701_StillsRaw_full/*.png and LabeledApproved_full/*_L.png, without splits. SegNet's: train/ and
    trainannot/, the same for val and test. The plain one: train/images/ and train/labels/ with SegNet's ids.
    """
    found = _of_makers(root) or _of_segnet(root) or plain_records(root)
    if not found:
        raise InputError(
            f"{root} is not CamVid; expected 701_StillsRaw_full/ and LabeledApproved_full/, "
            "or SegNet's train/ and trainannot/, in it."
        )
    return found


def _of_segnet(root: Path) -> list[Record]:
    """Entries whose maps show 11 ids and the void."""
    splits = [split for split in SPLITS if (root / f"{split}annot").is_dir()]
    pairs = ((below(root / split), below(root / f"{split}annot"), split) for split in splits)
    return [record for images, labels, split in pairs for record in paired(images, labels, split)]


def _of_makers(root: Path) -> list[Record]:
    """Entries whose maps show 32 classes in colours."""
    images, maps = below(root / "701_StillsRaw_full"), below(root / "LabeledApproved_full", suffix="_L")
    return [
        Record(record.name, "", {"image": record.files["image"], "colour map": record.files["labels"]})
        for record in paired(images, maps, "")
    ]


def read(record: Record) -> Sample:
    """Decode one entry with the 11 classes; void becomes 255, to be ignored."""
    if "colour map" not in record.files:
        return read_pair(record, _IDS)
    picture, colours = read_coloured(record)
    return Sample(picture, CAMVID_32_TO_11(_from_colours(colours, record.files["colour map"])))


def _from_colours(colours: MapArray, path: Path) -> LabelMap:
    """The 32 ids of a colour map (H, W, 3); the few pixels of unknown colours count as void."""
    if colours.ndim != 3:
        raise LabelError(f"{path} holds no colours; expected one of the 32 colours of CamVid a pixel.")
    weights = np.array([65536, 256, 1])
    known = CAMVID_32.palette.astype(np.int64) @ weights
    order = np.argsort(known)
    packed = colours.astype(np.int64) @ weights
    place = np.minimum(np.searchsorted(known[order], packed), len(known) - 1)
    labels: LabelMap = order[place].astype(np.uint8)
    unknown = known[labels] != packed
    if unknown.mean() > _MOST_UNKNOWN:
        raise LabelError(
            f"{path}: {unknown.mean():.0%} of its pixels have colours that CamVid does not use; "
            "was it resized with blending, or saved as JPEG? `sembla doctor` tells."
        )
    labels[unknown] = CAMVID_32.names.index("Void")
    return labels


KIND = Kind(
    name="camvid",
    summary="CamVid in 11 classes: the makers' colour maps, SegNet's train/ and trainannot/, or plain folders.",
    label_set=CAMVID_11,
    records=records,
    read=read,
    licence="Research use; SegNet's version CC BY-NC 4.0.",
)
"""CamVid."""
