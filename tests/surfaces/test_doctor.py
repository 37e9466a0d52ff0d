"""`sembla doctor`: its report, its exit codes, its JSON, its mended copies, and advice that really runs."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.doctor.support import label_maps, make_faces, make_set, photos, read, write
from tests.data.doctor.test_faults import SEEDS, Seed, snapshot
from tests.surfaces.support import Sembla

import sembla as library
from sembla.data.labelsets import CELEBAMASK_HQ_TO_PARSING

TOLD = [name for name in SEEDS if name != "once jpeg"]  # which takes long, and is mended as "jpeg" is


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return make_set(tmp_path / "set")


def test_a_clean_set(sembla: Sembla, clean: Path) -> None:
    outcome = sembla("doctor", clean)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "18 pairs of photo and label map: nothing wrong was found.\n"
    assert json.loads(sembla("doctor", clean, "--json").out) == {"pairs": 18, "kind": None, "faults": []}
    fixed = sembla("doctor", clean, "--fix", "copy")
    assert (fixed.code, fixed.out, Path("copy").exists()) == (0, outcome.out, False)


@pytest.mark.parametrize("seed", [SEEDS[name] for name in TOLD], ids=TOLD)
def test_each_fault_is_told_and_advice_that_is_a_command_runs(sembla: Sembla, tmp_path: Path, seed: Seed) -> None:
    root = make_set(tmp_path / "a set", side=seed.side)
    seed.plant(root)
    before = snapshot(root)
    outcome = sembla("doctor", root, "--json")
    assert (outcome.code, outcome.err) == (1, "")
    told = json.loads(outcome.out)
    assert set(told) == {"pairs", "kind", "faults"}
    (fault,) = told["faults"]
    assert set(fault) == {"code", "sentence", "files", "advice"}
    assert fault["code"] == seed.code
    assert all(Path(path).exists() for path in fault["files"])
    assert fault["advice"].startswith("sembla ") == seed.mended
    if seed.mended:
        command, writes, _ = fault["advice"].partition(" writes a copy in which ")
        assert writes
        program, *arguments = shlex.split(command)
        assert program == "sembla"
        fixed = sembla(*arguments)
        assert fixed.code == 0, fixed.out
        assert sembla("doctor", arguments[-1]).code == 0
    assert snapshot(root) == before


@pytest.mark.parametrize("code", ["celebamask_order", "left_right"])
def test_advice_for_faces_runs(sembla: Sembla, tmp_path: Path, code: str) -> None:
    faces = make_faces(tmp_path / "faces")
    for path in [*photos(faces)[:3], *label_maps(faces)[:3]] if code == "left_right" else label_maps(faces)[:3]:
        pixels = read(path)
        write(path, pixels[:, ::-1].copy() if code == "left_right" else CELEBAMASK_HQ_TO_PARSING(pixels))
    for kind in ([], ["--as", "celebamask_hq"]):
        (fault,) = json.loads(sembla("doctor", faces, *kind, "--json").out)["faults"]
        assert fault["code"] == code
        assert sembla(*shlex.split(fault["advice"].partition(" writes ")[0])[1:]).code == 0


def test_exit_codes_of_a_process(clean: Path, tmp_path: Path) -> None:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        call = [sys.executable, "-m", "sembla", "doctor", *map(str, arguments)]
        return subprocess.run(call, capture_output=True, text=True, check=False)

    whole = run(clean, "--json")
    assert (whole.returncode, whole.stderr, json.loads(whole.stdout)) == (
        0,
        "",
        {"pairs": 18, "kind": None, "faults": []},
    )
    SEEDS["from 1"].plant(clean)
    faulty = run(clean, "--json")
    assert (faulty.returncode, faulty.stderr, len(json.loads(faulty.stdout)["faults"])) == (1, "", 1)
    assert run(clean, "--fix", tmp_path / "copy").returncode == 0
    nothing = run(tmp_path / "gone", "--json")
    assert (nothing.returncode, nothing.stdout) == (2, "")


def test_text_names_code_files_and_advice(sembla: Sembla, clean: Path) -> None:
    SEEDS["empty"].plant(clean)
    outcome = sembla("doctor", clean)
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "18 pairs of photo and label map: 1 fault found.",
        "",
        "1. 1 file is empty: no bytes at all. [empty_files]",
        f"   - {clean / 'train' / 'labels' / 'train02.png'}",
        f"   sembla doctor {clean} --fix {clean}-mended writes a copy in which its pair is left out. Or copy or "
        "download the files again.",
    ]


def test_the_mended_copy_and_what_is_left_are_told(sembla: Sembla, clean: Path) -> None:
    SEEDS["from 1"].plant(clean)
    SEEDS["empty"].plant(clean)
    SEEDS["grey"].plant(clean)
    outcome = sembla("doctor", clean, "--fix", "copy")
    assert outcome.code == 1
    assert "copy is a mended copy of 17 pairs: 17 files were mended, 1 pair was left out." in outcome.out
    assert "left to you: 3 of 17 photos are grey" in outcome.out
    quiet = sembla("doctor", clean, "--fix", "copy2", "--json")
    assert (quiet.code, len(json.loads(quiet.out)["faults"])) == (1, 3)
    assert [line.partition(":")[0] for line in quiet.err.splitlines()] == ["sembla"] * 2
    assert "sembla: note: left to you: 3 of 17" in quiet.err


def test_what_nothing_can_mend_writes_nothing(sembla: Sembla, clean: Path) -> None:
    SEEDS["grey"].plant(clean)
    outcome = sembla("doctor", clean, "--fix", "copy")
    assert outcome.code == 1
    assert "copy was not written: nothing of this can be mended without you." in outcome.out
    assert not Path("copy").exists()


def test_the_kind_says_which_ids_there_may_be(sembla: Sembla, tmp_path: Path) -> None:
    faces = make_faces(tmp_path / "faces")
    assert sembla("doctor", faces, "--as", "celebamask_hq").code == 0
    ids = read(label_maps(faces)[0]).copy()
    ids[:9] = 40
    write(label_maps(faces)[0], ids)
    outcome = sembla("doctor", faces, "--as", "celebamask_hq", "--json")
    assert json.loads(outcome.out)["kind"] == "celebamask_hq"
    (fault,) = json.loads(outcome.out)["faults"]
    assert (outcome.code, fault["code"]) == (1, "beyond_count")
    assert "--as celebamask_hq" in fault["advice"]
    assert sembla(*shlex.split(fault["advice"].partition(" writes ")[0])[1:]).code == 0


def test_advice_never_names_a_place_that_is_taken_or_inside(
    sembla: Sembla, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SEEDS["empty"].plant(clean)
    monkeypatch.chdir(clean)
    assert sembla("doctor", ".", "--fix", "../set-mended").code == 0
    (fault,) = json.loads(sembla("doctor", ".", "--json").out)["faults"]
    command = fault["advice"].partition(" writes ")[0]
    assert command == "sembla doctor . --fix ../set-mended-2"
    assert sembla(*shlex.split(command)[1:]).code == 0
    monkeypatch.chdir(clean / "train")
    assert "--fix ../../set-mended-3 " in sembla("doctor", "..").out


def test_what_cannot_be_examined_is_one_line(sembla: Sembla, clean: Path, tmp_path: Path) -> None:
    assert sembla("doctor", "gone").complaint == "gone: no such folder; check the path."
    assert "is a file" in sembla("doctor", label_maps(clean)[0]).complaint
    (tmp_path / "empty").mkdir()
    assert "holds no picture" in sembla("doctor", tmp_path / "empty", "--json").complaint
    assert "did you mean cityscapes?" in sembla("doctor", clean, "--as", "cityscape").complaint
    assert "has no label maps" in sembla("doctor", clean, "--as", "celeba").complaint
    alone = tmp_path / "alone"
    alone.mkdir()
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(alone / "a.jpg")
    assert "no label maps that could be told" in sembla("doctor", alone).complaint
    (clean / "classes.json").write_text("[]")
    assert "classes.json cannot be used" in sembla("doctor", clean).complaint


def test_a_place_for_the_copy_is_checked_before_the_work(sembla: Sembla, clean: Path, tmp_path: Path) -> None:
    photos(clean)[0].unlink()
    for place, words in (
        (clean / "copy", "never touched"),
        (tmp_path, "exists already"),
        ("no/such/copy", "is no folder"),
    ):
        assert words in sembla("doctor", clean, "--fix", place).complaint
    assert sembla("doctor", clean, "--fix", "copy").code == 0


def test_one_pair_and_a_prepared_set_are_examined(sembla: Sembla, clean: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    for folder, path in (("images", photos(clean)[0]), ("labels", label_maps(clean)[0])):
        (one / folder).mkdir(parents=True)
        (one / folder / "a.png").write_bytes(path.read_bytes())
    assert sembla("doctor", one).out.startswith("1 pair of photo and label map: nothing wrong")
    assert sembla("prepare", "folder", clean, "out", "--workers", "1").code == 0
    assert sembla("doctor", "out").code == 0
    assert "out is a prepared set, of which no mended copy is made." in sembla("doctor", "out", "--fix", "x").complaint


def test_python_finds_the_same(sembla: Sembla, clean: Path, tmp_path: Path) -> None:
    SEEDS["from 1"].plant(clean)
    report = library.examine(clean)
    told = json.loads(sembla("doctor", clean, "--json").out)
    assert [fault["sentence"] for fault in told["faults"]] == [fault.sentence for fault in report.faults]
    mended = library.repair(clean, tmp_path / "copy", report)
    assert (mended.pairs, mended.files, mended.left_out) == (18, 18, 0)
