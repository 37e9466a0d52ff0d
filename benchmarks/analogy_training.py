"""Measure the analogy method's training and its trained networks, on a synthetic case, with as many threads as cores.

Training: recipe `semia` at 286x190, five outer iterations at a time, one of which is a reconstruction; recipe `fast` at
256x256, a step. Pictures: one feed-forward frame of `fast` at 256x256, in fp32 and bf16 in turns. Medians after a
warm-up. Features are those of the best network whose weights are in the folder in SEMBLA_WEIGHTS, or
../shared/data/weights.

Given trained runs, it compares what they make in bf16, the default where the machine computes it, with fp32, as
--exact makes it, at 256 px: for every layout of the run's case, the difference of the pictures and of their scores.

Prints the tables and writes results/analogy_training.json and results/analogy_training.md.

    python -m benchmarks.analogy_training [RUN=CASE ...]
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.tables import load, publish
from sembla import api
from sembla.core.tasks import AnalogyTask
from sembla.core.types import Picture
from sembla.data.case import Case, read_case
from sembla.engine.devices import has_bf16
from sembla.engine.local import LocalEngine
from sembla.methods.analogy import METHOD
from sembla.methods.analogy.config import Config, Fast, Semia
from sembla.metrics.single_image import layout_agreement, patch_distance
from sembla.nn.weights import FOLDER_VARIABLE
from sembla.patches.pyramid import resize_labels, resize_picture
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Trainer

WEIGHTS = Path(__file__).parent.parent.parent / "shared" / "data" / "weights"
ROUNDS = 3
LONGEST = 256

Row = dict[str, object]


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


def steps() -> Iterator[Row]:
    """How long training takes; the first iterations warm up."""
    its = training(Semia(), case(190, 286))
    seconds(its.advance, 5)
    rounds = [seconds(its.advance, 5) for _ in range(ROUNDS)]
    yield {
        "what": "semia, outer iteration at 286x190, mean of five",
        "features": its.config.features,
        "s": round(statistics.median(map(statistics.mean, rounds)), 2),
        "reconstruction alone, s": round(statistics.median(each[0] for each in rounds), 2),
        "load": load(),
    }
    its = training(Fast(), case(256, 256))
    seconds(its.advance, 30)  # the first ones make what is learned from
    yield {
        "what": "fast, step at 256x256",
        "features": its.config.features,
        "s": round(statistics.median(seconds(its.advance, 30)), 3),
        "reconstruction alone, s": "",
        "load": load(),
    }


def frames() -> list[Row]:
    """One feed-forward frame, in both precisions in turns."""
    its = training(Fast(), case(256, 256))
    task = AnalogyTask(its.source.picture, its.source.labels, its.source.layouts[0], keep=False)
    taken: dict[str, list[float]] = {"fp32": [], "bf16": []}
    answer = its.parts.tasks[AnalogyTask]
    with its.shown() as networks:
        for _ in range(12):
            for name, those in taken.items():
                with torch.autocast("cpu", torch.bfloat16, enabled=name == "bf16"):
                    those.extend(seconds(lambda: answer(its.config, networks, task), 1))
    medians = {f"{name}, ms": round(1000 * statistics.median(those[2:]), 1) for name, those in taken.items()}
    native = "yes" if has_bf16(torch.device("cpu")) else "no"
    return [{"what": "fast, frame at 256x256", **medians, "computes bf16 itself": native, "load": load()}]


def at_most(source: Case, longest: int) -> Case:
    """A case whose longest side is no longer."""
    height, width = source.labels.shape
    factor = min(1.0, longest / max(height, width))

    def size(labels: Any) -> tuple[int, int]:
        return round(labels.shape[0] * factor), round(labels.shape[1] * factor)

    layouts = tuple(resize_labels(layout, size(layout)) for layout in source.layouts)
    labels = resize_labels(source.labels, size(source.labels))
    return Case(resize_picture(source.picture, size(source.labels)), labels, source.palette, layouts)


def differing(exact: Sequence[Picture], half: Sequence[Picture]) -> dict[str, object]:
    """The greatest and the mean difference of pictures of 0 to 255, and the PSNR of all of them, in dB."""
    gaps = np.concatenate([(a.astype(np.float64) - b).ravel() for a, b in zip(exact, half, strict=True)])
    squares = float(np.mean(gaps**2))
    return {
        "most": int(np.abs(gaps).max()),
        "mean": round(float(np.abs(gaps).mean()), 3),
        "PSNR, dB": round(10 * np.log10(255**2 / squares), 1) if squares else "equal",
    }


def scores(tasks: Sequence[AnalogyTask], made: Sequence[Picture]) -> tuple[float, float]:
    """Layout agreement and patch distance, means over all."""
    pairs = [
        (
            layout_agreement(picture, task.layout, source=task.picture, labels=task.labels),
            patch_distance(picture, task.layout, source=task.picture, labels=task.labels),
        )
        for task, picture in zip(tasks, made, strict=True)
    ]
    agreement, distance = np.mean(pairs, axis=0)
    return float(agreement), float(distance)


def precisions(run: Path, source: Case) -> Row:
    """What changes where a trained run computes in bf16, over all layouts of its case; the scores as fp32 > bf16."""
    small = at_most(source, LONGEST)
    tasks = [AnalogyTask(small.picture, small.labels, layout, seed=1, keep=False) for layout in small.layouts]
    exact, half = api.load(run, device="cpu", exact=True), api.load(run, device="cpu")
    one, other = ([result.picture for result in engine.many(tasks)] for engine in (exact, half))
    agreements, distances = zip(scores(tasks, one), scores(tasks, other), strict=True)
    return {
        "run": run.name,
        "recipe": exact.description.recipe,
        "layouts": len(tasks),
        **differing(one, other),
        "layout agreement": " > ".join(f"{value:.4f}" for value in agreements),
        "patch distance": " > ".join(f"{value:.4f}" for value in distances),
    }


def main(given: Sequence[str]) -> None:
    """Measure everything and write the results; `given` are trained runs and their cases, as RUN=CASE."""
    os.environ.setdefault(FOLDER_VARIABLE, str(WEIGHTS))
    runs = [tuple(map(Path, each.split("=", 1))) for each in given]
    report: dict[str, list[Row]] = {
        f"Training, medians of {ROUNDS} rounds or of 30 steps": list(steps()),
        "Pictures, medians of 10 frames": frames(),
    }
    if runs and has_bf16(torch.device("cpu")):
        rows = [precisions(run, read_case(source)) for run, source in runs]
        report[f"bf16 against fp32 at {LONGEST} px, of 0 to 255"] = rows
    machine = f"{torch.get_num_threads()} cores, {platform.machine()}, Python {platform.python_version()}"
    head = f"# Training of analogies\n\n`python -m benchmarks.analogy_training`, {machine}."
    publish("analogy_training", report, head=head, machine=machine)


if __name__ == "__main__":
    main(sys.argv[1:])
