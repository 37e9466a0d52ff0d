"""The kind `faces`: where points are read from, and how faces are cut out."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.faces.test_shape import SIZE, face

from sembla.core.errors import InputError
from sembla.data.catalog import KINDS
from sembla.data.catalog.faces import SIDE
from sembla.faces.alignment import align

FACES = KINDS["faces"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of noise."""
    folder = tmp_path / "people"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"p{number}.png")
    return folder


def test_points_come_from_a_table_beside_the_folder(folder: Path) -> None:
    names, points = np.array([f"p{number}.jpg" for number in range(3)]), np.stack([face(n) for n in range(3)])
    np.savez(folder.parent / "people_landmarks68_any.npz", names=names, points=points)
    records = FACES.records(folder)
    assert [record.name for record in records] == ["p0", "p1", "p2"]
    for number, record in enumerate(records):
        sample, there = FACES.read(record), align(face(number), SIDE)
        assert sample.picture.shape == (SIDE, SIDE, 3)
        assert sample.landmarks is not None
        np.testing.assert_allclose(sample.landmarks, there.points(face(number)), atol=1e-3)
        assert abs(float(sample.landmarks[36:48, 0].mean()) - SIDE / 2) < 8


def test_a_file_beside_a_picture_goes_before_the_table(folder: Path) -> None:
    np.savez(folder / "landmarks.npz", names=np.array(["p0.png"]), points=face(0)[None])
    (folder / "p0.json").write_text(json.dumps(face(5).tolist()))
    (folder / "p1.json").write_text(json.dumps(face(6).tolist()))
    files = [record.files.get("landmarks") for record in FACES.records(folder)]
    assert [file and file.name for file in files] == ["p0.json", "p1.json", None]


def test_splits_are_kept(folder: Path) -> None:
    for split in ("train", "val"):
        (folder / split / "images").mkdir(parents=True)
        (folder / f"p{split == 'val':d}.png").rename(folder / split / "images" / "a.png")
    assert [(record.name, record.split) for record in FACES.records(folder)] == [("train/a", "train"), ("val/a", "val")]


@pytest.mark.parametrize(
    ("stored", "told"),
    [({"names": np.array(["p0"])}, "no table of landmarks"), ({"names": np.array(["p0"]), "points": face()}, "shape")],
)
def test_tables_that_cannot_be_used_are_told(folder: Path, stored: dict[str, Any], told: str) -> None:
    np.savez(folder / "landmarks.npz", **stored)
    with pytest.raises(InputError, match=told):
        FACES.records(folder)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken"])
def test_damaged_tables_are_told(folder: Path, content: bytes) -> None:
    (folder / "landmarks.npz").write_bytes(content)
    with pytest.raises(InputError, match="no table of landmarks"):
        FACES.records(folder)


def test_names_may_hold_points(folder: Path) -> None:
    (folder / "p0.png").rename(folder / "a.b.png")
    np.savez(folder / "landmarks.npz", names=np.array(["a.b", "p1.png"]), points=np.stack([face(0), face(1)]))
    assert [record.name for record in FACES.records(folder) if "landmarks" in record.files] == ["a.b", "p1"]


def test_points_of_another_picture_are_told(folder: Path) -> None:
    np.savez(folder / "landmarks.npz", names=np.array(["p0"]), points=face()[None] + 500)
    with pytest.raises(InputError, match="lie outside the picture"):
        FACES.read(FACES.records(folder)[0])


def test_a_folder_without_pictures_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no picture"):
        FACES.records(tmp_path)
