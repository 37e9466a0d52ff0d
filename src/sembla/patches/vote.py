"""From a field to a picture: every pixel is the weighted vote of the patches that cover it (Wexler et al. 2007)."""

import numpy as np

from sembla.compiling import Array, Integer, Real, parallel_kernel, prange
from sembla.patches.field import label_at
from sembla.patches.layer import RADIUS, Layer

__all__ = ["vote"]

FAINT = np.float32(1e-6)


@parallel_kernel
def vote(
    target: Layer, source: Layer, rows: Array, columns: Array, costs: Array, open_: Array, radius: Integer, scale: Real
) -> None:
    """Write the colours of the open pixels of `target`, in place.

    A patch votes with confidence exp(-cost / scale), and only where its centre and the source pixel that it brings
    carry the label of the pixel voted on: nothing bleeds across a label border.

    Args:
        target: Its `pixels` are written.
        source: Where the colours are from.
        rows: (h, w), the field's source rows.
        columns: (h, w), the field's source columns.
        costs: (h, w), the field's costs.
        open_: (h, w), which pixels to write.
        radius: Patches vote for pixels up to this far from their centre, 0 to 3; 0 copies.
        scale: In the unit of the costs.
    """
    height, width = target.height, target.width
    for row in prange(height):
        for column in range(width):
            if not open_[row, column]:
                continue
            label = label_at(target, row, column)
            total = np.float32(0)
            red, green, blue = np.float32(0), np.float32(0), np.float32(0)
            for up in range(max(row - radius, 0), min(row + radius + 1, height)):
                for side in range(max(column - radius, 0), min(column + radius + 1, width)):
                    y = rows[up, side] + row - up
                    x = columns[up, side] + column - side
                    if y < 0 or x < 0 or y >= source.height or x >= source.width:
                        continue
                    if label_at(source, y, x) != label or label_at(target, up, side) != label:
                        continue
                    confidence = np.float32(np.exp(-costs[up, side] / np.float32(scale))) + FAINT
                    total += confidence
                    there = np.uint64(((y + RADIUS) * (source.width + 2 * RADIUS) + x + RADIUS) * 4)
                    red += confidence * np.float32(source.flat[there + np.uint64(0)])
                    green += confidence * np.float32(source.flat[there + np.uint64(1)])
                    blue += confidence * np.float32(source.flat[there + np.uint64(2)])
            half = np.float32(0.5)
            here = ((row + RADIUS) * (width + 2 * RADIUS) + column + RADIUS) * 4
            target.flat[here + 0] = np.uint8(red / total + half)
            target.flat[here + 1] = np.uint8(green / total + half)
            target.flat[here + 2] = np.uint8(blue / total + half)
