"""What a first run and its repetition share: the settings, reading, making, and the record that each result carries."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sembla.commands.plan import Plan
from sembla.core.errors import InputError

if TYPE_CHECKING:
    from sembla.api import AnalogyRequest, Synthesizer
    from sembla.core.tasks import AnalogyResult, OnPreview

__all__ = [
    "Engine",
    "Record",
    "Settings",
    "make",
    "open_engine",
    "read",
    "read_usable",
    "report",
    "seen_from",
    "told_from",
]

_log = logging.getLogger("sembla")


@dataclass(frozen=True)
class Settings:
    """What decides, beside the inputs, how a result looks; the fields are those of `sembla.analogy`."""

    seed: int = 0
    keep: bool = True
    size: int | None = None
    variations: int = 1
    resize_labels: bool = False
    adopt_nearest: bool = False
    sequence: bool = False
    """Each layout starts from the result of the one before."""


@dataclass(frozen=True)
class Engine:
    """A trained model that makes the results instead of the instant engine."""

    run: Path
    """The folder that it is from."""
    model: "Synthesizer"

    @property
    def weights(self) -> Path:
        """The file that decides what it makes."""
        return self.run / "weights.safetensors"

    @property
    def exact(self) -> bool:
        """Whether it computes in fp32."""
        return not self.model.half


def open_engine(run: Path, *, exact: bool, device: str) -> Engine:
    """Load the model of a run. Raises as `sembla.load` does."""
    from sembla import api  # loads after the options are read: --help stays fast

    return Engine(run, api.load(run, exact=exact, device=device))


@dataclass(frozen=True)
class Record:
    """How the results of one call came about."""

    plan: Plan
    settings: Settings
    engine: Engine | None
    """None is the instant engine."""
    digests: Mapping[Path, str]
    """SHA-256 of each input, and of the engine's weights."""

    @classmethod
    def start(cls, plan: Plan, settings: Settings, engine: Engine | None) -> "Record":
        """Take the inputs' digests."""
        from sembla import api

        files = (*plan.inputs, engine.weights) if engine else plan.inputs
        return cls(plan, settings, engine, {path: api.digest(path) for path in files})

    def of(self, out: Path, *, index: int, variation: int) -> dict[str, object]:
        """All that `--redo` needs to make variation 1, 2, ... of layout `index` again; it is written into `out`.

        Paths are relative to the folder of `out`, so that a project can move as a whole.
        """
        from sembla import api

        def file(path: Path) -> dict[str, str]:
            return {"path": seen_from(out.parent, path), "sha256": self.digests[path]}

        first = 0 if self.settings.sequence and not self.engine else index
        layouts = self.plan.layouts[first : index + 1]
        return {
            "version": api.__version__,
            "verb": "analogy",
            **asdict(self.settings),
            "variation": variation,
            "image": file(self.plan.image),
            "labels": file(self.plan.labels),
            "layouts": [file(layout) for layout in layouts],
            "engine": {**file(self.engine.weights), "exact": self.engine.exact} if self.engine else None,
        }


def read(plan: Plan, settings: Settings) -> "AnalogyRequest":
    """Read and check the inputs of a plan."""
    from sembla import api

    return api.read_analogy(
        plan.image,
        plan.labels,
        plan.layouts,
        seed=settings.seed,
        keep=settings.keep,
        size=settings.size,
        variations=settings.variations,
        resize_labels=settings.resize_labels,
        adopt_nearest=settings.adopt_nearest,
    )


def read_usable(plan: Plan, settings: Settings) -> tuple[Plan, "AnalogyRequest"]:
    """As `read`, but of a folder leave out the layouts that cannot be used, and note why.

    Folders hold other maps too: masks, index copies. Raises what `read` raises where a single layout was asked for, a
    frame of a sequence would be missing, the photo or its own map is at fault, or nothing is left.
    """
    try:
        return plan, read(plan, settings)
    except InputError:
        if plan.folder is None or settings.sequence:
            raise
        read(replace(plan, layouts=(plan.labels,)), settings)  # the photo's own map is a layout that always works
        usable = [index for index, layout in enumerate(plan.layouts) if _is_usable(plan, layout, settings=settings)]
        if not usable:
            raise
    layouts, outs = tuple(plan.layouts[index] for index in usable), tuple(plan.outs[index] for index in usable)
    plan = replace(plan, layouts=layouts, outs=outs)
    return plan, read(plan, settings)


def _is_usable(plan: Plan, layout: Path, *, settings: Settings) -> bool:
    try:
        read(replace(plan, layouts=(layout,)), settings)
    except InputError as error:
        _log.info("left out: %s", error)
        return False
    return True


def make(
    request: "AnalogyRequest", settings: Settings, on_preview: "OnPreview | None", *, engine: Engine | None
) -> Iterator["AnalogyResult"]:
    """Make the result of each layout in turn; a trained model makes each frame of a sequence by itself."""
    from sembla import api

    if engine:
        return (api.run(task, on_preview, engine=engine.model) for task in request.tasks)
    if settings.sequence:
        return api.run_sequence(request.tasks, on_preview)
    return (api.run(task, on_preview) for task in request.tasks)


def report(
    plan: Plan, results: Sequence["AnalogyResult"], *, size: tuple[int, int], engine: Engine | None
) -> dict[str, object]:
    """What `--json` prints: of many results the preview time of the first, and the seconds of all; `size` is theirs."""
    outs = [str(out) for outs in plan.outs for out in outs]
    return {
        "out": outs[0] if plan.folder is None and len(outs) == 1 else outs,
        "width": size[0],
        "height": size[1],
        "seconds": round(sum(result.seconds for result in results), 4),
        "preview_seconds": round(results[0].preview_seconds, 4),
        "classes": results[0].classes,
        "seed": results[0].seed,
        "engine": str(engine.run) if engine else None,
    }


def told_from(place: Path) -> Callable[[Path], dict[str, str]]:
    """How results in a folder tell of files: where each lies, seen from there, and its digest, taken once."""
    from sembla import api

    @cache
    def told(file: Path) -> dict[str, str]:
        return {"path": seen_from(place, file), "sha256": api.digest(file)}

    return told


def seen_from(folder: Path, path: Path) -> str:
    """A path relative to a folder, so that a project can move as a whole."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()
