"""Measure the instant analogy engine: seconds, memory, and how good the pictures are.

Runs over every case of ../shared/data/single_image, and times the feasibility prototype in the same run where
../shared/prototypes has it. Prints the tables and writes results/analogy.json, results/analogy.md, and two contact
sheets: results/analogy.png of the bundled examples, and results/analogy-sets.png of all sets (their photos are not
ours to publish, so that one stays out of the repository).

    python -m benchmarks.analogy [--quick]
"""

import json
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.tables import table
from sembla import api
from sembla.core.tasks import AnalogyResult, AnalogyTask
from sembla.core.types import LabelMap, Picture
from sembla.methods.analogy.instant import synthesize
from sembla.metrics.pixels import psnr
from sembla.metrics.single_image import layout_agreement, patch_distance, source_agreement

ROOT = Path(__file__).parent.parent
SETS = ROOT.parent / "shared" / "data" / "single_image"
PROTOTYPE = ROOT.parent / "shared" / "prototypes" / "instant_analogy.py"
RESULTS = Path(__file__).parent / "results"
SIZES = (256, 600, 1024)
PROTOTYPE_SIZE = 600
"""The prototype is timed up to this size."""


@dataclass(frozen=True)
class Case:
    """One photo and one new layout."""

    name: str
    folder: Path
    layout_file: Path
    task: AnalogyTask
    palette: NDArray[np.uint8]
    unchanged: bool


def cases() -> list[Case]:
    """Every target map of every set; none where the sets are absent."""
    found = []
    for folder in sorted(path for path in SETS.glob("*") if (path / "cond").is_dir()) if SETS.is_dir() else []:
        case = api.find_case(folder)
        layouts = [path for path in case.layouts if not path.stem.endswith("_idx")]
        for path in layouts:
            task, palette = read(case, path)
            found.append(Case(f"{folder.name}/{path.stem}", folder, path, task, palette, path.stem == "rec"))
    return found


def read(case: api.CaseFolder, layout: Path) -> tuple[AnalogyTask, NDArray[np.uint8]]:
    """One task; classes that the label map lacks become their nearest, as the prototype has it."""
    request = api.read_analogy(case.image, case.labels, [layout], adopt_nearest=True)
    return request.tasks[0], request.palette


def case_named(measured: list[Case], name: str) -> Case:
    """The case of that name."""
    return next(case for case in measured if case.name == name)


def load_prototype() -> ModuleType | None:
    """The prototype's module, or None where it is not at hand."""
    if not PROTOTYPE.is_file():
        return None
    spec = spec_from_file_location("instant_analogy", PROTOTYPE)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prototype_run(module: ModuleType, case: Case, size: int) -> AnalogyResult:
    """Run the prototype as its own main function does."""
    colours, seconds, preview = module.run(str(case.folder), str(case.layout_file), size)
    picture = (np.clip(colours, 0, 1) * 255 + 0.5).astype(np.uint8)
    return AnalogyResult((picture,), 0, seconds, preview or seconds, 0)


Engine = Callable[[Case, int], AnalogyResult]


def engines() -> dict[str, Engine]:
    """What is compared: ours with and without keep, and the prototype."""

    def ours(case: Case, size: int) -> AnalogyResult:
        return synthesize(replace(case.task, size=size))

    def ours_anew(case: Case, size: int) -> AnalogyResult:
        return synthesize(replace(case.task, size=size, keep=False))

    compared: dict[str, Engine] = {"ours": ours, "ours, keep off": ours_anew}
    module = load_prototype()
    if module is not None:
        compared["prototype"] = lambda case, size: prototype_run(module, case, size)
    return compared


def speed(compared: dict[str, Engine], measured: list[Case]) -> list[dict[str, object]]:
    """Median and worst seconds of each engine at each size."""
    rows: list[dict[str, object]] = []
    for size in SIZES:
        for name, engine in compared.items():
            if name == "prototype" and size > PROTOTYPE_SIZE:
                continue
            engine(measured[0], 64)
            results = [engine(case, size) for case in measured]
            seconds, previews = [r.seconds for r in results], [r.preview_seconds for r in results]
            rows.append(
                {
                    "engine": name,
                    "size": size,
                    "median s": round(statistics.median(seconds), 3),
                    "worst s": round(max(seconds), 3),
                    "preview median s": round(statistics.median(previews), 3),
                    "load": round(os.getloadavg()[0], 1),
                }
            )
            print(rows[-1], flush=True)
    return rows


