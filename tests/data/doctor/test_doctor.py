"""The doctor as a whole: what it reads, what it refuses, what it says, and that it keeps its hands off the source."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.doctor.support import blobs, label_maps, make_set, photo_of, photos, read, write

from sembla.core.errors import InputError, LabelError, OutputError
from sembla.data.catalog import find_kind
from sembla.data.classes import write_declared
from sembla.data.doctor import as_json, check_place, examine, lines, repair
from sembla.data.doctor.pairs import find
from sembla.data.labelsets import ADE20K_150
from sembla.data.prepare import prepare
from sembla.data.prepared import JOURNAL

DATA = Path(__file__).parents[4] / "shared" / "data"

LAYOUTS = {
    "images and labels": ("images/a1.png", "labels/a1.png"),
    "splits outside": ("train/img/a1.png", "train/label/a1.png"),
    "splits inside": ("images/training/a1.png", "annotations/training/a1.png"),
    "SPADE's": ("train_img/a1.png", "train_label/a1.png"),
    "Cityscapes": ("leftImg8bit/train/x/x_1_leftImg8bit.png", "gtFine/train/x/x_1_gtFine_labelIds.png"),
    "SegNet's": ("train/a1.png", "trainannot/a1.png"),
    "VOC": ("JPEGImages/a1.jpg", "SegmentationClass/a1.png"),
    "suffix": ("a1.png", "a1_mask.png"),
    "two suffixes": ("a1.jpg", "a1.png"),
    "numbers": ("images/photo_0007.png", "labels/map_7.png"),
    "a case": ("img.png", "label.png"),
    "sorted order": ("images/apple.png", "labels/birch.png"),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_pairs_are_found_in_any_layout(tmp_path: Path, layout: tuple[str, str]) -> None:
    rng = np.random.default_rng(1)
    labels = blobs(rng)
    for name, pixels in zip(layout, (photo_of(labels, rng), labels), strict=True):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / name, pixels)
    finding = find(tmp_path)
    assert [(pair.image, pair.labels) for pair in finding.pairs] == [(tmp_path / layout[0], tmp_path / layout[1])]
    assert finding.lone_images == finding.lone_labels == ()
    assert finding.pairs[0].split == ("train" if "train" in layout[0] else "")


def test_instances_and_unlabelled_photos_are_no_label_maps(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    for other in ("instances", "unlabelled"):
        shutil.copytree(root / "train" / "images", root / "train" / other)
    report = examine(root)
    assert (report.pairs, report.faults) == (18, ())


def test_mending_takes_instances_along(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    shutil.copytree(root / "train" / "labels", root / "train" / "instances")
    label_maps(root)[0].unlink()
    repair(root, tmp_path / "mended", examine(root))
    assert len(list((tmp_path / "mended" / "train" / "instances").iterdir())) == 11


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    photo = tmp_path / "photos" / "x.jpg"
    photo.parent.mkdir()
    write(photo, np.zeros((32, 32, 3), np.uint8))
    for path, words in (
        (tmp_path / "nowhere", "no such folder"),
        (tmp_path / "empty", "holds no picture"),
        (photo.parent, "no label maps"),
        (photo, "is a file"),
    ):
        with pytest.raises(InputError, match=words):
            examine(path)
    root = make_set(tmp_path / "set")
    with pytest.raises(InputError, match="the kinds are"):
        examine(root, "cityscape")
    with pytest.raises(InputError, match="no label maps"):
        examine(root, "celeba")
    (root / "classes.json").write_text("[]")
    with pytest.raises(LabelError, match=r"classes\.json"):
        examine(root)


def test_a_report_as_json_and_as_lines(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    label_maps(root)[4].write_bytes(b"")
    report = examine(root)
    told = json.loads(json.dumps(as_json(report)))
    assert (told["pairs"], told["kind"]) == (18, None)
    assert [sorted(fault) for fault in told["faults"]] == [["advice", "code", "files", "sentence"]]
    assert told["faults"][0]["files"] == [str(root / "train" / "labels" / "train04.png")]
    text = "\n".join(lines(report))
    assert text.startswith("18 pairs of photo and label map: 1 fault found.")
    assert all(part in text for part in ("1 file is empty", "train04.png", "[empty_files]", "--fix"))


def test_several_faults_at_once(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    for path in label_maps(root):
        ids = (read(path) + 1).astype(np.uint8)
        ids[:4] = 255
        write(path, ids)
    photos(root)[0].write_text("no picture")
    report = examine(root)
    assert {fault.code for fault in report.faults} == {"unreadable", "off_by_one", "ignore_value"}
    assert repair(root, tmp_path / "mended", report).pairs == 17
    assert examine(tmp_path / "mended").faults == ()
    about = json.loads((tmp_path / "mended" / "classes.json").read_text())
    assert (len(about["classes"]), about["ignore"]) == (6, 255)


MAPS = {  # how a set names its files, and a value that its makers store and its prepared maps do not hold
    "ade20k": ("images/training/ADE_train_{:08}.jpg", "annotations/training/ADE_train_{:08}.png", 150),
    "coco_stuff": ("train_img/{:012}.jpg", "train_label/{:012}.png", 181),
    "cityscapes_19": ("leftImg8bit/train/x/x_{}_leftImg8bit.png", "gtFine/train/x/x_{}_gtFine_labelIds.png", 33),
}


def make_known(root: Path, kind: str) -> Path:
    """Six pairs with the names and ids of a known set; some pixels are of no class."""
    rng = np.random.default_rng(2)
    void = {"ade20k": 0, "coco_stuff": 255, "cityscapes_19": 4}[kind]
    image, labels, last = MAPS[kind]
    for number in range(6):
        ids = (blobs(rng) + 7).astype(np.uint8)
        ids[:6], ids[6:12] = void, last
        for name, pixels in ((image, photo_of(ids % 6, rng)), (labels, ids)):
            path = root / name.format(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, pixels)
    return root


@pytest.mark.parametrize("kind", MAPS)
def test_a_prepared_set_is_what_it_says_whatever_its_files_are_called(tmp_path: Path, kind: str) -> None:
    """Prepared ADE20K counts from 0 and ignores 255, but its names are those of the makers' files."""
    root = make_known(tmp_path / "raw", kind)
    assert examine(root).kind == kind.removesuffix("_19")
    prepare(find_kind(kind), root, tmp_path / "out", workers=1)
    for asked in (None, kind):
        report = examine(tmp_path / "out", asked)
        assert (report.pairs, report.kind, report.faults) == (6, kind, ())
    prepare(find_kind("folder"), make_plain(root, tmp_path / "plain"), tmp_path / "mine", workers=1)
    assert examine(tmp_path / "mine").kind == ""


