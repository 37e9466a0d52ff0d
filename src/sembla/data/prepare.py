"""From a data set in its makers' layout to the one that every method trains from; see `prepared` for that layout.

The work is cut into pieces, a pair or a tar each. A piece is written whole and then noted in a journal, so that a run
which was stopped anywhere goes on where it was, and ends with the same bytes as one that was not. A finished set is
verified: pieces whose files are gone or damaged, and those whose sources are newer, are made again; the rest is left.
"""

import contextlib
import hashlib
import importlib.metadata
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias

import PIL

from sembla.core.errors import Cancelled, InputError, OutputError
from sembla.core.types import MIN_SIDE
from sembla.data.augment import Parameters, apply
from sembla.data.cores import cores
from sembla.data.hold_out import with_splits
from sembla.data.identities import Identities, check_identities, with_identity
from sembla.data.journal import Entry, Journal, files_of, index_text
from sembla.data.pairs import Pair, check_name, encode, place_of
from sembla.data.prepared import DATASET, INDEX, JOURNAL, VERSION, Prepared, Shard, open_prepared
from sembla.data.processes import in_processes
from sembla.data.records import SPLITS, Kind, Record
from sembla.data.shards import key_of, keys_in, names_digest, shard_file, write_shard
from sembla.imaging.save import digest, whole_file

__all__ = ["MOST_SIZE", "OnProgress", "Preparation", "prepare"]

MOST_SIZE = 4096
"""Largest shorter side of prepared pictures."""

OnProgress: TypeAlias = Callable[[int, int], bool | None]
"""Called with the pairs done and their total; an answer that is false but not None cancels: `Cancelled` is raised."""


@dataclass(frozen=True)
class Preparation:
    """What a run of `prepare` did."""

    prepared: Prepared
    made: int
    """Pairs that this run has written, because they were not there, were damaged, or their sources have changed."""
    kept: int
    """Pairs that were there already, whole and up to date."""
    changed: tuple[str, ...]
    """Names of pieces (pairs or tars) that an earlier run made otherwise: their sources have changed since."""
    removed: tuple[str, ...]
    """Names of pieces whose sources are gone; so are they."""
    unknown: int
    """Pairs in which a face was looked for, to say who it is, and none was found."""


@dataclass(frozen=True)
class _Piece:
    """What is made at once: a pair, or a tar of pairs."""

    name: str
    records: tuple[Record, ...]
    shard: str | None
    """The tar, below the folder of the set; None for single files."""


@dataclass(frozen=True)
class _Failure:
    """Why a piece was not made."""

    sentence: str


def prepare(
    kind: Kind,
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    size: int | None = None,
    shard: int | None = None,
    hold_out: float | None = None,
    identities: Identities | None = None,
    workers: int | None = None,
    on_progress: OnProgress | None = None,
) -> Preparation:
    """Make a prepared set of `source` in the folder `out`, or bring the one that is there up to date.

    Args:
        kind: The layout of the source.
        source: Its folder or file.
        out: A new or empty folder, or one that the same call has begun or finished. Nothing else is ever replaced.
        size: Shorter side of the pictures in pixels, 16 to 4096; None keeps theirs.
        shard: Pairs in a tar; None writes single files.
        hold_out: Percentage of the pairs that become the split "val", the others "train", for a set without splits of
            its own; see `with_splits`.
        identities: Say of each pair who it shows, by dlib in such a box; None does not.
        workers: Processes; None for one a core. With more than one, a script must call this from under
            `if __name__ == "__main__"`.
        on_progress: Told how far it is, in pairs.

    Raises `InputError` when the source is not of this kind, or when pairs cannot be read (all others are made before
    that is told), `OutputError` when `out` holds something else or cannot be written, `MissingExtraError` for
    identities without the extra `faces`, `Cancelled`.
    """
    if workers is not None and workers < 1:
        raise InputError(f"{workers} workers came; give 1 or more.")
    source, out, workers = Path(source), Path(out), workers or cores()
    settings = _settings(kind, size, shard, hold_out) | {"identities": identities}
    if identities:
        check_identities()
    _check_out(out, source)
    pieces = _pieces(_records(kind, source, hold_out), shard)
    if kind.declared:
        kind = replace(kind, label_set=kind.declared(source))
    with Journal(out, settings) as journal:
        known = journal.known()
        _check_source(out, source, pieces, known)
        kept = _verified(out, pieces, known, workers)
        missing = [piece for piece in pieces if piece.name not in kept]
        if missing:
            journal.begin()
        progress = _Progress(on_progress, done=_pairs(pieces) - _pairs(missing), total=_pairs(pieces))
        made, failures = _make_all(
            partial(_make, kind, out, size, identities), missing, workers, journal=journal, progress=progress
        )
        if failures:
            raise InputError(_told(failures))
        entries = [kept.get(piece.name) or made[piece.name] for piece in pieces]
        journal.finish(_header(out, kind, settings, entries), entries)
    anew = [piece for piece in missing if made[piece.name] != known.get(piece.name)]
    return Preparation(
        prepared=open_prepared(out),
        made=_pairs(missing),
        kept=_pairs(pieces) - _pairs(missing),
        changed=tuple(piece.name for piece in anew if piece.name in known),
        removed=tuple(sorted(known.keys() - {piece.name for piece in pieces})),
        unknown=sum(entry.unknown if isinstance(entry, Shard) else entry.identity == () for entry in entries),
    )


