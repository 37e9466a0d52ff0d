"""What makes scenes: the banks that the studio was started with, the runs that learned it, and bundled packs."""

import io
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from sembla.core.errors import Cancelled, InputError, LabelError, SemblaError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.tasks import OnPreview, SceneResult, SceneTask, ShouldStop
from sembla.core.types import MAX_CLASSES, LabelMap, Picture
from sembla.studio.models import Models
from sembla.studio.runs import Run, RunStore, Shelf
from sembla.studio.wire import ClassEntry, SceneCard, SceneCards, class_entries, one_line

if TYPE_CHECKING:
    from sembla.api import Bank, SceneConfig, SceneEngine

__all__ = ["MadeScene", "Scenes", "UnknownSceneEngineError", "forming"]

_BANK = "bank:"
_NO_CLASS = "no class"


class UnknownSceneEngineError(InputError):
    """There is no such bank, run or pack."""


@dataclass(frozen=True)
class MadeScene:
    """A finished scene."""

    picture: Picture
    seconds: float
    record: Mapping[str, Any]
    """How it came about, as JSON; saved pictures carry it."""


class Scenes:
    """The engines of scenes, by the names that pages use. Any thread may ask; only the worker's may `make`."""

    def __init__(
        self, banks: Sequence[Path], runs: RunStore, models: Models, *, packs: Mapping[str, Path] = MappingProxyType({})
    ) -> None:
        self._folders = _named(banks)
        self._shelf = Shelf(runs, packs, ("scene",))
        self._models = models
        self._banks: dict[str, Bank] = {}
        self._lock = threading.Lock()

    def cards(self) -> SceneCards:
        """Everything that makes scenes: banks, runs, packs. Opens the banks, which may take a minute the first time."""
        if self._folders:
            from sembla import api

            api.warm_up_bank()
        cards, problems = [], []
        for name in (*self._folders, *self._shelf.names()):
            try:
                if name in self._folders or self._run(name).usable:
                    cards.append(self._card(name))
            except SemblaError as error:
                problems.append(one_line(error))
        return SceneCards(engines=cards, problems=problems)

    def read(self, name: str, content: bytes, *, file: str) -> LabelMap:
        """A layout (H, W) from a file, in the ids of the card's classes. Raises `InputError`."""
        from sembla import api

        label_set = self._label_set(name)
        try:
            labels = api.read_scene(io.BytesIO(content), label_set).labels
        except LabelError as error:
            raise LabelError(f"{file}: {error}") from error
        return _for_page(labels, label_set, what=file)

    def photo(self, name: str, number: int) -> Picture:
        """A photo (H, W, 3) of a bank, by its number. Raises `InputError`."""
        from sembla import api

        return api.bank_photo(self._bank(name), number)

    def layout(self, name: str, number: int) -> LabelMap:
        """The label map (H, W) of a photo of a bank, in the ids of the card's classes. Raises `InputError`."""
        from sembla import api

        return _for_page(api.bank_labels(self._bank(name), number), self._label_set(name), what=f"photo {number}")

    def make(
        self, name: str, task: SceneTask, *, rolls: LabelMap | None, on_preview: OnPreview, stop: ShouldStop
    ) -> MadeScene:
        """Make the picture of a task whose layout is in the ids of the card's classes.

        Where `rolls` (H, W) is k and not 0, it is variation k of the same picture; elsewhere it is the plain one, bit
        for bit. `on_preview` is not called with the finished picture. Raises what `api.run_scene` does.
        """
        from sembla import api

        if stop():
            raise Cancelled("the page asked to stop.")
        engine = self._engine(name)
        label_set = api.scene_classes(engine)
        task = replace(task, labels=_with_ignored(task.labels, label_set))
        parts = _parts(task, rolls)
        results = [_run(part, engine, on_preview, stop=stop) for part in parts]
        picture = results[0].picture
        for part, result in zip(parts[1:], results[1:], strict=True):
            assert part.region is not None
            picture = np.where(part.region[:, :, None], result.picture, picture)
        record = self._record(name, task, parts, origins=[result.credits for result in results])
        return MadeScene(picture, sum(result.seconds for result in results), record)

    def _record(
        self,
        name: str,
        task: SceneTask,
        parts: Sequence[SceneTask],
        *,
        origins: Sequence[Sequence[Mapping[str, float]]],
    ) -> dict[str, Any]:
        from sembla import api

        anew = {part.first_variation: float(part.region.mean()) for part in parts if part.region is not None}
        return {
            "version": api.__version__,
            "verb": "scene",
            "seed": task.seed,
            "variations": 1,
            "variation": 1,
            "engine": {"kind": name.partition(":")[0], "name": name.partition(":")[2], "sha256": self._digest(name)},
            "made_anew": {str(variation): round(share, 4) for variation, share in anew.items()},
            "credits": _most(one for several in origins for one in several),
        }

    def _digest(self, name: str) -> str:
        """Of the file that decides what an engine makes."""
        from sembla import api

        folder = self._folders.get(name)
        return api.digest(folder / "dataset.json" if folder else self._run(name).root / "weights.safetensors")

    def _card(self, name: str) -> SceneCard:
        from sembla import api

        bank = self._bank(name) if name in self._folders else None
        config = None if bank else _config(self._run(name))
        label_set = config.label_set if config else self._bank(name).label_set
        if label_set.count > MAX_CLASSES:
            raise InputError(f"{name} has {label_set.count} classes; the page takes at most {MAX_CLASSES}.")
        width, height = config.size[::-1] if config else api.scene_size(self._bank(name))
        return SceneCard(
            name=name,
            title=self._shelf.title(name),
            kind="bank" if bank else "model",
            classes=_entries(label_set),
            width=width,
            height=height,
            ignore=None if len(_entries(label_set)) == label_set.count else label_set.ignore,
            photos=len(bank.names) if bank else 0,
            styled=config is None or config.styled,
            varies=config is None or config.varies(),
            varies_styled=config is None or config.varies(style=True),
        )

    def _engine(self, name: str) -> "SceneEngine":
        if name in self._folders:
            return self._bank(name)
        run = self._run(name)
        return self._models.load(name, run.root)

    def _label_set(self, name: str) -> LabelSet:
        return self._bank(name).label_set if name in self._folders else _config(self._run(name)).label_set

    def _bank(self, name: str) -> "Bank":
        from sembla import api

        if name not in self._folders:
            raise UnknownSceneEngineError(f"there is no bank {name[:100]!r}; ask for the list of engines again.")
        with self._lock:
            if name not in self._banks:
                self._banks[name] = api.open_bank(self._folders[name])
            return self._banks[name]

    def _run(self, name: str) -> Run:
        run = self._shelf.find(name)
        if run is None:
            raise UnknownSceneEngineError(f"nothing here makes scenes by the name {name[:100]!r}; choose another.")
        return run


