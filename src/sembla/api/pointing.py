"""The 68 points of a face: found, read from a file or off a parsing map, guessed from some of them, drawn."""

import os
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sembla.api.parsing import read_parsing
from sembla.core.errors import InputError, MissingExtraError
from sembla.core.types import Picture, Region
from sembla.data.labelsets import CELEBAMASK_HQ_19, LANDMARKS_68
from sembla.faces.alignment import standing
from sembla.faces.detection import find_face, has_faces, landmarks_in, landmarks_of_damaged
from sembla.faces.drawing import draw_points
from sembla.faces.landmarks import Landmarks, check_landmarks, parse_landmarks, read_landmarks
from sembla.faces.parsing import landmarks_of_map
from sembla.faces.shape import complete, complete_hidden
from sembla.imaging.holes import read_hole
from sembla.imaging.io import Source, read_picture, source_name

__all__ = [
    "Points",
    "complete_landmarks",
    "draw_landmarks",
    "find_landmarks",
    "given_landmarks",
    "has_faces",
    "landmarks",
    "landmarks_of_parsing",
    "mean_landmarks",
    "parse_landmarks",
    "points_of",
]

Points: TypeAlias = str | os.PathLike[str] | NDArray[np.floating] | Sequence[Sequence[float]]
"""A file of landmarks, or 68 points; hidden ones are NaN."""


def landmarks(
    picture: Source, *, mask: Source | None = None, parsing: Source | None = None, landmarks: Points | None = None
) -> Landmarks:
    """The 68 points of the face in a picture, (68, 2), x and y in pixels.

    They are read off a map of the face's parts (`parsing`: ids or colours of CelebAMask-HQ, of the picture's shape), or
    from a file or an array (`landmarks`), in which hidden ones may be missing; left out, they are found with the extra
    `faces`. What is white in `mask`, or in a hole of a kind such as "center", is never looked at: points there follow
    from the others, save those of `landmarks`, which are taken as they are.

    Raises `InputError` where no face is found and for points that are of no use, `LabelError` for a map without a face,
    `SizeError` for a mask or map of another size, and `MissingExtraError` where faces cannot be looked for.
    """
    if parsing is not None and landmarks is not None:
        raise InputError("a parsing map and landmarks came; give one of them.")
    name = source_name(picture, "the picture")
    pixels = read_picture(picture, name=name)
    size = (pixels.shape[0], pixels.shape[1])
    hole = None if mask is None else read_hole(mask, size)
    if parsing is None:
        return points_of(pixels, hole, landmarks=landmarks, name=name)
    points = landmarks_of_parsing(parsing, size)
    return points if hole is None else complete_hidden(points, hole)


def points_of(picture: Picture, hole: Region | None, *, landmarks: Points | None, name: str) -> Landmarks:
    """The points of a face as they were given, or as they are found. Raises as `landmarks`."""
    if landmarks is None:
        return find_landmarks(picture, hole, name=name)
    return given_landmarks(landmarks, (picture.shape[0], picture.shape[1]))


def given_landmarks(points: Points, size: tuple[int, int]) -> Landmarks:
    """Points of a picture (H, W) from a file or an array. Raises `InputError` for those that are of no use."""
    if isinstance(points, (str, os.PathLike)):
        return read_landmarks(points, size)
    return check_landmarks(points, size)


def find_landmarks(picture: Picture, hole: Region | None = None, *, name: str = "the picture") -> Landmarks:
    """The points of the largest face; what a picture (H, W, 3) holds in its hole (H, W) is not looked at.

    Raises `InputError` where no face is found, `MissingExtraError` without the extra `faces`.
    """
    if not has_faces():
        raise MissingExtraError(
            f"the face in {name} cannot be looked for; give its points, or some of them, with --landmarks "
            "(landmarks=), or a parsing map of it with sembla landmarks --map, or install dlib with: "
            "pip install 'sembla[faces]'."
        )
    if hole is None or not hole.any():
        return landmarks_in(picture, find_face(picture, name=name))
    return landmarks_of_damaged(picture, hole, name=name)


def mean_landmarks(size: tuple[int, int]) -> Landmarks:
    """The mean shape of faces in the middle of a picture (H, W), to be moved by hand."""
    side = min(size)
    shift = np.array([(size[1] - side) / 2, (size[0] - side) / 2], np.float32)
    return standing(side) + shift


def complete_landmarks(points: object, seen: NDArray[np.bool_], size: tuple[int, int]) -> Landmarks:
    """Points (68, 2) of a picture (H, W) of which some are right (68,): the others follow from what shapes faces have.

    Raises `InputError` for points that are none, and where fewer than 4 are right.
    """
    return complete(check_landmarks(points, size), seen)


def landmarks_of_parsing(source: Source, size: tuple[int, int]) -> Landmarks:
    """Points of a picture (H, W) from the map of its face's parts, which may be smaller or larger.

    The map holds ids or colours of CelebAMask-HQ; which of the two orders in use its ids follow is seen from the face.
    Raises `SizeError` for a map of another shape, and `LabelError` for one that shows no face.
    """
    labels = read_parsing(source, size)
    points = landmarks_of_map(labels, CELEBAMASK_HQ_19)
    return check_landmarks((points + 0.5) * (size[0] / len(labels)) - 0.5, size)


def draw_landmarks(picture: Source, points: Points) -> Picture:
    """A picture with its 68 points and their numbers, 0 to 67, drawn over it, enlarged so that they can be read.

    Raises as `given_landmarks`.
    """
    pixels = read_picture(picture)
    found = given_landmarks(points, (pixels.shape[0], pixels.shape[1]))
    return draw_points(pixels, found, parts=tuple(LANDMARKS_68.groups.values()))
