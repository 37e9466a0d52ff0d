"""Portraits: a face made anew in another layout of its parts, and nothing else of the photo touched."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from sembla.api.analogies import run
from sembla.api.checking import check_memory, numbers, told_size
from sembla.api.facing import FacePhoto, check_portrait, face_photo, identity_of, layout_from, model_ids
from sembla.api.parsing import read_parsing
from sembla.core.errors import InputError, LabelError, NoFaceError, NothingAskedError
from sembla.core.tasks import (
    AnalogyTask,
    Donor,
    OnCount,
    OnPreview,
    PortraitMade,
    PortraitTask,
    Result,
    ShouldStop,
    Watch,
)
from sembla.core.types import LabelMap, Picture, Region
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.imaging.fading import faded
from sembla.imaging.io import Source, read_picture
from sembla.imaging.meeting import met

if TYPE_CHECKING:
    from sembla.imaging.video import Video
    from sembla.runs.synthesizer import Synthesizer

__all__ = [
    "REACH",
    "PortraitRequest",
    "PortraitResult",
    "portrait",
    "portrait_frames",
    "portrait_of",
    "run_portrait",
]

REACH = 5
"""Pixels about an edit within which the photo changes; all others stay as they are, bit for bit."""

_FRINGE = 2  # pixels of the model's square about a part that is taken away: the ends of hair reach beyond its map

_log = logging.getLogger("sembla")

_NAMES = CELEBAMASK_HQ_19.names

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
class PortraitResult(Result):
    """The face in its new layout."""

    edit: Region
    """What was asked to change, (H, W); further than `REACH` from it nothing has changed."""
    layout: LabelMap
    """The parts that were wanted, (H, W), ids of CelebAMask-HQ in MaskGAN's order."""


@dataclass(frozen=True)
class PortraitRequest:
    """What a portrait by a trained model needs."""

    face: FacePhoto
    layout: LabelMap
    """The parts that are wanted, ids of `CELEBAMASK_HQ_19`, (H, W)."""
    edit: Region
    """What is made anew, (H, W)."""
    near: Region
    """That and the pixels about it that change with it, (H, W)."""
    task: PortraitTask
    """What the model is asked for."""


def portrait(
    photo: Source,
    *,
    model: "Synthesizer | None" = None,
    parsing: Source | None = None,
    layout: Source | None = None,
    reference: "FacePhoto | Source | None" = None,
    reference_parsing: Source | None = None,
    parts: Sequence[str] = (),
    redraw: Sequence[str] = (),
    whole: bool = False,
    seed: int = 0,
    on_preview: OnPreview | None = None,
) -> PortraitResult:
    """Make the face in a photo anew where that is asked for; further than `REACH` pixels away nothing changes.

    Without a model, `parsing` and `layout` are needed: the face is put together of what the photo shows elsewhere, and
    a part that it does not show of its like (an eye of the other eye), as a line of the log says.

    Args:
        photo: A picture of a face; of several, the largest is taken.
        model: A trained one (`load`) of method portrait, or None.
        parsing: The map of the parts of the face, ids or colours of CelebAMask-HQ, of the photo's shape; None has the
            model's own parser see them.
        layout: The map of the parts as they are wanted.
        reference: Another face: without `layout`, its layout is wanted, in which all of the face is made, or with
            `parts`, these parts of it, and their looks. A face that was looked at already (`face_photo`) will do.
        reference_parsing: The map of its parts; None has them seen.
        parts: Names of parts, such as "hair", that are taken from `reference`.
        redraw: Names of parts that get another look, drawn by chance.
        whole: Make all of the face of the looks of its parts, and nothing of its pixels: a reconstruction. What is
            background and stays that is kept.
        seed: 0 to 2**63 - 1; same seed, same picture.
        on_preview: Called with whole pictures; returning False stops the work, which raises `Cancelled`.

    Maps in the order of face-parsing.PyTorch are converted, and a line of the log says so.

    Raises `InputError` where nothing is asked for, no face is found, or a part is unknown; `LabelError` for a map that
    shows no face and, without a model, for parts that nothing in the photo is like; `SizeError` for maps of another
    shape, `MissingExtraError` where faces cannot be looked for, and without a model `MemoryNeedError`.
    """
    if model is None:
        if reference is not None or reference_parsing is not None or parts or redraw or whole:
            raise InputError("a reference, parts, redraw or whole came without a model; give one (--model).")
        if parsing is None or layout is None:
            raise InputError("without a model, the parsing map and the layout are needed; give both, or a model.")
        return _run_instant(_read_instant(photo, parsing=parsing, layout=layout, seed=seed), on_preview)
    from sembla.patches.pyramid import resize_labels  # numba takes longer to load than --help may last

    check_portrait(model)
    taken, drawn = _part_ids(parts), _part_ids(redraw)
    if taken and reference is None:
        raise InputError(f"parts {', '.join(parts)} came and no reference to take them from; give one (--reference).")
    if reference is None and reference_parsing is not None:
        raise InputError("a parsing map of a reference came without that; give the reference too.")
    if layout is not None and reference is not None and not taken:
        raise InputError("a layout and a reference came; give one of them, or name the parts of the reference.")
    face = face_photo(photo, parsing, model=model)
    size = (face.labels.shape[0], face.labels.shape[1])
    other = None if reference is None else _other(reference, reference_parsing, model)
    wanted = face.labels
    whole = whole or (other is not None and not taken)
    if layout is not None:
        wanted = resize_labels(read_parsing(layout, size, name="layout"), size)
    elif other is not None:
        wanted = layout_from(other, face, face.labels, parts=taken)
    looks = dict.fromkeys(drawn, seed)
    request = portrait_of(face, wanted, model=model, other=other, lent=taken, drawn=looks, whole=whole, seed=seed)
    if request.edit.any():
        return run_portrait(request, on_preview, engine=model)
    if parts or redraw:
        told = ", ".join((*parts, *redraw))
        raise NothingAskedError(f"{told} came, which nobody shows; ask for a part that is there.")
    raise NothingAskedError(
        f"nothing is asked for: the layout is the photo's own, {told_size(wanted)}; change a part of a copy and give "
        "that as layout, or give a reference, parts to redraw, or whole."
    )


