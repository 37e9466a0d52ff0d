"""Any folder of faces, brought to one place by their 68 points: read from files, or found with dlib."""

import io
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.data.catalog.folder import KIND as FOLDER
from sembla.data.catalog.folder import plain_records
from sembla.data.catalog.reading import below
from sembla.data.records import Kind, Record, Sample
from sembla.faces.alignment import align
from sembla.faces.detection import find_face, landmarks_in
from sembla.faces.landmarks import COUNT, Landmarks, check_landmarks, read_landmarks
from sembla.faces.landmarks import SUFFIXES as LANDMARK_FILES
from sembla.imaging.io import SUFFIXES, read_picture

__all__ = ["KIND", "SIDE"]

SIDE = 128
"""Of the cut-outs, in pixels; `sembla prepare --size` makes them smaller."""


def records(root: Path) -> list[Record]:
    """The pictures of a folder, in images/ with splits or without, or of the folder itself.

    Points are those of NAME.json, .pts, .txt or .csv beside a picture, or of the line NAME in landmarks.npz within the
    folder, or in FOLDER_landmarks*.npz beside it (arrays `names` and `points`); of all others, they are looked for.
    """
    found = plain_records(root) or [Record(name, "", {"image": path}) for name, path in below(root).items()]
    if not found:
        raise InputError(f"{root} holds no picture; expected faces, in images/ or in the folder itself.")
    table = _table_of(root)
    return [Record(one.name, one.split, _files(one, table), key=Path(one.name).name) for one in found]


def _files(record: Record, table: Path | None) -> dict[str, Path]:
    picture = record.files["image"]
    own = next((file for ending in LANDMARK_FILES if (file := picture.with_suffix(ending)).is_file()), None)
    points = own or (table if table and Path(record.name).name in _points_of(table) else None)
    return {"image": picture, **({"landmarks": points} if points else {})}


def _table_of(root: Path) -> Path | None:
    places = [root / "landmarks.npz", *sorted(root.parent.glob(f"{root.resolve().name}_landmarks*.npz"))]
    return next((place for place in places if place.is_file()), None)


@lru_cache(maxsize=4)
def _points_of(table: Path) -> dict[str, NDArray[np.float32]]:
    """The points of each picture, by its name without an ending."""
    try:
        with np.load(io.BytesIO(table.read_bytes()), allow_pickle=False) as stored:
            names, points = stored["names"], stored["points"]
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{table} is no table of landmarks ({error}); give arrays names and points.") from error
    if points.shape != (len(names), COUNT, 2):
        raise InputError(f"{table} holds points of shape {points.shape}; expected {(len(names), COUNT, 2)}.")
    return {_plain(str(name)): each.astype(np.float32) for name, each in zip(names, points, strict=True)}


def _plain(name: str) -> str:
    """A name without the ending of a picture."""
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in SUFFIXES else name


def read(record: Record) -> Sample:
    """Decode one entry: its face upright in the middle of a square, and its points in pixels of that.

    Raises `InputError` where no face is found, or points are of another picture; `MissingExtraError` where a face must
    be looked for and the extra `faces` is not installed.
    """
    file = record.files["image"]
    picture = read_picture(file)
    points = _points(record, picture.shape[:2])
    if points is None:
        points = landmarks_in(picture, find_face(picture, name=str(file)))
    there = align(points, SIDE)
    return Sample(there.cut(picture), landmarks=there.points(points))


def _points(record: Record, size: tuple[int, ...]) -> Landmarks | None:
    file = record.files.get("landmarks")
    if file is None:
        return None
    height, width = size
    if file.suffix != ".npz":
        return read_landmarks(file, (height, width))
    name = f"landmarks of {record.key} in {file.name}"
    return check_landmarks(_points_of(file)[record.key], (height, width), name=name)


KIND = Kind(
    name="faces",
    summary="Any folder of faces: cut out upright by their 68 points, from landmarks.npz, files beside them, or dlib.",
    label_set=None,
    records=records,
    read=read,
    licence=FOLDER.licence,
)
"""Faces."""
