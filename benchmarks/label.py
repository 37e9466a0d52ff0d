"""Measure label maps from scribbles and proposed segments: how right they are, seconds, memory.

Strokes are simulated inside the regions of the label maps of ../shared/data/single_image and filled; the result is
compared with the map. scikit-image's random walker with its defaults, at full size, gets the same strokes in the same
run; proposed segments are compared with its SLIC. Prints the tables and writes results/label.json and
results/label.md.

    python -m benchmarks.label
"""

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt
from scipy.ndimage import label as connected
from skimage.graph import route_through_array as _route
from skimage.segmentation import random_walker, slic

from benchmarks.tables import table
from sembla.core.types import LabelMap, Picture
from sembla.imaging.scribbles import fill_strokes
from sembla.imaging.segments import propose_segments

SETS = Path(__file__).parent.parent.parent / "shared" / "data" / "single_image"
RESULTS = Path(__file__).parent / "results"
SEEDS = (0, 1)
COUNTS = (8, 16, 32)
COVERAGE = 0.015

route: Callable[..., tuple[list[list[int]], float]] = _route  # scikit-image leaves it untyped

Strokes = NDArray[np.int16]
Mask = NDArray[np.bool_]
Point = tuple[int, int]
Row = dict[str, object]


@dataclass(frozen=True)
class Case:
    """A photo and its label map."""

    name: str
    picture: Picture
    labels: LabelMap


def cases() -> list[Case]:
    """Every set with a label map; none where the sets are absent."""
    found = []
    for folder in sorted(SETS.glob("*")) if SETS.is_dir() else []:
        for labels in folder.glob("label_idx.png"):
            picture = np.asarray(Image.open(next(folder.glob("img.*"))).convert("RGB"))
            found.append(Case(folder.name, picture, np.asarray(Image.open(labels))))
    return found


def parts(labels: LabelMap) -> Iterator[tuple[int, Mask]]:
    """Connected regions that cover a hundredth of the picture, or the largest of a class that has no such region."""
    for number in np.unique(labels).tolist():
        pieces, _ = connected(labels == number)
        areas = np.bincount(pieces.ravel())
        areas[0] = 0
        for piece in np.flatnonzero(areas >= min(0.01 * labels.size, areas.max())):
            yield number, pieces == piece


def depth(region: Mask) -> NDArray[np.float64]:
    """Distance from each pixel of a region to its outside, the picture's frame included."""
    return np.asarray(distance_transform_edt(np.pad(region, 1)))[1:-1, 1:-1]


def line(region: Mask, ends: tuple[Point, Point], *, length: int, width: int) -> Mask:
    """A stroke inside a region, from one end towards the other along its middle."""
    inside = depth(region)
    path, _ = route(np.where(region, 1 / (inside + 1), 1e4), *ends, fully_connected=True)
    thin = np.zeros(region.shape, np.bool_)
    thin[tuple(np.array(path[:length]).T)] = True
    thick = np.asarray(distance_transform_edt(~thin)) < width / 2
    result: Mask = (thick & region & (inside > 1.5)) | (thin & region)
    return result


def short_strokes(region: Mask, chance: np.random.Generator) -> Iterator[Mask]:
    """Two to six short strokes spread over a region, 3 to 6 px wide."""
    inside, width = depth(region), int(chance.integers(3, 7))
    points = np.argwhere(inside >= min(width, inside.max()))
    count = int(np.clip(round(region.mean() * 20), 2, 6))
    length = max(int(COVERAGE * region.sum() / width / count), 3)
    start = points[chance.integers(len(points))]
    far = np.full(len(points), np.inf)
    for _ in range(count):
        near = points[abs(points - start).max(1) <= length]
        end = near[chance.integers(len(near))]
        yield line(region, (tuple(start), tuple(end)), length=length, width=width)
        far = np.minimum(far, ((points - start) ** 2).sum(1))
        start = points[(far * np.minimum(inside[tuple(points.T)], 20)).argmax()]


def one_stroke(region: Mask, chance: np.random.Generator) -> Iterator[Mask]:
    """One stroke of a careless hand, between two points anywhere in the region, 3 to 6 px wide."""
    inside, width = depth(region), int(chance.integers(3, 7))
    points = np.argwhere(inside >= min(4, inside.max()))
    weights = inside[tuple(points.T)]
    start, end = points[chance.choice(len(points), 2, p=weights / weights.sum())]
    length = max(int(COVERAGE * region.sum() / width), 4)
    yield line(region, (tuple(start), tuple(end)), length=length, width=width)


Hand = Callable[[Mask, np.random.Generator], Iterator[Mask]]
HANDS: dict[str, Hand] = {"short strokes spread over each region": short_strokes, "one stroke a region": one_stroke}


def draw(labels: LabelMap, hand: Hand, seed: int) -> Strokes:
    """Simulate strokes for a label map."""
    chance = np.random.default_rng(seed)
    strokes = np.full(labels.shape, -1, np.int16)
    for number, region in parts(labels):
        for stroke in hand(region, chance):
            strokes[stroke] = number
    return strokes


