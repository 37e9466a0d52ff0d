"""What Sembla does, as functions: the command line, and Python by `import sembla`, call these and nothing below.

Inputs are paths, Pillow images or NumPy arrays everywhere. Every function raises the errors of `core.errors`.
"""

import logging
import math
import operator
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from sembla.core import memory
from sembla.core.errors import InputError, MemoryNeedError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.tasks import AnalogyResult, AnalogyTask, OnPreview, Preview
from sembla.core.types import MAX_CLASSES, MAX_PIXELS, MIN_SIDE, LabelMap, Picture
from sembla.examples import Example
from sembla.examples import load as load_example
from sembla.examples import names as example_names
from sembla.imaging.animate import ANIMATION_SUFFIXES, check_animation, write_animation
from sembla.imaging.colours import distinct_colours
from sembla.imaging.folders import CaseFolder, find_case, find_pictures
from sembla.imaging.io import MapArray, Source, read_map, read_picture, read_scribbles, source_name
from sembla.imaging.palette import colourize, read_classes
from sembla.imaging.save import (
    PICTURE_SUFFIXES,
    check_output,
    digest,
    read_settings,
    write_label_map,
    write_picture,
)
from sembla.imaging.sheet import contact_sheet, thumbnail

__all__ = [
    "ANIMATION_SUFFIXES",
    "PICTURE_SUFFIXES",
    "AnalogyRequest",
    "AnalogyResult",
    "AnalogyScores",
    "AnalogyTask",
    "CaseFolder",
    "Example",
    "LabelSet",
    "Labelling",
    "OnPreview",
    "Preview",
    "__version__",
    "analogy",
    "analogy_sequence",
    "check_animation",
    "check_output",
    "colourize",
    "contact_sheet",
    "digest",
    "evaluate_analogy",
    "example_names",
    "find_case",
    "find_pictures",
    "label",
    "load_example",
    "output_size",
    "read_analogy",
    "read_settings",
    "run",
    "run_sequence",
    "segments",
    "thumbnail",
    "write_animation",
    "write_label_map",
    "write_picture",
]

__version__ = version("sembla")

_log = logging.getLogger("sembla")

_MAX_SEED = 2**63 - 1
_MAX_VARIATIONS = 64


@dataclass(frozen=True)
class AnalogyRequest:
    """Inputs of an analogy, read and checked."""

    tasks: tuple[AnalogyTask, ...]
    """One a layout, in the order given."""
    palette: NDArray[np.uint8]
    """The classes' colours (K, 3), for showing label maps."""


@dataclass(frozen=True)
class AnalogyScores:
    """How well a result keeps to its layout and to its source."""

    layout_agreement: float
    """Share of the result, 0 to 1, that looks like the class its layout asks for."""
    source_agreement: float
    """The same for the source and its own labels: what can be expected at best."""
    patch_distance: float
    """Sliced Wasserstein distance of result and source patches of the same class; 0 is best."""


@dataclass(frozen=True)
class Labelling:
    """A label map that was made for a photo."""

    labels: LabelMap
    """Class ids (H, W)."""
    palette: NDArray[np.uint8]
    """One colour a class, (K, 3)."""
    seconds: float
    """From decoded inputs to the finished map."""


def analogy(
    image: Source,
    labels: Source,
    layout: Source,
    *,
    seed: int = 0,
    keep: bool = True,
    size: int | None = None,
    variations: int = 1,
    resize_labels: bool = False,
    adopt_nearest: bool = False,
    on_preview: OnPreview | None = None,
) -> AnalogyResult:
    """Make the photo `image` anew as `layout` says; `labels` is the photo's own label map.

    Same `seed` (0 to 2**63 - 1), same picture, bit for bit. With `keep`, pixels far from any changed label are those of
    the photo. `size` is the longest side of the result in pixels; without, the result is as large as the layout.
    `variations` (1 to 64) asks for that many different pictures. `resize_labels` scales a label map that has another
    size than the photo. `adopt_nearest` reads a class that the layout has and `labels` lacks as the nearest in `labels`
    instead of raising `LabelError`. `on_preview` is called with whole frames, coarse first; returning False stops the
    work, which raises `Cancelled`.
    """
    request = read_analogy(
        image,
        labels,
        [layout],
        seed=seed,
        keep=keep,
        size=size,
        variations=variations,
        resize_labels=resize_labels,
        adopt_nearest=adopt_nearest,
    )
    return run(request.tasks[0], on_preview)


