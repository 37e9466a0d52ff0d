"""`sembla train`, `methods`, `recipes` and `export`, as users call them."""

import errno
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.surfaces.painting import command, environment, install
from tests.surfaces.support import COLOURS, Sembla, call_in_a_terminal, layout, photo

pytest.importorskip("torch", reason="needs PyTorch")

import yaml
from PIL import Image
from safetensors.torch import load_file, save_file
from tests.surfaces.test_prepare import write_pairs

from sembla import api
from sembla.api import training
from sembla.commands.train import Train
from sembla.core.errors import InputError
from sembla.runs import folder, tensors


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = install(tmp_path / "site")
    monkeypatch.syspath_prepend(site)
    return site


def steps_of(run: str) -> list[int]:
    return sorted(int(path.name) for path in Path(run, "checkpoints").iterdir())


def lines(run: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in Path(run, "log.jsonl").read_text().splitlines()]


def test_a_training_leaves_a_run_and_says_where(sembla: Sembla, case: Path) -> None:
    done = sembla("train", "painter", "--data", case, "--run", "run", "--log-every", "2")
    assert (done.code, done.out, done.err) == (0, "run\n", "")
    assert {path.name for path in Path("run").iterdir()} >= {
        "weights.safetensors", "method.json", "config.yaml", "log.jsonl", "report.html"
    }  # fmt: skip
    assert load_file("run/weights.safetensors")["generator.0.weight"].shape == (4, 3, 3, 3)  # 3 classes in the case
    assert [line["step"] for line in lines("run")] == [2, 4, 6, 6]


def test_settings_are_changed_by_options_of_their_names(sembla: Sembla, case: Path) -> None:
    call = ("--depth.width", "5", "--depth.norm", "--learning-rate=0.25", "--steps", "2", "--batch", "6", "--seed", "4")
    assert sembla("train", "painter", "--data", case, "--run", "run", *call).code == 0
    told = json.loads(Path("run/method.json").read_text())
    assert told["config"]["depth"] == {"width": 5, "norm": True}
    assert (told["config"]["learning_rate"], told["seed"], told["batch"], told["recipe"]) == (0.25, 4, 6, "small")
    assert steps_of("run") == [2]
    assert sembla("train", "painter", "--data", case, "--run", "wide", "--recipe", "wide", "--no-json").code == 2


def test_the_config_of_a_run_trains_the_same_again(sembla: Sembla, case: Path) -> None:
    sembla("train", "painter", "--data", case, "--run", "a", "--recipe", "wide", "--noise", "0.5", "--steps", "3")
    written = yaml.safe_load(Path("a/config.yaml").read_text())
    assert (written["recipe"], written["steps"], written["config"]["noise"]) == ("wide", 3, 0.5)
    assert sembla("train", "painter", "--data", case, "--run", "b", "--config", "a/config.yaml").code == 0
    assert Path("a/weights.safetensors").read_bytes() == Path("b/weights.safetensors").read_bytes()
    assert Path("a/config.yaml").read_text() == Path("b/config.yaml").read_text()


def test_a_file_says_what_it_wants_and_options_win(sembla: Sembla, case: Path) -> None:
    Path("mine.yaml").write_text("method: painter\nsteps: 4\nseed: 9\nconfig: {learning_rate: 1e-3, depth: {width: 6}}")
    assert sembla("train", "painter", "--data", case, "--run", "run", "--config", "mine.yaml", "--steps", "2").code == 0
    written = yaml.safe_load(Path("run/config.yaml").read_text())
    assert (written["steps"], written["seed"]) == (2, 9)
    assert written["config"]["depth"] == {"width": 6, "norm": False}
    assert written["config"]["learning_rate"] == 0.001


def test_a_run_goes_on_with_its_own_settings(sembla: Sembla, case: Path) -> None:
    sembla("train", "painter", "--data", case, "--run", "whole", "--depth.width", "7", "--steps", "6", "--seed", "2")
    sembla("train", "painter", "--data", case, "--run", "parts", "--depth.width", "7", "--steps", "3", "--seed", "2")
    told = sembla("train", "painter", "--data", case, "--run", "parts", "--resume", "--steps", "6", "--json")
    assert json.loads(told.out) == {"run": "parts", "step": 6, "steps": 6, "images": 24, "stopped": False}
    assert load_file("whole/weights.safetensors").keys() == load_file("parts/weights.safetensors").keys()
    assert Path("whole/weights.safetensors").read_bytes() == Path("parts/weights.safetensors").read_bytes()


