import numpy as np
import pytest
from numpy.typing import NDArray

from sembla.core.errors import InputError, SizeError
from sembla.metrics.kernel import kernel_distance

Rows = NDArray[np.float64]


def rows(count: int, *, seed: int, shift: float = 0.0) -> Rows:
    return np.random.default_rng(seed).standard_normal((count, 12)).clip(0) + shift


def by_definition(a: Rows, b: Rows) -> float:
    """Gretton et al. 2012, eq. 3, with loops over pairs."""

    def kernel(x: Rows, y: Rows) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    within = [
        sum(kernel(x, y) for i, x in enumerate(rows) for j, y in enumerate(rows) if i != j)
        / (len(rows) * (len(rows) - 1))
        for rows in (a, b)
    ]
    return sum(within) - 2 * sum(kernel(x, y) for x in a for y in b) / (len(a) * len(b))


def test_it_is_the_unbiased_estimate_also_for_sets_of_two_sizes() -> None:
    a, b = rows(30, seed=0), rows(41, seed=1, shift=0.3)
    assert kernel_distance(a, b).value == pytest.approx(by_definition(a, b), rel=1e-5)


def test_blocks_change_nothing() -> None:
    a, b = rows(2300, seed=2), rows(1100, seed=3, shift=0.1)
    kernels = [(x @ y.T / 12 + 1) ** 3 for x, y in ((a, a), (b, b), (a, b))]
    within = [(k.sum() - k.trace()) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    assert kernel_distance(a, b, subsets=2).value == pytest.approx(sum(within) - 2 * kernels[2].mean(), rel=1e-4)


def test_a_set_with_itself_lies_below_zero_by_the_closed_form() -> None:
    """2 (S - T) / (n (n - 1)) - 2 S / n^2 with the sum S and the trace T of the kernel matrix."""
    a = rows(50, seed=4)
    kernel = (a @ a.T / 12 + 1) ** 3
    total, trace = kernel.sum(), kernel.trace()
    expected = 2 * (total - trace) / (50 * 49) - 2 * total / 50**2
    found = kernel_distance(a, a)
    assert found.value == pytest.approx(expected, rel=1e-4)
    assert -1 < found.value < 0


def test_it_is_unbiased() -> None:
    """Over many pairs of sets of one distribution the mean is 0 within its standard error."""
    values = [kernel_distance(rows(20, seed=2 * n), rows(20, seed=2 * n + 1), subsets=1).value for n in range(10, 310)]
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_order_is_of_no_consequence() -> None:
    a, b = rows(300, seed=5).astype(np.float32), rows(300, seed=6, shift=0.2).astype(np.float32)
    generator = np.random.default_rng(0)
    one = kernel_distance(a, b, subset_size=100, seed=3)
    other = kernel_distance(generator.permutation(a), generator.permutation(b), subset_size=100, seed=3)
    assert (one.value, one.spread) == (other.value, other.spread)


def test_the_spread_is_that_of_subsets() -> None:
    a, b = rows(400, seed=7), rows(400, seed=8, shift=0.2)
    generator = np.random.default_rng(1)
    drawn = [by_definition(generator.permutation(a)[:30], generator.permutation(b)[:30]) for _ in range(60)]
    found = kernel_distance(a, b, subsets=400, subset_size=30)
    assert found.subset_size == 30
    assert found.spread == pytest.approx(np.std(drawn), rel=0.35)
    assert kernel_distance(a, b).spread == pytest.approx(0, abs=1e-6)  # the subset is the whole set
    assert kernel_distance(a, b).subset_size == 400


def test_bad_features_are_refused() -> None:
    with pytest.raises(InputError, match="1 and 5 rows"):
        kernel_distance(np.ones((1, 3)), np.ones((5, 3)))
    with pytest.raises(SizeError, match="lengths 3 and 4"):
        kernel_distance(np.ones((5, 3)), np.ones((5, 4)))
    with pytest.raises(InputError, match="1 of 5 rows"):
        kernel_distance(np.where(np.eye(5) * np.arange(5) == 2, np.nan, 1.0), np.ones((5, 5)))
