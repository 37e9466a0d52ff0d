"""`sembla evaluate inpaint EXPERIMENT`: every experiment by the command line and by Python, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.surfaces.support import Sembla

pytest.importorskip("torch", reason="needs PyTorch")

from tests.methods.inpaint.support import faces, untrained

import sembla as library
from sembla.imaging.holes import HOLES
from sembla.imaging.io import read_picture

EXPERIMENTS = ("completeness", "consistency", "maps", "codes")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("model") / "run")


@pytest.fixture
def given(run: Path) -> tuple[object, ...]:
    return ("--model", run, "--data", faces().root)


def values(told: Any) -> dict[str, float]:
    return {score["name"]: float(score["value"]) for score in told["scores"]}


def test_help_lists_every_experiment_and_explains_each(sembla: Sembla) -> None:
    overview = sembla("evaluate", "inpaint", "--help")
    assert (overview.code, overview.err) == (0, "")
    for experiment in EXPERIMENTS:
        assert f"• {experiment} " in overview.out
        outcome = sembla("evaluate", "inpaint", experiment, "--help")
        assert (outcome.code, outcome.err) == (0, "")
        assert f"sembla evaluate inpaint {experiment}" in outcome.out


def test_completeness_is_what_python_computes(sembla: Sembla, given: tuple[object, ...], run: Path) -> None:
    call = ("evaluate", "inpaint", "completeness", *given, "--faces", "2", "--out", "scores")
    told = json.loads(sembla(*call, "--json").out)
    found = library.evaluate_inpaint_completeness(library.load(run), faces().root, faces=2)
    assert values(told) == {score.name: pytest.approx(score.value) for score in found.scores}
    assert (told["kind"], told["made"], told["out"]) == ("inpaint completeness", "sembla, predicted", "scores")
    assert {path.stem for path in Path("scores", "maps").iterdir()} == set(HOLES)
    assert "--force" in sembla(*call).complaint


def test_consistency_knows_shared_codes_and_lone_ones(sembla: Sembla, given: tuple[object, ...]) -> None:
    call = ("evaluate", "inpaint", "consistency", *given, "--faces", "2", "--masks", "3", "--json")
    shared, alone = (json.loads(sembla(*call, *more).out) for more in ((), ("--alone",)))
    assert set(values(shared)) == {
        *("consistency", "consistency.holes", "pasted_consistency", "pasted_consistency.holes", "psnr.holes")
    }
    assert shared["made"] == "sembla, predicted, a code for all masks"
    assert alone["made"] == "sembla, predicted, a code for each mask"


def test_searches_are_runs_of_their_own_that_are_compared(sembla: Sembla, given: tuple[object, ...]) -> None:
    searches = ("predicted", "released")
    call = ("evaluate", "inpaint", "completeness", *given, "--faces", "2", "--masks", "left", "--steps", "1")
    outcome = sembla(*call, "--search", *searches, "--out", "scores")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[-1] == str(Path("scores", "compared", "comparison.html"))
    assert "psnr.holes.left: sembla, weighted by known neighbours with 1 steps less sembla, predicted" in outcome.out
    assert "not comparable" not in outcome.out
    assert {path.name for path in Path("scores").iterdir()} == {*searches, "compared"}
    assert "--force" in sembla(*call, "--search", *searches, "--out", "scores").complaint
    told = json.loads(sembla(*call, "--search", *searches, "--out", "scores", "--force", "--json").out)
    assert [one["made"].partition(" with")[0] for one in told["runs"]] == [
        "sembla, predicted",
        "sembla, weighted by known neighbours",
    ]
    assert told["out"] == "scores"


@pytest.mark.parametrize("experiment", ["maps", "codes"])
def test_people_are_drawn_and_shown(
    sembla: Sembla, given: tuple[object, ...], experiment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sembla.evaluation.recognition.has_faces", lambda: False)
    monkeypatch.setenv("SEMBLA_WEIGHTS", str(tmp_path))
    call = ("evaluate", "inpaint", experiment, *given, "--codes", "3", "--maps", "2", "--out", "scores")
    outcome = sembla(*call)
    assert outcome.code == 0, outcome.err
    assert "nme was left out" in outcome.err
    assert "identity_distance was left out" in outcome.err
    assert read_picture("scores/maps/people.png").shape[0] > 5 * 96


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("completeness", "--faces", "3"), "holds 2 faces to measure with; ask for no more, not for 3"),
        (("completeness", "--faces", "0"), "faces 0 came"),
        (("completeness", "--faces", "2", "--masks", "ring"), "hole 'ring' came; there are center"),
        (("completeness", "--faces", "2", "--steps", "-1"), "steps of predicted -1 came"),
        (("completeness", "--search", "guessed"), "guessed"),
        (("consistency", "--faces", "2", "--masks", "1"), "masks 1 came"),
        (("consistency", "--faces", "2", "--seed", "-1"), "seed -1 came"),
        (("maps", "--codes", "1"), "codes 1 came"),
        (("codes", "--maps", "1"), "maps 1 came"),
        (("codes", "--maps", "2", "--out", "gone/scores"), "gone does not exist"),
    ],
)
def test_bad_use_is_told_in_one_line(
    sembla: Sembla, given: tuple[object, ...], elsewhere: Path, call: tuple[str, ...], told: str
) -> None:
    assert told in sembla("evaluate", "inpaint", *call, *given).complaint
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_a_model_of_another_method_is_told(sembla: Sembla, experiment: str) -> None:
    given = ("--model", "facades", "--data", faces().root)
    assert "of method scene" in sembla("evaluate", "inpaint", experiment, *given).complaint
