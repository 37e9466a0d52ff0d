"""Compare trained recipes of scenes, and the bank, on the test split of a prepared set.

    python -m benchmarks.scene_quality PREPARED RUN [RUN ...]

Each RUN was trained on PREPARED (sembla train scene) and is named NAME-SEED; runs of one NAME are one row: the mean
over seeds, and from the least to the most. Every layout of the test split is painted once, at the size that the first
run was trained at, by each run and by the bank of the training split. Scores: the kernel distance (KID) of SqueezeNet
1.1's features to those of the real test photos, and how much of the layout a segmenter sees, which was trained on the
real photos of the training split (benchmarks/segmenter.py, which says whom it favours); the row "real test" is that
segmenter on the real test photos, "real val" the photos of the validation split. The perceptual loss of some recipes
looks through the same SqueezeNet where VGG-19's weights are not there, which favours their KID; the column "looks
through" says so.

Writes results/scene_quality_KIND.md and .json, and RUN/test.png of each run (the photos are not ours to publish).
"""

import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from PIL import Image
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.segmenter import STEPS, Segmenter, trained
from benchmarks.tables import publish
from sembla import api
from sembla.core.tasks import SceneTask
from sembla.core.types import LabelMap, Picture
from sembla.data.loading import batches_once
from sembla.data.prepared import Prepared, open_prepared
from sembla.imaging.palette import colourize
from sembla.methods.scene.config import Config
from sembla.methods.scene.learned import PARTS
from sembla.metrics.agreement import Confusion
from sembla.metrics.kernel import kernel_distance
from sembla.nn.features import Extractor, squeezenet_caffe

Row = dict[str, object]
Paint = Callable[[SceneTask], Picture]

SCORES = ("KID", "mIoU", "pixel accuracy")
ABOUT = (
    "seeds",
    "looks through",
    "images seen",
    "minutes",
    "generator, M",
    "teachers, M",
    "GMAC",
    "s",
    "bf16 off, of 2",
)
EXACT = 8  # layouts that are painted in fp32 as well


def pairs(prepared: Prepared, split: str, size: tuple[int, int]) -> tuple[list[Picture], list[LabelMap]]:
    """Photos and label maps of a split, cropped to one size."""
    pictures: list[Picture] = []
    labels: list[LabelMap] = []
    for batch in batches_once(prepared, split, batch=16, size=size):
        assert batch.labels is not None
        pictures += list(batch.pictures)
        labels += list(batch.labels)
    return pictures, labels


def agreement(segmenter: Segmenter, pictures: Sequence[Picture], labels: Sequence[LabelMap], config: Config) -> Row:
    """How much of the layouts is seen in the pictures."""
    confusion = Confusion(config.count, ignore=config.classes.ignore)
    for first in range(0, len(pictures), 16):
        for seen, wanted in zip(segmenter.maps(pictures[first : first + 16]), labels[first : first + 16], strict=True):
            confusion.add(seen, wanted)
    return {"mIoU": round(100 * confusion.mean_iou, 1), "pixel accuracy": round(100 * confusion.pixel_accuracy, 1)}


def painted(paint: Paint, labels: Sequence[LabelMap]) -> tuple[list[Picture], float]:
    """All layouts, and the median of the seconds each took."""
    paint(SceneTask(labels[0]))
    pictures, taken = [], []
    for number, layout in enumerate(labels):
        began = time.perf_counter()
        pictures.append(paint(SceneTask(layout, seed=number)))
        taken.append(time.perf_counter() - began)
    return pictures, statistics.median(taken)


def effort(run: Path) -> Row:
    """How far a run was trained."""
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    last = [line for line in lines if "seconds" in line][-1]  # other lines are scores
    return {"images seen": last["images"], "minutes": round(last["seconds"] / 60, 1)}


