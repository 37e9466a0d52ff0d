"""`sembla evaluate KIND`: scores of sets, reports, comparisons and user studies."""

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.surfaces.support import COLOURS, Sembla, layout, photo, run_in_a_terminal

import sembla as library

KINDS = ("folders", "cases", "sequences", "variations", "inpaint", "analogy", "compare", "study", "answers")


def save(path: Path, array: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def noisy(seed: int, strength: int = 20) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).integers(-strength, strength + 1, (48, 64, 3))
    made: NDArray[np.uint8] = np.clip(photo() + noise, 0, 255).astype(np.uint8)
    return made


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """real/N.png, near/N.png with a little noise and far/N.png with much; masks/N.png."""
    hole = np.zeros((48, 64), np.uint8)
    hole[10:40, 10:40] = 255
    for number in range(6):
        save(tmp_path / "real" / f"{number}.png", noisy(number, 0))
        save(tmp_path / "near" / f"{number}.png", noisy(number, 5))
        save(tmp_path / "far" / f"{number}.png", noisy(number, 60))
        save(tmp_path / "masks" / f"{number}.png", hole)
    return tmp_path


def values(out: str) -> dict[str, float]:
    """The scores of what --json printed."""
    return {score["name"]: float(score["value"]) for score in json.loads(out)["scores"]}


def test_help_lists_every_kind_and_explains_each(sembla: Sembla) -> None:
    overview = sembla("evaluate", "--help")
    assert (overview.code, overview.err) == (0, "")
    assert "evaluate" in sembla("--help").out
    for kind in KINDS:
        assert f"• {kind} " in overview.out
        outcome = sembla("evaluate", kind, "--help")
        assert (outcome.code, outcome.err) == (0, "")
        assert f"sembla evaluate {kind}" in outcome.out


def test_folders_say_what_python_computes(sembla: Sembla, sets: Path) -> None:
    outcome = sembla("evaluate", "folders", sets / "near", sets / "real", "--json")
    assert outcome.code == 0
    told = json.loads(outcome.out)
    found = library.evaluate_folders(sets / "near", sets / "real")
    assert values(outcome.out) == {score.name: score.value for score in found.scores}
    assert (told["kind"], told["out"], told["notes"]) == ("folders", None, list(found.notes))
    assert all(f"sembla: note: {note}" in outcome.err for note in found.notes)
    text = sembla("evaluate", "folders", sets / "near", sets / "real").out
    (line,) = (line for line in text.splitlines() if line.startswith("psnr"))
    psnr = next(score for score in found.scores if score.name == "psnr")
    assert f"{psnr.value:.2f} ± {psnr.spread:.2f}" in line
    assert "dB" in line
    assert "higher is better" in line
    assert "6 pictures against 6" in text


def test_an_analogy_is_scored_from_the_folder_that_it_wrote(sembla: Sembla, case: Path) -> None:
    save(case / "cond" / "sheet.png", COLOURS[layout(20)])
    save(case / "cond" / "2.bmp", COLOURS[layout(22)])
    assert sembla("analogy", case, "--size", "64", "--out", "made").code == 0
    found = library.evaluate_cases(case, "made")
    assert set(found.pictures) == {"1", "2-bmp", "2-png", "10", "sheet-png"}
    assert found.notes == ()
    assert values(sembla("evaluate", "cases", case, "made", "--json").out) == {
        score.name: score.value for score in found.scores
    }
    one = sembla(
        "evaluate", "analogy", case / "img.png", case / "label.png", case / "cond" / "10.png", "made/10.png", "--json"
    )
    assert {score.name: score.per_picture["10"] for score in found.scores} == json.loads(one.out)


def test_variations_that_analogy_wrote_are_scored_and_mapped(sembla: Sembla, case: Path) -> None:
    assert sembla("analogy", case, "--size", "64", "--out", "made", "--variations", "2").code == 0
    outcome = sembla("evaluate", "variations", "made", "--regions", case / "label.png", "--out", "run")
    assert outcome.code == 0
    assert "pairwise_l1" in outcome.out
    assert "deviation.#" in outcome.out
    assert "3 requests" in outcome.err
    maps = {path.name for path in Path("run").rglob("deviation-*.png")}
    assert {"deviation-1.png", "deviation-2.png", "deviation-10.png"} <= maps


def test_sequences_are_scored_with_and_without_holes(sembla: Sembla, sets: Path) -> None:
    call = ("evaluate", "sequences", sets / "near", "--original", sets / "real", "--holes", sets / "masks", "--json")
    found = values(sembla(*call).out)
    assert set(found) == {
        *("consistency", "consistency.holes", "psnr", "psnr.holes", "ssim", "ssim.holes", "l1", "l1.holes")
    }
    plain = sembla("evaluate", "sequences", sets / "near")
    assert plain.out.startswith("consistency ")
    assert "--original" in plain.err


def test_a_report_is_written_whole_and_not_replaced_unasked(sembla: Sembla, sets: Path) -> None:
    call = ("evaluate", "folders", sets / "near", sets / "real", "--out", "run")
    assert sembla(*call).out.splitlines()[-1] == str(Path("run") / "report.html")
    assert {"scores.json", "scores.md", "report.html", "sheets"} <= {path.name for path in Path("run").iterdir()}
    assert "--force" in sembla(*call).complaint
    assert json.loads(sembla(*call, "--force", "--json").out)["out"] == "run"
    assert library.read_run("run").made == str(sets / "near")
    Path("mine").mkdir()
    (Path("mine") / "scores.json").write_text("{}")
    assert "mine" in sembla(*call[:-1], "mine", "--force").complaint
    assert (Path("mine") / "scores.json").read_text() == "{}"


