"""Typed requests and what they return. Surfaces build their forms from these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sembla.core.types import LabelMap, Picture

__all__ = ["AnalogyResult", "AnalogyTask", "OnPreview", "Preview", "Result"]


@dataclass(frozen=True)
class Preview:
    """A whole frame of work in progress."""

    picture: Picture
    """The frame at the size of its level, (h, w, 3)."""
    level: int
    """0 for the coarsest level."""
    levels: int
    """Number of levels; the last one is the finished picture."""
    seconds: float
    """Time since the work began."""


OnPreview: TypeAlias = Callable[[Preview], bool | None]
"""Called with each preview, read-only; an answer that is false but not None cancels the work: `Cancelled` is raised."""


@dataclass(frozen=True)
class AnalogyTask:
    """One photo, its label map and a new layout: ask for the photo re-laid-out."""

    picture: Picture
    """The photo, (H, W, 3)."""
    labels: LabelMap
    """Its label map, (H, W)."""
    layout: LabelMap
    """The wanted label map, (h, w); its ids mean the same classes as those of `labels`."""
    seed: int = 0
    """Same seed, same picture, bit for bit."""
    keep: bool = True
    """Pixels far from any changed label stay bit-identical to the photo."""
    size: int | None = None
    """Longest side of the result in pixels; None takes the layout's own size."""
    variations: int = 1
    """How many different pictures to make."""


@dataclass(frozen=True)
class Result:
    """What every task returns."""

    pictures: tuple[Picture, ...]
    """One picture a variation."""
    seed: int
    """The seed that was used."""
    seconds: float
    """From decoded inputs to finished pictures, compilation not counted."""

    @property
    def picture(self) -> Picture:
        """The first picture."""
        return self.pictures[0]


@dataclass(frozen=True)
class AnalogyResult(Result):
    """The photo, re-laid-out."""

    preview_seconds: float
    """From decoded inputs to the first preview of at least 120 px."""
    classes: int
    """Number of classes in the source's label map."""
