"""Holes to be filled: the shapes that inpainting is measured with, drawn strokes, and files.

The shapes are those of the face inpainting of arXiv 1711.06106, whose coordinates are of pictures of 64x64 and are
scaled to others; strokes are in the manner of Yu et al. 2019, "Free-form image inpainting with gated convolution".
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageDraw

from sembla.core.errors import InputError, SizeError
from sembla.core.types import Region
from sembla.imaging.io import Source, read_picture, source_name

__all__ = ["HOLES", "POLYGONS", "draw_hole", "read_hole", "read_mask", "rectangle"]

Size = tuple[int, int]
Draw = Callable[[Size, np.random.Generator | None], Region]

_OF = 64  # side of the pictures that coordinates are of
_FINE = 8  # polygons are drawn at this many times the size, so that halves of pixels fall to the nearer side
_MARGIN = 0.25
_JITTER = (0.2, 0.3)
_DROPOUT = 0.5
_WHITE = 128

_A = ((10, 10), (15, 10), (30, 7), (54, 12), (50, 35), (48, 50), (25, 30))
_C = ((20, 1), (20, 20), (10, 52), (25, 48), (48, 40), (28, 20))

POLYGONS: Mapping[str, tuple[tuple[int, int], ...]] = MappingProxyType(
    {"A": _A, "B": tuple((y, x) for x, y in _A), "C": _C, "D": tuple((y, x) for x, y in _C)}
)
"""Outlines of `freehand`, as (x, y) in pictures of 64x64: A and C, and each with its axes changed."""


def draw_hole(name: str, size: Size, rng: np.random.Generator | None = None) -> Region:
    """A hole (H, W) of a kind of `HOLES`, in a picture of that size.

    With `rng` it is one of its kind by chance, as sequences are measured with; without, the one that single pictures
    are measured with. Raises `InputError` for an unknown kind.
    """
    if name not in HOLES:
        raise InputError(f"hole {name!r} came; there are {', '.join(HOLES)}, or give the file of a mask.")
    return HOLES[name](size, rng)


def read_mask(source: Source, size: Size, *, name: str = "the mask") -> Region:
    """What is white in a picture of a mask, see-through being black; an array (H, W) of bool is taken as it is.

    `name` is what messages call a source that is no file.

    Raises `SizeError` for another size than (H, W), and what `read_picture` raises.
    """
    name = source_name(source, name)
    if isinstance(source, np.ndarray) and source.dtype == np.bool_:
        mask: Region = source.astype(np.bool_)
    else:
        mask = read_picture(source, name=name, ground="black").max(axis=2) >= _WHITE
    if mask.shape != size:
        came = "x".join(map(str, mask.shape[::-1]))
        raise SizeError(f"{name} is {came}; the picture is {size[1]}x{size[0]}. Make them one size.")
    return mask


def read_hole(source: Source, size: Size, *, whole: bool = False) -> Region:
    """As `read_mask`, for a hole: white is missing, black is known; with `whole`, nothing needs to be missing.

    The name of a kind of `HOLES` is taken for it.

    Raises `InputError` as well for no file, for a mask without a hole, and for one without anything known.
    """
    if isinstance(source, str) and source in HOLES:
        return draw_hole(source, size)
    if isinstance(source, (str, os.PathLike)) and not Path(source).exists():
        kinds = ", ".join(kind for kind in HOLES if kind != "full")
        raise InputError(f"mask {source}: no such file; there are also the kinds {kinds}.")
    hole, name = read_mask(source, size), source_name(source, "the mask")
    if not hole.any() and not whole:
        raise InputError(f"{name} is black everywhere, so nothing is missing; paint what to fill in white.")
    if hole.all():
        raise InputError(f"{name} is white everywhere, so nothing is known; paint what to keep in black.")
    return hole


def rectangle(size: Size, *, left: int, top: int, width: int, height: int) -> Region:
    """A rectangle in a picture (H, W), in pixels. Raises `SizeError` for one that is empty or sticks out."""
    inside = left >= 0 and top >= 0 and left + width <= size[1] and top + height <= size[0]
    if width < 1 or height < 1 or not inside:
        raise SizeError(
            f"region {left},{top},{width},{height} came (left, top, width, height); it must lie within the picture, "
            f"{size[1]}x{size[0]}, and be at least 1x1."
        )
    region = np.zeros(size, np.bool_)
    region[top : top + height, left : left + width] = True
    return region


def _center(size: Size, rng: np.random.Generator | None) -> Region:
    margin = _MARGIN if rng is None else float(rng.uniform(*_JITTER))
    rows, columns = (slice(round(side * margin), side - round(side * margin)) for side in size)
    hole = np.zeros(size, np.bool_)
    hole[rows, columns] = True
    return hole


def _left(size: Size, _: np.random.Generator | None) -> Region:
    hole = np.zeros(size, np.bool_)
    hole[:, : size[1] // 2] = True
    return hole


def _random(size: Size, rng: np.random.Generator | None) -> Region:
    """Each pixel by its own chance."""
    hole: Region = (rng or np.random.default_rng(0)).random(size) < _DROPOUT
    return hole


def _grid(size: Size, _: np.random.Generator | None) -> Region:
    """Every fourth pixel across and down is known."""
    hole = np.ones(size, np.bool_)
    hole[::4, ::4] = False
    return hole


def _checkboard(size: Size, rng: np.random.Generator | None) -> Region:
    """Squares in turn; alone, halves of the side: two of the four quarters."""
    parts = 2 if rng is None else int(rng.choice([2, 4, 8]))
    rows, columns = (np.arange(side) * parts // side for side in size)
    hole: Region = (rows[:, None] + columns) % 2 == 1
    return hole


def _freehand(size: Size, rng: np.random.Generator | None) -> Region:
    name = "B" if rng is None else str(rng.choice(list(POLYGONS)))
    sheet = Image.new("1", (size[1] * _FINE, size[0] * _FINE))
    corners = [(x * sheet.width / _OF, y * sheet.height / _OF) for x, y in POLYGONS[name]]
    ImageDraw.Draw(sheet).polygon(corners, fill=1)
    return _reduced(sheet, size)


def _strokes(size: Size, rng: np.random.Generator | None) -> Region:
    """A few strokes of a brush that wanders."""
    rng = rng or np.random.default_rng(0)
    sheet = Image.new("1", (size[1] * _FINE, size[0] * _FINE))
    draw, side = ImageDraw.Draw(sheet), min(sheet.size)
    for _ in range(int(rng.integers(2, 5))):
        wide, angle = rng.uniform(0.06, 0.14) * side, rng.uniform(0, 2 * np.pi)
        at = rng.uniform(0.15, 0.85, 2) * sheet.size
        for turn in range(int(rng.integers(3, 8))):
            angle += rng.uniform(0.3, 1.0) * (np.pi if turn % 2 else 1)
            after = np.clip(at + rng.uniform(0.1, 0.3) * side * np.array([np.cos(angle), np.sin(angle)]), 0, sheet.size)
            draw.line([*at, *after], fill=1, width=round(wide))
            for end in (at, after):
                draw.ellipse([*(end - wide / 2), *(end + wide / 2)], fill=1)
            at = after
    return _reduced(sheet, size)


def _full(size: Size, _: np.random.Generator | None) -> Region:
    """Nothing missing: the whole picture is to be found again."""
    return np.zeros(size, np.bool_)


def _reduced(sheet: Image.Image, size: Size) -> Region:
    parts = np.asarray(sheet).reshape(size[0], _FINE, size[1], _FINE)
    hole: Region = parts.mean(axis=(1, 3)) >= 0.5
    return hole


HOLES: Mapping[str, Draw] = MappingProxyType(
    {
        "center": _center,
        "left": _left,
        "random": _random,
        "grid": _grid,
        "checkboard": _checkboard,
        "freehand": _freehand,
        "strokes": _strokes,
        "full": _full,
    }
)
"""The kinds by name. `full` has no hole at all: a picture is then looked for as a whole."""
