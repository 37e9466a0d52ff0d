"""Folders of pictures with known differences, for tests of what scores them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from sembla.core.types import LabelMap, Picture

ASTRONAUT: Callable[[], Picture] = data.astronaut


def crop(number: int, *, side: int = 48) -> Picture:
    """A part of a photo that the number decides."""
    top, left = np.random.default_rng(number).integers(0, 512 - side, 2)
    return ASTRONAUT()[top : top + side, left : left + side]


def halves(side: int = 48) -> LabelMap:
    """Class 0 at the left, class 2 at the right, and a column of 255, to be ignored."""
    labels = np.zeros((side, side), np.uint8)
    labels[:, side // 2 :] = 2
    labels[:, -1] = 255
    return labels


def write(path: Path, pixels: Picture | LabelMap) -> Path:
    """Write an array as a picture, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def write_pair(root: Path, count: int, *, change: Callable[[Picture], Picture]) -> tuple[Path, Path]:
    """Write `count` crops into root/real, and the same changed into root/made; names have numbers and a folder."""
    for number in range(count):
        name = f"part/{number + 8}.png" if number else "8.png"
        write(root / "real" / name, crop(number))
        write(root / "made" / name, change(crop(number)))
    return root / "made", root / "real"


def brighter(picture: Picture) -> Picture:
    """By one eighth of the way to white."""
    return (picture + (255 - picture.astype(np.uint16)) // 8).astype(np.uint8)
