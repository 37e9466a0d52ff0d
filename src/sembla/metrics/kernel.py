"""The kernel distance between two sets of features (KID): unbiased, with its spread over subsets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sembla.core.errors import InputError, SizeError
from sembla.metrics.frechet import checked_features
from sembla.metrics.reservoir import row_keys

__all__ = ["KernelDistance", "kernel_distance"]

_BLOCK = 1024  # rows of the kernel matrix that are held at once


@dataclass(frozen=True)
class KernelDistance:
    """A squared maximum mean discrepancy and how far it varies."""

    value: float
    """Over all pairs; unbiased, so it may lie a little below 0."""
    spread: float
    """Standard deviation over the subsets, as it is commonly printed beside KID; 0 where a subset is the whole set."""
    subset_size: int
    """Rows of each side in one subset."""


def kernel_distance(
    a: ArrayLike, b: ArrayLike, *, subsets: int = 100, subset_size: int = 1000, seed: int = 0
) -> KernelDistance:
    """Squared maximum mean discrepancy of features (N, D) and (M, D) under the kernel (x.y / D + 1)^3; 0 is best.

    On Inception features this is the KID of Binkowski et al. 2018; the unbiased estimator is that of Gretton et al.
    2012, eq. 3. `value` is taken over all pairs of rows. The common code takes the mean of 100 random subsets of 1000
    rows instead, which estimates the same number with more noise; `spread` is the standard deviation over such
    subsets. All subsets are sums over the same kernel matrix, which is computed once, in blocks; no N x M numbers are
    held.

    The value does not depend on the order of the rows beyond rounding; the subsets are drawn from an order that the
    rows' own contents fix. A set compared with itself gives a value a little below 0, for a row meets itself only
    across.

    Raises `SizeError` for another shape or lengths that differ, `InputError` for NaN and for fewer than two rows.
    """
    rows_a, rows_b = _ordered(a, seed=seed), _ordered(b, seed=seed)
    if rows_a.shape[1] != rows_b.shape[1]:
        raise SizeError(
            f"features have lengths {rows_a.shape[1]} and {rows_b.shape[1]}; use one extractor for both sets."
        )
    size = min(subset_size, len(rows_a), len(rows_b))
    if size < 2:
        raise InputError(
            f"{len(rows_a)} and {len(rows_b)} rows of features came; the kernel distance needs two or more a side."
        )
    generator = np.random.default_rng(seed)
    picks_a, picks_b = (_picks(len(rows), subsets, size=size, generator=generator) for rows in (rows_a, rows_b))
    within_a, within_b = (
        _sums(rows_a, rows_a, picks=(picks_a, picks_a)),
        _sums(rows_b, rows_b, picks=(picks_b, picks_b)),
    )
    across = _sums(rows_a, rows_b, picks=(picks_a, picks_b))
    values = _unbiased(within_a, within_b, across, sizes=(len(rows_a), len(rows_b), size))
    return KernelDistance(value=float(values[0]), spread=float(values[1:].std()), subset_size=size)


def _ordered(features: ArrayLike, *, seed: int) -> NDArray[np.float32]:
    """Features in an order that does not depend on the one in which they came."""
    rows = checked_features(features).astype(np.float32)
    return rows[np.argsort(row_keys(rows, seed=seed), kind="stable")]


def _picks(count: int, subsets: int, *, size: int, generator: np.random.Generator) -> NDArray[np.float32]:
    """Which rows are in which subset (count, 1 + subsets), as 0 and 1; the first subset is the whole set."""
    picks = np.zeros((count, 1 + subsets), np.float32)
    picks[:, 0] = 1
    for subset in range(1, 1 + subsets):
        picks[generator.choice(count, size, replace=False), subset] = 1
    return picks


def _sums(
    a: NDArray[np.float32], b: NDArray[np.float32], *, picks: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Sums of the kernel over the pairs of each subset (1 + subsets,); within one set no row is paired with itself."""
    of_a, of_b = picks
    total = np.zeros(of_a.shape[1])
    for start in range(0, len(a), _BLOCK):
        end = min(start + _BLOCK, len(a))
        first = start if a is b else 0  # the kernel is symmetric: what lies left of the diagonal is known
        kernel = _kernel(a[start:end], b[first:])
        if a is b:
            square = kernel[:, : end - start]
            np.fill_diagonal(square, 0)
            square *= 0.5  # counted twice below, like the rest
        total += ((kernel @ of_b[first:]) * of_a[start:end]).sum(axis=0, dtype=np.float64)
    return 2 * total if a is b else total


def _kernel(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cubic kernel (N, M) of rows (N, D) and (M, D)."""
    base = a @ b.T
    base /= a.shape[1]
    base += 1
    cube: NDArray[np.float32] = base * base
    cube *= base
    return cube


def _unbiased(
    within_a: NDArray[np.float64],
    within_b: NDArray[np.float64],
    across: NDArray[np.float64],
    *,
    sizes: tuple[int, int, int],
) -> NDArray[np.float64]:
    """The estimates of the whole sets and of the subsets from their sums."""
    n, m = (np.where(np.arange(len(across)) == 0, whole, sizes[2]).astype(np.float64) for whole in sizes[:2])
    return within_a / (n * (n - 1)) + within_b / (m * (m - 1)) - 2 * across / (n * m)
