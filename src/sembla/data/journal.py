"""What is made of a set that is being prepared: noted piece by piece, so that a run can go on where another stopped."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, TypeAlias

from sembla.core.errors import OutputError
from sembla.data.pairs import Pair
from sembla.data.prepared import DATASET, INDEX, JOURNAL, Prepared, Shard
from sembla.imaging.save import whole_file

__all__ = ["Entry", "Journal", "files_of", "index_text"]

Entry: TypeAlias = Pair | Shard
"""A line of the index."""


def files_of(entry: Entry) -> dict[str, tuple[str, int]]:
    """The files of an entry, below the folder of the set, with their SHA-256 and their bytes."""
    if isinstance(entry, Shard):
        return {entry.file: (entry.sha256, entry.bytes)}
    return {stored.file: (stored.sha256, stored.bytes) for stored in entry.files.values()}


def index_text(entries: Sequence[Entry]) -> bytes:
    """The index of these entries."""
    return "".join(_line(entry.to_json()) for entry in entries).encode()


class Journal:
    """The record of a set in the making, beside it; while it is there, the set is half made.

    It is locked, so that two runs never write into one folder.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any]) -> None:
        self._out = out
        self._settings = settings
        self._file: TextIO | None = None
        self._stored: set[str] = set()  # every file that a run before has made

    def __enter__(self) -> "Journal":
        if (self._out / JOURNAL).exists():
            self.begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        if self._file:
            with contextlib.suppress(OSError):  # on a full disk it fails as the line before did, which was told
                self._file.close()
        self._file = None

    def known(self) -> dict[str, Entry]:
        """What was made before, by name. Raises `OutputError` where it was made with other settings."""
        known: dict[str, Entry] = {}
        if (before := _read_json(self._out / DATASET)) is not None:
            self._check({name: before.get(name) for name in self._settings})
        journal = list(_read_lines(self._out / JOURNAL))
        for line in journal:
            if "settings" in line:
                self._check({name: line["settings"].get(name) for name in self._settings})
        for line in (*_read_lines(self._out / INDEX), *journal):
            with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
                entry: Entry = Shard.from_json(line) if "pairs" in line else Pair.from_json(line)
                known[entry.file if isinstance(entry, Shard) else entry.name] = entry
                self._stored |= files_of(entry).keys()
        return known

    def _check(self, before: object) -> None:
        if before != self._settings and isinstance(before, Mapping):
            differ = [name for name, value in self._settings.items() if before.get(name) != value]
            told = (" and ".join(_told(name, each.get(name)) for name in differ) for each in (before, self._settings))
            was, wanted = told
            raise OutputError(f"{self._out} was made {was}, not {wanted}; choose another folder.")

    def begin(self) -> None:
        """Say that the set is half made from now on. Raises `OutputError` where another run is at work in it."""
        if self._file:
            return
        path = self._out / JOURNAL
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+", encoding="utf-8")
            _lock(self._file, path)
        except BlockingIOError as error:
            self._close()
            raise OutputError(f"{self._out} is being prepared by another run; wait for it, or stop it.") from error
        except OSError as error:
            raise _unwritable(self._out, error) from error
        self._file.seek(0)
        text = self._file.read()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:  # the last line was cut off
            self._file.truncate(len(whole.encode()))
        if not whole:
            self._write({"settings": dict(self._settings)})

    def add(self, entry: Entry) -> None:
        """Note a piece that has been made; `begin` comes before."""
        self._write(entry.to_json())

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._file is not None
        try:
            self._file.write(_line(line))
            self._file.flush()
        except OSError as error:
            raise _unwritable(self._out, error) from error

    def finish(self, header: Prepared, entries: Sequence[Entry]) -> None:
        """Write index and header, and remove what no entry names; nothing is touched where all is as it should be."""
        index, values = index_text(entries), header.to_json()
        before = _read_json(self._out / DATASET)
        if before and {**before, "made_by": values["made_by"]} == json.loads(json.dumps(values)):
            values["made_by"] = before["made_by"]  # another version that made the same has made nothing
        dataset = (json.dumps(values, indent=1, sort_keys=True) + "\n").encode()
        same = _read_bytes(self._out / INDEX) == index and _read_bytes(self._out / DATASET) == dataset
        if same and not self._file:
            return
        self.begin()
        wanted = {file for entry in entries for file in files_of(entry)}
        for file in self._stored - wanted:
            (self._out / file).unlink(missing_ok=True)
        for left in self._out.rglob(".*.part"):  # of a run that was killed
            left.unlink(missing_ok=True)
        for path, text in ((self._out / INDEX, index), (self._out / DATASET, dataset)):
            with whole_file(path) as part:
                part.write_bytes(text)
        self._close()
        (self._out / JOURNAL).unlink()


_SETTINGS = {
    "version": ("layout {}", "a layout"),
    "kind": ("kind {}", "a kind"),
    "size": ("size {}", "a size"),
    "shard": ("tars of {} pairs", "tars"),
    "hold_out": ("{} % held out", "pairs held out"),
    "identities": ("identities in boxes that are {}", "identities"),
}
"""What is said of each setting that is there, and of one that is not."""


def _told(name: str, value: object) -> str:
    """Say a setting: "with size 256", "without tars"."""
    there, lacking = _SETTINGS[name]
    if value is None:
        return f"without {lacking}"
    return f"with {there.format(f'{value:g}' if isinstance(value, float) else value)}"


def _unwritable(out: Path, error: OSError) -> OutputError:
    return OutputError(f"{out} cannot be written ({error.strerror}); choose another place.")


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, separators=(",", ":")) + "\n"


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file; None where there is none, or where it is damaged: then it is made again."""
    with contextlib.suppress(ValueError):
        values = json.loads(_read_bytes(path))
        return values if isinstance(values, dict) else None
    return None


def _read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects in the lines of a file; damaged lines are left out."""
    for line in _read_bytes(path).splitlines():
        with contextlib.suppress(ValueError):
            values = json.loads(line)
            if isinstance(values, dict):
                yield values


def _lock(file: TextIO, path: Path) -> None:
    """Lock a file for this process until it is closed. Raises `BlockingIOError` where another holds it."""
    if sys.platform == "win32":
        return
    import fcntl

    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
        raise BlockingIOError  # the other run has just finished
