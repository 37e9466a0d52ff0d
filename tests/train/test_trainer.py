import math
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.train import toys
from tests.train.support import SETTINGS, advance, nets, trainer
from tests.train.toys import GAN, Cloud, Depth, Points, ToyConfig
from torch import Tensor, nn

from sembla.core.errors import DivergedError, InputError, MemoryNeedError
from sembla.core.method import Feed, Term
from sembla.engine.local import LocalEngine
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Moment, Trainer

ROOT = Path(__file__).parents[2]


def weights(networks: nn.ModuleDict) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in networks.state_dict().items()}


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_every_player_learns_and_the_helper_stays() -> None:
    training = trainer()
    before = weights(training.networks)
    moments = advance(training, 12)
    after = weights(training.networks)
    moved = {name.partition(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert moved == {"generator", "discriminator"}
    assert [moment.images for moment in moments[:3]] == [4, 8, 12]
    assert moments[0].losses.keys() == {
        *("discriminator/real", "discriminator/fake", "discriminator/gradient"),
        *("generator/adversarial", "generator/size", "generator/told", "generator/gradient"),
    }


def test_a_turn_reaches_no_other_players_gradient() -> None:
    training = trainer()
    for name in ("discriminator", "generator"):
        training.networks.zero_grad()
        turn = next(turn for turn in training._objective.turns(0) if turn.player == name)
        training._engine.learn(turn, training._next_batches(), scale=lambda loss: loss)
        with_gradients = {
            key.partition(".")[0] for key, value in training.networks.named_parameters() if value.grad is not None
        }
        assert with_gradients == {name}


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    first, second, other = trainer(), trainer(), trainer(settings=replace(SETTINGS, seed=8))
    for training in (first, second, other):
        advance(training, 5)
    assert same(weights(first.networks), weights(second.networks))
    assert not same(weights(first.networks), weights(other.networks))


def test_an_observer_that_draws_random_numbers_changes_nothing() -> None:
    quiet, watched = trainer(), trainer()
    quiet.run()

    def look(moment: Moment) -> None:
        torch.rand(moment.step)
        with watched.shown() as networks:
            networks["generator"](torch.zeros(1, 2))

    assert not watched.run([look])
    assert same(weights(quiet.networks), weights(watched.networks))


def test_parts_of_a_batch_give_what_the_whole_gives() -> None:
    config = ToyConfig(own_noise=False)
    whole = trainer(config, replace(SETTINGS, batch=8))
    parts = trainer(config, replace(SETTINGS, batch=8, accumulate=4))
    for one, other in zip(advance(whole, 10), advance(parts, 10), strict=True):
        assert other.losses == pytest.approx(one.losses, rel=1e-4, abs=1e-6)
    there = weights(parts.networks)
    for name, value in weights(whole.networks).items():
        torch.testing.assert_close(there[name], value, rtol=1e-4, atol=1e-5)


def test_the_gradient_over_parts_is_the_one_in_closed_form() -> None:
    training = trainer(ToyConfig(own_noise=False), replace(SETTINGS, batch=6, accumulate=3))
    judge = nets(training)["discriminator"]
    nn.init.constant_(judge[2].weight, 3.0)  # so that some points are beyond the hinge
    turn = training._objective.turns(0)[0]
    batches = training._next_batches()
    training._engine.learn(turn, batches, scale=lambda loss: loss)
    # Of the last bias, in mean relu(1 - real) + mean relu(1 + fake): the share of fakes above -1, less reals below 1.
    points = torch.cat([batch.points for batch in batches])
    fakes = training.networks["generator"](torch.cat([batch.latents for batch in batches]))
    with torch.no_grad():
        expected = (judge(fakes) > -1).double().mean() - (judge(points) < 1).double().mean()
    assert expected.abs() > 0.1
    assert judge[2].bias.grad.item() == pytest.approx(expected.item(), abs=1e-6)


def test_each_player_has_its_own_rate_which_falls_with_images_seen() -> None:
    config = ToyConfig(rates=(0.001, 0.004), decay=40, half_life=0)
    training = trainer(config, replace(SETTINGS, batch=4))
    rates = []
    for _ in range(10):
        training.advance()
        rates.append(
            [training.learners[name]._optimizer.param_groups[0]["lr"] for name in ("generator", "discriminator")]
        )
    expected = [[rate * (1 - images / 40) for rate in config.rates] for images in range(0, 40, 4)]
    assert rates == [pytest.approx(each) for each in expected]


def test_the_first_step_of_adam_is_as_long_as_the_rate() -> None:
    config = ToyConfig(rates=(0.001, 0.004))
    training = trainer(config)
    before = weights(training.networks)
    training.advance()
    step = (nets(training)["discriminator"][0].bias - before["discriminator.0.bias"]).abs().max().item()
    assert step == pytest.approx(0.004, rel=1e-3)  # m / sqrt(v) is 1 for the first gradient, whatever it is


def test_gradients_are_clipped_to_their_norm() -> None:
    free, clipped = trainer(ToyConfig()), trainer(ToyConfig(clip=0.01))
    for training in (free, clipped):
        training.advance()
    one, other = (
        torch.cat([weight.grad.flatten() for weight in nets(training)["generator"].parameters()])
        for training in (free, clipped)
    )
    assert one.norm() > 0.05
    assert other.norm().item() == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_much_the_same(precision: str) -> None:
    config = ToyConfig(own_noise=False)
    exact = trainer(config)
    half = trainer(config, replace(SETTINGS, precision=precision))  # type: ignore[arg-type]  # pytest gives strings
    seen = []
    nets(half)["generator"][3].register_forward_hook(lambda _module, _inputs, output: seen.append(output.dtype))
    one, other = advance(exact, 1)[0].losses, advance(half, 1)[0].losses
    assert set(seen) == {torch.bfloat16 if precision == "bf16" else torch.float16}
    for name, value in one.items():
        if "gradient" not in name:  # the first ones in fp16 overflow, until it scales less
            assert other[name] == pytest.approx(value, rel=0.05, abs=0.02)
    assert other != one
    assert {value.dtype for value in half.networks.state_dict().values()} == {torch.float32}
    advance(half, 10)
    assert all(value.isfinite().all() for value in half.networks.state_dict().values())


def test_a_loss_that_is_not_finite_stops_before_it_does_harm() -> None:
    training = trainer(ToyConfig(poison=3))
    advance(training, 3)
    before = weights(nn.ModuleDict({"generator": training.networks["generator"]}))
    with pytest.raises(DivergedError, match=r"the loss 'adversarial' of the generator became -?inf in step 3"):
        training.advance()
    assert same(before, weights(nn.ModuleDict({"generator": training.networks["generator"]})))
    assert training.step == 3


def test_a_gradient_that_is_not_finite_stops_too() -> None:
    training = trainer()
    nets(training)["generator"][0].weight.register_hook(lambda gradient: gradient * math.nan)
    with pytest.raises(DivergedError, match="the gradient of the generator became nan"):
        training.advance()


def test_what_is_shown_is_the_average_and_leaves_modes_as_they_were() -> None:
    training = trainer(ToyConfig(depth=Depth(norm=True)))
    advance(training, 3)
    frozen = nets(training)["generator"][1]
    frozen.eval()
    with training.shown() as networks:
        assert not networks["discriminator"].training
        average = training.learners["generator"].average
        assert average is not None
        assert networks["generator"] is average.network
    assert training.networks["discriminator"].training
    assert not frozen.training
    assert training.networks["generator"].training
    assert not training.networks["helper"].training


def test_running_out_of_memory_says_what_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    training = trainer(settings=replace(SETTINGS, batch=6, accumulate=1))

    def fail() -> Moment:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")

    monkeypatch.setattr(training, "advance", fail)
    with pytest.raises(MemoryNeedError, match="--accumulate 2"):
        training.run()


FULL = """
import resource
import sys
from dataclasses import replace
from pathlib import Path
from sembla.core.errors import MemoryNeedError
from tests.train.support import SETTINGS, trainer
from tests.train.toys import Depth, ToyConfig

config = ToyConfig(depth=Depth(width=100_000))
small, large = (trainer(config, replace(SETTINGS, steps=2, batch=batch)) for batch in (2, 4096))
small.advance()
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
limit = int(status["VmSize"].split()[0]) * 1024 + 500_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
small.advance()
try:
    large.run()
except MemoryNeedError as error:
    print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits the memory of a process")
def test_memory_that_really_runs_out_is_told() -> None:
    """A layer of 4096 x 100,000 numbers takes 1.6 GB, of 2 images nearly nothing."""
    done = subprocess.run([sys.executable, "-c", FULL], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("a step of 4096 images in 1 parts does not fit into memory; compute it in 2 parts")


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[enforce fail] can't allocate memory: 9 bytes")])
def test_memory_that_lacks_while_a_batch_is_made_is_told_too(error: Exception) -> None:
    def batches(config: ToyConfig, source: Cloud, feed: Feed) -> Iterator[Points]:
        raise error
        yield from toys.batches(config, source, feed)

    parts = replace(GAN.load(), batches=batches)
    engine = LocalEngine(torch.device("cpu"))
    training = Trainer(replace(GAN, load=lambda: parts), ToyConfig(), Cloud(), settings=SETTINGS, engine=engine)
    with pytest.raises(MemoryNeedError, match="--accumulate 2"):
        training.run()


def test_a_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(InputError, match="give a multiple of 3"):
        trainer(settings=replace(SETTINGS, batch=4, accumulate=3))


@pytest.mark.parametrize("name", ["steps", "batch", "accumulate", "keep", "log_every", "checkpoint_every"])
def test_settings_are_checked(name: str) -> None:
    numbers: dict[str, Any] = {"steps": 1, name: 0}
    with pytest.raises(InputError, match=f"{name} 0 came"):
        TrainSettings(**numbers)


def test_the_next_batch_is_read_while_a_step_is_computed_and_none_after_the_last() -> None:
    read = [threading.Event() for _ in range(5)]

    def batches(config: ToyConfig, source: Cloud, feed: Feed) -> Iterator[Points]:
        for event, batch in zip(read, toys.batches(config, source, feed), strict=False):
            event.set()
            yield batch

    class Waiting(toys.ToyObjective):
        def discriminator(self, batch: Points) -> Mapping[str, Term]:
            assert read[min(training.step + 1, 3)].wait(timeout=20)
            return super().discriminator(batch)

    parts = replace(GAN.load(), batches=batches, objective=Waiting)
    settings = replace(SETTINGS, steps=4)
    engine = LocalEngine(torch.device("cpu"))
    training = Trainer(replace(GAN, load=lambda: parts), ToyConfig(), Cloud(), settings=settings, engine=engine)
    training.run()
    assert not read[4].is_set()


def test_a_batch_that_cannot_be_read_ends_the_step_that_needs_it() -> None:
    def batches(config: ToyConfig, source: Cloud, feed: Feed) -> Iterator[Points]:
        yield next(toys.batches(config, source, feed))
        raise InputError("0002.png cannot be read")

    parts = replace(GAN.load(), batches=batches)
    engine = LocalEngine(torch.device("cpu"))
    training = Trainer(replace(GAN, load=lambda: parts), ToyConfig(), Cloud(), settings=SETTINGS, engine=engine)
    training.advance()
    with pytest.raises(InputError, match=r"0002\.png"):
        training.advance()


def test_threads_that_an_observer_takes_are_given_back() -> None:
    training = trainer(settings=replace(SETTINGS, steps=2))
    threads = torch.get_num_threads()
    seen = []
    nets(training)["generator"][0].register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    training.run([lambda _moment: torch.set_num_threads(threads + 1)])
    torch.set_num_threads(threads)
    assert set(seen) == {threads}
