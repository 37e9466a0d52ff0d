"""Folders that results go to, seen to before the work and made when there is something to write; names in them."""

import logging
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sembla.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from sembla.api import Video

__all__ = ["beside", "check_folder", "is_video", "make_folder", "names_of", "note_jpeg", "one_each", "whole_folder"]

_log = logging.getLogger("sembla")


def check_folder(folder: Path) -> None:
    """See that a folder can be made, or written to. Raises `OutputError`."""
    there = _nearest(folder)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "is not to be written to" if there.is_dir() else "is a file"
        raise OutputError(f"{folder} cannot be made ({there} {why}); choose another place.")


def make_folder(folder: Path, *, parts: tuple[str, ...] = ("",)) -> None:
    """Make a folder and those above it, or these parts of it. Raises `OutputError` that names the folder."""
    try:
        for part in parts:
            (folder / part).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made ({error.strerror}); choose another place.") from error


def is_video(path: Path) -> bool:
    """Whether it is called as a video is."""
    from sembla import api

    return path.suffix.lower() in api.VIDEO_SUFFIXES and not path.is_dir()


def names_of(pictures: "list[Path] | Video") -> list[str]:
    """What pictures are called, without endings; the frames of a video have numbers."""
    if isinstance(pictures, list):
        return [picture.stem for picture in pictures]
    return [f"{number:06d}" for number in range(1, len(pictures) + 1)]


def one_each(names: Sequence[str], folder: Path, *, suffix: str) -> list[Path]:
    """A file of a folder for each picture by its name. Raises `InputError` where two have one name."""
    if len(set(names)) < len(names):
        twice, _ = Counter(names).most_common(1)[0]
        raise InputError(f"several pictures are called {twice}, with different endings; keep one of each.")
    return [folder / f"{name}{suffix}" for name in names]


def beside(folder: Path, source: Path, suffixes: tuple[str, ...]) -> Path:
    """The file of a folder that is called as a picture is. Raises `InputError` where there is none."""
    for suffix in suffixes:
        for path in (folder / f"{source.stem}{suffix}", folder / f"{source.stem}{suffix.upper()}"):
            if path.is_file():
                return path
    raise InputError(f"{folder} holds no {source.stem}{' or '.join(suffixes)}; each picture needs one.")


def note_jpeg(file: Path) -> None:
    """Say of a file that shall keep pixels bit for bit that its format does not."""
    if file.suffix.lower() in {".jpg", ".jpeg"}:
        _log.info("%s: JPEG changes all pixels a little, known ones too; PNG keeps them.", file)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder of another name near `folder`; its files move there when the block ends, and go when it fails.

    `folder` is made if need be, files of the same names are replaced. Raises `OutputError`.
    """
    part = _nearest(folder) / f".{secrets.token_hex(6)}.part"
    make_folder(part)
    try:
        yield part
        make_folder(folder)
        for file in sorted(part.iterdir()):
            file.replace(folder / file.name)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written to ({error.strerror}); choose another place.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _nearest(folder: Path) -> Path:
    """The folder itself, or what there is of those above it."""
    return next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
