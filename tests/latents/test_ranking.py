"""Which candidates are shown."""

import numpy as np
from numpy.typing import NDArray

from sembla.latents.ranking import best, diverse

LOSSES = np.array([3.0, 1.0, 2.0, 1.0, 5.0])


def apart(points: NDArray[np.float64]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.abs(points[:, None] - points)
    return distances


def test_the_best_come_in_their_order() -> None:
    assert best(LOSSES, 3) == (1, 3, 2)
    assert best(LOSSES, 9) == (1, 3, 2, 0, 4)


def test_by_relevance_alone_it_is_the_best() -> None:
    assert diverse(LOSSES, apart(np.arange(5.0)), 4, relevance=1) == best(LOSSES, 4)


def test_twins_are_not_shown_twice() -> None:
    points = np.array([0, 0.01, 5, 5.01, 9])
    losses = np.array([0, 0.1, 0.2, 0.3, 0.4])
    chosen = set(diverse(losses, apart(points), 3, relevance=0.3))
    assert 0 in chosen
    assert not {0, 1} <= chosen
    assert not {2, 3} <= chosen


def test_by_distance_alone_it_is_the_farthest_first_walk() -> None:
    points = np.array([0.0, 1, 2, 6, 10])
    assert diverse(np.array([0, 1, 2, 3, 4.0]), apart(points), 3, relevance=0) == (0, 4, 3)


def test_neither_scale_matters() -> None:
    points = np.random.default_rng(0).normal(size=12)
    losses = np.random.default_rng(1).random(12)
    assert diverse(losses, apart(points), 6) == diverse(1e6 * losses**2, 1e-9 * apart(points), 6)


def test_there_may_be_fewer() -> None:
    assert set(diverse(LOSSES[:2], apart(np.arange(2.0)), 9)) == {0, 1}
    assert diverse(LOSSES[:0], apart(np.arange(0.0)), 9) == ()
