"""The face map: the parts of a face, filled in the colours of arXiv 1711.06106, as a generator is shown them."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.spatial import ConvexHull

from sembla.core.types import Picture
from sembla.faces.landmarks import Landmarks

__all__ = ["face_map", "published_face_map"]

Colour = tuple[int, int, int]

_PARTS: tuple[tuple[range, Colour], ...] = (
    (range(48, 68), (245, 10, 10)),
    (range(17, 22), (10, 245, 245)),
    (range(22, 27), (70, 245, 245)),
    (range(36, 42), (10, 10, 245)),
    (range(42, 48), (10, 10, 245)),
    (range(27, 35), (245, 245, 10)),
)
"""Mouth, right and left brow, right and left eye, nose, in the order that they are drawn, each as published.

The nose lacks its last point, 35: the original's range ends one too soon.
"""

_JAW, _JAW_COLOUR = range(17), (199, 71, 133)
_GROUND, _FACE = 10, 245
_FINE = 4  # times the size that a map is drawn at
_LINE = 60  # widths of the jaw's line in a face's

_CORRECTED: Mapping[range, range] = MappingProxyType({range(27, 35): range(27, 36)})


def published_face_map(
    points: Landmarks, size: tuple[int, int], *, box: tuple[int, int, int, int], side: int = 128
) -> Picture:
    """The map exactly as published, (side, side, 3).

    `points` (68, 2) and `box`, the detector's (left, top, right, bottom, the last two not included), are in pixels of
    a picture (H, W) of `size`. The whole map is drawn, its corner pixels set to 0 and 255, cropped to the box without a
    margin, stretched so that its least value is 0 and its largest 255, and resized bilinearly.
    """
    sheet = Image.new("RGB", (size[1], size[0]), (_GROUND,) * 3)
    _draw(sheet, points.astype(np.float64), _PARTS, width=2)
    drawn = np.array(sheet)
    for at, value in ((0, 0), (127, 255)):  # meant to pin the range; usually cropped away
        if at < min(size):
            drawn[at, at] = value
    left, top, right, bottom = box
    cropped = np.full((bottom - top, right - left, 3), _GROUND, np.uint8)  # a box may stick out
    rows, columns = slice(max(0, top), min(size[0], bottom)), slice(max(0, left), min(size[1], right))
    cropped[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = drawn[rows, columns]
    stretched = Image.fromarray(_stretched(cropped))
    return np.asarray(stretched.resize((side, side), Image.Resampling.BILINEAR))


def face_map(points: Landmarks, size: tuple[int, int]) -> Picture:
    """The map corrected, (H, W, 3): the nose is whole, edges are smooth, and colours do not depend on the picture.

    `points` (68, 2) are in pixels of a picture of `size` (H, W); what lies outside is cut off. Colours are those that
    the published map ends with: black ground, white face.
    """
    sheet = Image.new("RGB", (size[1] * _FINE, size[0] * _FINE), (_GROUND,) * 3)
    parts = tuple((_CORRECTED.get(which, which), colour) for which, colour in _PARTS)
    fine = (points.astype(np.float64) + 0.5) * _FINE - 0.5
    _draw(sheet, fine, parts, width=max(1, round(float(np.ptp(fine[:, 0])) / _LINE)))
    small = sheet.resize((size[1], size[0]), Image.Resampling.BOX)
    return _stretched(np.asarray(small), least=_GROUND, most=_FACE)


def _draw(
    sheet: Image.Image, points: NDArray[np.float64], parts: tuple[tuple[range, Colour], ...], *, width: int
) -> None:
    draw = ImageDraw.Draw(sheet)
    draw.polygon(_hull(points), fill=(_FACE,) * 3)
    for which, colour in parts:
        draw.polygon(_hull(points[list(which)]), fill=colour)
    draw.line([tuple(point) for point in points[list(_JAW)]], fill=_JAW_COLOUR, width=width)


def _hull(points: NDArray[np.float64]) -> list[tuple[float, ...]]:
    """The corners of the convex hull, in order; points on one line are moved a little."""
    corners = ConvexHull(points, qhull_options="QJ").vertices
    return [tuple(points[corner]) for corner in corners]


def _stretched(picture: Picture, *, least: int | None = None, most: int | None = None) -> Picture:
    """Values from `least` to `most` (those that occur) as 0 to 255."""
    low = int(picture.min()) if least is None else least
    high = int(picture.max()) if most is None else most
    values = (picture.astype(np.float64) - low) * (255 / max(1, high - low))
    return np.rint(values).clip(0, 255).astype(np.uint8)
