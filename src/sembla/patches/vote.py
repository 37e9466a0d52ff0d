"""From a field to a picture: every pixel is the weighted vote of the patches that cover it (Wexler et al. 2007)."""

import numpy as np

from sembla.patches.compiling import Array, parallel_kernel, prange
from sembla.patches.layer import RADIUS, Layer

__all__ = ["vote"]

FAINT = np.float32(1e-6)


@parallel_kernel
def vote(
    target: Layer, source: Layer, rows: Array, columns: Array, costs: Array, open_: Array, radius: int, scale: float
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
            label = target.labels[row + RADIUS, column + RADIUS]
            total = np.float32(0)
            red, green, blue = np.float32(0), np.float32(0), np.float32(0)
            for up in range(max(row - radius, 0), min(row + radius + 1, height)):
                for side in range(max(column - radius, 0), min(column + radius + 1, width)):
                    y = rows[up, side] + row - up + RADIUS
                    x = columns[up, side] + column - side + RADIUS
                    if y < RADIUS or x < RADIUS or y >= source.height + RADIUS or x >= source.width + RADIUS:
                        continue
                    if source.labels[y, x] != label or target.labels[up + RADIUS, side + RADIUS] != label:
                        continue
                    confidence = np.float32(np.exp(-costs[up, side] / np.float32(scale))) + FAINT
                    total += confidence
                    red += confidence * np.float32(source.pixels[y, x, 0])
                    green += confidence * np.float32(source.pixels[y, x, 1])
                    blue += confidence * np.float32(source.pixels[y, x, 2])
            half = np.float32(0.5)
            target.pixels[row + RADIUS, column + RADIUS, 0] = np.uint8(red / total + half)
            target.pixels[row + RADIUS, column + RADIUS, 1] = np.uint8(green / total + half)
            target.pixels[row + RADIUS, column + RADIUS, 2] = np.uint8(blue / total + half)