def analogy_sequence(
    image: Source,
    labels: Source,
    layouts: Sequence[Source],
    *,
    seed: int = 0,
    keep: bool = True,
    size: int | None = None,
    resize_labels: bool = False,
    adopt_nearest: bool = False,
    on_preview: OnPreview | None = None,
) -> Iterator[AnalogyResult]:
    """As `analogy`, for the layouts of a moving picture: each frame starts from the last, so nothing flickers.

    All inputs are read and checked at the call; the frames are made as they are asked for.
    """
    request = read_analogy(
        image,
        labels,
        layouts,
        seed=seed,
        keep=keep,
        size=size,
        resize_labels=resize_labels,
        adopt_nearest=adopt_nearest,
    )
    return run_sequence(request.tasks, on_preview)


def read_analogy(
    image: Source,
    labels: Source,
    layouts: Sequence[Source],
    *,
    seed: int = 0,
    keep: bool = True,
    size: int | None = None,
    variations: int = 1,
    resize_labels: bool = False,
    adopt_nearest: bool = False,
) -> AnalogyRequest:
    """Read and check everything that `analogy` and `analogy_sequence` need; the arguments are theirs."""
    seed, size, variations = _checked_numbers(seed, size, variations=variations)
    read = _read(image, labels, layouts, resize_labels=resize_labels, adopt_nearest=adopt_nearest)
    tasks = tuple(replace(task, seed=seed, keep=bool(keep), size=size, variations=variations) for task in read.tasks)
    for task in tasks:
        output_size(task)
    _check_memory(tasks)
    return replace(read, tasks=tasks)


def run(task: AnalogyTask, on_preview: OnPreview | None = None) -> AnalogyResult:
    """Do one analogy. Raises `MemoryNeedError` before it starts where there is no longer room for it."""
    from sembla.methods.analogy import instant  # numba takes longer to load than --help may last

    _check_memory([task])
    return instant.synthesize(task, on_preview)


def run_sequence(tasks: Sequence[AnalogyTask], on_preview: OnPreview | None = None) -> Iterator[AnalogyResult]:
    """Do analogies that differ in their layout alone, each starting from the one before."""
    from sembla.methods.analogy import instant

    if tasks[0].variations != 1:
        raise InputError(f"{tasks[0].variations} variations of a sequence came; a sequence has one. Use other seeds.")
    _check_memory(tasks)
    return instant.synthesize_sequence(tasks[0], [task.layout for task in tasks], on_preview)


def output_size(task: AnalogyTask) -> tuple[int, int]:
    """Width and height that the result of a task will have. Raises `SizeError` for what is too small or too large."""
    from sembla.methods.analogy import instant

    least, most = _size_limits(task)
    if task.size is not None and not least <= task.size <= most:
        height, width = task.layout.shape
        raise SizeError(
            f"size {task.size} came; for a layout of {width}x{height} it must lie between {least} and {most}."
        )
    return instant.output_size(task)


def evaluate_analogy(
    image: Source,
    labels: Source,
    layout: Source,
    *,
    result: Source,
    resize_labels: bool = False,
    adopt_nearest: bool = False,
) -> AnalogyScores:
    """Score `result`, a picture made from the photo `image` with its map `labels` for `layout`.

    `resize_labels` and `adopt_nearest` are those of `analogy`; give what was given there.
    """
    from sembla.metrics import single_image

    (task,) = _read(image, labels, [layout], resize_labels=resize_labels, adopt_nearest=adopt_nearest).tasks
    made = read_picture(result, name="result")
    return AnalogyScores(
        single_image.layout_agreement(made, task.layout, source=task.picture, labels=task.labels),
        single_image.source_agreement(task.picture, task.labels),
        single_image.patch_distance(made, task.layout, source=task.picture, labels=task.labels),
    )


def label(picture: Source, scribbles: Source) -> Labelling:
    """Make a full label map from a few strokes a class, drawn in one colour a class over a photo.

    `scribbles` has the photo's size: strokes over the photo itself, on a plain ground, or on a transparent one.
    """
    from sembla.imaging.scribbles import fill_strokes, read_strokes

    photo, drawn = read_picture(picture, name="photo"), read_scribbles(scribbles)
    if drawn.shape[:2] != photo.shape[:2]:
        raise SizeError(
            f"{source_name(picture, 'the photo')} is {_told(photo)} but {source_name(scribbles, 'the scribbles')} "
            f"{_told(drawn)}; draw the strokes over the photo at its own size."
        )
    start = time.perf_counter()
    strokes, palette = read_strokes(drawn, photo)
    labels = fill_strokes(photo, strokes)
    return Labelling(labels, palette, time.perf_counter() - start)


