"""What PatchMatch compares: one level of the source or of the target, padded and laid out for speed."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sembla.compiling import Array, Integer, kernel, parallel_kernel, plain, prange
from sembla.core.types import LabelMap, Picture

__all__ = ["CHANNELS", "PATCH", "RADIUS", "SIDE", "Layer", "border_distance", "class_distances", "layer", "pad_edges"]

RADIUS = 3
"""Patches are 7x7: a centre and 3 pixels on each side."""

CHANNELS = 4
"""Red, green, blue, and the distance to the nearest label border."""

PATCH = 2 * RADIUS + 1
"""Side of a patch."""

SIDE = 2 * RADIUS
"""What the padding adds to a side."""

BORDER_REACH = 8
"""Distances to a label border are told apart up to this many pixels."""

BORDER_WEIGHT = 76.0
"""What a border distance of `BORDER_REACH` weighs, on the 0 to 255 scale of the colours."""


class Layer(NamedTuple):
    """One level of a picture with its labels and its guidance, padded by `RADIUS` on each side.

    Everything is one-dimensional: the fewer numbers describe an array, the cheaper a kernel hands it on.
    """

    height: int
    width: int
    flat: Array
    """uint8, (H + 6) (W + 6) 4: RGB and the scaled distance to the nearest label border."""
    labels: Array
    """uint8, (H + 6) (W + 6)."""
    guide: Array
    """uint8, (H + 6) (W + 6) `guides`: signed distances to every label."""
    guides: int
    """Number of guidance channels; 0 leaves the signed distances out."""
    homes: Array
    """float32, (H,): where each row lies in its picture, 0 to 1."""
    pitch: int
    """Rows from the first of one picture to the first of the next, where several are stacked; see `layer`."""

    @property
    def pictures(self) -> int:
        """How many pictures are stacked."""
        return (self.height + SIDE) // self.pitch

    @property
    def pixels(self) -> Array:
        """The same memory as `flat`, (H + 6, W + 6, 4)."""
        return self.flat.reshape(self.height + SIDE, self.width + SIDE, CHANNELS)

    @property
    def picture(self) -> Picture:
        """The colours without the padding: a view, (H, W, 3)."""
        view: Picture = self.pixels[RADIUS:-RADIUS, RADIUS:-RADIUS, :3]
        return view


def layer(
    picture: Picture,
    labels: LabelMap,
    guide: NDArray[np.uint8] | None = None,
    *,
    pages: int = 1,
    between: int = 0,
) -> Layer:
    """Lay out one level.

    Args:
        picture: (H, W, 3).
        labels: (H, W).
        guide: (H, W, G), signed distances on a scale of 0 to 255; None for no such guidance.
        pages: How many pictures of one size these are, one below the other; each is padded on its own.
        between: The label of the padding between them. No target may have it: nothing is taken from there.
    """
    height, width = labels.shape[0] // pages, labels.shape[1]
    pixels = np.empty((pages, height, width, CHANNELS), np.uint8)
    pixels[..., :3] = picture.reshape(pages, height, width, 3)
    distance = border_distance(labels, BORDER_REACH, pages=pages).reshape(pages, height, width)
    pixels[..., 3] = distance * (BORDER_WEIGHT / BORDER_REACH)
    padded = _padded(labels.reshape(pages, height, width, 1))
    for page in range(1, pages):
        padded[page - 1, -RADIUS:], padded[page, :RADIUS] = between, between
    guides = 0 if guide is None else guide.shape[2]
    wide = np.zeros(0, np.uint8) if guide is None else _padded(guide.reshape(pages, height, width, guides))
    pitch = height + SIDE
    homes = np.pad(np.arange(height, dtype=np.float32) / np.float32(height), (0, SIDE), mode="edge")
    return Layer(
        pages * pitch - SIDE,
        width,
        _padded(pixels).reshape(-1),
        padded.reshape(-1),
        wide.reshape(-1),
        guides,
        np.tile(homes, pages)[:-SIDE],
        pitch,
    )


def _padded(values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pad pages (P, H, W, C), each with its own outermost pixels."""
    return np.pad(values, ((0, 0), (RADIUS,) * 2, (RADIUS,) * 2, (0, 0)), mode="edge")


