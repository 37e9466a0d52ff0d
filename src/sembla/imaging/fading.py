"""What was changed in a picture, let into it: the change whole, and about it a short way back to the picture."""

import numpy as np
from scipy import ndimage

from sembla.core.types import Picture, Region

__all__ = ["faded"]


def faded(known: Picture, painted: Picture, changed: Region, *, reach: int) -> Picture:
    """`painted` (H, W, 3) where it was changed (H, W), `known` (H, W, 3) further than `reach` pixels from it.

    Between the two, the share of `painted` falls evenly with the distance. For pictures whose colours agree already:
    unlike `Poisson`, which shifts them all over, it lets a change begin at the edge of something else.
    """
    if not changed.any():
        return known.copy()
    away = ndimage.distance_transform_edt(~changed)
    share = np.where(away <= reach, 1 - away / (reach + 1), 0)[..., None]
    mixed = np.rint(known + share * (painted.astype(np.float64) - known)).astype(np.uint8)
    return np.where(share > 0, mixed, known)
