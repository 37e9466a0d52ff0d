"""Laplace's equation over a hole of any shape: conjugate gradients, preconditioned by a V-cycle of multigrid.

The unknowns are the hole's pixels. Each equals the mean of those of its four neighbours that lie within the picture:
known ones are values to hold to (Dirichlet), and across the picture's border nothing flows (Neumann). The hierarchy of
grids is that of McAdams et al. 2010, "A parallel multigrid Poisson solver for fluids simulation on large grids": a
coarse cell is known as soon as one of its four is. Where we leave it: smoothing is Gauss-Seidel over the two colours of
a chessboard everywhere, in turned order on the way up, which keeps the cycle symmetric as conjugate gradients ask for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.compiling import Array, Integer, kernel
from sembla.core.errors import SemblaError
from sembla.core.types import Region

__all__ = ["Grid", "grids", "solve"]

Planes = NDArray[np.float64]

_SWEEPS = 2
_COARSEST = 6  # sides at which smoothing alone is enough
_LAST_SWEEPS = 24
_MOST = 200  # steps; a dozen is usual


@dataclass(frozen=True)
class Grid:
    """One level; arrays are (H + 2, W + 2), the picture with a rim, and of even sides within it where it is halved."""

    share: Planes
    """One over the number of neighbours within the picture, for unknown cells; 0 elsewhere."""
    degree: Planes
    """That number, for unknown cells; 0 elsewhere."""


def grids(hole: Region) -> tuple[Grid, ...]:
    """The levels for a hole (H, W) within a picture of that size, finest first.

    Every part of the hole must touch a known pixel, or nothing holds its mean.
    """
    unknown, inside = np.pad(hole, 1), np.pad(np.ones_like(hole), 1)
    levels = [_grid(unknown, inside)]
    while min(unknown.shape) - 2 > _COARSEST and unknown.any():
        unknown, inside = _halved(unknown, inside)
        levels.append(_grid(unknown, inside))
    return tuple(levels)


def solve(levels: tuple[Grid, ...], right: Planes, *, tolerance: float) -> Planes:
    """Values (C, H, W) at the hole's pixels, 0 elsewhere, for which degree times value less neighbours' gives `right`.

    `right` is (C, H, W), 0 outside the hole. Ends when no residual is larger than `tolerance`.
    """
    found = np.zeros((len(right), right.shape[1] + 2, right.shape[2] + 2))
    for plane, its in zip(found, right, strict=True):
        _conjugate_gradients(levels, np.pad(its, 1), plane, tolerance=tolerance)
    return found[:, 1:-1, 1:-1]


def _conjugate_gradients(levels: tuple[Grid, ...], residual: Planes, found: Planes, *, tolerance: float) -> None:
    """Fill `found`, which begins as zeros; `residual` is the right side, and is used up."""
    degree = levels[0].degree
    direction, image = np.zeros_like(found), np.empty_like(found)
    work = [(np.zeros_like(level.degree), np.zeros_like(level.degree)) for level in levels[1:]]
    before = 1.0
    for _ in range(_MOST):
        if np.abs(residual).max(initial=0) <= tolerance:
            return
        guess = _cycle(levels, residual, work)
        product = _product(residual, guess)
        direction *= product / before
        direction += guess
        _apply(direction, degree, image)
        _step(product / _product(direction, image), direction, image, found, residual)
        before = product
    raise SemblaError("a hole's equations were not solved; please report its shape.")


def _product(one: Planes, other: Planes) -> float:
    return float(np.einsum("hw,hw->", one, other))  # threads of BLAS cost more than they bring here


def _cycle(levels: tuple[Grid, ...], right: Planes, work: list[tuple[Planes, Planes]]) -> Planes:
    """One V-cycle from zero; `work` holds a right side and values for each coarser level."""
    grid, values = levels[0], np.zeros_like(right)
    if len(levels) == 1:
        _smooth(values, right, grid.share, _LAST_SWEEPS, 0)
        _smooth(values, right, grid.share, _LAST_SWEEPS, 1)
        return values
    _smooth(values, right, grid.share, _SWEEPS, 0)
    coarse, _ = work[0]
    coarse[...] = 0
    _restrict(values, right, grid.degree, coarse)
    coarse *= levels[1].degree > 0
    _prolong(_cycle(levels[1:], coarse, work[1:]), values, grid.degree)
    _smooth(values, right, grid.share, _SWEEPS, 1)
    return values


def _grid(unknown: Region, inside: Region) -> Grid:
    degree = np.zeros(unknown.shape)
    degree[1:-1, 1:-1] = sum(
        inside[1 + down : inside.shape[0] - 1 + down, 1 + right : inside.shape[1] - 1 + right].astype(float)
        for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1))
    )
    degree *= unknown
    return Grid(np.divide(1, degree, out=np.zeros_like(degree), where=degree > 0), degree)


def _halved(unknown: Region, inside: Region) -> tuple[Region, Region]:
    """The next coarser cells: known where one of the four is, else unknown where one is."""
    height, width = unknown.shape[0] - 2, unknown.shape[1] - 2
    even = ((0, height % 2), (0, width % 2))
    fours = [
        np.pad(each[1:-1, 1:-1], even).reshape((height + 1) // 2, 2, (width + 1) // 2, 2)
        for each in (unknown, inside & ~unknown)
    ]
    some, known = (each.any(axis=(1, 3)) for each in fours)
    return np.pad(some & ~known, 1), np.pad(some | known, 1)


@kernel
def _smooth(values: Array, right: Array, share: Array, sweeps: Integer, first: Integer) -> None:
    """Gauss-Seidel over one colour of the chessboard after the other, beginning with colour `first`.

    A row's second colour follows as soon as the next row's first one is done: memory is gone through once.
    """
    height = values.shape[0] - 1
    for _ in range(sweeps):
        for row in range(1, height + 1):
            if row < height:
                _relax(values, right, share, row, first)
            if row > 1:
                _relax(values, right, share, row - 1, 1 - first)


@kernel
def _relax(values: Array, right: Array, share: Array, row: Integer, colour: Integer) -> None:
    """Solve for the cells of one colour in a row."""
    for column in range(1 + (row + colour) % 2, values.shape[1] - 1, 2):
        around = values[row - 1, column] + values[row + 1, column]
        around += values[row, column - 1] + values[row, column + 1]
        values[row, column] = share[row, column] * (right[row, column] + around)


@kernel
def _apply(values: Array, degree: Array, image: Array) -> None:
    """Degree times value less neighbours' values, at unknown cells; values are 0 at all others."""
    height, width = values.shape
    image[0], image[height - 1] = 0.0, 0.0
    for row in range(1, height - 1):
        image[row, 0], image[row, width - 1] = 0.0, 0.0
        for column in range(1, width - 1):
            around = values[row - 1, column] + values[row + 1, column]
            around += values[row, column - 1] + values[row, column + 1]
            its = degree[row, column]
            image[row, column] = its * values[row, column] - (around if its > 0 else 0.0)


