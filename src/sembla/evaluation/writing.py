"""Folders out: whole or not at all, and never in place of one that an evaluation did not write."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from sembla.core.errors import OutputError

__all__ = ["ANY_NAME", "Kind", "check_folder", "whole_folder"]

ANY_NAME = "backslashreplace"
"""How names of files that are no Unicode are written: as \\udcff and such, which JSON reads as an escape."""


@dataclass(frozen=True)
class Kind:
    """What a kind of folder is known by."""

    name: str
    """What messages call it, e.g. "run"."""
    mark: str
    """The JSON file that every such folder holds."""
    keys: frozenset[str]
    """Keys of that file."""
    files: tuple[str, ...]
    """Patterns of all files that it may hold, e.g. "sheets/*.png"; a folder with any other is somebody's own."""


def check_folder(out: Path, kind: Kind, *, force: bool = False) -> None:
    """Raise `OutputError` if a folder could not be written as `out`, before any work is done for it.

    An empty folder may be filled; one of the same kind is replaced with `force`, and no other ever is.
    """
    with _refusals(out):
        if out.is_symlink() or (out.exists() and not out.is_dir()):
            raise OutputError(f"{out} is no folder; choose another name.")
        if not out.parent.is_dir():
            raise OutputError(f"{out}: the folder {out.parent} does not exist; make it first.")
        if not os.access(out.absolute().parent, os.W_OK):
            raise OutputError(f"{out} cannot be written (no permission); choose another place.")
        if not out.is_dir() or not any(out.iterdir()):
            return
        if not _is_marked(out / kind.mark, kind.keys):
            raise OutputError(f"{out} holds something else than a {kind.name}; choose another folder.")
        files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if not path.is_dir())
        foreign = next((name for name in files if not _is_one_of(name, kind.files)), None)
        if foreign:
            raise OutputError(f"{out} holds {foreign}, which is no file of a {kind.name}; choose another folder.")
        if not force:
            raise OutputError(f"{out} holds a {kind.name} already; choose another folder, or replace it with --force.")


@contextmanager
def whole_folder(out: Path, kind: Kind, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary folder beside `out`; move it there when the block ends, remove it when the block fails.

    Raises `OutputError` as `check_folder` does, and for what the system refuses.
    """
    check_folder(out, kind, force=force)
    out = Path(os.path.abspath(out))  # noqa: PTH100  `resolve` would follow links
    part = out.with_name(f".{secrets.token_hex(6)}.part")
    try:
        with _refusals(out):
            part.mkdir()
            yield part
            _replace(out, part)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _refusals(out: Path) -> Iterator[None]:
    """Turn what the system refuses into `OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror or error}); choose another place.") from error


def _is_marked(mark: Path, keys: frozenset[str]) -> bool:
    try:
        content = json.loads(mark.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError):
        return False
    return isinstance(content, dict) and keys <= content.keys()


def _is_one_of(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns)


def _replace(out: Path, part: Path) -> None:
    """Move `part` to `out`; what was there is put back where that fails, and removed where it succeeds."""
    if not out.exists():
        part.rename(out)
        return
    old = part.with_suffix(".old")
    out.rename(old)
    try:
        part.rename(out)
    except OSError:
        with suppress(OSError):
            old.rename(out)
        raise
    shutil.rmtree(old, ignore_errors=True)
