"""Any folder: each of the layouts, and what is refused."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.catalog.support import blocks, check_records, only, photo, same, save

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.labels import LabelSet
from sembla.data.catalog import KINDS
from sembla.data.classes import write_declared
from sembla.data.prepare import prepare
from sembla.data.prepared import open_prepared

FOLDER = KINDS["folder"]


@pytest.mark.parametrize(
    ("image", "labels", "instances", "split"),
    [
        ("images/a.jpg", "labels/a.png", "instances/a.png", ""),
        ("images/city/a.jpg", "labels/city/a.png", "instances/city/a.png", ""),
        ("train/images/a.jpg", "train/labels/a.png", "train/instances/a.png", "train"),
        ("validation/images/a.jpg", "validation/labels/a.png", "validation/instances/a.png", "val"),
        ("images/testing/a.jpg", "labels/testing/a.png", "instances/testing/a.png", "test"),
        ("val_img/a.jpg", "val_label/a.png", "val_inst/a.png", "val"),
    ],
)
def test_reads_the_layouts(image: str, labels: str, instances: str, split: str, tmp_path: Path) -> None:
    ids, objects = blocks(np.array([0, 3, 255])), blocks(6).astype(np.uint16) * 9000
    save(tmp_path / image, photo())
    save(tmp_path / labels, ids)
    save(tmp_path / instances, objects)
    record = only(FOLDER, tmp_path)
    check_records(FOLDER, [record])
    assert record.split == split
    sample = FOLDER.read(record)
    assert sample.picture.shape == (48, 64, 3)
    assert same(sample.labels, ids)
    assert same(sample.instances, objects)


def test_reads_photos_alone_with_and_without_a_folder_of_images(tmp_path: Path) -> None:
    save(tmp_path / "a" / "2.jpg", photo())
    save(tmp_path / "a" / "1.jpg", photo())
    save(tmp_path / "b" / "images" / "1.jpg", photo())
    assert [record.name for record in FOLDER.records(tmp_path / "a")] == ["1", "2"]
    assert FOLDER.read(only(FOLDER, tmp_path / "b")).labels is None
    with pytest.raises(InputError, match="holds no picture; expected images/ and labels/"):
        FOLDER.records(tmp_path)  # the pictures of folders in it may be anything


def test_names_are_told_apart_by_split(tmp_path: Path) -> None:
    for split in ("train", "val", "test"):
        save(tmp_path / split / "images" / "1.png", photo())
        save(tmp_path / split / "labels" / "1.png", blocks(3))
    check_records(FOLDER, FOLDER.records(tmp_path))
    assert [record.name for record in FOLDER.records(tmp_path)] == ["train/1", "val/1", "test/1"]


def test_partners_may_not_lack_nor_names_repeat(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "images" / f"{number}.png", photo())
    save(tmp_path / "labels" / "2.png", blocks(3))
    save(tmp_path / "labels" / "7.png", blocks(3))
    with pytest.raises(InputError, match=r"0\.png has no label map \(2 of 3 images have none\)"):
        FOLDER.records(tmp_path)
    save(tmp_path / "images" / "2.jpg", photo())
    with pytest.raises(InputError, match=r"have one name; keep one of them"):
        FOLDER.records(tmp_path)


@pytest.mark.parametrize("folder", [".", "images", "val/images"])
def test_label_maps_beside_their_photos_are_no_photos(folder: str, tmp_path: Path) -> None:
    for number, ending in enumerate(("_mask", "_label", "_labels", "_seg")):
        save(tmp_path / folder / f"{number}.png", photo())
        save(tmp_path / folder / f"{number}{ending}.png", blocks(2 + number))
    records = FOLDER.records(tmp_path)
    assert [record.files["image"].stem for record in records] == ["0", "1", "2", "3"]
    assert all(same(FOLDER.read(record).labels, blocks(2 + number)) for number, record in enumerate(records))
    save(tmp_path / folder / "4.png", photo())
    with pytest.raises(InputError, match=r"4\.png has no label map \(1 of 5"):
        FOLDER.records(tmp_path)
    save(tmp_path / folder / "0_seg.png", blocks(3))
    with pytest.raises(InputError, match=r"0_mask\.png and 0_seg\.png are maps of one photo"):
        FOLDER.records(tmp_path)


def test_names_that_end_like_those_of_label_maps_may_be_photos(tmp_path: Path) -> None:
    save(tmp_path / "zorro_mask.png", photo())
    save(tmp_path / "7.png", photo())
    assert [(record.name, set(record.files)) for record in FOLDER.records(tmp_path)] == [
        ("7", {"image"}),
        ("zorro_mask", {"image"}),
    ]


def declare(root: Path, *names: str, ignore: int | None = 255) -> LabelSet:
    label_set = LabelSet(names, tuple((9, 40 * n, 200) for n in range(len(names))), ignore=ignore)
    root.mkdir(parents=True, exist_ok=True)
    write_declared(root, label_set)
    return label_set


def test_declared_classes_are_those_of_the_prepared_set(tmp_path: Path) -> None:
    """Names, colours and the id to ignore; ids beyond are refused; and a new file means new maps."""
    root = tmp_path / "source"
    for number in range(2):
        save(root / "train" / "images" / f"{number}.png", photo(number))
        save(root / "train" / "labels" / f"{number}.png", blocks(np.array([0, 1, 2, 255]), number))
    assert prepare(FOLDER, root, tmp_path / "plain", workers=1).prepared.label_set is None
    first = declare(root, "sky", "sea", "land")
    made = prepare(FOLDER, root, tmp_path / "out", workers=2).prepared
    assert made.label_set == open_prepared(tmp_path / "out").label_set == first
    assert made.ids == (0, 1, 2, 255)
    time.sleep(0.02)  # until a file written now is later than all before
    second = declare(root, "heaven", "lake", "shore", "boat")
    again = prepare(FOLDER, root, tmp_path / "out", workers=1)
    assert (again.made, again.prepared.label_set) == (2, second)
    time.sleep(0.02)
    declare(root, "sky", "sea")
    with pytest.raises(InputError, match=r"holds id 2; the set has ids 0 to 1"):
        prepare(FOLDER, root, tmp_path / "out", workers=1)
    (root / "classes.json").write_text("{}")
    with pytest.raises(LabelError, match=r"classes\.json cannot be used"):
        prepare(FOLDER, root, tmp_path / "out", workers=1)


def test_cases_have_no_declared_classes(tmp_path: Path) -> None:
    """Their ids follow from the colours of each."""
    colours = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200]], np.uint8)
    save(tmp_path / "source" / "img.png", photo())
    save(tmp_path / "source" / "label.png", colours[blocks(3)])
    declare(tmp_path / "source", "sky", "sea")
    assert prepare(FOLDER, tmp_path / "source", tmp_path / "out", workers=1).prepared.label_set is None


def test_hidden_files_and_other_files_are_left_out(tmp_path: Path) -> None:
    save(tmp_path / "images" / "1.png", photo())
    save(tmp_path / "images" / ".2.png", photo())
    save(tmp_path / "images" / ".thumbnails" / "1.png", photo())
    (tmp_path / "images" / "Thumbs.db").write_bytes(b"0")
    assert only(FOLDER, tmp_path).name == "1"


def test_palette_files_give_their_indices(tmp_path: Path) -> None:
    ids = blocks(5)
    save(tmp_path / "images" / "1.png", photo())
    image = Image.fromarray(ids)
    image.putpalette([7] * 768)  # all of one colour: only the indices tell classes apart
    (tmp_path / "labels").mkdir()
    image.save(tmp_path / "labels" / "1.png")
    assert same(FOLDER.read(only(FOLDER, tmp_path)).labels, ids)


def test_a_rotated_pair_stays_a_pair(tmp_path: Path) -> None:
    """Both files say by EXIF that they lie on their side."""
    ids = blocks(5)
    exif = Image.Exif()
    exif[0x0112] = 6
    for folder, pixels in (("images", photo()), ("labels", ids)):
        (tmp_path / folder).mkdir()
        Image.fromarray(pixels).save(tmp_path / folder / "1.png", exif=exif)
    sample = FOLDER.read(only(FOLDER, tmp_path))
    assert same(sample.labels, np.rot90(ids, -1))
    assert np.array_equal(sample.picture, np.rot90(photo(), -1))


def test_ids_beyond_a_byte_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "images" / "1.png", photo())
    save(tmp_path / "labels" / "1.png", blocks(3).astype(np.uint16) * 1000)
    with pytest.raises(LabelError, match=r"holds 1000, 2000, which this data set does not have \(it has 0 to 255\)"):
        FOLDER.read(only(FOLDER, tmp_path))


def test_cases_take_their_classes_from_colours(tmp_path: Path) -> None:
    colours = np.array([[200, 30, 30], [30, 200, 30], [30, 30, 200]], np.uint8)
    ids = np.repeat([0, 0, 0, 1, 1, 2], 16)[None].repeat(64, 0)  # the largest class comes first
    for case in ("lake", "hill"):
        save(tmp_path / case / "img.jpg", photo(size=ids.shape))
        save(tmp_path / case / "label.png", colours[ids])
        save(tmp_path / case / "cond" / "1.png", colours[ids[:, ::-1]])
    records = FOLDER.records(tmp_path)
    assert [record.name for record in records] == ["hill", "lake"]
    assert records[0].files["layout:1"] == tmp_path / "hill" / "cond" / "1.png"
    assert same(FOLDER.read(records[0]).labels, ids)
    assert only(FOLDER, tmp_path / "lake").name == "lake"
    save(tmp_path / "hill" / "img.jpg", photo())
    with pytest.raises(SizeError, match="its map is 96x64"):
        FOLDER.read(records[0])
