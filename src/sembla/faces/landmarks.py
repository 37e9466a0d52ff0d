"""The 68 points of a face (iBUG 300-W), as files and in order."""

import json
import os
import re
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, OutputError

__all__ = [
    "COUNT",
    "SUFFIXES",
    "Landmarks",
    "check_landmarks",
    "parse_landmarks",
    "read_landmarks",
    "smoothed",
    "write_landmarks",
]

Landmarks: TypeAlias = NDArray[np.float32]
"""Points (68, 2), x and y in pixels; (0, 0) is the middle of the first pixel."""

COUNT = 68

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
SUFFIXES = (".json", ".pts", ".txt", ".csv")
"""Of files that landmarks are read from."""

_LARGEST = 1 << 20  # bytes of a file of points


def check_landmarks(points: object, size: tuple[int, int], *, name: str = "landmarks") -> Landmarks:
    """Points (68, 2) of a picture (H, W). Raises `InputError` for others, and where most lie outside the picture."""
    try:
        with np.errstate(over="ignore"):  # they become infinite, and are refused as such
            found = np.asarray(points, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} are no numbers; give {COUNT} points, x and y in pixels.") from error
    if found.shape != (COUNT, 2) or not np.isfinite(found).all():
        raise InputError(f"{name} came with shape {found.shape}; give {COUNT} points, x and y in pixels.")
    if np.ptp(found, axis=0).min() < 1:
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

    Raises `InputError` for a file that is missing or no such, and as `check_landmarks`.
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
            return json.loads(text)
        except ValueError as error:
            raise InputError(f"{name} is damaged JSON ({error}); write it anew.") from error
    if suffix == ".pts":
        text = text.partition("{")[2].partition("}")[0]
    lines = [_NUMBER.findall(line) for line in text.splitlines()]
    return [[float(number) for number in line[:2]] for line in lines if len(line) >= 2]


def write_landmarks(path: str | os.PathLike[str], points: Landmarks, *, force: bool = False) -> None:
    """Write points as JSON that `read_landmarks` reads. Raises `OutputError`."""
    file = Path(path)
    if file.suffix.lower() != ".json":
        raise OutputError(f"{file}: landmarks are written as .json.")
    if file.exists() and not force:
        raise OutputError(f"{file} exists already; choose another name, or replace it with --force (force=True).")
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        part.write_text(json.dumps(np.round(points.astype(float), 3).tolist()) + "\n", encoding="utf-8")
        part.replace(file)
    except OSError as error:
        raise OutputError(f"{file} cannot be written ({error.strerror}); choose another place.") from error


def smoothed(frames: NDArray[np.float32], *, reach: float = 1.5) -> NDArray[np.float32]:
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
    steady: NDArray[np.float32] = (total / weights).astype(np.float32)
    return steady


_WINDOW = 4  # in units of reach: beyond, frames count nothing
_STEADY = 0.05  # of a face's size: movement below it counts as trembling
