"""What an evaluation gives: its scores with their protocols, and the pictures that they were taken of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from sembla.core.types import Picture
from sembla.metrics.protocol import Score

__all__ = ["Evaluation", "Judged", "OnProgress"]

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with the number of pictures that are done and of all there are, now and then while a run goes on."""


@dataclass(frozen=True)
class Judged:
    """The files of one picture that was scored, for reports to show."""

    made: Path
    real: Path | None = None
    """What it was held against, picture by picture; None where only whole sets were compared."""
    labels: Path | None = None
    """The label map that it was made from."""


@dataclass(frozen=True)
class Evaluation:
    """All scores of one run."""

    kind: str
    """"folders", "cases", "sequences" or "variations"."""
    made: str
    """What was scored, as its user named it."""
    real: str
    """What it was held against; "" for nothing."""
    scores: tuple[Score, ...]
    """The most telling first."""
    pictures: Mapping[str, Judged] = field(default_factory=dict)
    """By the names that `Score.per_picture` uses."""
    notes: tuple[str, ...] = ()
    """What was left out and how to get it, a sentence each."""
    maps: Mapping[str, Picture] = field(default_factory=dict)
    """Pictures that the run computed, e.g. where variations differ; by file name without suffix, e.g. "deviation-3"."""
