"""Levels: their sizes, and pictures and label maps reduced without mixing labels."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from tests.patches.support import blobs, noise

from sembla.core.types import LabelMap
from sembla.patches.pyramid import (
    COARSEST,
    GUIDE_REACH,
    PREVIEW_SIDE,
    guide_at,
    level_sizes,
    majority,
    pure_colours,
    resize_labels,
    resize_picture,
    signed_distances,
)

REDUCTIONS = [(40, 57), (40, 20), (13, 57), (17, 23), (1, 1)]
"""Sizes to reduce (40, 57) to."""


def cell(place: tuple[int, int], of: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """The pixels of an (H, W) picture that a cell of its reduction to `size` covers."""
    bounds = [(place[axis] * of[axis] // size[axis], (place[axis] + 1) * of[axis] // size[axis]) for axis in (0, 1)]
    return slice(*bounds[0]), slice(*bounds[1])


@pytest.mark.parametrize("size", [(16, 16), (16, 300), (100, 75), (126, 90), (600, 450), (768, 1024), (3000, 4000)])
def test_level_sizes_grow_to_the_size(size: tuple[int, int]) -> None:
    sizes = level_sizes(size)
    assert sizes[-1] == size
    for finer, coarser in zip(sizes[1:], sizes[:-1], strict=True):
        assert coarser != finer
        assert finer[0] / 2.5 <= coarser[0] <= finer[0]
        assert finer[1] / 2.5 <= coarser[1] <= finer[1]
    assert min(sizes[0]) <= COARSEST
    assert max(size) < PREVIEW_SIDE or PREVIEW_SIDE in [max(level) for level in sizes]


@pytest.mark.parametrize("size", REDUCTIONS)
def test_majority_is_the_commonest_label_of_each_cell(size: tuple[int, int]) -> None:
    labels = blobs((40, 57), 6, blur=1.0)
    reduced = majority(labels, size, 6)
    for place in np.ndindex(*size):
        counts = np.bincount(labels[cell(place, labels.shape, size)].ravel(), minlength=6)
        assert reduced[place] == counts.argmax()


@pytest.mark.parametrize("size", REDUCTIONS)
def test_pure_colours_is_the_mean_of_the_clear_pixels_of_the_label(size: tuple[int, int]) -> None:
    labels, picture = blobs((40, 57), 4, blur=1.0), noise((40, 57))
    clear = np.random.default_rng(3).random((40, 57)) < 0.5
    winners = majority(labels, size, 4)
    reduced = pure_colours(picture, labels, clear=clear, winners=winners)
    for place in np.ndindex(*size):
        covered = cell(place, labels.shape, size)
        own = labels[covered] == winners[place]
        chosen = own & clear[covered] if (own & clear[covered]).any() else own
        mean = picture[covered][chosen].astype(np.float64).mean(axis=0)
        assert np.abs(reduced[place] - mean).max() <= 0.5


def test_pure_colours_lets_no_colour_cross_a_border() -> None:
    colours = noise((1, 5), seed=4)[0]
    labels = blobs((90, 70), 5)
    winners = majority(labels, (31, 23), 5)
    reduced = pure_colours(colours[labels], labels, clear=np.ones(labels.shape, np.bool_), winners=winners)
    assert np.array_equal(reduced, colours[winners])


def brute_signed_distances(labels: LabelMap, label: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Distance to the nearest pixel outside the label, less that to the nearest inside, by all pairs."""
    places = np.argwhere(np.ones(labels.shape, np.bool_))
    inside = labels.reshape(-1) == label
    outwards = np.where(inside, cdist(places, places[~inside]).min(axis=1), 0)
    inwards = np.where(inside, 0, cdist(places, places[inside]).min(axis=1))
    signed: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = (outwards - inwards).reshape(labels.shape)
    return signed


def test_signed_distances_are_those_of_all_pairs_of_pixels() -> None:
    labels = blobs((22, 60), 3, blur=5.0)
    planes = signed_distances(labels, 4)
    for label in range(3):
        expected = np.clip(brute_signed_distances(labels, label) / GUIDE_REACH, -1, 1)
        np.testing.assert_allclose(planes[label], expected, atol=1e-6)
    assert (planes[3] == -1).all()  # a label that does not occur is far away everywhere


def test_signed_distances_of_the_only_label() -> None:
    planes = signed_distances(np.zeros((9, 9), np.uint8), 2)
    assert (planes[0] == 1).all()
    assert (planes[1] == -1).all()


def test_guide_spans_the_bytes_and_keeps_order() -> None:
    planes = np.stack([np.full((8, 8), -1, np.float32), np.full((8, 8), 1, np.float32), np.zeros((8, 8), np.float32)])
    guide = guide_at(planes, (12, 5))
    assert guide.shape == (12, 5, 3)
    assert (guide[..., 0] == 0).all()
    assert (guide[..., 1] == 255).all()
    assert (guide[..., 2] == 127).all()


def test_resize_labels_takes_the_nearest_pixels() -> None:
    labels = blobs((12, 20), 6, blur=1.0)
    assert resize_labels(labels, (12, 20)) is labels
    assert np.array_equal(resize_labels(labels, (36, 60)), labels.repeat(3, axis=0).repeat(3, axis=1))
    assert np.array_equal(resize_labels(labels, (4, 4)), labels[1::3, 2::5])


def test_resize_picture_keeps_constants_and_size() -> None:
    picture = np.full((40, 60, 3), (10, 200, 77), np.uint8)
    assert resize_picture(picture, (40, 60)) is picture
    assert (resize_picture(picture, (17, 31)) == (10, 200, 77)).all()
    assert resize_picture(picture, (80, 31)).shape == (80, 31, 3)
