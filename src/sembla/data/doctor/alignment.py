"""Whether a photo and a label map show the same scene.

A label map explains part of its photo: within a class colours vary less than over the whole picture. The share of the
variance that the classes explain (the coefficient of determination of a one-way analysis of variance, adjusted for
the number of classes) is higher for the map's own photo than for another photo, or for its mirror image.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["SIDE", "explained", "label_thumbnail", "photo_thumbnail", "turned"]

SIDE = 32
"""Width and height of a thumbnail; every pair is brought to it, whatever its shape."""


def photo_thumbnail(image: Image.Image) -> NDArray[np.uint8]:
    """A decoded photo as RGB (32, 32, 3), each pixel the mean of what it covers."""
    if image.mode != "RGB":
        image = image.convert("RGB")
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BOX))


def label_thumbnail(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Values (H, W) or colours (H, W, 3) of a label map as classes 0, 1, 2 ... of its own, (32, 32)."""
    height, width = pixels.shape[:2]
    rows = (np.arange(SIDE) * 2 + 1) * height // (2 * SIDE)
    columns = (np.arange(SIDE) * 2 + 1) * width // (2 * SIDE)
    part = pixels[rows[:, None], columns].astype(np.int64)
    codes = part @ np.array([1, 1 << 8, 1 << 16]) if part.ndim == 3 else part
    _, ids = np.unique(codes, return_inverse=True)
    return np.minimum(ids.reshape(SIDE, SIDE), 255).astype(np.uint8)


def explained(photo: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    """Share of the photo's variance that the classes explain, adjusted; at most 1, about 0 for a map of another photo.

    Takes thumbnails (32, 32, 3) and (32, 32). A map of one class, or a photo of one colour, has 0.
    """
    colours = photo.reshape(-1, 3).astype(np.float64)
    ids = labels.ravel()
    colours -= colours.mean(0)
    total = float((colours**2).sum())
    sizes = np.bincount(ids)
    classes = np.count_nonzero(sizes)
    if total < 1 or classes < 2 or classes > ids.size // 4:
        return 0.0
    sums = np.stack([np.bincount(ids, colours[:, channel]) for channel in range(3)], 1)
    between = float(((sums**2).sum(1) / np.maximum(sizes, 1)).sum())
    return 1 - (1 - between / total) * (ids.size - 1) / (ids.size - classes)


def turned(labels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A thumbnail (32, 32) as EXIF `orientation` turns its photo."""
    if orientation in {5, 6, 7, 8}:
        labels = labels.T
    if orientation in {2, 3, 6, 7}:
        labels = labels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        labels = labels[::-1]
    return labels
