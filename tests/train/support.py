"""Trainings of the toy, and what they leave behind."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tests.train.toys import GAN, Cloud, Points, ToyConfig

from sembla.core.tasks import ShouldStop
from sembla.engine.local import LocalEngine
from sembla.runs.description import Description
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.train.recording import Metric
from sembla.train.session import train
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Moment, Trainer

SETTINGS = TrainSettings(
    steps=12, batch=4, device="cpu", checkpoint_every=5, keep=2, preview_every=4, log_every=3, seed=7
)

ToyTrainer = Trainer[ToyConfig, Cloud, Points]


def engine() -> LocalEngine:
    return LocalEngine(torch.device("cpu"))


def trainer(config: ToyConfig | None = None, settings: TrainSettings = SETTINGS) -> ToyTrainer:
    """A training of the toy in this process."""
    its = LocalEngine(torch.device("cpu"), precision=settings.precision)
    return Trainer(GAN, config or ToyConfig(), Cloud(), settings=settings, engine=its)


def nets(its: ToyTrainer) -> Any:
    """Its networks, to be looked into."""
    return its.networks


def advance(its: ToyTrainer, steps: int) -> list[Moment]:
    return [its.advance() for _ in range(steps)]


def describe(config: ToyConfig, settings: TrainSettings) -> Description:
    return Description(GAN.name, "small", to_plain(config), seed=settings.seed, batch=settings.batch, data="a cloud")


def run(
    root: Path,
    *,
    steps: int = 12,
    config: ToyConfig | None = None,
    settings: TrainSettings = SETTINGS,
    resume: bool = False,
    metric: Metric | None = None,
    stop: ShouldStop = lambda: False,
) -> bool:
    """Train the toy into a folder, as a verb would."""
    config, settings = config or ToyConfig(), replace(settings, steps=steps)
    its = LocalEngine(torch.device("cpu"), precision=settings.precision)
    training = Trainer(GAN, config, Cloud(), settings=settings, engine=its)
    folder, description = RunFolder(root), describe(config, settings)
    return train(training, its, folder, description=description, resume=resume, metric=metric, stop=stop)


def left(root: Path) -> dict[str, bytes]:
    """The bytes of every file that a run leaves, without what tells the time."""
    files = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.name not in {".lock", "report.html", "state.json", "log.jsonl"}:
            files[str(path.relative_to(root))] = path.read_bytes()
    files["log"] = json.dumps(lines(root)).encode()
    for path in sorted(root.rglob("state.json")):
        state = json.loads(path.read_text())
        del state["seconds"], state["pending"]["since"]
        files[str(path.relative_to(root))] = json.dumps(state, sort_keys=True).encode()
    return files


def lines(root: Path) -> list[dict[str, Any]]:
    """The log, without what tells the time."""
    whole = [json.loads(line) for line in (root / "log.jsonl").read_text().splitlines()]
    return [{name: value for name, value in line.items() if "second" not in name} for line in whole]
