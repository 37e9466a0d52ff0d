"""Sets of pictures to be scored: folders and prepared sets alike, by name, decoded one at a time; and landmarks.

A picture's name is its path below its folder without the ending ("a/b" for a/b.png), or what a prepared set calls it.
Only names and places are held; pixels are read when they are asked for.
"""

import csv
import hashlib
import json
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sembla.core.digest import file_sha256
from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture
from sembla.data.catalog.reading import below, check_ids, read_values
from sembla.data.pairs import Packed, Pair, pack
from sembla.data.prepared import DATASET, JOURNAL, Prepared, open_prepared, read_pairs, read_shards
from sembla.imaging.folders import natural
from sembla.imaging.io import SUFFIXES, read_picture

__all__ = [
    "Contents",
    "Entry",
    "PictureSet",
    "Points",
    "contents",
    "find_maps",
    "is_contact_sheet",
    "open_set",
    "picture_sha256",
    "read_label_map",
    "read_landmarks",
    "set_landmarks",
]

Points: TypeAlias = NDArray[np.float64]
"""Landmarks of one picture, (P, 2): x and y in pixels."""

_SHEET = "sheet.png"
_FRAME = 8  # px of white that contact sheets have at three sides


@dataclass(frozen=True)
class Entry:
    """One picture of a set, not read yet."""

    name: str
    file: Path | None
    """Where it is; None inside a tar."""
    read: Callable[[], tuple[Picture, LabelMap | None]]
    """Decodes it, with its label map where the set holds one. Raises `InputError` that names the file."""
    landmarks: tuple[tuple[float, float], ...] = ()
    """Of a prepared set: x and y in pixels."""
    has_labels: bool = False
    labels_file: Path | None = None
    """Where its label map is; None where there is none, and inside a tar."""
    sha256: str = ""
    """Of the picture's file, as the index of a prepared set has it; "" for a folder's."""
    labels_sha256: str = ""
    """Of the label map's file, likewise."""


@dataclass(frozen=True)
class PictureSet:
    """A folder of pictures or a prepared set."""

    root: Path
    entries: Mapping[str, Entry]
    """By name, in natural order: 2 before 10."""
    label_set: LabelSet | None = None
    """Of a prepared set: what the ids of its label maps mean."""
    prepared: bool = False
    sheets: tuple[Path, ...] = ()
    """Contact sheets that lie among the pictures of a folder and were left out."""


