import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from safetensors.torch import load_file, save_file
from tests.methods.test_contract import BY_NAME, RECIPES, small
from tests.train.painter import PAINTER, PainterConfig, graph, networks
from torch import Tensor, nn

from sembla.core.errors import InputError, MissingExtraError, OutputError
from sembla.core.method import Graph
from sembla.core.tasks import AnalogyTask
from sembla.engine.devices import find_device, has_bf16
from sembla.runs import exporting
from sembla.runs.description import FORMAT, Description, write_description, write_weights
from sembla.runs.exporting import Target, export
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.synthesizer import Synthesizer, read_synthesizer
from sembla.runs.tensors import named

CPU = torch.device("cpu")
CONFIG = PainterConfig(classes=3, noise=0.3)
IDS = np.random.default_rng(0).integers(0, 3, (12, 20)).astype(np.uint8)
TASK = AnalogyTask(np.zeros((12, 20, 3), np.uint8), IDS, IDS, seed=5)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """What is needed of a run, and nothing else."""
    root = tmp_path / "pack"
    root.mkdir()
    torch.manual_seed(3)
    nets: Any = networks(CONFIG)
    write_description(RunFolder(root), Description("painter", "small", to_plain(CONFIG), seed=0, batch=1))
    write_weights(RunFolder(root), named(nets), step=1)
    return root


def read(root: Path, *, half: bool = False) -> Synthesizer:
    return read_synthesizer(root, {"painter": PAINTER}, device=CPU, half=half)


def test_it_does_what_its_networks_do_without_noise_or_trace(pack: Path) -> None:
    torch.manual_seed(3)
    expected: Any = networks(CONFIG)["generator"]
    synthesizer = read(pack)
    before = torch.get_rng_state()
    seen: list[tuple[Tensor, bool]] = []
    synthesizer._networks["generator"].register_forward_hook(
        lambda _module, inputs, output: seen.append((output - expected(inputs[0]), torch.is_grad_enabled()))
    )
    result = synthesizer(TASK)
    assert torch.equal(torch.get_rng_state(), before)
    assert result.picture.shape == (12, 20, 3)
    ((difference, graded),) = seen
    assert difference.abs().max() < 1e-6
    assert not graded
    assert synthesizer.tasks == (AnalogyTask,)
    assert synthesizer.parameters == {"generator": 4 * 27 + 4 + 4 * 3 + 3}


def test_the_seed_of_a_task_decides_all_that_is_drawn(pack: Path) -> None:
    synthesizer = read(pack)
    one, again, other = synthesizer.many([TASK, TASK, replace(TASK, seed=6)])
    assert np.array_equal(one.picture, again.picture)
    assert not np.array_equal(one.picture, other.picture)


def test_bf16_is_near_and_not_the_same(pack: Path) -> None:
    exact, half = read(pack), read(pack, half=True)
    assert half.half
    difference = np.abs(exact(TASK).picture.astype(int) - half(TASK).picture)
    assert 0 < difference.max() <= 8


def test_a_task_of_another_method_is_refused(pack: Path) -> None:
    with pytest.raises(InputError, match="a str came; painter does AnalogyTask"):
        read(pack)("paint")


def damaged(pack: Path, change: Callable[[dict[str, Any]], None]) -> str:
    file = pack / "method.json"
    values = json.loads(file.read_text())
    change(values)
    file.write_text(json.dumps(values))
    with pytest.raises(InputError) as caught:
        read(pack)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_does_not_fit_is_named(pack: Path) -> None:
    whole = (pack / "method.json").read_text()

    def told(change: Callable[[dict[str, Any]], None]) -> str:
        (pack / "method.json").write_text(whole)
        return damaged(pack, change)

    assert "Update Sembla" in told(lambda values: values.update(format=FORMAT + 1))
    assert "of method 'scene'; this Sembla has painter" in told(lambda values: values.update(method="scene"))
    assert "of recipe 'huge'; painter has small, wide" in told(lambda values: values.update(recipe="huge"))
    assert "config.depth.width" in told(lambda values: values["config"]["depth"].update(width="seven"))
    assert "config.depht" in told(lambda values: values["config"].update(depht=3))
    assert "generator.0.weight has shape (4, 3, 3, 3) instead of (5, 3, 3, 3)" in told(
        lambda values: values["config"]["depth"].update(width=5)
    )


def test_weights_that_lack_or_are_no_plain_numbers_are_refused(pack: Path, tmp_path: Path) -> None:
    tensors = load_file(pack / "weights.safetensors")
    (pack / "weights.safetensors").unlink()
    with pytest.raises(InputError, match="has no weights yet"):
        read(pack)
    torch.save(tensors, pack / "weights.safetensors")  # a pickle, which could hold code
    with pytest.raises(InputError, match="holds no tensors that can be read"):
        read(pack)
    save_file({**tensors, "generator.9.weight": torch.zeros(1)}, pack / "weights.safetensors")
    with pytest.raises(InputError, match=r"generator\.9\.weight is not part of the network"):
        read(pack)
    shutil.rmtree(pack)
    with pytest.raises(InputError, match="holds no trained model"):
        read(tmp_path)


