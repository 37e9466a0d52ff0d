"""What every kind keeps to, and the genuine files at hand."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from tests.data.catalog.support import DATA, check_records, check_sample, needs_data

from sembla.core.errors import InputError
from sembla.data.catalog import KINDS
from sembla.data.face_order import detect_celebamask_order
from sembla.data.labelsets import CELEBAMASK_HQ_19, COCO_STUFF_182
from sembla.imaging.io import read_picture

GENUINE = {
    # kind, folder below samples: entries in train, val, test and no split
    ("cityscapes", "cityscapes"): (2, 0, 0, 0),  # 23 maps have no photo there
    ("cityscapes_19", "cityscapes"): (2, 0, 0, 0),
    ("ade20k", "ade20k"): (0, 3, 0, 0),
    ("ade20k", "ade20k/ADEChallengeData2016"): (0, 3, 0, 0),
    ("coco_stuff", "coco_stuff_spade_layout"): (13, 8, 0, 0),
    ("folder", "coco_stuff_spade_layout"): (13, 8, 0, 0),
    ("celebamask_hq", "celebamask_hq/MaskGAN_demo_samples"): (0, 0, 0, 4),
    ("folder", "cityscapes_512x256"): (0, 0, 0, 8),
}
REDUCED = {
    # Whole sets in the plain layout, as their README counts them.
    ("camvid", "camvid"): (367, 101, 173, 0),
    ("folder", "camvid"): (367, 101, 173, 0),
    ("facades", "facades"): (400, 100, 106, 0),
    ("fasseg", "faces_parsing_fasseg"): (20, 0, 40, 0),
    ("celebamask_hq", "faces_parsing_celebamaskhq"): (0, 0, 0, 935),
    ("folder", "bedrooms/images_256"): (0, 0, 0, 40),
    ("celeba", "faces_aligned/celeba"): (0, 0, 0, 7000),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_can_be_sent_to_another_process(name: str) -> None:
    kind = KINDS[name]
    assert kind.name == name
    again = pickle.loads(pickle.dumps(kind))
    assert again.read is kind.read
    assert again.records is kind.records
    assert kind.summary.endswith(".")
    assert kind.licence.endswith(".")


@pytest.mark.parametrize("name", KINDS)
def test_a_folder_in_another_layout_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    for root in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match=root.name) as caught:
            KINDS[name].records(root)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"expected|has no folder"):
        KINDS[name].records(tmp_path)


def place(folder: str, tmp_path: Path) -> Path:
    """A folder of the samples; CelebA's is linked under its own name."""
    if folder == "faces_aligned/celeba":
        (tmp_path / "img_align_celeba").symlink_to(DATA / "faces_aligned" / "celeba_89x109")
        return tmp_path
    return DATA / "samples" / folder if (DATA / "samples" / folder).is_dir() else DATA / folder


@pytest.mark.data
@needs_data
@pytest.mark.parametrize(("name", "folder"), [*GENUINE, *REDUCED])
def test_reads_real_files(name: str, folder: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    records = kind.records(place(folder, tmp_path))
    expected = {**GENUINE, **REDUCED}[name, folder]
    splits = [record.split for record in records]
    assert tuple(splits.count(split) for split in ("train", "val", "test", "")) == expected
    check_records(kind, records)
    for record in records[:: max(1, len(records) // 12)]:
        check_sample(kind, record)


@pytest.mark.data
@needs_data
def test_instances_of_cityscapes_agree_with_its_labels() -> None:
    """Its instance values are the label, or 1000 times the label and a number."""
    for record in KINDS["cityscapes"].records(DATA / "samples" / "cityscapes"):
        sample = KINDS["cityscapes"].read(record)
        assert sample.instances is not None
        assert sample.labels is not None
        assert sample.instances.max() >= 1000
        from_instances = np.where(sample.instances >= 1000, sample.instances // 1000, sample.instances)
        assert np.array_equal(from_instances, sample.labels)


@pytest.mark.data
@needs_data
def test_instances_of_coco_never_span_two_things() -> None:
    """In SPADE's maps an instance lies within one class, but where annotators' things overlap."""
    for record in KINDS["coco_stuff"].records(DATA / "samples" / "coco_stuff_spade_layout"):
        sample = KINDS["coco_stuff"].read(record)
        assert sample.labels is not None
        assert sample.instances is not None
        things = sample.labels < COCO_STUFF_182.names.index("banner")
        pairs, counts = np.unique(
            np.stack([sample.instances[things], sample.labels[things]]), axis=1, return_counts=True
        )
        most = {value: counts[pairs[0] == value].max() / counts[pairs[0] == value].sum() for value in set(pairs[0])}
        assert np.median(list(most.values()) or [1]) > 0.9, record.name


@pytest.mark.data
@needs_data
def test_ade20k_counts_from_the_stored_one() -> None:
    """The first validation picture: wall 0 ... the file's values less one, 0 ignored."""
    from PIL import Image

    for record in KINDS["ade20k"].records(DATA / "samples" / "ade20k"):
        labels = KINDS["ade20k"].read(record).labels
        stored = np.asarray(Image.open(record.files["labels"])).astype(int)
        assert labels is not None
        assert np.array_equal(labels, (stored - 1) % 256)


@pytest.mark.data
@needs_data
def test_the_faces_of_maskgan_are_in_its_order_and_lie_on_their_photos() -> None:
    kind = KINDS["celebamask_hq"]
    for record in kind.records(DATA / "samples" / "celebamask_hq" / "MaskGAN_demo_samples"):
        sample = kind.read(record)
        assert sample.labels is not None
        assert read_picture(record.files["image"]).shape == (1024, 1024, 3)
        assert sample.picture.shape == (512, 512, 3)
        assert detect_celebamask_order([sample.labels]).label_set is CELEBAMASK_HQ_19
        red, _, blue = sample.picture[sample.labels == CELEBAMASK_HQ_19.names.index("skin")].mean(0)
        assert red > blue + 15