def segments(picture: Source, count: int) -> Labelling:
    """Propose about `count` regions (2 to 64) of a photo as a label map to name and edit."""
    from sembla.imaging.segments import propose_segments

    count = _whole(count, "segments", low=2, high=MAX_CLASSES)
    photo = read_picture(picture, name="photo")
    start = time.perf_counter()
    labels = propose_segments(photo, count)
    return Labelling(labels, distinct_colours(int(labels.max()) + 1), time.perf_counter() - start)


def _read(
    image: Source, labels: Source, layouts: Sequence[Source], *, resize_labels: bool, adopt_nearest: bool
) -> AnalogyRequest:
    """The pictures and maps as tasks with the usual settings."""
    if isinstance(layouts, str) or not isinstance(layouts, Sequence):
        raise InputError(f"layouts: a {type(layouts).__name__} came; give a list, even of a single layout.")
    if not layouts:
        raise InputError("no layout came; give at least one label map of what is wanted.")
    picture = read_picture(image, name="photo")
    own = _map_of(picture, labels, image=image, resize=resize_labels)
    maps = [read_map(layout, name="layout") for layout in layouts]
    names = [source_name(labels, "label map"), *(source_name(layout, "layout") for layout in layouts)]
    classes = read_classes(own, maps, names=names, adopt_nearest=adopt_nearest)
    for sentence in classes.report:
        _log.info("%s", sentence)
    return AnalogyRequest(
        tuple(AnalogyTask(picture, classes.labels, layout) for layout in classes.layouts), classes.palette
    )


def _map_of(picture: Picture, labels: Source, *, image: Source, resize: bool) -> MapArray:
    """The photo's own label map, at the photo's size."""
    own = read_map(labels, name="label map")
    if own.shape[:2] == picture.shape[:2]:
        return own
    if not resize:
        raise SizeError(
            f"{source_name(image, 'the photo')} is {_told(picture)} but its map "
            f"{source_name(labels, 'label map')} is {_told(own)}; give a map of the photo's size, "
            "or pass --resize-labels (resize_labels=True)."
        )
    rows, columns = (
        ((np.arange(wanted) + 0.5) * had / wanted).astype(np.intp)  # nearest neighbour, by centres of pixels
        for wanted, had in zip(picture.shape[:2], own.shape[:2], strict=True)
    )
    resized: MapArray = own[rows[:, None], columns]
    return resized


def _checked_numbers(seed: int, size: int | None, *, variations: int) -> tuple[int, int | None, int]:
    """The numbers as Python's own; `InputError` for those out of range. `output_size` sees to large sizes."""
    return (
        _whole(seed, "seed", low=0, high=_MAX_SEED),
        None if size is None else _whole(size, "size", low=MIN_SIDE, high=MAX_PIXELS // MIN_SIDE),
        _whole(variations, "variations", low=1, high=_MAX_VARIATIONS),
    )


def _whole(value: int, name: str, *, low: int, high: int) -> int:
    try:
        value = operator.index(value)
    except TypeError as error:
        raise InputError(f"{name} {value!r} came; expected a whole number {low} to {high}.") from error
    if not low <= value <= high:
        raise InputError(f"{name} {value} came; expected a whole number {low} to {high}.")
    return value


def _check_memory(tasks: Sequence[AnalogyTask]) -> None:
    """Raise `MemoryNeedError` where the engine predicts that the hungriest of `tasks` needs more than is free."""
    task = max(tasks, key=_memory_need)  # not the largest layout: a small one may enlarge the photo more
    need, room = _memory_need(task), memory.available()
    if room is None or need <= room:
        return
    width, height = output_size(task)
    least, smaller = _size_limits(task)[0], max(width, height)
    while smaller >= least and _memory_need(replace(task, size=smaller)) > room:
        smaller = smaller * 9 // 10
    hint = "close other programs"
    if smaller >= least:
        hint = f"ask for fewer pixels, e.g. --size {smaller} (size={smaller})"
    raise MemoryNeedError(
        f"{width}x{height} needs about {need / 2**30:.1f} GiB and {room / 2**30:.1f} GiB are free; {hint}."
    )


def _memory_need(task: AnalogyTask) -> int:
    """Bytes at the peak: the engine's for one picture, and the finished variations beside it."""
    from sembla.methods.analogy import instant

    width, height = output_size(task)
    return instant.memory_need(task) + (task.variations - 1) * 3 * width * height


def _size_limits(task: AnalogyTask) -> tuple[int, int]:
    """The least and the greatest longest side that a result in the shape of the task's layout can have."""
    shorter, longer = sorted(task.layout.shape)
    least = -(-MIN_SIDE * longer // shorter)
    most = math.isqrt(MAX_PIXELS * longer // shorter)
    return least, math.isqrt((MAX_PIXELS - most // 2 - 1) * longer // shorter)  # the shorter side may be rounded up


def _told(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
