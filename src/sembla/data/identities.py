"""Who it is that a picture of a prepared set shows, as dlib tells."""

from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from sembla.core.errors import LabelError, MissingExtraError
from sembla.core.labels import LabelSet
from sembla.data.records import IDENTITY, Sample
from sembla.faces.detection import Face, find_faces, has_faces, identity, landmarks_in
from sembla.faces.landmarks import COUNT, Landmarks
from sembla.faces.parsing import landmarks_of_map

__all__ = ["Identities", "check_identities", "with_identity"]

Identities: TypeAlias = Literal["found", "whole"]
"""Where the face is: in the box that dlib's detector finds, or all over the picture, whatever that shows.

The second is what the published preparation of `pix2pix` does. dlib's points were learned in boxes of its own detector,
and are worse in others.
"""


def check_identities() -> None:
    """Raise `MissingExtraError` where dlib or its models are not installed."""
    if not has_faces():
        raise MissingExtraError("identities are told with dlib; install it with: pip install 'sembla[faces]'.")


def with_identity(sample: Sample, label_set: LabelSet | None, *, box: Identities) -> Sample:
    """A sample and who it shows; not a number where no face is found.

    Where the detector finds none, the face is where the sample's own 68 points are, or those of its parsing map.
    """
    height, width = sample.picture.shape[:2]
    if box == "whole":
        points: Landmarks | None = landmarks_in(sample.picture, Face((0, 0, width, height), 0.0))
    else:
        faces = find_faces(sample.picture)
        points = landmarks_in(sample.picture, faces[0]) if faces else _own_points(sample, label_set)
    who = np.full(IDENTITY, np.nan) if points is None else identity(sample.picture, points)
    return replace(sample, identity=who.astype(np.float32))


def _own_points(sample: Sample, label_set: LabelSet | None) -> Landmarks | None:
    if sample.landmarks is not None and len(sample.landmarks) == COUNT:
        return sample.landmarks
    if sample.labels is None or label_set is None:
        return None
    try:
        return landmarks_of_map(sample.labels, label_set)
    except LabelError:
        return None
