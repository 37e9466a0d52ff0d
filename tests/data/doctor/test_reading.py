"""Sets in which a pair is not two files are examined through the readers of the catalogue, and mended as folders."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.doctor.support import blobs, face, photo_of, read, write
from tests.data.small_set import SMALL, make_source

from sembla.core.errors import InputError
from sembla.data.doctor import Mended, examine, repair
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_TO_PARSING, FACADES_12
from sembla.data.prepare import prepare

FACES, PAIRS = 6, 8


def make_parts(root: Path) -> dict[str, np.ndarray]:
    """Faces as CelebAMask-HQ's makers give them: photos, and a file of 0 and 255 for each part; the true maps."""
    rng = np.random.default_rng(7)
    colours = rng.integers(20, 235, (19, 3)).astype(np.uint8)
    (root / "CelebA-HQ-img").mkdir(parents=True)
    (root / "CelebAMask-HQ-mask-anno" / "0").mkdir(parents=True)
    maps = {}
    for number in range(FACES):
        maps[f"{number}.png"] = labels = face(rng)
        write(root / "CelebA-HQ-img" / f"{number}.jpg", photo_of(labels, rng, colours))
        for label in np.unique(labels)[1:]:
            part = CELEBAMASK_HQ_19.names[label]
            write(part_file(root, number, part), np.where(labels == label, 255, 0).astype(np.uint8))
    return maps


def part_file(root: Path, number: int, part: str) -> Path:
    return root / "CelebAMask-HQ-mask-anno" / "0" / f"{number:05}_{part}.png"


def make_joined(root: Path) -> dict[str, np.ndarray]:
    """Facades as pix2pix has them: photo left, colour map right; the true maps."""
    rng = np.random.default_rng(8)
    maps = {}
    for split in ("train", "val"):
        (root / split).mkdir(parents=True)
        for number in range(PAIRS):
            labels = blobs(rng, classes=12, side=128)
            maps[f"{split}/labels/{number}.png"] = labels
            both = np.concatenate([photo_of(labels, rng, FACADES_12.palette), FACADES_12.palette[labels]], axis=1)
            Image.fromarray(both).save(root / split / f"{number}.jpg", quality=95, subsampling=0)
    return maps


@pytest.mark.parametrize("kind", [None, "celebamask_hq", "celebamask_hq_parsing"])
def test_faces_in_parts_are_clean(tmp_path: Path, kind: str | None) -> None:
    make_parts(tmp_path / "CelebAMask-HQ")
    report = examine(tmp_path, kind)
    assert (report.pairs, report.kind, report.faults) == (FACES, kind or "celebamask_hq", ())


def test_faults_of_faces_in_parts_are_found_and_mended(tmp_path: Path) -> None:
    root = tmp_path / "faces"
    maps = make_parts(root)
    for part in ("eye", "brow", "ear"):  # face 1: left and right exchanged
        left, right = part_file(root, 1, f"l_{part}"), part_file(root, 1, f"r_{part}")
        kept = left.rename(left.with_name("kept.png"))
        right.rename(left)
        kept.rename(right)
    part_file(root, 2, "hair").write_text("no picture")
    for path in part_file(root, 3, "skin").parent.glob("00003_*"):
        path.unlink()
    (root / "CelebA-HQ-img" / "5.jpg").unlink()
    report = examine(root)
    assert {fault.code for fault in report.faults} == {"missing_partner", "unreadable", "left_right"}
    assert [path.name for path in report.faults[0].files] == ["3.jpg", "00005_cloth.png"]
    assert "00002_hair.png" in report.faults[1].sentence
    assert "cannot be read as celebamask_hq" in report.faults[1].sentence
    assert repair(root, tmp_path / "mended", report).pairs == 3
    assert examine(tmp_path / "mended", "celebamask_hq").faults == ()
    mended = {path.name: read(path) for path in (tmp_path / "mended" / "labels").iterdir()}
    assert mended.keys() == {"0.png", "1.png", "4.png"}
    assert all(np.array_equal(labels, maps[name]) for name, labels in mended.items())
    copied = tmp_path / "mended" / "images" / "0.jpg"
    assert copied.read_bytes() == (root / "CelebA-HQ-img" / "0.jpg").read_bytes()


def test_the_other_order_is_that_of_the_maps_in_the_mended_copy(tmp_path: Path) -> None:
    root = tmp_path / "faces"
    maps = make_parts(root)
    (root / "CelebA-HQ-img" / "0.jpg").unlink()
    repair(root, tmp_path / "mended", examine(root, "celebamask_hq_parsing"))
    assert np.array_equal(read(tmp_path / "mended" / "labels" / "1.png"), CELEBAMASK_HQ_TO_PARSING(maps["1.png"]))


@pytest.mark.parametrize("kind", [None, "facades"])
def test_joined_facades_are_clean(tmp_path: Path, kind: str | None) -> None:
    make_joined(tmp_path)
    report = examine(tmp_path, kind)
    assert (report.pairs, report.kind, report.faults) == (2 * PAIRS, "facades", ())


def test_faults_of_joined_facades_are_found_and_mended(tmp_path: Path) -> None:
    root = tmp_path / "facades"
    maps = make_joined(root)
    (root / "val" / "99.jpg").write_bytes((root / "train" / "1.jpg").read_bytes())
    both = read(root / "train" / "2.jpg")
    write(root / "train" / "2.jpg", both[:, 40:])
    report = examine(root)
    assert [fault.code for fault in report.faults] == ["unreadable", "duplicates"]
    assert "is 216x128; a joined pair is twice as wide as high" in report.faults[0].sentence
    assert repair(root, tmp_path / "mended", report) == Mended(2 * PAIRS - 1, files=0, left_out=2)
    assert examine(tmp_path / "mended", "facades").faults == ()
    for name in ("train/labels/0.png", "val/labels/1.png"):
        assert (read(tmp_path / "mended" / name) == maps[name]).mean() > 0.97
    photo = read(tmp_path / "mended" / "train" / "images" / "3.png")
    assert np.array_equal(photo, read(root / "train" / "3.jpg")[:, :128])


def test_a_folder_of_wide_photos_is_not_taken_for_joined_pairs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "train").mkdir()
    for number in range(4):
        write(tmp_path / "train" / f"{number}.jpg", rng.integers(0, 256, (64, 128, 3)).astype(np.uint8))
    with pytest.raises(InputError, match="no label maps"):
        examine(tmp_path)


def test_a_set_in_tars_is_not_looked_into(tmp_path: Path) -> None:
    prepare(SMALL, make_source(tmp_path / "source"), tmp_path / "out", size=16, shard=4, workers=1)
    with pytest.raises(InputError, match="in tars; let the doctor look at what they were made from"):
        examine(tmp_path / "out")
