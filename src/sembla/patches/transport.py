"""Completeness: move a picture's patches, label by label, towards the distribution of the source's patches."""

import numpy as np
from numpy.typing import NDArray

from sembla.compiling import Array, kernel, parallel_kernel, plain, prange
from sembla.core.types import LabelMap, Picture
from sembla.patches.layer import PATCH, RADIUS

__all__ = ["transported"]

VALUES = PATCH * PATCH * 3
"""Length of a patch as a vector."""

RELAXATION = 1.2
"""Steps are longer than the plain mean asks for: what is kept beside them does not move at all."""

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
    axes = np.linalg.qr(chance.normal(size=(VALUES, directions)))[0].T.astype(np.float32)
    members, ends = _by_label(layout)
    models, model_ends = _by_label(labels)
    moves = np.zeros((directions, layout.size), np.float32)
    _move(_padded(picture), _padded(source), plain(axes), (members, ends, models, model_ends), moves)
    changed = np.zeros((3, *layout.shape), np.float32)
    _spread(moves, plain(axes), changed)
    moved = picture + changed.transpose(1, 2, 0) * (RELAXATION * VALUES / directions)
    return np.clip(moved + 0.5, 0, 255).astype(np.uint8)


def _by_label(labels: LabelMap) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pixel indices sorted by label, and where each label's indices end, (257,) with a leading 0."""
    flat = labels.reshape(-1)
    ends = np.zeros(257, np.int64)
    ends[1:] = np.cumsum(np.bincount(flat, minlength=256))
    return np.argsort(flat, kind="stable"), ends


def _padded(picture: Picture) -> NDArray[np.float32]:
    """The picture's three planes with mirrored rims, (3, h + 6, w + 6)."""
    wide = np.pad(picture, ((RADIUS,) * 2, (RADIUS,) * 2, (0, 0)), mode="symmetric")
    return np.ascontiguousarray(wide.transpose(2, 0, 1), np.float32)


Groups = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


@kernel
def _projected(planes: Array, axis: Array) -> Array:
    """Project the patch around each pixel, row by row so that the inner loop runs along contiguous memory."""
    height, width = planes.shape[1] - 2 * RADIUS, planes.shape[2] - 2 * RADIUS
    values = np.zeros(height * width, np.float32)
    for row in range(height):
        line = values[row * width : (row + 1) * width]
        for down in range(PATCH):
            for right in range(PATCH):
                for channel in range(3):
                    weight = axis[(down * PATCH + right) * 3 + channel]
                    pixels = planes[channel, row + down, right : right + width]
                    for column in range(width):
                        line[column] += weight * pixels[column]
    return values


@parallel_kernel
def _move(picture: Array, source: Array, axes: Array, groups: Groups, moves: Array) -> None:
    """For each direction, what every patch should move by along it."""
    members, ends, models, model_ends = groups
    for direction in prange(axes.shape[0]):
        here, there = _projected(picture, axes[direction]), _projected(source, axes[direction])
        for label in range(256):
            first, count = ends[label], ends[label + 1] - ends[label]
            model_first, model_count = model_ends[label], model_ends[label + 1] - model_ends[label]
            if count == 0 or model_count < FEWEST:
                continue
            model = np.sort(there[models[model_first : model_first + model_count]])
            own = here[members[first : first + count]]
            order = np.argsort(own, kind="mergesort")
            for rank in range(count):
                wanted = model[np.int64((rank + 0.5) * model_count / count)]
                moves[direction, members[first + order[rank]]] = wanted - own[order[rank]]


@parallel_kernel
def _spread(moves: Array, axes: Array, changed: Array) -> None:
    """Turn moves along the directions into the mean change of each pixel over the patches that cover it."""
    height, width = changed.shape[1:]
    share = np.float32(1 / (PATCH * PATCH))
    for row in prange(height):
        for direction in range(axes.shape[0]):
            for down in range(-RADIUS, RADIUS + 1):
                if row - down < 0 or row - down >= height:
                    continue
                line = moves[direction, (row - down) * width : (row - down + 1) * width]
                for right in range(-RADIUS, RADIUS + 1):
                    first, last = max(0, right), min(width, width + right)
                    for channel in range(3):
                        weight = share * axes[direction, ((down + RADIUS) * PATCH + right + RADIUS) * 3 + channel]
                        pixels = changed[channel, row]
                        for column in range(first, last):
                            pixels[column] += weight * line[column - right]
