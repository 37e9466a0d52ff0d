"""Prepared pairs in tars (WebDataset's form): written whole, streamed in a shuffled order that can be resumed anywhere.

A pair is consecutive members KEY.json (its line of the index), KEY.webp, KEY.labels.png and KEY.instances.png; KEY is
its name with dots as %2E, because WebDataset ends a key at the first dot. Times and owners are left out, so that the
same pairs give the same bytes.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import numpy as np

from sembla.core.errors import InputError
from sembla.data.pairs import Packed, Pair, Stored
from sembla.data.prepared import Prepared, Shard, read_shards
from sembla.imaging.save import digest, whole_file

__all__ = [
    "PAIRS",
    "Share",
    "key_of",
    "keys_in",
    "names_digest",
    "pairs_at",
    "read_shard",
    "shard_file",
    "shuffle",
    "stream",
    "write_shard",
]

PAIRS = 512
"""Pairs in a tar: at 256 px some 40 MB."""

_SUFFIXES = {"image": "webp", "labels": "labels.png", "instances": "instances.png"}

Place = tuple[int, int]
"""Which tar of an epoch, in the order in which they are read, and which pair in it."""


@dataclass(frozen=True)
class Share:
    """Which part of a set one worker of one rank sees. Raises `InputError` for numbers that name no part."""

    rank: int = 0
    ranks: int = 1
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        for what, number, count in (("rank", self.rank, self.ranks), ("worker", self.worker, self.workers)):
            if not 0 <= number < count:
                raise InputError(f"{what} {number} of {count} came; count them from 0.")

    @property
    def part(self) -> int:
        """This part, from 0."""
        return self.rank * self.workers + self.worker

    @property
    def parts(self) -> int:
        """Number of parts."""
        return self.ranks * self.workers


def shard_file(split: str, number: int) -> str:
    """Where a tar lies below the folder of its set."""
    return f"shards/{split or 'all'}-{number:06}.tar"


def names_digest(names: Iterable[str]) -> str:
    """Checksum of names in their order."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def write_shard(root: Path, file: str, members: Iterable[tuple[Pair, dict[str, bytes]]]) -> Shard:
    """Write pairs of one split as a tar, whole or not at all; one pair is held in memory at a time.

    Raises `OutputError` where it cannot be written.
    """
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    pairs: list[Pair] = []
    with whole_file(path) as part:
        with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
            for pair, blobs in members:
                key = key_of(pair.name)
                files = {
                    role: Stored(f"{key}.{_SUFFIXES[role]}", one.sha256, one.bytes) for role, one in pair.files.items()
                }
                line = json.dumps(replace(pair, files=files).to_json(), sort_keys=True).encode()
                _add(tar, f"{key}.json", line)
                for role, blob in blobs.items():
                    _add(tar, files[role].file, blob)
                pairs.append(pair)
        checksum, size = digest(part), part.stat().st_size
    ids = tuple(sorted(set().union(*(pair.ids for pair in pairs))))
    names = names_digest(pair.name for pair in pairs)
    unknown = sum(pair.identity == () for pair in pairs)
    return Shard(file, pairs[0].split, len(pairs), sha256=checksum, bytes=size, names=names, ids=ids, unknown=unknown)


def key_of(name: str) -> str:
    """What the members of a pair begin with."""
    return name.replace("%", "%25").replace(".", "%2E")


def keys_in(path: Path) -> set[str]:
    """The keys of the pairs in a tar; none of one that is damaged or gone."""
    try:
        with tarfile.open(path, "r:") as tar:
            return {_key(member) for member in tar}
    except (OSError, tarfile.TarError):
        return set()


