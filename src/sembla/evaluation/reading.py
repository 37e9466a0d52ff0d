"""Sets of pictures to be scored: folders and prepared sets alike, by name, decoded one at a time.

A picture's name is its path below its folder without the ending ("a/b" for a/b.png), or what a prepared set calls it.
Only names and places are held; pixels are read when they are asked for.
"""

import json
import tarfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture
from sembla.data.catalog.reading import below, check_ids, read_values
from sembla.data.pairs import Packed, Pair, pack
from sembla.data.prepared import DATASET, JOURNAL, Prepared, open_prepared, read_pairs, read_shards
from sembla.imaging.folders import natural
from sembla.imaging.io import SUFFIXES, read_picture

__all__ = ["Entry", "PictureSet", "ahead", "find_maps", "open_set", "read_label_map"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


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


@dataclass(frozen=True)
class PictureSet:
    """A folder of pictures or a prepared set."""

    root: Path
    entries: Mapping[str, Entry]
    """By name, in natural order: 2 before 10."""
    label_set: LabelSet | None = None
    """Of a prepared set: what the ids of its label maps mean."""
    prepared: bool = False


def open_set(root: Path, split: str | None = None) -> PictureSet:
    """Find the pictures of a folder, walked down, or of a prepared set; `split` takes a part of it.

    The part of a prepared set is the one of that name, and "SPLIT/" is dropped from its names; that of a folder is the
    folder of that name inside. Hidden files are left out. Raises `InputError` for a folder that is not there or holds
    no picture, for one that holds pictures and label maps side by side, and for a split that is not there.
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


def ahead(
    work: Callable[[_Item], _Result], items: Iterable[_Item], *, threads: int, most: int
) -> Iterator[tuple[_Item, _Result]]:
    """Items with what `work` makes of them in threads, in their order; at most `most` are waiting to be taken.

    What is raised in a thread is raised here, in its turn; the rest is dropped.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="sembla-evaluation")
    waiting: deque[tuple[_Item, Future[_Result]]] = deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(work, item)))
            if len(waiting) >= most:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


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
    entries = {name: Entry(name, files[name], partial(_read_file, files[name])) for name in sorted(files, key=natural)}
    return PictureSet(root, entries)


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
