"""Warps: thin-plate splines (Bookstein 1989) over a grid of control points, for pictures, label maps and points.

A warp says where each pixel is taken from. It is worked out in the unit square, so that it does not depend on the size.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sembla.core.types import Picture

__all__ = ["MOST_WARP", "Warp", "blend", "source_places", "unwarp"]

MOST_WARP = 0.1
"""Most that a control point may move, as a share of the side: a grid of 4 bent further may fold."""

_LATTICE = 64  # cells a side in which a warp is taken as linear: less than 0.1 px off at 256 px


@dataclass(frozen=True)
class Warp:
    """A thin-plate spline (Bookstein 1989) over an even grid of control points."""

    grid: int
    """Control points a side, 2 or more; the outermost lie on the border."""
    offsets: tuple[tuple[float, float], ...]
    """Where each point takes its pixels from, row by row: x and y, in shares of the width and height."""


@lru_cache(maxsize=8)
def _spline(grid: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Control points (K, 2) in the unit square, and what turns their offsets into the spline's weights (K + 3, K)."""
    ticks = np.linspace(0, 1, grid)
    points = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    count = len(points)
    system = np.zeros((count + 3, count + 3))
    system[:count] = _kernel(points, points)
    system[count:, :count] = system[:count, count:].T
    return points, np.asarray(np.linalg.inv(system)[:, :count], np.float64)


def _kernel(places: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The functions that a spline is the sum of, at `places` (P, 2): r² log r² of each control point, 1, x, y."""
    squares = ((places[:, None] - points) ** 2).sum(-1)
    bends = squares * np.log(np.where(squares > 0, squares, 1))
    return np.hstack([bends, np.ones((len(places), 1)), places])


def _offsets(warp: Warp, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far from each place (P, 2) of the unit square its pixels are taken."""
    points, solve = _spline(warp.grid)
    return np.asarray(_kernel(places, points) @ (solve @ np.array(warp.offsets)))


def unwarp(warp: Warp, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where what lies at `places` (P, 2) comes to lie: p with p + offset(p) = place, by fixed-point iteration."""
    found = places
    for _ in range(30):
        found = places - _offsets(warp, found)
    return found


@lru_cache(maxsize=8)
def _lattice(grid: int) -> NDArray[np.float32]:
    """What turns the offsets of control points into those of a lattice ((cells + 1)², K)."""
    points, solve = _spline(grid)
    ticks = np.linspace(0, 1, _LATTICE + 1)
    places = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    return np.asarray(_kernel(places, points) @ solve, np.float32)


def source_places(warp: Warp, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The row and column (H, W) that each pixel is taken from; beyond the border the picture is mirrored."""
    offsets = (_lattice(warp.grid) @ np.array(warp.offsets, np.float32)).reshape(_LATTICE + 1, _LATTICE + 1, 2)
    down = _refine(offsets, size[0]).swapaxes(0, 1)  # (cells + 1, H, 2)
    across, along = (np.ascontiguousarray(_refine(down[..., axis], size[1]).T) for axis in (0, 1))  # (H, W)
    rows = np.arange(size[0], dtype=np.float32)[:, None] + along * np.float32(size[0])
    columns = np.arange(size[1], dtype=np.float32) + across * np.float32(size[1])
    return _mirror(rows, size[0]), _mirror(columns, size[1])


def _refine(values: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Interpolate lattice values (cells + 1, ...) at the centres of `count` pixels."""
    at = (np.arange(count, dtype=np.float32) + np.float32(0.5)) * np.float32(_LATTICE / count)
    cell = np.minimum(at.astype(np.intp), _LATTICE - 1)
    share = (at - cell).astype(np.float32).reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[cell] + share * (values[cell + 1] - values[cell]), np.float32)


def _mirror(at: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    at = np.where(at < -0.5, -1 - at, at)
    at = np.where(at > count - 0.5, 2 * count - 1 - at, at)
    return np.clip(at, 0, count - 1)


def blend(picture: Picture, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> Picture:
    """The picture at fractional places (H, W), bilinear."""
    height, width = picture.shape[:2]
    padded = np.zeros((height, width, 4), np.uint8)  # four bytes a pixel are gathered as one number
    padded[..., :3] = picture
    pixels = padded.view(np.uint32).ravel()
    whole_rows, whole_columns = np.floor(rows), np.floor(columns)
    down, right = (rows - whole_rows)[..., None], (columns - whole_columns)[..., None]
    top, left = whole_rows.astype(np.intp), whole_columns.astype(np.intp)
    first = top * width + left
    across, below = (left < width - 1).astype(np.intp), (top < height - 1) * np.intp(width)
    upper = _between(pixels, first, first + across, right)
    first += below
    lower = _between(pixels, first, first + across, right)
    lower -= upper
    lower *= down
    upper += lower
    upper += np.float32(0.5)
    return np.ascontiguousarray(upper.astype(np.uint8)[..., :3])


def _between(
    pixels: NDArray[np.uint32], one: NDArray[np.intp], other: NDArray[np.intp], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Mix the pixels at two places (H, W), of which the other has this share; (H, W, 4)."""
    near, far = (pixels.take(at).view(np.uint8).reshape(*at.shape, 4).astype(np.float32) for at in (one, other))
    far -= near
    far *= share
    near += far
    return near
