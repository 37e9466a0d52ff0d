"""Label sets: what the ids of a label map mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError
from sembla.core.types import LabelMap

__all__ = ["MAX_LABELS", "NO_CLASSES", "Classes", "LabelSet"]

MAX_LABELS = 255
"""Most classes of a label set: ids are bytes, and one value stays free for pixels without a class."""


@dataclass(frozen=True)
class LabelSet:
    """The classes of a label map, in the order of their ids 0 to K - 1.

    Raises `LabelError` when names and colours differ in number, repeat, or are more than 255; when `ignore` is the id
    of a class or no byte; when `swaps` names an id that is not there, or one twice.
    """

    names: tuple[str, ...]
    """One name a class, e.g. ("sky", "mountain")."""
    colours: tuple[tuple[int, int, int], ...]
    """One RGB colour a class, 0 to 255; what a colour map shows for it."""
    ignore: int | None = None
    """Value of pixels that have no class; None where every pixel has one."""
    swaps: tuple[tuple[int, int], ...] = ()
    """Pairs of classes that a left-right flip exchanges, e.g. left and right eye."""

    def __post_init__(self) -> None:
        if len(self.names) != len(self.colours):
            raise LabelError(
                f"{len(self.names)} names came with {len(self.colours)} colours; give one name for each colour."
            )
        if not 1 <= len(self.names) <= MAX_LABELS:
            raise LabelError(f"{len(self.names)} classes came; a label set holds 1 to {MAX_LABELS}.")
        for what, values in (("name", self.names), ("colour", self.colours)):
            if len(set(values)) != len(values):
                raise LabelError(f"a label set repeats a {what}; make every {what} unique.")
        if self.ignore is not None and not self.count <= self.ignore <= 255:
            raise LabelError(f"{self.ignore} came as the value to ignore; give one from {self.count} to 255.")
        swapped = [label for pair in self.swaps for label in pair]
        if len(set(swapped)) != len(swapped) or not set(swapped) <= set(range(self.count)):
            raise LabelError(f"the pairs {self.swaps} came to swap; use ids 0 to {self.count - 1}, each at most once.")

    @property
    def count(self) -> int:
        """Number of classes."""
        return len(self.names)

    @property
    def palette(self) -> NDArray[np.uint8]:
        """The colours as an array (K, 3)."""
        return np.asarray(self.colours, np.uint8).reshape(-1, 3)

    @property
    def swap_table(self) -> NDArray[np.uint8]:
        """Each value 0 to 255 after a left-right flip, (256,); all but the `swaps` stay."""
        table = np.arange(256, dtype=np.uint8)
        for left, right in self.swaps:
            table[left], table[right] = right, left
        return table

    def flip(self, labels: LabelMap) -> LabelMap:
        """Mirror a label map (..., H, W) left to right, left and right classes exchanged."""
        return self.swap_table[labels[..., ::-1]]


@dataclass(frozen=True)
class Classes:
    """The classes of a label set as a config of a method holds them; there are none before it is fitted to data."""

    names: tuple[str, ...] = ()
    colours: tuple[tuple[int, int, int], ...] = ()
    ignore: int | None = None
    """The value of pixels without a class; a plane of its own stands for them."""
    swaps: tuple[tuple[int, int], ...] = ()
    """What a left-right flip exchanges."""

    @staticmethod
    def of(label_set: LabelSet) -> "Classes":
        """Those of a label set."""
        return Classes(label_set.names, label_set.colours, label_set.ignore, label_set.swaps)

    @property
    def label_set(self) -> LabelSet:
        """What ids mean."""
        return LabelSet(self.names, self.colours, ignore=self.ignore, swaps=self.swaps)


NO_CLASSES = Classes()
"""Before anything is known of the data."""
