"""Streets, scenes and facades: files written as the makers of each set lay them out, and read back.

Cityscapes, ADE20K and COCO-Stuff are also read from genuine files (`test_kinds.py`). No genuine file of the originals
of CamVid and of the CMP facades, or of pix2pix's joined pairs, is at hand: those here are ours, in the same format.
"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.catalog.support import DATA, blocks, check_records, check_sample, needs_data, only, photo, same, save

from sembla.core.errors import ImageError, InputError, LabelError, SizeError
from sembla.core.types import LabelMap
from sembla.data.catalog import KINDS
from sembla.data.labelsets import CAMVID_11, CAMVID_32, FACADES_12
from sembla.data.records import Record


def cityscapes(root: Path, split: str, name: str, stored: LabelMap | None) -> None:
    """One frame; no maps for None."""
    city = name.partition("_")[0]
    save(root / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png", photo())
    if stored is not None:
        truth = root / "gtFine" / split / city
        save(truth / f"{name}_gtFine_labelIds.png", stored)
        save(truth / f"{name}_gtFine_color.png", photo())
        save(truth / f"{name}_gtFine_instanceIds.png", np.where(stored >= 24, stored * np.uint16(1000) + 7, stored))


def test_cityscapes_finds_pairs_by_city_and_lets_test_photos_stand_alone(tmp_path: Path) -> None:
    stored = blocks(34)
    cityscapes(tmp_path, "train", "aachen_000000_000019", stored)
    cityscapes(tmp_path, "train", "ulm_000000_000019", stored)
    cityscapes(tmp_path, "test", "berlin_000000_000019", None)
    records = KINDS["cityscapes"].records(tmp_path)
    check_records(KINDS["cityscapes"], records)
    assert [record.name for record in records] == [
        *("train/aachen/aachen_000000_000019", "train/ulm/ulm_000000_000019", "test/berlin/berlin_000000_000019"),
    ]
    sample = KINDS["cityscapes"].read(records[0])
    assert same(sample.labels, stored)
    assert sample.instances is not None
    assert sample.instances.max() == 33007
    assert KINDS["cityscapes_19"].read(records[-1]).labels is None
    cityscapes(tmp_path, "val", "bonn_000000_000019", None)
    with pytest.raises(InputError, match=r"bonn_000000_000019_leftImg8bit\.png has no label map"):
        KINDS["cityscapes"].records(tmp_path)


def test_ade20k_moves_ids_down_by_one(tmp_path: Path) -> None:
    root = tmp_path / "ADEChallengeData2016"
    stored = blocks(151, size=(96, 136))
    save(root / "images" / "training" / "ADE_train_00000001.jpg", photo(size=(96, 136)))
    save(root / "annotations" / "training" / "ADE_train_00000001.png", stored)
    record = only(KINDS["ade20k"], tmp_path)
    assert record.split == "train"
    labels = KINDS["ade20k"].read(record).labels
    assert labels is not None
    assert np.array_equal(labels == 255, stored == 0)
    assert np.array_equal(labels[stored > 0], stored[stored > 0] - 1)
    save(record.files["labels"], np.full((96, 136), 151, np.uint8))
    with pytest.raises(LabelError, match=r"holds 151, which this data set does not have \(it has 0 to 150\)"):
        KINDS["ade20k"].read(record)


def test_coco_stuff_is_read_in_the_layout_of_its_makers(tmp_path: Path) -> None:
    stored = blocks(np.array([0, 17, 90, 91, 181, 255]))
    save(tmp_path / "train2017" / "000000000009.jpg", photo())
    save(tmp_path / "stuffthingmaps_trainval2017" / "train2017" / "000000000009.png", stored)
    save(tmp_path / "images" / "val2017" / "000000000139.jpg", photo())
    save(tmp_path / "annotations" / "val2017" / "000000000139.png", stored)
    train, val = KINDS["coco_stuff"].records(tmp_path)
    assert (train.name, train.split, val.name, val.split) == (
        *("train/000000000009", "train", "val/000000000139", "val"),
    )
    for record in (train, val):
        assert same(KINDS["coco_stuff"].read(record).labels, stored)


GROUPS = {
    "sky": "Sky",
    "building": "Bridge Building Wall Tunnel Archway",
    "pole": "Column_Pole TrafficCone",
    "road": "Road LaneMkgsDriv LaneMkgsNonDriv",
    "pavement": "Sidewalk ParkingBlock RoadShoulder",
    "tree": "Tree VegetationMisc",
    "sign symbol": "SignSymbol Misc_Text TrafficLight",
    "fence": "Fence",
    "car": "Car SUVPickupTruck Truck_Bus Train OtherMoving",
    "pedestrian": "Pedestrian Child CartLuggagePram Animal",
    "bicyclist": "Bicyclist MotorcycleScooter",
}


def camvid(root: Path, drawn: LabelMap) -> Record:
    """One frame of the originals, its map drawn in the 32 colours."""
    save(root / "701_StillsRaw_full" / "0001TP_006690.png", photo(size=drawn.shape))
    save(root / "LabeledApproved_full" / "0001TP_006690_L.png", CAMVID_32.palette[drawn])
    return only(KINDS["camvid"], root)


def test_camvid_groups_the_colours_of_its_originals(tmp_path: Path) -> None:
    drawn = blocks(32, size=(64, 64))
    record = camvid(tmp_path, drawn)
    assert (record.name, record.split) == ("0001TP_006690", "")
    labels = KINDS["camvid"].read(record).labels
    assert labels is not None
    for coarse, fine in GROUPS.items():
        members = [CAMVID_32.names.index(name) for name in fine.split()]
        assert np.array_equal(labels == CAMVID_11.names.index(coarse), np.isin(drawn, members)), coarse
    assert np.array_equal(labels == 255, drawn == CAMVID_32.names.index("Void"))


def test_camvid_takes_a_few_stray_colours_for_the_void_but_no_blended_map(tmp_path: Path) -> None:
    record = camvid(tmp_path, blocks(32, size=(64, 64)))
    clean = KINDS["camvid"].read(record).labels
    path = record.files["colour map"]
    colours = np.array(Image.open(path))
    colours[3, 5] = (1, 2, 3)
    save(path, colours)
    labels = KINDS["camvid"].read(record).labels
    assert labels is not None
    assert clean is not None
    assert labels[3, 5] == 255
    assert (labels != clean).sum() == 1
    Image.fromarray(colours).resize((32, 32), Image.Resampling.BICUBIC).resize((64, 64)).save(path)
    with pytest.raises(LabelError, match="of its pixels have colours that CamVid does not use"):
        KINDS["camvid"].read(record)


def test_camvid_is_read_in_the_layout_of_segnet(tmp_path: Path) -> None:
    stored = blocks(12)
    for split in ("train", "test"):
        save(tmp_path / split / "0001TP_008550.png", photo())
        save(tmp_path / f"{split}annot" / "0001TP_008550.png", stored)
    records = KINDS["camvid"].records(tmp_path)
    check_records(KINDS["camvid"], records)
    assert [record.split for record in records] == ["train", "test"]
    assert same(KINDS["camvid"].read(records[0]).labels, np.where(stored == 11, 255, stored))


def test_facades_are_read_from_the_palette_files_of_the_makers(tmp_path: Path) -> None:
    """The indices count from 1; the colours of the palette, and the xml beside, play no part."""
    labels = blocks(12)
    image = Image.fromarray((labels + 1).astype(np.uint8))
    image.putpalette([0, 0, 0, *FACADES_12.palette.ravel().tolist()])
    for folder, letter in (("base", "b"), ("extended", "x")):
        path = save(tmp_path / folder / f"cmp_{letter}0001.jpg", photo())
        image.save(path.with_suffix(".png"))
        path.with_suffix(".xml").write_text("<objects/>")
    records = KINDS["facades"].records(tmp_path)
    check_records(KINDS["facades"], records)
    assert [record.name for record in records] == ["base/cmp_b0001", "extended/cmp_x0001"]
    assert same(KINDS["facades"].read(records[0]).labels, labels)
    assert [record.name for record in KINDS["facades"].records(tmp_path / "base")] == ["cmp_b0001"]


def test_joined_facades_are_cut_in_two(tmp_path: Path) -> None:
    labels, picture = blocks(12, size=(64, 64)), photo(size=(64, 64))
    joined = np.concatenate([picture, FACADES_12.palette[labels]], axis=1)
    for split in ("train", "val", "test"):
        save(tmp_path / split / "1.png", joined)
    records = KINDS["facades"].records(tmp_path)
    check_records(KINDS["facades"], records)
    assert [record.split for record in records] == ["train", "val", "test"]
    for record in records:
        check_sample(KINDS["facades"], record)
    sample = KINDS["facades"].read(records[0])
    assert np.array_equal(sample.picture, picture)
    assert same(sample.labels, labels)
    save(records[0].files["joined"], picture)
    with pytest.raises(SizeError, match="is 64x64; a joined pair is twice as wide as high"):
        KINDS["facades"].read(records[0])
    save(records[0].files["joined"], joined[:, ::-1])
    with pytest.raises(LabelError, match="of its right half has the colours of the facade database"):
        KINDS["facades"].read(records[0])


@pytest.mark.data
@needs_data
def test_joined_facades_survive_the_jpeg_that_pix2pix_gives_them(tmp_path: Path) -> None:
    """Real layouts drawn in CMP's colours and saved as JPEG: nearest colours alone would be right in 95 %."""
    root = DATA / "facades" / "test"
    truth = {path.stem: np.asarray(Image.open(path)) for path in sorted((root / "labels").glob("*.png"))[::10]}
    for number, labels in truth.items():
        picture = np.asarray(Image.open(root / "images" / f"{number}.jpg"))
        save(tmp_path / "test" / f"{number}.jpg", np.concatenate([picture, FACADES_12.palette[labels]], 1), quality=90)
    right = []
    for record in KINDS["facades"].records(tmp_path):
        read = KINDS["facades"].read(record).labels
        assert read is not None
        right.append(np.mean(read == truth[record.files["joined"].stem]))
    assert np.mean(right) > 0.98
    assert min(right) > 0.96


@pytest.mark.parametrize("name", ["cityscapes", "coco_stuff", "facades"])
def test_damaged_and_odd_files_are_named(name: str, tmp_path: Path) -> None:
    """The shared reader of pairs: sizes that differ, colours, numbers beyond a byte, a cut file, no file."""
    image, labels = tmp_path / "a.png", tmp_path / "b.png"
    record = Record("a", "", {"image": save(image, photo()), "labels": labels})
    read = KINDS[name].read
    save(labels, np.zeros((20, 20), np.uint8))
    with pytest.raises(SizeError, match=r"a.png is 64x48, but its map is 20x20"):
        read(record)
    save(labels, photo())
    with pytest.raises(LabelError, match=r"b.png holds colours"):
        read(record)
    save(labels, np.full((48, 64), 26001, np.uint16))
    with pytest.raises(LabelError, match=r"b.png holds 26001"):
        read(record)
    labels.write_bytes(image.read_bytes()[:200])
    with pytest.raises(ImageError, match=r"b.png cannot be read or is damaged"):
        read(record)
    labels.unlink()
    with pytest.raises(ImageError, match=r"b.png: no such file"):
        read(record)
