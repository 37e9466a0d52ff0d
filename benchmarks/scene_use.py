"""Does a synthetic data set help to learn from a real one? A segmenter trained with and without it.

    python -m benchmarks.scene_use draw FULL FEW            # 50 of the training pairs of FULL, as a prepared set FEW
    sembla train scene --data FEW --run FEW_MODEL ...       # so that nothing of the other photos is known
    python -m benchmarks.scene_use WORK FULL MODEL FEW FEW_MODEL

FULL is a prepared set with the splits train and test, MODEL a run that was trained on it. For FULL and for FEW, the
layouts of all training pairs are painted anew, by the model of the set, and by the bank of the set, from which all of
the pair's own drive is left out (names up to the first underscore: frames that follow one another are near copies).
Layouts are painted at the set's own size, which the models should have been trained at, and segmented at a third of it.
The segmenter of benchmarks/segmenter.py is trained on the real pairs alone, and on batches that are half real and half
synthetic; as many steps of as many pictures each. Scored on the real test split of FULL, with three seeds of the
segmenter. There is one model and one synthetic set, whose own chance the interval does not hold. It is that of
Student's t over the differences of the seeds, 95 %.

Painted sets and scores are kept in the folder WORK; what is there is not made again, so the work can be stopped. Writes
results/scene_use.md and .json.
"""

import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import stats

from benchmarks.scene_quality import agreement, pairs
from benchmarks.segmenter import BATCH, Segmenter, learn
from benchmarks.tables import publish
from sembla import api
from sembla.core.method import Feed
from sembla.core.tasks import SceneTask
from sembla.core.types import LabelMap, Picture
from sembla.data.loading import pairs_once
from sembla.data.prepared import Prepared, open_prepared, part_of
from sembla.methods.scene.batches import SceneBatch, batches
from sembla.methods.scene.config import Config

FEW, SEEDS, STEPS = 50, (0, 1, 2), 500
ALONE, MODEL, BANK = "", "model", "bank"

Row = dict[str, object]
Pair = tuple[str, Picture, LabelMap]


def training_pairs(prepared: Prepared) -> Iterator[Pair]:
    """Names, photos and label maps of the training split, or of a set without splits."""
    for packed in pairs_once(prepared, part_of(prepared, "train")):
        sample = packed.decode()
        assert sample.labels is not None
        yield packed.pair.name, sample.picture, sample.labels


def written(made: Iterator[Pair], like: Prepared, out: Path) -> None:
    """Write a prepared set of pairs, with the classes of another."""
    assert like.label_set is not None
    with tempfile.TemporaryDirectory() as temporary:
        source = Path(temporary)
        for part in ("images", "labels"):
            (source / part).mkdir()
        for name, picture, labels in made:
            file = f"{name.replace('/', '-')}.png"
            Image.fromarray(picture).save(source / "images" / file)
            Image.fromarray(labels).save(source / "labels" / file)
        api.write_declared(source, like.label_set)
        api.prepare("folder", source, out, workers=1)


def draw(full: Prepared, out: Path) -> None:
    """Some of the training pairs, evenly spaced."""
    found = list(training_pairs(full))
    chosen = [found[at] for at in np.linspace(0, len(found) - 1, FEW).round().astype(int)]
    written(iter(chosen), full, out)


def painted(prepared: Prepared, paint: Callable[[str, SceneTask], Picture]) -> Iterator[Pair]:
    """Each training layout, with a photo made for it."""
    for seed, (name, _, labels) in enumerate(training_pairs(prepared)):
        yield name, paint(name, SceneTask(labels, seed=seed)), labels


def by_bank(prepared: Prepared) -> Callable[[str, SceneTask], Picture]:
    """The bank of a set, without the drive whose layout is asked for."""
    drives: dict[str, list[str]] = {}
    for name, _, _ in training_pairs(prepared):
        drives.setdefault(name.partition("_")[0], []).append(name)
    banks = {drive: api.open_bank(prepared.root, without=names) for drive, names in drives.items()}
    return lambda name, task: api.run_scene(task, engine=banks[name.partition("_")[0]]).picture


def mixed(real: Iterator[SceneBatch], synthetic: Iterator[SceneBatch]) -> Iterator[SceneBatch]:
    """Batches of both."""
    for one, other in zip(real, synthetic, strict=False):
        yield SceneBatch(
            photo=torch.cat([one.photo, other.photo]),
            labels=torch.cat([one.labels, other.labels]),
            layout=torch.cat([one.layout, other.layout]),
        )


