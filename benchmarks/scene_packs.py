"""Score bundled packs of scenes on the test split of what they were trained on.

    python -m benchmarks.scene_packs PREPARED PACK [PREPARED PACK ...]

Every layout of the test split is painted once, at the size that the pack was trained at. Scores: the kernel distance
(KID) of SqueezeNet 1.1's features to those of the real test photos, and how much of the layout the segmenter of
benchmarks/segmenter.py sees in pictures reduced to a quarter, at which it was trained. Beside it stand the bank of the
training split and real photos. The packs' perceptual loss looks through the same SqueezeNet, which favours their KID.

Writes results/scene_packs.md and .json.
"""

import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from benchmarks.scene_quality import Row, agreement, kid, painted, pairs
from benchmarks.segmenter import trained
from benchmarks.tables import publish
from sembla import api
from sembla.core.tasks import SceneTask
from sembla.core.types import Picture
from sembla.data.prepared import open_prepared
from sembla.methods.scene.bank import Bank
from sembla.methods.scene.config import Config
from sembla.nn.features import squeezenet_caffe
from sembla.patches.pyramid import resize_picture

QUARTER = 4


def rows(root: Path, pack: str) -> Iterator[Row]:
    """A pack, the bank, and real photos."""
    prepared, model = open_prepared(root), api.load(pack)
    its: Config = model.config
    small = Config(classes=its.classes, size=(its.size[0] // QUARTER, its.size[1] // QUARTER))
    segmenter, extractor = trained(small, prepared), squeezenet_caffe()
    real, labels = pairs(prepared, "test", its.size)
    features, wanted = extractor(real), pairs(prepared, "test", small.size)[1]

    def row(name: str, pictures: Sequence[Picture], seconds: object = "") -> Row:
        reduced = [resize_picture(picture, small.size) for picture in pictures]
        scores = {"KID": kid(extractor, pictures, features), **agreement(segmenter, reduced, wanted, small)}
        return {"set": prepared.kind, "layouts": len(labels), "made by": name, "s": seconds, **scores}

    bank = api.open_bank(prepared.root)
    for name, paint in (("pack", lambda task: model(task).picture), ("bank", lambda task: _banked(bank, task))):
        pictures, taken = painted(paint, labels)
        yield row(name, pictures, round(taken, 3))
    yield {**row("real test", real), "KID": ""}


def _banked(bank: Bank, task: SceneTask) -> Picture:
    return api.run_scene(task, engine=bank).picture


def main(given: Sequence[str]) -> None:
    """Score and publish."""
    table = [row for at in range(0, len(given), 2) for row in rows(Path(given[at]), given[at + 1])]
    machine = f"{torch.get_num_threads()} threads, {platform.machine()}, Python {platform.python_version()}"
    head = (
        f"# Packs of scenes\n\n`python -m benchmarks.scene_packs`, {machine}. KID through SqueezeNet 1.1, not scaled; "
        "mIoU by a segmenter of ours at a quarter of the size."
    )
    publish("scene_packs", {"Test splits": table}, head=head, machine=machine)


if __name__ == "__main__":
    main(sys.argv[1:])
