"""Portraits: a face made anew in another layout of its parts, and nothing else of the photo touched."""

import logging
from dataclasses import dataclass

import numpy as np

from sembla.api.analogies import run
from sembla.api.checking import check_memory, numbers, told_size
from sembla.api.parsing import read_parsing
from sembla.core.errors import InputError, LabelError
from sembla.core.tasks import AnalogyTask, OnPreview, Result
from sembla.core.types import LabelMap, Region
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.imaging.fading import faded
from sembla.imaging.io import Source, read_picture

__all__ = ["REACH", "PortraitRequest", "PortraitResult", "portrait", "read_portrait", "run_portrait"]

REACH = 5
"""Pixels about an edit within which the photo changes; all others stay as they are, bit for bit."""

_log = logging.getLogger("sembla")

_LIKE = {
    "l_eye": ("r_eye",),
    "r_eye": ("l_eye",),
    "l_brow": ("r_brow",),
    "r_brow": ("l_brow",),
    "l_ear": ("r_ear",),
    "r_ear": ("l_ear",),
    "u_lip": ("l_lip",),
    "l_lip": ("u_lip",),
    "mouth": ("l_lip", "u_lip"),
    "neck": ("skin",),
}
"""What a part is made of where the photo does not show it, the best first."""


@dataclass(frozen=True)
class PortraitRequest:
    """What a portrait needs, read and checked."""

    task: AnalogyTask
    """The photo, the parts of its face and those that are wanted, ids of `CELEBAMASK_HQ_19`, all of one size."""
    edit: Region
    """Where the layout differs from the photo, (H, W)."""


@dataclass(frozen=True)
class PortraitResult(Result):
    """The face in its new layout."""

    edit: Region
    """Where the layout differs from the photo, (H, W); further than `REACH` from it nothing has changed."""


def portrait(
    photo: Source, *, parsing: Source, layout: Source, seed: int = 0, on_preview: OnPreview | None = None
) -> PortraitResult:
    """Make the face in a photo anew where `layout` differs from its own `parsing`, of what the photo shows elsewhere.

    Both are maps of the parts of faces in the classes of CelebAMask-HQ, ids or colours, of the photo's shape; ids in
    face-parsing.PyTorch's order are converted. Same `seed` (0 to 2**63 - 1), same picture, bit for bit. A part that is
    wanted and that the photo does not show is made of its like (an eye of the other eye), and a line of the log says
    so. `on_preview` is called with whole frames, coarse first; returning False stops the work, which raises
    `Cancelled`.

    Raises `InputError` for a layout that changes nothing, `LabelError` for a map that shows no face and for parts that
    nothing in the photo is like, `SizeError` for maps of another shape, and `MemoryNeedError`.
    """
    return run_portrait(read_portrait(photo, parsing=parsing, layout=layout, seed=seed), on_preview)


def read_portrait(photo: Source, *, parsing: Source, layout: Source, seed: int = 0) -> PortraitRequest:
    """Read and check everything that `portrait` needs; the arguments are its own."""
    from sembla.patches.pyramid import resize_labels  # numba takes longer to load than --help may last

    checked = numbers(AnalogyTask, {"seed": seed})
    picture = read_picture(photo, name="photo")
    size = (picture.shape[0], picture.shape[1])
    own, wanted = (
        resize_labels(read_parsing(each, size, name=name), size)
        for each, name in ((parsing, "parsing map"), (layout, "layout"))
    )
    if not np.isin(own, _ids("skin", "nose")).any():
        raise LabelError("the parsing map shows no face: neither skin nor nose; give a map of the face in the photo.")
    edit = wanted != own
    if not edit.any():
        raise InputError(
            f"the layout is the photo's own parsing map, {told_size(own)}; change a part of a copy, and give that."
        )
    task = AnalogyTask(picture, own, _shown(wanted, own), **checked)
    check_memory([task])
    return PortraitRequest(task, edit)


def run_portrait(request: PortraitRequest, on_preview: OnPreview | None = None) -> PortraitResult:
    """Do what `read_portrait` read; see `portrait`."""
    made = run(request.task, on_preview)
    picture = faded(request.task.picture, made.picture, request.edit, reach=REACH)
    return PortraitResult((picture,), made.seed, made.seconds, request.edit)


def _shown(layout: LabelMap, parsing: LabelMap) -> LabelMap:
    """The layout (H, W) of parts that a parsing map (H, W) has. Raises `LabelError` for those that nothing is like."""
    names, layout = CELEBAMASK_HQ_19.names, layout.copy()
    shown = {names[number] for number in np.unique(parsing)}
    for number in np.setdiff1d(layout, parsing):
        wanted = names[number]
        like = next((name for name in _LIKE.get(wanted, ()) if name in shown), None)
        if like is None:
            raise LabelError(
                f"the layout asks for {wanted}, which the photo does not show, and nothing in it is like that; leave "
                "it out."
            )
        _log.info("the photo shows no %s; it is made of its %s.", wanted, like)
        layout[layout == number] = names.index(like)
    return layout


def _ids(*names: str) -> list[int]:
    return [CELEBAMASK_HQ_19.names.index(name) for name in names]
