"""`sembla analogy --engine RUN`: a trained model makes the pictures."""

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.surfaces.painting import install
from tests.surfaces.support import COLOURS, Sembla, layout, photo, with_a_foreign_class

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.surfaces.test_train import WATCHED

import sembla as library
from sembla import api
from sembla.api import training
from sembla.core.tasks import AnalogyTask, Preview
from sembla.core.types import Picture
from sembla.data.case import Case
from sembla.engine import devices
from sembla.imaging.io import read_picture
from sembla.imaging.save import read_settings
from sembla.runs.synthesizer import Synthesizer

Inputs = tuple[Path, Path, Path]
SMALL = {"width": 8, "discriminator_width": 8, "lessons": 2, "longest": 64}
OWN = Case(photo(), layout(6), COLOURS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the first recipe of `analogy`, of two steps."""
    torch.set_num_threads(1)
    choices = api.choose("analogy", steps=2)
    known = {field.name for field in fields(choices.config)}
    small = replace(choices.config, **{name: value for name, value in SMALL.items() if name in known})
    run = tmp_path_factory.mktemp("trained") / "run"
    api.train("analogy", OWN, run, choices=replace(choices, config=small), device="cpu", preview_every=0)
    return run


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of it, to be spoilt; no more than is needed to use it."""
    copy = tmp_path / "run"
    copy.mkdir()
    for name in ("method.json", "weights.safetensors"):
        shutil.copy(trained / name, copy)
    return copy


@pytest.fixture
def painter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of a method that gives each class of a layout a colour, whatever the photo."""
    monkeypatch.syspath_prepend(install(tmp_path / "site"))
    api.train("painter", OWN, tmp_path / "painter", choices=api.choose("painter", steps=2), preview_every=0)
    return tmp_path / "painter"


def own_way(run: Path, *, exact: bool = True, **settings: Any) -> tuple[Picture, ...]:
    """What the model gives, asked from Python without any of the surfaces."""
    return api.load(run, exact=exact)(AnalogyTask(photo(), layout(6), layout(14), **settings)).pictures


def test_the_model_makes_the_picture(sembla: Sembla, inputs: Inputs, run: Path) -> None:
    call = ("analogy", *inputs, "--engine", run, "--exact", "--seed", "5", "--no-keep", "--size", "48")
    told = json.loads(sembla(*call, "--out", "a.png", "--json").out)
    assert (told["engine"], told["width"], told["height"], told["classes"], told["seed"]) == (str(run), 48, 36, 3, 5)
    made = read_picture("a.png")
    assert np.array_equal(made, own_way(run, seed=5, keep=False, size=48)[0])
    assert not np.array_equal(made, library.analogy(*inputs, seed=5, keep=False, size=48).picture)
    assert np.array_equal(
        made, library.analogy(*inputs, seed=5, keep=False, size=48, engine=library.load(run, exact=True)).picture
    )
    assert json.loads(sembla("analogy", *inputs, "--json").out)["engine"] is None


def test_the_record_names_the_weights(sembla: Sembla, inputs: Inputs, run: Path) -> None:
    sembla("analogy", *inputs, "--engine", run, "--exact", "--out", "a.png")
    digest = hashlib.sha256((run / "weights.safetensors").read_bytes()).hexdigest()
    its = read_settings("a.png")["engine"]
    assert its == {"path": "../run/weights.safetensors", "sha256": digest, "exact": True}
    sembla("analogy", *inputs, "--out", "b.png")
    assert read_settings("b.png")["engine"] is None


def test_a_case_with_variations_gives_all_pictures_and_a_sheet(sembla: Sembla, case: Path, run: Path) -> None:
    call = ("analogy", case, "--engine", run, "--exact", "--out", "results", "--variations", "2", "--json")
    told = json.loads(sembla(*call).out)
    assert [Path(out).name for out in told["out"]] == [f"{name}-{k}.png" for name in (1, 2, 10) for k in (1, 2)]
    for made, expected in zip(told["out"], own_way(run, variations=2), strict=False):
        assert np.array_equal(read_picture(made), expected)
    sheet = read_picture(told["sheet"])
    for colour in COLOURS:  # maps are shown in their own colours
        assert (sheet == colour).all(axis=2).any()


def test_frames_of_a_sequence_are_made_one_by_one(sembla: Sembla, case: Path, run: Path) -> None:
    call = ("analogy", case, "--engine", run, "--sequence", "--animate", "a.apng", "--out", "frames")
    assert sembla(*call).code == 0
    assert sembla("analogy", case, "--engine", run, "--out", "single").code == 0
    for name in ("1.png", "2.png", "10.png"):
        assert np.array_equal(read_picture(f"frames/{name}"), read_picture(f"single/{name}"))
    assert len(read_settings("frames/10.png")["layouts"]) == 1  # none of the frames before it is needed
    assert sembla("analogy", "--redo", "frames/10.png").code == 0
    assert np.array_equal(read_picture("frames/10.png"), read_picture("frames/10-redo.png"))


def test_what_is_kept_is_kept_bit_for_bit(sembla: Sembla, inputs: Inputs, run: Path) -> None:
    sembla("analogy", inputs[0], inputs[1], inputs[1], "--engine", run, "--out", "same.png")
    assert np.array_equal(read_picture("same.png"), photo())


def test_maps_are_adopted_and_resized_as_for_the_instant_engine(sembla: Sembla, inputs: Inputs, run: Path) -> None:
    foreign, adopted = with_a_foreign_class(layout(14))
    Image.fromarray(foreign).save(inputs[2])
    Image.fromarray(np.kron(COLOURS[layout(6)], np.ones((2, 2, 1), np.uint8))).save(inputs[1])
    call = ("analogy", *inputs, "--engine", run)
    assert sembla(*call, "--adopt-nearest", "--resize-labels", "--out", "both.png").code == 0
    Image.fromarray(COLOURS[adopted]).save(inputs[2])
    Image.fromarray(COLOURS[layout(6)]).save(inputs[1])
    assert sembla(*call, "--out", "plain.png").code == 0
    assert np.array_equal(read_picture("both.png"), read_picture("plain.png"))


def test_pictures_are_scored_as_any(sembla: Sembla, inputs: Inputs, case: Path, run: Path) -> None:
    sembla("analogy", case, "--engine", run, "--out", "results")
    told = json.loads(sembla("evaluate", "analogy", *inputs, "results/1.png", "--json").out)
    assert 0 <= told["layout_agreement"] <= 1
    assert sembla("evaluate", "cases", case, "results").code == 0


# Classes


def test_classes_are_found_by_their_colours(sembla: Sembla, inputs: Inputs, painter: Path) -> None:
    """Ids go by area, and here another class has the largest: the painter would swap its colours."""
    call = ("analogy", *inputs, "--engine", painter, "--exact")
    sembla(*call, "--out", "own.png")
    Image.fromarray(COLOURS[layout(6, horizon=20)]).save(inputs[1])  # more grass than sky
    sembla(*call, "--out", "other.png")
    Image.fromarray(COLOURS[layout(6)]).save(inputs[1].with_suffix(".jpg"), quality=92, subsampling=0)
    sembla("analogy", inputs[0], inputs[1].with_suffix(".jpg"), *call[3:], "--out", "noisy.png")
    own = read_picture("own.png")
    assert len(np.unique(own.reshape(-1, 3), axis=0)) > 2
    assert np.array_equal(own, read_picture("other.png"))
    assert np.array_equal(own, read_picture("noisy.png"))


def test_a_class_that_was_not_learned_is_told(sembla: Sembla, inputs: Inputs, run: Path) -> None:
    colours = COLOURS[layout(6)]
    colours[34:46, 40:60] = (255, 0, 255)
    Image.fromarray(colours).save(inputs[1])
    told = sembla("analogy", *inputs, "--engine", run).complaint
    assert "class #ff00ff, which the model was not trained on" in told
    assert "#3c78dc" in told


def test_another_photo_is_no_error(sembla: Sembla, inputs: Inputs, run: Path) -> None:
    Image.fromarray(photo()[:, ::-1]).save(inputs[0])
    assert sembla("analogy", *inputs, "--engine", run, "--out", "a.png").code == 0


# Repeating


def test_redo_finds_the_model_again(sembla: Sembla, inputs: Inputs, case: Path, run: Path, tmp_path: Path) -> None:
    made = case / "results"
    made.mkdir()
    sembla("analogy", *inputs, "--engine", run, "--variations", "2", "--seed", "3", "--out", made / "a.png")
    for folder in (case, run):
        shutil.move(folder, tmp_path / "moved" / folder.name)
    there = tmp_path / "moved" / "case" / "results"
    told = json.loads(sembla("analogy", "--redo", there / "a-2.png", "--json", "--device", "cpu").out)
    assert told["engine"] == str(tmp_path / "moved" / "run")
    assert np.array_equal(read_picture(there / "a-2.png"), read_picture(there / "a-2-redo.png"))
    assert read_settings(there / "a-2.png") == read_settings(there / "a-2-redo.png")


def test_redo_refuses_other_weights(sembla: Sembla, inputs: Inputs, run: Path) -> None:
    sembla("analogy", *inputs, "--engine", run, "--out", "a.png")
    weights = run / "weights.safetensors"
    before = weights.read_bytes()
    weights.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    assert f"{weights}, from which a.png was made, has changed since" in sembla("analogy", "--redo", "a.png").complaint
    weights.unlink()
    assert f"{weights}, from which a.png was made, is gone" in sembla("analogy", "--redo", "a.png").complaint
    assert not Path("a-redo.png").exists()
    weights.write_bytes(before)
    for spoilt in ({"path": 5}, {}, "run"):
        library.write_picture(
            "b.png", read_picture("a.png"), settings={**read_settings("a.png"), "engine": spoilt}, force=True
        )
        assert "b.png carries a record that cannot be read" in sembla("analogy", "--redo", "b.png").complaint
    assert "leave out --engine" in sembla("analogy", "--redo", "a.png", "--engine", run).complaint
    assert "leave out --exact" in sembla("analogy", "--redo", "a.png", "--exact").complaint


def test_redo_keeps_to_the_precision(
    sembla: Sembla, inputs: Inputs, painter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "has_bf16", lambda _device: True)
    sembla("analogy", *inputs, "--engine", painter, "--out", "half.png")
    sembla("analogy", *inputs, "--engine", painter, "--exact", "--out", "exact.png")
    assert [read_settings(f"{name}.png")["engine"]["exact"] for name in ("half", "exact")] == [False, True]
    assert not np.array_equal(read_picture("half.png"), read_picture("exact.png"))
    assert sembla("analogy", "--redo", "exact.png").code == 0
    assert np.array_equal(read_picture("exact.png"), read_picture("exact-redo.png"))
    monkeypatch.setattr(devices, "has_bf16", lambda _device: False)
    assert "half.png was made in bf16" in sembla("analogy", "--redo", "half.png").err
    sembla("analogy", *inputs, "--engine", painter, "--out", "fallback.png")
    assert read_settings("fallback.png")["engine"]["exact"] is True


# Progress, errors


def test_whole_pictures_are_shown_and_can_stop_the_work(inputs: Inputs, run: Path) -> None:
    model = api.load(run)
    seen: list[Preview] = []
    result = library.analogy(*inputs, variations=3, engine=model, on_preview=seen.append)
    assert [(preview.level, preview.levels) for preview in seen] == [(0, 1)] * 3
    assert all(np.array_equal(one.picture, other) for one, other in zip(seen, result.pictures, strict=True))
    assert not seen[0].picture.flags.writeable
    with pytest.raises(library.Cancelled):
        library.analogy(*inputs, engine=model, on_preview=lambda _: False)
    request = api.read_analogy(*inputs[:2], [inputs[2]], variations=2)
    asked = iter([False, True])
    with pytest.raises(library.Cancelled):
        api.run(request.tasks[0], engine=model, stop=lambda: next(asked))
    assert next(asked, None) is None


def test_what_cannot_be_used_is_one_line(
    sembla: Sembla, inputs: Inputs, run: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def complaint(engine: object = run, *arguments: object) -> str:
        return sembla("analogy", *inputs, "--engine", engine, *arguments).complaint

    assert "--exact came without --engine" in sembla("analogy", *inputs, "--exact").complaint
    assert "--device came without --engine" in sembla("analogy", *inputs, "--device", "cpu").complaint
    assert "gone: no such folder; give the folder of a run" in complaint("gone")
    assert "holds no trained model (method.json is missing)" in complaint(inputs[0].parent)
    assert "holds no trained model" in complaint(run / "weights.safetensors")
    assert "cuda:99" in complaint(run, "--device", "cuda:99")
    with monkeypatch.context() as patch:
        patch.setattr(Synthesizer, "tasks", ())
        assert "the model is of method analogy, which makes no analogies" in complaint()
    with monkeypatch.context() as patch:
        patch.setattr(training, "has_models", lambda: False)
        assert complaint() == "trained models need PyTorch; install it with: pip install 'sembla[models]'"
    (run / "weights.safetensors").rename(run / "weights")
    assert "has no weights yet; they come with its first checkpoint" in complaint()
    told = json.loads((run / "method.json").read_text())
    (run / "method.json").write_text(json.dumps({**told, "format": 99}))
    assert "Update Sembla" in complaint()
    assert not list(elsewhere.iterdir())


def test_memory_that_runs_out_at_work_is_told(inputs: Inputs, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = api.load(run)

    def fail(said: str) -> Any:
        def forward(*_: object, **__: object) -> None:
            raise RuntimeError(said)

        return forward

    monkeypatch.setattr(model._networks["generator"], "forward", fail("DefaultCPUAllocator: can't allocate memory"))
    with pytest.raises(library.MemoryNeedError, match="does not fit into the memory of cpu"):
        library.analogy(*inputs, engine=model)
    monkeypatch.setattr(model._networks["generator"], "forward", fail("something else"))
    with pytest.raises(RuntimeError, match="something else"):
        library.analogy(*inputs, engine=model)


@pytest.mark.parametrize("call", ["analogy --help", "analogy {} {} {} --out a.png"])
def test_without_an_engine_pytorch_is_not_asked_for(inputs: Inputs, call: str) -> None:
    words = call.format(*inputs).split()
    done = subprocess.run([sys.executable, "-c", WATCHED, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
