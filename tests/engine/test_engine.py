from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.core.errors import InputError
from sembla.core.method import Term, Turn
from sembla.engine.devices import find_device
from sembla.engine.lessons import moved, total
from sembla.engine.local import LocalEngine
from sembla.engine.opening import open_engine


@dataclass(frozen=True)
class Pairs:
    """A batch of a regression."""

    inputs: Tensor
    """(N, 3)."""
    targets: Tensor
    """(N, 1)."""
    name: str = "pairs"

    @property
    def count(self) -> int:
        return len(self.inputs)


def pairs(count: int, seed: int) -> Pairs:
    generator = torch.Generator().manual_seed(seed)
    return Pairs(torch.randn(count, 3, generator=generator), torch.randn(count, 1, generator=generator))


def unscaled(loss: Tensor) -> Tensor:
    return loss


def prepared() -> tuple[LocalEngine, nn.ModuleDict]:
    networks = nn.ModuleDict({"line": nn.Linear(3, 1), "other": nn.Linear(1, 1)})
    engine = LocalEngine(torch.device("cpu"))
    engine.prepare(networks, ["line", "other"])
    return engine, networks


def test_the_gradient_over_batches_is_that_of_least_squares() -> None:
    engine, networks = prepared()
    line: Any = networks["line"]

    def squares(batch: Pairs) -> Mapping[str, Term]:
        return {"squares": Term((line(batch.inputs) - batch.targets).square().mean(), 3.0)}

    batches = [pairs(4, seed) for seed in range(3)]
    terms = engine.learn(Turn("line", squares), batches, scale=unscaled)
    inputs, targets = (torch.cat([getattr(batch, name) for batch in batches]) for name in ("inputs", "targets"))
    with torch.no_grad():
        misses = inputs @ line.weight.T + line.bias - targets
    torch.testing.assert_close(line.weight.grad, 3 * 2 / 12 * misses.T @ inputs)
    torch.testing.assert_close(terms["squares"], misses.square().mean())


def test_the_scale_multiplies_the_gradient_alone() -> None:
    engine, networks = prepared()
    line: Any = networks["line"]
    lesson: Turn[Pairs] = Turn("line", lambda batch: {"mean": Term(line(batch.inputs).mean())})
    terms = engine.learn(lesson, [pairs(4, 0)], scale=lambda loss: loss * 8)
    assert line.bias.grad.item() == pytest.approx(8)
    assert terms["mean"].item() == pytest.approx(line(pairs(4, 0).inputs).mean().item())


def test_a_lesson_through_two_networks_reaches_one() -> None:
    engine, networks = prepared()
    line: Any = networks["line"]
    other: Any = networks["other"]

    def through(batch: Pairs) -> Mapping[str, Term]:
        return {"mean": Term(other(line(batch.inputs)).mean())}

    engine.learn(Turn("line", through), [pairs(4, 0)], scale=unscaled)
    assert line.bias.grad.item() == pytest.approx(other.weight.item())
    assert other.weight.grad is None
    networks.zero_grad()
    engine.learn(Turn("other", through), [pairs(4, 0)], scale=unscaled)
    assert other.bias.grad.item() == pytest.approx(1)
    assert line.weight.grad is None


def test_weights_meet_in_the_total_and_terms_of_weight_nothing_are_only_told() -> None:
    terms = {"a": Term(torch.tensor(2.0), 3.0), "b": Term(torch.tensor(5.0)), "c": Term(torch.tensor(torch.nan), 0.0)}
    assert total(terms).item() == 11


def test_pictures_are_placed_with_their_channels_last_and_the_rest_as_it_is() -> None:
    @dataclass(frozen=True)
    class Pictures:
        pictures: Tensor
        labels: Tensor
        name: str

    batch = moved(
        Pictures(torch.rand(2, 3, 4, 5), torch.zeros(2, 4, 5), "two"), torch.device("cpu"), channels_last=True
    )
    assert batch.pictures.is_contiguous(memory_format=torch.channels_last)
    assert batch.labels.is_contiguous()
    assert batch.name == "two"


def test_channels_last_is_a_matter_of_layout_alone() -> None:
    def gradient(*, channels_last: bool) -> Tensor:
        torch.manual_seed(0)
        networks = nn.ModuleDict({"net": nn.Conv2d(3, 4, 3)})
        engine = LocalEngine(torch.device("cpu"), channels_last=channels_last)
        engine.prepare(networks, ["net"])
        net: Any = networks["net"]
        assert net.weight.is_contiguous(memory_format=torch.channels_last) == channels_last
        lesson: Turn[Pairs] = Turn("net", lambda batch: {"loss": Term(net(batch.inputs).square().mean())})
        batch = Pairs(torch.randn(2, 3, 8, 8), torch.zeros(2, 1))
        engine.learn(lesson, [engine.place(batch)], scale=unscaled)
        found: Tensor = net.weight.grad
        return found

    torch.testing.assert_close(gradient(channels_last=True), gradient(channels_last=False))


@pytest.mark.parametrize(("name", "told"), [("cuda:99", "device cuda:99 came"), ("toaster", "'toaster' came")])
def test_a_device_that_is_not_there_is_refused(name: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        find_device(name)


def test_without_torchrun_there_is_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with open_engine("cpu") as engine:
        assert (engine.rank, engine.ranks) == (0, 1)
        assert engine.mean({"a": 1.5}) == {"a": 1.5}