def test_scores_of_the_measuring_floor_are_logged_and_the_best_is_kept(sembla: Sembla, case: Path) -> None:
    call = ("--steps", "4", "--checkpoint-every", "1", "--keep", "1")
    sembla("train", "painter", "--data", case, "--run", "run", *call)
    scored = {line["step"]: line["layout agreement"] for line in lines("run") if "layout agreement" in line}
    assert list(scored) == [1, 2, 3, 4]
    best = max(scored, key=lambda step: scored[step])
    assert set(steps_of("run")) == {best, 4}
    # What the last line says is what the finished run does.
    request = api.read_analogy(case / "img.png", case / "label.png", [case / "cond" / "1.png"])
    made = api.load("run", exact=True)(request.tasks[0]).picture
    scores = api.evaluate_analogy(case / "img.png", case / "label.png", case / "cond" / "1.png", result=made)
    assert scores.layout_agreement == pytest.approx(scored[4])


def test_a_plan_is_told_in_sentences_and_as_json(sembla: Sembla, case: Path) -> None:
    told = json.loads(sembla("train", "painter", "--data", case, "--plan", "--json", "--batch", "8").out)
    assert (told["batch"], told["accumulate"], told["images_at_once"], told["steps"]) == (8, 1, 8, 6)
    assert told["seconds"] == pytest.approx(told["seconds_per_1000_images"] * 8 * 6 / 1000)
    said = sembla("train", "painter", "--data", case, "--plan", "--batch", "8").out.splitlines()
    assert re.fullmatch(r"Memory at its peak: .*, with each step of 8 images computed in one part\.", said[0])
    assert re.fullmatch(r"Time: .* for 1000 images; .* for 6 steps\.", said[1])
    assert said[2] == "Train with --batch 8 --accumulate 1."


def test_methods_and_recipes_are_listed(sembla: Sembla, case: Path) -> None:
    assert "painter: The colour of each class." in sembla("methods").out
    listed = json.loads(sembla("methods", "--json").out)["methods"]
    assert {
        "name": "painter",
        "summary": "The colour of each class.",
        "paper": "None.",
        "recipes": ["small", "wide"],
    } in listed
    small, wide = json.loads(sembla("recipes", "painter", "--json").out)["recipes"]
    assert (small["name"], small["default"], small["steps"], small["batch"]) == ("small", True, 6, 4)
    assert (wide["name"], wide["default"], wide["summary"]) == ("wide", False, "Small, for tests.")
    assert wide["parameters"] == {"generator": (3 * 9 + 1) * 16 + (16 + 1) * 3}
    assert json.loads(sembla("recipes", "painter", "--json").out)["classes"] == 3
    assert "small (the one without --recipe)" in sembla("recipes", "painter").out
    assert "6 steps of 4 images; weights, for 3 classes: generator 499" in sembla("recipes", "painter").out
    shown = sembla("recipes", "painter", "wide").out
    assert "--depth.width 16\n    Channels between the two layers.\n" in shown
    typed = [line for line in shown.splitlines() if line.startswith("--")]
    assert "--depth.no-norm" in typed
    call = ("train", "painter", "--data", case, "--run", "run", "--recipe", "wide", "--steps", "1", "--json")
    assert sembla(*call, *" ".join(typed).split()).code == 0  # as it stands there, it can be typed


def test_no_setting_of_a_recipe_hides_behind_an_option() -> None:
    options = {field.name for field in fields(Train)} | {"run"}
    for method in api.methods().values():
        for config in method.recipes.values():
            assert options.isdisjoint(field.name for field in fields(config)), method.name


