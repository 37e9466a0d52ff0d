"""Label sets: what the ids of a label map mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError
from sembla.core.types import MAX_CLASSES

__all__ = ["LabelSet"]


@dataclass(frozen=True)
class LabelSet:
    """The classes of a label map, in the order of their ids.

    Raises `LabelError` when names and colours differ in number, repeat, or are more than 64.
    """

    names: tuple[str, ...]
    """One name a class, e.g. ("sky", "mountain")."""
    colours: tuple[tuple[int, int, int], ...]
    """One RGB colour a class, 0 to 255; what a colour map shows for it."""

    def __post_init__(self) -> None:
        if len(self.names) != len(self.colours):
            raise LabelError(
                f"{len(self.names)} names came with {len(self.colours)} colours; give one name for each colour."
            )
        if not 1 <= len(self.names) <= MAX_CLASSES:
            raise LabelError(f"{len(self.names)} classes came; a label set holds 1 to {MAX_CLASSES}.")
        for what, values in (("name", self.names), ("colour", self.colours)):
            if len(set(values)) != len(values):
                raise LabelError(f"a label set repeats a {what}; make every {what} unique.")

    @property
    def count(self) -> int:
        """Number of classes."""
        return len(self.names)

    @property
    def palette(self) -> NDArray[np.uint8]:
        """The colours as an array (K, 3)."""
        return np.asarray(self.colours, np.uint8).reshape(-1, 3)
