"""Draw the layouts of examples/scenes: a street in CamVid's classes, and a facade in those of the CMP database.

    python examples/draw_scenes.py

Try them with a bank or a model: sembla scene examples/scenes/street.png --model camvid --out street.png
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sembla.core.labels import LabelSet
from sembla.data.labelsets import CAMVID_11, FACADES_12

FOLDER = Path(__file__).parent / "scenes"

Point = tuple[float, float]


class Sheet:
    """A layout to draw on by the names of classes."""

    def __init__(self, label_set: LabelSet, size: tuple[int, int], ground: str) -> None:
        """`size` is width and height; `ground` is everywhere at first."""
        self._ids = {name: index for index, name in enumerate(label_set.names)}
        self._palette = label_set.palette
        self._image = Image.new("L", size, self._ids[ground])
        self._draw = ImageDraw.Draw(self._image)

    def area(self, name: str, *points: Point) -> None:
        """Fill a polygon."""
        self._draw.polygon(points, fill=self._ids[name])

    def box(self, name: str, corners: Sequence[float]) -> None:
        """Fill a rectangle: left, top, right, bottom."""
        self._draw.rectangle(tuple(corners), fill=self._ids[name])

    def disc(self, name: str, corners: Sequence[float]) -> None:
        """Fill an ellipse within a rectangle."""
        self._draw.ellipse(tuple(corners), fill=self._ids[name])

    def save(self, path: Path) -> None:
        """Write it in the colours of its classes."""
        ids: NDArray[np.uint8] = np.asarray(self._image)
        image = Image.fromarray(ids)
        image.putpalette(self._palette.tobytes())
        image.save(path, optimize=True)


def street() -> Sheet:
    """A street between houses, with trees, cars and people."""
    sheet = Sheet(CAMVID_11, (256, 192), "sky")
    sheet.area("building", (0, 10), (40, 22), (104, 84), (104, 112), (0, 150))
    sheet.area("building", (256, 0), (206, 30), (150, 86), (150, 112), (256, 150))
    sheet.area("tree", (96, 76), (120, 66), (140, 70), (156, 80), (156, 110), (96, 110))
    for left, top, right, bottom in ((8, 40, 64, 100), (196, 52, 240, 104)):
        sheet.disc("tree", (left, top, right, bottom))
    sheet.area("pavement", (0, 150), (104, 110), (152, 110), (256, 150), (256, 192), (0, 192))
    sheet.area("road", (20, 192), (112, 108), (142, 108), (240, 192))
    sheet.box("fence", (0, 128, 22, 146))
    for left, top, right, bottom in ((64, 114, 98, 136), (146, 116, 188, 144), (116, 104, 132, 114)):
        sheet.area(
            "car",
            *((left, bottom), (left, (top + bottom) / 2), (left + (right - left) / 5, top)),
            *((right - (right - left) / 5, top), (right, (top + bottom) / 2), (right, bottom)),
        )
    for left in (38, 216):
        sheet.disc("pedestrian", (left + 2, 112, left + 8, 119))
        sheet.box("pedestrian", (left, 119, left + 10, 148))
    for left in (28, 232):
        sheet.box("pole", (left, 40, left + 2, 150))
    sheet.box("sign symbol", (226, 58, 240, 72))
    return sheet


def facade() -> Sheet:
    """Four storeys of windows over shops."""
    sheet = Sheet(FACADES_12, (256, 256), "facade")
    sheet.box("background", (0, 0, 255, 20))
    sheet.box("cornice", (0, 20, 255, 32))
    for storey in range(4):
        top = 44 + storey * 38
        for column in range(6):
            left = 14 + column * 41
            sheet.box("window", (left, top, left + 22, top + 24))
            sheet.box("sill", (left - 2, top + 25, left + 24, top + 28))
            if storey == 1 and column in {1, 4}:
                sheet.box("balcony", (left - 5, top + 16, left + 27, top + 27))
    sheet.box("molding", (0, 196, 255, 204))
    sheet.box("shop", (0, 205, 255, 255))
    sheet.box("door", (116, 210, 140, 255))
    return sheet


def main() -> None:
    """Draw both."""
    FOLDER.mkdir(exist_ok=True)
    street().save(FOLDER / "street.png")
    facade().save(FOLDER / "facade.png")


if __name__ == "__main__":
    main()
