"""Which pictures of a run are worth a look: those with the best and the worst scores."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from sembla.metrics.protocol import Score

__all__ = ["Ranked", "extremes", "lower_is_better", "ranking"]


@dataclass(frozen=True)
class Ranked:
    """The names of the pictures at both ends, the most extreme first; none stands in both."""

    best: tuple[str, ...]
    worst: tuple[str, ...]


def lower_is_better(score: Score) -> bool:
    """Whether small values of a score are good."""
    return score.better == "lower"


def extremes(values: Mapping[str, float], *, lower: bool, most: int = 5) -> Ranked:
    """Up to `most` names at each end; `lower` says that small values are best. Equal values by name; NaNs left out."""
    ranked = ranking(values, lower=lower)
    worst = min(most, len(ranked) // 2)
    best = min(most, len(ranked) - worst)
    return Ranked(ranked[:best], ranked[len(ranked) - worst :][::-1])


def ranking(values: Mapping[str, float], *, lower: bool) -> tuple[str, ...]:
    """Names from the best value to the worst; equal values by name, NaNs left out."""
    kept = [name for name, value in values.items() if not math.isnan(value)]
    return tuple(sorted(kept, key=lambda name: (values[name] if lower else -values[name], name)))
