"""Measure how fast scenes are painted and learned.

Networks have random weights: their time does not depend on them. Painting is the median of calls of `api.load`'s
synthesizer (bf16 where the CPU computes it itself), which includes the one-hot planes and the conversion to a picture,
beside the same weights in fp32. A training step of `spade` small (width 32, 128x128, batch 4) stands beside a plain
loop of the same networks and losses in fp32, which makes its photo twice a step, as SPADE's code does: our trainer in
bf16, in fp32, and the loop, in turns.

    python -m benchmarks.scene_speed
"""

import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.tables import load, publish
from sembla import api
from sembla.core.labels import LabelSet
from sembla.core.method import Feed
from sembla.core.tasks import SceneTask
from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared
from sembla.data.records import Kind, Record, Sample
from sembla.engine.base import Precision
from sembla.engine.local import LocalEngine
from sembla.methods.scene import METHOD
from sembla.methods.scene.batches import SceneBatch, batches
from sembla.methods.scene.config import RECIPES, Config, Sembla, Spade
from sembla.methods.scene.learned import PARTS
from sembla.methods.scene.objective import SpadeObjective
from sembla.runs.description import Description, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.tensors import named
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Trainer

SIDE, TIMES, ROUNDS = 256, 7, 8
RECIPES_PAINTED = ("laptop", "sembla", "critic", "spade", "ulbp")

Row = dict[str, object]


def classes(count: int) -> LabelSet:
    """So many classes."""
    return LabelSet(tuple(f"class {index}" for index in range(count)), tuple((index, 0, 0) for index in range(count)))


