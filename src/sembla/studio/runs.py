"""The folder of runs: what was trained, read from the files that trainings leave there.

RUNS/NAME/studio.json     what the studio trained it on: photo, labels, classes
RUNS/NAME/case/           photo, label map and layout, as `sembla train` reads them
RUNS/NAME/run/            the run itself; `sembla analogy --engine` takes it
RUNS/NAME/photo.jpg       the photo, small
RUNS/NAME/train.log       what the last training said

A folder without studio.json that holds a run, made on the command line, counts too.
"""

import json
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sembla.core.errors import InputError, OutputError
from sembla.studio.wire import ClassEntry

__all__ = ["Record", "Run", "RunStore", "Shelf", "UnknownRunError", "default_runs"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_TAIL = 16 * 1024  # bytes of a log that hold its last lines
_RECENT = 12  # lines that speed is taken from
_LONGEST_STEM = 40
_MODEL, _PACK = "model:", "pack:"
_BUNDLED = " (bundled)"


class UnknownRunError(InputError):
    """There is no such run in the folder."""


class Record(BaseModel):
    """What the studio trained a run on, as studio.json holds it."""

    title: str
    """The photo's name."""
    photo: str
    """The photo's id, which says what its pixels are."""
    labels: int
    """CRC-32 of the label map's ids, as the page had them."""
    classes: list[ClassEntry]
    """The classes in the order of the model's ids."""
    steps: int
    """Steps in all."""
    recipe: str


class Run:
    """One run, as its files are now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.record = _read_record(folder / "studio.json")
        self.root = folder / "run" if self.record else folder

    @property
    def case(self) -> Path:
        """What it is trained on; of runs that the studio made."""
        return self.folder / "case"

    @property
    def said(self) -> Path:
        """What the last training wrote to stderr."""
        return self.folder / "train.log"

    @property
    def begun(self) -> bool:
        """Whether a training wrote what can be gone on with."""
        return (self.root / "method.json").is_file()

    @property
    def usable(self) -> bool:
        """Whether there are weights to make pictures with."""
        return self.begun and (self.root / "weights.safetensors").is_file()

    @property
    def made(self) -> float:
        """When it was begun, in seconds since 1970."""
        try:
            return (self.folder if self.record is None else self.folder / "studio.json").stat().st_mtime
        except OSError:  # somebody deletes it just now
            return 0.0

    @property
    def step(self) -> int:
        """Steps done, as far as files tell."""
        logged = [int(line["step"]) for line in self._lines()[-1:]]
        return max([0, *logged, *_numbers(self.root / "checkpoints")])

    @property
    def preview(self) -> int | None:
        """The step of the last contact sheet; None without one."""
        return max(_numbers(self.root / "previews"), default=None)

    def sheet(self, step: int) -> bytes:
        """The contact sheet of a step, a PNG. Raises `UnknownRunError` where there is none."""
        return _bytes(self.root / "previews" / f"{step:08}.png")

    def thumbnail(self) -> bytes:
        """The photo, small, a JPEG. Raises `UnknownRunError` where there is none."""
        return _bytes(self.folder / "photo.jpg")

    def speed(self) -> tuple[float, float] | None:
        """Seconds a step and images a second, lately; None while too little is known."""
        lines = [line for line in self._lines() if "seconds" in line and "images" in line][-_RECENT:]
        if len(lines) < 2:
            return None
        first, last = lines[0], lines[-1]
        steps, seconds = last["step"] - first["step"], last["seconds"] - first["seconds"]
        if steps <= 0 or seconds <= 0:
            return None
        return seconds / steps, (last["images"] - first["images"]) / seconds

    def complaint(self) -> str:
        """The error that the last training ended with; empty without one."""
        try:
            lines = self.said.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return lines[-1].removeprefix("sembla: error: ") if lines and lines[-1].startswith("sembla: error: ") else ""

    def classes(self) -> Sequence[ClassEntry]:
        """The classes in the order of the model's ids; without names where only their colours are known."""
        if self.record is not None:
            return self.record.classes
        try:
            palette = self.described("config", {})["palette"]
            return [ClassEntry(name="", colour=f"#{bytes(colour).hex()}") for colour in palette]
        except (KeyError, TypeError, ValueError):  # of a method that knows its classes in another way
            return []

    @property
    def method(self) -> str:
        """What it learned; empty before a training began."""
        return str(self.described("method", ""))

    def described(self, field: str, otherwise: Any) -> Any:
        """A field of method.json; `otherwise` where it cannot be read."""
        try:
            return json.loads((self.root / "method.json").read_text(encoding="utf-8")).get(field, otherwise)
        except (OSError, ValueError, AttributeError):
            return otherwise

    def busy(self) -> bool:
        """Whether a training of any process is at work in it."""
        if sys.platform == "win32":
            return False
        import fcntl

        try:
            with (self.root / ".lock").open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _lines(self) -> list[dict[str, Any]]:
        """The last lines of the log, as far as they can be read."""
        try:
            with (self.root / "log.jsonl").open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                tail = file.read().splitlines()
        except OSError:
            return []
        return [line for line in map(_line, tail) if line]


class RunStore:
    """The runs of a folder, which is made when the first of them is. Any thread may ask."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Run]:
        """Every run, the newest first."""
        runs = [run for run in map(Run, self._folders()) if run.record or run.begun]
        return sorted(runs, key=lambda run: (-run.made, run.name))

    def find(self, name: str) -> Run:
        """A run by its name. Raises `UnknownRunError`."""
        for folder in self._folders():  # names are compared with those that are there; none becomes a path
            if folder.name == name and ((run := Run(folder)).record or run.begun):
                return run
        raise UnknownRunError(f"there is no run {name[:100]!r} (any longer); choose another.")

    @contextmanager
    def adding(self, title: str) -> Iterator[Path]:
        """A new folder for a run of a photo called `title`; it goes again if the block fails. Raises `OutputError`."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            folder = self._new(title)
        except OSError as error:
            told = f"{self.folder} cannot be written ({error.strerror}); name another folder with --runs."
            raise OutputError(told) from error
        try:
            yield folder
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise OutputError(f"{folder} cannot be written ({error.strerror}); free some space.") from error
            raise

    def remove(self, run: Run) -> None:
        """Delete a run. Raises `OutputError` where the system refuses."""
        going = run.folder.with_name(f".{secrets.token_hex(6)}.part")
        try:
            run.folder.rename(going)  # whole, or not listed any more
        except OSError as error:
            raise OutputError(f"{run.folder} cannot be deleted ({error.strerror}); delete it by hand.") from error
        shutil.rmtree(going, ignore_errors=True)

    def _folders(self) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
        except OSError:
            return []

    def _new(self, title: str) -> Path:
        stem = re.sub(r"[^a-z0-9]+", "-", Path(title).stem.lower())[:_LONGEST_STEM].strip("-") or "photo"
        name = f"{stem}-{datetime.now().astimezone():%Y%m%d-%H%M%S}"
        for number in range(1, 100):
            folder = self.folder / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
        raise FileExistsError(17, "100 runs were begun within a second", str(self.folder))


class Shelf:
    """Runs and bundled packs of some methods, by the names that pages use: model:NAME and pack:NAME."""

    def __init__(self, runs: RunStore, packs: Mapping[str, Path], methods: Sequence[str]) -> None:
        self._runs = runs
        self._packs = {f"{_PACK}{name}": Run(folder) for name, folder in packs.items()}
        self._methods = methods

    def names(self) -> list[str]:
        """All of them: runs first, the newest at the top."""
        own = [f"{_MODEL}{run.name}" for run in self._runs.all() if run.method in self._methods]
        return own + [name for name, run in self._packs.items() if run.method in self._methods]

    def find(self, name: str) -> Run | None:
        """One of them; None for another name. Raises `UnknownRunError` for a run that is gone."""
        run = self._packs.get(name)
        if name.startswith(_MODEL):
            run = self._runs.find(name.removeprefix(_MODEL))
        return run if run is not None and run.method in self._methods else None

    def title(self, name: str) -> str:
        """What people call it."""
        return name.partition(":")[2] + (_BUNDLED if name in self._packs else "")


def default_runs(environment: Mapping[str, str] = os.environ) -> Path:
    """Where runs lie unless another folder is named: among the data that programs keep for the user."""
    if sys.platform == "win32":
        place = Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        place = Path.home() / "Library" / "Application Support"
    else:
        place = Path(environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return place / "sembla" / "runs"


def _read_record(path: Path) -> Record | None:
    try:
        return Record.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _numbers(folder: Path) -> list[int]:
    """The steps that files and folders in a folder are named after."""
    try:
        return [int(path.stem) for path in folder.iterdir() if path.stem.isascii() and path.stem.isdigit()]
    except OSError:
        return []


def _line(text: bytes) -> dict[str, Any] | None:
    try:
        values = json.loads(text)
    except ValueError:  # cut off
        return None
    return values if isinstance(values, dict) and isinstance(values.get("step"), int) else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnknownRunError("there is no such picture (any longer); ask for the list of runs again.") from error
