"""Folders of pictures: which files belong to a case, and in which order."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sembla.core.errors import InputError
from sembla.imaging.io import SUFFIXES

__all__ = ["CaseFolder", "find_case", "find_pictures", "natural"]


@dataclass(frozen=True)
class CaseFolder:
    """A photo, its label map and the layouts to make from them, as SemIA lays them out."""

    image: Path
    """The photo, img.*."""
    labels: Path
    """Its label map, label.*."""
    layouts: tuple[Path, ...]
    """The wanted label maps, cond/*, in the order of their names."""


def find_case(folder: str | os.PathLike[str], *, wanted: bool = True) -> CaseFolder:
    """Find img.*, label.* and cond/* in a folder; with `wanted` off, no layouts are looked for.

    Raises `InputError` where one is missing or there are two of it.
    """
    folder = Path(folder)
    files = find_pictures(folder)
    if wanted and not (folder / "cond").is_dir():
        raise InputError(f"{folder} has no folder cond with layouts; expected img.*, label.* and cond/*.")
    layouts = find_pictures(folder / "cond") if wanted else ()
    return CaseFolder(_only(files, "img"), _only(files, "label"), layouts)


def find_pictures(folder: str | os.PathLike[str]) -> tuple[Path, ...]:
    """All pictures of a folder, ordered by name with numbers in them counted: 2.png comes before 10.png.

    Hidden files are left out, as are folders inside. Raises `InputError` where there is none.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; check the path.")
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()]
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}); change its permissions.") from error
    pictures = [path for path in files if not path.name.startswith(".")]
    if not pictures:
        raise InputError(f"{folder} holds no picture; expected files that end with {', '.join(SUFFIXES[:6])} or such.")
    return tuple(sorted(pictures, key=lambda path: natural(path.name)))


def natural(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    """A key to sort names by, by text and numbers in turn, so that 2 comes before 10; the name itself breaks ties."""
    parts = re.findall(r"\d+|\D+", name.lower())
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts], name


def _only(files: tuple[Path, ...], stem: str) -> Path:
    found = [path for path in files if path.stem == stem]
    if len(found) != 1:
        told = " and ".join(path.name for path in found) or "none"
        raise InputError(f"{files[0].parent} should hold one picture named {stem}.*; found {told}.")
    return found[0]
