"""Holes in faces filled by a trained model, at the picture's own size."""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sembla.api.checking import check_does, numbers, settings
from sembla.core.errors import InputError, MissingExtraError, SizeError
from sembla.core.tasks import (
    Damaged,
    Fill,
    InpaintResult,
    InpaintTask,
    OnPreview,
    Predicted,
    ShouldStop,
    Watch,
)
from sembla.core.types import Picture, Region
from sembla.faces.alignment import Alignment, align
from sembla.faces.detection import has_faces, landmarks_of_damaged
from sembla.faces.landmarks import Landmarks, check_landmarks, read_landmarks, smoothed
from sembla.imaging.blend import Poisson
from sembla.imaging.holes import HOLES, draw_hole, read_hole
from sembla.imaging.io import Source, read_picture, source_name

if TYPE_CHECKING:
    from sembla.runs.synthesizer import Synthesizer

__all__ = ["DamagedFace", "check_inpaint", "damage", "inpaint", "run_inpaint"]

_log = logging.getLogger("sembla")

Points: TypeAlias = str | os.PathLike[str] | NDArray[np.floating] | Sequence[Sequence[float]]
"""A file of landmarks, or 68 points."""


@dataclass(frozen=True)
class DamagedFace:
    """A picture of a face of which part is missing, and where the face stands."""

    picture: Picture
    """(H, W, 3)."""
    hole: Region
    """(H, W), True = missing."""
    landmarks: Landmarks
    """(68, 2), in pixels of the picture."""


def damage(picture: Source, mask: Source, *, landmarks: Points | None = None) -> DamagedFace:
    """Say what is missing of a picture: what is white in a mask of its size, or a hole of a kind such as "center".

    `landmarks` are the 68 points of the face, a file of them or an array. Left out, they are found on what is visible
    (the extra `faces`), and those that are hidden follow from the others.

    Raises `InputError` for a mask that hides nothing or everything, for points of another picture, and where no face is
    found; `MissingExtraError` where faces cannot be looked for.
    """
    name = source_name(picture, "the picture")
    pixels = read_picture(picture, name=name)
    size = (pixels.shape[0], pixels.shape[1])
    hole = draw_hole(mask, size) if isinstance(mask, str) and mask in HOLES else read_hole(mask, size)
    if not hole.any():
        raise InputError(f"nothing of {name} is missing by mask {mask}; give a mask with a hole.")
    if isinstance(landmarks, (str, os.PathLike)):
        points = read_landmarks(landmarks, size)
    elif landmarks is not None:
        points = check_landmarks(landmarks, size)
    elif has_faces():
        points = landmarks_of_damaged(pixels, hole, name=name)
    else:
        raise MissingExtraError(
            f"the face in {name} cannot be looked for; give its points with --landmarks (landmarks=), or install dlib "
            "with: pip install 'sembla[faces]'."
        )
    return DamagedFace(pixels, hole, points)


def inpaint(
    faces: DamagedFace | Sequence[DamagedFace],
    *,
    model: "Synthesizer",
    shared: bool = True,
    seed: int = 0,
    fill: Fill | None = None,
    smooth: float = 1.5,
    on_preview: OnPreview | None = None,
) -> InpaintResult:
    """Fill the holes of faces that `damage` gave; known pixels come back bit for bit.

    `model` is what `load` gives, of method inpaint. Several faces are frames of one person in their order, and are
    filled alike; with `shared` off, they are strangers. The points of frames are smoothed over `smooth` frames. `fill`
    says how the face is found; left out, it is `Predicted`. Same `seed` (0 to 2**63 - 1), same filling.

    Raises `InputError` for a model of another method and for no face, `SizeError` for frames of changing size.
    """
    frames = (faces,) if isinstance(faces, DamagedFace) else tuple(faces)
    given = numbers(InpaintTask, {"seed": seed})
    return run_inpaint(
        frames, on_preview, engine=model, shared=shared, fill=fill or Predicted(), smooth=smooth, seed=given["seed"]
    )


def run_inpaint(
    frames: Sequence[DamagedFace],
    on_preview: OnPreview | None = None,
    *,
    engine: "Synthesizer",
    stop: ShouldStop | None = None,
    shared: bool = True,
    fill: Fill = Predicted(),  # noqa: B008  frozen
    smooth: float = 1.5,
    seed: int = 0,
) -> InpaintResult:
    """As `inpaint`; `stop` can end the work early as well as `on_preview`: then `Cancelled` is raised."""
    began, watch = time.perf_counter(), Watch(on_preview, stop)
    check_inpaint(engine)
    settings(fill)
    if not frames:
        raise InputError("no frame came; give at least one damaged face.")
    sizes = {frame.hole.shape for frame in frames}
    if shared and len(sizes) > 1:
        told = ", ".join(f"{width}x{height}" for height, width in sorted(sizes))
        raise SizeError(
            f"frames of changing size came ({told}); make them one size, or say that they are strangers (--strangers, "
            "shared=False)."
        )
    points = [frame.landmarks for frame in frames]
    if shared:
        points = list(smoothed(np.stack(points), reach=smooth))
    places = [align(each, int(engine.config.side)) for each in points]
    damaged = tuple(_cut(*one) for one in zip(frames, places, points, strict=True))
    task = InpaintTask(damaged, shared=shared, seed=seed, fill=fill, blend=False)
    result = engine(task, watch=watch)
    assert isinstance(result, InpaintResult)
    whole = []
    for frame, place, made in zip(frames, places, result.made, strict=True):
        watch.check()
        whole.append(_whole(frame, place, made))
    return InpaintResult(tuple(whole), seed, time.perf_counter() - began, result.made)


def check_inpaint(engine: "Synthesizer") -> None:
    """Raise `InputError` for a model of another method."""
    check_does(engine, InpaintTask, told="fills no holes; give one of inpaint")


def _cut(frame: DamagedFace, place: Alignment, points: Landmarks) -> Damaged:
    """The face upright, at the model's size; what is hidden is grey before it is made smaller, so that none leaks."""
    visible = frame.picture.copy()
    visible[frame.hole] = 128
    return Damaged(place.cut(visible), place.cut_hole(frame.hole), place.points(points))


def _whole(frame: DamagedFace, place: Alignment, made: Picture) -> Picture:
    """The picture with its hole filled by what was made, seamlessly, at its own size.

    What lies beyond the cut-out is spread evenly between what is known and what was made.
    """
    around = ndimage.binary_dilation(frame.hole)  # with its rim, where what was made meets what is known
    painted, beyond = place.paste(frame.picture, made, around)
    if beyond.any():
        share = 100 * (beyond & frame.hole).sum() / frame.hole.sum()
        _log.info("%.0f %% of the hole lies beyond the face, where nothing is known; it is filled evenly", share)
        painted = Poisson(beyond)(painted, np.zeros_like(painted))
    return Poisson(frame.hole)(frame.picture, painted)
