"""Landmarks and identity."""

import numpy as np
import pytest

from sembla.core.errors import InputError, SizeError
from sembla.metrics.identity import identity_cosines, same_person_share
from sembla.metrics.landmarks import eye_distance, normalised_mean_error


def test_a_shift_of_all_landmarks_is_its_length_over_the_eyes() -> None:
    points = np.random.default_rng(0).random((68, 2)) * 50
    points[36], points[45] = (10, 20), (40, 60)  # 50 px apart
    assert eye_distance(points) == 50
    assert normalised_mean_error(points + np.array([3, 4]), points) == pytest.approx(5 / 50)
    assert normalised_mean_error(points + np.array([3, 4]), points, distance=10) == pytest.approx(0.5)
    assert normalised_mean_error(points, points) == 0


def test_it_does_not_depend_on_scale_or_rotation() -> None:
    generator = np.random.default_rng(1)
    points, found = generator.random((5, 2)), generator.random((5, 2))
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]]) * 7
    assert normalised_mean_error(found @ turn, points @ turn) == pytest.approx(normalised_mean_error(found, points))


def test_landmarks_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(SizeError, match=r"\(5, 2\) and \(68, 2\)"):
        normalised_mean_error(np.ones((5, 2)), np.ones((68, 2)))
    with pytest.raises(SizeError, match="68 or 5"):
        normalised_mean_error(np.ones((7, 2)), np.ones((7, 2)))
    with pytest.raises(InputError, match="above 0"):
        normalised_mean_error(np.ones((5, 2)), np.ones((5, 2)))
    with pytest.raises(InputError, match="NaN"):
        normalised_mean_error(np.full((5, 2), np.nan), np.ones((5, 2)))


def test_cosines_are_those_of_the_angles() -> None:
    angles = np.array([0.0, 0.3, np.pi / 2, np.pi])
    turned = np.stack([np.cos(angles), np.sin(angles)], axis=1) * [[2.0], [0.1], [5.0], [1.0]]
    np.testing.assert_allclose(identity_cosines(np.tile([3.0, 0.0], (4, 1)), turned), np.cos(angles), atol=1e-12)
    assert same_person_share(np.cos(angles), threshold=0.9) == 0.5


def test_embeddings_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(SizeError, match="one pair a row"):
        identity_cosines(np.ones((2, 3)), np.ones((3, 3)))
    with pytest.raises(InputError, match="zero throughout"):
        identity_cosines(np.zeros((1, 3)), np.ones((1, 3)))
    with pytest.raises(InputError, match="NaN"):
        identity_cosines(np.full((1, 3), np.nan), np.ones((1, 3)))
    with pytest.raises(InputError, match="no pair"):
        same_person_share([], threshold=0.5)
