"""Faces found by dlib, where it is installed."""

import logging
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from skimage import data

from sembla.core.errors import InputError, MissingExtraError
from sembla.core.types import Picture
from sembla.faces import detection
from sembla.faces.detection import find_face, find_faces, has_faces, identity, landmarks_in, landmarks_of_damaged
from sembla.imaging.holes import draw_hole

needs_dlib = pytest.mark.skipif(not has_faces(), reason="needs the extra faces (dlib)")


def astronaut() -> Picture:
    load: Callable[[], Picture] = data.astronaut  # scikit-image leaves it untyped
    return load()[:256, 96:352]


@needs_dlib
def test_a_face_and_its_points_are_found() -> None:
    face = find_face(astronaut())
    points = landmarks_in(astronaut(), face)
    left, top, right, bottom = face.box
    assert points.shape == (68, 2)
    assert ((points[17:] >= (left - 10, top - 10)) & (points[17:] <= (right + 10, bottom + 10))).all()
    assert points[36, 0] < points[45, 0]
    assert points[8, 1] > points[30, 1] > points[27, 1]


@needs_dlib
def test_the_largest_of_several_is_taken_and_told(caplog: pytest.LogCaptureFixture) -> None:
    large = np.asarray(Image.fromarray(astronaut()).resize((512, 512)))
    both = np.zeros((512, 800, 3), np.uint8)
    both[:, :512], both[128:384, 530:786] = large, astronaut()
    faces = find_faces(both)
    assert len(faces) == 2
    assert faces[0].area > faces[1].area
    with caplog.at_level(logging.INFO, "sembla"):
        assert find_face(both, name="group.png") == faces[0]
    assert "group.png shows 2 faces; the largest is taken" in caplog.text


@needs_dlib
def test_a_picture_without_a_face_is_told() -> None:
    with pytest.raises(InputError, match=r"no face was found in hills\.png"):
        find_face(np.full((100, 100, 3), 90, np.uint8), name="hills.png")


@needs_dlib
def test_a_mirrored_person_is_the_same_and_another_is_not() -> None:
    def who(picture: Picture) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return identity(picture, landmarks_in(picture, find_face(picture)))

    person = who(astronaut())
    assert person.shape == (128,)
    assert np.linalg.norm(person - who(np.ascontiguousarray(astronaut()[:, ::-1]))) < 0.6


@needs_dlib
def test_points_of_a_damaged_face_are_completed() -> None:
    truth = landmarks_in(astronaut(), find_face(astronaut()))
    hole = np.zeros(astronaut().shape[:2], np.bool_)
    left, top = truth[48:68].min(axis=0).astype(int) - 4
    right, bottom = truth[48:68].max(axis=0).astype(int) + 4
    hole[top:bottom, left:right] = True
    damaged = astronaut().copy()
    damaged[hole] = 0
    found = landmarks_of_damaged(damaged, hole)
    other = damaged.copy()
    other[hole] = 255
    np.testing.assert_array_equal(landmarks_of_damaged(other, hole), found)
    size = np.ptp(truth, axis=0).mean()
    assert np.linalg.norm(found - truth, axis=1)[48:68].mean() < 0.12 * size


def test_without_the_extra_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dlib", None)
    detection._detector.cache_clear()
    with pytest.raises(MissingExtraError, match=r"pip install 'sembla\[faces\]'"):
        find_faces(astronaut())
    monkeypatch.setattr(detection, "find_spec", lambda _name: None)
    assert not has_faces()
    with pytest.raises(MissingExtraError, match="is missing"):
        detection._model("shape_predictor_68_face_landmarks.dat")


@needs_dlib
@pytest.mark.parametrize("kind", ["left", "random", "grid", "checkboard"])
def test_points_are_found_behind_holes_of_many_kinds(kind: str) -> None:
    truth = landmarks_in(astronaut(), find_face(astronaut()))
    eyes = np.linalg.norm(truth[36:42].mean(axis=0) - truth[42:48].mean(axis=0))
    found = landmarks_of_damaged(astronaut(), draw_hole(kind, (256, 256)))
    assert np.linalg.norm(found - truth, axis=1).mean() < 0.25 * eyes


@needs_dlib
@pytest.mark.parametrize("kind", ["freehand", "strokes", "center"])
def test_a_face_that_is_hidden_too_well_is_told_and_not_guessed(kind: str) -> None:
    with pytest.raises(InputError, match="give its points"):
        landmarks_of_damaged(astronaut(), draw_hole(kind, (256, 256)))


@needs_dlib
def test_a_face_of_which_nothing_is_visible_is_told_with_a_way_out() -> None:
    hole = np.zeros((256, 256), np.bool_)
    hole[16:240, 16:240] = True
    with pytest.raises(InputError, match=r"face.*nobody\.png.*--landmarks"):
        landmarks_of_damaged(astronaut(), hole, name="nobody.png")
