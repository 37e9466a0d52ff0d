"""Faces as portrait models take them: cut out as those of CelebA-HQ stand, with the map of their parts."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sembla.api.checking import check_does
from sembla.api.labelling import Labelling
from sembla.api.parsing import read_parsing
from sembla.core.errors import InputError, LabelError, MissingExtraError, NoFaceError
from sembla.core.tasks import ParseResult, ParseTask, PortraitTask
from sembla.core.types import LabelMap, Picture
from sembla.data.labelsets import (
    CELEBAMASK_HQ_19,
    CELEBAMASK_HQ_19_PARSING,
    CELEBAMASK_HQ_TO_PARSING,
    CELEBAMASK_HQ_TO_PORTRAIT,
    PARSING_TO_CELEBAMASK_HQ,
    PORTRAIT_7,
)
from sembla.faces.alignment import CELEBA_HQ, Alignment, align
from sembla.faces.detection import find_face, find_faces, has_faces, identity, landmarks_in
from sembla.faces.landmarks import Landmarks
from sembla.faces.parsing import landmarks_of_map
from sembla.imaging.io import Source, read_picture, source_name

if TYPE_CHECKING:
    from sembla.runs.synthesizer import Synthesizer

__all__ = [
    "FACE_CLASSES",
    "FacePhoto",
    "apart",
    "check_portrait",
    "face_photo",
    "identity_of",
    "labelled_face",
    "layout_from",
    "model_ids",
    "parse",
]

_log = logging.getLogger("sembla")

FACE_CLASSES = CELEBAMASK_HQ_19
"""The parts of faces, as all maps here name them."""

_UNSURE = 0.8  # of held-out faces the pack is surer of all; rooms and houses it takes for faces by 0.6 to 0.76
_ENOUGH = 256  # pixels of the shorter side of a map that points are read from
_LEAST, _MOST, _TURN, _SHIFT = 0.7, 1.3, 10.0, 0.08  # scale, degrees and share of the side that CelebA-HQ's faces vary


@dataclass(frozen=True)
class FacePhoto:
    """A photo of a face."""

    picture: Picture
    """(H, W, 3)."""
    labels: LabelMap
    """The parts of the face, ids of `CELEBAMASK_HQ_19`, (H, W)."""
    place: Alignment
    """Where the model's square lies in the photo."""


def check_portrait(model: "Synthesizer") -> None:
    """Raise `InputError` for a model of another method, and for one of other classes than those of CelebAMask-HQ."""
    check_does(model, PortraitTask, told="makes no portraits; give one of portrait")
    if model.config.label_set not in {CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING, PORTRAIT_7}:
        raise InputError("the model knows other classes than those of CelebAMask-HQ; use it from Python with load.")


def model_ids(labels: LabelMap, model: "Synthesizer") -> LabelMap:
    """Parts (H, W) of CelebAMask-HQ as the classes of a model that `check_portrait` took."""
    if model.config.label_set == CELEBAMASK_HQ_19_PARSING:
        return CELEBAMASK_HQ_TO_PARSING(labels)
    if model.config.label_set == PORTRAIT_7:
        return np.minimum(CELEBAMASK_HQ_TO_PORTRAIT(labels), PORTRAIT_7.count)
    return labels


def parse(photo: Source, *, model: "Synthesizer") -> Labelling:
    """The parts of the face in a photo, ids and colours of CelebAMask-HQ in MaskGAN's order, by a model's face parser.

    A square photo in which no face can be looked for (the extra `faces` is not installed) is taken as one that stands
    as those of CelebA-HQ do. Raises `InputError` for a model without a parser, and where no face is found.
    """
    began = time.perf_counter()
    labels = face_photo(photo, None, model=model).labels
    return Labelling(labels, CELEBAMASK_HQ_19.palette, time.perf_counter() - began)


def face_photo(photo: Source, parsing: Source | None, *, model: "Synthesizer", name: str = "the photo") -> FacePhoto:
    """A photo, the parts of its face as they are given or as the model's parser sees them, and where the face stands.

    Raises `InputError` where no face is found, and as `read_parsing`.
    """
    check_portrait(model)
    name = source_name(photo, name)
    picture = read_picture(photo, name=name)
    size, side = (picture.shape[0], picture.shape[1]), int(model.config.side)
    if parsing is not None:
        from sembla.patches.pyramid import resize_labels  # numba takes longer to load than --help may last

        return labelled_face(picture, resize_labels(read_parsing(parsing, size), size), model=model, name=name)
    place = _found(picture, side, name=name)
    seen = place.of_side(int(model.config.parses_at))
    result = model(ParseTask(seen.cut(picture)))
    assert isinstance(result, ParseResult)
    labels, unsure = result.labels, result.sureness < _UNSURE
    if model.config.label_set == CELEBAMASK_HQ_19_PARSING:
        labels = PARSING_TO_CELEBAMASK_HQ(labels)
    elif model.config.label_set == PORTRAIT_7:
        raise InputError("this model's parser knows seven groups alone; give a parsing map with --parsing.")
    sure = f"{100 * result.sureness:.0f} %"
    if not has_faces() and (unsure or not _shows_face(labels)):
        raise NoFaceError(
            f"no face is seen in {name} as those of CelebA-HQ stand (its parts are {sure} sure); install dlib, which "
            "looks for faces, with: pip install 'sembla[faces]', or give the map of its parts too."
        )
    if unsure:
        _log.info("the parts of the face in %s are unsure (%s); look at them", name, sure)
    return FacePhoto(picture, seen.map_back(labels, size), place)