def sheet(path: Path, labels: Sequence[LabelMap], columns: Sequence[Sequence[Picture]], config: Config) -> None:
    """Every so many layouts beside what was made of them."""
    apart = max(1, len(labels) // 8)
    shown = [np.minimum(layout, config.count - 1) for layout in labels]
    rows = [
        np.concatenate([colourize(shown[at], config.label_set.palette), *(column[at] for column in columns)], axis=1)
        for at in range(0, apart * 8, apart)
    ]
    Image.fromarray(np.concatenate(rows)).save(path)


def run_row(run: Path, paint: Paint, labels: Sequence[LabelMap]) -> tuple[Row, list[Picture]]:
    """What a run is, and what it makes of all layouts."""
    model = api.load(run, exact=True)
    with FlopCounterMode(display=False) as counted:
        model(SceneTask(labels[0]))
    pictures, taken = painted(paint, labels)
    exact = [model(SceneTask(layout, seed=number)).picture for number, layout in enumerate(labels[:EXACT])]
    off = np.abs(np.stack(exact).astype(int) - np.stack(pictures[:EXACT])) / 127.5
    about = {"looks through": getattr(model.config, "features", "none"), **effort(run)}
    size = {
        "generator, M": round(model.parameters["generator"] / 1e6, 1),
        "teachers, M": round(teachers(model.config) / 1e6, 1),
        "GMAC": round(counted.get_total_flops() / 2e9, 1),
        "s": round(taken, 3),
        "bf16 off, of 2": f"{off.mean():.4f}, at most {off.max():.2f}",
    }
    return about | size, pictures


def teachers(config: Config) -> int:
    """Parameters of all that learns beside the generator."""
    with torch.device("meta"):
        networks = PARTS.networks(config)
    return sum(weight.numel() for name, its in networks.items() if name != "generator" for weight in its.parameters())


def design(run: Path) -> str:
    """NAME of NAME-SEED."""
    name, _, seed = run.name.rpartition("-")
    if not name or not seed.isdecimal():
        sys.exit(f"{run} came; runs are named NAME-SEED.")
    return name


def combined(name: str, seeds: Sequence[Row]) -> Row:
    """One row of the seeds of a design: what they share, and the means of their scores."""
    shared = {key: value for key, value in seeds[0].items() if key not in SCORES}
    if len({(row["images seen"], row["looks through"], row["GMAC"]) for row in seeds}) > 1:
        sys.exit(f"the runs of {name} are not of one design and one number of images; compare like with like.")
    for mean in ("minutes", "s"):
        shared[mean] = round(statistics.mean(cast("float", row[mean]) for row in seeds), 3 if mean == "s" else 1)
    row: Row = {"engine": name, "seeds": len(seeds), **shared}
    for score in SCORES:
        values = [cast("float", each[score]) for each in seeds]
        spread = f" ({min(values):.4g} to {max(values):.4g})" if len(values) > 1 else ""
        row[score] = f"{statistics.mean(values):.4g}{spread}"
    return row


def main(prepared: Prepared, runs: Sequence[Path]) -> None:
    """Paint, score and publish."""
    config: Config = api.load(runs[0]).config
    real, labels = pairs(prepared, "test", config.size)
    segmenter, extractor = trained(config, prepared), squeezenet_caffe()
    features = extractor(real)

    def score(pictures: Sequence[Picture], wanted: Sequence[LabelMap]) -> Row:
        return {"KID": kid(extractor, pictures, features), **agreement(segmenter, pictures, wanted, config)}

    def plain(name: str, taken: object, scores: Row) -> Row:
        return {"engine": name, **dict.fromkeys(ABOUT, ""), "s": taken, **scores}

    seen = agreement(segmenter, real, labels, config)
    rows = [
        plain("real test", "", {"KID": "", **seen}),
        plain("real val", "", score(*pairs(prepared, "val", config.size))),
    ]
    bank = api.open_bank(prepared.root)
    pictures, taken = painted(lambda task: api.run_scene(task, engine=bank).picture, labels)
    rows.append(plain("bank", round(taken, 3), score(pictures, labels)))
    found: dict[str, list[Row]] = {}
    for run in runs:
        model = api.load(run)
        if model.config.size != config.size:
            sys.exit(f"{run} was trained at {model.config.size}, {runs[0]} at {config.size}; compare like with like.")
        row, pictures = run_row(run, lambda task, model=model: model(task).picture, labels)  # type: ignore[misc]
        found.setdefault(design(run), []).append(row | score(pictures, labels))
        sheet(run / "test.png", labels, [real, pictures], config)
    rows += [combined(name, seeds) for name, seeds in found.items()]
    height, width = config.size
    machine = f"{torch.get_num_threads()} threads, {platform.machine()}, Python {platform.python_version()}"
    head = (
        f"# Quality of scenes: {prepared.kind}\n\n`python -m benchmarks.scene_quality`, {machine}. KID on "
        f"{extractor.label}, not scaled; mIoU by a segmenter of ours, dilated convolutions, {STEPS} steps on the real "
        "training split, which favours recipes that are taught by a segmentation network (sembla, laptop). Means over "
        "seeds, and in brackets from the least to the most."
    )
    report = {f"{prepared.kind}, {len(labels)} layouts at {width}x{height}": rows}
    publish(f"scene_quality_{prepared.kind}", report, head=head, machine=machine)


def kid(extractor: Extractor, pictures: Sequence[Picture], real: np.ndarray) -> float:
    """The kernel distance to the real photos."""
    return float(f"{kernel_distance(extractor(pictures), real).value:.4g}")


if __name__ == "__main__":
    main(open_prepared(sys.argv[1]), [Path(run) for run in sys.argv[2:]])
