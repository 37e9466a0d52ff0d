"""The observer that writes a run: its log, contact sheets, checkpoints, weights and report."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from sembla.engine.base import Engine
from sembla.imaging.save import write_picture
from sembla.imaging.sheet import contact_sheet
from sembla.runs.checkpoint import Score, write_checkpoint
from sembla.runs.description import Description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.log import Log
from sembla.runs.report import write_report
from sembla.train.trainer import Moment, Trainer

__all__ = ["Metric", "Recorder"]


@dataclass(frozen=True)
class Metric:
    """What checkpoints are judged by."""

    name: str
    """The score that decides which is best."""
    measure: Callable[[nn.ModuleDict], Mapping[str, float]]
    """Scores of the networks as they are used, `name` among them; called in the first process alone."""
    lower_is_better: bool = True


@dataclass(frozen=True)
class Desk:
    """Where the first process writes."""

    folder: RunFolder
    description: Description
    log: Log


class Recorder:
    """Gathers losses in every process, and writes in the first, which has a desk."""

    def __init__(
        self, trainer: Trainer[Any, Any, Any], engine: Engine, desk: Desk | None, *, metric: Metric | None
    ) -> None:
        self._trainer, self._engine, self._desk, self._metric = trainer, engine, desk, metric
        self._settings = trainer.settings
        self._sums: dict[str, float] = {}
        self._counts: dict[str, float] = {}
        self._since = (trainer.images, trainer.seconds)
        self._saved = trainer.step
        self._exported = -1  # what an earlier part of the run has written may be older than its checkpoint

    def resume(self, pending: Mapping[str, Any]) -> None:
        """Go on with the line of the log that a checkpoint holds."""
        self._sums, self._counts = dict(pending.get("sums", {})), dict(pending.get("counts", {}))
        images, seconds = pending.get("since", self._since)
        self._since = (images, seconds)

    def __call__(self, moment: Moment) -> None:
        """Take in a step, and write what is due."""
        for name, value in moment.losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1
        if moment.step % self._settings.log_every == 0:
            self._write_line(moment)
        if self._settings.preview_every and moment.step % self._settings.preview_every == 0:
            self._write_sheet()
        if moment.step % self._settings.checkpoint_every == 0:
            self._save(judged=True)

    def finish(self, *, stopped: bool) -> None:
        """Save what the last checkpoint lacks; a training that was stopped is not judged."""
        if self._saved != self._trainer.step:
            self._save(judged=not stopped)
        elif self._desk and self._exported != self._trainer.step:
            self._export(self._desk)

    def _write_line(self, moment: Moment) -> None:
        sums = self._engine.mean(self._sums)
        if self._desk:
            images, seconds = (moment.images - self._since[0], moment.seconds - self._since[1])
            means = {name: value / self._counts[name] for name, value in sums.items()}
            line = {"images": moment.images, "seconds": moment.seconds, "images/second": images / seconds, **means}
            self._desk.log.add(moment.step, {name: value for name, value in line.items() if math.isfinite(value)})
        self._sums, self._counts, self._since = {}, {}, (moment.images, moment.seconds)

    def _write_sheet(self) -> None:
        if not self._desk:
            return
        torch.manual_seed(self._settings.seed)  # the next step begins its own
        with self._trainer.shown() as networks:
            sheet = self._trainer.parts.previews(self._trainer.config, networks, self._trainer.source)
        path = self._desk.folder.previews / f"{self._trainer.step:08}.png"
        write_picture(path, contact_sheet(sheet.rows, headings=sheet.headings), force=True)

    def _save(self, *, judged: bool) -> None:
        """Write a checkpoint, the weights to use, and the report."""
        sums = self._engine.mean(self._sums)
        self._saved = self._trainer.step
        if not self._desk:
            return
        score = self._judge() if judged and self._metric else None
        pending = {"sums": sums, "counts": self._counts, "since": self._since}
        snapshot = self._trainer.snapshot(score=score, pending=pending)
        write_checkpoint(self._desk.folder, snapshot, keep=self._settings.keep)
        self._export(self._desk)

    def _export(self, desk: Desk) -> None:
        """Write the weights to use, and the report."""
        write_weights(desk.folder, self._trainer.weights(), step=self._trainer.step)
        write_report(desk.folder, desk.description)
        self._exported = self._trainer.step

    def _judge(self) -> Score:
        assert self._metric
        assert self._desk
        torch.manual_seed(self._settings.seed)
        with self._trainer.shown() as networks:
            scores = self._metric.measure(networks)
        self._desk.log.add(self._trainer.step, {name: value for name, value in scores.items() if math.isfinite(value)})
        return Score(self._metric.name, scores[self._metric.name], self._metric.lower_is_better)
