"""Pictures of folders and prepared sets by name, and work in threads ahead of its taker."""

import hashlib
import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.small_set import SMALL, make_source, read, records
from tests.evaluation.photo_folders import crop, halves, write

from sembla.core.errors import ImageError, InputError, LabelError
from sembla.data.loading import ahead
from sembla.data.prepare import prepare
from sembla.evaluation.reading import contents, find_maps, open_set, picture_sha256, read_label_map
from sembla.imaging.folders import natural
from sembla.imaging.sheet import contact_sheet


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("source"), train=12, val=2)


@pytest.fixture(scope="module", params=[None, 5])
def prepared(source: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The set in single files, and in tars."""
    return prepare(SMALL, source, tmp_path_factory.mktemp("out"), shard=request.param, workers=1).prepared.root


def test_a_folder_is_walked_down_in_natural_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("10.png", "2.jpg", "a/1.webp", ".hidden.png", ".git/3.png"):
        write(tmp_path / name, crop(0))
    (tmp_path / "notes.txt").write_text("no picture")
    found = open_set(tmp_path)
    assert list(found.entries) == ["2", "10", "a/1"]
    assert found.entries["2"].file == tmp_path / "2.jpg"
    assert np.array_equal(found.entries["10"].read()[0], crop(0))


def test_numbers_count_in_the_order_and_case_does_not() -> None:
    assert sorted(["b10", "B9", "a", "b9x", "10", "9"], key=natural) == ["9", "10", "a", "B9", "b9x", "b10"]


def test_grey_and_alpha_pictures_become_rgb(tmp_path: Path) -> None:
    Image.fromarray(crop(0)[..., 0]).save(tmp_path / "grey.png")
    Image.fromarray(np.dstack([crop(0), np.zeros((48, 48), np.uint8)])).save(tmp_path / "clear.png")
    entries = open_set(tmp_path).entries
    assert np.array_equal(entries["grey"].read()[0], np.repeat(crop(0)[..., :1], 3, axis=2))
    assert (entries["clear"].read()[0] == 255).all()


def test_a_prepared_set_gives_its_pictures_maps_landmarks_and_classes(source: Path, prepared: Path) -> None:
    found = open_set(prepared)
    assert found.prepared
    assert found.label_set == SMALL.label_set
    originals = {record.name: read(record) for record in records(source)}
    assert list(found.entries) == sorted(originals, key=natural)
    for name in reversed(list(found.entries)):  # any order will do
        picture, labels = found.entries[name].read()
        sample = originals[name]
        assert np.array_equal(picture, sample.picture)
        assert labels is not None
        assert sample.labels is not None
        assert np.array_equal(labels, sample.labels)
        assert sample.landmarks is not None
        np.testing.assert_allclose(found.entries[name].landmarks, sample.landmarks, atol=1e-5)
        assert found.entries[name].has_labels


def test_a_split_is_a_part_of_a_prepared_set_and_a_folder_in_a_folder(prepared: Path, tmp_path: Path) -> None:
    assert list(open_set(prepared, "val").entries) == ["val.0", "val.1"]
    with pytest.raises(InputError, match=r"'dev'.*'train', 'val'"):
        open_set(prepared, "dev")
    write(tmp_path / "val" / "x.png", crop(0))
    assert list(open_set(tmp_path, "val").entries) == ["x"]
    with pytest.raises(InputError, match="no folder 'test'"):
        open_set(tmp_path, "test")


def test_files_are_known_where_there_are_any(prepared: Path) -> None:
    sharded = json.loads((prepared / "dataset.json").read_text())["shard"]
    entry = open_set(prepared).entries["val/val.0"]
    for file in (entry.file, entry.labels_file):
        assert (file is None) if sharded else (file is not None and file.is_file())


def test_folders_that_hold_nothing_to_score_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, told in (("empty", "holds no picture"), ("nowhere", "no such folder")):
        with pytest.raises(InputError, match=rf"{folder}\W.*{told}|{folder} {told}"):
            open_set(tmp_path / folder)
    with pytest.raises(InputError, match="holds no label map"):
        find_maps(tmp_path / "empty")
    with pytest.raises(InputError, match="no such folder of label maps"):
        find_maps(tmp_path / "nowhere")


def test_pictures_beside_label_maps_and_two_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "set" / "images" / "1.png", crop(0))
    write(tmp_path / "set" / "labels" / "1.png", halves())
    with pytest.raises(InputError, match=r"give .*images, and .*labels as label maps"):
        open_set(tmp_path / "set")
    write(tmp_path / "two" / "1.png", crop(0))
    write(tmp_path / "two" / "1.jpg", crop(0))
    with pytest.raises(InputError, match="one name"):
        open_set(tmp_path / "two")


def test_half_made_and_damaged_sets_are_refused(prepared: Path, tmp_path: Path) -> None:
    (tmp_path / ".prepare.jsonl").touch()
    with pytest.raises(InputError, match="half made"):
        open_set(tmp_path)
    shards = list((prepared / "shards").glob("*.tar"))
    for tar in shards:
        whole = tar.read_bytes()
        tar.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(InputError, match=tar.name):
            open_set(prepared)
        tar.write_bytes(whole)


def test_what_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture at all")
    with pytest.raises(ImageError, match=r"broken\.png"):
        open_set(tmp_path).entries["broken"].read()
    write(tmp_path / "colours.png", crop(0))
    with pytest.raises(LabelError, match=r"colours\.png holds colours"):
        read_label_map(tmp_path / "colours.png")
    assert np.array_equal(read_label_map(write(tmp_path / "ids.png", halves())), halves())


def test_work_ahead_keeps_the_order_and_holds_few_results() -> None:
    running: list[int] = []
    lock = threading.Lock()

    def work(number: int) -> int:
        with lock:
            running.append(number)
        return number * number

    for taken, result in enumerate(ahead(work, range(100), threads=3, most=7), 1):
        assert result == (taken - 1) ** 2
        with lock:
            assert len(running) <= taken + 7
    assert sorted(running) == list(range(100))


def test_an_error_in_a_thread_comes_in_its_turn_and_ends_the_work() -> None:
    def work(number: int) -> int:
        if number == 5:
            raise InputError("the fifth")
        return number

    taken: list[int] = []
    with pytest.raises(InputError, match="the fifth"):
        taken.extend(ahead(work, range(1000), threads=2, most=4))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sembla-loading")]


def test_contents_follow_names_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        for name in ("2", "10", "a b/ü"):
            write(tmp_path / folder / f"{name}.png", crop(len(name)))
    one, other = (
        {name: entry.file for name, entry in open_set(tmp_path / folder).entries.items() if entry.file}
        for folder in ("one", "other")
    )
    assert picture_sha256(one["2"]) == hashlib.sha256(one["2"].read_bytes()).hexdigest()
    assert contents(one) == contents(other) == contents(dict(reversed(other.items())))
    assert contents(one) == contents({name: picture_sha256(file) for name, file in one.items()})
    assert contents({"3" if name == "2" else name: file for name, file in one.items()}) != contents(one)
    assert contents({name: one[name] for name in ("2", "10")}) != contents(one)
    write(other["2"], crop(77))
    assert contents(one) != contents(other)
    with pytest.raises(InputError, match="gone"):
        contents({"gone": tmp_path / "gone"})


def test_contact_sheets_are_no_pictures_of_a_set_but_what_is_merely_called_so_is(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "made" / f"{number}.png", crop(number))
    sheet = contact_sheet([[crop(0), crop(1)]], headings=("layout", "result"), cell=60)
    write(tmp_path / "made" / "sheet.png", sheet)
    found = open_set(tmp_path / "made")
    assert (set(found.entries), found.sheets) == ({"0", "1", "2"}, (tmp_path / "made" / "sheet.png",))
    write(tmp_path / "made" / "3.png", sheet)  # by its name it is a picture
    write(tmp_path / "made" / "sheet.png", crop(4))
    found = open_set(tmp_path / "made")
    assert (set(found.entries), found.sheets) == ({"0", "1", "2", "3", "sheet"}, ())
