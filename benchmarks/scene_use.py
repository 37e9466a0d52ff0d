"""Does a synthetic data set help to learn from a real one? A segmenter trained with and without it.

    python -m benchmarks.scene_use draw FULL FEW            # 50 of the training pairs of FULL, as a prepared set FEW
    sembla train scene --data FEW --run FEW_MODEL ...       # so that nothing of the other photos is known
    python -m benchmarks.scene_use FULL MODEL FEW FEW_MODEL

FULL is a prepared set with the splits train and test, MODEL a run that was trained on it. For FULL and for FEW, the
layouts of all training pairs are painted anew, by the model of the set, and by the bank of the set, from which all of
the pair's own drive is left out (names up to the first underscore: frames that follow one another are near copies).
Layouts are painted at the set's own size, which the models should have been trained at, and segmented at a third of it.
The segmenter of benchmarks/segmenter.py is trained on the real pairs alone, and on batches that are half real and half
synthetic; as many steps of as many pictures each. Scored on the real test split of FULL, with three seeds of the
segmenter. There is one model and one synthetic set, whose own chance the interval does not hold. It is that of
Student's t over the differences of the seeds, 95 %.

Writes results/scene_use.md and .json.
"""

import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
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
from sembla.data.prepared import Prepared, open_prepared
from sembla.methods.scene.batches import SceneBatch, batches
from sembla.methods.scene.config import Config

FEW, SEEDS, STEPS = 50, (0, 1, 2), 500

Row = dict[str, object]
Pair = tuple[str, Picture, LabelMap]


def training_pairs(prepared: Prepared) -> Iterator[Pair]:
    """Names, photos and label maps of the training split, or of a set without splits."""
    for packed in pairs_once(prepared, "" if "" in prepared.counts else "train"):
        sample = packed.decode()
        assert sample.labels is not None
        yield packed.pair.name, sample.picture, sample.labels


def written(made: Iterator[Pair], like: Prepared, out: Path) -> Prepared:
    """A prepared set of pairs, with the classes of another."""
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
        return api.prepare("folder", source, out, workers=1).prepared


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


def rows(full: Path, real_root: Path, model: Path) -> list[Row]:
    """Real pairs alone, then with each synthetic set; in a process with one thread."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as shelf:
        return list(_rows(open_prepared(full), open_prepared(real_root), model, Path(shelf)))


def _rows(full: Prepared, real: Prepared, model: Path, shelf: Path) -> Iterator[Row]:
    painter = api.load(model)
    its: Config = painter.config
    config = Config(classes=its.classes, size=(its.size[0] // 3, its.size[1] // 3))
    wanted = pairs(full, "test", config.size)
    sets = {
        "alone": None,
        f"and {model.name}": written(painted(real, lambda _, task: painter(task).picture), real, shelf / "model"),
        "and bank": written(painted(real, by_bank(real)), real, shelf / "bank"),
    }
    alone: list[float] = []
    for name, synthetic in sets.items():
        scores = []
        for seed in SEEDS:
            score = agreement(learned(config, real, synthetic, seed=seed), *wanted, config)
            scores.append(float(str(score["mIoU"])))
            print(real.total, name, seed, score, flush=True)
        alone = alone or scores
        yield {
            "real pairs": sum(1 for _ in training_pairs(real)),
            "trained on": f"real {name}",
            "mIoU": f"{np.mean(scores):.1f} ({min(scores):.1f} to {max(scores):.1f})",
            "gain": "" if synthetic is None else interval(np.subtract(scores, alone)),
        }


def interval(gains: np.ndarray) -> str:
    """The mean of paired differences, and its 95 % interval."""
    half = stats.t.ppf(0.975, len(gains) - 1) * gains.std(ddof=1) / np.sqrt(len(gains))
    return f"{gains.mean():+.1f} ({gains.mean() - half:+.1f} to {gains.mean() + half:+.1f})"


def main(sets: Sequence[tuple[Path, Path]]) -> None:
    """Measure, each set in its own process, and publish."""
    full = sets[0][0]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = [pool.submit(rows, full, *each) for each in sets]
        table = [row for each in found for row in each.result()]
    machine = f"{len(sets)} processes of one thread, {platform.machine()}, Python {platform.python_version()}"
    head = (
        f"# Synthetic pairs beside real ones\n\n`python -m benchmarks.scene_use`, {machine}. A segmenter of ours, "
        f"{STEPS} steps of {BATCH}, {len(SEEDS)} seeds of it; in brackets the least and the most, of gains the 95 % "
        "interval."
    )
    publish("scene_use", {f"{open_prepared(full).kind}, test split": table}, head=head, machine=machine)


if __name__ == "__main__":
    if sys.argv[1] == "draw":
        draw(open_prepared(sys.argv[2]), Path(sys.argv[3]))
    else:
        main([(Path(sys.argv[at]), Path(sys.argv[at + 1])) for at in range(1, len(sys.argv), 2)])