def test_what_cannot_be_trained_is_one_line(sembla: Sembla, case: Path, tmp_path: Path) -> None:
    def complaint(*arguments: object, run: object = "run") -> str:
        return sembla("train", "painter", "--data", case, "--run", run, *arguments).complaint

    assert "painter has small, wide" in complaint("--recipe", "large")
    assert (
        "there are analogy, inpaint, painter, portrait, preserve, scene"
        in sembla("train", "paint", "--data", case, "--run", "run").complaint
    )
    assert "did you mean --depth.width?" in complaint("--dept.width", "3")
    assert "did you mean --depth.width?" in complaint("--width", "3")
    assert "sembla recipes painter small lists the settings" in complaint("--colour", "3")
    assert "--depth.width" in complaint("--depth.width", "seven")
    assert "give a multiple of 3" in complaint("--accumulate", "3")
    assert "steps 0 came; give 1 or more" in complaint("--steps", "0")
    assert "PyTorch cannot use it" in complaint("--device", "cuda:99")
    assert "expected auto, cpu, cuda" in complaint("--device", "gpu")
    assert "--run is missing" in sembla("train", "painter", "--data", case).complaint
    assert "holds no run to go on with" in complaint("--resume")
    assert "cannot be read" in complaint("--config", "gone.yaml")
    Path("bad.yaml").write_text("method: painter\nconfig: {wdith: 3}\n")
    assert "config.wdith came" in complaint("--config", "bad.yaml")
    Path("bad.yaml").write_text("method: scene\n")
    assert "bad.yaml is of method scene, not painter" in complaint("--config", "bad.yaml")
    Path("bad.yaml").write_text("method: !!python/object:os.system [exit]\n")
    assert "is no YAML" in complaint("--config", "bad.yaml")
    (tmp_path / "file").write_text("")
    assert "cannot be written" in complaint(run=tmp_path / "file" / "run")
    assert not Path("run").exists()
    assert sembla("train", "painter", "--data", case, "--run", "run", "--steps", "1").code == 0
    assert "go on with --resume" in complaint()
    assert "depth.width is 9, was 4" in complaint("--resume", "--depth.width", "9")
    assert "seed is 1, was 0; batch is 8, was 4" in complaint("--resume", "--seed", "1", "--batch", "8")
    assert "depth.width is 16, was 4" in complaint("--resume", "--recipe", "wide")


def test_data_that_do_not_fit_are_one_line(sembla: Sembla, case: Path) -> None:
    labels = COLOURS[(photo()[..., 0] > 100).astype(int)]
    labels[:8, :8], labels[:8, 8:16] = (255, 0, 255), (0, 255, 255)
    Image.fromarray(labels).save(case / "label.png")
    assert "4 classes came" in sembla("train", "painter", "--data", case, "--run", "run").complaint
    assert not Path("run").exists()


def test_what_is_no_case_is_told_with_what_to_do(sembla: Sembla, case: Path, tmp_path: Path) -> None:
    def complaint(data: Path) -> str:
        told = sembla("train", "painter", "--data", data, "--run", "run").complaint
        assert not Path("run").exists()
        return told

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "gone: no such folder" in complaint(tmp_path / "gone")
    assert f"{empty} is no case: it holds no picture; a case is a folder with one photo img.*" in complaint(empty)
    assert "it is a file, and a case is a folder" in complaint(case / "img.png")
    assert "pictures by other names (1.png, ...)" in complaint(case / "cond")
    assert f"it holds 1 of them; give one, such as {case}" in complaint(case.parent)
    assert "it holds 4 pairs of photo and label map" in complaint(write_pairs(tmp_path / "many" / "pairs", 4))
    prepared = tmp_path / "many" / "prepared"
    assert sembla("prepare", "folder", tmp_path / "many" / "pairs", prepared).code == 0
    assert "it is a prepared set of many photos" in complaint(prepared)
    (case / "label.png").rename(tmp_path / "label.png")
    assert f"sembla label {case / 'img.png'} --segments 20 --out {case / 'label.png'}" in complaint(case)
    (case / "img.png").rename(case / "label.png")
    assert "it has a label map and no photo" in complaint(case)
    (tmp_path / "label.png").rename(case / "img.png")
    assert "was it swapped with the photo?" in complaint(case)


def test_what_the_doctor_finds_at_a_label_map_is_noted(sembla: Sembla, case: Path) -> None:
    label = case / "label.png"
    with Image.open(label) as map_:
        large = map_.resize((256, 192), Image.Resampling.NEAREST)
    Image.fromarray(photo()).resize((256, 192)).save(case / "img.png")
    large.resize((128, 96), Image.Resampling.NEAREST).save(label)
    told = sembla("train", "painter", "--data", case, "--run", "small", "--steps", "1")
    assert told.code == 0
    assert f"sembla: note: {label} is 128x96, but the photo 256x192." in told.err
    large.resize((256, 96)).save(label)
    told = sembla("train", "painter", "--data", case, "--run", "run")
    assert f"img.png is 256x192 and {label} 256x96, which is another shape" in told.complaint
    label.unlink()
    large.save(case / "label.jpg", quality=70)
    told = sembla("train", "painter", "--data", case, "--run", "noisy", "--steps", "1")
    assert told.code == 0
    assert "label.jpg shows colours along its borders that nobody chose, as JPEG" in told.err
    assert load_file("noisy/weights.safetensors")["generator.0.weight"].shape[1] == 3  # they are no classes


