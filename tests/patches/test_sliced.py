import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import gammaln
from scipy.stats import norm, wasserstein_distance

from sembla.core.errors import SizeError
from sembla.patches.sliced import sliced_wasserstein

SIZES = [(1, 1), (1, 9), (7, 7), (12, 18), (31, 64), (100, 37)]


def cloud(count: int, dimension: int, *, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).gamma(2.0, size=(count, dimension))


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_on_a_line_it_is_the_wasserstein_distance(n: int, m: int) -> None:
    a, b = cloud(n, 1, seed=n), cloud(m, 1, seed=m + 1000)
    expected = wasserstein_distance(a[:, 0], b[:, 0])
    assert sliced_wasserstein(a, b, projections=3, seed=5) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_points_along_one_direction_scale_the_distance_on_a_line(n: int, m: int) -> None:
    # Projected onto u, points t e become t (u . e): every direction gives |u . e| W, so the mean keeps the ratio.
    along = np.array([[2.0, -1.0, 2.0]]) / 3
    a, b = cloud(n, 1, seed=n), cloud(m, 1, seed=m + 1000)
    unit = sliced_wasserstein(0 * along, along, seed=3)
    expected = unit * wasserstein_distance(a[:, 0], b[:, 0])
    assert sliced_wasserstein(a @ along, b @ along, seed=3) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("dimension", [1, 2, 3, 147])
def test_a_shift_costs_its_length_times_the_mean_direction(dimension: int) -> None:
    # E |u . e| over the sphere in D dimensions is Gamma(D / 2) / (sqrt(pi) Gamma((D + 1) / 2)).
    mean_direction = math.exp(gammaln(dimension / 2) - gammaln((dimension + 1) / 2)) / math.sqrt(math.pi)
    points = cloud(40, dimension, seed=0)
    shift = np.random.default_rng(1).normal(size=dimension)
    expected = np.linalg.norm(shift) * mean_direction
    assert sliced_wasserstein(points, points + shift, projections=8192) == pytest.approx(expected, rel=0.03)


def test_two_gaussians_of_other_widths_have_the_closed_form() -> None:
    # W1 of N(0, s) and N(0, t) is |s - t| E|Z|; the quantiles themselves stand in for samples.
    quantiles = norm.ppf((np.arange(4000) + 0.5) / 4000)[:, None]
    expected = 2 * math.sqrt(2 / math.pi)
    assert sliced_wasserstein(quantiles, 3 * quantiles[::2]) == pytest.approx(expected, rel=0.01)


def test_equal_sets_are_at_no_distance() -> None:
    points = cloud(50, 12, seed=0)
    assert sliced_wasserstein(points, points) == 0
    assert sliced_wasserstein(points, np.repeat(points, 3, axis=0)) == pytest.approx(0, abs=1e-5)


def test_it_is_symmetric_and_blind_to_order() -> None:
    a, b = cloud(50, 12, seed=0), cloud(33, 12, seed=1)
    distance = sliced_wasserstein(a, b)
    assert distance > 0
    assert sliced_wasserstein(b, a) == pytest.approx(distance, rel=1e-5)
    shuffled = np.random.default_rng(2).permutation(a)
    assert sliced_wasserstein(shuffled, b) == pytest.approx(distance, rel=1e-5)


def test_it_keeps_the_triangle_inequality_and_the_units() -> None:
    a, b, c = (cloud(count, 5, seed=count) + count / 20 for count in (20, 30, 41))
    assert sliced_wasserstein(a, c) <= sliced_wasserstein(a, b) + sliced_wasserstein(b, c) + 1e-6
    assert sliced_wasserstein(10 * a, 10 * c) == pytest.approx(10 * sliced_wasserstein(a, c), rel=1e-5)


def test_the_seed_decides_the_directions() -> None:
    a, b = cloud(20, 5, seed=0), cloud(30, 5, seed=1)
    assert sliced_wasserstein(a, b, seed=4) == sliced_wasserstein(a, b, seed=4)
    assert sliced_wasserstein(a, b, seed=4) != sliced_wasserstein(a, b, seed=5)


@pytest.mark.parametrize(("a", "b"), [((3, 4), (3, 5)), ((0, 4), (3, 4)), ((4,), (4,))])
def test_clouds_that_do_not_fit_are_refused(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(SizeError, match="give arrays"):
        sliced_wasserstein(np.zeros(a), np.zeros(b))