@kernel
def _step(length: float, direction: Array, image: Array, found: Array, residual: Array) -> None:
    """Go `length` along a direction whose image under the equations is given."""
    height, width = found.shape
    for row in range(height):
        for column in range(width):
            found[row, column] += length * direction[row, column]
            residual[row, column] -= length * image[row, column]


@kernel
def _restrict(values: Array, right: Array, degree: Array, coarse: Array) -> None:
    """Add what is left of the right side to the coarser cells: the transpose of `_prolong`."""
    height, width = values.shape
    for row in range(1, height - 1):
        near, far = _parents(row, height)
        for column in range(1, width - 1):
            its = degree[row, column]
            if its > 0:
                around = values[row - 1, column] + values[row + 1, column]
                around += values[row, column - 1] + values[row, column + 1]
                left = (right[row, column] - its * values[row, column] + around) / 16
                here, there = _parents(column, width)
                coarse[near, here] += 9 * left
                coarse[near, there] += 3 * left
                coarse[far, here] += 3 * left
                coarse[far, there] += left


@kernel
def _prolong(coarse: Array, values: Array, degree: Array) -> None:
    """Add coarser values to unknown cells, bilinearly between the centres of cells."""
    height, width = values.shape
    for row in range(1, height - 1):
        near, far = _parents(row, height)
        for column in range(1, width - 1):
            if degree[row, column] > 0:
                here, there = _parents(column, width)
                own, side = coarse[near, here], coarse[near, there] + coarse[far, here]
                values[row, column] += (9 * own + 3 * side + coarse[far, there]) / 16


@kernel
def _parents(cell: Integer, count: Integer) -> tuple[Integer, Integer]:
    """The coarser cell that a cell lies in, and the one next to it on the cell's side, within the picture."""
    near, last = (cell + 1) // 2, (count - 1) // 2
    far = near - 1 if cell % 2 else near + 1
    return near, min(max(far, 1), last)
