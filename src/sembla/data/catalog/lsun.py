"""LSUN bedrooms: three million photos in one LMDB file, 256 px at the shorter side."""

import io
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from sembla.core.errors import ImageError, InputError, MissingExtraError
from sembla.data.records import Kind, Record, Sample
from sembla.imaging.io import read_picture

if TYPE_CHECKING:
    import lmdb

__all__ = ["KIND"]

_FOLDERS = {"train": "bedroom_train_lmdb", "val": "bedroom_val_lmdb"}
_KEY = re.compile(rb"[0-9A-Za-z_.-]+")  # LSUN's keys are hashes in hexadecimal


def records(root: Path) -> list[Record]:
    """All pictures of bedroom_train_lmdb/ and bedroom_val_lmdb/, or of the one that `root` is.

    Raises `MissingExtraError` where the package lmdb is not installed.
    """
    places = {split: root / folder for split, folder in _FOLDERS.items() if (root / folder / "data.mdb").is_file()}
    if (root / "data.mdb").is_file():
        places = {next((split for split, folder in _FOLDERS.items() if root.name == folder), ""): root}
    if not places:
        raise InputError(f"{root} is not LSUN; expected bedroom_train_lmdb/data.mdb in it.")
    return [record for split, place in places.items() for record in _records(place, split)]


def _records(place: Path, split: str) -> list[Record]:
    """The pictures of one database, in the order of their keys; all share one mapping of files."""
    files = {"database": place}
    found = []
    with _open(place, os.getpid()).begin() as transaction:
        for key in transaction.cursor().iternext(keys=True, values=False):
            if not _KEY.fullmatch(key):
                raise InputError(f"{place} has a key {key!r}; LSUN's are letters and digits. Is it another database?")
            text = key.decode("ascii")
            found.append(Record(f"{split}/{text}" if split else text, split, files, key=text))
    return found


def read(record: Record) -> Sample:
    """Decode one picture, of any shape. Raises `ImageError` where the database has no such key."""
    place = record.files["database"]
    with _open(place, os.getpid()).begin() as transaction:
        data = transaction.get(record.key.encode("ascii"))
    if data is None:
        raise ImageError(f"{place} has no picture {record.key}; was the database changed?")
    return Sample(read_picture(io.BytesIO(data), name=f"{place}: {record.key}"))


@lru_cache(maxsize=4)
def _open(place: Path, _process: int) -> "lmdb.Environment":
    """The database, opened once by each process: LMDB forbids to carry one over a fork."""
    try:
        import lmdb
    except ImportError as error:
        raise MissingExtraError("LSUN is stored as LMDB; install it with: pip install 'sembla[lmdb]'") from error
    try:
        return lmdb.open(str(place), readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise InputError(f"{place} cannot be opened as LMDB ({error}); get it anew.") from error


KIND = Kind(
    name="lsun_bedrooms",
    summary="LSUN bedrooms without labels: bedroom_train_lmdb/ and bedroom_val_lmdb/ as downloaded (needs lmdb).",
    label_set=None,
    records=records,
    read=read,
    licence="No licence stated by its makers; the photos are their owners'. Research use.",
)
"""LSUN bedrooms."""