class Drifting(nn.Module):
    """Gives other results each time."""

    def __init__(self, step: float) -> None:
        super().__init__()
        self.calls, self.step = 0, step

    def forward(self, planes: Tensor) -> Tensor:
        self.calls += 1
        return planes * (1 + self.step * self.calls)


class Narrow(nn.Module):
    """Takes the length that it was traced with for granted."""

    def forward(self, planes: Tensor) -> Tensor:
        return planes.reshape(1, -1)[:, : int(planes.shape[2]) * int(planes.shape[3])].sum(0)[: int(planes.shape[3])]


def painter_graph() -> Graph:
    torch.manual_seed(0)
    return graph(CONFIG, networks(CONFIG).eval())


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("target", ["torchscript", "onnx"])
def test_an_exported_file_gives_what_pytorch_gives_at_any_size(tmp_path: Path, target: Target) -> None:
    if target == "onnx":
        for name in ("onnx", "onnxscript", "onnxruntime"):
            pytest.importorskip(name, reason="needs the extra [export]")
    path = tmp_path / "model.any"
    assert export(painter_graph(), target, path) <= 1e-4
    assert [each.name for each in tmp_path.iterdir()] == ["model.any"]
    planes = torch.rand(1, 3, 37, 19)  # neither the size of the example nor half as much again
    with torch.no_grad():
        expected = painter_graph().module(planes)
    load = exporting._load_script if target == "torchscript" else exporting._load_onnx
    run = load(path.read_bytes())
    assert (run([planes])[0] - expected).abs().max() < 1e-5


@pytest.mark.parametrize("step", [0.01, float("nan")])
def test_a_file_that_gives_other_results_is_refused_and_not_kept(tmp_path: Path, step: float) -> None:
    its = Graph(Drifting(step), {"planes": torch.ones(1, 3, 4, 4)}, ("same",))
    (tmp_path / "model.pt").write_text("an older one")
    with pytest.raises(InputError, match=r"gives other results than PyTorch, by up to .* no file was written"):
        export(its, "torchscript", tmp_path / "model.pt")
    assert [each.name for each in tmp_path.iterdir()] == ["model.pt"]
    assert (tmp_path / "model.pt").read_text() == "an older one"


def test_sizes_that_are_promised_free_are_tried(tmp_path: Path) -> None:
    example = {"planes": torch.rand(1, 3, 4, 4)}
    assert export(Graph(Narrow(), example, ("row",)), "torchscript", tmp_path / "fixed.pt") == 0
    with pytest.raises(InputError):
        export(Graph(Narrow(), example, ("row",), {"planes": (2, 3)}), "torchscript", tmp_path / "free.pt")
    assert not (tmp_path / "free.pt").exists()


class Strided(nn.Module):
    """Takes sides that are multiples of 8, and beside them something at half the size."""

    def forward(self, planes: Tensor, noise: Tensor) -> Tensor:
        eighth = nn.functional.avg_pool2d(planes, 8)
        whole = nn.functional.interpolate(eighth, scale_factor=8.0)
        return whole + planes + nn.functional.interpolate(noise, scale_factor=2.0)


def test_sizes_that_are_tried_fit_strides_and_one_another(tmp_path: Path) -> None:
    """40 is no multiple of 16, so that half as much again would be no multiple of 8."""
    example = {"planes": torch.rand(1, 3, 40, 24), "noise": torch.rand(1, 1, 20, 12)}
    its = Graph(Strided(), example, ("made",), dict.fromkeys(example, (2, 3)))
    assert export(its, "torchscript", tmp_path / "strided.pt") == 0


@pytest.mark.parametrize(("name", "recipe"), RECIPES)
def test_every_recipe_can_be_given_away(tmp_path: Path, name: str, recipe: str) -> None:
    method = BY_NAME[name]
    config, parts = small(method, recipe), method.load()
    if parts.graph is None:
        pytest.skip("nothing can be exported")
    with torch.no_grad():
        assert export(parts.graph(config, parts.networks(config).eval()), "torchscript", tmp_path / "its.pt") <= 1e-4


@pytest.mark.slow
def test_the_recipe_to_begin_with_can_be_given_away_as_onnx(tmp_path: Path) -> None:
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="needs the extra [export]")
    method = BY_NAME["analogy"]
    config, parts = small(method, "fast"), method.load()
    assert parts.graph
    with torch.no_grad():
        assert export(parts.graph(config, parts.networks(config).eval()), "onnx", tmp_path / "its.onnx") <= 1e-4


def test_without_its_packages_onnx_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"install it with: pip install 'sembla\[export\]'"):
        export(painter_graph(), "onnx", tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        export(painter_graph(), "torchscript", tmp_path / "gone" / "model.pt")


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "meta"])
def test_devices_that_are_not_there_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=rf"device '?{name}'? came"):
        find_device(name)


def test_a_cpu_is_asked_for_bf16(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    for flags, expected in (("fpu avx512f avx512_bf16", True), ("fpu avx512f avx2", False), ("", False)):
        told.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
        assert has_bf16(CPU, cpus=told) is expected
    assert not has_bf16(CPU, cpus=tmp_path / "gone")
    assert find_device("cpu") == CPU