class Contents:
    """One SHA-256 over the names and files of a set: the same wherever the set lies, however its path is spelled."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, name: str, sha256: str) -> None:
        """Take in a file by its name in the set; the names must come in one order, e.g. the natural one."""
        self._digest.update(f"{len(name)} {name} {sha256}\n".encode("utf-8", "surrogatepass"))

    @property
    def sha256(self) -> str:
        """Of what was added, 64 hexadecimal digits."""
        return self._digest.hexdigest()


def contents(files: Mapping[str, Path | str]) -> str:
    """The SHA-256 of `Contents` of files by name, in any order; a file may be given by its own SHA-256.

    Raises `InputError` for one that cannot be read.
    """
    found = Contents()
    for name in sorted(files, key=natural):
        file = files[name]
        found.add(name, file if isinstance(file, str) else picture_sha256(file))
    return found.sha256


def picture_sha256(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits. Raises `InputError` for one that cannot be read."""
    try:
        return file_sha256(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from error


def is_contact_sheet(path: Path) -> bool:
    """Whether a file is a contact sheet that `sembla analogy` put beside its results: by its name and white frame."""
    if path.name != _SHEET:
        return False
    picture = read_picture(path)
    sides = (picture[:, :_FRAME], picture[:, -_FRAME:], picture[-_FRAME:])
    return min(picture.shape[:2]) > 2 * _FRAME and all(bool((side == 255).all()) for side in sides)


def open_set(root: Path, split: str | None = None) -> PictureSet:
    """Find the pictures of a folder, walked down, or of a prepared set; `split` takes a part of it.

    The part of a prepared set is the one of that name, and "SPLIT/" is dropped from its names; that of a folder is the
    folder of that name inside. Hidden files are left out, and so are contact sheets (`sheets`). Raises `InputError`
    for a folder that is not there or holds no picture, for one that holds pictures and label maps side by side, and
    for a split that is not there.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; check the path.")
    if (root / DATASET).exists() or (root / JOURNAL).exists():
        return _open_prepared(open_prepared(root), split)
    if split is not None:
        return _open_folder(_part(root, split))
    return _open_folder(root)


def find_maps(root: Path, split: str | None = None) -> dict[str, Path]:
    """Label maps of a folder by name, walked down. Raises `InputError` as `open_set` does."""
    if not root.is_dir():
        raise InputError(f"{root}: no such folder of label maps; check the path.")
    found = below(root / split if split and (root / split).is_dir() else root)
    if not found:
        raise InputError(f"{root} holds no label map; expected files that end with {', '.join(SUFFIXES[:6])} or such.")
    return found


def read_label_map(path: Path) -> LabelMap:
    """Class ids (H, W) as a file stores them. Raises `InputError` for colours and for ids above 255."""
    return check_ids(read_values(path), path)


def _part(root: Path, split: str) -> Path:
    if not split or not (root / split).is_dir():
        raise InputError(f"{root} has no folder {split!r} and is no prepared set; leave out --split, or prepare it.")
    return root / split


def _open_folder(root: Path) -> PictureSet:
    try:
        names = {path.name for path in root.iterdir()}  # the walk passes over a folder that cannot be read
    except OSError as error:
        raise InputError(f"{root} cannot be read ({error.strerror}); change its permissions.") from error
    if {"images", "labels"} <= names:
        raise InputError(
            f"{root} holds images/ and labels/; give {root / 'images'}, and {root / 'labels'} as label maps."
        )
    files = below(root)
    if not files:
        raise InputError(f"{root} holds no picture; expected files that end with {', '.join(SUFFIXES[:6])} or such.")
    sheets = tuple(path for path in files.values() if len(files) > 1 and is_contact_sheet(path))
    kept = sorted((name for name, path in files.items() if path not in sheets), key=natural)
    entries = {name: Entry(name, files[name], partial(_read_file, files[name])) for name in kept}
    if not entries:
        raise InputError(f"{root} holds nothing but contact sheets; give the folder of the pictures themselves.")
    return PictureSet(root, entries, sheets=sheets)


def _read_file(path: Path) -> tuple[Picture, LabelMap | None]:
    return read_picture(path), None


def _open_prepared(prepared: Prepared, split: str | None) -> PictureSet:
    found: dict[str, Entry] = {}
    if prepared.shard:
        for shard in read_shards(prepared, split):
            for packed in _members(prepared.root / shard.file):
                _add(found, _entry(packed, None), split)
    else:
        for pair in read_pairs(prepared, split):
            _add(found, _entry(pack(prepared.root, pair), prepared.root), split)
    entries = {name: found[name] for name in sorted(found, key=natural)}
    return PictureSet(prepared.root, entries, prepared.label_set, prepared=True)


def _add(found: dict[str, Entry], entry: Entry, split: str | None) -> None:
    name = entry.name.removeprefix(f"{split}/") if split else entry.name
    if name in found:
        raise InputError(f"two pictures of a prepared set are named {name}; prepare it anew with names of their own.")
    found[name] = replace(entry, name=name)


def _entry(packed: Packed, root: Path | None) -> Entry:
    """An entry over a pair; `root` is the folder of its files, None where they are in a tar."""
    pair = packed.pair
    files = {role: one for role, one in pair.files.items() if role in {"image", "labels"}}
    bare = Packed(replace(pair, files=files), packed.read)  # instances need not be decoded
    labels = files.get("labels")
    return Entry(
        name=pair.name,
        file=root / files["image"].file if root else None,
        read=partial(_read_packed, bare),
        landmarks=pair.landmarks,
        has_labels=labels is not None,
        labels_file=root / labels.file if root and labels else None,
        sha256=files["image"].sha256,
        labels_sha256=labels.sha256 if labels else "",
    )


def _read_packed(packed: Packed) -> tuple[Picture, LabelMap | None]:
    sample = packed.decode()
    return sample.picture, sample.labels


def _members(path: Path) -> Iterator[Packed]:
    """The pairs of a tar with where their bytes are in it, so that any of them can be read at any time."""
    try:
        with tarfile.open(path, "r:") as tar:
            members = {member.name: (member.offset_data, member.size) for member in tar}
        for name, place in members.items():
            if name.endswith(".json"):
                pair = Pair.from_json(json.loads(_bytes(path, place)))
                places = {role: members[one.file] for role, one in pair.files.items()}
                yield Packed(pair, partial(_member, path, places))
    except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read ({error}); run sembla prepare again.") from error


def _member(path: Path, places: Mapping[str, tuple[int, int]], role: str) -> bytes:
    try:
        return _bytes(path, places[role])
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run sembla prepare again.") from error


def _bytes(path: Path, place: tuple[int, int]) -> bytes:
    with path.open("rb") as file:
        file.seek(place[0])
        return file.read(place[1])


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
