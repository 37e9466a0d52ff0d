"""Connected regions of label maps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sembla.compiling import Array, Integer, kernel, plain
from sembla.core.types import LabelMap

__all__ = ["MASK", "Regions", "mask_of", "regions"]

MASK = 16
"""Shapes are compared on grids of this many cells a side."""


class Regions(NamedTuple):
    """The regions of a label map whose pixels touch by sides or corners, numbered in reading order."""

    marks: NDArray[np.int32]
    """The number of each pixel's region, (H, W)."""
    classes: NDArray[np.uint8]
    """Of each region, (R,)."""
    areas: NDArray[np.int64]
    """In pixels, (R,)."""
    boxes: NDArray[np.int32]
    """Top, left, bottom and right, the last two beyond the region, (R, 4)."""


def regions(labels: LabelMap) -> Regions:
    """Find the regions of all classes of a label map (H, W) at once."""
    marks = np.empty(labels.shape, np.int32)
    parents = np.empty(labels.size + 1, np.int32)
    count = _mark(plain(labels), marks, parents)
    classes, areas, boxes = np.empty(count, np.uint8), np.zeros(count, np.int64), np.empty((count, 4), np.int32)
    _measure(plain(labels), marks, classes, areas, boxes)
    return Regions(marks, classes, areas, boxes)


def mask_of(found: Regions, number: int) -> NDArray[np.bool_]:
    """The shape of a region, its box stretched to `MASK` cells a side: flat, (`MASK` * `MASK`,)."""
    top, left, bottom, right = found.boxes[number]
    steps = (np.arange(MASK) + 0.5) / MASK
    rows, columns = (top + steps * (bottom - top)).astype(np.intp), (left + steps * (right - left)).astype(np.intp)
    inside: NDArray[np.bool_] = found.marks[rows[:, None], columns] == number
    return inside.reshape(-1)


@kernel
def _root(parents: Array, mark: Integer) -> Integer:
    while parents[mark] != mark:
        parents[mark] = parents[parents[mark]]
        mark = parents[mark]
    return mark


@kernel
def _mark(labels: Array, marks: Array, parents: Array) -> Integer:
    """Number the regions in two passes with a union of what touches (Rosenfeld & Pfaltz 1966)."""
    height, width = labels.shape
    made = 0
    for row in range(height):
        for column in range(width):
            mark = -1
            for down, right in ((0, -1), (-1, -1), (-1, 0), (-1, 1)):
                y, x = row + down, column + right
                if y < 0 or x < 0 or x >= width or labels[y, x] != labels[row, column]:
                    continue
                other = _root(parents, marks[y, x])
                if mark >= 0 and other != mark:
                    first, last = min(mark, other), max(mark, other)
                    parents[last] = first
                    mark = first
                else:
                    mark = other
            if mark < 0:
                mark = made
                parents[made] = made
                made += 1
            marks[row, column] = mark
    count = 0
    for mark in range(made):  # roots come before what they stand for: numbers follow the reading order
        if parents[mark] == mark:
            parents[mark] = -count - 1
            count += 1
    for row in range(height):
        for column in range(width):
            mark = marks[row, column]
            while parents[mark] >= 0:
                mark = parents[mark]
            marks[row, column] = -parents[mark] - 1
    return count


@kernel
def _measure(labels: Array, marks: Array, classes: Array, areas: Array, boxes: Array) -> None:
    for row in range(labels.shape[0]):
        for column in range(labels.shape[1]):
            mark = marks[row, column]
            if areas[mark] == 0:
                classes[mark] = labels[row, column]
                boxes[mark, 0], boxes[mark, 1] = row, column
                boxes[mark, 2], boxes[mark, 3] = row + 1, column + 1
            areas[mark] += 1
            boxes[mark, 1] = min(boxes[mark, 1], column)
            boxes[mark, 2] = max(boxes[mark, 2], row + 1)
            boxes[mark, 3] = max(boxes[mark, 3], column + 1)
