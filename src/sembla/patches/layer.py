"""What PatchMatch compares: one level of the source or of the target, padded and laid out for speed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sembla.core.types import LabelMap, Picture
from sembla.patches.compiling import Array, Integer, parallel_kernel, plain, prange

__all__ = ["CHANNELS", "PATCH", "RADIUS", "SIDE", "Layer", "border_distance", "layer", "pad_edges", "stacked"]

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
    """Rows from the first of one picture to the first of the next, where several are stacked; see `stacked`."""

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


def layer(picture: Picture, labels: LabelMap, guide: NDArray[np.uint8] | None = None) -> Layer:
    """Lay out one level.

    Args:
        picture: (H, W, 3).
        labels: (H, W).
        guide: (H, W, G), signed distances on a scale of 0 to 255; None for no such guidance.
    """
    height, width = labels.shape
    pixels = np.empty((height + SIDE, width + SIDE, CHANNELS), np.uint8)
    pixels[RADIUS:-RADIUS, RADIUS:-RADIUS, :3] = picture
    pixels[RADIUS:-RADIUS, RADIUS:-RADIUS, 3] = border_distance(labels, BORDER_REACH) * (BORDER_WEIGHT / BORDER_REACH)
    pad_edges(pixels)
    padded = np.pad(labels, RADIUS, mode="edge")
    guides = 0 if guide is None else guide.shape[2]
    wide = (
        np.zeros(0, np.uint8) if guide is None else np.pad(guide, ((RADIUS,) * 2, (RADIUS,) * 2, (0, 0)), mode="edge")
    )
    homes = np.arange(height, dtype=np.float32) / np.float32(height)
    return Layer(height, width, pixels.reshape(-1), padded.reshape(-1), wide.reshape(-1), guides, homes, height + SIDE)


def stacked(layers: Sequence[Layer], *, between: int) -> Layer:
    """Lay layers of one size one below the other, with their padding, as a single source.

    The padding between them carries the label `between`, which no target may have: nothing is taken from there.
    """
    first = layers[0]
    if len(layers) == 1:
        return first
    labels = np.concatenate([one.labels for one in layers]).reshape(-1, first.width + SIDE)
    for page in range(1, len(layers)):
        labels[page * first.pitch - RADIUS : page * first.pitch + RADIUS] = between
    return first._replace(
        height=len(layers) * first.pitch - SIDE,
        flat=np.concatenate([one.flat for one in layers]),
        labels=labels.reshape(-1),
        guide=np.concatenate([one.guide for one in layers]),
        homes=np.tile(np.pad(first.homes, (0, SIDE), mode="edge"), len(layers))[:-SIDE],
    )


def pad_edges(pixels: Array) -> None:
    """Repeat the outermost pixels into the padding, in place."""
    pixels[:RADIUS] = pixels[RADIUS]
    pixels[-RADIUS:] = pixels[-RADIUS - 1]
    pixels[:, :RADIUS] = pixels[:, RADIUS : RADIUS + 1]
    pixels[:, -RADIUS:] = pixels[:, -RADIUS - 1 : -RADIUS]


def border_distance(labels: LabelMap, reach: int) -> NDArray[np.float32]:
    """Euclidean distance of each pixel to the nearest pixel of another label, at most `reach`.

    The two-pass scheme of Meijster et al. 2000, cut off at `reach`: exact below it.

    Args:
        labels: (H, W).
        reach: in pixels, at least 1.
    """
    height, width = labels.shape
    down = np.empty((height, width), np.uint8)
    distances = np.empty((height, width), np.float32)
    _nearest_in_column(plain(labels), reach, down)
    _nearest_in_row(plain(labels), reach, down, distances)
    return distances


@parallel_kernel
def _nearest_in_column(labels: Array, reach: Integer, down: Array) -> None:
    height, width = labels.shape
    for column in prange(width):
        run = reach
        for row in range(height):
            run = 1 if row > 0 and labels[row, column] != labels[row - 1, column] else min(run + 1, reach)
            down[row, column] = run
        run = reach
        for row in range(height - 1, -1, -1):
            run = 1 if row < height - 1 and labels[row, column] != labels[row + 1, column] else min(run + 1, reach)
            down[row, column] = min(down[row, column], run)


@parallel_kernel
def _nearest_in_row(labels: Array, reach: Integer, down: Array, distances: Array) -> None:
    height, width = labels.shape
    for row in prange(height):
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
