"""Warps: thin-plate splines (Bookstein 1989) over a grid of control points, for pictures, label maps and points.

A warp says where each pixel is taken from. It is worked out in the unit square, so that it does not depend on the size.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from sembla.core.types import Picture

__all__ = ["MOST_WARP", "Places", "Warp", "blend", "pick", "source_places", "unwarp"]

Ids = TypeVar("Ids", bound=np.generic)

Places: TypeAlias = tuple[NDArray[np.float32], NDArray[np.float32]]
"""The fractional row and column (H, W) that each pixel is taken from."""

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


def source_places(warp: Warp, size: tuple[int, int]) -> Places:
    """The row and column (H, W) that each pixel is taken from; beyond the border the picture is mirrored."""
    from sembla.data.kernels import places  # here and below: only what is warped waits for the compiler to load

    offsets = (_lattice(warp.grid) @ np.array(warp.offsets, np.float32)).reshape(_LATTICE + 1, _LATTICE + 1, 2)
    rows, columns = np.empty(size, np.float32), np.empty(size, np.float32)
    places(np.ascontiguousarray(offsets.transpose(2, 0, 1)), rows, columns)
    return rows, columns


def blend(picture: Picture, places: Places) -> Picture:
    """The picture (H, W, 3) at fractional places, bilinear."""
    from sembla.data.kernels import blend_at, plain

    out = np.empty_like(picture, order="C")
    blend_at(plain(picture), *places, out)
    return out


def pick(ids: NDArray[Ids], places: Places) -> NDArray[Ids]:
    """Label map, instances or mask (H, W) at the pixels nearest to fractional places."""
    from sembla.data.kernels import pick_at, plain

    out = np.empty_like(ids, order="C")
    pick_at(plain(ids), *places, out)
    return out
