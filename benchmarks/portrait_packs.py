"""What packs of portraits are used for: how long an edit takes, what changes about it, how well parts are named."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks.tables import load
from sembla import api
from sembla.core.tasks import ParseResult, ParseTask
from sembla.core.types import LabelMap, Picture, Region
from sembla.data.loading import held_out_batch
from sembla.data.prepared import Prepared
from sembla.metrics.agreement import Confusion

__all__ = ["near", "parts_named", "seconds"]

LARGE, MOST, REACH, REPEATS = 256, 1000, 5, 20


def near(edit: Region) -> Region:
    """An edit (H, W) and what lies at most 5 pixels from it."""
    reached: Region = ndimage.distance_transform_edt(~edit) <= REACH
    return reached


def seconds(
    pack: str, pictures: Sequence[Picture], labels: Sequence[LabelMap], *, edits: Sequence[LabelMap]
) -> list[dict[str, object]]:
    """From photo, map and layout at 256x256 to the edited photo; and what changed further than 5 px from the edit."""
    model = api.load(pack, device="cpu")
    taken: list[float] = []
    apart: list[int] = []
    for number in range(REPEATS + 1):
        at = number % len(pictures)
        photo = np.asarray(Image.fromarray(pictures[at]).resize((LARGE, LARGE), Image.Resampling.BICUBIC))
        own, layout = (
            np.asarray(Image.fromarray(each[at]).resize((LARGE, LARGE), Image.Resampling.NEAREST))
            for each in (labels, edits)
        )
        began = time.perf_counter()
        result = api.portrait(photo, parsing=own, layout=layout, model=model)
        taken.append(time.perf_counter() - began)
        apart.append(int(np.abs(result.picture.astype(int) - photo)[~near(layout != own)].max(initial=0)))
    return [
        {
            "pack": Path(pack).name,
            "seconds": round(statistics.median(taken[1:]), 3),
            "most change further than 5 px": max(apart),
            "load": load(),
        }
    ]


def parts_named(pack: str, prepared: Prepared) -> list[dict[str, object]]:
    """How well its parser names the parts of held-out faces, at the size that it sees, or at which they are kept."""
    model = api.load(pack, device="cpu", exact=True)
    side = int(model.config.parses_at)
    faces = held_out_batch(prepared, size=(side, side), most=MOST)
    assert faces.labels is not None
    confusion, right = Confusion(model.config.count), []
    for picture, labels in zip(faces.pictures, faces.labels, strict=True):
        seen = model(ParseTask(picture))
        assert isinstance(seen, ParseResult)
        confusion.add(seen.labels, labels)
        right.append(float((seen.labels == labels).mean()))
    return [
        {
            "pack": Path(pack).name,
            "side": side,
            "pixels named right": round(float(np.mean(right)), 4),
            "mIoU": round(confusion.mean_iou, 3),
        }
    ]
