"""Consistency of what should be the same, diversity of what should differ."""

import itertools

import numpy as np
import pytest

from sembla.core.errors import InputError, SizeError
from sembla.core.types import Picture
from sembla.metrics.consistency import consistency
from sembla.metrics.diversity import deviation, deviation_map, pairwise_distance
from sembla.metrics.pixels import l1


def pictures(count: int) -> list[Picture]:
    return list(np.random.default_rng(0).integers(0, 256, (count, 12, 10, 3), dtype=np.uint8))


def test_consistency_is_the_mean_over_pairs_in_units_of_minus_one_to_one() -> None:
    versions = pictures(8)
    scaled = [version / 127.5 - 1 for version in versions]
    pairs = list(itertools.combinations(scaled, 2))
    assert len(pairs) == 28
    assert consistency(versions).whole == pytest.approx(np.mean([((a - b) ** 2).mean() for a, b in pairs]))
    assert consistency(versions).holes is None


def test_black_and_white_differ_by_the_most() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    assert consistency([black, white]).whole == pytest.approx(4)
    assert consistency([black, black, black]).whole == 0


def test_the_error_inside_the_holes_leaves_out_what_is_known() -> None:
    """Known pixels are equal, so the whole error is the holes' times their share of the picture."""
    photo = pictures(1)[0]
    hole = np.zeros((12, 10), np.bool_)
    hole[2:5, 3:9] = True
    versions = [np.where(hole[..., None], filling, photo) for filling in pictures(3)]
    found = consistency(versions, [hole, hole, hole])
    assert found.holes is not None
    assert found.whole == pytest.approx(found.holes * hole.mean())


def test_each_pair_counts_the_union_of_its_own_holes() -> None:
    base = np.zeros((2, 4, 3), np.uint8)
    first, second = base.copy(), base.copy()
    first[0, 0] = 255
    holes = [np.zeros((2, 4), np.bool_) for _ in range(2)]
    holes[0][0, 0], holes[1][1, 1] = True, True
    assert consistency([first, second], holes).holes == pytest.approx(4 / 2)
    assert consistency([first, second], [~holes[0] & False] * 2).holes is None


def test_versions_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="1 pictures"):
        consistency(pictures(1))
    with pytest.raises(SizeError, match="differ in size"):
        consistency([np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8)])
    with pytest.raises(SizeError, match="1 holes came for 2"):
        consistency(pictures(2), [np.zeros((12, 10), np.bool_)])


def test_deviation_is_that_of_each_pixel() -> None:
    samples = pictures(7)
    expected = (np.stack(samples) / 255).std(axis=0).mean(axis=2)
    np.testing.assert_allclose(deviation_map(samples), expected, atol=1e-12)
    assert np.array_equal(deviation_map(samples[::-1]), deviation_map(samples))
    upper = np.zeros((12, 10), np.bool_)
    upper[:4] = True
    assert deviation(samples) == pytest.approx(expected.mean())
    assert deviation(samples, upper) == pytest.approx(expected[:4].mean())
    assert deviation([samples[0]] * 3) == 0


def test_pairwise_distance_is_the_mean_of_any_distance() -> None:
    samples = pictures(4)
    expected = np.mean([l1(a, b) for a, b in itertools.combinations(samples, 2)])
    assert pairwise_distance(samples, l1) == pytest.approx(expected)


def test_samples_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="two or more"):
        pairwise_distance(pictures(1), l1)
    with pytest.raises(SizeError, match="differ in size"):
        deviation_map([np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8)])
    with pytest.raises(SizeError, match="region"):
        deviation(pictures(2), np.zeros((12, 10), np.bool_))
