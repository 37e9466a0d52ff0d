"""The 68 points of a face (iBUG 300-W), as files and in order."""

import json
import logging
import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.faces.shape import COUNT, Landmarks, complete
from sembla.imaging.save import check_output, whole_file

__all__ = [
    "COUNT",
    "SUFFIXES",
    "TRACK_SUFFIXES",
    "Landmarks",
    "Track",
    "bridged",
    "check_landmarks",
    "parse_landmarks",
    "read_landmarks",
    "read_track",
    "smoothed",
    "write_landmarks",
]

_log = logging.getLogger("sembla")

Track: TypeAlias = NDArray[np.float32]
"""Points of frames (F, 68, 2); those of a frame in which no face was found are NaN."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|\bnan\b", re.IGNORECASE)
SUFFIXES = (".json", ".pts", ".txt", ".csv")
"""Of files that landmarks are read from and written to."""
TRACK_SUFFIXES = (".npy", ".npz")
"""Of files that landmarks of frames are read from."""

_LARGEST = 1 << 20  # bytes of a file of points
_HIDDEN = (np.nan, np.nan)
_NARROW = 0.5  # pixels that points deviate across the line they lie on, at least


def check_landmarks(points: object, size: tuple[int, int], *, name: str = "landmarks") -> Landmarks:
    """Points (68, 2) of a picture (H, W); those that are NaN follow from the others (`shape.complete`).

    Raises `InputError` for others, where fewer than 4 are known, and where most lie outside the picture.
    """
    try:
        with np.errstate(over="ignore"):  # they become infinite, and are refused as such
            found = np.asarray(points, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} are no numbers; give {COUNT} points, x and y in pixels.") from error
    if found.shape != (COUNT, 2):
        raise InputError(f"{name} came with shape {found.shape}; give {COUNT} points, x and y in pixels.")
    if np.isinf(found).any():
        raise InputError(f"{name} lie beyond all numbers; give {COUNT} points, x and y in pixels.")
    known = np.isfinite(found[:, 0]) & np.isfinite(found[:, 1])
    if not known.all():
        _log.info("%d of the %d %s are not given, and follow from the others", COUNT - known.sum(), COUNT, name)
        try:
            found = complete(found, known)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error
    if np.linalg.svd(found - found.mean(axis=0), compute_uv=False)[-1] < _NARROW * COUNT**0.5:
        raise InputError(f"{name} lie on one point or line; give those of a face, x and y in pixels.")
    height, width = size
    inside = (found >= -0.5).all(axis=1) & (found < (width - 0.5, height - 0.5)).all(axis=1)
    if inside.mean() <= 0.5:
        raise InputError(
            f"{COUNT - int(inside.sum())} of the {COUNT} {name} lie outside the picture, {width}x{height}; are they of "
            "another picture, or another size of it?"
        )
    return found


def read_landmarks(path: str | os.PathLike[str], size: tuple[int, int]) -> Landmarks:
    """Read points from .json (68 pairs), .pts (iBUG), .txt or .csv (68 lines of two numbers).

    Points that are hidden are null in JSON and nan elsewhere; JSON may also name the known ones alone by their numbers,
    0 to 67: {"36": [120, 84], ...}. The others follow from them. Raises `InputError` for a file that is missing or no
    such, and as `check_landmarks`.
    """
    file = Path(path)
    _check_suffix(str(file))
    try:
        if file.stat().st_size > _LARGEST:
            raise InputError(f"{file} is too large to be {COUNT} points.")
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); check the path.") from error
    return parse_landmarks(content, size, name=str(file))


def parse_landmarks(content: bytes, size: tuple[int, int], *, name: str) -> Landmarks:
    """Points from what a file called `name` holds. Raises as `read_landmarks`."""
    _check_suffix(name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is no text; give {COUNT} points, x and y in pixels.") from error
    return check_landmarks(_parsed(name, text), size, name=f"landmarks of {Path(name).name}")


def _check_suffix(name: str) -> None:
    if not name.lower().endswith(SUFFIXES):
        raise InputError(f"{name}: landmarks are read from {', '.join(SUFFIXES)}.")


def _parsed(name: str, text: str) -> object:
    suffix = Path(name).suffix.lower()
    if suffix == ".json":
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{name} is damaged JSON ({error}); write it anew.") from error
        rows = _by_number(name, given) if isinstance(given, dict) else given
        return [_HIDDEN if row is None else row for row in rows] if isinstance(rows, list) else rows
    if suffix == ".pts":
        text = text.partition("{")[2].partition("}")[0]
    lines = [_NUMBER.findall(line) for line in text.splitlines()]
    return [[float(number) for number in line[:2]] for line in lines if len(line) >= 2]


def _by_number(name: str, known: Mapping[str, object]) -> list[object]:
    """All points, of which some are known by their numbers."""
    strange = known.keys() - {str(number) for number in range(COUNT)}
    if strange:
        raise InputError(
            f"{name} names a point {min(strange)!r}; give {COUNT} points, or some by their numbers, 0 to {COUNT - 1}."
        )
    return [known.get(str(number)) for number in range(COUNT)]


def write_landmarks(path: str | os.PathLike[str], points: Landmarks, *, force: bool = False) -> None:
    """Write points, each on a line, as the suffix says: .json, .pts, .txt, or .csv, where each has its number, 0 to 67.

    `read_landmarks` reads them. Raises `OutputError` where it cannot be written.
    """
    file = Path(path)
    check_output(file, suffixes=SUFFIXES, force=force)
    with whole_file(file) as part:
        part.write_text(_written(points, file.suffix.lower()), encoding="utf-8")


def _written(points: Landmarks, suffix: str) -> str:
    pairs = [(f"{x:.3f}", f"{y:.3f}") for x, y in points.tolist()]
    if suffix == ".json":
        return "[\n" + ",\n".join(f"  [{x}, {y}]" for x, y in pairs) + "\n]\n"
    if suffix == ".csv":
        return "x,y,point\n" + "".join(f"{x},{y},{number}\n" for number, (x, y) in enumerate(pairs))
    lines = "".join(f"{x} {y}\n" for x, y in pairs)
    return f"version: 1\nn_points: {COUNT}\n{{\n{lines}}}\n" if suffix == ".pts" else lines


def read_track(path: str | os.PathLike[str]) -> Track:
    """Read points of frames from .npy (F, 68, 2), or the array `points` of .npz.

    Raises `InputError` for a file that is missing or no such.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            stored = np.load(stream)  # never runs code: pickles are refused
            points = np.asarray(stored["points"] if isinstance(stored, NpzFile) else stored, np.float32)
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror or error}); check the path.") from error
    except (ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{file} holds no points of frames; give an array (F, {COUNT}, 2) as .npy.") from error
    if points.shape[1:] != (COUNT, 2):
        raise InputError(f"{file} holds an array of shape {points.shape}; give one (F, {COUNT}, 2), a row a frame.")
    return points


def bridged(track: Track) -> Track:
    """A track whose frames without points have those between the frames before and after, or of the nearest."""
    known = np.isfinite(track).all(axis=(1, 2))
    (places,), flat = np.nonzero(known), track.reshape(len(track), -1)
    frames = np.arange(len(track))
    filled = np.stack([np.interp(frames, places, column[known]) for column in flat.T], axis=1)
    found: Track = filled.reshape(track.shape).astype(np.float32)
    found[known] = track[known]
    return found


def smoothed(frames: Track, *, reach: float = 1.5) -> Track:
    """Points of frames (F, 68, 2), each a mean of its neighbours in time, weighed by a Gaussian of `reach` frames.

    Where a face moves fast, frames far off in place count less, so that quick turns are not dragged along.
    """
    if reach <= 0 or len(frames) < 2:
        return frames.copy()
    middles = frames.mean(axis=1)
    scale = max(float(np.linalg.norm(np.ptp(frames, axis=1), axis=1).mean()) * _STEADY, 1e-6)
    total, weights = frames.astype(np.float64), np.ones((len(frames), 1, 1))
    for apart in range(1, min(len(frames), int(_WINDOW * reach) + 1)):
        moved = np.linalg.norm(middles[apart:] - middles[:-apart], axis=1) / scale
        weight = np.exp(-((apart / reach) ** 2 + moved**2) / 2)[:, None, None]
        total[apart:] += weight * frames[:-apart]
        total[:-apart] += weight * frames[apart:]
        weights[apart:] += weight
        weights[:-apart] += weight
    steady: Track = (total / weights).astype(np.float32)
    return steady


_WINDOW = 4  # in units of reach: beyond, frames count nothing
_STEADY = 0.05  # of a face's size: movement below it counts as trembling
