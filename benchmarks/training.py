"""Measure what the trainer takes beside the training itself: the same networks in its loop and in a bare one, in turns.

The bare loop is what a paper's script would hold: forward, backward, Adam; no averages, no watch, no log, no seed a
step. Both see the same batches and draw as many random numbers.

    python -m benchmarks.training [STEPS]
"""

import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from benchmarks.tables import table
from sembla.core.method import Feed, Method, Pace, Parts, Player, Sheet, Term, Turn
from sembla.engine.local import LocalEngine
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Trainer

RATES = {"generator": 0.001, "discriminator": 0.004}
SIDE, CHANNELS, BATCH = 64, 32, 4
TURNS = 5


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


def bare(its: nn.ModuleDict, steps: int) -> float:
    """Seconds of `steps` steps without a trainer."""
    optimizers = {
        name: torch.optim.Adam(its[name].parameters(), rate, (0.0, 0.99), fused=True) for name, rate in RATES.items()
    }
    objective = Objective(CHANNELS, its)
    began = 0.0
    for step, batch in enumerate(islice(batches(CHANNELS, SIDE, Feed(BATCH)), steps + 1)):
        if step == 1:  # the first one warms up
            began = time.perf_counter()
        for turn in objective.turns(step):
            for name in RATES:
                its[name].requires_grad_(requires_grad=name == turn.player)
            optimizers[turn.player].zero_grad(set_to_none=True)
            loss = sum((term.value * term.weight for term in turn.losses(batch).values()), torch.zeros(()))
            torch.autograd.backward(loss)
            optimizers[turn.player].step()
    return time.perf_counter() - began


def trained(steps: int) -> float:
    """Seconds of as many steps in the trainer."""
    settings = TrainSettings(steps=steps + 1, batch=BATCH, device="cpu")
    engine = LocalEngine(torch.device("cpu"))
    trainer = Trainer(REPAINTER, CHANNELS, SIDE, settings=settings, engine=engine)
    trainer.advance()
    began = time.perf_counter()
    trainer.run()
    return time.perf_counter() - began


def overhead(steps: int) -> dict[str, object]:
    """The medians of both, and what the trainer takes on top in percent: the median over pairs run in turns."""
    pairs = []
    for _ in range(TURNS):
        torch.manual_seed(0)
        pairs.append((bare(networks(CHANNELS), steps), trained(steps)))
    alone, inside = (statistics.median(times) / steps for times in zip(*pairs, strict=True))
    more = statistics.median(with_trainer / without - 1 for without, with_trainer in pairs)
    return {
        "ms a step, bare": round(1000 * alone, 2),
        "ms a step, trainer": round(1000 * inside, 2),
        "overhead in %": round(100 * more, 2),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(table([overhead(int(sys.argv[1]) if len(sys.argv) > 1 else 40)]))
