"""The folder of runs: what its files tell, which names are taken, and where it lies."""

import json
import os
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.support import packed
from tests.surfaces.support import COLOURS, layout, photo

from sembla import api
from sembla.core.errors import LabelError, OutputError, SizeError
from sembla.studio.cases import write_case
from sembla.studio.runs import Run, RunStore, UnknownRunError, default_runs
from sembla.studio.wire import TrainRequest

NAMES = ("sky", "grass", "sun")
ENTRIES = [
    {"name": name, "colour": "#" + bytes(colour).hex()} for name, colour in zip(NAMES, COLOURS.tolist(), strict=True)
]


def wanted(**changes: Any) -> TrainRequest:
    plain = {"name": "My photo.JPG", "classes": ENTRIES, "labels": packed(layout(6)), "steps": 7}
    return TrainRequest.model_validate(plain | changes)


def added(store: RunStore, *, identity: str = "0" * 32, **changes: Any) -> Run:
    request = wanted(**changes)
    with store.adding(request.name) as folder:
        write_case(folder, photo(), request, photo=identity, recipe="fast")
    return store.find(folder.name)


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def write_log(run: Run, *lines: object, cut: str = "") -> None:
    run.root.mkdir(exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (run.root / "log.jsonl").write_text(text + cut)


def test_no_folder_is_made_before_the_first_run(store: RunStore) -> None:
    assert store.all() == []
    assert not store.folder.exists()
    run = added(store)
    assert [found.name for found in store.all()] == [run.name]
    assert run.name.startswith("my-photo-2")


def test_a_case_is_read_with_the_classes_that_the_record_names(store: RunStore) -> None:
    run = added(store, layout=packed(layout(30)))
    assert run.record is not None
    assert run.record.labels == zlib.crc32(layout(6).tobytes())
    read = api.read_analogy(run.case / "img.png", run.case / "label.png", [run.case / "cond" / "layout.png"])
    (task,) = read.tasks
    assert np.array_equal(task.picture, photo())
    named = np.array([NAMES.index(entry.name) for entry in run.record.classes], np.uint8)
    assert np.array_equal(named[task.labels], layout(6))
    assert np.array_equal(named[task.layout], layout(30))


@pytest.mark.parametrize("kind", ["similar colours", "specks", "unused classes"])
def test_every_class_is_learned_however_small_or_alike(store: RunStore, kind: str) -> None:
    labels, entries = layout(6), [dict(entry) for entry in ENTRIES]
    if kind == "similar colours":
        entries[1]["colour"], entries[2]["colour"] = "#3c78dd", "#3c79dc"  # a level beside the sky
    elif kind == "specks":
        labels[3, 50] = 3
        entries.append({"name": "bird", "colour": "#5a90c8"})
    else:
        labels[labels == 1] = 3
        entries.append({"name": "sand", "colour": "#c0a060"})
    run = added(store, classes=entries, labels=packed(labels))
    assert run.record is not None
    read = api.read_own_labels(photo(), run.case / "label.png").labels
    named = np.array([[entry["name"] for entry in entries].index(each.name) for each in run.record.classes], np.uint8)
    assert np.array_equal(named[read], labels)


def test_what_cannot_be_learned_leaves_no_folder(store: RunStore) -> None:
    with pytest.raises(SizeError, match="40x48"):
        added(store, labels=packed(layout(6)[:, :40].copy()))
    with pytest.raises(LabelError, match="id 2"):
        added(store, classes=ENTRIES[:2])
    with pytest.raises(LabelError, match="two classes or more"):
        added(store, labels=packed(np.ones_like(layout(6))))
    with pytest.raises(LabelError, match="same colour"):
        added(store, classes=[{**entry, "colour": "#000000"} for entry in ENTRIES])
    assert list(store.folder.iterdir()) == []


def test_a_layout_that_the_labels_do_not_allow_is_not_shown(store: RunStore) -> None:
    foreign = layout(30)
    foreign[40:] = 7
    assert not (added(store, layout=packed(foreign)).case / "cond").exists()
    assert not (added(store, layout=packed(layout(6))).case / "cond").exists()


def test_two_runs_of_one_second_have_two_names(store: RunStore) -> None:
    assert len({added(store).name for _ in range(3)}) == 3


@pytest.mark.parametrize("title", ["", "../../etc/passwd", "a/b\\c:d", "ÄÖÜ", "." * 200, "x" * 255, "con"])
def test_names_are_plain_whatever_the_photo_is_called(store: RunStore, title: str) -> None:
    run = added(store, name=title)
    assert run.folder.parent == store.folder
    assert set(run.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(run.name) < 70


@pytest.mark.parametrize("name", ["", ".", "..", "../secret", "/etc", "a/../b", ".hidden", "x" * 300, "a\0b", "secret"])
def test_only_names_of_the_list_are_found(store: RunStore, name: str) -> None:
    added(store)
    for place in (store.folder.parent / "secret", store.folder / ".hidden"):
        place.mkdir()
        (place / "method.json").write_text("{}")
    with pytest.raises(UnknownRunError, match="no run"):
        store.find(name)


def test_progress_is_read_from_the_log(store: RunStore) -> None:
    run = added(store)
    assert (run.step, run.speed(), run.usable, run.preview) == (0, None, False, None)
    timed = [{"step": 2 * n, "images": 6 * n, "seconds": 10.0 + 4 * n} for n in range(1, 5)]
    write_log(run, *timed, {"step": 8, "layout agreement": 0.5}, cut='{"step": 9, "ima')
    assert run.step == 8
    assert np.allclose(run.speed() or (), (2.0, 1.5))  # 4 s for 2 steps of 3 images


def test_a_run_that_stopped_between_two_lines_of_its_log_stands_where_its_checkpoint_does(store: RunStore) -> None:
    run = added(store)
    write_log(run, {"step": 5, "images": 5, "seconds": 1.0})
    (run.root / "checkpoints" / "00000007").mkdir(parents=True)
    (run.root / "checkpoints" / ".0a1b.part").mkdir()
    assert run.step == 7
    (run.root / "previews").mkdir()
    (run.root / "previews" / "00000005.png").write_bytes(b"sheet")
    assert run.preview == 5
    assert run.sheet(5) == b"sheet"
    with pytest.raises(UnknownRunError):
        run.sheet(6)


@pytest.mark.parametrize("log", [b"", b"\xff\xfe\x00", b"[]\n{}\n", b'{"step": "7"}\n', b'{"step": 3, "seconds": 1}\n'])
def test_a_damaged_log_tells_no_speed(store: RunStore, log: bytes) -> None:
    run = added(store)
    run.root.mkdir()
    (run.root / "log.jsonl").write_bytes(log)
    assert run.speed() is None
    assert run.step in {0, 3}


def test_runs_of_the_command_line_count_and_other_folders_do_not(store: RunStore) -> None:
    (store.folder / "mine" / "checkpoints").mkdir(parents=True)
    (store.folder / "something else").mkdir()
    (store.folder / "empty").mkdir()
    described = {"recipe": "semia", "config": {"palette": COLOURS.tolist()}}
    (store.folder / "mine" / "method.json").write_text(json.dumps(described))
    (run,) = store.all()
    assert (run.name, run.usable, run.record, run.root) == ("mine", False, None, store.folder / "mine")
    assert [entry.colour for entry in run.classes()] == [entry["colour"] for entry in ENTRIES]
    (run.root / "weights.safetensors").touch()
    assert run.usable


@pytest.mark.parametrize(
    "text", ["", "[]", '{"config": []}', '{"config": {"palette": 3}}', '{"config": {"palette": [[-1]]}}']
)
def test_a_damaged_description_names_no_classes(store: RunStore, text: str) -> None:
    (store.folder / "mine").mkdir(parents=True)
    (store.folder / "mine" / "method.json").write_text(text)
    assert store.find("mine").classes() == []


def test_a_deleted_run_is_gone(store: RunStore) -> None:
    first, second = added(store), added(store)
    store.remove(first)
    assert [path.name for path in store.folder.iterdir()] == [second.name]
    with pytest.raises(OutputError, match="by hand"):
        store.remove(first)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs permissions that bind the user")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="--runs"):
        added(RunStore(tmp_path / "shut" / "runs"))


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="--runs"):
        added(RunStore(tmp_path / "file" / "runs"))


@pytest.mark.skipif(sys.platform != "linux", reason="the folder is another elsewhere")
def test_runs_lie_among_the_data_of_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_runs({"XDG_DATA_HOME": "/data"}) == Path("/data/sembla/runs")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_runs({}) == tmp_path / ".local" / "share" / "sembla" / "runs"
