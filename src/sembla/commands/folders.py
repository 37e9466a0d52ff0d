"""Folders that results go to: seen to before the work, made when there is something to write."""

import os
from pathlib import Path

from sembla.core.errors import OutputError

__all__ = ["check_folder", "make_folder"]


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
