"""Frames of which part is missing: folders and videos, however long, read as they are asked for."""

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from sembla.api.checking import numbers
from sembla.api.inpainting import DamagedFace, check_sizes, filled
from sembla.api.pointing import Points, points_of
from sembla.core.errors import InputError
from sembla.core.tasks import InpaintTask, OnCount, OnPreview, ShouldStop, Watch
from sembla.core.types import Picture, Region
from sembla.core.ways import Fill, Predicted
from sembla.faces.landmarks import COUNT, Landmarks, Track, bridged, check_landmarks, read_track
from sembla.imaging.holes import read_hole
from sembla.imaging.io import Source, read_picture, source_name
from sembla.imaging.video import Video

if TYPE_CHECKING:
    from sembla.runs.synthesizer import Synthesizer

__all__ = ["DamagedFrames", "damage_frames", "inpaint_frames"]

_log = logging.getLogger("sembla")

Pictures: TypeAlias = Video | Sequence[Source]
"""A video, or pictures in their order."""


@dataclass(frozen=True)
class DamagedFrames:
    """Frames of which part is missing, read whenever they are gone through: none is kept."""

    pictures: Pictures
    mask: Source | Pictures
    """One for all, or one for each."""
    track: Track
    """Where the face stands in each frame, (F, 68, 2), in pixels."""
    shared: bool = True
    """They show one person."""

    def __len__(self) -> int:
        return len(self.track)

    def __iter__(self) -> Iterator[DamagedFace]:
        for (_, picture, hole), points in zip(_marked(self.pictures, self.mask), self.track, strict=True):
            yield DamagedFace(picture, hole, points)


def damage_frames(
    pictures: Pictures,
    mask: Source | Pictures,
    *,
    landmarks: str | os.PathLike[str] | Track | Sequence[Points] | None = None,
    shared: bool = True,
    on_count: OnCount | None = None,
) -> DamagedFrames:
    """Say what is missing of frames, as `damage` does of one picture, by one mask for all or by one for each.

    `pictures` are a video, as `open_video` gives it, or a list. Where there is a mask for each, some may hide nothing.
    `landmarks` are a file of the points of all frames (.npy or .npz), or points for each; rows of NaN are frames
    without. Left out, they are found (the extra `faces`). Frames in which no face is found have points between those of
    their neighbours, and a warning counts them; not so with `shared` off, where frames are of strangers. `on_count` is
    told how many frames were looked at.

    Raises `InputError` for masks or points that are not as many as the frames, where nothing is missing, and as
    `damage`; `SizeError` for frames of changing size.
    """
    several = _several(mask)
    if several is not None:
        _check_count(len(several), len(pictures), "masks")
    given = read_track(landmarks) if isinstance(landmarks, (str, os.PathLike)) else landmarks
    if given is not None:
        _check_count(len(given), len(pictures), "sets of landmarks")
    track, why = _looked(pictures, mask, given=given, shared=shared, on_count=on_count)
    known = np.isfinite(track).all(axis=(1, 2))
    if not known.any():
        raise why or InputError("the landmarks are of no frame; give those of one at least.")
    if not known.all():
        told = int((~known).sum()), len(track)
        _log.warning("in %d of %d frames there is no face to be found; its points follow from other frames", *told)
    return DamagedFrames(pictures, mask, bridged(track), shared)


def inpaint_frames(
    frames: DamagedFrames,
    *,
    model: "Synthesizer",
    seed: int = 0,
    fill: Fill | None = None,
    smooth: float = 1.5,
    on_preview: OnPreview | None = None,
    on_count: OnCount | None = None,
    stop: ShouldStop | None = None,
) -> Iterator[Picture]:
    """As `inpaint`, for frames that need not fit into memory: each comes whole as soon as it is asked for.

    All are gone through once or twice to find the person, then once to fill them; `on_count` is told how far that is.
    `write_video` takes what is returned. `stop` is asked between frames; True raises `Cancelled`.
    """
    given = numbers(InpaintTask, {"seed": seed})
    task = InpaintTask((), shared=frames.shared, seed=given["seed"], fill=fill or Predicted())
    watch = Watch(on_preview, stop)
    both = filled(frames, frames.track, task=task, engine=model, smooth=smooth, watch=watch, on_count=on_count)
    return (whole for whole, _ in both)


def _several(mask: Source | Pictures) -> Pictures | None:
    """Masks for each, where they are several."""
    return mask if isinstance(mask, (Video, list, tuple)) else None


def _check_count(came: int, wanted: int, what: str) -> None:
    if came != wanted:
        raise InputError(f"{came} {what} came for {wanted} frames; give one for each.")


def _marked(pictures: Pictures, mask: Source | Pictures) -> Iterator[tuple[str, Picture, Region]]:
    """The name of each picture, the picture, and its hole: the same array where one mask is for all."""
    several = _several(mask)
    masks = repeat(cast("Source", mask)) if several is None else several
    before: tuple[Source, Region] | None = None
    for number, (source, its) in enumerate(zip(pictures, masks, strict=False), 1):
        name = str(pictures.path) if isinstance(pictures, Video) else source_name(source, f"frame {number}")
        picture = read_picture(source, name=name)
        size = (picture.shape[0], picture.shape[1])
        if before is None or before[0] is not its or before[1].shape != size:
            before = (its, read_hole(its, size, whole=several is not None))
        yield name, picture, before[1]


def _looked(
    pictures: Pictures,
    mask: Source | Pictures,
    *,
    given: Track | Sequence[Points] | None,
    shared: bool,
    on_count: OnCount | None,
) -> tuple[Track, InputError | None]:
    """The points of each frame, NaN where there is no face, and what was said of the first such."""
    if not len(pictures):
        raise InputError("no frame came; give at least one picture of a face.")
    track, why = np.full((len(pictures), COUNT, 2), np.nan, np.float32), None
    sizes: set[tuple[int, ...]] = set()
    missing = False
    for number, (name, picture, hole) in enumerate(_marked(pictures, mask)):
        sizes.add(hole.shape)
        missing |= bool(hole.any())
        if shared:
            check_sizes(sizes)
        try:
            its = None if given is None else given[number]
            if isinstance(its, np.ndarray):
                track[number] = _row(its, hole.shape, shared=shared, name=f"landmarks of frame {number + 1}")
            else:
                track[number] = points_of(picture, hole, landmarks=its, name=name)
        except InputError as error:
            if given is not None or not shared:
                raise
            why = why or error
        if on_count is not None:
            on_count(number + 1, len(pictures))
    if not missing:
        told = f"mask {mask}" if isinstance(mask, str) else "the masks"
        raise InputError(f"nothing of the frames is missing by {told}; give a mask with a hole.")
    return track, why


def _row(points: NDArray[np.floating], size: tuple[int, ...], *, shared: bool, name: str) -> Landmarks:
    """The points of one frame of a track; of one person, NaN stay."""
    if shared and np.isnan(points).all():
        return points.astype(np.float32)
    return check_landmarks(points, (size[0], size[1]), name=name)