def make_plain(root: Path, plain: Path) -> Path:
    """The pairs of a folder under their names, in images/ and labels/."""
    for pair in find(root).pairs:
        for folder, path in (("images", pair.image), ("labels", pair.labels)):
            (plain / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, plain / folder / f"{pair.labels.stem}{path.suffix}")
    return plain


def test_declared_classes_count_whatever_the_files_are_called(tmp_path: Path) -> None:
    root = make_plain(make_known(tmp_path / "raw", "ade20k"), tmp_path / "plain")
    for path in label_maps(root):
        write(path, read(path) - np.uint8(1))  # from 0, and 255 for none
    report = examine(root)
    assert (report.kind, report.faults[0].code) == ("ade20k", "ignore_value")
    write_declared(root, ADE20K_150)
    report = examine(root)
    assert (report.kind, [fault.code for fault in report.faults]) == ("", ["unseen_classes"])


def test_a_half_made_set_is_told_and_a_foreign_header_is_none(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    (root / "dataset.json").write_text('{"labels": null}')  # other programs have files of that name
    assert examine(root).faults == ()
    (root / JOURNAL).touch()
    with pytest.raises(InputError, match="half made"):
        examine(root)


def test_faults_of_a_prepared_set_are_mended_in_its_source(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    for path in label_maps(root):
        write(path, (read(path) + 1).astype(np.uint8))
    prepare(find_kind("folder"), root, tmp_path / "out", workers=1)
    report = examine(tmp_path / "out")
    assert [(fault.code, fault.remedies) for fault in report.faults] == [("off_by_one", ())]
    assert report.faults[0].advice == (
        "Mend what this set was made from (sembla doctor SOURCE --as KIND), and run sembla prepare again."
    )
    for refuse in (
        lambda: check_place(tmp_path / "out", tmp_path / "copy"),
        lambda: repair(tmp_path / "out", tmp_path / "copy", report),
    ):
        with pytest.raises(InputError, match=r"out is a prepared set, .* Mend what this set was made from"):
            refuse()
    assert not (tmp_path / "copy").exists()


def test_a_mended_copy_is_prepared_with_the_classes_it_declares(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set", classes=True)
    for path in label_maps(root):
        ids = read(path).copy()
        ids[:5] = 255
        write(path, ids)
    repair(root, tmp_path / "mended", examine(root))
    made = prepare(find_kind("folder"), tmp_path / "mended", tmp_path / "out", workers=1).prepared
    assert made.label_set is not None
    assert (made.label_set.names[0], made.label_set.count, made.label_set.ignore) == ("thing 0", 6, 255)
    assert examine(tmp_path / "out").faults == ()


def test_one_file_is_told_of_as_one(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    label_maps(root)[0].unlink()
    label_maps(root)[1].write_bytes(b"")
    advice = {fault.code: fault.advice for fault in examine(root).faults}
    assert "a copy in which it is left out." in advice["missing_partner"]
    assert "a copy in which its pair is left out." in advice["empty_files"]
    for path in label_maps(root)[1:3]:
        path.unlink()
    photos(root)[7].write_bytes(b"")
    photos(root)[8].write_bytes(b"")
    advice = {fault.code: fault.advice for fault in examine(root).faults}
    assert "a copy in which they are left out." in advice["missing_partner"]
    assert "a copy in which their pairs are left out." in advice["empty_files"]


def test_mending_refuses_a_place_that_is_taken_or_within_the_source(tmp_path: Path) -> None:
    root = make_set(tmp_path / "set")
    label_maps(root)[0].unlink()
    report = examine(root)
    repair(root, tmp_path / "mended", report)
    for place in (tmp_path / "mended", root / "mended", tmp_path / "no" / "folder"):
        with pytest.raises(OutputError):
            repair(root, place, report)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mended", "set"]


def test_nothing_half_mended_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_set(tmp_path / "set")
    label_maps(root)[0].unlink()
    report = examine(root)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OutputError, match="No space left"):
        repair(root, tmp_path / "mended", report)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_case_may_be_in_colour_and_is_mended_with_its_layouts(tmp_path: Path) -> None:
    from sembla import examples

    example = examples.load("coffee")
    root = tmp_path / "coffee"
    (root / "cond").mkdir(parents=True)
    write(root / "img.png", example.picture)
    colours = example.label_set.palette
    write(root / "label.png", colours[example.labels])
    for name, layout in example.layouts.items():
        write(root / "cond" / f"{name}.png", colours[layout])
    assert examine(root).faults == ()
    (root / "label.png").unlink()
    Image.fromarray(colours[example.labels]).save(root / "label.jpg", quality=90)
    report = examine(root)
    assert [fault.code for fault in report.faults] == ["jpeg_noise"]
    repair(root, tmp_path / "mended", report)
    assert examine(tmp_path / "mended").faults == ()
    assert len(list((tmp_path / "mended" / "cond").iterdir())) == len(example.layouts)


def test_progress_is_told_pair_by_pair(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    examine(make_set(tmp_path / "set"), on_pair=lambda done, of: told.append((done, of)))
    assert told == [(number, 18) for number in range(1, 19)]


def test_the_doctor_does_without_pytorch() -> None:
    code = "import sys; sys.modules['torch'] = None; import sembla.data.doctor"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0


KNOWN = {
    ("camvid", None): [],
    ("camvid", "camvid"): [],
    ("facades", None): [],
    ("facades", "facades"): [],
    ("faces_parsing_fasseg/train", "fasseg"): [],
    ("faces_parsing_fasseg", None): ["duplicates"],  # five photos are, byte for byte, in train and test
    ("faces_parsing_celebamaskhq", "celebamask_hq"): ["left_right"],  # 62 maps name the eyes the other way round
    ("samples/ade20k", None): [],
    ("samples/celebamask_hq", None): [],
    ("samples/celebamask_hq", "celebamask_hq"): [],
    ("samples/cityscapes_512x256", None): [],
    ("samples/cityscapes", None): ["missing_partner"],  # photos come with two of the maps only
    ("samples/coco_stuff_spade_layout", None): ["grey_images"],  # one photo is grey
    ("single_image", None): ["jpeg_noise"],  # semia_hill/label.jpg
}
LARGE = {("camvid", None), ("camvid", "camvid"), ("facades", None), ("faces_parsing_celebamaskhq", "celebamask_hq")}


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not at ../shared/data")
@pytest.mark.parametrize(
    ("folder", "kind"), [pytest.param(*known, marks=[pytest.mark.slow] * (known in LARGE)) for known in KNOWN]
)
def test_real_sets_show_the_faults_they_have_and_no_others(folder: str, kind: str | None) -> None:
    assert [fault.code for fault in examine(DATA / folder, kind).faults] == KNOWN[folder, kind]
