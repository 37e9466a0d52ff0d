"""Completeness: move a picture's patches, label by label, towards the distribution of the source's patches."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sembla.core.types import LabelMap, Picture
from sembla.patches.layer import PATCH, RADIUS

__all__ = ["transported"]

VALUES = PATCH * PATCH * 3
"""Length of a patch as a vector."""

FEWEST = 8
"""Labels with fewer source patches are left alone."""


def transported(
    picture: Picture, layout: LabelMap, *, source: Picture, labels: LabelMap, directions: int, seed: int
) -> Picture:
    """Take one step of sliced optimal transport on 7x7 patches (Pitié et al. 2007; Elnekave & Weiss 2022).

    Along each of some random orthonormal directions, the patches of a label are given the quantiles of the source's
    patches of that label; each pixel moves by the mean of what its patches ask for. The voting that follows brings
    back real patches, so that what is too frequent gives way to what is missing.

    Args:
        picture: (h, w, 3).
        layout: (h, w).
        source: (H, W, 3).
        labels: (H, W).
        directions: From 1 to 147.
        seed: Of the directions.
    """
    chance = np.random.default_rng(seed)
    axes = np.linalg.qr(chance.normal(size=(VALUES, directions)))[0].astype(np.float32)
    here, there = _projected(picture, axes), _projected(source, axes)
    moves = np.zeros_like(here)
    flat_layout, flat_labels = layout.reshape(-1), labels.reshape(-1)
    for label in np.unique(flat_layout):
        members = np.flatnonzero(flat_layout == label)
        model = np.sort(there[flat_labels == label], axis=0)
        if len(model) < FEWEST:
            continue
        order = np.argsort(here[members], axis=0, kind="stable")
        ranks = ((np.arange(len(members)) + 0.5) * (len(model) / len(members))).astype(np.intp)
        wanted = np.empty_like(order, dtype=np.float32)
        np.put_along_axis(wanted, order, model[ranks], axis=0)
        moves[members] = wanted - here[members]
    changed = picture + _spread(moves @ axes.T * (VALUES / directions), layout.shape)
    return np.clip(changed + 0.5, 0, 255).astype(np.uint8)


def _projected(picture: Picture, axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The patch around each pixel, projected onto the axes: (h w, directions)."""
    padded = np.pad(picture.astype(np.float32), ((RADIUS,) * 2, (RADIUS,) * 2, (0, 0)), mode="symmetric")
    windows = sliding_window_view(padded, (PATCH, PATCH), axis=(0, 1))    # (h, w, 3, 7, 7)
    projected: NDArray[np.float32] = windows.reshape(-1, VALUES) @ axes
    return projected


def _spread(patches: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Average overlapping patches (h w, 147) into a picture (h, w, 3)."""
    height, width = size
    values = patches.reshape(height, width, 3, PATCH, PATCH)
    total = np.zeros((height + 2 * RADIUS, width + 2 * RADIUS, 3), np.float32)
    for down in range(PATCH):
        for right in range(PATCH):
            total[down : down + height, right : right + width] += values[..., down, right]
    mean: NDArray[np.float32] = total[RADIUS:-RADIUS, RADIUS:-RADIUS] / (PATCH * PATCH)
    return mean
