"""Typed requests and what they return. Surfaces build their forms from these."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeAlias, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from sembla.core.types import MAX_PIXELS, MIN_SIDE, LabelMap, Picture, Region

__all__ = [
    "AnalogyResult",
    "AnalogyTask",
    "OnPicture",
    "OnPreview",
    "Preview",
    "Result",
    "SceneResult",
    "SceneTask",
    "ShouldStop",
    "Whole",
    "ranges",
]


@dataclass(frozen=True)
class Whole:
    """The range of a whole number, both ends included; stands in the `Annotated` type of a setting."""

    least: int
    most: int


def ranges(task_type: type) -> Mapping[str, Whole]:
    """The settings of a task that are whole numbers, with their ranges, in the order of their fields."""
    hints = get_type_hints(task_type, include_extras=True)
    return {name: range_ for name, hint in hints.items() for range_ in _wholes(hint)}


def _wholes(hint: Any) -> Iterator[Whole]:
    """The ranges within a type, however deep: `Annotated[int, Whole(...)] | None` has one."""
    if isinstance(hint, Whole):
        yield hint
    for part in get_args(hint):
        yield from _wholes(part)


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


OnPicture: TypeAlias = Callable[[Picture, Mapping[str, float]], None]
"""Called with each finished picture, and the shares of photos that it was copied from, as in `SceneResult.credits`."""

ShouldStop: TypeAlias = Callable[[], bool]
"""Asked between the steps of the work, some ten times a second or more; True stops it: `Cancelled` is raised."""


@dataclass(frozen=True)
class AnalogyTask:
    """One photo, its label map and a new layout: ask for the photo re-laid-out."""

    picture: Picture
    """The photo, (H, W, 3)."""
    labels: LabelMap
    """Its label map, (H, W)."""
    layout: LabelMap
    """The wanted label map, (h, w); its ids mean the same classes as those of `labels`."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same picture, bit for bit."""
    keep: bool = True
    """Pixels far from any changed label stay bit-identical to the photo."""
    size: Annotated[int, Whole(MIN_SIDE, MAX_PIXELS // MIN_SIDE)] | None = None
    """Longest side of the result in pixels; left empty (None), the layout's own size."""
    variations: Annotated[int, Whole(1, 64)] = 1
    """How many different pictures to make."""
    first_variation: Annotated[int, Whole(0, 63)] = 0
    """The variation to begin with: 0 is the plain picture, k the one that `variations` makes after k others."""


@dataclass(frozen=True)
class SceneTask:
    """A label map: ask for a photo of what it says."""

    labels: LabelMap
    """What is where, (H, W); ids are classes of the model or the bank that is asked, or its value to ignore."""
    style: Picture | None = None
    """A photo (h, w, 3) whose colours and light are wanted; None leaves them to the seed."""
    seed: Annotated[int, Whole(0, 2**63 - 1)] = 0
    """Same seed, same picture, bit for bit."""
    variations: Annotated[int, Whole(1, 64)] = 1
    """How many different pictures to make."""
    first_variation: Annotated[int, Whole(0, 63)] = 0
    """The variation to begin with: 0 is the plain picture, k the one that `variations` makes after k others."""
    region: Region | None = None
    """Where variations differ from variation 0, (H, W); None is everywhere."""
    looks: Mapping[int, int] = field(default_factory=dict)
    """Classes whose look follows from a seed of their own, by id; for models that have a latent for each class."""
    instances: NDArray[np.uint16] | None = None
    """Where one object ends and the next begins, (H, W), a value each; for models that were trained with edges, which
    take those between classes where it is None."""


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


@dataclass(frozen=True)
class SceneResult(Result):
    """Photos of a label map."""

    credits: tuple[Mapping[str, float], ...] = ()
    """Of each picture: names of the photos it was copied from, and their shares of its pixels, largest first.

    Empty for a trained model, which copies nothing.
    """
