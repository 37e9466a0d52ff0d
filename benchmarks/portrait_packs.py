"""What packs of portraits do for people: how long an edit takes, how it meets the photo, how well parts are named."""

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from benchmarks.tables import load
from sembla import api
from sembla.core.tasks import ParseResult, ParseTask, PortraitMade, PortraitTask
from sembla.core.types import LabelMap, Picture, Region
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.data.loading import held_out_batch
from sembla.data.prepared import Prepared
from sembla.imaging.blend import Poisson
from sembla.imaging.meeting import met
from sembla.metrics.agreement import Confusion
from sembla.metrics.pixels import delta_e

__all__ = ["meetings", "near", "parts_named", "seconds"]

HAIR, SKIN = (CELEBAMASK_HQ_19.names.index(name) for name in ("hair", "skin"))
LARGE, MOST, REACH, REPEATS, ENOUGH = 256, 1000, 5, 20, 50


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


def meetings(
    pack: str, pictures: Sequence[Picture], labels: Sequence[LabelMap], *, edits: Sequence[LabelMap]
) -> list[dict[str, object]]:
    """How what is made in the place of an edit of the hair meets the photo: as it is, by `met` and by `Poisson`.

    Error is that of the hole filled in the photo's own layout, where it is known what was there. The others are of the
    edit: how far (CIEDE2000) the mean colour of new hair is from the person's own, and that of new skin.
    """
    model = api.load(pack, device="cpu", exact=True)
    errors, apart = defaultdict(list), defaultdict(list)
    for picture, own, edit in zip(pictures, labels, edits, strict=True):
        hole = ndimage.binary_dilation(own != edit, iterations=2)
        if hole.all() or not hole.any():
            continue
        for layout in (own, edit):
            result = model(PortraitTask(picture, own, layout, hole))
            assert isinstance(result, PortraitMade)
            ways = {
                "nothing": np.where(hole[:, :, None], result.made, picture),
                "colours by region": met(picture, result.made, hole, before=own, after=layout),
                "Poisson": Poisson(hole)(picture, result.made),
            }
            for way, made in ways.items():
                if layout is own:
                    errors[way].append(np.abs(made[hole].astype(float) - picture[hole]).mean())
                for part in (HAIR, SKIN) if layout is edit else ():
                    new, old = (layout == part) & (own != part), own == part
                    if min(new.sum(), old.sum()) >= ENOUGH:
                        apart[way, part].append(colours_apart(made[new], picture[old]))
    return [
        {
            "shifted by": way,
            "error in the photo's layout": round(float(np.mean(errors[way])), 2),
            "new hair": round(float(np.mean(apart[way, HAIR])), 2),
            "new skin": round(float(np.mean(apart[way, SKIN])), 2),
        }
        for way in errors
    ]


def colours_apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """CIEDE2000 of the mean colours of two sets of pixels (N, 3)."""
    means = (np.rint(each.mean(0)).astype(np.uint8)[None, None] for each in (one, other))
    return float(delta_e(*means)[0, 0])


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