def plain_walker(picture: Picture, strokes: Strokes) -> LabelMap:
    """The random walker of scikit-image, with its defaults."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(random_walker(picture, strokes + 1, mode="cg_j", channel_axis=-1) - 1, np.uint8)


FILLERS: dict[str, Callable[[Picture, Strokes], LabelMap]] = {"sembla": fill_strokes, "random_walker": plain_walker}


def overlap(labels: LabelMap, truth: LabelMap) -> float:
    """Mean intersection over union of the classes."""
    both = [((labels == number) & (truth == number)).sum() for number in np.unique(truth)]
    either = [((labels == number) | (truth == number)).sum() for number in np.unique(truth)]
    return float(np.mean(np.array(both) / np.array(either)))


def quality(measured: list[Case], hand: Hand) -> list[Row]:
    """How right each filler is on every set, the mean of all seeds."""
    rows: list[Row] = []
    for case in measured:
        height, width = case.labels.shape
        strokes = [draw(case.labels, hand, seed) for seed in SEEDS]
        coverage = np.mean([(each >= 0).mean() for each in strokes])
        row: Row = {"set": case.name, "size": f"{width}x{height}", "marked %": round(100 * float(coverage), 1)}
        for name, fill in FILLERS.items():
            started = time.perf_counter()
            filled = [fill(case.picture, each) for each in strokes]
            seconds = (time.perf_counter() - started) / len(strokes)
            right = np.mean([(labels == case.labels).mean() for labels in filled])
            row[f"{name}: pixels right"] = round(float(right), 4)
            row[f"{name}: mIoU"] = round(float(np.mean([overlap(labels, case.labels) for labels in filled])), 4)
            row[f"{name}: s"] = round(seconds, 2)
        rows.append(row)
        print(row, flush=True)
    return [*rows, means(rows)]


def means(rows: list[Row]) -> Row:
    """The mean of each column of numbers."""
    numbers = [head for head in rows[0] if isinstance(rows[0][head], float)]
    blank = dict.fromkeys(rows[0], "") | {"set": "mean"}
    return blank | {head: round(statistics.mean(float(str(row[head])) for row in rows), 4) for head in numbers}


def reachable(segments: NDArray[np.integer], truth: LabelMap) -> float:
    """Share of pixels right if each segment is given its best class (achievable segmentation accuracy)."""
    table = np.zeros((int(segments.max()) + 1, int(truth.max()) + 1))
    np.add.at(table, (segments.ravel(), truth.ravel()), 1)
    return float(table.max(1).sum() / truth.size)


def segments(measured: list[Case]) -> list[Row]:
    """Proposed segments against SLIC of the same number: the mean of all sets."""
    rows: list[Row] = []
    for count in COUNTS:
        ours = [reachable(propose_segments(case.picture, count), case.labels) for case in measured]
        plain = [reachable(slic(case.picture, count, start_label=0), case.labels) for case in measured]
        best = {"sembla": round(statistics.mean(ours), 4), "slic": round(statistics.mean(plain), 4)}
        rows.append(
            {"segments": count} | {f"{name}: pixels right if named well": value for name, value in best.items()}
        )
        print(rows[-1], flush=True)
    return rows


def time_at(name: str, width: int) -> Row:
    """Seconds and peak memory of one set scaled to a size; to be called in a process of its own."""
    case = next(case for case in cases() if case.name == name)
    strokes = draw(case.labels, short_strokes, 0)
    size = (width, 3 * width // 4)
    picture = np.asarray(Image.fromarray(case.picture).resize(size, Image.Resampling.BICUBIC))
    rows, columns = (np.arange(new) * old // new for new, old in zip(size[::-1], strokes.shape, strict=True))
    strokes = strokes[rows][:, columns]
    row: Row = {"set": name, "size": f"{size[0]}x{size[1]}"}
    for what, work in (
        ("fill", partial(fill_strokes, picture, strokes)),
        ("16 segments", partial(propose_segments, picture, 16)),
    ):
        work()
        started = time.perf_counter()
        work()
        row[f"{what}, s"] = round(time.perf_counter() - started, 2)
    return row | {"peak GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9, 2)}


def speed(measured: list[Case]) -> list[Row]:
    """Seconds and memory at 512x384 and 4000x3000."""
    rows: list[Row] = []
    for width in (512, 4000):
        for case in measured:
            script = (
                f"import json; from benchmarks.label import time_at; print(json.dumps(time_at({case.name!r}, {width})))"
            )
            command = [sys.executable, "-c", script]
            output = subprocess.run(
                command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent.parent
            )
            rows.append(json.loads(output.stdout) | {"load": round(os.getloadavg()[0], 1)})
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    """Measure everything and write the results."""
    measured = cases()
    if not measured:
        print("no sets in ../shared/data/single_image: nothing was measured")
        return
    report = {name: quality(measured, hand) for name, hand in HANDS.items()}
    report |= {"proposed segments": segments(measured), "speed": speed(measured)}
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    text = [f"# Label maps from scribbles\n\n`python -m benchmarks.label`, {machine}."]
    text += [f"## {name.capitalize()}\n\n{table(rows)}" for name, rows in report.items()]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "label.md").write_text("\n\n".join(text) + "\n")
    (RESULTS / "label.json").write_text(json.dumps({"machine": machine, **report}, indent=1) + "\n")
    print("\n\n".join(text))


if __name__ == "__main__":
    main()
