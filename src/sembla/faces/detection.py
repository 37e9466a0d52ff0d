"""Faces found, their 68 points and who they are, by dlib (King 2009): the extra `faces`.

The points are those of Kazemi and Sullivan 2014, trained on iBUG 300-W, whose terms exclude commercial use; numbers for
a person are those of dlib's residual network. Both come in the package face_recognition_models, which is only searched
for its files: importing it fails beside PyTorch.
"""

import logging
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, MissingExtraError, NoFaceError
from sembla.core.types import Picture, Region
from sembla.faces.landmarks import Landmarks
from sembla.faces.shape import complete_hidden
from sembla.imaging.blend import Poisson

__all__ = ["Face", "find_face", "find_faces", "has_faces", "identity", "landmarks_in", "landmarks_of_damaged"]

_log = logging.getLogger("sembla")

_UNSURE, _HIDDEN = -0.6, 0.25  # the score above which a box may be a face of which this share or more is missing
_SMALL = 160  # of the shorter side in pixels: below, faces are looked for at twice the size
_POINTS, _PERSON = "shape_predictor_68_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat"


@dataclass(frozen=True)
class Face:
    """A face that was found."""

    box: tuple[int, int, int, int]
    """Left, top, right, bottom, the last two not included; may stick out of the picture."""
    score: float
    """The surer, the higher; above 0 where it is likely one."""

    @property
    def area(self) -> int:
        """Of the box, in pixels."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)


def has_faces() -> bool:
    """Whether the extra is installed."""
    return find_spec("dlib") is not None and find_spec("face_recognition_models") is not None


def find_faces(picture: Picture, *, least: float = 0.0) -> list[Face]:
    """All faces of a picture (H, W, 3) with a score above `least`, the largest first.

    Raises `MissingExtraError` without the extra `faces`.
    """
    boxes, scores, _ = _detector().run(np.ascontiguousarray(picture), int(min(picture.shape[:2]) < _SMALL), least)
    faces = [
        Face((box.left(), box.top(), box.right() + 1, box.bottom() + 1), float(score))
        for box, score in zip(boxes, scores, strict=True)
    ]
    return sorted(faces, key=lambda face: -face.area)


def find_face(picture: Picture, *, name: str = "the picture") -> Face:
    """The largest face; where there are others, a note says so. Raises `InputError` where there is none."""
    return _largest(find_faces(picture), name=name)


def landmarks_in(picture: Picture, face: Face) -> Landmarks:
    """The points (68, 2) of a face."""
    dlib = _dlib()
    left, top, right, bottom = face.box
    found = _predictor()(np.ascontiguousarray(picture), dlib.rectangle(left, top, right - 1, bottom - 1))
    return np.array([(part.x, part.y) for part in found.parts()], np.float32)


def landmarks_of_damaged(picture: Picture, hole: Region, *, name: str = "the picture") -> Landmarks:
    """The points of a face that is partly missing; what `picture` (H, W, 3) holds in the hole (H, W) is not looked at.

    The hole is filled smoothly from its rim, the face is found in that, where need be as the likeliest of places that
    are much hidden and look like none, and points within the hole or at its rim follow from the others. Raises
    `InputError` where no face is found, or too little of it is visible.
    """
    flat = np.full_like(picture, 128)
    filled = Poisson(hole)(picture, flat)
    found = find_faces(filled, least=_UNSURE)
    sure = [face for face in found if face.score > 0]
    hidden = [face for face in found if _share(hole, face) >= _HIDDEN]
    face = max(hidden, key=lambda one: one.score) if hidden and not sure else _largest(sure, name=name)
    try:
        return complete_hidden(landmarks_in(filled, face), hole)
    except InputError as error:
        raise InputError(
            f"too little of the face in {name} is visible to find its points; give them, or some, with --landmarks "
            "(landmarks=)."
        ) from error


def _largest(faces: list[Face], *, name: str) -> Face:
    """The first of faces, the largest first. Raises `InputError` where there is none."""
    if not faces:
        raise NoFaceError(f"no face was found in {name}; give its points, or some, with --landmarks (landmarks=).")
    if len(faces) > 1:
        _log.info("%s shows %d faces; the largest is taken", name, len(faces))
    return faces[0]


def _share(hole: Region, face: Face) -> float:
    """How much of a face's box is missing."""
    left, top, right, bottom = (max(0, end) for end in face.box)
    return float(hole[top:bottom, left:right].mean())


def identity(picture: Picture, points: Landmarks) -> NDArray[np.float64]:
    """128 numbers of who it is; those of one person lie within 0.6 of one another."""
    dlib = _dlib()
    parts = dlib.points([dlib.point(round(float(x)), round(float(y))) for x, y in points])
    left, top = (int(value) for value in points.min(axis=0))
    right, bottom = (int(value) for value in points.max(axis=0))
    shape = dlib.full_object_detection(dlib.rectangle(left, top, right, bottom), parts)
    return np.array(_person().compute_face_descriptor(np.ascontiguousarray(picture), shape))


def _dlib() -> Any:
    try:
        import dlib
    except ImportError as error:
        raise MissingExtraError(
            "faces are found with dlib; install it with: pip install 'sembla[faces]', or give landmarks."
        ) from error
    return dlib


@cache
def _detector() -> Any:
    return _dlib().get_frontal_face_detector()


@cache
def _predictor() -> Any:
    return _dlib().shape_predictor(str(_model(_POINTS)))


@cache
def _person() -> Any:
    return _dlib().face_recognition_model_v1(str(_model(_PERSON)))


def _model(name: str) -> Path:
    """The file of a model, found without running the package that it lies in."""
    spec = find_spec("face_recognition_models")
    path = Path(spec.origin).parent / "models" / name if spec and spec.origin else Path(name)
    if not path.is_file():
        raise MissingExtraError(f"the model {name} is missing; install it with: pip install 'sembla[faces]'.")
    return path