def learned(config: Config, real: Prepared, synthetic: Prepared | None, *, seed: int) -> Segmenter:
    """A segmenter of a seed, ready to use."""
    torch.manual_seed(seed)
    segmenter = Segmenter(config.count)
    if synthetic is None:
        feed = batches(config, real, Feed(BATCH, seed))
    else:
        feed = mixed(*(batches(config, each, Feed(BATCH // 2, seed)) for each in (real, synthetic)))
    learn(segmenter, feed, steps=STEPS)
    return segmenter.eval()


@dataclass(frozen=True)
class Part:
    """One of the sets, and what is kept of it."""

    full: Path
    real: Path
    model: Path
    work: Path

    @property
    def config(self) -> Config:
        """What is segmented: a third of the size that the model was trained at."""
        its: Config = api.load(self.model).config
        return Config(classes=its.classes, size=(its.size[0] // 3, its.size[1] // 3))

    def paint(self, kind: str) -> None:
        """Paint all training layouts, by the model or by the bank."""
        out = self.work / kind
        if (out / "dataset.json").is_file():
            return
        torch.set_num_threads(1)
        real = open_prepared(self.real)
        if kind == BANK:
            written(painted(real, by_bank(real)), real, out)
        else:
            model = api.load(self.model)
            written(painted(real, lambda _, task: model(task).picture), real, out)

    def score(self, kind: str, seed: int) -> float:
        """The mIoU of a segmenter that learned from the real pairs, and where there is a kind, from painted ones."""
        file = self.work / f"{kind or 'alone'}-{seed}.json"
        if not file.is_file():
            torch.set_num_threads(1)
            real, synthetic = open_prepared(self.real), open_prepared(self.work / kind) if kind else None
            config = self.config
            wanted = pairs(open_prepared(self.full), "test", config.size)
            found = agreement(learned(config, real, synthetic, seed=seed), *wanted, config)
            file.write_text(json.dumps(found))
            print(file, found, flush=True)
        return float(json.loads(file.read_text())["mIoU"])


def rows(part: Part, scores: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    """Real pairs alone, then with each painted set."""
    real = open_prepared(part.real)
    for kind, its in scores.items():
        yield {
            "real pairs": real.counts[part_of(real, "train")],
            "trained on": f"real and {kind}" if kind else "real alone",
            "mIoU": f"{np.mean(its):.1f} ({min(its):.1f} to {max(its):.1f})",
            "gain": interval(np.subtract(its, scores[ALONE])) if kind else "",
        }


def interval(gains: np.ndarray) -> str:
    """The mean of paired differences, and its 95 % interval."""
    half = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    return f"{gains.mean():+.1f} ({gains.mean() - half:+.1f} to {gains.mean() + half:+.1f})"


def main(parts: Sequence[Part]) -> None:
    """Measure, each painting and each segmenter in a process of its own, and publish."""
    table: list[Row] = []
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(part.paint, kind) for part in parts for kind in (MODEL, BANK)]:
            done.result()
        found = [
            {kind: [pool.submit(part.score, kind, seed) for seed in SEEDS] for kind in (ALONE, MODEL, BANK)}
            for part in parts
        ]
        for part, kinds in zip(parts, found, strict=True):
            table += rows(part, {kind: [each.result() for each in its] for kind, its in kinds.items()})
    machine = f"{os.cpu_count()} processes of one thread, {platform.machine()}, Python {platform.python_version()}"
    head = (
        f"# Synthetic pairs beside real ones\n\n`python -m benchmarks.scene_use`, {machine}. A segmenter of ours, "
        f"{STEPS} steps of {BATCH}, {len(SEEDS)} seeds of it; in brackets the least and the most, of gains the 95 % "
        "interval."
    )
    publish("scene_use", {f"{open_prepared(parts[0].full).kind}, test split": table}, head=head, machine=machine)


if __name__ == "__main__":
    if sys.argv[1] == "draw":
        draw(open_prepared(sys.argv[2]), Path(sys.argv[3]))
    else:
        work, *roots = (Path(word) for word in sys.argv[1:])
        for root in roots[::2]:
            (work / root.name).mkdir(parents=True, exist_ok=True)
        main([Part(roots[0], *pair, work / pair[0].name) for pair in zip(roots[::2], roots[1::2], strict=True)])