def forming(on_preview: OnPreview) -> OnPreview:
    """Who follows the work without its last preview, which is the picture itself."""
    return lambda preview: preview.level == preview.levels - 1 or on_preview(preview)


def _run(task: SceneTask, engine: "SceneEngine", on_preview: OnPreview, *, stop: ShouldStop) -> SceneResult:
    """One picture; without previews where a part is made anew."""
    from sembla import api

    return api.run_scene(task, forming(on_preview) if task.region is None else None, stop=stop, engine=engine)


def _most(origins: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The share of each photo in a picture put together of several: its largest in any of them."""
    shares: dict[str, float] = {}
    for one in origins:
        for photo, share in one.items():
            shares[photo] = max(round(share, 4), shares.get(photo, 0.0))
    return shares


def _parts(task: SceneTask, rolls: LabelMap | None) -> list[SceneTask]:
    """What is to be made: the plain picture, or one picture for each of the variations in some region."""
    if rolls is None or not rolls.any():
        return [task]
    if rolls.shape != task.labels.shape:
        told = ["x".join(map(str, pixels.shape[::-1])) for pixels in (rolls, task.labels)]
        raise SizeError(f"the map of what is made anew is {told[0]}, the layout {told[1]}; give both one size.")
    numbers = [int(number) for number in np.unique(rolls) if number]
    if numbers[-1] > 63:
        raise InputError(f"variation {numbers[-1]} came; there are 1 to 63.")
    return [replace(task, first_variation=number, region=rolls == number) for number in numbers]


def _for_page(labels: LabelMap, label_set: LabelSet, *, what: str) -> LabelMap:
    """The label set's id for pixels without a class becomes the page's. Raises `LabelError` where that has none."""
    if label_set.ignore is None:
        return labels
    if len(_entries(label_set)) == label_set.count and (labels == label_set.ignore).any():
        raise LabelError(f"{what} has pixels without a class, which stand for nothing here; give all of them one.")
    return np.where(labels == label_set.ignore, np.uint8(label_set.count), labels)


def _with_ignored(labels: LabelMap, label_set: LabelSet) -> LabelMap:
    """The page's id for pixels without a class becomes the label set's."""
    if label_set.ignore is None:
        return labels
    return np.where(labels == label_set.count, np.uint8(label_set.ignore), labels)


def _entries(label_set: LabelSet) -> list[ClassEntry]:
    """The classes as a page has them: where pixels may be without one, it is the last, in black or what is free."""
    entries = class_entries(label_set.palette, label_set.names)
    if label_set.ignore is None or label_set.count >= MAX_CLASSES:
        return entries
    used = {entry.colour for entry in entries}
    free = next(colour for colour in (f"#{grey:02x}{grey:02x}{grey:02x}" for grey in range(256)) if colour not in used)
    return [*entries, ClassEntry(name=_NO_CLASS, colour=free)]


def _config(run: Run) -> "SceneConfig":
    """The settings of a run, read without loading it. Raises `InputError`."""
    from sembla import api

    return api.scene_config(str(run.described("recipe", "")), run.described("config", {}), place=run.name)


def _named(banks: Sequence[Path]) -> dict[str, Path]:
    """Banks by the names of their folders; a number tells those of one name apart."""
    named: dict[str, Path] = {}
    for path in banks:
        stem = f"{_BANK}{path.resolve().name}"
        number = 1
        while (name := stem if number == 1 else f"{stem}-{number}") in named:
            number += 1
        named[name] = path
    return named
