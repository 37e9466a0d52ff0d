"""Measure the analogy method's training and its trained networks, on a synthetic case.

Recipe `semia` at 286x190: the average of five outer steps, one of which is a reconstruction; the first five warm up.
Recipe `fast` at 256x256: a step, and one feed-forward frame.

    python -m benchmarks.analogy_training
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.tables import table
from sembla.core.tasks import AnalogyTask
from sembla.data.case import Case
from sembla.engine.local import LocalEngine
from sembla.methods.analogy import METHOD
from sembla.methods.analogy.config import Config, Fast, Semia
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Trainer


def case(height: int, width: int) -> Case:
    """A disk on a ground, both of noise."""
    down, across = np.ogrid[:height, :width]
    labels = ((down - height / 2) ** 2 + (across - width / 3) ** 2 < (height / 4) ** 2).astype(np.uint8)
    noise = np.random.default_rng(0).integers(0, 128, (height, width, 3), np.uint8)
    palette = np.array([[250, 10, 10], [10, 10, 250]], np.uint8)
    return Case(noise + 100 * labels[:, :, None], labels, palette, (np.ascontiguousarray(labels[:, ::-1]),))


def training(recipe: Config, source: Case) -> Trainer[Any, Any, Any]:
    """A training of a recipe in this process."""
    config = METHOD.fitted(recipe, source)
    settings = TrainSettings(steps=1000, device="cpu")
    return Trainer(METHOD, config, source, settings=settings, engine=LocalEngine(torch.device("cpu")))


def seconds(work: Callable[[], object], times: int) -> list[float]:
    """Of each of so many calls."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def frame(its: Trainer[Any, Any, Any], *, half: bool) -> float:
    """Median seconds of one feed-forward frame."""
    task = AnalogyTask(its.source.picture, its.source.labels, its.source.layouts[0], keep=False)
    with its.shown() as networks, torch.autocast("cpu", torch.bfloat16, enabled=half):
        answer = its.parts.tasks[AnalogyTask]
        return statistics.median(seconds(lambda: answer(its.config, networks, task), 12)[2:])


def measured() -> list[dict[str, object]]:
    """All rows."""
    semia = training(Semia(), case(190, 286))
    seconds(semia.advance, 5)
    outer = statistics.mean(seconds(semia.advance, 5))
    fast = training(Fast(lessons=4), case(256, 256))
    steps = statistics.median(seconds(fast.advance, 12)[6:])
    return [
        {"what": f"semia, outer iteration at 286x190 ({semia.config.features})", "seconds": round(outer, 2)},
        {"what": f"fast, step at 256x256 ({fast.config.features})", "seconds": round(steps, 3)},
        {"what": "fast, frame at 256x256", "seconds": round(frame(fast, half=False), 4)},
        {"what": "fast, frame at 256x256, bf16", "seconds": round(frame(fast, half=True), 4)},
    ]


if __name__ == "__main__":
    print(table(measured()))
