"""First guesses by the shapes of the regions."""

import numpy as np
import pytest
from tests.patches.support import blobs, disk

from sembla.core.types import LabelMap
from sembla.patches.start import guesses


def wanted(layout: LabelMap) -> list[int]:
    """All labels of a layout."""
    return [int(label) for label in np.unique(layout)]


@pytest.mark.parametrize("roaming", [False, True])
@pytest.mark.parametrize("size", [(40, 60), (31, 90), (16, 16)])
def test_every_guess_brings_the_right_labels(size: tuple[int, int], *, roaming: bool) -> None:
    labels, layout = blobs((40, 60), 5, seed=1), blobs(size, 5, seed=2, blur=2.0)
    chance = np.random.default_rng(0) if roaming else None
    found = guesses(labels, layout, wanted_labels=wanted(layout), chance=chance)
    assert len(found) == (4 if roaming else 3)
    for rows, columns in found:
        assert np.array_equal(labels[rows, columns], layout)


def test_the_unchanged_layout_is_found_by_all_guesses() -> None:
    labels = np.zeros((40, 60), np.uint8)
    labels[24:] = 1
    labels[disk((40, 60), (10, 20), 6)] = 2
    for rows, columns in guesses(labels, labels, wanted_labels=[0, 1, 2]):
        assert np.array_equal(rows, np.indices((40, 60))[0])
        assert np.array_equal(columns, np.indices((40, 60))[1])


def test_a_translated_region_gets_its_shift() -> None:
    labels, layout = np.zeros((60, 90), np.uint8), np.zeros((60, 90), np.uint8)
    for made, centre in ((labels, (40, 30)), (layout, (15, 61))):
        made[disk((60, 90), centre, 9)] = 1
        made[centre[0] - 2 : centre[0] + 3, centre[1] : centre[1] + 18] = 1  # a handle, so that it has a side
    rows, columns = guesses(labels, layout, wanted_labels=[1])[1]
    y, x = np.nonzero(layout == 1)
    assert np.array_equal(rows[y, x], y + 25)
    assert np.array_equal(columns[y, x], x - 31)


def test_a_stretched_region_is_filled_from_end_to_end() -> None:
    labels, layout = np.zeros((40, 60), np.uint8), np.zeros((40, 60), np.uint8)
    labels[10:20, 5:25] = 1
    layout[10:30, 10:50] = 1
    rows, columns = guesses(labels, layout, wanted_labels=[1])[2]
    y, x = np.indices((20, 40))
    assert np.array_equal(rows[10:30, 10:50], 10 + y // 2)
    assert np.array_equal(columns[10:30, 10:50], 5 + x // 2)


def test_labels_not_asked_for_are_left_alone() -> None:
    labels = blobs((40, 60), 3)
    for rows, columns in guesses(labels, labels, wanted_labels=[1]):
        assert (rows[labels != 1] == 0).all()
        assert (columns[labels != 1] == 0).all()
