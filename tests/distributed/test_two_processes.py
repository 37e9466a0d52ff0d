import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from safetensors.torch import load_file
from tests.distributed.worker import record
from tests.train.support import engine, lines
from torch import Tensor

ROOT = Path(__file__).parents[2]


def launch(root: Path, steps: int, what: Literal["begin", "resume", "methods"]) -> None:
    """Train in two processes that torchrun starts."""
    command = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "tests.distributed.worker", str(root), str(steps), what]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def near(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    """The same but for the order of sums; Adam makes the most of small differences."""
    for name, value in one.items():
        torch.testing.assert_close(other[name], value, rtol=1e-3, atol=2e-5)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one process that was never stopped."""
    root = tmp_path_factory.mktemp("alone") / "run"
    record(engine(), root, steps=12, accumulate=1, resume=False)
    return root


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes leave after six steps."""
    root = tmp_path_factory.mktemp("together")
    launch(root, 6, "begin")
    return root


def test_both_processes_hold_the_same_weights(together: Path) -> None:
    for what in ("weights", "normalised"):
        first, second = (load_file(together / f"{what}{rank}.safetensors") for rank in (0, 1))
        assert equal(first, second)
    assert any("running_mean" in name for name in load_file(together / "normalised0.safetensors"))


@pytest.mark.slow
def test_both_processes_keep_the_same_of_every_method(tmp_path: Path) -> None:
    launch(tmp_path, 2, "methods")
    first, second = (load_file(tmp_path / f"methods{rank}.safetensors") for rank in (0, 1))
    assert equal(first, second)
    assert {name.split(".")[1] for name in first} >= {"fast", "semia"}
    assert any(name.endswith("strength") for name in first)  # which adapts to what a process sees


def test_running_statistics_are_those_of_all_images(together: Path) -> None:
    for rank in (0, 1):
        mean = load_file(together / f"mean{rank}.safetensors")["mean"]
        torch.testing.assert_close(mean, torch.full((2,), 0.1 * 1.5))  # BatchNorm's momentum, ones and twos


def test_losses_are_those_of_one_process_with_the_whole_batch(together: Path, alone: Path) -> None:
    shared, whole = lines(together / "run"), lines(alone)[:6]
    for one, other in zip(whole, shared, strict=True):
        assert other == pytest.approx(one, rel=1e-3, abs=1e-5)


def test_one_that_is_asked_to_stop_stops_all(together: Path) -> None:
    assert [(together / f"stopped{rank}").read_text() for rank in (0, 1)] == ["2", "2"]


def test_what_two_began_one_goes_on_with(together: Path, alone: Path) -> None:
    record(engine(), together / "run", steps=12, accumulate=4, resume=True)
    near(load_file(alone / "weights.safetensors"), load_file(together / "run" / "weights.safetensors"))
    assert [line["step"] for line in lines(together / "run")] == list(range(1, 13))


@pytest.mark.slow  # the other way round is tested above
def test_what_one_began_two_go_on_with(tmp_path: Path, alone: Path) -> None:
    record(engine(), tmp_path / "run", steps=5, accumulate=1, resume=False)
    launch(tmp_path, 12, "resume")
    near(load_file(alone / "weights.safetensors"), load_file(tmp_path / "run" / "weights.safetensors"))