def growth(measured: list[Case]) -> list[dict[str, object]]:
    """Seconds as the pixels grow fourfold, everything made anew."""
    rows: list[dict[str, object]] = []
    chosen = [case for case in measured if case.name in ("semia_lake/2", "semia_building/2", "semia_zebra/2")]
    before = None
    for size in (300, 600, 1200, 2400):
        tasks = [replace(case.task, size=size, keep=False) for case in chosen]
        median = statistics.median(synthesize(task).seconds for task in tasks for _ in range(3))
        rows.append({"size": size, "median s": round(median, 3), "factor": round(median / before, 2) if before else ""})
        before = median
        print(rows[-1], flush=True)
    return rows


LARGE = """
import resource, sys
import numpy as np
from PIL import Image
from sembla import api
from sembla.methods.analogy.instant import synthesize, memory_need
from dataclasses import replace
image, labels, layout, keep = sys.argv[1:5]
task = api.read_analogy(image, labels, [layout], keep=keep == "1").tasks[0]
size = (4000, 3000)
big = lambda plane, how: np.asarray(Image.fromarray(plane).resize(size, how))
task = replace(task, picture=big(task.picture, 1), labels=big(task.labels, 0), layout=big(task.layout, 0))
result = synthesize(task)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(result.seconds, result.preview_seconds, peak, memory_need(task))
"""


def large(case: Case) -> list[dict[str, object]]:
    """4000x3000, in a process of its own, with its peak memory."""
    rows: list[dict[str, object]] = []
    found = api.find_case(case.folder)
    for keep in (True, False):
        files = [str(path) for path in (found.image, found.labels, case.layout_file)]
        command = [sys.executable, "-c", LARGE, *files, str(int(keep))]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        seconds, preview, peak, need = map(float, output)
        rows.append(
            {
                "keep": keep,
                "seconds": round(seconds, 2),
                "preview s": round(preview, 2),
                "peak GB": round(peak / 1e9, 2),
                "predicted GB": round(need / 1e9, 2),
            }
        )
        print("4000x3000", rows[-1], flush=True)
    return rows


def process(case: Case) -> float:
    """Seconds of the whole command as a process at 600 px, kernels cached: the median of five."""
    found = api.find_case(case.folder)
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sembla", "analogy", found.image, found.labels, case.layout_file]
        for _ in range(5):
            started = time.perf_counter()
            options = ["--size", "600", "--out", f"{folder}/result.png", "--force"]
            subprocess.run([*map(str, command), *options], check=True, capture_output=True)
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def fitted(layout: LabelMap, picture: Picture) -> LabelMap:
    """The layout at the picture's shape, for the prototype, which stretches a layout to the photo's."""
    height, width = picture.shape[:2]
    return np.asarray(Image.fromarray(layout).resize((width, height), Image.Resampling.NEAREST))


def quality(compared: dict[str, Engine], measured: list[Case]) -> list[dict[str, object]]:
    """Both scores of every changed layout at 256 px."""
    rows: list[dict[str, object]] = []
    own: dict[Path, float] = {}
    for case in measured:
        if case.unchanged:
            continue
        task = case.task
        if case.folder not in own:
            own[case.folder] = source_agreement(task.picture, task.labels)
        row: dict[str, object] = {"case": case.name, "source's own": round(own[case.folder], 4)}
        for name, engine in compared.items():
            result = engine(case, 256).picture
            layout = fitted(task.layout, result)
            agreement = layout_agreement(result, layout, source=task.picture, labels=task.labels)
            distance = patch_distance(result, layout, source=task.picture, labels=task.labels)
            row |= {f"agreement, {name}": round(agreement, 4), f"distance, {name}": round(distance, 5)}
        rows.append(row)
        print(row, flush=True)
    return rows


