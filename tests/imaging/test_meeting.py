"""Paint that meets a picture where regions go on."""

import numpy as np
import pytest

from sembla.imaging.meeting import met

SIZE = (40, 56)


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A hole in the middle of two regions, left and right."""
    labels = np.zeros(SIZE, np.uint8)
    labels[:, 28:] = 1
    hole = np.zeros(SIZE, np.bool_)
    hole[10:30, 14:42] = True
    return labels, hole


def test_a_shift_of_each_region_is_undone() -> None:
    labels, hole = scene()
    known = np.where(labels[:, :, None] == 0, (100, 50, 80), (180, 200, 20)).astype(np.uint8)
    painted = (known.astype(int) + np.where(labels[:, :, None] == 0, (20, 30, -40), (-60, 7, 9))).astype(np.uint8)
    made = met(known, painted, hole, before=labels, after=labels)
    np.testing.assert_array_equal(made[hole], known[hole])
    np.testing.assert_array_equal(made[~hole], painted[~hole])


def test_a_region_that_begins_in_the_hole_stays_as_it_was_painted() -> None:
    labels, hole = scene()
    after = labels.copy()
    after[15:25, 20:36] = 2
    rng = np.random.default_rng(0)
    known, painted = rng.integers(0, 256, (2, *SIZE, 3), np.uint8)
    made = met(known, painted, hole, before=labels, after=after)
    np.testing.assert_array_equal(made[after == 2], painted[after == 2])
    assert not np.array_equal(made[hole], painted[hole])


def test_a_region_that_only_begins_at_the_rim_takes_nothing_of_what_was_there() -> None:
    labels, hole = scene()
    after = np.where(hole, 3, labels).astype(np.uint8)
    known, painted = np.full((*SIZE, 3), 200, np.uint8), np.full((*SIZE, 3), 50, np.uint8)
    np.testing.assert_array_equal(met(known, painted, hole, before=labels, after=after), painted)


@pytest.mark.parametrize("channel", range(3))
def test_what_differs_along_the_rim_is_spread_between(channel: int) -> None:
    """A difference that rises from left to right does so within the hole, and stays between its least and most."""
    labels, hole = np.zeros(SIZE, np.uint8), scene()[1]
    known, painted = np.full((*SIZE, 3), 100, np.uint8), np.full((*SIZE, 3), 100, np.uint8)
    known[:, :, channel] = np.linspace(80, 120, SIZE[1])
    made = met(known, painted, hole, before=labels, after=labels)
    row = made[20, 14:42, channel].astype(int)
    assert (np.diff(row) >= -1).all()
    assert np.abs(row - known[20, 14:42, channel]).max() <= 6
    assert row.min() >= 80
    assert row.max() <= 120
