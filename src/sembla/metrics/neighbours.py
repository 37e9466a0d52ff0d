"""Precision, recall, density and coverage: whether made features lie among the real ones, and cover them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sembla.core.errors import InputError, SizeError
from sembla.metrics.frechet import checked_features

__all__ = ["Neighbourhoods", "neighbourhoods"]

_BLOCK = 1024  # rows of the distance matrix that are held at once


@dataclass(frozen=True)
class Neighbourhoods:
    """Four shares that tell fidelity from variety."""

    precision: float
    """Share, 0 to 1, of made rows inside a real row's ball (Kynkaanniemi et al. 2019, eq. 2): fidelity."""
    recall: float
    """Share, 0 to 1, of real rows inside a made row's ball (the same, eq. 2): variety."""
    density: float
    """Real balls that a made row lies in, over k (Naeem et al. 2020, eq. 4): fidelity; 0 and up, about 1 when alike."""
    coverage: float
    """Share, 0 to 1, of real balls that hold a made row (the same, eq. 5): variety."""


def neighbourhoods(made: ArrayLike, real: ArrayLike, *, nearest: int = 5) -> Neighbourhoods:
    """Precision, recall, density and coverage of made features (N, D) against real ones (M, D).

    The ball of a row reaches to its `nearest`-th nearest other row of its own set; its border belongs to it. Precision
    and recall were published with 3, density and coverage with 5; the protocol of a score says which was taken.
    Distances are Euclidean, computed in blocks; no N x M numbers are held.

    Raises `SizeError` for another shape or lengths that differ, and `InputError` for NaN and for sets with `nearest`
    rows or fewer.
    """
    rows, truth = _centred(checked_features(made), checked_features(real))
    if min(len(rows), len(truth)) <= nearest:
        raise InputError(
            f"{len(rows)} made and {len(truth)} real rows came; balls that reach to the {nearest}. neighbour need "
            f"{nearest + 1} or more on each side."
        )
    reach_made, reach_real = _reaches(rows, nearest), _reaches(truth, nearest)
    precise, inside = 0, 0
    recalled, covered = np.zeros(len(truth), np.bool_), np.zeros(len(truth), np.bool_)
    for start in range(0, len(rows), _BLOCK):
        squares = _squares(rows[start : start + _BLOCK], truth)
        in_real = squares <= reach_real
        precise += int(in_real.any(axis=1).sum())
        inside += int(in_real.sum())
        covered |= in_real.any(axis=0)
        recalled |= (squares <= reach_made[start : start + _BLOCK, None]).any(axis=0)
    return Neighbourhoods(
        precision=precise / len(rows),
        recall=float(recalled.mean()),
        density=inside / (nearest * len(rows)),
        coverage=float(covered.mean()),
    )


def _centred(made: NDArray[np.floating], real: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both sets about the real mean: squares of distances then lose fewer digits."""
    if made.shape[1] != real.shape[1]:
        raise SizeError(f"features have lengths {made.shape[1]} and {real.shape[1]}; use one extractor for both sets.")
    mean = real.mean(axis=0, dtype=np.float64) if len(real) else 0.0
    return made - mean, real - mean


def _reaches(rows: NDArray[np.float64], nearest: int) -> NDArray[np.float64]:
    """Squared distance (N,) of each row to its `nearest`-th nearest other row."""
    reaches = []
    for start in range(0, len(rows), _BLOCK):
        squares = _squares(rows[start : start + _BLOCK], rows)
        own = np.arange(len(squares))
        squares[own, start + own] = np.inf
        reaches.append(np.partition(squares, nearest - 1, axis=1)[:, nearest - 1])
    return np.concatenate(reaches)


def _squares(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared distances (N, M) of rows (N, D) and (M, D)."""
    squares: NDArray[np.float64] = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * (a @ b.T)
    return squares.clip(min=0, out=squares)
