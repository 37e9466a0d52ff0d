"""Levels laid out for PatchMatch, and distances to label borders."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from tests.patches.support import blobs, noise

from sembla.patches.layer import (
    BORDER_REACH,
    BORDER_WEIGHT,
    RADIUS,
    border_distance,
    class_distances,
    layer,
    pad_edges,
)


@pytest.mark.parametrize("reach", [1, 2, 4, 8, 25])
@pytest.mark.parametrize("size", [(40, 57), (16, 90), (61, 16)])
def test_border_distance_is_the_distance_to_another_label(size: tuple[int, int], reach: int) -> None:
    labels = blobs(size, 5, seed=reach)
    expected = np.zeros(size)
    for label in range(5):
        inside = labels == label
        expected[inside] = distance_transform_edt(inside)[inside]
    np.testing.assert_allclose(border_distance(labels, reach), np.minimum(expected, reach), rtol=1e-6)


def test_border_distance_without_a_border_is_the_reach() -> None:
    assert (border_distance(np.full((20, 30), 3, np.uint8), 8) == 8).all()


def test_border_distance_takes_read_only_and_strided_maps() -> None:
    labels = blobs((40, 60), 4)
    wide = np.repeat(labels, 2, axis=1)
    wide.setflags(write=False)
    assert np.array_equal(border_distance(wide[:, ::2], 8), border_distance(labels, 8))


def test_pad_edges_repeats_the_outermost_pixels() -> None:
    inner = noise((20, 30))
    padded = np.zeros((20 + 2 * RADIUS, 30 + 2 * RADIUS, 3), np.uint8)
    padded[RADIUS:-RADIUS, RADIUS:-RADIUS] = inner
    pad_edges(padded)
    assert np.array_equal(padded, np.pad(inner, ((RADIUS,) * 2, (RADIUS,) * 2, (0, 0)), mode="edge"))


def test_a_layer_holds_what_it_was_made_of() -> None:
    picture, labels = noise((20, 30)), blobs((20, 30), 3)
    guide = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    made = layer(picture, labels, guide)
    rim = ((RADIUS,) * 2, (RADIUS,) * 2)
    assert (made.height, made.width, made.guides) == (20, 30, 3)
    assert np.array_equal(made.picture, picture)
    assert np.array_equal(made.labels.reshape(26, 36), np.pad(labels, rim, mode="edge"))
    assert np.array_equal(made.guide.reshape(26, 36, 3), np.pad(guide, (*rim, (0, 0)), mode="edge"))
    scaled = border_distance(labels, BORDER_REACH) * (BORDER_WEIGHT / BORDER_REACH)
    assert np.abs(made.pixels[RADIUS:-RADIUS, RADIUS:-RADIUS, 3] - scaled).max() < 1


def test_the_picture_of_a_layer_is_a_view() -> None:
    made = layer(noise((20, 30)), blobs((20, 30), 3))
    made.picture[4, 5] = 9
    assert made.guides == 0
    assert (made.pixels[4 + RADIUS, 5 + RADIUS, :3] == 9).all()


def test_distances_of_every_label_are_those_of_its_own_map() -> None:
    labels = blobs((40, 50), 4)
    used = np.unique(labels)
    for label, found in zip(used, class_distances(labels, used, 12), strict=True):
        assert np.array_equal(found, border_distance((labels == label).astype(np.uint8), 12))


def test_pages_are_measured_and_padded_on_their_own() -> None:
    pages = [blobs((20, 30), 3, seed=seed) for seed in range(3)]
    pictures = [noise((20, 30), seed) for seed in range(3)]
    stack = layer(np.concatenate(pictures), np.concatenate(pages), pages=3, between=9)
    assert stack.pictures == 3
    pixels, labels = stack.pixels, stack.labels.reshape(stack.height + 2 * RADIUS, -1)
    for number, (picture, page) in enumerate(zip(pictures, pages, strict=True)):
        alone, top = layer(picture, page), number * stack.pitch
        assert np.array_equal(pixels[top : top + stack.pitch], alone.pixels)
        within = slice(top + RADIUS, top + RADIUS + 20)
        assert np.array_equal(labels[within], alone.labels.reshape(26, -1)[RADIUS:-RADIUS])
        assert np.array_equal(stack.homes[top : top + 20], alone.homes)
    assert (labels[stack.pitch - RADIUS : stack.pitch + RADIUS] == 9).all()
