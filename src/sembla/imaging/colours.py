"""Colours that tell classes apart."""

import itertools

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError
from sembla.core.types import MAX_CLASSES

__all__ = ["distinct_colours"]


def distinct_colours(count: int) -> NDArray[np.uint8]:
    """`count` RGB colours (count, 3), 1 to 64; any two differ by 85 or more in some channel.

    Each is the one farthest from those before it (Gonzalez 1985) on a grid of four levels a channel, so that few
    colours differ much. The same count gives the same colours. Raises `LabelError` for other counts.
    """
    if not 1 <= count <= MAX_CLASSES:
        raise LabelError(f"{count} classes came; colours are given for 1 to {MAX_CLASSES}.")
    grid = np.array(list(itertools.product((0, 85, 170, 255), repeat=3)))
    chosen = [0]
    distances = ((grid - grid[0]) ** 2).sum(axis=1)
    while len(chosen) < count:
        chosen.append(int(distances.argmax()))
        distances = np.minimum(distances, ((grid - grid[chosen[-1]]) ** 2).sum(axis=1))
    return grid[chosen].astype(np.uint8)