def unchanged(measured: list[Case]) -> list[dict[str, object]]:
    """The photo's own label map as the layout: identical with keep, and how near without."""
    rows: list[dict[str, object]] = []
    for case in {case.folder: case for case in measured}.values():
        task = replace(case.task, layout=case.task.labels)
        kept, anew = synthesize(task).picture, synthesize(replace(task, keep=False)).picture
        value = psnr(anew, task.picture)
        rows.append(
            {
                "set": case.folder.name,
                "identical": bool((kept == task.picture).all()),
                "psnr, keep off": value if math.isfinite(value) else "inf",
            }
        )
    return rows


def summary(rows: list[dict[str, object]], names: list[str]) -> list[dict[str, object]]:
    """Means and worst values of `quality`."""
    lines: list[dict[str, object]] = []
    for name in names:
        agreements = [float(str(row[f"agreement, {name}"])) for row in rows]
        distances = [float(str(row[f"distance, {name}"])) for row in rows]
        lines.append(
            {
                "engine": name,
                "agreement mean": round(statistics.mean(agreements), 4),
                "agreement worst": round(min(agreements), 4),
                "distance mean": round(statistics.mean(distances), 5),
            }
        )
    if any(line["engine"] == "prototype" for line in lines):
        reference = float(str(next(line["distance mean"] for line in lines if line["engine"] == "prototype")))
        for line in lines:
            line["distance / prototype"] = round(float(str(line["distance mean"])) / reference, 3)
    return lines


def set_rows(compared: dict[str, Engine], measured: list[Case]) -> Iterator[list[Picture]]:
    """Rows of the contact sheet of all sets."""
    for case in measured:
        if not case.unchanged:
            made = [api.thumbnail(engine(case, 600).picture) for engine in compared.values()]
            yield [api.thumbnail(case.task.picture), api.colourize(case.task.layout, case.palette), *made]


def example_rows() -> Iterator[list[Picture]]:
    """Rows of the contact sheet of the bundled examples."""
    for name in api.example_names():
        example = api.load_example(name)
        palette = example.label_set.palette
        for layout in example.layouts.values():
            made = synthesize(AnalogyTask(example.picture, example.labels, layout)).picture
            yield [example.picture, *(api.colourize(m, palette) for m in (example.labels, layout)), made]


def main() -> None:
    """Measure everything and write the results."""
    measured = cases()
    RESULTS.mkdir(exist_ok=True)
    sheet = api.contact_sheet(list(example_rows()), headings=("photo", "its map", "layout", "result"))
    Image.fromarray(sheet).save(RESULTS / "analogy.png", optimize=True)
    if not measured:
        print("no sets in ../shared/data/single_image: only the sheet of the bundled examples was made")
        return
    compared = engines()
    changed = [case for case in measured if not case.unchanged]
    if "--quick" not in sys.argv:
        report: dict[str, list[dict[str, object]]] = {"speed": speed(compared, changed), "growth": growth(changed)}
        report["4000x3000"] = large(case_named(changed, "semia_lake/2"))
        report["whole process at 600 px"] = [{"median s": round(process(case_named(changed, "semia_lake/2")), 2)}]
    else:
        report = {}
    scores = quality(compared, measured)
    report |= {"quality": summary(scores, list(compared)), "unchanged layout": unchanged(measured), "scores": scores}
    headings = ("photo", "layout", *compared)
    sets = api.contact_sheet(list(set_rows(compared, measured)), headings=headings, cell=400)
    Image.fromarray(sets).save(RESULTS / "analogy-sets.png")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    setting = f"{machine}, load {os.getloadavg()[0]:.1f} at the end"
    text = [f"# Instant analogy\n\n`python -m benchmarks.analogy`, {setting}."]
    text += [f"## {name.capitalize()}\n\n{table(rows)}" for name, rows in report.items()]
    name = "analogy-quick" if "--quick" in sys.argv else "analogy"
    (RESULTS / f"{name}.md").write_text("\n\n".join(text) + "\n")
    (RESULTS / f"{name}.json").write_text(json.dumps({"machine": machine, **report}, indent=1) + "\n")
    print("\n\n".join(text))


if __name__ == "__main__":
    main()