def portrait_of(
    face: FacePhoto,
    layout: LabelMap,
    *,
    model: "Synthesizer",
    other: FacePhoto | None = None,
    lent: Sequence[int] = (),
    drawn: Mapping[int, int] = MappingProxyType({}),
    whole: bool = False,
    seed: int = 0,
) -> PortraitRequest:
    """What to ask a model for, of a face that was looked at; nothing is made anew where `edit` is empty.

    `layout` is the wanted parts, (H, W), `lent` are parts whose look another face gives, and `drawn` those whose look
    follows from a seed of their own, all as ids of `CELEBAMASK_HQ_19`. The `whole` face is all but background in
    either map.
    """
    edit = (layout != face.labels) | np.isin(layout, [*lent, *drawn])
    left = np.isin(face.labels, lent) & ~np.isin(layout, lent)
    if left.any():
        edit |= ndimage.distance_transform_edt(~left) <= _FRINGE / face.place.scale
    if whole:
        edit |= (face.labels > 0) | (layout > 0)
    near = ndimage.distance_transform_edt(~edit) <= REACH
    donor = None
    if other is not None and lent:
        theirs = model_ids(other.place.cut_map(other.labels), model)
        donor = Donor(other.place.cut(other.picture), theirs, _in_model(lent, model))
    task = PortraitTask(
        face.place.cut(face.picture),
        model_ids(face.place.cut_map(face.labels), model),
        model_ids(face.place.cut_map(layout), model),
        face.place.cut_hole(near),
        donor=donor,
        looks={part: its for of, its in drawn.items() for part in _in_model([of], model)},
        identity=identity_of(face, model),
        **numbers(PortraitTask, {"seed": seed}),
    )
    return PortraitRequest(face, layout, edit, near, task)


def _in_model(parts: Sequence[int], model: "Synthesizer") -> tuple[int, ...]:
    """Parts of CelebAMask-HQ as the classes of a model."""
    ids = model_ids(np.array([parts], np.uint8), model)[0]
    return tuple(sorted({int(number) for number in ids if number < model.config.count}))


def run_portrait(
    request: PortraitRequest,
    on_preview: OnPreview | None = None,
    *,
    engine: "Synthesizer",
    stop: ShouldStop | None = None,
) -> PortraitResult:
    """Do what `portrait_of` asks for; `stop` can end the work as well as `on_preview`: then `Cancelled` is raised."""
    began, watch = time.perf_counter(), Watch(on_preview, stop)
    made = engine(request.task, watch=watch)
    assert isinstance(made, PortraitMade)
    for part in made.usual:
        name = engine.config.label_set.names[part]
        _log.info("nobody shows %s, which is wanted: it looks as in the faces that were learned from.", name)
    face, edit, task = request.face, request.edit, request.task
    assert task.region is not None
    anew = met(task.picture, made.made, task.region, before=task.labels, after=task.layout)
    painted, _ = face.place.paste(face.picture, anew, request.near)
    inside = face.place.covers((edit.shape[0], edit.shape[1]))
    if percent := round(100 * float((edit & ~inside).sum() / max(1, edit.sum()))):
        _log.info("%d %% of what is asked for lies beyond the square about the face, and stays as it is", percent)
    edit = edit & inside
    picture = _within(face.picture, faded(face.picture, painted, edit, reach=REACH), inside)
    seconds = time.perf_counter() - began
    watch.show(picture, seconds=seconds)
    return PortraitResult((picture,), request.task.seed, seconds, edit, request.layout)


def _within(known: Picture, painted: Picture, inside: Region) -> Picture:
    """`painted` (H, W, 3) in the model's square (H, W), which passes into `known` over `REACH` pixels at its border."""
    if inside.all():
        return painted
    return faded(known, painted, ndimage.distance_transform_edt(inside) > REACH, reach=REACH)


