"""Nearest-neighbour fields and PatchMatch (Barnes et al. 2009), guided by labels.

A field holds, for each pixel of the target, the source pixel whose patch it takes. A source pixel always carries the
label of the target pixel it serves. Every kernel gives the same field whatever the number of threads: the target is
cut into strips of fixed height, a strip reads its neighbours as they were before the sweep, and chance is a hash of
the seed and the place.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sembla.compiling import Array, Integer, Real, kernel, parallel_kernel, plain, prange
from sembla.patches.layer import PATCH, RADIUS, Layer

__all__ = ["Field", "LabelPool", "Weights", "continued", "drawn", "label_at", "label_pool", "mix", "rate", "sweep"]

ROW_BYTES = PATCH * 4
STRIP = 16
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
LOW_WORD = np.uint64(0xFFFFFFFF)
UNREACHED = np.float32(3e38)


@dataclass
class Field:
    """A nearest-neighbour field, (h, w)."""

    rows: Array
    """int32: the source row of each target pixel."""
    columns: Array
    """int32: the source column of each target pixel."""
    costs: Array
    """float32: what the patch costs there; 0 is a perfect match."""


class Weights(NamedTuple):
    """What one candidate patch is charged for, beside its squared colour differences (0 to 255 each)."""

    label: float
    """For each of the patch's four corners that carries another label."""
    guide: float
    """Times the squared differences of the signed distances at five points of the patch."""
    position: float
    """Times the squared distance, with height and width of the picture as units."""
    usage: float
    """Times how much more often than its fair share the source pixel is already used (completeness)."""
    coherence: float
    """Factor, at most 1, by which a random candidate must beat the patch that continues a neighbour's."""
    margin: float
    """Amount by which it must beat it in addition."""


class LabelPool(NamedTuple):
    """The source pixels of each label, to draw from."""

    places: Array
    """int32, (H W,): flat pixel indices, label by label."""
    starts: Array
    """int64, (K + 1,): where each label's indices start."""


MOST_DRAWN = 65_536
"""A label with more pixels is drawn from an even selection of about this many."""


