"""`sembla prepare`: what it says, how it goes on, and what it refuses."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.small_set import tree
from tests.surfaces.support import Sembla, run_in_a_terminal

import sembla as library
from sembla.data.prepared import JOURNAL

COMMAND = (sys.executable, "-m", "sembla", "prepare")


def write_pairs(root: Path, count: int, *, split: str = "", side: int = 32) -> Path:
    """images/ and labels/ of noise and ids 0 to 2."""
    for number in range(count):
        rng = np.random.default_rng(number)
        for folder, pixels in (
            ("images", rng.integers(0, 256, (side, side, 3), np.uint8)),
            ("labels", rng.integers(0, 3, (side, side), np.uint8)),
        ):
            (root / split / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(root / split / folder / f"{number:04}.png")
    return root


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_pairs(tmp_path / "source", 5, split="train")
    return write_pairs(tmp_path / "source", 2, split="val")


def test_it_says_what_was_made_kept_changed_and_removed(sembla: Sembla, source: Path) -> None:
    first = sembla("prepare", "folder", source, "out", "--size", "16", "--workers", "1")
    assert (first.code, first.err) == (0, "")
    assert first.out.splitlines() == ["out: 7 pairs of folder (train 5, val 2)", "made 7, kept 0"]
    time.sleep(0.02)  # until a file written now is later than all before
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(source / "train" / "images" / "0001.png")
    for folder in ("images", "labels"):
        (source / "val" / folder / "0000.png").unlink()
    second = sembla("prepare", "folder", source, "out", "--size", "16", "--workers", "1")
    assert second.out.splitlines() == [
        "out: 6 pairs of folder (train 5, val 1)",
        "made 1, kept 5",
        "changed since the last time: train/0001",
        "removed, for their sources are gone: val/0000",
    ]


def test_json_is_one_object_and_the_set_can_be_opened(sembla: Sembla, source: Path) -> None:
    told = json.loads(sembla("prepare", "folder", source, "out", "--shards", "--workers", "1", "--json").out)
    assert told["counts"] == {"train": 5, "val": 2}
    assert (told["out"], told["kind"], told["pairs"], told["made"], told["kept"]) == ("out", "folder", 7, 7, 0)
    assert told["changed"] == told["removed"] == []
    prepared = library.open_prepared("out")
    assert (prepared.sha256, prepared.shard) == (told["sha256"], 512)
    batch = next(library.batches(prepared, "train", batch=5, size=(32, 32), seed=3))
    assert sorted(batch.names) == [f"train/{number:04}" for number in range(5)]


def test_pairs_without_splits_can_be_held_out(sembla: Sembla, tmp_path: Path) -> None:
    whole = write_pairs(tmp_path / "whole", 30)
    plain = json.loads(sembla("prepare", "folder", whole, "plain", "--workers", "1", "--json").out)
    assert plain["counts"] == {"all": 30}
    split = json.loads(sembla("prepare", "folder", whole, "split", "--hold-out", "20", "--workers", "1", "--json").out)
    assert set(split["counts"]) == {"train", "val"}
    assert sum(split["counts"].values()) == 30
    assert json.loads(Path("split/dataset.json").read_text())["hold_out"] == 20


def test_every_kind_is_in_the_help(sembla: Sembla) -> None:
    told = re.split(r"[^a-z0-9_]+", sembla("prepare", "--help").out)
    assert set(library.kinds()) <= set(told)


def test_what_cannot_be_prepared_is_one_line(sembla: Sembla, source: Path, tmp_path: Path) -> None:
    def complaint(*arguments: object) -> str:
        return sembla("prepare", *arguments).complaint

    assert "did you mean cityscapes?" in complaint("cityscape", source, "out")
    assert "the kinds are cityscapes, " in complaint("pictures", source, "out")
    assert complaint("folder", "gone", "out") == "gone: no such folder or file; check the path."
    (tmp_path / "empty").mkdir()
    assert "holds no picture" in complaint("folder", tmp_path / "empty", "out")
    assert "is not CelebAMask-HQ" in complaint("celebamask_hq", tmp_path / "empty", "out")
    assert "16 to 4096" in complaint("folder", source, "out", "--size", "3")
    assert "1 or more" in complaint("folder", source, "out", "--workers", "0")
    assert complaint("folder", source, "out", "--hold-out", "10").endswith("(train, val); leave out --hold-out.")
    assert complaint("celeba", source, "out").endswith(
        "source is not CelebA; expected img_align_celeba/000001.jpg and so on in it."
    )
    assert "between 0 and 100" in complaint("folder", source, "out", "--hold-out", "nan")
    assert "lies in the source" in complaint("folder", source, source / "out")
    assert "holds other files" in complaint("folder", source, tmp_path)
    (tmp_path / "file").write_text("")
    assert "is a file" in complaint("folder", source, tmp_path / "file")
    assert "SOURCE" in complaint("folder")
    assert not Path("out").exists()
    assert sembla("prepare", "folder", source, "out", "--size", "16", "--workers", "1").code == 0
    assert "with size 16, not with size 20;" in complaint("folder", source, "out", "--size", "20")
    told = complaint("folder", source, "out", "--size", "16", "--shards")
    assert "out was made without tars, not with tars of 512 pairs; choose another folder." in told
    write_pairs(tmp_path / "other", 3)
    assert "none of its 7 pairs is in" in complaint("folder", tmp_path / "other", "out", "--size", "16")


def test_pairs_that_cannot_be_read_are_named_and_the_others_made(sembla: Sembla, source: Path) -> None:
    path = source / "train" / "images" / "0002.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:300])
    told = sembla("prepare", "folder", source, "out", "--workers", "1").complaint
    assert "0002.png" in told
    assert "All other pairs are made" in told
    path.write_bytes(whole)
    assert sembla("prepare", "folder", source, "out", "--workers", "1").out.splitlines()[1] == "made 1, kept 6"


def test_a_label_map_of_another_size_is_named(sembla: Sembla, source: Path) -> None:
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(source / "val" / "labels" / "0001.png")
    told = sembla("prepare", "folder", source, "out", "--workers", "1").complaint
    assert "0001.png is 32x32, but its map is 8x8" in told


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_says_nothing_and_leaves_a_set_that_can_be_gone_on_with(sembla: Sembla, tmp_path: Path) -> None:
    """As the first worker starts, while both start (which takes a while: all packages are loaded), and at work."""
    source, out = write_pairs(tmp_path / "source", 30, side=256), tmp_path / "out"
    call = [*COMMAND, "folder", str(source), str(out), "--workers", "2"]

    def interrupt(*, late: float = 0.0, at_work: bool = False) -> None:
        with subprocess.Popen(
            call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as work:
            while not (list(out.rglob("*.webp")) if at_work else (out / JOURNAL).exists()):
                assert work.poll() is None, work.communicate()
                time.sleep(0.002)
            time.sleep(late)
            os.killpg(work.pid, signal.SIGINT)  # as a terminal does: to the workers as well
            told = work.communicate(timeout=60)
        assert (work.returncode, told) == (130, ("", ""))
        assert (out / JOURNAL).exists()

    for late in (0.0, 0.06, 0.12, 0.2):
        interrupt(late=late)
        if not list(out.rglob("*.webp")):
            shutil.rmtree(out)  # else the next would not be seen to begin
    interrupt(at_work=True)
    again = subprocess.run(call, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stderr) == (0, "")
    assert sembla("prepare", "folder", source, tmp_path / "whole", "--workers", "1").code == 0
    assert tree(out) == tree(tmp_path / "whole")


def test_one_pair_and_names_that_are_no_text(sembla: Sembla, tmp_path: Path) -> None:
    write_pairs(tmp_path / "one", 1)
    assert sembla("prepare", "folder", "../one", "out", "--workers", "1").out.startswith(
        "out: 1 pair of folder (all 1)"
    )
    if sys.platform == "linux":  # other systems have no such names
        for folder in ("images", "labels"):
            path = tmp_path / "one" / folder / "0000.png"
            path.rename(path.with_name(os.fsdecode(b"\xe9.png")))
        for shards in ([], ["--shards"]):
            told = sembla("prepare", "folder", "../one", "out2", *shards, "--workers", "1").complaint
            assert r"'\udce9' cannot name a file" in told
        assert not Path("out2").exists()


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_a_terminal_sees_how_far_it_is(source: Path, tmp_path: Path) -> None:
    told, seen = run_in_a_terminal("prepare", "folder", source, tmp_path / "out", "--workers", "1", "--json")
    assert told["pairs"] == 7
    assert b"preparing" in seen
    assert b"7/7" in seen
