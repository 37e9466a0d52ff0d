"""Scenes: from a label map to a photo, out of a bank of photos or by a trained model."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sembla.api.checking import numbers, told_size
from sembla.api.running import one_by_one
from sembla.core import memory
from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.tasks import OnPicture, OnPreview, SceneResult, SceneTask, ShouldStop
from sembla.core.types import LabelMap, Picture, Region
from sembla.imaging.io import Source, read_map, read_picture, source_name
from sembla.imaging.palette import read_known

if TYPE_CHECKING:
    from sembla.data.records import Sample
    from sembla.methods.scene.bank import Bank
    from sembla.methods.scene.config import Config
    from sembla.runs.synthesizer import Synthesizer

__all__ = [
    "SceneConfig",
    "SceneEngine",
    "bank_labels",
    "bank_photo",
    "check_scene",
    "open_bank",
    "read_scene",
    "run_scene",
    "scene",
    "scene_classes",
    "scene_config",
    "scene_size",
    "warm_up_bank",
]


SceneConfig: TypeAlias = "Config"
"""The settings of a trained model of scenes."""

SceneEngine: TypeAlias = "Bank | Synthesizer"
"""What makes scenes: a bank, or a trained model."""

Instances: TypeAlias = str | os.PathLike[str] | NDArray[np.generic]
"""A map of instances: a file of grey values, 8 or 16 bits, or an array of whole numbers."""


def open_bank(root: str | os.PathLike[str], *, split: str | None = None, without: Iterable[str] = ()) -> "Bank":
    """Open a prepared set as a bank: its photos are what scenes are made from.

    `split` is the part that is taken; without, "train", or everything where the set has no splits. Pairs whose names
    are among `without` are left out. An index is built once and kept beside the set, or in the user's cache.
    Raises `InputError` for a folder that is no prepared set, for a set without label maps, and for a string as
    `without`.
    """
    from sembla.methods.scene import bank  # numba takes longer to load than --help may last

    if isinstance(without, str):
        raise InputError(f"without={without!r} came; give a list of names, even of one.")
    return bank.open_bank(root, split=split, without=frozenset(without))


def scene(
    labels: Source,
    *,
    engine: SceneEngine,
    style: Source | None = None,
    seed: int = 0,
    variations: int = 1,
    region: Region | None = None,
    looks: Mapping[int, int] | None = None,
    instances: Instances | None = None,
    on_preview: OnPreview | None = None,
) -> SceneResult:
    """Make a photo of what a label map says.

    `labels` holds ids of the engine's classes, or shows their colours. `engine` is what `open_bank` or `load` gives: a
    bank copies from its photos by design, and the result's `credits` say how much is from which. `style` is a photo
    whose colours and light are wanted. Same `seed` (0 to 2**63 - 1), same picture, bit for bit. `variations` (1 to 64)
    asks for that many different pictures; where `region` (H, W) is given, they differ inside of it only. `looks` gives
    classes, by id, a seed of their own, and `instances` (H, W), values 0 to 65535, says where one object ends and the
    next begins: both are for models that can, see `check_scene`. `on_preview` is called with whole frames; returning
    False stops the work, which raises `Cancelled`.

    Raises `LabelError` for a map that holds ids beyond the engine's classes, or a class that no photo of a bank has.
    """
    task = read_scene(
        labels,
        scene_classes(engine),
        style=style,
        seed=seed,
        variations=variations,
        region=region,
        looks=looks,
        instances=instances,
    )
    return run_scene(task, on_preview, engine=engine)


def check_scene(
    engine: SceneEngine, *, style: bool = False, looks: bool = False, instances: bool = False, variations: int = 1
) -> None:
    """Raise `InputError` where an engine is asked for what it has not: styles, looks, instances, variations."""
    from sembla.methods.scene.bank import Bank

    scene_classes(engine)
    config = None if isinstance(engine, Bank) else engine.config
    if looks and not (config and config.looks):
        raise InputError("looks of classes came; recipes sembla and laptop have them, so leave them out.")
    if instances and not (config and config.edges):
        raise InputError("instances came; models that were trained with edges use them, so leave them out.")
    if config is None:
        return
    if style and not config.styled:
        raise InputError("a style photo came; this model has no styles, so leave it out.")
    if variations > 1 and not config.varies(style=style):
        given = ", and a style photo is given: leave that out" if style and config.varies() else ""
        raise InputError(f"this model leaves nothing to chance{given}. It has one picture, and no part of it anew.")


def scene_classes(engine: SceneEngine) -> LabelSet:
    """The classes that an engine makes scenes of. Raises `InputError` for a trained model that makes none."""
    from sembla.methods.scene.bank import Bank

    if isinstance(engine, Bank):
        return engine.label_set
    if not hasattr(engine, "tasks"):
        raise InputError(f"an engine came as {type(engine).__name__}; give what open_bank or load gives.")
    if SceneTask not in engine.tasks:
        raise InputError(f"the model is of method {engine.description.method}, which makes no scenes; give another.")
    label_set: LabelSet = engine.config.label_set
    return label_set


def scene_config(recipe: str, values: object, *, place: str) -> SceneConfig:
    """The settings of a model of scenes, as its method.json holds them, read without PyTorch.

    `place` names the model in errors. Raises `InputError` for what is damaged, or of an unknown recipe, `LabelError`
    for classes that cannot be.
    """
    from sembla.methods.scene.config import RECIPES
    from sembla.runs.plain import from_plain

    if recipe not in RECIPES:
        raise InputError(f"{place} is of recipe {recipe[:60]!r}; scenes have {', '.join(RECIPES)}.")
    config = from_plain(type(RECIPES[recipe]), values, place=f"{place}: config")
    try:
        names = config.label_set.names
    except LabelError as error:
        raise LabelError(f"{place}: {error}") from error
    if not names or min(config.size) < 1:
        raise InputError(f"{place} does not say which classes and size it learned; train it again.")
    return config


def scene_size(engine: SceneEngine) -> tuple[int, int]:
    """Width and height that an engine is at home with: those it was trained at, or of most photos of a bank."""
    from sembla.methods.scene.bank import Bank

    if not isinstance(engine, Bank):
        height, width = engine.config.size
        return int(width), int(height)
    sizes, counts = np.unique(engine.index.sizes[engine.shelf.usable], axis=0, return_counts=True)
    height, width = sizes[int(counts.argmax())]
    return int(width), int(height)


def bank_photo(bank: "Bank", number: int) -> Picture:
    """A photo (H, W, 3) of a bank, by its place in `bank.names`. Raises `InputError` where there is none."""
    return _sample(bank, number).picture


def bank_labels(bank: "Bank", number: int) -> LabelMap:
    """The label map (H, W) of a photo of a bank, by its place in `bank.names`. Raises `InputError` as `bank_photo`."""
    labels = _sample(bank, number).labels
    assert labels is not None  # a set without label maps is no bank
    return labels


def warm_up_bank() -> None:
    """Load or compile what banks need, so that the first picture does not wait for it."""
    from sembla.methods.scene import bank

    bank.warm_up()


def read_scene(
    labels: Source,
    label_set: LabelSet,
    *,
    style: Source | None = None,
    seed: int = 0,
    variations: int = 1,
    region: Region | None = None,
    looks: Mapping[int, int] | None = None,
    instances: Instances | None = None,
) -> SceneTask:
    """Read and check everything that `scene` needs; the arguments are its own."""
    checked = numbers(SceneTask, {"seed": seed, "variations": variations})
    layout = _ids(labels, label_set)
    if region is not None:
        region = _region(region, layout)
    photo = None if style is None else read_picture(style, name="style photo")
    if looks is not None and not isinstance(looks, Mapping):
        raise InputError(f"looks came as {type(looks).__name__}; give seeds by id, such as {{1: 5}}.")
    own = {
        _class(label, label_set): numbers(SceneTask, {"seed": each})["seed"] for label, each in (looks or {}).items()
    }
    parted = None if instances is None else _instances(instances)
    return SceneTask(layout, style=photo, region=region, looks=own, instances=parted, **checked)


def run_scene(
    task: SceneTask,
    on_preview: OnPreview | None = None,
    *,
    stop: ShouldStop | None = None,
    on_picture: OnPicture | None = None,
    engine: SceneEngine,
) -> SceneResult:
    """Make the photos of a task. `on_preview` and `stop` can end the work early; then `Cancelled` is raised.

    `on_picture` is called with each picture as soon as it is finished, so that it can be written before the next.
    Raises `MemoryNeedError` before it starts where it predicts that there is no room for it.
    """
    from sembla.methods.scene import bank

    check_scene(
        engine,
        style=task.style is not None,
        looks=bool(task.looks),
        instances=task.instances is not None,
        variations=task.first_variation + task.variations,
    )
    if isinstance(engine, bank.Bank):
        bank.check(engine, task)
        _check_memory(task, bank.memory_need(task))
        return bank.synthesize(engine, task, on_preview, stop=stop, on_picture=on_picture)
    _check_memory(task, task.variations * 3 * task.labels.size)  # the pictures; what one takes, the model sees to
    results = one_by_one(task, on_preview, stop=stop, engine=engine, on_picture=on_picture)
    seconds = sum(result.seconds for result in results)
    return SceneResult(tuple(result.picture for result in results), seed=task.seed, seconds=seconds)


def _sample(bank: "Bank", number: int) -> "Sample":
    from sembla.methods.scene.bank_choice import Chosen

    if not 0 <= number < len(bank.names):
        raise InputError(f"photo {number} came; the bank has photos 0 to {len(bank.names) - 1}.")
    return bank.photo(Chosen(int(np.flatnonzero(bank.shelf.usable)[number]), mirrored=False))


def _check_memory(task: SceneTask, need: int) -> None:
    what = told_size(task.labels) + (f" in {task.variations} variations" if task.variations > 1 else "")
    memory.require(need, what=what, instead="give a smaller layout, fewer variations, or close other programs")


def _ids(labels: Source, label_set: LabelSet) -> LabelMap:
    """A layout in the ids of a label set: as they stand, or told by its colours; pixels to ignore stay so."""
    name = source_name(labels, "the layout")
    found = read_map(labels, name="the layout")
    if found.ndim == 2:
        _check_ids(found, label_set, name)
        return found
    palette = label_set.palette
    if label_set.ignore is None or (0, 0, 0) in label_set.colours:
        return read_known(found, palette, name=name)
    ids = np.append(np.arange(label_set.count), label_set.ignore).astype(np.uint8)  # prepared maps show it in black
    return ids[read_known(found, np.concatenate([palette, np.zeros((1, 3), np.uint8)]), name=name)]


def _check_ids(labels: LabelMap, label_set: LabelSet, name: str) -> None:
    """Raise `LabelError`, in the words of the doctor, for ids beyond the set."""
    used = np.unique(labels)
    beyond = [int(label) for label in used if label >= label_set.count and label != label_set.ignore]
    if not beyond:
        return
    count = int(np.isin(labels, beyond).sum())
    told = ", ".join(map(str, beyond[:5])) + (" and more" if len(beyond) > 5 else "")
    raise LabelError(
        f"{name} holds {told} ({count} of {labels.size} pixels), but the set has {label_set.count} classes, ids 0 to "
        f"{label_set.count - 1} [beyond_count]. Renumber it, or run sembla doctor on its folder."
    )


def _class(label: object, label_set: LabelSet) -> int:
    """The id of a class. Raises `LabelError` for what is none."""
    if isinstance(label, bool) or not isinstance(label, int | np.integer) or not 0 <= label < label_set.count:
        raise LabelError(f"a look of class {label!r} came; the ids are 0 to {label_set.count - 1}.")
    return int(label)


def _instances(source: object) -> NDArray[np.uint16]:
    """A map of instances as it stands. Raises `ImageError` and `LabelError`."""
    if isinstance(source, (str, os.PathLike)):
        from sembla.data.catalog.reading import read_values

        return read_values(Path(source))
    if not isinstance(source, np.ndarray) or source.ndim != 2 or source.dtype.kind not in "bui" or not source.size:
        told = f"{source.dtype} {source.shape}" if isinstance(source, np.ndarray) else type(source).__name__
        raise LabelError(f"instances came as {told}; give a path, or an array (H, W) of whole numbers.")
    low, high = int(source.min()), int(source.max())
    if low < 0 or high > 65535:
        raise LabelError(f"instances hold values {low} to {high}; expected 0 to 65535. Renumber them.")
    return source.astype(np.uint16)


def _region(region: ArrayLike, layout: LabelMap) -> Region:
    region = np.asarray(region)
    if region.dtype != np.bool_ or region.shape != layout.shape:
        raise SizeError(
            f"a region of shape {region.shape} and type {region.dtype} came; expected bool {layout.shape}, True inside."
        )
    return region
