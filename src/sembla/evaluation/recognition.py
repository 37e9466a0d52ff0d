"""What is seen again in faces that were made: their points, and who it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sembla.core.errors import InputError, MissingExtraError
from sembla.core.types import Picture
from sembla.evaluation.networks import load_extractor
from sembla.faces.detection import find_faces, has_faces, identity, landmarks_in
from sembla.faces.landmarks import Landmarks
from sembla.metrics.identity import identity_cosines

__all__ = ["Onlooker", "Person", "Seen", "find_onlooker"]

_DLIB, _EMBEDDING = "dlib", "mobilefacenet"
_LOOKED_AT = 256  # pixels of the sides that pictures are enlarged to before dlib looks for a face in them

Person = NDArray[np.floating]
"""Numbers of who it is, (D,)."""


@dataclass(frozen=True)
class Seen:
    """What is seen in a picture."""

    points: Landmarks | None = None
    """In pixels of the picture."""
    person: Person | None = None


@dataclass(frozen=True)
class Onlooker:
    """Looks at pictures of faces, for what it is able to see."""

    look: Callable[[Picture], Seen]
    apart: Callable[[Person, Person], float]
    """How far two persons are from one another."""
    points: str = ""
    """What scores of points are named after, e.g. "dlib"; "" where it sees none in any picture."""
    persons: str = ""
    """What scores of persons are named after, e.g. "mobilefacenet:8f8f5dba"; "" where it tells none apart."""
    weights_sha256: str = ""
    """Of the network that tells persons apart; "" for dlib's."""


def find_onlooker() -> Onlooker:
    """What there is: dlib, which sees points and persons; else MobileFaceNet, which sees persons alone; else nothing.

    Persons are apart by a Euclidean distance for dlib, 0.6 or less within a person; by 1 less the cosine for the other.
    """
    if has_faces():
        return Onlooker(_seen_by_dlib, lambda one, other: float(np.linalg.norm(one - other)), _DLIB, _DLIB)
    try:
        extractor = load_extractor(_EMBEDDING, {})
    except (InputError, MissingExtraError):
        return Onlooker(lambda _: Seen(), _less_cosine)
    return Onlooker(
        lambda picture: Seen(person=extractor([picture])[0]),
        _less_cosine,
        persons=extractor.label,
        weights_sha256=extractor.file.sha256,
    )


def _seen_by_dlib(picture: Picture) -> Seen:
    side = max(_LOOKED_AT, len(picture))
    large = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))
    faces = find_faces(large)
    if not faces:
        return Seen()
    points = landmarks_in(large, faces[0])
    back = (points + 0.5) * (len(picture) / side) - 0.5
    return Seen(back.astype(np.float32), identity(large, points))


def _less_cosine(one: Person, other: Person) -> float:
    return 1 - float(identity_cosines(one[None], other[None])[0])
