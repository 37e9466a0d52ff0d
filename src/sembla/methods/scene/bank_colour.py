"""Colour and light: bring a photo to those of another, class by class where both show a class."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sembla.compiling import Array, kernel, plain
from sembla.core.types import LabelMap, Picture

__all__ = ["Tones", "harmonised", "styled", "tone_distance", "tones"]

SIDE = 128
"""Statistics are taken from every so-many-th pixel, so that the longer side has about this many."""

FEWEST = 20
"""A class with fewer of those pixels has no statistics of its own."""

MOST_GAIN = 1.5
"""Contrasts are changed by this factor at most."""

MOST_LIGHT = 1.3
"""What has no class of its own to follow is made lighter or darker by this factor at most."""

# Light, and two differences of colours that are nearly independent of it (as Reinhard et al. 2001, without logarithms).
_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [1.0, 0.0, -1.0], [0.5, -1.0, 0.5]])
_BACK = np.linalg.inv(_OPPONENT)


class Tones(NamedTuple):
    """Statistics of the colours of each class."""

    counts: NDArray[np.float64]
    """(K,)."""
    means: NDArray[np.float64]
    """(K, 3)."""
    spreads: NDArray[np.float64]
    """Standard deviations, (K, 3)."""


def tones(picture: Picture, labels: LabelMap, count: int) -> Tones:
    """Measure a photo (H, W, 3) with its label map; labels of `count` and above are left out."""
    step = max(1, max(labels.shape) // SIDE)
    pixels = (picture[::step, ::step].reshape(-1, 3) @ _OPPONENT.T).astype(np.float64)
    ids = labels[::step, ::step].reshape(-1).astype(np.intp)
    pixels, ids = pixels[ids < count], ids[ids < count]
    counts = np.bincount(ids, minlength=count).astype(np.float64)
    weight = np.maximum(counts, 1)
    means = np.stack([np.bincount(ids, pixels[:, axis], count) / weight for axis in range(3)], axis=1)
    squares = np.stack([np.bincount(ids, pixels[:, axis] ** 2, count) / weight for axis in range(3)], axis=1)
    return Tones(counts, means, np.sqrt(np.maximum(squares - means**2, 0)))


def harmonised(
    picture: Picture, labels: LabelMap, own: Tones, *, wanted: Tones, around: NDArray[np.float64] | None = None
) -> Picture:
    """The photo in the colours and the light of another.

    Classes that both show get the other's mean and contrast. The rest, and whatever is labelled 255, changes as the
    means of the classes `around` it do, weighted by these (K,); without, as all of them do, but in light alone.
    """
    shared = (own.counts >= FEWEST) & (wanted.counts >= FEWEST)
    matrices, shifts = np.tile(np.eye(3), (256, 1, 1)), np.zeros((256, 3))
    if shared.any():
        matrices[:] = np.diag(_lighter(own, wanted, shared, around))
        gains = _limited((wanted.spreads[shared] + 2) / (own.spreads[shared] + 2))
        numbers = np.flatnonzero(shared)
        matrices[numbers] = _BACK @ (gains[:, :, None] * _OPPONENT)
        shifts[numbers] = (wanted.means[shared] - gains * own.means[shared]) @ _BACK.T
    changed = np.empty_like(picture)
    _apply(plain(picture), plain(labels), matrices.astype(np.float32), shifts.astype(np.float32), changed)
    return changed


def _lighter(
    own: Tones, wanted: Tones, shared: NDArray[np.bool_], around: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """The factors of red, green and blue from one light to another, (3,)."""
    ratios = np.log((wanted.means @ _BACK.T + 8).clip(1) / (own.means @ _BACK.T + 8).clip(1))
    weights = np.where(shared, np.sqrt(np.minimum(own.counts, wanted.counts)), 0)
    if around is not None and (around * shared).any():
        return _limited(np.exp(np.average(ratios, axis=0, weights=around * shared)), MOST_LIGHT)
    mean = np.average(ratios, axis=0, weights=weights).mean()
    return _limited(np.full(3, np.exp(mean)), MOST_LIGHT)


def styled(picture: Picture, *, like: Picture, style: Picture) -> Picture:
    """The picture with the change that brings another, `like`, to the colours and the light of a style photo.

    Neither needs labels: what the photos show may differ.
    """
    labels = np.zeros(picture.shape[:2], np.uint8)
    return harmonised(picture, labels, _robust(like), wanted=_robust(style))


def tone_distance(picture: Picture, style: Picture) -> float:
    """How unlike two photos are in their colours and their light; 0 is alike."""
    own, wanted = _robust(picture), _robust(style)
    return float(np.abs(own.means - wanted.means).sum() + np.abs(own.spreads - wanted.spreads).sum())


def _robust(picture: Picture) -> Tones:
    """The tones of a whole photo, of whose light the darkest and the brightest twentieth are left out."""
    step = max(1, max(picture.shape) // SIDE)
    sample = picture[::step, ::step].reshape(-1, 1, 3)
    light = sample.mean(axis=(1, 2))
    low, high = np.percentile(light, (5, 95))
    outside = ((light < low) | (light > high)).astype(np.uint8)[:, None]
    return tones(sample, outside, 1)._replace(counts=np.array([float(FEWEST)]))


def _limited(gains: NDArray[np.float64], most: float = MOST_GAIN) -> NDArray[np.float64]:
    return np.clip(gains, 1 / most, most)


@kernel
def _apply(picture: Array, labels: Array, matrices: Array, shifts: Array, changed: Array) -> None:
    height, width = labels.shape
    for row in range(height):
        for column in range(width):
            label = labels[row, column]
            for channel in range(3):
                value = shifts[label, channel] + np.float32(0.5)
                for other in range(3):
                    value += matrices[label, channel, other] * np.float32(picture[row, column, other])
                changed[row, column, channel] = np.uint8(min(max(value, np.float32(0)), np.float32(255)))