def _settings(kind: Kind, size: int | None, shard: int | None, hold_out: float | None) -> dict[str, Any]:
    """What must be the same in all runs over one folder."""
    if size is not None and not MIN_SIDE <= size <= MOST_SIZE:
        raise InputError(f"size {size} came; give {MIN_SIDE} to {MOST_SIZE} pixels.")
    if shard is not None and shard < 1:
        raise InputError(f"{shard} pairs a shard came; give 1 or more.")
    share = None if hold_out is None else float(hold_out)
    return {"version": VERSION, "kind": kind.name, "size": size, "shard": shard, "hold_out": share}


def _check_out(out: Path, source: Path) -> None:
    """Raise `OutputError` for a folder that is not ours to write."""
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; give the name of a folder.")
    if any((out / name).exists() for name in (JOURNAL, DATASET, INDEX)):
        return
    if out.resolve().is_relative_to(source.resolve()):
        raise OutputError(f"{out} lies in the source, which is never written to; choose another folder.")
    if out.is_dir() and any(out.iterdir()):
        raise OutputError(f"{out} holds other files; choose a new or an empty folder.")


def _records(kind: Kind, source: Path, hold_out: float | None) -> list[Record]:
    """The entries of the source, split where that is asked for."""
    if not source.exists():
        raise InputError(f"{source}: no such folder or file; check the path.")
    records = kind.records(source)
    if not records:
        raise InputError(f"{source} holds nothing of kind {kind.name}; check the path and the kind.")
    return records if hold_out is None else with_splits(records, hold_out)


def _pairs(pieces: Sequence[_Piece]) -> int:
    return sum(len(piece.records) for piece in pieces)


def _pieces(records: Sequence[Record], shard: int | None) -> list[_Piece]:
    """Cut the work. Pairs go into tars by the hash of their names: neighbours in a source are often alike."""
    for record in records:
        check_name(record.name)
    for told in (attrgetter("name"), place_of):
        twice = [name for name, count in Counter(map(told, records)).items() if count > 1]
        if twice:
            raise InputError(f"two entries of the source are named {twice[0]!r}; rename one of them.")
    if shard is None:
        return [_Piece(record.name, (record,), None) for record in records]
    splits = (*SPLITS, "")
    mixed = sorted(records, key=lambda record: (splits.index(record.split), _scatter(record)))
    pieces = []
    for split, group in groupby(mixed, key=lambda record: record.split):
        for number, chunk in enumerate(iter(lambda: tuple(islice(group, shard)), ())):  # noqa: B023 - used at once
            pieces.append(_Piece(shard_file(split, number), chunk, shard_file(split, number)))
    return pieces


def _check_source(out: Path, source: Path, pieces: Sequence[_Piece], known: Mapping[str, Entry]) -> None:
    """Raise `OutputError` where not one pair of an earlier run is in the source: that was made from another one."""
    if any(piece.name in known and _fits(known[piece.name], piece) for piece in pieces):
        return
    before: set[str] = set()
    for entry in known.values():
        before |= keys_in(out / entry.file) if isinstance(entry, Shard) else {key_of(entry.name)}
    if before and before.isdisjoint(key_of(record.name) for piece in pieces for record in piece.records):
        raise OutputError(
            f"{out} was made from another source: none of its {len(before):,} pairs is in {source}; choose another "
            "folder, or remove it first."
        )


def _scatter(record: Record) -> bytes:
    return hashlib.sha256(record.name.encode()).digest()


def _verified(out: Path, pieces: Sequence[_Piece], known: Mapping[str, Entry], workers: int) -> dict[str, Entry]:
    """The pieces that are there as they were written, and whose sources are older."""
    stamp = lru_cache(maxsize=None)(_stamp)

    def check(piece: _Piece) -> bool:
        entry = known.get(piece.name)
        return entry is not None and _fits(entry, piece) and _is_whole(out, entry, piece, stamp)

    with ThreadPoolExecutor(workers) as pool:
        good = list(pool.map(check, pieces))
    return {piece.name: known[piece.name] for piece, is_good in zip(pieces, good, strict=True) if is_good}


def _fits(entry: Entry, piece: _Piece) -> bool:
    """Tell whether an entry is of these records."""
    if isinstance(entry, Shard):
        return entry.names == names_digest(record.name for record in piece.records)
    return entry.split == piece.records[0].split


