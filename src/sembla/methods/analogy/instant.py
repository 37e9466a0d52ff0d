"""The instant engine: a new layout in, a new picture out, with no training.

Texture by numbers (Hertzmann et al. 2001), solved by the label-guided synthesis of `patches.synthesis`. Where the
layout leaves the labels as they are, the photo is kept.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from sembla.compiling import cached
from sembla.core.errors import LabelError, SizeError
from sembla.core.tasks import AnalogyResult, AnalogyTask, OnPreview, ShouldStop
from sembla.core.types import MAX_PIXELS, MIN_SIDE, LabelMap, Picture
from sembla.patches.changes import changes, cover
from sembla.patches.previews import Clock
from sembla.patches.pyramid import Size, resize_labels, resize_picture
from sembla.patches.synthesis import Job, Settled, solve

__all__ = [
    "check",
    "memory_need",
    "output_size",
    "same_view",
    "synthesize",
    "synthesize_sequence",
    "warm_up",
]

SAME_SHAPE = 0.02
"""Photo and layout show the same view when their aspect ratios differ by at most this share."""

SEEDS = 4_294_967_291
"""Seeds are told apart up to this number, a prime: the kernels mix them in 64 bits."""

BYTES_PER_PIXEL = 120
"""Peak of the memory taken per pixel of the result and of the photo at its scale, measured."""

BASE_BYTES = 200_000_000
"""Peak of the memory taken for the smallest picture."""


def output_size(task: AnalogyTask) -> tuple[int, int]:
    """Width and height of the result: the layout's, or the same shape with `size` as its longer side.

    Raises `SizeError` when that lies outside 16 px a side to 12.5 million pixels.
    """
    height, width = task.layout.shape
    if task.size is not None:
        scale = task.size / max(height, width)
        height, width = max(1, round(height * scale)), max(1, round(width * scale))
    if min(height, width) < MIN_SIDE or height * width > MAX_PIXELS:
        raise SizeError(
            f"the result would be {width}x{height}; sides from {MIN_SIDE} px and at most {MAX_PIXELS:,} pixels work. "
            "Give another size."
        )
    return width, height


def memory_need(task: AnalogyTask) -> int:
    """Predict the peak of the memory that `synthesize` takes, in bytes, beside the task itself."""
    width, height = output_size(task)
    source_height, source_width = _source_size(task, (height, width))
    return BASE_BYTES + BYTES_PER_PIXEL * max(width * height, source_width * source_height)


def synthesize(
    task: AnalogyTask, on_preview: OnPreview | None = None, *, stop: ShouldStop | None = None
) -> AnalogyResult:
    """Re-lay-out a photo.

    Where photo and layout have the same aspect ratio (within 2 %), they show the same view, and the photo is resampled
    to the size of the result. Else one layout pixel is one photo pixel, nothing is kept, and `size` scales both.

    Args:
        task: What to make.
        on_preview: Called with the whole frame after each level, coarse first.
        stop: Asked between the steps of the work.

    Raises:
        LabelError: The layout has a class that the label map lacks.
        SizeError: Photo and label map differ in size, or the result's size is out of range.
        Cancelled: `on_preview` returned False, or `stop` True.
    """
    check(task)
    warm_up()
    clock = Clock(on_preview)
    job = _job(task)
    pictures = [
        _finish(replace(job, seed=job.seed + index * 7919, roaming=index > 0), clock, stop)[-1].picture
        for index in range(task.first_variation, task.first_variation + task.variations)
    ]
    return _result(task, tuple(pictures), clock)


def synthesize_sequence(
    task: AnalogyTask, layouts: Sequence[LabelMap], on_preview: OnPreview | None = None
) -> Iterator[AnalogyResult]:
    """Re-lay-out a photo for each layout of a sequence; what two layouts have in common does not flicker.

    Each picture starts from the fields of the one before it, and only what lies near a change between the two layouts
    is made anew.

    Args:
        task: What to make; its `layout` and `variations` are ignored.
        layouts: (h, w) each; where the size changes, a frame starts afresh.
        on_preview: As for `synthesize`.

    Raises:
        The same as `synthesize`, before the frame that is at fault.
    """
    past: tuple[Settled, ...] = ()
    before: LabelMap | None = None
    for layout in layouts:
        frame = replace(task, layout=layout, variations=1)
        check(frame)
        warm_up()
        clock = Clock(on_preview)
        job = _job(frame)
        if before is not None and before.shape == job.layout.shape:
            job = replace(job, past=past, reopened=changes(before, job.layout).open)
        else:
            before = job.layout
        past, before = _finish(job, clock), _made_for(job, before)
        yield _result(frame, (past[-1].picture,), clock)


def _made_for(job: Job, before: LabelMap) -> LabelMap:
    """The label that each pixel of a frame was made for, given those of the frame before.

    Not simply the frame's layout: a border may creep by less than what counts as a change, frame after frame.
    """
    size = job.layout.shape
    made: LabelMap = np.where(cover(job.reopened, size), job.layout, before)
    return made if job.labels.shape != size else np.where(cover(job.open, size), made, job.labels)


def _finish(job: Job, clock: Clock, stop: ShouldStop | None = None) -> tuple[Settled, ...]:
    levels = []
    for settled in solve(job, stop):
        clock.show(settled)
        levels.append(settled)
    return tuple(levels)


def _result(task: AnalogyTask, pictures: tuple[Picture, ...], clock: Clock) -> AnalogyResult:
    seconds = clock.seconds
    return AnalogyResult(
        pictures=pictures,
        seed=task.seed,
        seconds=seconds,
        preview_seconds=clock.preview_seconds if clock.preview_seconds is not None else seconds,
        classes=len(np.unique(task.labels)),
    )


def check(task: AnalogyTask) -> None:
    """Refuse what cannot be done, before anything is done: raises `LabelError` and `SizeError`."""
    if task.picture.shape[:2] != task.labels.shape:
        (height, width), (map_height, map_width) = task.picture.shape[:2], task.labels.shape
        raise SizeError(
            f"the photo is {width}x{height} and its label map {map_width}x{map_height}; give both the same size."
        )
    missing = np.setdiff1d(task.layout, task.labels)
    if missing.size:
        row, column = np.argwhere(task.layout == missing[0])[0]
        raise LabelError(
            f"the layout has class {missing[0]} (at x={column}, y={row}), which the label map lacks; "
            f"use the classes {', '.join(map(str, np.unique(task.labels)))}."
        )
    output_size(task)


def _source_size(task: AnalogyTask, size: Size) -> Size:
    """The size that the photo is resampled to, for a result of `size`."""
    if same_view(task):
        return size
    scale = size[0] / task.layout.shape[0]
    height, width = task.labels.shape
    return max(1, round(height * scale)), max(1, round(width * scale))


def same_view(task: AnalogyTask) -> bool:
    """Whether photo and layout have the same aspect ratio, within 2 %, and so show the same view."""
    height, width = task.labels.shape
    layout_height, layout_width = task.layout.shape
    return bool(abs(height * layout_width / (width * layout_height) - 1) <= SAME_SHAPE)


def _job(task: AnalogyTask) -> Job:
    """Bring the task to the scale of its result, and find out what can be kept."""
    width, height = output_size(task)
    layout = resize_labels(task.layout, (height, width))
    source_size = _source_size(task, (height, width))
    picture, labels = resize_picture(task.picture, source_size), resize_labels(task.labels, source_size)
    lost = np.setdiff1d(layout, labels)
    if lost.size:
        raise LabelError(
            f"class {lost[0]} of the label map is so small that nothing of it is left at {width}x{height}; "
            "give a larger size."
        )
    job = Job(picture, labels, layout, int(max(labels.max(), layout.max())) + 1, seed=task.seed % SEEDS)
    if not (task.keep and same_view(task)):
        return job
    touched = changes(labels, layout)
    return replace(job, open=touched.open, distrusted=touched.distrusted)


@cache
def warm_up() -> None:
    """Load or compile the kernels, once a process, so that no picture pays for it."""
    if not cached():
        logging.getLogger("sembla").info("compiling the kernels, once on this machine; later runs start at once")
    labels = np.zeros((64, 64), np.uint8)
    labels[:, 32:] = 1
    picture = np.zeros((64, 64, 3), np.uint8)
    for _ in solve(Job(picture, labels, labels[:, ::-1].copy(), 2)):
        pass
