import tracemalloc

import numpy as np
import pytest

from sembla.core.errors import LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.metrics import sliced
from sembla.metrics.sliced import LabelPatches, label_distances


def halves(left: int, right: int, *, seed: int = 0, labels: tuple[int, int] = (0, 1)) -> tuple[Picture, LabelMap]:
    """A noisy picture of two brightnesses and its label map."""
    picture = np.random.default_rng(seed).integers(0, 20, (40, 60, 3), dtype=np.uint8)
    picture[:, :30] += np.uint8(left)
    picture[:, 30:] += np.uint8(right)
    ids = np.full((40, 60), labels[0], np.uint8)
    ids[:, 30:] = labels[1]
    return picture, ids


def gathered(*pairs: tuple[Picture, LabelMap], capacity: int = 500, ignore: int | None = None) -> LabelPatches:
    patches = LabelPatches(capacity=capacity, ignore=ignore)
    for picture, labels in pairs:
        patches.add(picture, labels)
    return patches


def test_a_set_is_at_no_distance_from_itself() -> None:
    pairs = [halves(10, 200, seed=seed) for seed in range(3)]
    found = label_distances(gathered(*pairs), gathered(*pairs))
    assert found.value == 0
    assert found.missing == ()


def test_a_shift_of_one_class_has_the_closed_form() -> None:
    """All 147 values grow by s: along a direction u by s |sum u|, whose mean over the sphere is s sqrt(2 / pi)."""
    flat = [(np.full((40, 60, 3), value, np.uint8), np.full((40, 60), 3, np.uint8)) for value in (100, 151)]
    found = label_distances(gathered(flat[0]), gathered(flat[1]), projections=4000)
    assert found.value == pytest.approx(51 / 255 * np.sqrt(2 / np.pi), rel=0.05)
    assert found.by_label == {3: found.value}


def test_the_right_colours_in_the_wrong_classes_are_far() -> None:
    real = gathered(halves(10, 200, seed=0))
    right, swapped = gathered(halves(10, 200, seed=1)), gathered(halves(200, 10, seed=1))
    assert label_distances(swapped, real).value > 20 * label_distances(right, real).value


def test_other_shares_of_the_classes_are_not_punished() -> None:
    dark, bright = ([halves(v, v, seed=s, labels=(n, n)) for s in range(4)] for n, v in enumerate((10, 200)))
    made, real = gathered(*dark[:3], *bright[:1]), gathered(*dark[:1], *bright[:3])
    assert made.areas == {0: 3 * real.areas[0], 1: real.areas[1] / 3}
    assert label_distances(made, real).value < 0.01


def test_the_mean_is_weighted_by_area_in_the_real_set() -> None:
    found = label_distances(gathered(halves(50, 200, seed=3)), gathered(halves(10, 200, seed=4)))
    areas = gathered(halves(10, 200, seed=4)).areas
    assert areas == {0: 34 * 27, 1: 34 * 27}  # centres of whole patches
    assert found.value == pytest.approx(np.mean(list(found.by_label.values())))
    assert found.by_label[0] > 10 * found.by_label[1]


def test_the_sample_is_bounded_and_does_not_depend_on_order() -> None:
    pairs = [halves(seed, 200 - seed, seed=seed) for seed in range(6)]
    one, other = gathered(*pairs, capacity=100), gathered(*reversed(pairs), capacity=100)
    assert one.rows(0).shape == (100, 147)
    assert np.array_equal(one.rows(0), other.rows(0))
    assert one.areas == other.areas


def test_classes_of_one_set_only_are_named_and_ignored_ones_left_out() -> None:
    made, real = gathered(halves(10, 90, labels=(0, 4))), gathered(halves(10, 90, labels=(0, 255)), ignore=255)
    found = label_distances(made, real)
    assert found.missing == (4,)
    assert set(found.by_label) == {0}


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(LabelError, match="share no class"):
        label_distances(gathered(halves(1, 2, labels=(0, 1))), gathered(halves(1, 2, labels=(2, 3))))
    with pytest.raises(LabelError, match="class 5"):
        gathered(halves(1, 2)).rows(5)
    with pytest.raises(SizeError, match="equal sizes"):
        LabelPatches().add(np.zeros((20, 20, 3), np.uint8), np.zeros((20, 21), np.uint8))


@pytest.mark.parametrize("most", [1, 54, 200, 10**6])
def test_bands_of_a_picture_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """With room for all, the sample of a class is every patch whose centre has it."""
    picture, labels = halves(10, 200)
    monkeypatch.setattr(sliced, "_MOST_PATCHES", most)
    found = gathered((picture, labels), capacity=10**4)
    windows = np.lib.stride_tricks.sliding_window_view(picture, (7, 7), axis=(0, 1))
    for label in (0, 1):
        every = windows[labels[3:-3, 3:-3] == label].reshape(-1, 147)
        assert found.areas[label] == len(every)
        assert np.array_equal(np.unique(found.rows(label), axis=0), np.unique(every, axis=0))
    few = gathered((picture, labels), capacity=50)
    monkeypatch.setattr(sliced, "_MOST_PATCHES", 10**6)
    assert np.array_equal(few.rows(0), gathered((picture, labels), capacity=50).rows(0))


def test_a_large_picture_is_not_copied_patch_by_patch() -> None:
    """Its 1.5 million patches would be 220 MB."""
    picture = np.random.default_rng(0).integers(0, 256, (1500, 1000, 3), dtype=np.uint8)
    tracemalloc.start()
    gathered((picture, np.zeros((1500, 1000), np.uint8)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64e6
