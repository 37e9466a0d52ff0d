"""The loop: batches, turns between players, observers. It knows no method, no file and no progress bar."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from sembla.core.errors import MemoryNeedError
from sembla.core.memory import ran_out
from sembla.core.method import Batch, Feed, Method, Parts
from sembla.core.tasks import ShouldStop
from sembla.engine.base import Engine
from sembla.runs.checkpoint import Score, Snapshot, State
from sembla.runs.tensors import below, fill, named
from sembla.train.learner import Learner
from sembla.train.settings import TrainSettings
from sembla.train.watch import check_finite

__all__ = ["Moment", "Observer", "Trainer"]

C = TypeVar("C")
S = TypeVar("S")
B = TypeVar("B", bound=Batch)


@dataclass(frozen=True)
class Moment:
    """Where a training stands after a step."""

    step: int
    """Steps done."""
    steps: int
    """Steps to do in all."""
    images: int
    """Images seen."""
    seconds: float
    """Time in training, that of earlier parts of the run included."""
    losses: Mapping[str, float]
    """By "PLAYER/TERM", of this process: each term without its weight, averaged over the player's turns of this step;
    "PLAYER/gradient" is the norm of the gradient."""


Observer: TypeAlias = Callable[[Moment], object]
"""Called after every step; may draw random numbers, and must change nothing that is trained."""


class Trainer(Generic[C, S, B]):
    """A training in memory, at some step.

    Random numbers begin anew in every step, from the seed, the step and the rank. So there is no random state to keep:
    a step comes out the same however the training arrived at it.
    """

    def __init__(
        self, method: Method[C, S, B], config: C, source: S, *, settings: TrainSettings, engine: Engine
    ) -> None:
        self.parts: Parts[C, S, B] = method.load()
        self.config, self.source, self.settings = config, source, settings
        self.step, self.images, self.seconds = 0, 0, 0.0
        self._engine = engine
        self._threads = torch.get_num_threads()
        self._part = settings.part(engine.ranks)
        torch.manual_seed(settings.seed)
        self.networks: nn.ModuleDict = self.parts.networks(config)
        players = self.parts.players(config)
        for helper in self.networks.keys() - players.keys():
            self.networks[helper].eval().requires_grad_(requires_grad=False)
        engine.prepare(self.networks, list(players))
        self.learners = {
            name: Learner(player, self.networks[name], precision=settings.precision) for name, player in players.items()
        }
        self._objective = self.parts.objective(config, self.networks)
        self._batches: Iterator[B] | None = None
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="batches")
        self._ahead: Future[list[B]] | None = None

    def run(self, observers: Sequence[Observer] = (), *, stop: ShouldStop = lambda: False) -> bool:
        """Train until all steps are done, or until `stop` says True in any process; gives whether it did.

        Raises `DivergedError` for a loss that is not finite, and `MemoryNeedError` where a step does not fit.
        """
        while self.step < self.settings.steps:
            if self._engine.mean({"stop": float(stop())})["stop"]:
                return True
            with self._enough_memory():
                moment = self.advance()
            for observer in observers:
                observer(moment)
        return False

    def advance(self) -> Moment:
        """Train one step."""
        began = time.perf_counter()
        torch.set_num_threads(self._threads)  # numba in an observer sets another number, and sums then round otherwise
        batches = self._next_batches()
        torch.manual_seed(_step_seed(self.settings.seed, self.step, self._engine.rank))
        told: dict[str, list[float]] = {}
        for turn in self._objective.turns(self.step):
            rate, learner = self.parts.rate(self.config, turn.player, self.images), self.learners[turn.player]
            if not rate:
                continue  # who is not to learn is not asked
            learner.begin(rate)
            terms = self._engine.learn(turn, batches, scale=learner.scale)
            values = self._checked(turn.player, terms, learner.clip())
            learner.step()
            for name, value in values.items():
                told.setdefault(f"{turn.player}/{name}", []).append(value)
        self.step += 1
        self.images += self.settings.batch
        for learner in self.learners.values():
            if learner.average:
                learner.average.update(self.settings.batch, seen=self.images)
        self.seconds += time.perf_counter() - began
        losses = {name: sum(values) / len(values) for name, values in told.items()}
        return Moment(self.step, self.settings.steps, self.images, self.seconds, losses)

    @contextmanager
    def shown(self) -> Iterator[nn.ModuleDict]:
        """The networks as they are used: averaged weights where a player keeps them, evaluation mode, no gradients."""
        modes = {module: module.training for module in self.networks.modules()}
        try:
            with torch.no_grad():
                yield nn.ModuleDict({**self.networks, **self._averages()}).eval()
        finally:
            for module, training in modes.items():
                module.training = training

    def snapshot(self, *, score: Score | None = None, pending: Mapping[str, Any] | None = None) -> Snapshot:
        """All that is trained, as it is now; tensors are those in use, to be written before the next step."""
        return Snapshot(
            State(self.step, self.images, self.seconds, score, pending or {}),
            networks=named(self._players()),
            averages=named(self._averages()),
            optimisers={f"{name}.{key}": t for name, its in self.learners.items() for key, t in its.state()},
        )

    def restore(self, snapshot: Snapshot, *, path: Path) -> None:
        """Go on from a snapshot, read from `path`. Raises `InputError` where its tensors are not of these networks."""
        fill(self._players(), snapshot.networks, path=path)
        fill(self._averages(), snapshot.averages, path=path)
        for name, learner in self.learners.items():
            learner.restore(below(snapshot.optimisers, name), path=path)
        self.step, self.images, self.seconds = snapshot.state.step, snapshot.state.images, snapshot.state.seconds
        if self._ahead:
            self._ahead.result()
        self._batches = self._ahead = None

    def weights(self) -> dict[str, Tensor]:
        """The weights to use, by the names of the players: averages where a player keeps one."""
        return named(self._players() | self._averages())

    def _players(self) -> dict[str, nn.Module]:
        return {name: self.networks[name] for name in self.learners}

    def _averages(self) -> dict[str, nn.Module]:
        return {name: learner.average.network for name, learner in self.learners.items() if learner.average}

    def _next_batches(self) -> list[B]:
        """The batches of the next step, on the device; those of the step after it are begun on meanwhile."""
        ahead = self._ahead or self._reader.submit(self._read_batches)
        batches = ahead.result()
        self._ahead = self._reader.submit(self._read_batches) if self.step + 1 < self.settings.steps else None
        return [self._engine.place(batch) for batch in batches]

    def _read_batches(self) -> list[B]:
        """The batches of the step that follows the last one read; in one thread always."""
        torch.set_num_threads(self._threads)  # of this thread
        if self._batches is None:
            start = self.images // (self._part * self._engine.ranks)
            feed = Feed(self._part, self.settings.seed, start, rank=self._engine.rank, ranks=self._engine.ranks)
            self._batches = self.parts.batches(self.config, self.source, feed)
        return list(islice(self._batches, self.settings.accumulate))

    def _checked(self, player: str, terms: Mapping[str, Tensor], norm: Tensor) -> dict[str, float]:
        """The losses and the norm of the gradient as numbers, fetched from the device at once."""
        *values, length = torch.stack([*terms.values(), norm]).tolist()
        losses = dict(zip(terms, values, strict=True))
        skipped = not math.isfinite(length) and self.learners[player].skips
        check_finite(losses, norm=0.0 if skipped else length, player=player, step=self.step)
        return losses | {"gradient": length}

    @contextmanager
    def _enough_memory(self) -> Iterator[None]:
        """Turn what is said when memory runs out into advice."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not ran_out(error):
                raise
            raise MemoryNeedError(_advice(self.settings, self._engine.ranks)) from error


def _advice(settings: TrainSettings, ranks: int) -> str:
    """What to change where a step does not fit."""
    told = f"a step of {settings.batch} images in {settings.accumulate} parts does not fit into memory"
    most = settings.batch // ranks
    more = next((k for k in range(settings.accumulate + 1, most + 1) if settings.batch % (ranks * k) == 0), None)
    if more:
        return f"{told}; compute it in {more} parts, with the same result: --accumulate {more} (accumulate={more})."
    return f"{told}; make pictures or networks smaller, or compute in bf16."


def _step_seed(seed: int, step: int, rank: int) -> int:
    """Seeds of steps and ranks, far apart."""
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0])