def label_pool(labels: Array, count: int) -> LabelPool:
    """Sort the pixels of a label map (H, W) by label, at most about `MOST_DRAWN` of each."""
    labels = plain(labels)
    totals = _totals(labels, count)
    strides = np.maximum(1, totals // MOST_DRAWN).astype(np.int64)
    starts = np.zeros(count + 1, np.int64)
    starts[1:] = np.cumsum(-(-totals // strides))
    places = np.empty(starts[-1], np.int32)
    _collect(labels, strides, starts, places)
    return LabelPool(places, starts)


@kernel
def _totals(labels: Array, count: Integer) -> Array:
    totals = np.zeros(count, np.int64)
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            totals[labels[row, column]] += 1
    return totals


@kernel
def _collect(labels: Array, strides: Array, starts: Array, places: Array) -> None:
    seen = np.zeros(strides.size, np.int64)
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            label = labels[row, column]
            if seen[label] % strides[label] == 0:
                places[starts[label] + seen[label] // strides[label]] = row * labels.shape[1] + column
            seen[label] += 1


@kernel
def mix(state: Integer) -> Integer:
    """Scramble 64 bits (the finaliser of MurmurHash3)."""
    state ^= state >> np.uint64(33)
    state *= np.uint64(0xFF51AFD7ED558CCD)
    state ^= state >> np.uint64(33)
    state *= np.uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> np.uint64(33))


@kernel
def label_at(layer: Layer, row: Integer, column: Integer) -> Integer:
    """The label of a pixel, counted without the padding."""
    return layer.labels[np.uint64((row + RADIUS) * (layer.width + 2 * RADIUS) + column + RADIUS)]


@kernel
def colour_cost(target: Layer, source: Layer, at: Integer, there: Integer, limit: Integer) -> Integer:
    """Sum the squared differences of two patches row by row; stop once `limit` is passed.

    `at` and `there` are the pixel indices of the patches' upper left corners. Unsigned indices spare numba the test
    for negative ones, which keeps the loop a handful of vector instructions.
    """
    pixels, others = target.flat, source.flat
    first, second = np.uint64(at * 4), np.uint64(there * 4)
    pitch = np.uint64((target.width + 2 * RADIUS) * 4)
    other_pitch = np.uint64((source.width + 2 * RADIUS) * 4)
    total = np.int32(0)
    for _ in range(PATCH):
        for byte in range(ROW_BYTES):
            difference = np.int32(pixels[first + np.uint64(byte)]) - np.int32(others[second + np.uint64(byte)])
            total += difference * difference
        if total > limit:
            break
        first += pitch
        second += other_pitch
    return total


@kernel
def guide_cost(target: Layer, source: Layer, at: Integer, there: Integer, weights: Weights) -> Real:
    """Compare labels and signed distances at the four corners and the centre of two patches."""
    total = np.float32(0)
    pitch, other_pitch = target.width + 2 * RADIUS, source.width + 2 * RADIUS
    for point in range(5):
        down = RADIUS if point == 4 else (point // 2) * 2 * RADIUS
        right = RADIUS if point == 4 else (point % 2) * 2 * RADIUS
        one, other = np.uint64(at + down * pitch + right), np.uint64(there + down * other_pitch + right)
        if target.labels[one] != source.labels[other]:
            total += np.float32(weights.label)
        squares = np.int32(0)
        for channel in range(target.guides):
            difference = np.int32(target.guide[one * np.uint64(target.guides) + np.uint64(channel)]) - np.int32(
                source.guide[other * np.uint64(target.guides) + np.uint64(channel)]
            )
            squares += difference * difference
        total += np.float32(weights.guide) * np.float32(squares)
    return total


@kernel
def candidate_cost(
    target: Layer,
    source: Layer,
    usage: Array,
    weights: Weights,
    row: Integer,
    column: Integer,
    y: Integer,
    x: Integer,
    best: Real,
) -> Real:
    """What the patch around target pixel (row, column) costs when taken from source pixel (y, x).

    Only complete when below `best`. The caller has made sure that the two centres carry the same label.
    `usage` is (H W,), or empty to leave completeness out.
    """
    down = target.homes[np.uint64(row)] - source.homes[np.uint64(y)]
    right = np.float32(column) / np.float32(target.width) - np.float32(x) / np.float32(source.width)
    cost = np.float32(weights.position) * (down * down + right * right)
    if usage.size > 0:
        cost += np.float32(weights.usage) * usage[y * source.width + x]
    at = row * (target.width + 2 * RADIUS) + column
    there = y * (source.width + 2 * RADIUS) + x
    cost += guide_cost(target, source, at, there, weights)
    if cost >= best:
        return cost
    limit = np.int32(min(np.float32(best) - cost, np.float32(2e9)))
    return cost + np.float32(colour_cost(target, source, at, there, limit))


@parallel_kernel
def rate(
    target: Layer,
    source: Layer,
    usage: Array,
    weights: Weights,
    rows: Array,
    columns: Array,
    costs: Array,
    open_: Array,
) -> None:
    """Write the cost of every open pixel's present match into `costs`."""
    for down in prange(target.height):
        row = np.int64(down)
        for column in range(target.width):
            if open_[row, column]:
                y, x = np.int64(rows[row, column]), np.int64(columns[row, column])
                costs[row, column] = candidate_cost(target, source, usage, weights, row, column, y, x, UNREACHED)


@kernel
def continued(
    target: Layer,
    source: Layer,
    usage: Array,
    weights: Weights,
    row: Integer,
    column: Integer,
    y: Integer,
    x: Integer,
    best: Real,
) -> Real:
    """Cost of a candidate that may lie outside the source or carry another label: then unreached."""
    if y < 0 or x < 0 or y >= source.height or x >= source.width:
        return UNREACHED
    if label_at(source, y, x) != label_at(target, row, column):
        return UNREACHED
    return candidate_cost(target, source, usage, weights, row, column, y, x, best)


@kernel
def drawn(state: Integer, count: Integer) -> Integer:
    """Turn 32 random bits into a number from 0 to count - 1 (Lemire 2019, without the rejection)."""
    return np.int64(((state & LOW_WORD) * np.uint64(count)) >> np.uint64(32))


@kernel
def searched(
    target: Layer,
    source: Layer,
    usage: Array,
    weights: Weights,
    pool: LabelPool,
    row: Integer,
    column: Integer,
    y: Integer,
    x: Integer,
    best: Real,
    reach: Integer,
    draws: Integer,
    state: Integer,
) -> tuple[Integer, Integer, Real]:
    """Try random places in ever smaller windows around the match, then `draws` pixels of the whole label."""
    while reach >= 1:
        state = mix(state + GOLDEN)
        down = drawn(state, 2 * reach + 1) - reach
        right = drawn(state >> np.uint64(32), 2 * reach + 1) - reach
        bound = best * np.float32(weights.coherence) - np.float32(weights.margin)
        cost = continued(target, source, usage, weights, row, column, y + down, x + right, bound)
        if cost < bound:
            y, x, best = y + down, x + right, cost
        reach //= 2
    label = label_at(target, row, column)
    available = pool.starts[label + 1] - pool.starts[label] if draws > 0 else 0
    for _ in range(draws if available > 0 else 0):
        state = mix(state + GOLDEN)
        place = np.int64(pool.places[pool.starts[label] + drawn(state, available)])
        bound = best * np.float32(weights.coherence) - np.float32(weights.margin)
        cost = candidate_cost(
            target, source, usage, weights, row, column, place // source.width, place % source.width, bound
        )
        if cost < bound:
            y, x, best = place // source.width, place % source.width, cost
    return y, x, best


@parallel_kernel
def sweep(
    target: Layer,
    source: Layer,
    usage: Array,
    weights: Weights,
    pool: LabelPool,
    rows: Array,
    columns: Array,
    costs: Array,
    open_: Array,
    reach: Integer,
    draws: Integer,
    step: Integer,
    state: Integer,
) -> None:
    """One pass of PatchMatch over the open pixels: downwards for `step` 1, upwards for -1."""
    height, width = target.height, target.width
    strips = (height + STRIP - 1) // STRIP
    edge_rows = np.empty((strips, width), np.int32)
    edge_columns = np.empty((strips, width), np.int32)
    for strip in range(strips):
        edge = strip * STRIP - 1 if step > 0 else (strip + 1) * STRIP
        if 0 <= edge < height:
            edge_rows[strip] = rows[edge]
            edge_columns[strip] = columns[edge]
    for strip in prange(strips):
        top, bottom = strip * STRIP, min(strip * STRIP + STRIP, height)
        for down in range(bottom - top):
            row = top + down if step > 0 else bottom - 1 - down
            for right in range(width):
                column = right if step > 0 else width - 1 - right
                best = costs[row, column]
                if not open_[row, column] or best <= 0:
                    continue
                y, x = np.int64(rows[row, column]), np.int64(columns[row, column])
                for neighbour in range(3):
                    up = row if neighbour == 0 else row - step
                    side = column - step if neighbour == 0 else column + (neighbour - 1) * step
                    if up < 0 or up >= height or side < 0 or side >= width:
                        continue
                    inside = top <= up < bottom
                    near_y = rows[up, side] if inside else edge_rows[strip, side]
                    near_x = columns[up, side] if inside else edge_columns[strip, side]
                    there_y, there_x = near_y + row - up, near_x + column - side
                    if there_y == y and there_x == x:
                        continue
                    cost = continued(target, source, usage, weights, row, column, there_y, there_x, best)
                    if cost < best:
                        y, x, best = there_y, there_x, cost
                chance = mix(np.uint64(state) + np.uint64(row * width + column) * GOLDEN)
                y, x, best = searched(
                    target, source, usage, weights, pool, row, column, y, x, best, reach, draws, chance
                )
                rows[row, column], columns[row, column], costs[row, column] = y, x, best