def _add(tar: tarfile.TarFile, name: str, blob: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(blob)
    tar.addfile(member, io.BytesIO(blob))


def read_shard(path: Path) -> Iterator[Packed]:
    """The pairs of a tar, in their order, one held at a time. Raises `InputError` for a tar that is damaged or gone."""
    with _Tar(path) as tar:
        number = 0
        while (packed := tar.read(number)) is not None:
            yield packed
            number += 1


def pairs_at(path: Path, numbers: Iterable[int]) -> Iterator[Packed]:
    """The pairs of a tar at some numbers, ascending. Raises `InputError` as `read_shard` does."""
    with _Tar(path) as tar:
        for number in numbers:
            packed = tar.read(number)
            if packed is None:
                raise InputError(f"{path} holds fewer pairs than the index says; run sembla prepare again.")
            yield packed


class _Tar:
    """A tar that is read from the front; going back opens it anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tar: tarfile.TarFile | None = None
        self._next = 0
        self._head: tarfile.TarInfo | None = None

    def __enter__(self) -> "_Tar":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._tar:
            self._tar.close()
        self._tar = None

    def read(self, number: int) -> Packed | None:
        """The pair of that number, or None behind the last."""
        try:
            if self._tar is None or number < self._next:
                self.close()
                self._tar = tarfile.open(self._path, "r:")  # noqa: SIM115 - stays open between reads
                self._next, self._head = 0, self._tar.next()
            while self._next < number and self._head is not None:
                self._group(self._tar, wanted=False)
            return None if self._head is None else self._group(self._tar, wanted=True)
        except (OSError, tarfile.TarError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self._path} cannot be read ({error}); run sembla prepare again.") from error

    def _group(self, tar: tarfile.TarFile, *, wanted: bool) -> Packed | None:
        """Read or pass over the members of one key."""
        blobs: dict[str, bytes] = {}
        key = _key(self._head)
        while self._head is not None and _key(self._head) == key:
            file = tar.extractfile(self._head) if wanted else None
            if file:
                blobs[self._head.name] = file.read()
            self._head = tar.next()
        self._next += 1
        return _packed(blobs, key) if wanted else None


def _key(head: tarfile.TarInfo | None) -> str:
    """The name of a member up to the first dot behind its folder."""
    folder, slash, base = (head.name if head else "").rpartition("/")
    return folder + slash + base.partition(".")[0]


def _packed(blobs: dict[str, bytes], key: str) -> Packed:
    pair = Pair.from_json(json.loads(blobs[f"{key}.json"]))
    by_role = {role: blobs[one.file] for role, one in pair.files.items()}
    return Packed(pair, by_role.__getitem__)


def stream(
    prepared: Prepared, split: str, *, seed: int = 0, share: Share | None = None, start: int = 0, buffer: int = 1024
) -> Iterator[Packed]:
    """Pairs of a set in tars without end, each once an epoch, in an order that seed, share and buffer decide.

    Tars are shuffled and read from front to back; pairs are shuffled in a buffer, which holds `buffer` encoded pairs.
    Parts see different tars where there are enough of them, and else different pairs of the same. `start` is how many
    pairs of this part to pass over; what follows is exactly what would have followed, and nothing before is read but
    what the buffer then held. Raises `InputError` where this part has no pairs.
    """
    share = share or Share()
    shards = read_shards(prepared, split)
    if share.parts > sum(shard.pairs for shard in shards):
        raise InputError(f"{share.parts} workers came for fewer pairs in {prepared.root}; take fewer workers.")
    epoch = 0
    while True:
        order = np.random.default_rng((seed, epoch)).permutation(len(shards))
        paths = [prepared.root / shards[number].file for number in order]
        places = list(_places([shards[number].pairs for number in order], share))
        if start < len(places):
            generator = np.random.default_rng((seed, epoch, share.part))
            yield from _read(paths, shuffle(places, generator, buffer=buffer), start=start)
        start = max(0, start - len(places))
        epoch += 1


def _places(counts: Sequence[int], share: Share) -> Iterator[Place]:
    """What one part sees of an epoch: every parts-th tar, or, where these are too few, every parts-th pair."""
    everything = ((tar, number) for tar, count in enumerate(counts) for number in range(count))
    by_tar = len(counts) >= share.parts
    for position, place in enumerate(everything):
        if (place[0] if by_tar else position) % share.parts == share.part:
            yield place


def shuffle(
    places: Iterable[Place], generator: np.random.Generator, *, buffer: int
) -> Iterator[tuple[list[Place], Place]]:
    """Shuffle places through a buffer: yields what has come into it since the last time, and what now leaves it."""
    held: list[Place] = []
    entered: list[Place] = []
    for place in places:
        entered.append(place)
        if len(held) < buffer:
            held.append(place)
            continue
        chosen = int(generator.integers(buffer))
        leaving, held[chosen] = held[chosen], place
        yield entered, leaving
        entered = []
    for number in generator.permutation(len(held)):
        yield entered, held[number]
        entered = []


def _read(paths: Sequence[Path], moves: Iterable[tuple[list[Place], Place]], *, start: int) -> Iterator[Packed]:
    """Read pairs as they come into the buffer, hand them out as they leave it; the first `start` are never read."""
    waiting: set[Place] = set()
    arrived: dict[Place, Packed] = {}
    tar, opened = _Tar(paths[0]), 0
    try:
        for number, (entered, leaving) in enumerate(moves):
            waiting.update(entered)
            if number < start:
                waiting.discard(leaving)
                continue
            for place in sorted(waiting):
                if place[0] != opened:
                    tar.close()
                    tar, opened = _Tar(paths[place[0]]), place[0]
                packed = tar.read(place[1])
                if packed is None:
                    raise InputError(
                        f"{paths[opened]} holds fewer pairs than the index says; run sembla prepare again."
                    )
                arrived[place] = packed
            waiting.clear()
            yield arrived.pop(leaving)
    finally:
        tar.close()
