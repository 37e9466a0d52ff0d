import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sembla.core.errors import SizeError
from sembla.core.types import LabelMap, Picture
from sembla.patches.search import NO_PATCH, PATCH, at_centres, nearest_distances, patches

SHAPES = [((20, 24), (20, 24)), ((18, 30), (25, 11)), ((7, 7), (16, 19)), ((22, 9), (7, 8))]


def picture_and_labels(shape: tuple[int, int], *, seed: int, classes: int = 3) -> tuple[Picture, LabelMap]:
    rng = np.random.default_rng(seed)
    picture = rng.choice(np.array([0, 1, 90, 254, 255], np.uint8), (*shape, 3))
    return picture, rng.integers(0, classes, shape, dtype=np.uint8)


def by_tree(queries: NDArray[np.uint8], candidates: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Squared distance from each row to the nearest candidate, by an independent library."""
    if not len(candidates):
        return np.full(len(queries), NO_PATCH)
    distances, _ = cKDTree(candidates.astype(float)).query(queries.astype(float))
    return np.rint(distances**2).astype(np.int64)


def test_patches_are_the_windows_in_their_places() -> None:
    picture, labels = picture_and_labels((9, 12), seed=0)
    every = patches(picture)
    assert every.shape == (3, 6, 147)
    for y, x in np.ndindex(3, 6):
        window = picture[y : y + PATCH, x : x + PATCH]
        assert sorted(every[y, x]) == sorted(window.ravel())
        assert at_centres(labels)[y, x] == labels[y + 3, x + 3]


def test_two_patches_are_as_far_apart_as_their_windows() -> None:
    picture, _ = picture_and_labels((9, 12), seed=0)
    every = patches(picture).astype(int)
    windows = picture[1:8, 2:9].astype(int) - picture[2:9, 5:12]
    assert ((every[1, 2] - every[2, 5]) ** 2).sum() == (windows**2).sum()


def test_a_picture_smaller_than_a_patch_is_refused() -> None:
    with pytest.raises(SizeError, match="9x6"):
        patches(np.zeros((6, 9, 3), np.uint8))


@pytest.mark.parametrize(("shape", "source_shape"), SHAPES)
def test_distances_are_those_of_a_tree_search(shape: tuple[int, int], source_shape: tuple[int, int]) -> None:
    picture, wanted = picture_and_labels(shape, seed=1)
    source, labels = picture_and_labels(source_shape, seed=2)
    to_wanted, to_any = nearest_distances(picture, wanted, source=source, labels=labels)
    queries, candidates = patches(picture), patches(source).reshape(-1, 147)
    assert (to_any == by_tree(queries.reshape(-1, 147), candidates).reshape(to_any.shape)).all()
    for label in np.unique(at_centres(wanted)):
        asked = at_centres(wanted) == label
        given = at_centres(labels).ravel() == label
        assert (to_wanted[asked] == by_tree(queries[asked], candidates[given])).all()


@pytest.mark.parametrize("apart", [1, 3, 7])
def test_patches_too_near_in_place_are_passed_over(apart: int) -> None:
    picture, labels = picture_and_labels((19, 16), seed=3)
    _, to_any = nearest_distances(picture, labels, source=picture, labels=labels, apart=apart)
    every = patches(picture).astype(np.int64)
    rows, columns = np.mgrid[: to_any.shape[0], : to_any.shape[1]]
    for y, x in np.ndindex(to_any.shape):
        far = (abs(rows - y) >= apart) | (abs(columns - x) >= apart)
        expected = ((every[far] - every[y, x]) ** 2).sum(axis=1).min(initial=NO_PATCH)
        assert to_any[y, x] == expected


def test_a_copy_is_at_distance_zero_and_the_opposite_at_the_greatest() -> None:
    source, labels = picture_and_labels((20, 22), seed=4, classes=1)
    _, to_any = nearest_distances(source[5:15, 3:14], labels[5:15, 3:14], source=source, labels=labels)
    assert (to_any == 0).all()
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    _, to_any = nearest_distances(black, labels[:8, :8], source=white, labels=labels[:8, :8])
    assert (to_any == 147 * 255**2).all()


def test_a_label_that_the_source_lacks_is_nowhere() -> None:
    source, labels = picture_and_labels((12, 12), seed=5, classes=2)
    to_wanted, to_any = nearest_distances(source, np.full_like(labels, 9), source=source, labels=labels)
    assert (to_wanted == NO_PATCH).all()
    assert (to_any == 0).all()


def test_the_thread_count_changes_nothing() -> None:
    picture, wanted = picture_and_labels((30, 24), seed=6)
    source, labels = picture_and_labels((26, 28), seed=7)
    before = nearest_distances(picture, wanted, source=source, labels=labels)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        alone = nearest_distances(picture, wanted, source=source, labels=labels)
    finally:
        numba.set_num_threads(threads)
    assert (np.asarray(before) == np.asarray(alone)).all()
