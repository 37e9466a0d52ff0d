"""Tars of pairs: what WebDataset would read, every pair once an epoch, and the same stream wherever it is taken up."""

import hashlib
import tarfile
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tests.data.small_set import SMALL, make_source, read, records, unlike

from sembla.core.errors import InputError
from sembla.data import shards as module
from sembla.data.pairs import Packed
from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared, read_shards
from sembla.data.shards import Share, read_shard, shuffle, stream

TRAIN = 23


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("source"), train=TRAIN, val=3, size=(16, 18))


@pytest.fixture(scope="module")
def tars(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Five tars of train, the last one short, and one of val."""
    return prepare(SMALL, source, tmp_path_factory.mktemp("tars"), shard=5, workers=1).prepared


def names(pairs: list[Packed]) -> list[str]:
    return [packed.pair.name for packed in pairs]


def train_names(source: Path) -> list[str]:
    return [record.name for record in records(source) if record.split == "train"]


def test_pairs_come_back_bit_for_bit(tars: Prepared, source: Path) -> None:
    by_name = {record.name: read(record) for record in records(source)}
    found = [packed for shard in read_shards(tars) for packed in read_shard(tars.root / shard.file)]
    assert sorted(names(found)) == sorted(by_name)
    for packed in found:
        assert unlike(packed.decode(), by_name[packed.pair.name]) == []


def test_the_index_says_what_the_tars_hold(tars: Prepared) -> None:
    for shard in read_shards(tars):
        blob = (tars.root / shard.file).read_bytes()
        assert (len(blob), hashlib.sha256(blob).hexdigest()) == (shard.bytes, shard.sha256)
        found = list(read_shard(tars.root / shard.file))
        assert len(found) == shard.pairs
        assert {packed.pair.split for packed in found} == {shard.split}
        for packed in found:
            for role, stored in packed.pair.files.items():
                assert hashlib.sha256(packed.read(role)).hexdigest() == stored.sha256
    assert [shard.pairs for shard in read_shards(tars, "train")] == [5, 5, 5, 5, 3]


def test_members_are_grouped_as_webdataset_groups_them(tars: Prepared) -> None:
    """Its rule: a key is all before the first dot of the base name, a sample a run of members with one key."""
    for shard in read_shards(tars):
        with tarfile.open(tars.root / shard.file) as tar:
            members = tar.getmembers()
        keys = [str(Path(member.name).parent / Path(member.name).name.partition(".")[0]) for member in members]
        suffixes = [Path(member.name).name.partition(".")[2] for member in members]
        assert len(set(keys)) == shard.pairs
        assert keys == [key for key in dict.fromkeys(keys) for _ in range(4)]
        assert suffixes == ["json", "webp", "labels.png", "instances.png"] * shard.pairs
        assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {(0, 0, 0, "")}


@pytest.mark.parametrize("parts", [(1, 1), (2, 1), (1, 3), (2, 2), (3, 3), (23, 1)])
@pytest.mark.parametrize("epoch", [0, 1])
def test_ranks_and_workers_see_disjoint_parts_that_make_all(
    tars: Prepared, source: Path, parts: tuple[int, int], epoch: int
) -> None:
    ranks, workers = parts
    seen: list[str] = []
    lengths = epoch_lengths(tars, ranks * workers)
    for rank in range(ranks):
        for worker in range(workers):
            share = Share(rank, ranks, worker, workers)
            before = lengths[0][share.part] if epoch else 0
            part = islice(stream(tars, "train", seed=4, share=share, buffer=4), before + lengths[epoch][share.part])
            seen += names(list(part))[before:]
    assert sorted(seen) == sorted(train_names(source))


def epoch_lengths(tars: Prepared, parts: int, seed: int = 4) -> list[list[int]]:
    """How many pairs each part sees in the first two epochs, counted from the tars that fall to it."""
    counts = [shard.pairs for shard in read_shards(tars, "train")]
    lengths = []
    for epoch in (0, 1):
        order = np.random.default_rng((seed, epoch)).permutation(len(counts))
        if len(counts) >= parts:
            lengths.append([sum(counts[number] for number in order[part::parts]) for part in range(parts)])
        else:
            lengths.append([len(range(part, sum(counts), parts)) for part in range(parts)])
    return lengths


@pytest.mark.parametrize("share", [Share(), Share(1, 2), Share(1, 2, 2, 4)])
def test_taken_up_anywhere_it_gives_exactly_the_rest(tars: Prepared, share: Share) -> None:
    whole = names(list(islice(stream(tars, "train", seed=1, share=share, buffer=6), 60)))
    for start in (*range(30), 46, 47, 59):
        rest = stream(tars, "train", seed=1, share=share, buffer=6, start=start)
        assert names(list(islice(rest, 60 - start))) == whole[start:], start


def test_each_epoch_has_an_order_of_its_own_and_each_seed_too(tars: Prepared) -> None:
    first, again, other = (names(list(islice(stream(tars, "train", seed=s, buffer=8), 46))) for s in (1, 1, 2))
    assert first == again
    assert first[:TRAIN] != first[TRAIN:]
    assert first[:TRAIN] != other[:TRAIN]


def test_taking_up_reads_nothing_but_what_the_buffer_held(tars: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    read_names: list[str] = []
    packed = module._packed

    def counted(blobs: dict[str, bytes], key: str) -> Packed:
        read_names.append(key)
        return packed(blobs, key)

    monkeypatch.setattr(module, "_packed", counted)
    next(stream(tars, "train", seed=1, buffer=4, start=15))
    assert len(read_names) == 5


@pytest.mark.parametrize(("count", "buffer"), [(0, 3), (1, 3), (3, 3), (4, 3), (100, 1), (100, 7), (100, 1000)])
def test_the_buffer_lets_everything_through_once_and_holds_no_more_than_it_may(count: int, buffer: int) -> None:
    places = [(0, number) for number in range(count)]
    held: set[tuple[int, int]] = set()
    left = []
    for entered, leaving in shuffle(places, np.random.default_rng(0), buffer=buffer):
        held |= set(entered)
        assert len(held) <= buffer + 1
        held.remove(leaving)
        left.append(leaving)
    assert sorted(left) == places
    assert not held


def test_a_large_buffer_shuffles_evenly() -> None:
    """Each of five pairs comes at each place equally often, by a chi-squared test that fails once in 10,000."""
    generator = np.random.default_rng(0)
    places = [(0, number) for number in range(5)]
    counts = Counter(
        (number, leaving[1])
        for _ in range(2000)
        for number, (_, leaving) in enumerate(shuffle(places, generator, buffer=5))
    )
    table = np.array([[counts[place, which] for which in range(5)] for place in range(5)])
    assert ((table - 400) ** 2 / 400).sum() < 45  # 16 degrees of freedom


def test_more_workers_than_pairs_are_refused(tars: Prepared) -> None:
    with pytest.raises(InputError, match="24 workers"):
        next(stream(tars, "train", share=Share(0, 24)))


@pytest.mark.parametrize("values", [(2, 2), (-1, 2), (0, 0), (0, 1, 3, 2)])
def test_shares_that_are_none_are_refused(values: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="from 0"):
        Share(*values)


def test_damaged_tars_are_told(tmp_path: Path, source: Path) -> None:
    tars = prepare(SMALL, source, tmp_path / "tars", shard=50, workers=1).prepared
    path = tars.root / read_shards(tars, "train")[0].file
    blob = path.read_bytes()
    for damaged in (b"", b"no tar" * 200, blob[: len(blob) // 3]):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"train-000000\.tar.*run sembla prepare again"):
            list(islice(stream(tars, "train"), TRAIN))
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        next(stream(tars, "train"))
