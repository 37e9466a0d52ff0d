"""A run folder: what lies where, whose it is, and files that are whole whatever happens.

RUN/method.json             what is trained, and how: method, config, data, licence
RUN/config.yaml             all settings, to be read by people and to train the same again
RUN/weights.safetensors     the weights to use, averaged; of the last checkpoint
RUN/checkpoints/00000500/   all that a training goes on from
RUN/previews/00000500.png   contact sheets
RUN/log.jsonl               losses and scores
RUN/report.html             curves and the last previews
"""

import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from sembla.core.errors import InputError, OutputError

__all__ = ["RunFolder", "discard", "durable_file", "durable_folder", "refusals"]

_LOCK = ".lock"
_PART = ".part"


class RunFolder:
    """A folder that one training at a time writes to; used as a context, which locks it."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root)
        self._lock: TextIO | None = None

    @property
    def description(self) -> Path:
        """method.json."""
        return self.root / "method.json"

    @property
    def settings(self) -> Path:
        """config.yaml."""
        return self.root / "config.yaml"

    @property
    def weights(self) -> Path:
        """weights.safetensors."""
        return self.root / "weights.safetensors"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.root / "checkpoints"

    @property
    def previews(self) -> Path:
        """The folder of the contact sheets."""
        return self.root / "previews"

    @property
    def log(self) -> Path:
        """log.jsonl."""
        return self.root / "log.jsonl"

    @property
    def report(self) -> Path:
        """report.html."""
        return self.root / "report.html"

    def check(self, *, resume: bool) -> None:
        """Raise if a training cannot begin, or with `resume` go on, in this folder.

        What makes a folder a run is its description, which is written last. Before that, it is as good as empty.

        Raises `OutputError` for a folder that holds something, `InputError` for none to go on in.
        """
        if resume and not self.description.is_file():
            raise InputError(f"{self.root} holds no run to go on with; leave --resume out to begin one.")
        if resume:
            return
        if self.description.is_file():
            raise OutputError(f"{self.root} holds a run already; go on with --resume, or choose another folder.")
        if self.root.exists() and not (self.root.is_dir() and self._is_free()):
            raise OutputError(f"{self.root} is no empty folder; choose another.")

    def _is_free(self) -> bool:
        """Whether the folder holds nothing, or only what a training that was killed as it began has left there."""
        left = set(self.root.iterdir())
        if not left or self.root / _LOCK not in left:
            return not left
        folders = left & {self.checkpoints, self.previews}
        rest = left - folders - {self.root / _LOCK, self.settings}
        return all(_is_part(path) for path in rest) and not any(any(folder.iterdir()) for folder in folders)

    def __enter__(self) -> "RunFolder":
        """Make and lock the folder, and clear away what a killed run left half made.

        Raises `OutputError` where it cannot be written, or another training is at work in it.
        """
        with refusals(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            lock = (self.root / _LOCK).open("a")
        try:
            _lock(lock)
        except BlockingIOError as error:
            lock.close()
            raise OutputError(f"{self.root} is in use by another training; wait for it, or stop it.") from error
        with refusals(self.root):
            for folder in (self.checkpoints, self.previews):
                folder.mkdir(exist_ok=True)
        self._lock = lock
        for left in (*self.root.glob(f".*{_PART}"), *self.root.glob(f"*/.*{_PART}")):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock:
            self._lock.close()
        self._lock = None


@contextmanager
def durable_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; when the block ends, the file there takes its place, safe on the disk.

    Whenever the process or the machine dies, the file at `path` is whole: the one before, or this one. Raises
    `OutputError` for what the system refuses; then the one before stays.
    """
    part = _beside(path)
    try:
        with refusals(path):
            yield part
            _sync(part)
            part.replace(path)
            _sync(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def durable_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`, which must not be there; as `durable_file` otherwise."""
    part = _beside(path)
    try:
        with refusals(path):
            part.mkdir()
            yield part
            for file in part.iterdir():
                _sync(file)
            _sync(part)
            part.rename(path)
            _sync(path.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def discard(folder: Path) -> None:
    """Remove a folder so that a killed process leaves it whole, or clearly on its way out."""
    going = _beside(folder)
    folder.rename(going)
    shutil.rmtree(going)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn what the system refuses into `OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror or error}); make room or choose another place."
        ) from error


def _is_part(path: Path) -> bool:
    """Whether a name is one that `_beside` gave."""
    return path.name.startswith(".") and path.name.endswith(_PART)


def _beside(path: Path) -> Path:
    """A name beside `path` that nobody else uses."""
    return path.with_name(f".{secrets.token_hex(6)}{_PART}")


def _sync(path: Path) -> None:
    """Wait until a file or the names in a folder are on the disk."""
    if sys.platform == "win32" and path.is_dir():
        return  # Windows opens no folders
    number = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _lock(file: TextIO) -> None:
    """Lock a file for this process until it is closed. Raises `BlockingIOError` where another holds it."""
    if sys.platform == "win32":
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