def test_a_run_that_cannot_be_gone_on_with_is_one_line(sembla: Sembla, case: Path) -> None:
    def complaint(method: str = "painter", data: Path = case) -> str:
        return sembla("train", method, "--data", data, "--run", "run", "--resume", "--steps", "4").complaint

    assert sembla("train", "painter", "--data", case, "--run", "run", "--steps", "2").code == 0
    assert "is of method painter, not analogy" in complaint("analogy")
    state = Path("run/checkpoints/00000002/state.json")
    before = state.read_text()
    state.write_text(json.dumps({**json.loads(before), "version": 99}))
    assert "state.json has version 99; this Sembla reads 1" in complaint()
    state.write_text(before)
    described = Path("run/method.json").read_text()
    Path("run/method.json").write_text(json.dumps({**json.loads(described), "format": 99}))
    assert "has format 99" in complaint()
    Path("run/method.json").write_text(described)
    Image.fromarray(COLOURS[::-1][(photo()[..., 0] > 100).astype(int)]).save(case / "label.png")
    assert "classes is 2, was 3; label_set" in complaint()
    Image.fromarray(COLOURS[layout(6)]).save(case / "label.png")
    assert sembla("train", "painter", "--data", case, "--run", "run", "--resume", "--steps", "4").code == 0