def test_runs_are_compared_either_way(sembla: Sembla, sets: Path) -> None:
    for name in ("near", "far"):
        assert sembla("evaluate", "folders", sets / name, sets / "real", "--out", name).code == 0
    outcome = sembla("evaluate", "--compare", "near", "far")
    assert outcome == sembla("evaluate", "compare", "near", "far")
    (line,) = (line for line in outcome.out.splitlines() if line.startswith("psnr: "))
    assert "far less near is -" in line
    assert line.endswith("over 6 pictures: worse")
    told = json.loads(
        sembla("evaluate", "compare", "near", "far", "--confidence", "0.9", "--out", "side", "--json").out
    )
    assert (told["confidence"], told["out"]) == (0.9, "side")
    psnr = next(row for row in told["rows"] if row["name"] == "psnr")
    assert psnr["entries"][1]["difference"]["high"] < 0
    assert (Path("side") / "comparison.html").is_file()


def test_a_study_is_made_and_its_answers_are_scored(sembla: Sembla, sets: Path) -> None:
    call = ("evaluate", "study", sets / "near", sets / "far", "--out", "study", "--reference", sets / "real", "--json")
    told = json.loads(sembla(*call).out)
    assert (told["methods"], told["names"], told["questions"]) == (["near", "far"], 6, 6)
    page, key = Path(told["page"]), Path(told["key"])
    assert page.is_file()
    with key.open(newline="") as stream:
        questions = list(csv.DictReader(stream))
    lines = ["study,participant,participant_id,question,left,right,side,seconds"]
    for number, asked in enumerate(questions):
        near = "left" if asked["method_a"] == "near" else "right"
        side = near if number else {"left": "right", "right": "left"}[near]  # far is preferred once
        lines.append(f"{asked['study']},ann,p0123456789abcdef,{asked['question']},{asked['a']},{asked['b']},{side},2.5")
    Path("ann.csv").write_text("\n".join(lines) + "\n")
    scored = json.loads(sembla("evaluate", "answers", "study", "ann.csv", "--json").out)
    assert [method["method"] for method in scored["methods"]] == ["near", "far"]
    assert scored["methods"][0]["share"] == pytest.approx(5 / 6)
    told = sembla("evaluate", "answers", "study", "ann.csv").out
    assert [line.split()[0] for line in told.splitlines() if "%" in line][:2] == ["near", "far"]
    assert not set("|\\*#") & set(told)  # plain text, no Markdown


@pytest.mark.parametrize("option", ["--extractor", "--weights"])
def test_an_option_may_take_several_values_or_come_several_times(sembla: Sembla, sets: Path, option: str) -> None:
    folders = ("evaluate", "folders", sets / "near", sets / "real")
    once = sembla(*folders, option, "nothing=one", "nothing=two").complaint
    assert once == sembla(*folders, option, "nothing=one", option, "nothing=two").complaint
    assert "nothing=one" in once


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("folders", "near"), "REAL"),
        (("folders", "near", "gone"), "gone: no such folder"),
        (("folders", "near", "real", "--seed", "-1"), "--seed -1"),
        (("folders", "near", "real", "--lpips", "resnet"), "resnet"),
        (("folders", "near", "real", "--bogus"), "--bogus"),
        (("cases", "near", "real"), "holds no case"),
        (("cases", "gone", "real"), "gone: no such folder"),
        (("sequences", "gone"), "gone: no such folder"),
        (("sequences", "near", "--holes", "gone"), "gone: no such file or folder"),
        (("sequences", "near", "--lpips", "alex"), "--original"),
        (("sequences", "near", "--out", "real"), "real holds something else"),
        (("variations", "near", "--regions", "real"), "real holds nothing for near"),
        (("variations", "near", "--weights", "a.pth"), "no network was asked for"),
        (("compare", "near", "far"), "no run is here"),
        (("compare",), "0 runs came"),
        (("study", "near", "--out", "study"), "1 methods came"),
        (("study", "near", "far"), "--out"),
        (("answers", "near", "a.csv"), "key.csv"),
        (("answers", "near"), "no answer files came"),
    ],
)
def test_bad_use_is_told_in_one_line(
    sembla: Sembla, sets: Path, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(sets)
    before = sorted(sets.rglob("*"))
    assert told in sembla("evaluate", *call).complaint
    assert sorted(sets.rglob("*")) == before


def test_a_picture_that_cannot_be_read_leaves_nothing_behind(sembla: Sembla, sets: Path, elsewhere: Path) -> None:
    (sets / "near" / "3.png").write_bytes(b"no picture")
    for call in (
        ("folders", sets / "near", sets / "real"),
        ("sequences", sets / "near"),
        ("variations", sets / "near"),
    ):
        assert "3.png" in sembla("evaluate", *call, "--out", "run").complaint
        assert not list(elsewhere.iterdir())


def test_runs_are_compared_from_python_too(sets: Path) -> None:
    near, far = (library.evaluate_folders(sets / name, sets / "real") for name in ("near", "far"))
    library.write_run(near, "near")
    for side in (library.compare_runs([near, far]), library.compare_runs(["near", far])):
        psnr = next(row for row in side.rows if row.name == "psnr")
        assert psnr.verdict(1) == "worse"
        assert psnr.entries[1].difference is not None
        wanted = np.mean(
            [far.scores[0].per_picture[name] - near.scores[0].per_picture[name] for name in map(str, range(6))]
        )
        first = next(row for row in side.rows if row.name == far.scores[0].name)
        assert first.entries[1].difference is not None
        assert first.entries[1].difference.difference == pytest.approx(wanted)


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_a_terminal_sees_a_bar_that_counts(sets: Path) -> None:
    told, seen = run_in_a_terminal("evaluate", "variations", sets / "near", "--json")
    assert told["kind"] == "variations"
    assert b"scoring" in seen
    assert b"6/6" in seen
