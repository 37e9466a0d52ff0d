"""What was painted into a picture, shifted in colour so that each region goes on where the picture shows it already."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sembla.core.types import LabelMap, Picture, Region

__all__ = ["met"]

Planes = NDArray[np.floating]


def met(known: Picture, painted: Picture, hole: Region, *, before: LabelMap, after: LabelMap) -> Picture:
    """`painted` (H, W, 3), in a hole (H, W) shifted so that it meets `known` (H, W, 3) where a region goes on.

    At known pixels beside the hole whose label is the same `before` and `after` (H, W), the two differ by some colour;
    that is spread over the pixels of the hole with this label, by push and pull (Gortler et al. 1996), and added there.
    Regions that begin in the hole stay as they were painted: unlike `Poisson`, no colour crosses an edge that the
    labels know of. Both pictures show all of the scene; pixels outside the hole are those of `painted`.
    """
    rim = ndimage.binary_dilation(hole, iterations=2) & ~hole & (before == after)
    shifted = painted.astype(np.float32)
    apart = known.astype(np.float32) - shifted
    for label in np.unique(after[hole]):
        here, beside = hole & (after == label), rim & (after == label)
        if beside.any():
            shifted[here] += _spread(apart, beside)[here]
    found: Picture = np.where(hole[:, :, None], np.rint(shifted.clip(0, 255)), painted).astype(np.uint8)
    return found


def _spread(values: Planes, given: Region) -> Planes:
    """Values (H, W, C) at given places (H, W), and between them smoothly what lies near."""
    weights = given.astype(np.float32)[:, :, None]
    return _pulled(values * weights, weights)[: given.shape[0], : given.shape[1]]


def _pulled(sums: Planes, weights: Planes) -> Planes:
    """Means where weights (H, W, 1) are 1 or more; elsewhere, the less they are, those of half the size."""
    means: Planes = sums / np.maximum(weights, 1e-6)
    if max(weights.shape) == 1 or bool((weights >= 1).all()):
        return means
    coarse = _pulled(_halved(sums), _halved(weights))
    wide = coarse.repeat(2, axis=0).repeat(2, axis=1)[: sums.shape[0], : sums.shape[1]]
    smooth = ndimage.uniform_filter(wide, size=(3, 3, 1), mode="nearest")
    share = np.minimum(weights, 1)
    pulled: Planes = share * means + (1 - share) * smooth
    return pulled


def _halved(planes: Planes) -> Planes:
    """Sums of two by two; an odd side is padded with nothing."""
    height, width = planes.shape[:2]
    even = np.pad(planes, [(0, height % 2), (0, width % 2), (0, 0)])
    halved: Planes = even.reshape((height + 1) // 2, 2, (width + 1) // 2, 2, -1).sum((1, 3))
    return halved
