"""Scenes one by one: which files come of a label map, what is recorded with them, what is done and what is left."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from sembla.commands.folders import make_folder
from sembla.commands.making import seen_from
from sembla.core.errors import InputError, OutputError, SemblaError

if TYPE_CHECKING:
    from sembla.api import SceneEngine, SceneTask
    from sembla.core.labels import LabelSet
    from sembla.core.tasks import OnPreview
    from sembla.core.types import Picture

__all__ = ["Engine", "Finished", "Folder", "Job", "bank_engine", "model_engine", "read_looks"]

_SETTINGS = "scene.json"
_DIGITS = 19  # of the largest seed


@dataclass(frozen=True)
class Engine:
    """What makes the photos."""

    made: "SceneEngine"
    label_set: "LabelSet"
    file: Path
    """The file that decides what it makes."""
    about: Mapping[str, object]
    """What else decides it."""


def bank_engine(root: Path) -> Engine:
    """A prepared set as a bank. Raises as `sembla.open_bank` does."""
    from sembla import api  # loads after the options are read: --help stays fast

    made = api.open_bank(root)
    return Engine(made, made.label_set, root / "dataset.json", {"kind": "bank", "split": made.split})


def model_engine(root: Path, *, exact: bool, device: str) -> Engine:
    """A trained model or pack. Raises as `sembla.load` does, and `InputError` for one that makes no scenes."""
    from sembla import api

    made = api.load(root, exact=exact, device=device)
    about = {"kind": "model", "exact": not made.half}
    return Engine(made, api.scene_classes(made), api.model_folder(root) / "weights.safetensors", about)


@dataclass(frozen=True)
class Finished:
    """What became of one label map."""

    outs: tuple[Path, ...]
    size: tuple[int, int]
    """Width and height."""
    seconds: float
    credits: tuple[Mapping[str, float], ...]


@dataclass(frozen=True)
class Folder:
    """The pairs of this process, and where they go."""

    root: Path
    work: list[tuple[Path, tuple[Path, ...]]]
    """Label maps, and the pictures that come of each."""
    todo: list[tuple[Path, tuple[Path, ...]]]
    """Those that are not done."""
    first: bool
    """Whether this process is the one that writes what there is once."""
    fresh: bool
    """Whether nothing was there before, and no other process shares the work."""

    @property
    def finished(self) -> int:
        """How many label maps were done before."""
        return len(self.work) - len(self.todo)

    @property
    def sheet(self) -> Path:
        """Where the contact sheet goes."""
        return self.root / "sheet.png"

    def pairs(self, most: int) -> list[tuple[Path, Path]]:
        """The first picture of each label map that is done, and the map that lies beside it."""
        return [_pair(outs[0]) for _, outs in self.work if _is_whole(outs[0])][:most]

    def undo(self) -> None:
        """Take away a folder in which nothing was made."""
        if self.fresh:
            shutil.rmtree(self.root, ignore_errors=True)


@dataclass(frozen=True)
class Job:
    """How pictures are made, whatever of."""

    engine: Engine
    seed: int
    style: Path | None
    looks: Mapping[int, int]
    """Seeds of classes that have their own, by id."""
    instances: Path | None
    """A map, or a folder of maps with the names of the label maps."""
    variations: int
    force: bool

    @property
    def _told_looks(self) -> dict[str, int]:
        """The seeds of classes as JSON has them."""
        return {str(label): seed for label, seed in self.looks.items()}

    @cached_property
    def settings(self) -> dict[str, object]:
        """What decides, beside a label map, how its pictures look."""
        from sembla import api

        return {
            "seed": self.seed,
            "variations": self.variations,
            "style": None if self.style is None else api.digest(self.style),
            "looks": self._told_looks,
            "instances": None if self.instances is None else _digests(self.instances),
            "engine": {**self.engine.about, "sha256": api.digest(self.engine.file)},
        }

    def numbered(self, out: Path) -> tuple[Path, ...]:
        """The files of the variations of one picture."""
        if self.variations <= 1:
            return (out,)
        return tuple(out.with_name(f"{out.stem}-{number}{out.suffix}") for number in range(1, self.variations + 1))

    def claim(self, outs: Sequence[Path], *, inputs: Sequence[Path]) -> None:
        """See that files can be written. Raises `OutputError`."""
        from sembla import api

        every = [*inputs, *(file for file in (self.style, self.instances) if file)]
        for out in outs:
            api.check_output(out, suffixes=api.PICTURE_SUFFIXES, force=self.force, inputs=every)

    def folder(self, out: Path, layouts: Sequence[Path], *, resume: bool) -> Folder:
        """Make the folder for the pairs of many label maps, and see what is left to do for this process.

        Raises `OutputError` for pairs that exist, unless they are to be kept or replaced, and `InputError` where the
        work was begun with other settings.
        """
        from sembla import api

        share = api.Share(rank=_number("RANK", 0), ranks=_number("WORLD_SIZE", 1))
        work = [
            (layout, self.numbered(out / "images" / f"{name}.png"))
            for name, layout in list(_named(layouts).items())[share.rank :: share.ranks]
        ]
        fresh = not out.exists() and share.ranks == 1
        make_folder(out, parts=("images", "labels"))
        todo = [one for one in work if not (resume and all(_is_whole(picture) for picture in one[1]))]
        kept = replace(self, force=self.force or resume)
        kept.claim([place for _, outs in todo for picture in outs for place in _pair(picture)], inputs=layouts)
        self._agree(out / _SETTINGS, resume=resume)
        if share.rank == 0:
            api.write_declared(out, self.engine.label_set)
        return Folder(out, work, todo, share.rank == 0, fresh)

    def _agree(self, file: Path, *, resume: bool) -> None:
        """Note the settings of a folder; work that goes on must have those that it began with."""
        try:
            before = json.loads(file.read_text(encoding="utf-8")) if resume and file.exists() else None
        except (OSError, ValueError) as error:
            raise InputError(f"{file} is damaged; make the folder anew with --force.") from error
        if before is not None and before != self.settings:
            changed = [name for name, value in self.settings.items() if before.get(name) != value]
            raise InputError(
                f"{file.parent} was begun with another {' and '.join(changed)}; give what it was begun with, or "
                "another folder."
            )
        part = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            part.write_text(json.dumps(self.settings, indent=1) + "\n", encoding="utf-8")
            part.replace(file)
        except OSError as error:
            raise OutputError(f"{file} cannot be written ({error.strerror}); choose another place.") from error

    @contextmanager
    def reading(self, labels: Path) -> "Iterator[SceneTask]":
        """The task of a label map; what is wrong with it is told with its name."""
        from sembla import api

        try:
            task = api.read_scene(
                labels,
                self.engine.label_set,
                style=self.style,
                seed=self.seed,
                variations=self.variations,
                looks=self.looks,
                instances=self._instances(labels),
            )
            yield task
        except InputError as error:
            if str(labels) in str(error):
                raise
            raise type(error)(f"{labels}: {error}") from error

    def write(
        self,
        task: "SceneTask",
        labels: Path,
        outs: Sequence[Path],
        *,
        on_preview: "OnPreview | None",
        pairs: bool = False,
    ) -> Finished:
        """Make the pictures of a task and write each as soon as it is there, with its map where `pairs` are wanted."""
        from sembla import api

        numbered, origins = iter(enumerate(outs, 1)), []
        palette = _shown_palette(self.engine.label_set)

        def keep(picture: "Picture", shares: Mapping[str, float]) -> None:
            number, out = next(numbered)
            origins.append(shares)
            about = self._record(out, labels, variation=number, origins=shares)
            if pairs:  # the map first: a picture says that its pair is whole
                api.write_label_map(_pair(out)[1], task.labels, palette=palette, force=True)
            api.write_picture(out, picture, settings=about, force=self.force or pairs)

        result = api.run_scene(task, on_preview, engine=self.engine.made, on_picture=keep)
        height, width = task.labels.shape
        return Finished(tuple(outs), (width, height), result.seconds, tuple(origins))

    def _instances(self, labels: Path) -> Path | None:
        """The map of instances that belongs to a label map."""
        if self.instances is None or not self.instances.is_dir():
            return self.instances
        return self.instances / labels.name

    def _record(self, out: Path, labels: Path, *, variation: int, origins: Mapping[str, float]) -> dict[str, object]:
        """How a picture came about; it is written into it. Paths are relative to its folder."""
        from sembla import api

        def file(path: Path) -> dict[str, object]:
            return {"path": seen_from(out.parent, path), "sha256": api.digest(path)}

        return {
            "version": api.__version__,
            "verb": "scene",
            "seed": self.seed,
            "variations": self.variations,
            "variation": variation,
            "labels": file(labels),
            "style": file(self.style) if self.style else None,
            "looks": self._told_looks,
            "instances": file(instances) if (instances := self._instances(labels)) else None,
            "engine": {**self.engine.about, **file(self.engine.file)},
            "credits": {name: round(share, 4) for name, share in origins.items()},
        }


def read_looks(given: Sequence[str], label_set: "LabelSet") -> Mapping[int, int]:
    """Seeds of classes, by id, of words CLASS=SEED, in which a class has its name or id. Raises `InputError`."""
    found: dict[int, int] = {}
    for word in given:
        name, _, seed = word.rpartition("=")
        if not seed.isdecimal() or len(seed) > _DIGITS or int(seed) >= 2**63:
            raise InputError(f"--look {word[:60]} came; give CLASS=SEED, the seed a whole number 0 to 2**63 - 1.")
        if name in label_set.names:
            label = label_set.names.index(name)
        elif name.isdecimal() and len(name) < _DIGITS and int(name) < label_set.count:
            label = int(name)
        else:
            raise InputError(f"--look {word[:60]} came; the classes are {', '.join(label_set.names)}.")
        if label in found:
            raise InputError(f"--look {word[:60]} came, and another for the same class; give one of them.")
        found[label] = int(seed)
    return found


def _named(layouts: Sequence[Path]) -> Mapping[str, Path]:
    """Label maps by the name of what comes of them: their own, with the suffix where two differ in that alone.

    Raises `InputError` where names are still the same.
    """
    stems = Counter(layout.stem for layout in layouts)
    found: dict[str, Path] = {}
    for path in layouts:
        name = path.stem if stems[path.stem] == 1 else f"{path.stem}-{path.suffix[1:]}"
        if name in found:
            raise InputError(f"{found[name]} and {path} would both become {name}.png; rename one of them.")
        found[name] = path
    return found


def _digests(path: Path) -> object:
    """What tells a file from others; of a folder, what tells each of its files."""
    from sembla import api

    if not path.is_dir():
        return api.digest(path)
    return {one.name: api.digest(one) for one in sorted(path.iterdir()) if one.is_file()}


def _pair(picture: Path) -> tuple[Path, Path]:
    """A picture and its label map."""
    return picture, picture.parent.parent / "labels" / picture.name


def _is_whole(picture: Path) -> bool:
    """Whether a pair is done: files are written in one step, the picture last."""
    return all(path.is_file() for path in _pair(picture))


def _shown_palette(label_set: "LabelSet") -> "Picture":
    """A colour for each byte: those of the classes, and black for all that is none."""
    import numpy as np

    palette = np.zeros((256, 3), np.uint8)
    palette[: label_set.count] = label_set.palette
    return palette


def _number(name: str, usual: int) -> int:
    """A whole number that torchrun sets. Raises `InputError` for anything else."""
    told = os.environ.get(name, str(usual))
    if not told.isdigit():
        raise SemblaError(f"{name} is {told!r}; torchrun sets it to a whole number.")
    return int(told)