def labelled_face(picture: Picture, labels: LabelMap, *, model: "Synthesizer", name: str = "the photo") -> FacePhoto:
    """A photo (H, W, 3) and the parts of its face, (H, W), ids of `CELEBAMASK_HQ_19`.

    Raises `LabelError` for a map that shows no face.
    """
    try:
        points = _points(labels)
    except LabelError:
        raise LabelError(
            f"the parsing map of {name} shows no face: fewer than two of eyes, brows, nose and lips; give a map of it."
        ) from None
    return FacePhoto(picture, labels, _placed(points, (labels.shape[0], labels.shape[1]), int(model.config.side)))


def layout_from(other: FacePhoto, face: FacePhoto, layout: LabelMap, *, parts: Sequence[int] = ()) -> LabelMap:
    """The layout of another face as it would lie in a photo, (H, W); with `parts`, `layout` with these parts of it.

    Where the other's photo ends, the photo's own parts stay.
    """
    from sembla.methods.portrait.edits import with_parts

    size = (face.labels.shape[0], face.labels.shape[1])
    found = other.place.carry_map(other.labels + np.uint8(1), face.place, size)
    theirs = np.where(found > 0, found - np.uint8(1), face.labels)
    return with_parts(layout, theirs, parts, names=CELEBAMASK_HQ_19.names) if parts else theirs


def apart(face: FacePhoto, picture: Picture, layout: LabelMap) -> float | None:
    """How far the face of a picture with these parts is from a photo's: 0.6 and more is somebody else, by dlib.

    None where dlib is not installed, or the layout shows no face.
    """
    if not has_faces():
        return None
    try:
        both = [
            identity(pixels, _points(labels)) for pixels, labels in ((face.picture, face.labels), (picture, layout))
        ]
    except LabelError:
        return None
    return float(np.linalg.norm(both[0] - both[1]))


def identity_of(face: FacePhoto, model: "Synthesizer") -> NDArray[np.float32] | None:
    """Who it is by dlib, where the model asks for that; None where it does not, or dlib finds no face."""
    if not model.config.asks_identity:
        return None
    if not has_faces():
        _log.info("the model asks who it is, which dlib tells; without it (pip install 'sembla[faces]') it guesses.")
        return None
    faces = find_faces(face.picture)
    if not faces:
        _log.info("the model asks who it is, and no face is found; it guesses.")
        return None
    middle = face.place.back(np.full((1, 2), (face.place.side - 1) / 2, np.float32))[0]
    nearest = min(faces, key=lambda one: np.hypot(*(np.reshape(one.box, (2, 2)).mean(axis=0) - middle)))
    return identity(face.picture, landmarks_in(face.picture, nearest)).astype(np.float32)


def _found(picture: Picture, side: int, *, name: str) -> Alignment:
    """Where the face in a picture stands; of a square one in which nothing can be looked for, all of it."""
    size = (picture.shape[0], picture.shape[1])
    if has_faces():
        try:
            return _placed(landmarks_in(picture, find_face(picture, name=name)), size, side)
        except NoFaceError:
            raise NoFaceError(
                f"no face was found in {name}; it may be small, or seen from the side: give the map of its parts too."
            ) from None
    if size[0] != size[1]:
        raise MissingExtraError(
            f"the face in {name} cannot be looked for; install dlib with: pip install 'sembla[faces]', or give the map "
            "of its parts too (--parsing), or a square photo that shows the face as those of CelebA-HQ do."
        )
    _log.info("no face was looked for in %s: it is taken to stand as the faces of CelebA-HQ do", name)
    return _all_of(size[0], side)


def _shows_face(labels: LabelMap) -> bool:
    try:
        _points(labels)
    except LabelError:
        return False
    return True


def _points(labels: LabelMap) -> Landmarks:
    """The points of a face from the map of its parts, looked at in a size that is soon gone through."""
    step = max(1, min(labels.shape) // _ENOUGH)
    points = landmarks_of_map(np.ascontiguousarray(labels[step // 2 :: step, step // 2 :: step]), CELEBAMASK_HQ_19)
    found: Landmarks = (points * step + step // 2).astype(np.float32)
    return found


def _placed(points: Landmarks, size: tuple[int, int], side: int) -> Alignment:
    """The model's square about a face; all of a square photo whose face stands nearly so, for that needs no turning."""
    place = align(points, side, CELEBA_HQ)
    if size[0] != size[1]:
        return place
    scale, angle = place.scale * size[0] / side, np.degrees(np.arctan2(place.turn[0, 1], place.turn[0, 0]))
    middle = place.points(np.full((1, 2), (size[0] - 1) / 2, np.float32)) - (side - 1) / 2
    is_whole = _LEAST < scale < _MOST and abs(angle) < _TURN and np.abs(middle).max() < _SHIFT * side
    return _all_of(size[0], side) if is_whole else place


def _all_of(length: int, side: int) -> Alignment:
    """A square photo, whole."""
    scale = side / length
    return Alignment(np.eye(2) * scale, np.full(2, (scale - 1) / 2), side)
