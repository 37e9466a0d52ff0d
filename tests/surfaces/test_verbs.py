"""`sembla label`, `evaluate analogy`, `examples` and `--version`."""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.surfaces.support import COLOURS, Sembla, layout, photo, with_a_foreign_class

import sembla as library
from sembla import examples
from sembla.imaging.io import read_map, read_picture

Inputs = tuple[Path, Path, Path]


def test_version_and_help(sembla: Sembla) -> None:
    assert sembla("--version").out == f"sembla {version('sembla')}\n"
    overview = sembla("--help")
    assert overview.code == 0
    for verb in ("analogy", "label", "evaluate analogy", "examples"):
        assert verb in overview.out
        outcome = sembla(*verb.split(), "--help")
        assert outcome.code == 0
        assert f"sembla {verb}" in outcome.out
        assert outcome.err == ""


@pytest.fixture
def scribbles(case: Path) -> Path:
    strokes = np.zeros((48, 64, 4), np.uint8)
    strokes[2:4, 30:60] = (*COLOURS[0], 255)
    strokes[36:40, 5:60] = (*COLOURS[1], 255)
    strokes[9:15, 9:17] = (*COLOURS[2], 255)
    Image.fromarray(strokes).save(case / "strokes.png")
    return case / "strokes.png"


def test_label_turns_scribbles_into_a_map_that_analogy_takes(sembla: Sembla, inputs: Inputs, scribbles: Path) -> None:
    told = json.loads(sembla("label", inputs[0], scribbles, "--json").out)
    assert set(told) == {"out", "width", "height", "seconds", "classes"}
    assert (told["out"], told["width"], told["height"], told["classes"]) == ("img-labels.png", 64, 48, 3)
    assert (read_map("img-labels.png") == COLOURS[layout(6)]).all(axis=2).mean() > 0.95
    assert sembla("analogy", inputs[0], "img-labels.png", inputs[2]).code == 0
    assert "--force" in sembla("label", inputs[0], scribbles).complaint
    assert sembla("label", inputs[0], scribbles, "--force").out == "img-labels.png\n"


def test_label_proposes_segments(sembla: Sembla, inputs: Inputs) -> None:
    told = json.loads(sembla("label", inputs[0], "--segments", "5", "--out", "a.png", "--json").out)
    shown = read_map("a.png")
    assert shown.shape == photo().shape
    assert len(np.unique(shown.reshape(-1, 3), axis=0)) == told["classes"]
    assert np.array_equal(shown, library.segments(photo(), 5).palette[library.segments(photo(), 5).labels])


def test_evaluation_prints_what_python_computes(sembla: Sembla, inputs: Inputs) -> None:
    scores = library.evaluate_analogy(*inputs, result=inputs[0])
    told = json.loads(sembla("evaluate", "analogy", *inputs, inputs[0], "--json").out)
    assert told == vars(scores)
    text = sembla("evaluate", "analogy", *inputs, inputs[0]).out
    for score in told.values():
        assert f"{score:.4f}" in text


def test_evaluation_can_adopt_a_class_that_the_map_lacks(sembla: Sembla, inputs: Inputs) -> None:
    foreign, adopted = with_a_foreign_class(layout(14))
    scores = library.evaluate_analogy(*inputs[:2], COLOURS[adopted], result=inputs[0])
    Image.fromarray(foreign).save(inputs[2])
    assert "--adopt-nearest" in sembla("evaluate", "analogy", *inputs, inputs[0]).complaint
    outcome = sembla("evaluate", "analogy", *inputs, inputs[0], "--adopt-nearest", "--json")
    assert json.loads(outcome.out) == vars(scores)


def test_examples_are_listed(sembla: Sembla) -> None:
    assert sembla("examples").out.split() == list(examples.names())
    assert json.loads(sembla("examples", "--json").out) == {"examples": list(examples.names())}


def test_an_example_is_a_folder_for_analogy(sembla: Sembla, elsewhere: Path) -> None:
    name = examples.names()[0]
    example = examples.load(name)
    assert json.loads(sembla("examples", name, "--out", "a", "--json").out) == {"out": str(Path("a") / name)}
    folder = elsewhere / "a" / name
    assert np.array_equal(read_picture(folder / "img.png"), example.picture)
    palette = example.label_set.palette
    assert np.array_equal(read_map(folder / "label.png"), palette[example.labels])
    assert {path.stem for path in (folder / "cond").iterdir()} == set(example.layouts)
    assert "--force" in sembla("examples", name, "--out", "a").complaint
    outcome = sembla("examples", name, "--out", "a", "--force")
    assert outcome.out == f"{Path('a') / name}\n"
    assert example.credit in outcome.err
    assert sembla("analogy", folder, "--size", "48", "--out", "results").code == 0
    assert len(list(Path("results").iterdir())) == len(example.layouts) + 1
