"""The Frechet distance between two sets of features, from their running means and covariances."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sembla.core.errors import InputError, SizeError

__all__ = ["Moments", "RunningMoments", "checked_features", "frechet_caution", "frechet_distance", "moments"]

_FOLD = 512  # rows that are gathered before the covariance, D x D numbers, is touched


@dataclass(frozen=True, eq=False)
class Moments:
    """Mean and covariance of a set of features: all that the Frechet distance needs of it."""

    count: int
    """Number of rows."""
    mean: NDArray[np.float64]
    """(D,)."""
    covariance: NDArray[np.float64]
    """(D, D), unbiased: divided by count - 1."""


class RunningMoments:
    """Mean and covariance of an endless stream of rows, in constant memory and double precision.

    Batches are folded in by the pairwise update of Chan, Golub & LeVeque 1983, so that neither their size nor their
    order matters beyond rounding.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean: NDArray[np.float64] = np.zeros(0)
        self._scatter: NDArray[np.float64] = np.zeros((0, 0))
        self._waiting: list[NDArray[np.float64]] = []

    def add(self, features: ArrayLike) -> None:
        """Take in features (N, D). Raises `SizeError` for another D than before, `InputError` for NaN and infinity."""
        rows = checked_features(features).astype(np.float64)
        known = self._waiting[0].shape[1] if self._waiting else len(self._mean)
        if known and rows.shape[1] != known:
            raise SizeError(f"features of length {rows.shape[1]} came after ones of {known}; use one extractor.")
        self._waiting.append(rows)
        if sum(map(len, self._waiting)) >= _FOLD:
            self._fold()

    def result(self) -> Moments:
        """The moments of all rows so far. Raises `InputError` for fewer than two rows."""
        if self._waiting:
            self._fold()
        if self._count < 2:
            raise InputError(f"{self._count} rows of features came; a covariance needs two or more pictures.")
        return Moments(self._count, self._mean.copy(), self._scatter / (self._count - 1))

    def _fold(self) -> None:
        rows = np.concatenate(self._waiting)
        self._waiting = []
        count, mean = len(rows), rows.mean(axis=0)
        centred = rows - mean
        scatter = centred.T @ centred
        if self._count:
            total, step = self._count + count, mean - self._mean
            scatter += self._scatter + np.outer(step, step) * (self._count * count / total)
            mean = self._mean + step * (count / total)
            count = total
        self._count, self._mean, self._scatter = count, mean, scatter


def moments(features: ArrayLike) -> Moments:
    """Mean and covariance of features (N, D) at once. Raises as `RunningMoments` does."""
    running = RunningMoments()
    running.add(features)
    return running.result()


def frechet_distance(a: Moments, b: Moments) -> float:
    """Squared Frechet distance of two Gaussians: |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)); 0 is best.

    Dowson & Landau 1982; on Inception features it is the FID of Heusel et al. 2017, eq. 6. The trace of the root is
    taken from the eigenvalues of the symmetric R^T C_b R, where R R^T = C_a: they are those of C_a C_b, so nothing need
    be added to a singular covariance. Symmetric up to rounding; in squared units of the features; never below 0.

    Raises `SizeError` for moments of different dimensions.
    """
    if a.mean.shape != b.mean.shape:
        raise SizeError(f"features have lengths {len(a.mean)} and {len(b.mean)}; use one extractor for both sets.")
    root = _root(a.covariance)
    product = root.T @ b.covariance @ root
    shared = np.sqrt(np.linalg.eigvalsh(product).clip(min=0)).sum()
    step = a.mean - b.mean
    distance = step @ step + np.trace(a.covariance) + np.trace(b.covariance) - 2 * shared
    return max(0.0, float(distance))


def frechet_caution(a: Moments, b: Moments) -> str | None:
    """What to tell with a Frechet distance of too few pictures; None where there is nothing to tell."""
    count, dimension = min(a.count, b.count), len(a.mean)
    if count > dimension:
        return None
    return (
        f"only {count} pictures for {dimension} features: the Frechet distance is biased upwards. Compare it at equal "
        "counts only, or go by KID, which is unbiased."
    )


def _root(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """R with R R^T = covariance (D, D): Cholesky's, or that of the eigenvectors where the covariance is singular."""
    try:
        return np.asarray(np.linalg.cholesky(covariance), np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray(vectors * np.sqrt(values.clip(min=0)), np.float64)


def checked_features(features: ArrayLike) -> NDArray[np.floating]:
    """Features as an array (N, D) of floats.

    Raises `SizeError` for another shape, and `InputError` that counts the rows with NaN or infinity.
    """
    rows: NDArray[np.floating] = np.asarray(features)
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise SizeError(f"features came as {rows.shape}; give an array (N, D).")
    if not np.issubdtype(rows.dtype, np.floating):
        rows = rows.astype(np.float64)
    broken = int((~np.isfinite(rows).all(axis=1)).sum())
    if broken:
        raise InputError(
            f"{broken} of {len(rows)} rows of features hold NaN or infinity; check the pictures and the weights."
        )
    return rows
