"""Compare the trained recipes of the analogy method with the instant engine, from runs that have been trained.

A run belongs in RUNS/NAME-RECIPE (by default RUNS is runs/bench, which git ignores), where NAME is a folder of
../shared/data/single_image or a bundled example, and RECIPE is `fast` or `semia`:

    sembla train analogy --recipe fast --data ../shared/data/single_image/semia_lake --run runs/bench/semia_lake-fast
    python -m benchmarks.trained [RUNS]

Every layout of a set but the photo's own is made at 256 px with keep off, by the instant engine and by each run of that
set, and scored as `sembla evaluate analogy` does. A frame is the median of repeated calls. Writes
results/trained.md and .json, results/trained.png of the bundled examples, and RUNS/trained-sets.png of all sets (their
photos are not ours to publish, so that one stays out of the repository).
"""

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.analogy import cases
from benchmarks.tables import table
from sembla import api
from sembla.core.tasks import AnalogyResult, AnalogyTask
from sembla.core.types import Picture
from sembla.methods.analogy.instant import synthesize
from sembla.metrics.single_image import layout_agreement, patch_distance

RESULTS = Path(__file__).parent / "results"
RECIPES = ("fast", "semia")
SIDE = 256
FRAMES = 9

Engine = Callable[[AnalogyTask], AnalogyResult]
Row = dict[str, object]


@dataclass(frozen=True)
class Set:
    """One photo and its new layouts."""

    name: str
    request: api.AnalogyRequest
    ours: bool
    """Whether its pictures may be published."""


def sets() -> list[Set]:
    """Those of the shared data, where they are, and the bundled examples."""
    found: list[Set] = []
    measured = [case for case in cases() if not case.unchanged]
    for folder in sorted({case.folder for case in measured}):
        tasks = tuple(case.task for case in measured if case.folder == folder)
        palette = next(case.palette for case in measured if case.folder == folder)
        found.append(Set(folder.name, api.AnalogyRequest(tasks, palette), ours=False))
    for name in api.example_names():
        example = api.load_example(name)
        tasks = tuple(AnalogyTask(example.picture, example.labels, layout) for layout in example.layouts.values())
        found.append(Set(name, api.AnalogyRequest(tasks, example.label_set.palette), ours=True))
    return found


def effort(run: Path) -> Row:
    """How far a run was trained."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    last = [line for line in lines if "seconds" in line][-1]  # other lines are scores
    return {"steps": last["step"], "minutes": round(last["seconds"] / 60, 1)}


def trained_engine(run: Path, request: api.AnalogyRequest) -> tuple[Engine, api.AnalogyRequest]:
    """What a run makes, as it is used by default, and what is asked in the ids of its classes."""
    synthesizer = api.load(run)

    def engine(task: AnalogyTask) -> AnalogyResult:
        made = synthesizer(task)
        assert isinstance(made, AnalogyResult)
        return made

    return engine, api.for_engine(request, synthesizer)


def scored(request: api.AnalogyRequest, engine: Engine) -> tuple[Row, list[Picture]]:
    """Scores of all layouts of a set, and the pictures."""
    tasks = [replace(task, size=SIDE, keep=False) for task in request.tasks]
    pictures = [engine(task).picture for task in tasks]
    pairs = list(zip(pictures, tasks, strict=True))
    agreements = [layout_agreement(made, task.layout, source=task.picture, labels=task.labels) for made, task in pairs]
    distances = [patch_distance(made, task.layout, source=task.picture, labels=task.labels) for made, task in pairs]
    taken = []
    for _ in range(FRAMES):
        began = time.perf_counter()
        engine(tasks[0])
        taken.append(time.perf_counter() - began)
    row: Row = {
        "agreement": round(statistics.mean(agreements), 4),
        "worst": round(min(agreements), 4),
        "patch distance": round(statistics.mean(distances), 5),
        "frame ms": round(1000 * statistics.median(taken)),
    }
    return row, pictures


def compared(subject: Set, runs: Path) -> tuple[list[Row], list[list[Picture]]]:
    """Rows of the table, the instant engine first, and a row of pictures for each layout."""
    asked = subject.request
    engines: dict[str, tuple[Row, Engine, api.AnalogyRequest]] = {
        "instant": ({"steps": "", "minutes": ""}, synthesize, asked)
    }
    for recipe in RECIPES:
        run = runs / f"{subject.name}-{recipe}"
        if (run / "weights.safetensors").is_file():
            engines[recipe] = effort(run), *trained_engine(run, asked)
    rows: list[Row] = []
    made: list[list[Picture]] = []
    for name, (trained, engine, request) in engines.items():
        scores, pictures = scored(request, engine)
        reference = float(str(rows[0]["patch distance"])) if rows else float(str(scores["patch distance"]))
        scores["of instant"] = round(float(str(scores["patch distance"])) / max(reference, 1e-6), 2)
        rows.append({"set": subject.name, "layouts": len(asked.tasks), "engine": name, **trained, **scores})
        made.append(pictures)
    blank = np.full((8, 8, 3), 255, np.uint8)
    columns = [*made, *[[blank] * len(asked.tasks)] * (1 + len(RECIPES) - len(made))]
    sheet = [
        [task.picture, api.colourize(task.layout, asked.palette), *row]
        for task, *row in zip(asked.tasks, *columns, strict=True)
    ]
    return rows, sheet


def main() -> None:
    """Score everything that was trained and write the results."""
    runs = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs/bench")
    rows: list[Row] = []
    sheets: dict[bool, list[list[Picture]]] = {True: [], False: []}
    for subject in sets():
        if any((runs / f"{subject.name}-{recipe}" / "weights.safetensors").is_file() for recipe in RECIPES):
            more, pictures = compared(subject, runs)
            rows += more
            sheets[subject.ours] += pictures
    if not rows:
        print(f"no trained runs in {runs}: nothing to compare. Train one as the head of this file says.")
        return
    for ours, path in ((True, RESULTS / "trained.png"), (False, runs / "trained-sets.png")):
        if sheets[ours]:
            headings = ("photo", "layout", "instant", *RECIPES)
            Image.fromarray(api.contact_sheet(sheets[ours], headings=headings, cell=SIDE)).save(path, optimize=True)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    setting = f"{machine}, load {os.getloadavg()[0]:.1f} at the end"
    text = f"# Trained analogy\n\n`python -m benchmarks.trained`, {setting}.\n\n"
    text += "All at 256 px with keep off. Minutes are those of training, beside other work on the same machine.\n\n"
    (RESULTS / "trained.md").write_text(text + table(rows) + "\n")
    (RESULTS / "trained.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    print(text + table(rows))


if __name__ == "__main__":
    main()
