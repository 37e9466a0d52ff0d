"""The 68 points of a face: found, read, read off a parsing map, guessed from some of them."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sembla.api.checking import told_size
from sembla.api.scenes import read_scene
from sembla.core.errors import SizeError
from sembla.core.types import Picture, Region
from sembla.faces.alignment import standing
from sembla.faces.detection import find_face, has_faces, landmarks_in, landmarks_of_damaged
from sembla.faces.landmarks import check_landmarks, parse_landmarks
from sembla.faces.parsing import landmarks_of_map
from sembla.faces.shape import complete
from sembla.imaging.io import Source

if TYPE_CHECKING:
    from sembla.faces.landmarks import Landmarks

__all__ = [
    "complete_landmarks",
    "find_landmarks",
    "has_faces",
    "landmarks_of_parsing",
    "mean_landmarks",
    "parse_landmarks",
]


def find_landmarks(picture: Picture, hole: Region | None = None, *, name: str = "the picture") -> "Landmarks":
    """The points (68, 2) of the largest face, found by dlib.

    What a picture (H, W, 3) holds in its hole (H, W) is not looked at. Raises `InputError` where no face is found,
    `MissingExtraError` without the extra `faces`.
    """
    if hole is not None and hole.any():
        return landmarks_of_damaged(picture, hole, name=name)
    return landmarks_in(picture, find_face(picture, name=name))


def mean_landmarks(size: tuple[int, int]) -> "Landmarks":
    """The mean shape of faces in the middle of a picture (H, W), to be moved by hand."""
    side = min(size)
    shift = np.array([(size[1] - side) / 2, (size[0] - side) / 2], np.float32)
    return standing(side) + shift


def complete_landmarks(points: object, seen: NDArray[np.bool_], size: tuple[int, int]) -> "Landmarks":
    """Points (68, 2) of a picture (H, W) of which some are right (68,): the others follow from what shapes faces have.

    Raises `InputError` for points that are none, and where fewer than 4 are right.
    """
    return complete(check_landmarks(points, size), seen)


def landmarks_of_parsing(source: Source, size: tuple[int, int]) -> "Landmarks":
    """Points (68, 2) of a face-parsing map in the ids or the colours of CelebAMask-HQ, as MaskGAN orders them.

    Raises `SizeError` for a map of another size than (H, W), and `LabelError` for one that shows no face.
    """
    from sembla.data.labelsets import CELEBAMASK_HQ_19

    labels = read_scene(source, CELEBAMASK_HQ_19).labels
    if labels.shape != size:
        raise SizeError(f"the map is {told_size(labels)}, the picture {size[1]}x{size[0]}; make them one size.")
    return landmarks_of_map(labels, CELEBAMASK_HQ_19)
