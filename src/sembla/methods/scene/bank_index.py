"""The index of a bank: every photo's layout on a small grid, and the shapes of its parts; built once, then cached."""

import hashlib
import json
import logging
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, OutputError
from sembla.core.labels import LabelSet
from sembla.core.places import cache_folder
from sembla.core.types import LabelMap
from sembla.data.cores import cores
from sembla.data.loading import ahead, pairs_once
from sembla.data.pairs import Packed
from sembla.data.prepared import Prepared
from sembla.imaging.save import whole_file
from sembla.methods.scene.bank_regions import MASK, mask_of, regions
from sembla.patches.pyramid import resize_labels

__all__ = ["GRID", "Index", "Parts", "open_index"]

_log = logging.getLogger("sembla")

VERSION = 1
"""Of what an index holds; another is built anew."""

GRID = (24, 32)
"""Layouts are compared on a grid of so many rows and columns, whatever their shape."""

LONGEST = 256
"""Label maps are reduced to this longer side before their parts are found."""

SMALLEST, LARGEST = 10, 0.25
"""Parts have at least so many of the reduced map's pixels, and at most this share of them."""

MOST_PARTS = 128
"""Of a photo; the largest are kept."""

NONE = 255
"""Stands for pixels without a class."""


class Parts(NamedTuple):
    """Connected regions that may serve as objects, of all photos."""

    photos: NDArray[np.int32]
    """(M,)."""
    classes: NDArray[np.uint8]
    """(M,)."""
    boxes: NDArray[np.float32]
    """Top, left, bottom and right as shares of the photo's height and width, (M, 4)."""
    masks: NDArray[np.uint8]
    """Shapes as `mask_of` gives them, packed into bits, (M, `MASK` * `MASK` / 8)."""


@dataclass(frozen=True)
class Index:
    """What a bank is searched by."""

    names: tuple[str, ...]
    """Of the photos, in the order of the set."""
    sizes: NDArray[np.int32]
    """Height and width, (N, 2)."""
    layouts: NDArray[np.uint8]
    """(N, rows * columns of `GRID`); `NONE` stands for no class."""
    shares: NDArray[np.float32]
    """How much of each photo is of each class, (N, K)."""
    parts: Parts


def open_index(prepared: Prepared, split: str, label_set: LabelSet) -> Index:
    """Read the index of a split from beside the set or from the user's cache, or build it and keep it there.

    It is only read where the set is the one that it was built from. Raises `InputError` where the split has no pairs,
    or pairs without label maps.
    """
    key = json.dumps([VERSION, prepared.sha256, split, label_set.count, label_set.ignore])
    cached = f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npz"
    places = (_beside(prepared, split), cache_folder("banks") / cached)
    for place in places:
        found = _read(place, key)
        if found is not None:
            return found
    built = _build(prepared, split, label_set)
    any(_write(place, built, key) for place in places)
    return built


def _beside(prepared: Prepared, split: str) -> Path:
    return prepared.root / f".bank-{split or 'all'}.npz"


def _read(place: Path, key: str) -> Index | None:
    """The index of that key, if it lies there whole."""
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if str(stored["key"]) != key:
                return None
            parts = Parts(*(stored[f"part_{name}"] for name in Parts._fields))
            names = tuple(stored["names"].tobytes().decode().split("\n"))
            return Index(names, stored["sizes"], stored["layouts"], stored["shares"], parts)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(place: Path, index: Index, key: str) -> bool:
    """Write an index whole; False where the place cannot be written."""
    arrays: dict[str, Any] = {f"part_{name}": array for name, array in index.parts._asdict().items()}
    names = np.frombuffer("\n".join(index.names).encode(), np.uint8)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(place) as part, part.open("wb") as file:
            np.savez(
                file,
                key=np.array(key),
                names=names,
                sizes=index.sizes,
                layouts=index.layouts,
                shares=index.shares,
                **arrays,
            )
    except (OSError, OutputError):
        return False
    return True


class _Entry(NamedTuple):
    """What the index holds of one photo."""

    name: str
    size: tuple[int, int]
    layout: NDArray[np.uint8]
    shares: NDArray[np.float32]
    classes: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    masks: NDArray[np.uint8]


def _build(prepared: Prepared, split: str, label_set: LabelSet) -> Index:
    """Look at every pair of a split, in threads: decoding and the kernels let go of the interpreter."""
    _log.info("building the index of %s, once", prepared.root)

    def examine(packed: Packed) -> _Entry:
        return _examined(packed, label_set)

    threads = cores()
    entries = list(ahead(examine, pairs_once(prepared, split), threads=threads, most=8 * threads))
    parts = Parts(
        np.repeat(np.arange(len(entries), dtype=np.int32), [len(entry.classes) for entry in entries]),
        np.concatenate([entry.classes for entry in entries]),
        np.concatenate([entry.boxes for entry in entries]),
        np.concatenate([entry.masks for entry in entries]),
    )
    return Index(
        tuple(entry.name for entry in entries),
        np.array([entry.size for entry in entries], np.int32),
        np.stack([entry.layout for entry in entries]),
        np.stack([entry.shares for entry in entries]),
        parts,
    )


def _examined(packed: Packed, label_set: LabelSet) -> _Entry:
    if "labels" not in packed.pair.files:
        raise InputError(f"{packed.pair.name} has no label map; a bank needs one of every photo.")
    labels = packed.decode_labels()
    known = labels if label_set.ignore is None else np.where(labels == label_set.ignore, NONE, labels).astype(np.uint8)
    shares = np.bincount(known.ravel(), minlength=256)[: label_set.count] / known.size
    classes, boxes, masks = _parts(known, label_set.count)
    layout = resize_labels(known, GRID).reshape(-1)
    return _Entry(packed.pair.name, labels.shape, layout, shares.astype(np.float32), classes, boxes, masks)


def _parts(labels: LabelMap, count: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint8]]:
    """Classes, boxes and shapes of the parts of a label map."""
    scale = min(1.0, LONGEST / max(labels.shape))
    size = max(1, round(labels.shape[0] * scale)), max(1, round(labels.shape[1] * scale))
    found = regions(resize_labels(labels, size))
    fit = (found.areas >= SMALLEST) & (found.areas <= LARGEST * size[0] * size[1]) & (found.classes < count)
    chosen = np.flatnonzero(fit)
    chosen = chosen[np.argsort(-found.areas[chosen], kind="stable")][:MOST_PARTS]
    shapes = np.array([mask_of(found, int(number)) for number in chosen], np.bool_).reshape(len(chosen), MASK * MASK)
    boxes = found.boxes[chosen] / np.array([*size, *size], np.float32)
    return found.classes[chosen], boxes.astype(np.float32), np.packbits(shapes, axis=1)
