"""Analogies: read and check what they need, make them, score them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sembla.api.checking import check_memory, numbers, output_size
from sembla.api.labelling import own_map
from sembla.api.running import one_by_one
from sembla.core.errors import InputError, LabelError
from sembla.core.tasks import AnalogyResult, AnalogyTask, OnPreview, ShouldStop
from sembla.imaging.io import Source, read_map, read_picture, source_name
from sembla.imaging.palette import match_palette, read_classes

if TYPE_CHECKING:
    from sembla.runs.synthesizer import Synthesizer

__all__ = [
    "AnalogyRequest",
    "AnalogyScores",
    "analogy",
    "analogy_sequence",
    "evaluate_analogy",
    "for_engine",
    "read_analogy",
    "run",
    "run_sequence",
    "warm_up",
]

_log = logging.getLogger("sembla")

_TOLD = 8  # most classes that an error lists


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
    engine: "Synthesizer | None" = None,
) -> AnalogyResult:
    """Make the photo `image` anew as `layout` says; `labels` is the photo's own label map.

    Same `seed` (0 to 2**63 - 1), same picture, bit for bit. With `keep`, pixels far from any changed label are those of
    the photo. `size` is the longest side of the result in pixels; without, the result is as large as the layout.
    `variations` (1 to 64) asks for that many different pictures. `resize_labels` scales a label map that has another
    size than the photo. `adopt_nearest` reads a class that the layout has and `labels` lacks as the nearest in `labels`
    instead of raising `LabelError`. `on_preview` is called with whole frames, coarse first; returning False stops the
    work, which raises `Cancelled`. `engine`, which `load` gives, is a trained model that makes the pictures instead of
    the instant engine.
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
    if engine is not None:
        request = for_engine(request, engine)
    return run(request.tasks[0], on_preview, engine=engine)


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
    checked = numbers(AnalogyTask, {"seed": seed, "size": size, "variations": variations})
    read = _read(image, labels, layouts, resize_labels=resize_labels, adopt_nearest=adopt_nearest)
    tasks = tuple(replace(task, keep=bool(keep), **checked) for task in read.tasks)
    for task in tasks:
        output_size(task)
    check_memory(tasks)
    return replace(read, tasks=tasks)


def for_engine(request: AnalogyRequest, engine: "Synthesizer") -> AnalogyRequest:
    """The same in the classes of a trained model, which may have other ids: its classes are found by their colours.

    Raises `LabelError` for a class that the model was not trained on, `InputError` for a model that does no analogies.
    """
    its = engine.description
    if AnalogyTask not in engine.tasks:
        raise InputError(f"the model is of method {its.method}, which makes no analogies; give a run of another.")
    if its.label_set is None:
        return request
    table = match_palette(request.palette, its.label_set.palette)
    used = np.unique(request.tasks[0].labels)
    strange = used[table[used] < 0]
    if strange.size:
        learned = ", ".join(map(_hex, its.label_set.palette[:_TOLD]))
        more = " and more" if its.label_set.count > _TOLD else ""
        raise LabelError(
            f"the label map has class {_hex(request.palette[strange[0]])}, which the model was not trained on; use its "
            f"classes ({learned}{more}), or train on this photo."
        )
    ids = table.clip(min=0).astype(np.uint8)
    tasks = [replace(task, labels=ids[task.labels], layout=ids[task.layout]) for task in request.tasks]
    return AnalogyRequest(tuple(tasks), its.label_set.palette)


def run(
    task: AnalogyTask,
    on_preview: OnPreview | None = None,
    *,
    stop: ShouldStop | None = None,
    engine: "Synthesizer | None" = None,
) -> AnalogyResult:
    """Do one analogy, with a trained model if `engine` is one; see `for_engine` for its classes.

    `on_preview` and `stop` can end the work early; then `Cancelled` is raised. A trained model shows whole pictures
    only, one a variation. Raises `MemoryNeedError` before it starts where there is no longer room for it.
    """
    check_memory([task])
    if engine is not None:
        return _run_trained(task, on_preview, stop=stop, engine=engine)
    from sembla.methods.analogy import instant  # numba takes longer to load than --help may last

    return instant.synthesize(task, on_preview, stop=stop)


def warm_up() -> None:
    """Load the engine, or compile it where that was never done, so that the first picture comes fast."""
    from sembla.methods.analogy import instant

    instant.warm_up()


def run_sequence(tasks: Sequence[AnalogyTask], on_preview: OnPreview | None = None) -> Iterator[AnalogyResult]:
    """Do analogies that differ in their layout alone, each starting from the one before."""
    from sembla.methods.analogy import instant

    if tasks[0].variations != 1:
        raise InputError(f"{tasks[0].variations} variations of a sequence came; a sequence has one. Use other seeds.")
    check_memory(tasks)
    return instant.synthesize_sequence(tasks[0], [task.layout for task in tasks], on_preview)


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


def _run_trained(
    task: AnalogyTask, on_preview: OnPreview | None, *, stop: ShouldStop | None, engine: "Synthesizer"
) -> AnalogyResult:
    """One variation after the other."""
    results = one_by_one(task, on_preview, stop=stop, engine=engine)
    return AnalogyResult(
        tuple(result.picture for result in results),
        seed=task.seed,
        seconds=sum(result.seconds for result in results),
        preview_seconds=results[0].seconds,
        classes=len(np.unique(task.labels)),
    )


def _hex(colour: NDArray[np.uint8]) -> str:
    return f"#{bytes(colour.tolist()).hex()}"


def _read(
    image: Source, labels: Source, layouts: Sequence[Source], *, resize_labels: bool, adopt_nearest: bool
) -> AnalogyRequest:
    """The pictures and maps as tasks with the usual settings."""
    if isinstance(layouts, str) or not isinstance(layouts, Sequence):
        raise InputError(f"layouts: a {type(layouts).__name__} came; give a list, even of a single layout.")
    if not layouts:
        raise InputError("no layout came; give at least one label map of what is wanted.")
    picture = read_picture(image, name="photo")
    own = own_map(picture, labels, photo_name=source_name(image, "the photo"), resize=resize_labels)
    maps = [read_map(layout, name="layout") for layout in layouts]
    names = [source_name(labels, "label map"), *(source_name(layout, "layout") for layout in layouts)]
    classes = read_classes(own, maps, names=names, adopt_nearest=adopt_nearest)
    for sentence in classes.report:
        _log.info("%s", sentence)
    return AnalogyRequest(
        tuple(AnalogyTask(picture, classes.labels, layout) for layout in classes.layouts), classes.palette
    )