def refusing(number: int) -> Callable[..., Any]:
    """What the system does for a disk that is full, or that cannot be written."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_full_disk_is_one_line_and_costs_the_interval(
    sembla: Sembla, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, save, refuse = iter(range(100)), save_file, refusing(errno.ENOSPC)

    def fill(*given: Any, **named: Any) -> None:
        (save if next(calls) < 4 else refuse)(*given, **named)  # four files make the checkpoint of step 2

    call = ("train", "painter", "--data", case, "--run", "run", "--steps", "6", "--checkpoint-every", "2")
    with monkeypatch.context() as patch:
        patch.setattr(tensors, "save_file", fill)
        told = sembla(*call).complaint
    assert "no checkpoint of step 4" in told
    assert "No space left" in told
    assert "the one of step 2 is whole" in told
    assert steps_of("run") == [2]
    assert sembla(*call, "--resume").code == 0


def test_a_disk_that_cannot_be_written_is_one_line(sembla: Sembla, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ("train", "painter", "--data", case, "--run", "run", "--steps", "1")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", refusing(errno.EROFS))
        assert "run cannot be written (Read-only file system)" in sembla(*call).complaint
    assert not Path("run").exists()
    with monkeypatch.context() as patch:
        patch.setattr(folder, "_sync", refusing(errno.EROFS))  # as a network's disk may tell late
        assert "config.yaml cannot be written (Read-only file system)" in sembla(*call).complaint
    assert sembla(*call).code == 0


def test_an_unprepared_folder_is_looked_at_by_the_doctor(tmp_path: Path) -> None:
    method = api.find_method("painter")
    scenes: Any = replace(cast("Any", method), source=api.Prepared, fitted=lambda config, _source: config)

    def complaint(data: Path) -> str:
        with pytest.raises(InputError) as caught:
            api.train(scenes, data, tmp_path / "run")
        return str(caught.value)

    pairs = write_pairs(tmp_path / "pairs", 4)
    assert f"prepare it with: sembla prepare folder {pairs} OUT" in complaint(pairs)
    Image.fromarray(photo()).save(pairs / "images" / "alone.png")
    assert re.search(r"\[\w+\]", complaint(pairs))  # the doctor's code
    (tmp_path / "empty").mkdir()
    assert "empty is no prepared set" in complaint(tmp_path / "empty")
    assert "gone is no prepared set" in complaint(tmp_path / "gone")


def test_without_pytorch_one_line_names_the_extra(sembla: Sembla, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> object:
        return None if name == "torch" else importlib.util.find_spec(name)

    monkeypatch.setattr(training, "find_spec", find_spec)
    for call in (("train", "painter", "--data", case, "--run", "run"), ("export", "run", "--out", "a.onnx")):
        assert sembla(*call).complaint == "trained models need PyTorch; install it with: pip install 'sembla[models]'"
    assert "weights" not in sembla("recipes", "analogy").out


WATCHED = """
import sys
wanted = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            wanted.append(name)
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
sys.meta_path.insert(0, Watch())
from sembla.cli import main
code = main(sys.argv[1:])
sys.exit(code or len(wanted))
"""


@pytest.mark.parametrize("call", ["methods", "train --help", "recipes --help", "export --help", "recipes analogy fast"])
def test_what_only_tells_does_without_pytorch(call: str) -> None:
    done = subprocess.run([sys.executable, "-c", WATCHED, *call.split()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    ("value", "told"),
    [("tests.train.painter:gone", "does not load"), ("tests.train.painter:Depth", "is no new method")],
)
def test_a_package_that_offers_no_method_is_named(
    sembla: Sembla, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, told: str
) -> None:
    monkeypatch.syspath_prepend(install(tmp_path / "other", value))
    complaint = sembla("methods").complaint
    assert told in complaint
    assert "remove sembla-painter" in complaint


def test_a_run_is_exported_and_gives_the_same(sembla: Sembla, case: Path) -> None:
    sembla("train", "painter", "--data", case, "--run", "run")
    told = json.loads(sembla("export", "run", "--to", "torchscript", "--out", "run.pt", "--json").out)
    assert (told["out"], told["to"]) == ("run.pt", "torchscript")
    assert told["difference"] <= 1e-4
    assert "run.pt exists" in sembla("export", "run", "--to", "torchscript", "--out", "run.pt").complaint
    assert sembla("export", "run", "--to", "torchscript", "--out", "run.pt", "--force").code == 0
    assert "ends with .onnx" in sembla("export", "run", "--out", "run.pt").complaint
    assert "holds no trained model" in sembla("export", case, "--out", "a.onnx").complaint


@pytest.mark.skipif(os.name != "posix", reason="it is stopped by signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_the_run_goes_on_as_if_nothing_was(
    case: Path, site: Path, sent: signal.Signals, code: int
) -> None:
    checks = ("--checkpoint-every", 50)  # judged by then, for which numba takes as many threads as there are cores
    call = ("train", "painter", "--data", case, "--run", "run", "--steps", 100_000, "--log-every", 60, *checks)
    with subprocess.Popen(
        command(*call), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(site)
    ) as work:
        while not (log := Path("run/log.jsonl")).is_file() or not log.stat().st_size:
            assert work.poll() is None, work.communicate()
            time.sleep(0.02)
        work.send_signal(sent)
        out, err = work.communicate(timeout=60)
    assert (work.returncode, out) == (code, "")
    step = steps_of("run")[-1]
    assert err == f"sembla: note: stopped and saved at step {step:,} of 100,000; go on with --resume.\n"
    if sent == signal.SIGINT:
        return
    for run, more in (("whole", checks), ("run", (*checks, "--resume"))):
        again = command("train", "painter", "--data", case, "--run", run, "--steps", step + 60, *more)
        subprocess.run(again, check=True, capture_output=True, env=environment(site))
    assert Path("run/weights.safetensors").read_bytes() == Path("whole/weights.safetensors").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_a_terminal_sees_how_far_and_how_fast_it_is(case: Path, site: Path) -> None:
    call = command("train", "painter", "--data", case, "--run", "run", "--steps", 40, "--json")
    told, seen = call_in_a_terminal(call, {**environment(site), "COLUMNS": "100"})
    assert told["step"] == 40
    assert b"training" in seen
    assert b"/40" in seen
    assert b"img/s" in seen


def test_torchrun_shares_the_work_of_one_command(case: Path, site: Path) -> None:
    call = ("train", "painter", "--data", case, "--steps", 3, "--device", "cpu")
    shared = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
    done = subprocess.run(
        [*shared, "sembla", *map(str, call), "--run", "two"],
        capture_output=True, text=True, check=False, env=environment(site), timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "two\n"  # one of them speaks
    api.train("painter", case, "one", choices=api.choose("painter", steps=3), device="cpu")
    one, two = load_file("one/weights.safetensors"), load_file("two/weights.safetensors")
    assert one.keys() == two.keys()
    for name, weight in one.items():
        assert (weight - two[name]).abs().max() < 1e-4, name
