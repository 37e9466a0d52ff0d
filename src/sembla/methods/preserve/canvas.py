"""Regions of several pictures on one canvas."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, SizeError
from sembla.core.tasks import Kept
from sembla.core.types import Picture, Region
from sembla.imaging.blend import Poisson

__all__ = ["Canvas", "check_kept", "lay_out"]

_LEAST = 0.001  # less of the heaviest weight is no more than this


@dataclass(frozen=True)
class Canvas:
    """What is sought."""

    alone: Picture
    """(H, W, 3): the regions, black elsewhere."""
    within: Picture
    """(H, W, 3): the regions, over the first picture."""
    weights: NDArray[np.float32]
    """(H, W): how much each pixel counts, 0.001 to 1; 0 outside of all regions."""
    locked: Region
    """(H, W): where the very pixels come back."""

    @property
    def region(self) -> Region:
        """(H, W): all regions."""
        inside: Region = self.weights > 0
        return inside

    def paste(self, made: Picture) -> Picture:
        """What was made, the locked regions put back bit for bit; what is around them shifts to meet them."""
        return Poisson(~self.locked)(self.alone, made) if self.locked.any() else made


def check_kept(kept: tuple[Kept, ...], side: int) -> None:
    """Raise `InputError` for no region, empty ones and weights of no use, `SizeError` for another size."""
    if not kept:
        raise InputError("no region came; give at least one that is to be kept.")
    for number, one in enumerate(kept, 1):
        if one.picture.shape != (side, side, 3) or one.region.shape != (side, side):
            raise SizeError(f"region {number} and its picture are not {side}x{side}; bring them to that size.")
        if not one.region.any():
            raise InputError(f"region {number} is empty at {side}x{side}, the model's size; make it larger.")
        if not 0 < one.weight < np.inf:
            raise InputError(f"region {number} has the weight {one.weight}; give a number above 0.")


def lay_out(kept: tuple[Kept, ...]) -> Canvas:
    """Later regions over earlier ones."""
    alone, within = np.zeros_like(kept[0].picture), kept[0].picture.copy()
    weights = np.zeros(kept[0].region.shape, np.float32)
    locked = np.zeros(kept[0].region.shape, np.bool_)
    most = max(one.weight for one in kept)
    for one in kept:
        alone[one.region] = within[one.region] = one.picture[one.region]
        weights[one.region], locked[one.region] = max(one.weight / most, _LEAST), one.locked
    return Canvas(alone, within, weights, locked)
