"""Regions kept: what they mean stays, the rest is made anew by a trained prior."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
from PIL import Image

from sembla.api.checking import check_does, numbers, settings
from sembla.core.errors import InputError, SizeError
from sembla.core.tasks import Kept, OnPreview, PreserveResult, PreserveTask, ShouldStop, Watch
from sembla.core.types import Picture, Region
from sembla.core.ways import FeaturesName, Search, Steered
from sembla.imaging.holes import read_mask, rectangle
from sembla.imaging.io import Source, read_picture, source_name
from sembla.imaging.sheet import tiled
from sembla.patches.pyramid import resize_picture

if TYPE_CHECKING:
    from sembla.runs.synthesizer import Synthesizer

__all__ = [
    "VIEWS",
    "check_preserve",
    "is_strange",
    "keep",
    "middle_square",
    "model_side",
    "preserve",
    "run_preserve",
    "strangeness_note",
    "views_of",
]

_log = logging.getLogger("sembla")

Rectangle = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""

View: TypeAlias = Literal["all", "reference", "region", "mean", "deviation"]
VIEWS: tuple[View, ...] = get_args(View)
"""What is shown of a result beside the chosen pictures."""

_STRANGE = 1.0


def keep(
    picture: Source,
    *,
    model: "Synthesizer",
    region: Rectangle | None = None,
    mask: Source | None = None,
    weight: float = 1.0,
    locked: bool = False,
) -> Kept:
    """Say which region of a picture is to be kept: a rectangle, what is white in a mask of its size, or both together.

    The model sees the middle square of the picture, at its own size. Regions with more `weight` count for more; of
    `locked` ones the very pixels come back.

    Raises `InputError` for no region, `SizeError` for a rectangle that sticks out, for a mask of another size, and for
    a region outside the middle square.
    """
    side, name = model_side(model), source_name(picture, "the picture")
    pixels = read_picture(picture, name=name)
    size = (pixels.shape[0], pixels.shape[1])
    if region is None and mask is None:
        raise InputError(f"no region of {name} came; give a rectangle or a mask.")
    inside = np.zeros(size, np.bool_)
    if region is not None:
        left, top, width, height = region
        inside |= rectangle(size, left=left, top=top, width=width, height=height)
    if mask is not None:
        inside |= read_mask(mask, size)
    if not inside.any():
        raise InputError(f"the mask of {name} is black everywhere; paint in white what is to be kept.")
    middle = _middle(size)
    if not inside[middle].any():
        square = min(size)
        raise SizeError(
            f"the region of {name} lies outside the middle square, {square}x{square}, all that the model sees; "
            "crop the picture around it."
        )
    small = middle_square(pixels, side)
    return Kept(small, _reduced(inside[middle], side), weight=float(weight), locked=locked)


def middle_square(picture: Picture, side: int) -> Picture:
    """What models see of a picture (H, W, 3), at a size: (side, side, 3)."""
    return resize_picture(np.ascontiguousarray(picture[_middle((picture.shape[0], picture.shape[1]))]), (side, side))


def _middle(size: tuple[int, int]) -> tuple[slice, ...]:
    square = min(size)
    return tuple(slice((length - square) // 2, (length - square) // 2 + square) for length in size)


def preserve(
    kept: Kept | Sequence[Kept],
    *,
    model: "Synthesizer",
    seed: int = 0,
    candidates: int = 36,
    shown: int = 9,
    diverse: bool = False,
    search: Search | None = None,
    features: FeaturesName = "",
    on_preview: OnPreview | None = None,
) -> PreserveResult:
    """Look for pictures that mean the same in the regions that `keep` gave, and are free elsewhere.

    `model` is what `load` gives, of method preserve. Of `candidates` (1 to 256) that are looked for together, `shown`
    are chosen: the best, or, with `diverse`, good ones that differ. `search` says how they are compared and found; left
    out, it is `Steered`. `features` is what they are compared through: "vgg19", "squeezenet", "none" (colours), or
    "critic", of a model that was trained so; left out, it is the model's own. Same `seed` (0 to 2**63 - 1), same
    pictures. `on_preview` is called with all candidates in one picture; returning False stops the work, which raises
    `Cancelled`.

    Raises `InputError` for a model of another method, for regions that are of no use, and for features that are not
    there.
    """
    several = (kept,) if isinstance(kept, Kept) else tuple(kept)
    given = numbers(PreserveTask, {"seed": seed, "candidates": candidates, "shown": shown})
    task = PreserveTask(several, diverse=diverse, search=search or Steered(), features=features, **given)
    result = run_preserve(task, on_preview, engine=model)
    if result.region.all():
        _log.info("all of the picture was to be kept, so nothing was left to vary; mark a part of it.")
    return result


def run_preserve(
    task: PreserveTask,
    on_preview: OnPreview | None = None,
    *,
    stop: ShouldStop | None = None,
    engine: "Synthesizer",
) -> PreserveResult:
    """Do a task. `on_preview` and `stop` can end the work early; then `Cancelled` is raised.

    Raises `InputError` for settings out of their ranges, and as `preserve`.
    """
    check_preserve(engine)
    settings(task.search)
    task = replace(task, shown=min(task.shown, task.candidates))
    result = engine(task, watch=Watch(on_preview, stop))
    assert isinstance(result, PreserveResult)
    return result


def check_preserve(engine: "Synthesizer") -> None:
    """Raise `InputError` for a model of another method."""
    check_does(engine, PreserveTask, told="keeps no regions; give one of preserve")


def model_side(engine: "Synthesizer") -> int:
    """The side of the pictures that a model makes. Raises as `check_preserve`."""
    check_preserve(engine)
    return int(engine.config.side)


def views_of(result: PreserveResult) -> dict[View, Picture]:
    """Pictures (H, W, 3) of a result: all candidates on one sheet, what was kept of what, and how they vary."""
    region = np.repeat(result.region[..., None] * np.uint8(255), 3, axis=2)
    return {
        "all": tiled(result.candidates),
        "reference": result.reference,
        "region": region,
        "mean": result.mean,
        "deviation": result.deviation,
    }


def is_strange(result: PreserveResult) -> bool:
    """Whether what was given is of another kind than what the model makes."""
    return result.strangeness > _STRANGE


def strangeness_note(result: PreserveResult, model: object) -> str:
    """A sentence on how strange what was given is to a model, by its name."""
    return (
        f"what was given is {result.strangeness:.1f} times as far from what {model} makes as its own pictures are from "
        "one another: it may be of another kind, and what is kept of it little"
    )


def _reduced(inside: Region, side: int) -> Region:
    """At the model's size: what is covered by half, or, of thinner regions, what is covered most."""
    image = Image.fromarray(inside.astype(np.uint8) * 255).resize((side, side), Image.Resampling.BOX)
    covered = np.asarray(image)
    small: Region = covered >= min(128, int(covered.max()))
    return small
