"""Make the pictures of the documentation, docs/images/*.jpg, from the bundled examples.

    python scripts/make_images.py

Run it anew after any change to the engine, and look at what it made.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sembla import api
from sembla.core.types import Picture

IMAGES = Path(__file__).parent.parent / "docs" / "images"

HEADINGS = ("photo", "its map", "new layout", "result")

SHEETS = {
    "readme": ("coffee/full-cup", "chelsea/wink"),
    "analogy": ("hubble/heart", "rocket/two-rockets", "chelsea/wide-pupils"),
    "flaws": ("astronaut/bare-wall", "rocket/no-masts"),
}
"""Which layouts each picture shows, a row each."""

QUALITY = 88
"""Of the JPEG files: no artefact shows, and a sheet stays far below half a megabyte."""

Strokes: TypeAlias = dict[str, tuple[tuple[int, int], ...]]
"""For each colour, the corners (x, y) of one line."""

STROKES: Strokes = {
    "#c07f48": ((18, 250), (60, 330), (170, 388), (400, 388), (560, 290), (580, 60), (300, 10), (200, 20)),
    "#20203a": ((10, 12), (60, 20)),
    "#d84028": ((98, 180), (110, 250), (160, 320), (240, 360), (340, 360), (440, 290), (466, 210), (440, 150)),
    "#98183c": ((190, 150), (210, 210), (280, 250), (350, 220), (385, 180)),
    "#f0e8dc": ((182, 100), (200, 50), (280, 28), (370, 50), (398, 110), (340, 190), (240, 190)),
    "#f0b450": ((225, 165), (290, 150), (350, 170)),
}
"""Strokes over the photo of the coffee cup."""


def main() -> None:
    """Write all pictures."""
    logging.getLogger("sembla").addHandler(logging.StreamHandler())
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, shown in SHEETS.items():
        write(name, api.contact_sheet([row(*each.split("/")) for each in shown], headings=HEADINGS, cell=300))
    headings = ("photo", "strokes over it", "map from the strokes", "20 segments")
    write("label", api.contact_sheet([label_row()], headings=headings, cell=300))


def row(name: str, layout: str) -> Sequence[Picture]:
    """One layout of an example: the photo, its map, the layout and what becomes of it."""
    example = api.load_example(name)
    palette, wanted = example.label_set.palette, example.layouts[layout]
    result = api.run(api.AnalogyTask(example.picture, example.labels, wanted))
    return example.picture, api.colourize(example.labels, palette), api.colourize(wanted, palette), result.picture


def label_row() -> Sequence[Picture]:
    """The coffee cup: the photo, strokes over it, the map made from them, and segments."""
    photo = api.load_example("coffee").picture
    drawn = draw(STROKES, photo)
    maps = (api.label(photo, drawn), api.segments(photo, 20))
    return photo, drawn, *(api.colourize(made.labels, made.palette) for made in maps)


def draw(strokes: Strokes, photo: Picture) -> NDArray[np.uint8]:
    """Draw strokes over a copy of a photo (H, W, 3), with a hard brush 7 px wide."""
    image = Image.fromarray(photo)
    brush = ImageDraw.Draw(image)
    for colour, corners in strokes.items():
        brush.line(corners, fill=colour, width=7, joint="curve")
    return np.asarray(image)


def write(name: str, picture: Picture) -> None:
    """Write docs/images/NAME.jpg and tell its size."""
    path = IMAGES / f"{name}.jpg"
    Image.fromarray(picture).save(path, quality=QUALITY, optimize=True)
    print(f"{path.name}: {picture.shape[1]}x{picture.shape[0]}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
