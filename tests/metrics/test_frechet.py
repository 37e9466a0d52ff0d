import numpy as np
import pytest
from numpy.typing import NDArray

from sembla.core.errors import InputError, SizeError
from sembla.metrics.frechet import Moments, RunningMoments, frechet_caution, frechet_distance, moments

Rows = NDArray[np.float64]


def gaussian(mean: list[float], covariance: list[list[float]]) -> Moments:
    return Moments(100, np.array(mean), np.array(covariance))


def features(count: int, dimension: int, *, seed: int) -> Rows:
    generator = np.random.default_rng(seed)
    return generator.standard_normal((count, dimension)) @ generator.standard_normal((dimension, dimension))


def test_axis_aligned_gaussians_have_the_closed_form() -> None:
    a = gaussian([0, 0, 0], [[4, 0, 0], [0, 9, 0], [0, 0, 1]])
    b = gaussian([1, -2, 3], [[1, 0, 0], [0, 25, 0], [0, 0, 1]])
    expected = (1 + 4 + 9) + (2 - 1) ** 2 + (3 - 5) ** 2 + 0  # sum of squared steps of means and of deviations
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-12)


def test_a_turned_gaussian_has_the_closed_form() -> None:
    """For 2 x 2 matrices tr sqrt(M) = sqrt(tr M + 2 sqrt(det M)), which needs no eigenvalues."""
    a, b = features(50, 2, seed=1), features(60, 2, seed=2)
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    product = first @ second
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    step = a.mean(axis=0) - b.mean(axis=0)
    expected = step @ step + np.trace(first) + np.trace(second) - 2 * root
    assert frechet_distance(moments(a), moments(b)) == pytest.approx(expected, rel=1e-9)


def test_gaussians_of_one_shape_differ_by_their_scale() -> None:
    """C and s^2 C commute: the distance is (s - 1)^2 tr C."""
    rows = features(300, 8, seed=3)
    a = moments(rows)
    b = Moments(a.count, a.mean, 9 * a.covariance)
    assert frechet_distance(a, b) == pytest.approx(4 * np.trace(a.covariance), rel=1e-9)


@pytest.mark.parametrize(("count", "dimension"), [(200, 16), (10, 40)], ids=["full rank", "fewer rows than features"])
def test_it_is_symmetric_and_zero_for_a_set_with_itself(count: int, dimension: int) -> None:
    a, b = moments(features(count, dimension, seed=4)), moments(features(count, dimension, seed=5))
    scale = np.trace(a.covariance)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-6)
    assert frechet_distance(a, a) <= 1e-6 * scale
    assert frechet_distance(a, b) > 0.1 * scale


def test_a_feature_that_never_varies_is_no_trouble() -> None:
    rows, others = features(100, 6, seed=6), features(100, 6, seed=7)
    plain = frechet_distance(moments(rows), moments(others))
    dead = np.full((100, 1), 3.0)
    assert frechet_distance(moments(np.hstack([rows, dead])), moments(np.hstack([others, dead]))) == pytest.approx(
        plain
    )


@pytest.mark.parametrize("batch", [1, 7, 100, 1500])
def test_moments_do_not_depend_on_batches_or_order(batch: int) -> None:
    rows = features(1500, 5, seed=8) + 1e3
    shuffled = rows[np.random.default_rng(0).permutation(len(rows))]
    running = RunningMoments()
    for start in range(0, len(rows), batch):
        running.add(shuffled[start : start + batch])
    found = running.result()
    assert found.count == 1500
    np.testing.assert_allclose(found.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(rows, rowvar=False), rtol=1e-9, atol=1e-9)


def test_moments_go_on_after_a_result() -> None:
    rows = features(40, 3, seed=9)
    running = RunningMoments()
    running.add(rows[:30])
    running.result()
    running.add(rows[30:])
    np.testing.assert_allclose(running.result().covariance, np.cov(rows, rowvar=False))


def test_too_few_pictures_are_said_to_bias_it() -> None:
    a, b = moments(features(30, 30, seed=10)), moments(features(60, 30, seed=11))
    caution = frechet_caution(a, b)
    assert caution is not None
    assert "30 pictures for 30 features" in caution
    assert "biased" in caution
    assert frechet_caution(b, b) is None


def test_bad_features_are_refused() -> None:
    with pytest.raises(InputError, match="two or more pictures"):
        moments(np.ones((1, 4)))
    with pytest.raises(InputError, match="two or more pictures"):
        RunningMoments().result()
    broken = np.ones((5, 4))
    broken[2, 1], broken[3, 0] = np.nan, np.inf
    with pytest.raises(InputError, match="2 of 5 rows"):
        moments(broken)
    with pytest.raises(SizeError, match=r"\(4,\)"):
        moments(np.ones(4))
    running = RunningMoments()
    running.add(np.ones((2, 3)))
    with pytest.raises(SizeError, match="length 4 came after ones of 3"):
        running.add(np.ones((2, 4)))
    with pytest.raises(SizeError, match="lengths 3 and 4"):
        frechet_distance(moments(np.eye(3)), moments(np.eye(4)))
