"""The CMP facade database: 606 rectified facades with boxes of 12 classes."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.data.catalog.folder import plain_records
from sembla.data.catalog.reading import below, numbering, paired, read_pair
from sembla.data.labelsets import FACADES_12
from sembla.data.records import SPLITS, Kind, Record, Sample
from sembla.imaging.io import read_picture

__all__ = ["KIND", "joined", "read"]

_STORED = numbering({label + 1: label for label in range(FACADES_12.count)})
_PLAIN = numbering({label: label for label in range(FACADES_12.count)})
_CLEAR = 25.0  # Euclidean distance in RGB: noise of JPEG within an area; neighbouring classes are 85 apart
_LEAST_CLEAR = 0.3  # share of clear pixels in a map; in a photo next to none are


def records(root: Path) -> list[Record]:
    """Pairs in any of three layouts.

    The makers': cmp_*.jpg beside cmp_*.png, here or in base/ and extended/, without splits. That of pix2pix:
    train/*.jpg and the same for val and test, photo and colour map side by side in one picture. The plain one:
    train/images/ and train/labels/ with ids from 0.
    """
    found = _of_makers(root) or plain_records(root) or joined(root)
    if not found:
        raise InputError(
            f"{root} is not the facade database; expected base/cmp_b0001.jpg and .png, or pix2pix's train/*.jpg, in it."
        )
    return found


def _of_makers(root: Path) -> list[Record]:
    """Entries of the database as its makers give it; xml files beside are left alone."""
    images, labels = (below(root, endings=endings) for endings in ((".jpg",), (".png",)))
    images = {name: path for name, path in images.items() if path.name.startswith("cmp_")}
    return paired(images, labels, "")


def joined(root: Path) -> list[Record]:
    """Entries that hold photo and map in one file: the pictures in train/, val/ and test/."""
    return [
        Record(f"{split}/{name}", split, {"joined": path})
        for split in SPLITS
        for name, path in below(root / split).items()
    ]


def read(record: Record) -> Sample:
    """Decode one entry."""
    if "joined" in record.files:
        return _read_joined(record.files["joined"])
    return read_pair(record, _STORED if record.files["image"].name.startswith("cmp_") else _PLAIN)


def _read_joined(path: Path) -> Sample:
    """Photo left, colour map right."""
    both = read_picture(path)
    width = both.shape[1] // 2
    if both.shape[1] != 2 * both.shape[0]:
        raise SizeError(
            f"{path} is {both.shape[1]}x{both.shape[0]}; a joined pair is twice as wide as high, photo and map."
        )
    return Sample(both[:, :width].copy(), _from_colours(both[:, width:], path))


def _from_colours(colours: Picture, path: Path) -> LabelMap:
    """The ids of a colour map (H, W, 3) that JPEG has blurred: blurred pixels take the class of the nearest clear one.

    Their own colour misleads: between the blue of the wall and a red pillar, it is that of no class or of a third one.
    """
    away = np.linalg.norm(colours[:, :, None].astype(np.float32) - FACADES_12.palette, axis=3)  # (H, W, 12)
    clear = away.min(axis=2) <= _CLEAR
    if clear.mean() < _LEAST_CLEAR:
        raise LabelError(
            f"{path}: only {clear.mean():.0%} of its right half has the colours of the facade database; "
            "expected the photo left and the colour map right."
        )
    labels = away.argmin(axis=2).astype(np.uint8)
    rows, columns = ndimage.distance_transform_edt(~clear, return_distances=False, return_indices=True)
    nearest: LabelMap = labels[rows, columns]
    return nearest


KIND = Kind(
    name="facades",
    summary="CMP facades in 12 classes: the makers' base/ and extended/, pix2pix's joined pairs, or plain folders.",
    label_set=FACADES_12,
    records=records,
    read=read,
    licence="Terms of the CMP facade database (research); cite Tylecek and Sara 2013.",
)
"""CMP facades."""
