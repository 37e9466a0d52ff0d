"""The levels of a coarse-to-fine synthesis: sizes, pictures and label maps reduced without mixing labels."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sembla.compiling import Array, Integer, kernel, parallel_kernel, plain, prange
from sembla.core.types import LabelMap, Picture, Region
from sembla.patches.layer import class_distances

__all__ = [
    "Size",
    "guide_at",
    "level_sizes",
    "majority",
    "pure_colours",
    "resize_labels",
    "resize_picture",
    "signed_distances",
]

Size = tuple[int, int]
"""(height, width) in pixels."""

COARSEST = 36
"""The shorter side of the coarsest level is at most this."""

HALVED_SIDE = 400
"""Levels with a longer side above this are halved."""

PREVIEW_SIDE = 126
"""The longer side of the first level that is worth showing."""

STEP = 1.6
"""How much coarser one level is than the next, below `HALVED_SIDE`."""

GUIDE_REACH = 40
"""Signed distances are told apart up to this many pixels of the level they are measured at."""


def level_sizes(size: Size) -> list[Size]:
    """Sizes from coarse to fine; the last is `size`.

    Halved while larger than 400 px, then down in steps of about 1.6, such that one level's longer side is
    `PREVIEW_SIDE`. Small steps matter where structure is decided; above, a level only sharpens.
    """
    longest = float(max(size))
    sides = [longest]
    while sides[-1] > HALVED_SIDE:
        sides.append(sides[-1] / 2)
    if sides[-1] > PREVIEW_SIDE:
        steps = max(1, int(math.log(sides[-1] / PREVIEW_SIDE, STEP) + 0.3))
        ratio = (sides[-1] / PREVIEW_SIDE) ** (1 / steps)
        sides += [sides[-1] / ratio**step for step in range(1, steps + 1)]
    while sides[-1] * min(size) / longest > COARSEST:
        sides.append(sides[-1] / STEP)
    return [(max(1, round(size[0] * side / longest)), max(1, round(size[1] * side / longest))) for side in sides[::-1]]


def resize_picture(picture: Picture, size: Size) -> Picture:
    """Resample a picture (Lanczos); the picture itself where the size is the same."""
    if picture.shape[:2] == size:
        return picture
    image = Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return np.asarray(image)


def resize_labels(labels: LabelMap, size: Size) -> LabelMap:
    """Resample a label map by its nearest pixels."""
    if labels.shape == size:
        return labels
    rows = np.minimum((np.arange(size[0]) + 0.5) * labels.shape[0] / size[0], labels.shape[0] - 1).astype(np.intp)
    columns = np.minimum((np.arange(size[1]) + 0.5) * labels.shape[1] / size[1], labels.shape[1] - 1).astype(np.intp)
    resized: LabelMap = labels[rows[:, None], columns]
    return resized


def majority(labels: LabelMap, size: Size, count: int) -> LabelMap:
    """Reduce a label map (H, W) to `size`, at most (H, W): each cell takes the label that most of its pixels carry."""
    if labels.shape == size:
        return labels
    winners = np.empty(size, np.uint8)
    _majority(plain(labels), count, winners)
    return winners


@kernel
def cell_span(cell: Integer, cells: Integer, pixels: Integer) -> tuple[Integer, Integer]:
    """The first pixel of a cell, and the one after its last, when `pixels` are shared out among `cells`."""
    first = cell * pixels // cells
    return first, max((cell + 1) * pixels // cells, first + 1)


@parallel_kernel
def _majority(labels: Array, count: Integer, winners: Array) -> None:
    height, width = winners.shape
    for row in prange(height):
        top, bottom = cell_span(row, height, labels.shape[0])
        votes = np.zeros(count, np.int64)
        for column in range(width):
            left, right = cell_span(column, width, labels.shape[1])
            votes[:] = 0
            for y in range(top, bottom):
                for x in range(left, right):
                    votes[labels[y, x]] += 1
            winners[row, column] = np.argmax(votes)


def pure_colours(picture: Picture, labels: LabelMap, *, clear: Region, winners: LabelMap) -> Picture:
    """Reduce a picture so that no colour crosses a label border.

    Each cell takes the mean colour of the clear pixels of its label: a plain reduction would put a rim of mixed
    colours around every region.

    Args:
        picture: (H, W, 3).
        labels: (H, W).
        clear: (H, W), not so close to a border that the photo itself mixes there.
        winners: (h, w), the label of each cell; each must occur in its cell.
    """
    reduced = np.empty((*winners.shape, 3), np.uint8)
    _pure_colours(plain(picture), plain(labels), clear, plain(winners), reduced)
    return reduced


@parallel_kernel
def _pure_colours(picture: Array, labels: Array, clear: Array, winners: Array, reduced: Array) -> None:
    height, width = winners.shape
    for row in prange(height):
        top, bottom = cell_span(row, height, labels.shape[0])
        sums = np.zeros((2, 4), np.int64)
        for column in range(width):
            left, right = cell_span(column, width, labels.shape[1])
            sums[:] = 0
            for y in range(top, bottom):
                for x in range(left, right):
                    if labels[y, x] == winners[row, column]:
                        kind = 1 if clear[y, x] else 0
                        sums[kind, 3] += 1
                        for channel in range(3):
                            sums[kind, channel] += picture[y, x, channel]
            kind = 1 if sums[1, 3] > 0 else 0
            for channel in range(3):
                reduced[row, column, channel] = (sums[kind, channel] + sums[kind, 3] // 2) // sums[kind, 3]


def signed_distances(labels: LabelMap, count: int, *, pages: int = 1) -> NDArray[np.float32]:
    """How deep inside (above 0) or far outside (below 0) each label every pixel lies.

    Args:
        labels: (H, W).
        count: Number of labels K.
        pages: How many maps these are, one below the other; each is measured on its own.

    Returns:
        (K, H, W), from -1 for `GUIDE_REACH` pixels outside or more, to 1 for as many inside.
    """
    planes = np.full((count, *labels.shape), -1, np.float32)
    used = np.unique(labels)
    distances = class_distances(labels, used, GUIDE_REACH, pages=pages)
    for label, distance in zip(used, distances, strict=True):
        planes[label] = np.where(labels == label, distance, -distance) / GUIDE_REACH
    return planes


def guide_at(planes: NDArray[np.float32], size: Size, *, pages: int = 1) -> NDArray[np.uint8]:
    """Resample signed distances (K, H, W) to (h, w, K) on a scale of 0 to 255; each of the `pages` on its own."""
    guide = np.empty((*size, len(planes)), np.uint8)
    tall, high = planes.shape[1] // pages, size[0] // pages
    for page in range(pages):
        for label, plane in enumerate(planes[:, page * tall : (page + 1) * tall]):
            image = Image.fromarray(plane).resize((size[1], high), Image.Resampling.BILINEAR)
            guide[page * high : (page + 1) * high, :, label] = np.asarray(image) * 127.5 + 127.5
    return guide
