"""Measure the engine `bank`: seconds for a picture, for building the index, and for asking it.

Pictures are made of validation layouts of ../shared/data/camvid and ../shared/data/facades, from banks of their
training photos. The index is built and asked over a prepared set of 10,000 pairs with drawn layouts. Prints the tables
and writes results/scene_bank.json and results/scene_bank.md.

    python -m benchmarks.scene_bank [--pairs COUNT] [--sheets FOLDER]
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from benchmarks.tables import load, publish
from sembla import api
from sembla.core.tasks import SceneTask
from sembla.core.types import LabelMap, Picture
from sembla.data.classes import write_declared
from sembla.data.labelsets import CAMVID_11
from sembla.data.loading import pairs_once
from sembla.methods.scene.bank import Bank, open_bank, synthesize, warm_up
from sembla.methods.scene.bank_choice import Chosen, choose, ranked
from sembla.patches.pyramid import resize_labels

SETS = Path(__file__).parent.parent.parent / "shared" / "data"
SIZE = (192, 256)
LAYOUTS = 4
"""Of each set."""

SIZES = (256, 1024)
"""Longer sides, in pixels."""


def layouts(bank: Bank) -> list[LabelMap]:
    """Validation layouts, evenly spaced."""
    pairs = list(pairs_once(bank.prepared, "val"))
    return [packed.decode_labels() for packed in pairs[:: len(pairs) // LAYOUTS][:LAYOUTS]]


def scaled(labels: LabelMap, longest: int) -> LabelMap:
    """A layout at another size."""
    scale = longest / max(labels.shape)
    return resize_labels(labels, (round(labels.shape[0] * scale), round(labels.shape[1] * scale)))


def pictures(name: str, bank: Bank, sheets: Path | None) -> Iterator[dict[str, object]]:
    """Seconds a picture at each size."""
    wanted = layouts(bank)
    synthesize(bank, SceneTask(wanted[0]))
    for size in SIZES:
        began = time.process_time()
        results = [synthesize(bank, SceneTask(scaled(labels, size))) for labels in wanted]
        work = (time.process_time() - began) / len(wanted)
        seconds = sorted(result.seconds for result in results)
        largest = [next(iter(result.credits[0].values())) for result in results]
        yield {
            "bank": f"{name}, {len(bank.names)} photos",
            "longer side": size,
            "median s": round(statistics.median(seconds), 2),
            "worst s": round(seconds[-1], 2),
            "CPU s": round(work, 2),
            "from one photo": f"{statistics.mean(largest):.0%}",
            "load": load(),
        }
        if sheets and size == SIZES[0]:
            palette = np.zeros((256, 3), np.uint8)
            palette[: bank.label_set.count] = bank.label_set.palette
            rows = [[palette[labels], result.picture] for labels, result in zip(wanted, results, strict=True)]
            api.write_picture(sheets / f"{name}.png", api.contact_sheet(rows, headings=("layout", "bank")), force=True)


def drawn(seed: int) -> tuple[Picture, LabelMap]:
    """A plain photo and a layout with large regions and some forty small ones."""
    chance = np.random.default_rng(seed)
    heights = gaussian_filter(chance.normal(size=(6, 24, 32)), (0, 4, 4))
    labels = resize_labels(heights.argmax(axis=0).astype(np.uint8), SIZE)
    for _ in range(40):
        top, left = chance.integers(0, 170), chance.integers(0, 230)
        labels[top : top + chance.integers(4, 22), left : left + chance.integers(4, 26)] = chance.integers(6, 11)
    return np.full((*SIZE, 3), seed % 256, np.uint8), labels


def many(pairs: int) -> dict[str, object]:
    """Seconds for an index of many layouts, and for asking it."""
    with tempfile.TemporaryDirectory() as folder:
        source, root = Path(folder) / "source", Path(folder) / "bank"
        for part in ("images", "labels"):
            (source / part).mkdir(parents=True)
        for number in range(pairs):
            picture, labels = drawn(number)
            Image.fromarray(picture).save(source / "images" / f"{number}.png", compress_level=1)
            Image.fromarray(labels).save(source / "labels" / f"{number}.png", compress_level=1)
        write_declared(source, CAMVID_11)
        api.prepare("folder", source, root)
        began, started = time.perf_counter(), time.process_time()
        bank = open_bank(root)
        built, work = time.perf_counter() - began, time.process_time() - started
        began = time.perf_counter()
        open_bank(root)
        opened = time.perf_counter() - began
        return {
            "photos": pairs,
            "index built s": round(built, 1),
            "CPU s": round(work, 1),
            "opened again s": round(opened, 2),
            "query ms, median": round(1000 * statistics.median(asked(bank)), 1),
            "index MB": round(sum(path.stat().st_size for path in root.glob(".bank-*")) / 1e6),
            "load": load(),
        }


def asked(bank: Bank) -> list[float]:
    """Seconds of each of some queries: the ranking of all photos, and the choice of helpers."""
    seconds = []
    for seed in range(20):
        labels = drawn(1_000_000 + seed)[1]
        began = time.perf_counter()
        scores = ranked(bank.shelf, labels)
        main = Chosen(int(scores.max(axis=1).argmax()), mirrored=False)
        choose(bank.shelf, labels, main, scores=scores, needed=[int(label) for label in np.unique(labels)])
        seconds.append(time.perf_counter() - began)
    return seconds


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=10_000, help="pairs of the large set")
    parser.add_argument("--sheets", type=Path, help="write a sheet of pictures for each bank here")
    options = parser.parse_args()
    warm_up()
    report: dict[str, list[dict[str, object]]] = {"Seconds a picture": []}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("camvid", "facades"):
            if (SETS / name).is_dir():
                api.prepare(name, SETS / name, Path(folder) / name)
                bank = open_bank(Path(folder) / name)
                report["Seconds a picture"] += pictures(name, bank, options.sheets)
    report["Index"] = [many(options.pairs)]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"{cores} cores, {platform.machine()}, Python {platform.python_version()}, load {load()} at the end"
    head = f"# Bank\n\n`python -m benchmarks.scene_bank`, {machine}."
    goal = "Wanted on two idle cores: 256 px in 1.2 s, 1024 px in 6 s; an index in 60 s, a query in 50 ms. "
    goal += "Where the load is far above 0, seconds are those of a share of the cores; CPU seconds say more."
    publish("scene_bank", report, head=f"{head} {goal}", machine=machine)


if __name__ == "__main__":
    main()
