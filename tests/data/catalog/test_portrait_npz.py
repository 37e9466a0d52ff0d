"""Faces as the published face reconstruction prepares them."""

from pathlib import Path

import numpy as np
import pytest

from sembla.core.errors import InputError
from sembla.data.catalog import KINDS
from sembla.data.labelsets import PORTRAIT_7
from sembla.data.prepare import prepare
from sembla.data.prepared import read_pairs

KIND = KINDS["portrait_npz"]
SKIN, EYES, HAIR = (PORTRAIT_7.names.index(name) for name in ("skin", "eyes", "hair"))


def write(root: Path, number: int, *, side: int = 16) -> None:
    """A face: skin on the left, eyes over some of it, hair over some of both; blue all over."""
    masks = np.zeros((side, side, 7), np.uint8)
    masks[:, : side // 2, SKIN] = 1
    masks[4:8, 2:6, EYES] = 1
    masks[:6, 4:12, HAIR] = 1
    picture = np.zeros((side, side, 3), np.uint8)
    picture[..., 0] = 200  # first blue, as OpenCV has it
    folder = root / "CelebAMask-HQ-mask-anno-short"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{number}.npz", Masks=masks, Colors=np.zeros((7, 3)), Image=picture)


def test_groups_are_painted_over_one_another_and_colours_are_red_first(tmp_path: Path) -> None:
    write(tmp_path, 0)
    (record,) = KIND.records(tmp_path)
    sample = KIND.read(record)
    assert sample.picture[0, 0].tolist() == [0, 0, 200]
    assert sample.labels is not None
    assert sample.labels[10, 0] == SKIN
    assert sample.labels[7, 3] == EYES
    assert sample.labels[5, 5] == HAIR
    assert sample.labels[10, 12] == PORTRAIT_7.ignore
    assert sample.identity is None


def test_the_published_split_and_identities(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for number in (3, 24_000, 23_999, 100):
        write(source, number)
    (source / "identities").mkdir()
    np.savez(source / "identities" / "3.npz", np.arange(128) / 100)
    found = KIND.records(source)
    assert [(record.name, record.split) for record in found] == [
        ("3", "train"),
        ("100", "train"),
        ("23999", "train"),
        ("24000", "test"),
    ]
    prepared = prepare(KIND, source, tmp_path / "out", workers=1).prepared
    identities = {pair.name: pair.identity for pair in read_pairs(prepared)}
    assert identities["3"] == tuple(number / 100 for number in range(128))
    assert identities["100"] == ()  # its face was not found


def test_files_that_hold_something_else_are_named(tmp_path: Path) -> None:
    write(tmp_path, 0)
    path = tmp_path / "CelebAMask-HQ-mask-anno-short" / "0.npz"
    (record,) = KIND.records(tmp_path)
    np.savez(path, Masks=np.zeros((4, 4, 3)), Image=np.zeros((4, 4, 3)))
    with pytest.raises(InputError, match=r"0\.npz: masks \(4, 4, 3\)"):
        KIND.read(record)
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"0\.npz cannot be read"):
        KIND.read(record)
