"""Scores that compare two pictures pixel by pixel."""

import numpy as np

from sembla.core.errors import SizeError
from sembla.core.types import Picture

__all__ = ["psnr"]


def psnr(a: Picture, b: Picture) -> float:
    """Peak signal-to-noise ratio of two pictures of one size, in dB: 10 log10(255^2 / mean squared error).

    Infinity for identical pictures. Raises `SizeError` when the sizes differ.
    """
    if a.shape != b.shape:
        (height, width), (other_height, other_width) = a.shape[:2], b.shape[:2]
        raise SizeError(
            f"the pictures are {width}x{height} and {other_width}x{other_height}; bring them to one size first."
        )
    difference = a.astype(np.int32) - b.astype(np.int32)
    squares = int((difference.astype(np.int64) ** 2).sum())
    return float(10 * np.log10(255**2 * a.size / squares)) if squares else float("inf")
