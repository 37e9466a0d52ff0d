"""How much the pictures that answer one request differ: distances of pairs, and deviation pixel by pixel."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, SizeError
from sembla.core.types import Picture, Region

__all__ = ["deviation", "deviation_map", "pairwise_distance"]


def pairwise_distance(pictures: Sequence[Picture], distance: Callable[[Picture, Picture], float]) -> float:
    """Mean of `distance` over all pairs of pictures: with LPIPS the diversity of Zhu et al. 2017 (BicycleGAN).

    In the units of the distance; 0 for pictures that are all the same. Raises `InputError` for fewer than two pictures.
    """
    _checked(pictures)
    return float(np.mean([distance(first, second) for first, second in itertools.combinations(pictures, 2)]))


def deviation_map(pictures: Sequence[Picture]) -> NDArray[np.float64]:
    """Standard deviation of each pixel over the pictures, (H, W): mean over channels, 0 to 0.5, colours 0 to 1.

    Sums are whole numbers, so the order of the pictures is of no consequence. Raises `InputError` for fewer than two
    pictures, `SizeError` for sizes that differ.
    """
    _checked(pictures)
    total = np.zeros(pictures[0].shape, np.int64)
    squares = np.zeros(pictures[0].shape, np.int64)
    for picture in pictures:
        values = picture.astype(np.int64)
        total += values
        squares += values * values
    variance = len(pictures) * squares - total * total  # times the squared count, exactly
    spread: NDArray[np.float64] = np.sqrt(variance).mean(axis=2) / (255 * len(pictures))
    return spread


def deviation(pictures: Sequence[Picture], region: Region | None = None) -> float:
    """Mean of `deviation_map` over `region` (H, W), or everywhere. Raises as it does, `SizeError` for the region."""
    spread = deviation_map(pictures)
    if region is None:
        return float(spread.mean())
    if region.shape != spread.shape or not region.any():
        raise SizeError(f"a region {region.shape} came for pictures {spread.shape}; give one of their size, not empty.")
    return float(spread[region].mean())


def _checked(pictures: Sequence[Picture]) -> None:
    if len(pictures) < 2:
        raise InputError(f"{len(pictures)} pictures came; diversity compares two or more.")
    if len({picture.shape for picture in pictures}) > 1:
        raise SizeError("the pictures differ in size; bring them to one size first.")
