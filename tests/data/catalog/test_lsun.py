"""LSUN: no genuine file is at hand, so databases are written as its makers write them: WebP under hashes as keys."""

import hashlib
import io
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.catalog.support import check_records, photo

from sembla.core.errors import ImageError, InputError, MissingExtraError
from sembla.core.types import Picture
from sembla.data.catalog import KINDS
from sembla.data.records import Record

LSUN = KINDS["lsun_bedrooms"]


def database(folder: Path, pictures: dict[bytes, Picture]) -> None:
    """An LMDB of WebP pictures without loss."""
    lmdb = pytest.importorskip("lmdb", reason="lmdb is not installed; it comes with the extra 'lmdb'")
    folder.mkdir(parents=True)
    with lmdb.open(str(folder), map_size=2**24) as environment, environment.begin(write=True) as transaction:
        for key, picture in pictures.items():
            data = io.BytesIO()
            Image.fromarray(picture).save(data, "WEBP", lossless=True)
            transaction.put(key, data.getvalue())


def hashed(number: int) -> bytes:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest().encode()


def test_reads_every_picture_of_both_databases(tmp_path: Path) -> None:
    pictures = {hashed(number): photo(number) for number in range(7)}
    database(tmp_path / "bedroom_train_lmdb", dict(list(pictures.items())[:5]))
    database(tmp_path / "bedroom_val_lmdb", dict(list(pictures.items())[5:]))
    records = LSUN.records(tmp_path)
    check_records(LSUN, records)
    assert [record.split for record in records] == ["train"] * 5 + ["val"] * 2
    assert {record.key.encode() for record in records} == set(pictures)
    for record in pickle.loads(pickle.dumps(records)):
        sample = LSUN.read(record)
        assert np.array_equal(sample.picture, pictures[record.key.encode()])
        assert sample.labels is None


def test_one_database_alone_tells_its_split_by_its_name(tmp_path: Path) -> None:
    for name, split in (("bedroom_val_lmdb", "val"), ("mine", "")):
        database(tmp_path / name, {hashed(1): photo()})
        assert [record.split for record in LSUN.records(tmp_path / name)] == [split]


def test_odd_databases_are_refused(tmp_path: Path) -> None:
    database(tmp_path / "a", {b"../b": photo()})
    with pytest.raises(InputError, match=r"has a key b'\.\./b'"):
        LSUN.records(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "data.mdb").write_bytes(b"no database at all" * 1000)
    with pytest.raises(InputError, match="cannot be opened as LMDB"):
        LSUN.records(tmp_path / "b")
    database(tmp_path / "c", {hashed(1): photo()})
    with pytest.raises(ImageError, match="has no picture 0123"):
        LSUN.read(Record("x", "", {"database": tmp_path / "c"}, key="0123"))


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data.mdb").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sembla\[lmdb\]'"):
        LSUN.records(tmp_path)
