"""Measure what the trainer takes beside the training itself, and what a second process brings.

Overhead: the same networks in the trainer's loop and in a bare one, step by step in turns, one thread. The bare loop
is what a paper's script would hold: forward, backward, Adam; no averages, no watch, no log, no seed a step. Both see
the same batches and draw as many random numbers.

Two processes: the same training with the same global batch by one process and by two that torchrun starts and that
speak through gloo, one thread each, in turns; for the networks of the first table, and for the recipe `semia` at
286x190 with two moves of the generator a step instead of ten.

Prints the tables and writes results/training.json and results/training.md.

    python -m benchmarks.training
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from benchmarks.analogy_training import case
from benchmarks.tables import publish, table
from sembla.core.method import Feed, Method, Pace, Parts, Player, Sheet, Term, Turn
from sembla.engine.base import Engine
from sembla.engine.local import LocalEngine
from sembla.engine.opening import open_engine
from sembla.methods.analogy import METHOD as ANALOGY
from sembla.methods.analogy.config import Semia
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Moment, Trainer

ROOT = Path(__file__).parent.parent
RATES = {"generator": 0.001, "discriminator": 0.004}
SIDE, CHANNELS, BATCH = 64, 32, 4
STEPS, WARM_UP = 100, 10
SHARED_TURNS = 3
SHARED: Mapping[str, tuple[int, int]] = {"repainter": (16, 8), "semia": (2, 2)}
"""Global batch and steps of what two processes share."""

Row = dict[str, object]


@dataclass(frozen=True)
class Images:
    """A batch."""

    images: Tensor
    """(N, 3, H, W) in -1 to 1."""

    @property
    def count(self) -> int:
        """Number of images, N."""
        return len(self.images)


def networks(channels: int) -> nn.ModuleDict:
    """A GAN that repaints pictures: six layers a player."""

    def layers(first: int, last: int) -> nn.Sequential:
        sizes = [first, *[channels] * 5]
        inner = [(nn.Conv2d(one, other, 3, padding=1), nn.ReLU()) for one, other in pairwise(sizes)]
        return nn.Sequential(*chain.from_iterable(inner), nn.Conv2d(channels, last, 3, padding=1))

    return nn.ModuleDict({"generator": layers(3, 3), "discriminator": layers(3, 1)})


class Objective:
    """Hinge loss and L1."""

    def __init__(self, channels: int, its: nn.ModuleDict) -> None:
        del channels
        self._its = its

    def turns(self, step: int) -> Sequence[Turn[Images]]:
        """Discriminator, then generator."""
        del step
        return Turn("discriminator", self.discriminator), Turn("generator", self.generator)

    def discriminator(self, batch: Images) -> Mapping[str, Term]:
        """Real from made."""
        judge = self._its["discriminator"]
        with torch.no_grad():
            made = self._its["generator"](batch.images)
        return {"real": Term(F.relu(1 - judge(batch.images)).mean()), "fake": Term(F.relu(1 + judge(made)).mean())}

    def generator(self, batch: Images) -> Mapping[str, Term]:
        """Convince, and stay near."""
        made = self._its["generator"](batch.images + 0.01 * torch.randn_like(batch.images))
        return {
            "adversarial": Term(-self._its["discriminator"](made).mean()),
            "l1": Term(F.l1_loss(made, batch.images)),
        }


def batches(channels: int, source: int, feed: Feed) -> Iterator[Images]:
    """Noise, made beforehand."""
    del channels
    generator = torch.Generator().manual_seed(feed.seed)
    images = torch.rand((feed.batch, 3, source, source), generator=generator) * 2 - 1
    while True:
        yield Images(images)


def players(channels: int) -> Mapping[str, Player]:
    """Two rates."""
    del channels
    return {name: Player(rate) for name, rate in RATES.items()}


REPAINTER: Method[int, int, Images] = Method(
    name="repainter",
    summary="Repaints noise.",
    paper="None.",
    recipes={"small": CHANNELS},
    source=int,
    fitted=lambda config, _source: config,
    pace=lambda _config: Pace(steps=10),
    load=lambda: Parts(networks, players, lambda *_: 1.0, Objective, batches, previews=lambda *_: Sheet((), ())),
)


def bare(its: nn.ModuleDict) -> Iterator[None]:
    """A training without a trainer, a step at each turn."""
    optimizers = {
        name: torch.optim.Adam(its[name].parameters(), rate, (0.0, 0.99), fused=True) for name, rate in RATES.items()
    }
    objective = Objective(CHANNELS, its)
    for step, batch in enumerate(batches(CHANNELS, SIDE, Feed(BATCH))):
        for turn in objective.turns(step):
            for name in RATES:
                its[name].requires_grad_(requires_grad=name == turn.player)
            optimizers[turn.player].zero_grad(set_to_none=True)
            loss = sum((term.value * term.weight for term in turn.losses(batch).values()), torch.zeros(()))
            torch.autograd.backward(loss)
            optimizers[turn.player].step()
        yield


def overhead(steps: int) -> Row:
    """A step of each after the other, so that both have the machine as it is; the medians of `steps` of them."""
    torch.manual_seed(0)
    settings = TrainSettings(steps=steps + WARM_UP, batch=BATCH, device="cpu")
    engine = LocalEngine(torch.device("cpu"))
    trainer = Trainer(REPAINTER, CHANNELS, SIDE, settings=settings, engine=engine)
    alone, marks = bare(networks(CHANNELS)), [time.perf_counter()]

    def one_without(_moment: Moment) -> None:
        marks.append(time.perf_counter())
        next(alone)
        marks.append(time.perf_counter())

    trainer.run([one_without])
    took = [later - earlier for earlier, later in pairwise(marks)][2 * WARM_UP :]
    inside, without = statistics.median(took[::2]), statistics.median(took[1::2])
    return {
        "ms a step, bare": round(1000 * without, 2),
        "ms a step, trainer": round(1000 * inside, 2),
        "overhead, %": round(100 * (inside / without - 1), 2),
        "load": round(os.getloadavg()[0], 1),
    }


def training(what: str, engine: Engine) -> Trainer[Any, Any, Any]:
    """One of the trainings that are shared."""
    batch, steps = SHARED[what]
    settings = TrainSettings(steps=steps + 1, batch=batch, device="cpu")
    if what == "repainter":
        return Trainer(REPAINTER, CHANNELS, SIDE, settings=settings, engine=engine)
    source = case(190, 286)
    config = ANALOGY.fitted(replace(Semia(), generator_steps=2), source)
    return Trainer(ANALOGY, config, source, settings=settings, engine=engine)


def share(what: str) -> None:
    """Train in this process, one among however many there are; the first one prints the seconds of a step."""
    torch.set_num_threads(1)
    steps = SHARED[what][1]
    with open_engine("cpu") as engine:
        its = training(what, engine)
        its.advance()  # warms up
        engine.mean({"ready": 1.0})
        began = time.perf_counter()
        for _ in range(steps):
            its.advance()
        engine.mean({"done": 1.0})
        if engine.rank == 0:
            print(json.dumps((time.perf_counter() - began) / steps))


def seconds(what: str, processes: int) -> float:
    """Of a step of a training that so many processes share."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    command = [sys.executable, "-W", "ignore", *(torchrun if processes > 1 else ["-m"])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "benchmarks.training", what],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def shared() -> list[Row]:
    """One process against two, the medians of turns; the factor is the median over pairs."""
    rows: list[Row] = []
    for what, (batch, _) in SHARED.items():
        pairs = [(seconds(what, 1), seconds(what, 2)) for _ in range(SHARED_TURNS)]
        one, two = (statistics.median(times) for times in zip(*pairs, strict=True))
        rows.append(
            {
                "training": what,
                "images a step": batch,
                "s a step, one process": round(one, 3),
                "s a step, two processes": round(two, 3),
                "times as fast": round(statistics.median(alone / both for alone, both in pairs), 2),
                "load": round(os.getloadavg()[0], 1),
            }
        )
        print(table(rows[-1:]), flush=True)
    return rows


def main() -> None:
    """Measure everything and write the results."""
    torch.set_num_threads(1)
    machine = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, torch {torch.__version__}"
    )
    report = {
        f"Overhead of the trainer, medians of {STEPS} steps": [overhead(STEPS)],
        f"Two processes, median of {SHARED_TURNS} pairs": shared(),
    }
    head = f"# Training\n\n`python -m benchmarks.training`, {machine}. Load: processes that wanted to run meanwhile."
    publish("training", report, head=head, machine=machine)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        share(sys.argv[1])
    else:
        main()