def _is_whole(out: Path, entry: Entry, piece: _Piece, stamp: Callable[[Path], int]) -> bool:
    """Tell whether all files of an entry are as they were written, after their sources."""
    try:
        written = min((out / file).stat().st_mtime_ns for file in files_of(entry))
        if any(stamp(path) >= written for record in piece.records for path in record.files.values()):
            return False
        return all(
            (out / file).stat().st_size == size and digest(out / file) == checksum
            for file, (checksum, size) in files_of(entry).items()
        )
    except (OSError, InputError):
        return False


def _stamp(path: Path) -> int:
    """When a source last changed, in ns: its content, or its place (a file copied with its old time has a new one)."""
    # LMDB touches its lock file when it is read.
    paths = [each for each in path.iterdir() if each.name != "lock.mdb"] if path.is_dir() else [path]
    return max((max(each.stat().st_mtime_ns, each.stat().st_ctime_ns) for each in paths), default=0)


class _Progress:
    """Tells how many pairs are done."""

    def __init__(self, tell: OnProgress | None, *, done: int, total: int) -> None:
        self._tell, self._done, self._total = tell, done, total
        self.add(0)

    def add(self, count: int) -> None:
        """Tell that more are done. Raises `Cancelled` when the answer is to stop."""
        self._done += count
        answer = self._tell(self._done, self._total) if self._tell else None
        if answer is not None and not answer:
            raise Cancelled("the preparation was stopped; run it again to go on.")


def _make_all(
    make: Callable[[_Piece], Entry | _Failure],
    pieces: Sequence[_Piece],
    workers: int,
    *,
    journal: Journal,
    progress: _Progress,
) -> tuple[dict[str, Entry], list[str]]:
    """Make pieces and note them. Returns them by name, and why others could not be made."""
    made: dict[str, Entry] = {}
    failures = []
    with contextlib.closing(in_processes(make, pieces, min(workers, len(pieces)))) as results:
        for piece, result in zip(pieces, results, strict=True):
            if isinstance(result, _Failure):
                failures.append(result.sentence)
            else:
                journal.add(result)
                made[piece.name] = result
            progress.add(len(piece.records))
    return made, failures


def _make(kind: Kind, out: Path, size: int | None, identities: Identities | None, piece: _Piece) -> Entry | _Failure:
    """Make a piece; runs in a worker process."""
    try:
        if piece.shard:
            return write_shard(out, piece.shard, (_encoded(kind, size, identities, one) for one in piece.records))
        pair, blobs = _encoded(kind, size, identities, piece.records[0])
    except InputError as error:
        return _Failure(str(error))
    for role, blob in blobs.items():
        _write(out / pair.files[role].file, blob)
    return pair


def _encoded(
    kind: Kind, size: int | None, identities: Identities | None, record: Record
) -> tuple[Pair, dict[str, bytes]]:
    """Read an entry of the source, say who it shows where that is asked for, resize it, and encode it."""
    sample = kind.read(record)
    if identities:
        sample = with_identity(sample, kind.label_set, box=identities)
    height, width = sample.picture.shape[:2]
    if size is not None and size != min(height, width):
        shape = (round(height * size / min(height, width)), round(width * size / min(height, width)))
        sample = apply(Parameters(crop=(0, 0, width, height), size=shape), sample)
    return encode(sample, record, label_set=kind.label_set)


def _write(path: Path, blob: bytes) -> None:
    """Write a file whole; one that holds the same already only becomes newer than its source."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.read_bytes() == blob:
            os.utime(path)
            return
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
    with whole_file(path) as part:
        part.write_bytes(blob)


def _told(failures: Sequence[str]) -> str:
    """One line for all that went wrong."""
    if len(failures) == 1:
        return f"{failures[0]} All other pairs are made; run it again when this one is mended or removed."
    some = " ".join(failures[:5])
    return (
        f"{len(failures)} pieces could not be made: {some}{' ...' if len(failures) > 5 else ''} "
        "All others are made; run it again when these are mended or removed."
    )


def _header(out: Path, kind: Kind, settings: Mapping[str, Any], entries: Sequence[Entry]) -> Prepared:
    counts: Counter[str] = Counter()
    for entry in entries:
        counts[entry.split] += entry.pairs if isinstance(entry, Shard) else 1
    return Prepared(
        root=out,
        kind=kind.name,
        label_set=kind.label_set,
        size=settings["size"],
        shard=settings["shard"],
        hold_out=settings["hold_out"],
        identities=settings["identities"],
        counts=counts,
        ids=tuple(sorted(set().union(*(entry.ids for entry in entries)))),
        licence=kind.licence,
        made_by=f"sembla {importlib.metadata.version('sembla')}, Pillow {PIL.__version__}",
        sha256=hashlib.sha256(index_text(entries)).hexdigest(),
    )