def pad_edges(pixels: Array) -> None:
    """Repeat the outermost pixels into the padding, in place."""
    pixels[:RADIUS] = pixels[RADIUS]
    pixels[-RADIUS:] = pixels[-RADIUS - 1]
    pixels[:, :RADIUS] = pixels[:, RADIUS : RADIUS + 1]
    pixels[:, -RADIUS:] = pixels[:, -RADIUS - 1 : -RADIUS]


def border_distance(labels: LabelMap, reach: int, *, pages: int = 1) -> NDArray[np.float32]:
    """Euclidean distance of each pixel to the nearest pixel of another label, at most `reach`.

    The two-pass scheme of Meijster et al. 2000, cut off at `reach`: exact below it.

    Args:
        labels: (H, W).
        reach: in pixels, at least 1.
        pages: How many maps these are, one below the other; each is measured on its own.
    """
    height, width = labels.shape
    down = np.empty((height, width), np.uint8)
    distances = np.empty((height, width), np.float32)
    _nearest_in_column(plain(labels), reach, height // pages, down)
    _nearest_in_row(plain(labels), reach, down, distances)
    return distances


def class_distances(labels: LabelMap, used: NDArray[np.uint8], reach: int, *, pages: int = 1) -> NDArray[np.float32]:
    """For each label of `used` (L,), how far each pixel is from where that begins or ends, at most `reach`: (L, H, W).

    `border_distance` of each label's own map, all at once.
    """
    height, width = labels.shape
    distances = np.empty((len(used), height, width), np.float32)
    _each_class(plain(labels), used, reach, height // pages, distances)
    return distances


@parallel_kernel
def _each_class(labels: Array, used: Array, reach: Integer, tall: Integer, distances: Array) -> None:
    height, width = labels.shape
    for number in prange(used.size):
        inside = (labels == used[number]).astype(np.uint8)
        down = np.empty((height, width), np.uint8)
        for column in range(width):
            _column(inside, reach, tall, down, column)
        for row in range(height):
            _row(inside, reach, down, distances[number], row)


@parallel_kernel
def _nearest_in_column(labels: Array, reach: Integer, tall: Integer, down: Array) -> None:
    for column in prange(labels.shape[1]):
        _column(labels, reach, tall, down, column)


@parallel_kernel
def _nearest_in_row(labels: Array, reach: Integer, down: Array, distances: Array) -> None:
    for row in prange(labels.shape[0]):
        _row(labels, reach, down, distances, row)


@kernel
def _column(labels: Array, reach: Integer, tall: Integer, down: Array, column: Integer) -> None:
    height = labels.shape[0]
    run = reach
    for row in range(height):
        if row % tall == 0:
            run = reach
        elif labels[row, column] != labels[row - 1, column]:
            run = 1
        else:
            run = min(run + 1, reach)
        down[row, column] = run
    for row in range(height - 1, -1, -1):
        if (row + 1) % tall == 0:
            run = reach
        elif labels[row, column] != labels[row + 1, column]:
            run = 1
        else:
            run = min(run + 1, reach)
        down[row, column] = min(down[row, column], run)


@kernel
def _row(labels: Array, reach: Integer, down: Array, distances: Array, row: Integer) -> None:
    width = labels.shape[1]
    for column in range(width):
        label = labels[row, column]
        best = reach * reach
        for side in (-1, 1):
            for step in range(reach):
                at = column + side * step
                if at < 0 or at >= width or step * step >= best:
                    break
                if labels[row, at] != label:
                    best = min(best, step * step)
                    break
                across = np.int64(down[row, at])
                if across < reach:
                    best = min(best, step * step + across * across)
        distances[row, column] = np.sqrt(best)
