"""The task of making people, beside those of `core.tasks`."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from sembla.core.tasks import Whole

__all__ = ["InventTask"]


@dataclass(frozen=True)
class InventTask:
    """Points of faces: ask for people whom nobody knows, who stand as these do."""

    landmarks: tuple[NDArray[np.float32], ...]
    """At least one face's 68 points, (68, 2) each, in pixels of the size that the model makes."""
    people: Annotated[int, Whole(1, 256)] = 1
    """How many codes are drawn; the pictures are the first person's, one for each face's points, then the next's."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same people."""