def portrait_frames(
    frames: "Video | Sequence[Source]",
    *,
    model: "Synthesizer",
    parsings: Sequence[Source] = (),
    layouts: Sequence[Source] = (),
    reference: "FacePhoto | Source | None" = None,
    reference_parsing: Source | None = None,
    parts: Sequence[str] = (),
    redraw: Sequence[str] = (),
    whole: bool = False,
    seed: int = 0,
    on_count: OnCount | None = None,
) -> Iterator[Picture]:
    """As `portrait` with a model, for each photo or frame of a video, once it is asked for; `write_video` takes them.

    `parsings` and `layouts` are of one map for each, or none. Photos in which no face is found stay as they are, and
    so do those that show nothing of what is asked for; lines of the log say how many, and where those are all, it is an
    `InputError`. `on_count` is told how far it is.
    """
    if reference is None and not (layouts or redraw or whole or parts):
        raise InputError("nothing is asked for; give a layout or a reference, or parts to redraw, or whole.")
    other = None if reference is None else _other(reference, reference_parsing, model)
    faceless = unasked = 0
    for number, frame in enumerate(frames):
        try:
            made = portrait(
                frame,
                model=model,
                parsing=parsings[number] if parsings else None,
                layout=layouts[number] if layouts else None,
                reference=other,
                parts=parts,
                redraw=redraw,
                whole=whole,
                seed=seed,
            ).picture
        except NoFaceError:
            faceless += 1
            made = read_picture(frame)
        except NothingAskedError:
            unasked += 1
            made = read_picture(frame)
        yield made
        if on_count is not None:
            on_count(number + 1, len(frames))
    why = ((faceless, "show no face that is found"), (unasked, "show nothing of what is asked for"))
    told = " and ".join(f"{left} of {len(frames)} pictures {what}" for left, what in why if left)
    if faceless + unasked == len(frames):
        raise InputError(f"{told}; ask for something else, or give others.")
    if told:
        _log.info("%s, and stay as they are", told)


def _other(reference: "FacePhoto | Source", parsing: Source | None, model: "Synthesizer") -> FacePhoto:
    if isinstance(reference, FacePhoto):
        return reference
    return face_photo(reference, parsing, model=model, name="the reference")


def _part_ids(names: Sequence[str]) -> list[int]:
    """Raises `InputError` that lists the parts for a name that is none."""
    strange = [name for name in names if name not in _NAMES]
    if strange:
        raise InputError(f"part {strange[0]!r} came; there are {', '.join(_NAMES)}.")
    return [_NAMES.index(name) for name in names]


@dataclass(frozen=True)
class _Instant:
    """What a portrait without any model needs, read and checked."""

    task: AnalogyTask
    """The photo, the parts of its face and those that are wanted, ids of `CELEBAMASK_HQ_19`, all of one size."""
    edit: Region
    """Where the layout differs from the photo, (H, W)."""


def _read_instant(photo: Source, *, parsing: Source, layout: Source, seed: int = 0) -> _Instant:
    """Read and check everything that `portrait` needs without a model; the arguments are its own."""
    from sembla.patches.pyramid import resize_labels  # numba takes longer to load than --help may last

    checked = numbers(AnalogyTask, {"seed": seed})
    picture = read_picture(photo, name="photo")
    size = (picture.shape[0], picture.shape[1])
    own, wanted = (
        resize_labels(read_parsing(each, size, name=name), size)
        for each, name in ((parsing, "parsing map"), (layout, "layout"))
    )
    if not np.isin(own, _part_ids(("skin", "nose"))).any():
        raise LabelError("the parsing map shows no face: neither skin nor nose; give a map of the face in the photo.")
    edit = wanted != own
    if not edit.any():
        raise InputError(
            f"the layout is the photo's own parsing map, {told_size(own)}; change a part of a copy, and give that."
        )
    task = AnalogyTask(picture, own, wanted, **checked)
    check_memory([task])
    return _Instant(replace(task, layout=_shown(wanted, own)), edit)


def _run_instant(request: _Instant, on_preview: OnPreview | None = None) -> PortraitResult:
    """Do what `_read_instant` read."""
    made = run(request.task, on_preview)
    picture = faded(request.task.picture, made.picture, request.edit, reach=REACH)
    return PortraitResult((picture,), made.seed, made.seconds, request.edit, request.task.layout)


def _shown(layout: LabelMap, parsing: LabelMap) -> LabelMap:
    """The layout (H, W) of parts that a parsing map (H, W) has. Raises `LabelError` for those that nothing is like."""
    layout = layout.copy()
    shown = {_NAMES[number] for number in np.unique(parsing)}
    for number in np.setdiff1d(layout, parsing):
        wanted = _NAMES[number]
        like = next((name for name in _LIKE.get(wanted, ()) if name in shown), None)
        if like is None:
            raise LabelError(
                f"the layout asks for {wanted}, which the photo does not show, and nothing in it is like that; leave "
                "it out, or give a model (--model)."
            )
        _log.info("the photo shows no %s; it is made of its %s.", wanted, like)
        layout[layout == number] = _NAMES.index(like)
    return layout
