"""Folders that results go to, seen to before the work and made when there is something to write; names in them."""

import os
from collections.abc import Sequence
from pathlib import Path

from sembla.core.errors import InputError, OutputError

__all__ = ["beside", "check_folder", "make_folder", "one_each"]


def check_folder(folder: Path) -> None:
    """See that a folder can be made, or written to. Raises `OutputError`."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
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


def one_each(sources: Sequence[Path], folder: Path, *, suffix: str) -> list[Path]:
    """A file of a folder for each picture, called as it is. Raises `InputError` where two would get one name."""
    files = [folder / f"{source.stem}{suffix}" for source in sources]
    if len(set(files)) < len(files):
        raise InputError(f"{sources[0].parent} holds pictures of one name with several endings; keep one of each.")
    return files


def beside(folder: Path, source: Path, suffixes: tuple[str, ...]) -> Path:
    """The file of a folder that is called as a picture is. Raises `InputError` where there is none."""
    for suffix in suffixes:
        for path in (folder / f"{source.stem}{suffix}", folder / f"{source.stem}{suffix.upper()}"):
            if path.is_file():
                return path
    raise InputError(f"{folder} holds no {source.stem}{' or '.join(suffixes)}; each picture needs one.")
