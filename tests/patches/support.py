"""Small pictures and label maps with known properties."""

from collections.abc import Iterator
from contextlib import contextmanager

import numba
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, maximum_filter

from sembla.core.types import LabelMap, Picture, Region


def noise(size: tuple[int, int], seed: int = 0) -> Picture:
    """White noise, (H, W, 3): no two patches of it are alike."""
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def clouds(size: tuple[int, int], seed: int = 0, blur: float = 2.0) -> Picture:
    """Smooth noise over the whole range of values, (H, W, 3)."""
    chance = np.random.default_rng(seed)
    smooth = gaussian_filter(chance.normal(size=(*size, 3)), (blur, blur, 0))
    made: Picture = np.clip(128 + 55 * smooth / smooth.std(), 0, 255).astype(np.uint8)
    return made


def blobs(size: tuple[int, int], count: int, seed: int = 0, blur: float = 3.0) -> LabelMap:
    """A label map of irregular regions, (H, W); each of the `count` labels occurs."""
    chance = np.random.default_rng(seed)
    heights = gaussian_filter(chance.normal(size=(count, *size)), (0, blur, blur))
    labels: LabelMap = heights.argmax(axis=0).astype(np.uint8)
    for label in np.setdiff1d(np.arange(count), labels):
        largest = np.bincount(labels.reshape(-1)).argmax()
        labels.reshape(-1)[chance.choice(np.flatnonzero(labels == largest))] = label
    return labels


def disk(size: tuple[int, int], centre: tuple[float, float], radius: float) -> Region:
    """The pixels at most `radius` from `centre`, (H, W)."""
    rows, columns = np.indices(size)
    inside: Region = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2
    return inside


def scene_labels(column: float, size: tuple[int, int] = (96, 128)) -> LabelMap:
    """Sky (0) over ground (1), and a ball (2) in the sky at a column."""
    labels = np.zeros(size, np.uint8)
    labels[size[0] * 2 // 3 :] = 1
    labels[disk(size, (size[0] * 0.35, column), size[0] * 0.13)] = 2
    return labels


def scene(size: tuple[int, int] = (96, 128)) -> tuple[Picture, LabelMap]:
    """A photo with its label map: `scene_labels(size[1] * 0.3)`, each label with a texture and a colour of its own."""
    labels = scene_labels(size[1] * 0.3, size)
    tints = np.array([[90, 140, 220], [60, 130, 50], [220, 170, 40]])[labels]
    spread = np.array([0.15, 0.5, 0.35])[labels][..., None]
    made: Picture = np.clip(tints + (clouds(size, 7) - 128.0) * spread, 0, 255).astype(np.uint8)
    return made, labels


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run kernels on `count` threads; skips the test where there are fewer."""
    most = vars(numba.config)["NUMBA_NUM_THREADS"]
    if most < count:
        pytest.skip(f"{count} threads are asked for, and numba has {most}")
    before = numba.get_num_threads()
    numba.set_num_threads(count)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def changed(before: LabelMap, after: LabelMap) -> Region:
    """Where one map's label does not occur in the other at most one pixel away, corners included."""
    away = np.zeros(before.shape, np.bool_)
    for one, other in ((before, after), (after, before)):
        near = np.zeros(before.shape, np.bool_)
        for label in np.unique(one):
            near |= maximum_filter(other == label, 3, mode="nearest") & (one == label)
        away |= ~near
    return away
