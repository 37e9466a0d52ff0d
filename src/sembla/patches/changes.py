"""Which pixels a new layout touches."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from sembla.core.types import LabelMap, Region
from sembla.patches.layer import border_distance

__all__ = ["Changes", "changes", "cover"]

GRID = 512
"""Distances from a change are measured on a grid of at most this many cells on the longer side."""

MARGIN = 0.03
"""Pixels nearer to a change than this share of the longer side (and 6 px) are made anew."""

GHOST = 0.015
"""Pixels nearer to a vanished border than this share of the longer side (and 4 px) are not trusted to be its side's."""

JITTER = 1
"""A label that already lies this close is no change: borders drawn again are never exactly the same."""


@dataclass(frozen=True)
class Changes:
    """Where a layout differs from the label map before it, on a grid of at most `GRID` cells a side."""

    open: Region
    """Cells near a change, to be made anew."""
    distrusted: Region
    """Cells whose content no longer fits: their label changed, or a border beside them has vanished."""


def changes(before: LabelMap, after: LabelMap) -> Changes:
    """Compare two label maps (H, W) of the same size."""
    changed = ~(_label_near(before, after) & _label_near(after, before))
    vanished = (border_distance(before, 2) < 2) & (border_distance(after, 4) > 3)
    scale = min(1.0, GRID / max(before.shape))
    grid = max(1, round(before.shape[0] * scale)), max(1, round(before.shape[1] * scale))
    changed, vanished, differing = (cover(region, grid) for region in (changed, vanished & ~changed, before != after))
    longest = max(grid)
    vanished &= _within(changed, MARGIN * longest)
    ghosts = _within(vanished, max(4 * scale, GHOST * longest))
    open_ = _within(changed, max(6 * scale, MARGIN * longest)) | ghosts
    return Changes(open_, ghosts | differing)


def cover(region: Region, size: tuple[int, int]) -> Region:
    """Resample a region (H, W) to (h, w): wherever a pixel was selected, the cell that holds its centre is."""
    if region.shape == size:
        return region
    if region.shape[0] <= size[0] and region.shape[1] <= size[1]:
        rows = np.arange(size[0]) * region.shape[0] // size[0]
        columns = np.arange(size[1]) * region.shape[1] // size[1]
        enlarged: Region = region[rows[:, None], columns]
        return enlarged
    image = Image.fromarray(region.astype(np.float32)).resize((size[1], size[0]), Image.Resampling.BOX)
    covered: Region = np.asarray(image) > 1e-6
    return covered


def _within(region: Region, distance: float) -> Region:
    """Grow a region by a distance in pixels."""
    if not region.any():
        return region
    near: Region = region | (border_distance(region.astype(np.uint8), int(distance) + 1) <= distance)
    return near


def _label_near(before: LabelMap, after: LabelMap) -> Region:
    """Tell where the label of `after` occurs in `before` at most `JITTER` pixels away.

    Asked both ways: a thin thing that is gone, or new, has no label of its own left beside it.
    """
    height, width = before.shape
    padded = np.pad(before, JITTER, mode="edge")
    near = np.zeros(before.shape, np.bool_)
    for down in range(2 * JITTER + 1):
        for right in range(2 * JITTER + 1):
            near |= padded[down : down + height, right : right + width] == after
    return near
