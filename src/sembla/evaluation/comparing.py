"""Two or more runs side by side: what may be compared, and how surely one is better."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sembla.core.errors import InputError
from sembla.evaluation.results import Evaluation
from sembla.evaluation.wording import figure
from sembla.metrics.compare import Comparison, paired_bootstrap
from sembla.metrics.protocol import Protocol, Score

__all__ = ["Entry", "Row", "SideBySide", "compare"]

_COUNTS = frozenset({"count_made", "count_real"})
_WORDS = {
    "real": "held against",
    "real_sha256": "held against",
    "count_made": "pictures made",
    "count_real": "pictures held against",
}


@dataclass(frozen=True)
class Entry:
    """One score of one run, beside that of the first run."""

    score: Score | None
    """None where the run has no such score."""
    obstacles: tuple[str, ...] = ()
    """What keeps the value from being compared with the first run's, in words; () where it may be."""
    difference: Comparison | None = None
    """This run less the first over the pictures that both have; None for scores of whole sets, and where not paired."""


@dataclass(frozen=True)
class Row:
    """One score of all runs."""

    name: str
    unit: str
    better: str
    """"higher" or "lower"."""
    entries: tuple[Entry, ...]
    """One for each run, the first run's first."""
    notes: tuple[str, ...] = ()

    def verdict(self, place: int) -> str:
        """What the interval of a run says: "better" or "worse" than the first, "no clear difference", or ""."""
        difference = self.entries[place].difference
        if difference is None:
            return ""
        if not difference.is_clear:
            return "no clear difference"
        return "better" if (difference.difference > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class SideBySide:
    """Runs compared score by score with the first of them."""

    names: tuple[str, ...]
    """What the runs are called, no two alike."""
    runs: tuple[Evaluation, ...]
    rows: tuple[Row, ...]
    confidence: float
    """Of every interval, e.g. 0.95."""
    seed: int
    """Of the bootstrap."""


def compare(
    runs: Sequence[Evaluation], *, names: Sequence[str] = (), confidence: float = 0.95, seed: int = 0
) -> SideBySide:
    """Put runs side by side; `names` calls them otherwise than what they scored.

    Scores of single pictures get the paired bootstrap interval of the difference to the first run, over the pictures
    that both runs have by name. Scores that were taken in different ways are marked with what differs; where that is
    only how many pictures there were, the pictures that both have are paired none the less.

    Raises `InputError` for fewer than two runs, and for a confidence that is not between 0 and 1.
    """
    if len(runs) < 2:
        raise InputError(f"{len(runs)} runs came; a comparison needs two or more.")
    if not 0 < confidence < 1:
        raise InputError(f"the confidence is {confidence}; give one between 0 and 1, e.g. 0.95.")
    called = _distinct(list(names) if names else [run.made for run in runs])
    if len(called) != len(runs):
        raise InputError(f"{len(called)} names came for {len(runs)} runs; give one for each.")
    by_name = [{score.name: score for score in run.scores} for run in runs]
    wanted = dict.fromkeys(name for scores in by_name for name in scores)
    rows = tuple(
        _row([scores.get(name) for scores in by_name], called, confidence=confidence, seed=seed) for name in wanted
    )
    return SideBySide(called, tuple(runs), rows, confidence, seed)


def _row(scores: Sequence[Score | None], called: Sequence[str], *, confidence: float, seed: int) -> Row:
    first = scores[0]
    shown = next(score for score in scores if score is not None)
    entries, notes = [Entry(first)], []
    lacking = [name for name, score in zip(called, scores, strict=True) if score is None]
    if lacking:
        notes.append(f"not taken in {', '.join(lacking)}")
    for name, score in zip(called[1:], scores[1:], strict=True):
        if first is None or score is None:
            entries.append(Entry(score))
            continue
        entry, odd = _entry(first, score, confidence=confidence, seed=seed)
        entries.append(entry)
        if odd:
            notes.append(f"{name}: {odd} pictures without a finite score in both runs were left out of the difference")
    return Row(shown.name, shown.unit, shown.better, tuple(entries), tuple(notes))


def _entry(first: Score, score: Score, *, confidence: float, seed: int) -> tuple[Entry, int]:
    """A run's score beside the first one's, and how many shared pictures have no finite scores."""
    differing = first.protocol.differences(score.protocol)
    obstacles = [_obstacle(name, first.protocol, score.protocol) for name in differing]
    if (first.unit, first.better) != (score.unit, score.better):
        obstacles.append(f"unit {score.unit or 'none'}, {score.better} is better; the first has {first.unit or 'none'}")
    if not set(differing) <= _COUNTS or len(obstacles) > len(differing):
        return Entry(score, tuple(obstacles)), 0
    one, other, odd = _paired(first.per_picture, score.per_picture)
    if len(one) < 2:
        return Entry(score, tuple(obstacles)), odd
    return Entry(score, tuple(obstacles), paired_bootstrap(one, other, confidence=confidence, seed=seed)), odd


def _paired(
    first: Mapping[str, float], second: Mapping[str, float]
) -> tuple[Mapping[str, float], Mapping[str, float], int]:
    """The scores of shared pictures that are finite in both, and how many are not."""
    shared = first.keys() & second.keys()
    kept = [name for name in shared if math.isfinite(first[name]) and math.isfinite(second[name])]
    return {name: first[name] for name in kept}, {name: second[name] for name in kept}, len(shared) - len(kept)


def _obstacle(name: str, first: Protocol, other: Protocol) -> str:
    """What differs between two protocols: "split: val, the first has test"."""
    here, there = getattr(other, name), getattr(first, name)
    if name == "settings":
        keys = sorted(key for key in here.keys() | there.keys() if here.get(key) != there.get(key))
        return "; ".join(_setting(key, here.get(key), there.get(key)) for key in keys)
    if name == "real_sha256":
        here, there = f"{other.real} (SHA-256 {here[:8]})", f"{first.real} ({there[:8]})"
    if name == "weights_sha256":
        here, there = here[:8], there[:8]
    return f"{_WORDS.get(name, name.replace('_', ' '))}: {_said(here)}, the first has {_said(there)}"


def _setting(key: str, here: float | str | None, there: float | str | None) -> str:
    if key.endswith("_sha256"):
        key, here, there = f"{key.removesuffix('_sha256')} (SHA-256)", str(here or "")[:8], str(there or "")[:8]
    return f"{key.replace('_', ' ')}: {_said(here)}, the first has {_said(there)}"


def _said(value: float | str | None) -> str:
    if value is None or value == "":
        return "none"
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else figure(value)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names, numbered where several are alike."""
    return tuple(
        name if names.count(name) == 1 else f"{name} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    )