def noise(folder: Path, count: int, *, side: int, pairs: int = 8) -> Prepared:
    """A prepared set of noise with so many classes."""

    def records(root: Path) -> list[Record]:
        return [Record(f"train/{index}", "train", {"image": root, "labels": root}) for index in range(pairs)]

    def read(record: Record) -> Sample:
        generator = np.random.default_rng(int(record.name.rpartition("/")[2]))
        blocks = generator.integers(0, count, (side // 16, side // 16), np.uint8)
        labels = np.kron(blocks, np.ones((16, 16), np.uint8))
        return Sample(generator.integers(0, 256, (side, side, 3), np.uint8), labels)

    source = folder / "source"
    source.mkdir()
    return prepare(
        Kind("noise", "Noise.", classes(count), records, read, ""), source, folder / "set", workers=1
    ).prepared


def written(config: Config, recipe: str, folder: Path) -> Path:
    """A run of random weights."""
    folder.mkdir()
    torch.manual_seed(0)
    write_description(RunFolder(folder), Description("scene", recipe, to_plain(config), seed=0, batch=1))
    write_weights(RunFolder(folder), named(dict(PARTS.networks(config))), step=1)
    return folder


def seconds(work: Callable[[], object], times: int) -> float:
    """The median of so many calls, after one."""
    work()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def painting(folder: Path, count: int) -> Iterator[Row]:
    """Each recipe at 256x256 with so many classes."""
    prepared = noise(folder, count, side=SIDE)
    labels = np.kron(np.arange(256, dtype=np.uint8).reshape(16, 16) % count, np.ones((16, 16), np.uint8))
    task = SceneTask(labels)
    for name in RECIPES_PAINTED:
        recipe = RECIPES[name]
        if isinstance(recipe, Spade | Sembla):
            recipe = replace(recipe, features="none")
        config = METHOD.fitted(recipe, prepared)
        yield {"recipe": name, "classes": count, **timed(written(config, name, folder / name), task)}


def timed(run: Path, task: SceneTask) -> Row:
    """One recipe, in bf16 and in fp32."""
    fast, exact = api.load(run, device="cpu"), api.load(run, device="cpu", exact=True)
    gap = np.abs(fast(task).picture.astype(int) - exact(task).picture).max() / 127.5
    with FlopCounterMode(display=False) as counted:
        exact(task)
    return {
        "parameters, M": round(exact.parameters["generator"] / 1e6, 1),
        "GMAC": round(counted.get_total_flops() / 2e9, 1),
        "bf16, s": round(seconds(lambda: fast(task), TIMES), 3),
        "fp32, s": round(seconds(lambda: exact(task), 3), 3),
        "most they differ, of 2": round(float(gap), 4),
        "load": load(),
    }


def plain_step(config: Spade, networks: nn.ModuleDict, objective: SpadeObjective) -> Callable[[SceneBatch], None]:
    """A step as one would write it: both players in fp32, the photo made anew for the discriminator."""
    rates = {"generator": config.generator_rate, "discriminator": config.discriminator_rate}
    optimizers = {
        name: torch.optim.Adam(networks[name].parameters(), lr=rate, betas=(0.0, 0.9)) for name, rate in rates.items()
    }

    def total(terms: dict[str, Any]) -> Tensor:
        losses: Tensor = sum((term.value * term.weight for term in terms.values()), torch.zeros(()))
        return losses

    def step(batch: SceneBatch) -> None:
        paint, judge = objective.turns(0)
        networks["discriminator"].requires_grad_(requires_grad=False)
        optimizers["generator"].zero_grad()
        total(dict(paint.losses(batch))).backward()  # type: ignore[no-untyped-call]
        optimizers["generator"].step()
        networks["discriminator"].requires_grad_(requires_grad=True)
        optimizers["discriminator"].zero_grad()
        with torch.no_grad():
            objective.painter(batch.layout, *objective.painter.drawn(batch.layout))
        total(dict(judge.losses(batch))).backward()  # type: ignore[no-untyped-call]
        optimizers["discriminator"].step()

    return step


def training(folder: Path) -> list[Row]:
    """Our trainer with channels last, in bf16 and in fp32, against a plain loop, in turns."""
    prepared = noise(folder, 12, side=128)
    config = METHOD.fitted(Spade(width=32, discriminator_width=32, size=(128, 128), features="none"), prepared)
    assert isinstance(config, Spade)
    half, full = trainer(config, prepared, "bf16"), trainer(config, prepared, "fp32")
    torch.manual_seed(0)
    networks = PARTS.networks(config)
    plain = plain_step(config, networks, SpadeObjective(config, networks, None))
    feed = batches(config, prepared, Feed(4))
    steps = {"bf16": half.advance, "fp32": full.advance, "plain": lambda: plain(next(feed))}
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(ROUNDS):
        for name, step in steps.items():
            taken[name].append(seconds(step, 1))
    row: Row = {
        "what": "spade, width 32, 128x128, batch 4",
        "plain loop, images/s": round(4 / statistics.median(taken["plain"]), 2),
    }
    for name in ("bf16", "fp32"):
        ratio = statistics.median(theirs / own for own, theirs in zip(taken[name], taken["plain"], strict=True))
        row |= {
            f"sembla train, {name}, images/s": round(4 / statistics.median(taken[name]), 2),
            f"times the loop in {name}": round(ratio, 2),
        }
    return [{**row, "load": load()}]


def trainer(config: Config, prepared: Prepared, precision: Precision) -> Trainer[Config, Prepared, SceneBatch]:
    """Our own, on this CPU."""
    settings = TrainSettings(steps=1000, batch=4, device="cpu", precision=precision)
    engine = LocalEngine(torch.device("cpu"), precision=precision, channels_last=True)
    return Trainer(METHOD, config, prepared, settings=settings, engine=engine)


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for name in ("painting", "many", "training"):
            (root / name).mkdir()
        report = {
            "Painting 256x256": [*painting(root / "painting", 12), *painting(root / "many", 151)],
            "A training step": training(root / "training"),
        }
    machine = f"{torch.get_num_threads()} cores, {platform.machine()}, Python {platform.python_version()}"
    head = f"# Speed of scenes\n\n`python -m benchmarks.scene_speed`, {machine}. Load: processes that wanted to run."
    publish("scene_speed", report, head=head, machine=machine)


if __name__ == "__main__":
    main()
