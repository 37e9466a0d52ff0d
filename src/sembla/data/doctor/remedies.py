"""What can be done about a fault: plain values that `fix` carries out.

Pairs are named by their number in the list that `pairs.find` returns.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Declare",
    "Fill",
    "LeaveOut",
    "Plain",
    "ReadColours",
    "Remedy",
    "Rename",
    "Renumber",
    "Resize",
    "Sharpen",
    "Shift",
    "TakeClasses",
    "Turn",
]


@dataclass(frozen=True)
class LeaveOut:
    """Do not copy these pairs."""

    pairs: frozenset[int]


@dataclass(frozen=True)
class Shift:
    """Give the photo of pair n the label map of pair n + `step`, for these pairs."""

    step: int
    pairs: frozenset[int]


@dataclass(frozen=True)
class Rename:
    """Give these label maps the names of their photos."""

    pairs: frozenset[int]


@dataclass(frozen=True)
class Turn:
    """Store these photos upright (True), or as their pixels lie (False), without the EXIF mark."""

    pairs: dict[int, bool]


@dataclass(frozen=True)
class Plain:
    """Write these label maps with one channel: no alpha, no copies of a grey."""

    pairs: frozenset[int]


@dataclass(frozen=True)
class ReadColours:
    """Turn these colour maps into ids: entry n of the palette (K, 3) becomes id n."""

    palette: NDArray[np.uint8]
    pairs: frozenset[int]


@dataclass(frozen=True)
class TakeClasses:
    """Divide these instance ids by 1000: what remains is the class."""

    pairs: frozenset[int]


@dataclass(frozen=True)
class Sharpen:
    """Give the mixed values along the borders of these maps to the nearest region."""

    pairs: frozenset[int]


@dataclass(frozen=True)
class Renumber:
    """Replace each value of these maps by its entry of the table (256,)."""

    table: NDArray[np.uint8]
    pairs: frozenset[int]


@dataclass(frozen=True)
class Fill:
    """Give the pixels of these values to the nearest region."""

    values: frozenset[int]
    pairs: frozenset[int]


@dataclass(frozen=True)
class Resize:
    """Scale these label maps, nearest, to the size of their photos."""

    pairs: frozenset[int]


@dataclass(frozen=True)
class Declare:
    """Write down that this value marks pixels without a class, and how many classes there are."""

    ignore: int
    count: int


Remedy: TypeAlias = (
    LeaveOut | Shift | Rename | Turn | Plain | ReadColours | TakeClasses | Sharpen | Renumber | Fill | Resize | Declare
)
"""Any of them."""
