"""Make the pictures of the documentation, docs/images/*.jpg, from the bundled examples.

    python scripts/make_images.py

And that of the card of the pack faces-64, if PyTorch is there (SEMBLA_WEIGHTS must name the folder of its weights), and
those of face-map-64 and portrait-128, if dlib is there too (the extra `faces`).

Run it anew after any change to the engine, and look at what it made.
"""

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

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

PACKS = Path(api.__file__).parents[1] / "packs"
SQUARE = (150, 38, 300, 188)
"""The head of the astronaut: left, top, right, bottom."""
KEPT = ((42, 92, 64, 36), (30, 44, 90, 35))
"""Her mouth and her eyes there: left, top, width, height."""
SIDE = 128
"""Of each picture of the card."""

PORTRAIT = (96, 0, 352, 256)
"""The astronaut from the shoulders up."""
HOLES = ("center", "left", "freehand")
"""What is missing of it on the card of face-map-64."""

HEAD = 20
"""Height of the headings of a contact sheet."""

QUALITY = 88
"""Of the JPEG files: no artefact shows, and a sheet stays far below half a megabyte."""

Strokes: TypeAlias = dict[str, tuple[tuple[int, int], ...]]
"""For each colour, the corners (x, y) of one line."""

STROKES: Strokes = {
    "#0000ff": ((18, 250), (60, 330), (170, 388), (400, 388), (560, 290), (580, 60), (300, 10), (200, 20)),
    "#00ffff": ((10, 12), (60, 20)),
    "#00ff00": ((98, 180), (110, 250), (160, 320), (240, 360), (340, 360), (440, 290), (466, 210), (440, 150)),
    "#ff8000": ((188, 160), (210, 225), (224, 290), (270, 250), (325, 225), (372, 190)),
    "#ff00ff": ((182, 100), (200, 50), (280, 28), (370, 50), (398, 110), (340, 190), (240, 190)),
    "#ffff00": ((225, 165), (290, 150), (350, 170)),
    "#8000ff": ((410, 76), (396, 130), (378, 220), (366, 280), (350, 300)),
}
"""Strokes over the photo of the coffee cup."""


def main() -> None:
    """Write all pictures."""
    logging.getLogger("sembla").addHandler(logging.StreamHandler())
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, shown in SHEETS.items():
        write(IMAGES / f"{name}.jpg", sheet([row(*each.split("/")) for each in shown]))
    headings = ("photo", "strokes over it", "map from the strokes", "20 segments")
    write(IMAGES / "label.jpg", api.contact_sheet([label_row()], headings=headings, cell=300))
    if find_spec("torch"):
        write(PACKS / "faces-64" / "faces.jpg", kept_regions())
        if api.has_faces():
            write(PACKS / "face-map-64" / "astronaut.jpg", filled_holes())
            write(PACKS / "portrait-128" / "astronaut.jpg", edited_face())


def kept_regions() -> Picture:
    """A face, a region of it, and the most diverse nine that keep it, for each of two regions."""
    face = np.asarray(Image.fromarray(api.load_example("astronaut").picture).crop(SQUARE))
    prior, rows = api.load("faces-64"), []
    for left, top, width, height in KEPT:
        kept = api.keep(face, model=prior, region=(left, top, width, height))
        region = np.full_like(face, 90)
        region[top : top + height, left : left + width] = face[top : top + height, left : left + width]
        rows.append([face, region, *api.preserve(kept, model=prior, diverse=True).pictures])
    sized = [[Image.fromarray(each).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for each in row] for row in rows]
    return np.concatenate([np.concatenate([np.asarray(each) for each in row], axis=1) for row in sized])


def filled_holes() -> Picture:
    """A face with each of three holes, and below it the filling."""
    face = np.asarray(Image.fromarray(api.load_example("astronaut").picture).crop(PORTRAIT))
    model, points = api.load("face-map-64"), api.find_landmarks(face)
    damaged = [api.damage(face, hole, landmarks=points) for hole in HOLES]
    missing = [np.where(one.hole[..., None], 128, face).astype(np.uint8) for one in damaged]
    filled = [api.inpaint(one, model=model).picture for one in damaged]
    return np.concatenate([np.concatenate(each, axis=1) for each in (missing, filled)])


def edited_face() -> Picture:
    """A face, the parts seen in it, fuller lips and higher brows, two other looks of hair, and all of looks."""
    face = np.asarray(Image.fromarray(api.load_example("astronaut").picture).crop(PORTRAIT))
    model = api.load("portrait-128")
    seen = api.parse(face, model=model)
    names, layout = api.FACE_CLASSES.names, seen.labels.copy()
    for part in ("u_lip", "l_lip"):
        at = np.isin(seen.labels, [names.index(part)])
        layout[ndimage.binary_dilation(at, iterations=3) & (seen.labels == names.index("skin"))] = names.index(part)
    for part in ("l_brow", "r_brow"):
        at = seen.labels == names.index(part)
        layout[at] = names.index("skin")
        layout[np.roll(at, -6, axis=0)] = names.index(part)
    edits: tuple[dict[str, Any], ...] = (
        {"layout": layout},
        {"redraw": ("hair",), "seed": 1},
        {"redraw": ("hair",), "seed": 2},
        {"whole": True},
    )
    made = [api.portrait(face, parsing=seen.labels, model=model, **each).picture for each in edits]
    return np.concatenate([face, api.colourize(seen.labels, seen.palette), *made], axis=1)


def sheet(rows: Sequence[Sequence[Picture]]) -> Picture:
    """Lay rows of pictures out, each as high as its own; one contact sheet would give all the height of the tallest."""
    sheets = [api.contact_sheet([each], headings=HEADINGS, cell=300) for each in rows]
    return np.concatenate([sheets[0], *(each[HEAD:] for each in sheets[1:])])


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


def write(path: Path, picture: Picture) -> None:
    """Write a picture and tell its size."""
    Image.fromarray(picture).save(path, quality=QUALITY, optimize=True)
    print(f"{path.name}: {picture.shape[1]}x{picture.shape[0]}, {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
