"""Carry a nearest-neighbour field to the next finer level."""

import numpy as np

from sembla.compiling import Array, Integer, Real, kernel, parallel_kernel, prange
from sembla.patches.field import GOLDEN, LabelPool, drawn, label_at, mix
from sembla.patches.layer import SIDE, Layer

__all__ = ["refine"]

RING = 4
"""How far, in pixels of the coarser level, a neighbour may lend its match."""

TRIES = 48
"""How many pixels of a label are drawn, the nearest kept, where no neighbour has one."""


@kernel
def lent(position: Integer, coarse_position: Integer, match: Integer, ratio: Real, source_ratio: Real) -> Integer:
    """Where a fine pixel's match lies along one axis, given the match of a coarse pixel beside it."""
    centre = (np.float64(coarse_position) + 0.5) * ratio - 0.5
    there = (np.float64(match) + 0.5) * source_ratio - 0.5
    return np.int64(np.round(there + position - centre))


@parallel_kernel
def refine(
    coarse_rows: Array,
    coarse_columns: Array,
    coarse_source: tuple[int, int],
    target: Layer,
    source: Layer,
    pool: LabelPool,
    rows: Array,
    columns: Array,
    state: Integer,
) -> None:
    """Write the finer field: each pixel takes over the shift of the coarse pixel that it lies in.

    A match stays in its picture where the source is a stack of several. Where the source pixel found so carries another
    label than the target pixel, the nearest coarse pixel whose shift fits lends its own; where there is none, the
    nearest of some pixels of the label drawn by chance is taken.
    """
    height, width = target.height, target.width
    below, across = coarse_rows.shape
    down_ratio, right_ratio = height / below, width / across
    tall = source.pitch - SIDE
    coarse_pitch = (coarse_source[0] + SIDE) // ((source.height + SIDE) // source.pitch)
    source_down, source_right = tall / (coarse_pitch - SIDE), source.width / coarse_source[1]
    for row in prange(height):
        for column in range(width):
            label = label_at(target, row, column)
            coarse_row, coarse_column = row * below // height, column * across // width
            page, match = divmod(np.int64(coarse_rows[coarse_row, coarse_column]), coarse_pitch)
            y = lent(row, coarse_row, match, down_ratio, source_down)
            x = lent(column, coarse_column, coarse_columns[coarse_row, coarse_column], right_ratio, source_right)
            y, x = min(max(y, 0), tall - 1) + page * source.pitch, min(max(x, 0), source.width - 1)
            found = label_at(source, y, x) == label
            best_y, best_x = y, x
            ring = 1
            while not found and ring <= RING:
                for up in range(max(coarse_row - ring, 0), min(coarse_row + ring + 1, below)):
                    for side in range(max(coarse_column - ring, 0), min(coarse_column + ring + 1, across)):
                        if found or max(abs(up - coarse_row), abs(side - coarse_column)) < ring:
                            continue
                        page, match = divmod(np.int64(coarse_rows[up, side]), coarse_pitch)
                        there_y = lent(row, up, match, down_ratio, source_down)
                        there_x = lent(column, side, coarse_columns[up, side], right_ratio, source_right)
                        if there_y < 0 or there_x < 0 or there_y >= tall or there_x >= source.width:
                            continue
                        there_y += page * source.pitch
                        if label_at(source, there_y, there_x) == label:
                            best_y, best_x, found = there_y, there_x, True
                ring += 1
            if not found:
                best_y, best_x = nearest_drawn(pool, label, y, x, source.width, np.uint64(state + row * width + column))
            rows[row, column], columns[row, column] = best_y, best_x


@kernel
def nearest_drawn(
    pool: LabelPool, label: Integer, y: Integer, x: Integer, width: Integer, state: Integer
) -> tuple[Integer, Integer]:
    """Draw some pixels of a label and take the one nearest to (y, x)."""
    best_y, best_x, nearest = 0, 0, np.int64(1) << 62
    for _ in range(TRIES):
        state = mix(state + GOLDEN)
        place = pool.places[pool.starts[label] + drawn(state, pool.starts[label + 1] - pool.starts[label])]
        there_y, there_x = np.int64(place) // width, np.int64(place) % width
        distance = (there_y - y) ** 2 + (there_x - x) ** 2
        if distance < nearest:
            best_y, best_x, nearest = there_y, there_x, distance
    return best_y, best_x
