"""Which of two runs is better, and how surely: paired bootstrap intervals, and Bradley-Terry scores of a user study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError

__all__ = ["Answer", "Comparison", "Strengths", "bradley_terry", "paired_bootstrap"]

_BLOCK = 1 << 20  # numbers that are drawn at once
_TOLERANCE = 1e-10
_MOST_ROUNDS = 10_000


@dataclass(frozen=True)
class Comparison:
    """The difference of two runs' means over the pictures that both have."""

    difference: float
    """Mean of the second run less that of the first."""
    low: float
    high: float
    """Ends of the interval."""
    confidence: float
    """Share of such intervals that hold the true difference, e.g. 0.95."""
    pictures: int
    """How many pictures both runs have."""

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


def paired_bootstrap(
    first: Mapping[str, float],
    second: Mapping[str, float],
    *,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two runs by their scores of the same pictures, by name: the percentile bootstrap of paired differences.

    Efron & Tibshirani 1993, chapter 13: whole pairs are drawn anew, so what makes a picture hard for both runs cancels.
    Pictures that only one run has are left out; the names are sorted, so their order is of no consequence.

    Raises `InputError` where fewer than two pictures are shared, for scores that are not finite, and for a confidence
    outside 0 to 1.
    """
    names = sorted(first.keys() & second.keys())
    if len(names) < 2:
        raise InputError(f"the runs share {len(names)} pictures by name; a comparison needs two or more.")
    if not 0 < confidence < 1:
        raise InputError(f"the confidence is {confidence}; give one between 0 and 1, e.g. 0.95.")
    differences = np.array([second[name] - first[name] for name in names])
    broken = [name for name, value in zip(names, differences, strict=True) if not np.isfinite(value)]
    if broken:
        raise InputError(f"{len(broken)} scores are not finite, first that of {broken[0]}; leave those pictures out.")
    means = _resampled_means(differences, draws, seed=seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Comparison(float(differences.mean()), float(low), float(high), confidence, len(names))


@dataclass(frozen=True)
class Answer:
    """One answer of a user study: of two methods shown side by side, which was preferred."""

    winner: str
    loser: str
    tie: bool = False
    """Neither was preferred; then winner and loser are merely the two."""


@dataclass(frozen=True)
class Strengths:
    """Bradley-Terry strengths of the methods of a user study."""

    strength: Mapping[str, float]
    """On a logarithmic scale with mean 0: A is preferred to B with the odds exp(A - B)."""
    error: Mapping[str, float]
    """Standard error of each strength."""
    answers: int

    def chance(self, winner: str, loser: str) -> float:
        """Probability, 0 to 1, that `winner` is preferred to `loser`."""
        return float(1 / (1 + np.exp(self.strength[loser] - self.strength[winner])))


def bradley_terry(answers: Sequence[Answer]) -> Strengths:
    """Most likely strengths of the methods in pairwise answers; a tie counts as half a win for each.

    Bradley & Terry 1952, found by the minorisation of Hunter 2004, eq. 3; standard errors from the inverse of the
    information matrix, for strengths of mean 0.

    Raises `InputError` where strengths are not determined (Ford 1957): no answers, or methods that can be parted into
    two groups of which one never wins against the other.
    """
    names = sorted({name for answer in answers for name in (answer.winner, answer.loser)})
    wins = np.zeros((len(names), len(names)))  # wins[i, j]: how often i was preferred to j
    place = {name: index for index, name in enumerate(names)}
    for answer in answers:
        if answer.winner == answer.loser:
            raise InputError(f"an answer compares {answer.winner} with itself; give two methods.")
        won, lost = place[answer.winner], place[answer.loser]
        wins[won, lost] += 0.5 if answer.tie else 1
        wins[lost, won] += 0.5 if answer.tie else 0
    _check_connected(wins, names)
    strengths = _most_likely(wins)
    errors = _standard_errors(wins, strengths)
    return Strengths(
        strength=dict(zip(names, strengths.tolist(), strict=True)),
        error=dict(zip(names, errors.tolist(), strict=True)),
        answers=len(answers),
    )


def _resampled_means(differences: NDArray[np.float64], draws: int, *, seed: int) -> NDArray[np.float64]:
    """Means (draws,) of samples with replacement, as many as there are differences."""
    generator, count = np.random.default_rng(seed), len(differences)
    means: list[NDArray[np.float64]] = []
    left = draws
    while left > 0:
        rows = min(left, max(1, _BLOCK // count))
        means.append(differences[generator.integers(count, size=(rows, count))].mean(axis=1))
        left -= rows
    return np.concatenate(means)


def _check_connected(wins: NDArray[np.float64], names: Sequence[str]) -> None:
    """Every method must reach every other by a chain of wins."""
    if not names:
        raise InputError("no answers came; give one or more.")
    reach = (wins > 0) | np.eye(len(names), dtype=np.bool_)
    for middle in range(len(names)):
        reach |= reach[:, middle, None] & reach[None, middle, :]
    cut_off = np.argwhere(~reach)
    if len(cut_off):
        loser, winner = (names[index] for index in cut_off[0])
        raise InputError(
            f"{loser} never wins against {winner}, not even by way of others, so their strengths are not determined; "
            "gather more answers."
        )


def _most_likely(wins: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log strengths (K,) of mean 0."""
    met, won = wins + wins.T, wins.sum(axis=1)
    strengths = np.zeros(len(wins))
    for _ in range(_MOST_ROUNDS):
        worth = np.exp(strengths)
        updated = np.log(won / (met / (worth[:, None] + worth)).sum(axis=1))
        updated -= updated.mean()
        moved, strengths = np.abs(updated - strengths).max(), updated
        if moved < _TOLERANCE:
            break
    return strengths


def _standard_errors(wins: NDArray[np.float64], strengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """From the pseudo-inverse of the information, which has the constant as its null space."""
    chance = 1 / (1 + np.exp(strengths - strengths[:, None]))
    weight = (wins + wins.T) * chance * (1 - chance)
    information = np.diag(weight.sum(axis=1)) - weight
    covariance = np.linalg.pinv(information, hermitian=True)
    return np.asarray(np.sqrt(covariance.diagonal()), np.float64)
