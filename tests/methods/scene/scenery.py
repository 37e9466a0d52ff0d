"""A small bank: sky, ground and balls, each photo with a layout and colours of its own."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import sembla
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture
from sembla.data.classes import write_declared

CLASSES = LabelSet(
    ("sky", "ground", "ball", "box", "unicorn"),
    ((60, 120, 220), (40, 160, 60), (230, 180, 30), (200, 40, 40), (250, 0, 250)),
    ignore=255,
)
"""No photo has a unicorn, and one alone has a box."""

PHOTOS = 6
SIZE = (48, 64)


def layout(number: int) -> LabelMap:
    """The label map of a photo: where the horizon and the ball are, nobody else has."""
    labels = np.zeros(SIZE, np.uint8)
    labels[20 + 4 * number :] = 1
    rows, columns = np.indices(SIZE)
    labels[(rows - 10 - number) ** 2 + (columns - 8 - 9 * number) ** 2 <= 30] = 2
    if number == 3:
        labels[36:44, 6:14] = 3
    labels[-1, :3] = 255
    return labels


def photo(number: int) -> Picture:
    """A photo of `layout(number)`, in a light of its own."""
    chance = np.random.default_rng(number)
    palette = np.vstack([CLASSES.palette, np.zeros((251, 3), np.uint8)]).astype(np.float64)
    noise = chance.normal(0, 10, (*SIZE, 1)) + chance.normal(0, 4, (*SIZE, 3))
    made: NDArray[np.uint8] = np.clip(palette[layout(number)] * (0.6 + 0.07 * number) + noise, 0, 255).astype(np.uint8)
    return made


def make_bank(folder: Path, *, photos: int = PHOTOS, shards: bool = False) -> Path:
    """Prepare the bank; names are n0, n1, ..."""
    source = folder / "source"
    for part in ("images", "labels"):
        (source / part).mkdir(parents=True, exist_ok=True)
    for number in range(photos):
        Image.fromarray(photo(number)).save(source / "images" / f"n{number}.png")
        Image.fromarray(layout(number)).save(source / "labels" / f"n{number}.png")
    write_declared(source, CLASSES)
    out = folder / ("tars" if shards else "bank")
    sembla.prepare("folder", source, out, shards=shards, workers=1)
    return out
