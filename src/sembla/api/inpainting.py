"""Holes in faces filled by a trained model, at the picture's own size."""

import logging
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from sembla.api.checking import check_does, numbers, settings
from sembla.api.pointing import Points, points_of
from sembla.core.errors import InputError, SizeError
from sembla.core.frames import Frames, chunked
from sembla.core.tasks import (
    Damaged,
    InpaintResult,
    InpaintTask,
    OnCount,
    OnPreview,
    PersonResult,
    PersonTask,
    ShouldStop,
    Watch,
)
from sembla.core.types import Picture, Region
from sembla.core.ways import Fill, Predicted
from sembla.faces.alignment import Alignment, align
from sembla.faces.landmarks import Landmarks, Track, smoothed
from sembla.imaging.blend import Poisson
from sembla.imaging.holes import read_hole
from sembla.imaging.io import Source, read_picture, source_name

if TYPE_CHECKING:
    from sembla.runs.synthesizer import Synthesizer

__all__ = [
    "DamagedFace",
    "check_inpaint",
    "check_sizes",
    "damage",
    "filled",
    "inpaint",
    "run_inpaint",
]

_log = logging.getLogger("sembla")

_AT_ONCE = 16  # frames that are made together, and kept meanwhile


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

    `landmarks` are the 68 points of the face, a file of them or an array; those that are missing in it follow from the
    others. Left out, they are found on what is visible (the extra `faces`), as `landmarks` finds them.

    Raises `InputError` for a mask that hides nothing or everything, for points of another picture, and where no face is
    found; `MissingExtraError` where faces cannot be looked for.
    """
    name = source_name(picture, "the picture")
    pixels = read_picture(picture, name=name)
    size = (pixels.shape[0], pixels.shape[1])
    hole = read_hole(mask, size)
    if not hole.any():
        raise InputError(f"nothing of {name} is missing by mask {mask}; give a mask with a hole.")
    return DamagedFace(pixels, hole, points_of(pixels, hole, landmarks=landmarks, name=name))


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
    fill: Fill = Predicted(),
    smooth: float = 1.5,
    seed: int = 0,
) -> InpaintResult:
    """As `inpaint`; `stop` can end the work early as well as `on_preview`: then `Cancelled` is raised."""
    began = time.perf_counter()
    if not frames:
        raise InputError("no frame came; give at least one damaged face.")
    if shared:
        check_sizes({frame.hole.shape for frame in frames})
    task = InpaintTask((), shared=shared, seed=seed, fill=fill)
    track = np.stack([frame.landmarks for frame in frames])
    both = list(filled(frames, track, task=task, engine=engine, smooth=smooth, watch=Watch(on_preview, stop)))
    whole, made = zip(*both, strict=True)
    return InpaintResult(whole, seed, time.perf_counter() - began, made)


def filled(
    frames: Frames[DamagedFace],
    track: Track,
    *,
    task: InpaintTask,
    engine: "Synthesizer",
    smooth: float,
    watch: Watch,
    on_count: OnCount | None = None,
) -> Iterator[tuple[Picture, Picture]]:
    """Each frame whole, and what the model made of its face; few are kept at a time, however many there are.

    `task` says how, but for its frames; `track` is (F, 68, 2). Raises as `inpaint`, at once or when frames are asked
    for.
    """
    check_inpaint(engine)
    settings(task.fill)
    points = smoothed(track, reach=smooth) if task.shared else track
    faces = _Faces(frames, points, int(engine.config.side), watch, on_count)
    return _filled(faces, replace(task, blend=False), engine)


def check_sizes(sizes: Collection[tuple[int, ...]]) -> None:
    """Raise `SizeError` unless frames of one person have one size (H, W)."""
    if len(sizes) > 1:
        told = ", ".join(f"{width}x{height}" for height, width in sorted(sizes))
        raise SizeError(
            f"frames of changing size came ({told}); make them one size, or say that they are strangers (--strangers, "
            "shared=False)."
        )


def check_inpaint(engine: "Synthesizer") -> None:
    """Raise `InputError` for a model of another method."""
    check_does(engine, InpaintTask, told="fills no holes; give one of inpaint")


@dataclass(frozen=True)
class _Faces:
    """Faces cut out upright, as a model takes them, one by one."""

    frames: Frames[DamagedFace]
    track: Track
    side: int
    watch: Watch
    on_count: OnCount | None

    def __len__(self) -> int:
        return len(self.track)

    def __iter__(self) -> Iterator[Damaged]:
        return (damaged for _, _, damaged in self.placed())

    def placed(self) -> Iterator[tuple[DamagedFace, Alignment, Damaged]]:
        """Each with where it is from."""
        for number, (frame, points) in enumerate(zip(self.frames, self.track, strict=True), 1):
            self.watch.check()
            place = align(points, self.side)
            yield frame, place, _cut(frame, place, points)
            if self.on_count is not None:
                self.on_count(number, len(self))


def _filled(faces: _Faces, task: InpaintTask, engine: "Synthesizer") -> Iterator[tuple[Picture, Picture]]:
    """The person is looked for in all frames; then each is made, some at a time."""
    began, levels = time.perf_counter(), max(1, task.fill.steps)
    if task.shared:
        person = engine(PersonTask(faces, seed=task.seed, fill=task.fill), watch=faces.watch)
        assert isinstance(person, PersonResult)
        task = replace(task, code=person.code)
    seam, most = None, 0.0
    for part in chunked(faces.placed(), _AT_ONCE):
        few = replace(task, frames=tuple(damaged for _, _, damaged in part))
        result = engine(few, watch=faces.watch if not task.shared else Watch(stop=faces.watch.stop))
        assert isinstance(result, InpaintResult)
        for (frame, place, _), made in zip(part, result.made, strict=True):
            faces.watch.check()
            if seam is None or seam.hole is not frame.hole:  # what follows from its shape is worked out once
                seam = Poisson(frame.hole)
            whole, share = _whole(frame, place, made, seam=seam)
            most = max(most, share)
            faces.watch.show(whole, level=levels - 1, levels=levels, seconds=time.perf_counter() - began)
            yield whole, made
    if percent := round(100 * most):
        _log.info("%d %% of the hole lies beyond the face, where nothing is known; it is filled evenly", percent)


def _cut(frame: DamagedFace, place: Alignment, points: Landmarks) -> Damaged:
    """The face upright, at the model's size; what is hidden is grey before it is made smaller, so that none leaks."""
    visible = frame.picture.copy()
    visible[frame.hole] = 128
    return Damaged(place.cut(visible), place.cut_hole(frame.hole), place.points(points))


def _whole(frame: DamagedFace, place: Alignment, made: Picture, *, seam: Poisson) -> tuple[Picture, float]:
    """The picture with its hole filled by what was made, seamlessly, at its own size.

    What lies beyond the cut-out is spread evenly between what is known and what was made; the second is its share.
    """
    around = ndimage.binary_dilation(frame.hole)  # with its rim, where what was made meets what is known
    painted, beyond = place.paste(frame.picture, made, around)
    if not beyond.any():
        return seam(frame.picture, painted), 0.0
    painted = Poisson(beyond)(painted, np.zeros_like(painted))
    return seam(frame.picture, painted), float((beyond & frame.hole).sum() / frame.hole.sum())
