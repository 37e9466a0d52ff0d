"""Landmarks from files: a table with one picture a line, or those of a prepared set."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.evaluation.reading import PictureSet, open_set
from sembla.imaging.io import SUFFIXES

__all__ = ["Points", "read_landmarks", "set_landmarks"]

Points: TypeAlias = NDArray[np.float64]
"""Landmarks of one picture, (P, 2): x and y in pixels."""


def read_landmarks(path: Path, split: str | None = None) -> dict[str, Points]:
    """Landmarks by picture from a CSV file "name,x1,y1,x2,y2,..." with that header, or of a prepared set's folder.

    Names may keep the ending of their pictures. Raises `InputError` that names the line for numbers that are missing or
    not finite, for a name that comes twice, and for a set or table without landmarks.
    """
    if path.is_dir():
        found = set_landmarks(open_set(path, split))
        if not found:
            raise InputError(f"{path} holds no landmarks; give a CSV file or a prepared set with them.")
        return found
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _table(csv.reader(file), path)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as a table of landmarks ({error}); give a CSV file.") from error


def set_landmarks(pictures: PictureSet) -> dict[str, Points]:
    """Landmarks by picture of a prepared set; empty where it has none."""
    entries = pictures.entries.items()
    return {name: np.array(entry.landmarks, np.float64) for name, entry in entries if entry.landmarks}


def _table(lines: Iterable[Sequence[str]], path: Path) -> dict[str, Points]:
    rows = iter(lines)
    head = [cell.strip().lower() for cell in next(rows, ())]
    if len(head) < 3 or head[0] != "name" or len(head) % 2 == 0:
        raise InputError(f"{path} begins with {','.join(head[:3]) or 'nothing'!r}; expected the header name,x1,y1,...")
    found: dict[str, Points] = {}
    for name, points in _rows(rows, len(head), path):
        if name in found:
            raise InputError(f"{path} holds {name} twice; keep one line of it.")
        found[name] = points
    if not found:
        raise InputError(f"{path} holds no landmarks; expected a line name,x1,y1,... for each picture.")
    return found


def _rows(rows: Iterator[Sequence[str]], length: int, path: Path) -> Iterator[tuple[str, Points]]:
    for number, cells in enumerate(rows, 2):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            values = np.array([float(cell) for cell in cells[1:]])
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}; expected numbers behind the name.") from error
        if len(cells) != length or not np.isfinite(values).all():
            raise InputError(
                f"{path}, line {number}: {len(cells) - 1} numbers came, {np.isfinite(values).sum()} of them finite; "
                f"expected {length - 1}. Leave out pictures without landmarks."
            )
        yield _name(cells[0]), values.reshape(-1, 2)


def _name(cell: str) -> str:
    """A picture's name without its ending, as `open_set` calls it."""
    name = cell.strip().replace("\\", "/")
    stem, dot, ending = name.rpartition(".")
    return stem if dot and f".{ending.lower()}" in SUFFIXES else name
