"""Batches: the same whatever the threads, wherever they are taken up; every pair once an epoch."""

import threading
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tests.data.small_set import CLASSES, SMALL, make_source, read, records

from sembla.core.errors import InputError
from sembla.data.augment import Augmentation, apply, centre
from sembla.data.loading import Batch, batches, batches_once, pairs_endless
from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared
from sembla.data.shards import Share

TRAIN = 13
SIZE = (16, 20)
VARIED = Augmentation(zoom=(1.0, 1.3), warp=0.03, brightness=0.1, hue=0.05)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_source(tmp_path_factory.mktemp("source"), train=TRAIN, val=3)


@pytest.fixture(scope="module", params=[None, 4])
def prepared(source: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Prepared:
    """The set in single files, and in tars."""
    return prepare(SMALL, source, tmp_path_factory.mktemp("out"), shard=request.param, workers=1).prepared


def same(one: Batch, other: Batch) -> bool:
    arrays = ("pictures", "labels", "instances", "landmarks")
    return (
        one.names == other.names
        and one.parameters == other.parameters
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
    )


def taken(
    prepared: Prepared, count: int, *, start: int = 0, threads: int = 2, share: Share | None = None
) -> list[Batch]:
    loader = batches(
        prepared, "train", batch=4, size=SIZE, augmentation=VARIED, seed=3, start=start, threads=threads, share=share
    )
    return list(islice(loader, count))


def test_batches_have_the_shapes_that_were_asked_for(prepared: Prepared) -> None:
    batch = taken(prepared, 1)[0]
    assert batch.pictures.shape == (4, *SIZE, 3)
    assert batch.labels is not None
    assert batch.labels.shape == (4, *SIZE)
    assert batch.instances is not None
    assert batch.instances.dtype == np.uint16
    assert batch.landmarks is not None
    assert batch.landmarks.shape == (4, 5, 2)
    assert len(batch.attributes) == len(batch.names) == 4


def test_threads_change_nothing(prepared: Prepared) -> None:
    one, five = taken(prepared, 6, threads=1), taken(prepared, 6, threads=5)
    assert all(same(first, second) for first, second in zip(one, five, strict=True))


@pytest.mark.parametrize("start", [1, 3, 4, 9])
def test_taken_up_anywhere_it_gives_exactly_the_rest(prepared: Prepared, start: int) -> None:
    whole, rest = taken(prepared, 12), taken(prepared, 12 - start, start=start)
    assert all(same(first, second) for first, second in zip(whole[start:], rest, strict=True))


def test_a_batch_can_be_made_again_from_its_parameters(prepared: Prepared, source: Path) -> None:
    by_name = {record.name: read(record) for record in records(source)}
    batch = taken(prepared, 3)[-1]
    for number, (name, parameters) in enumerate(zip(batch.names, batch.parameters, strict=True)):
        again = apply(parameters, by_name[name], label_set=CLASSES, landmark_swaps=((0, 1), (3, 4)))
        assert np.array_equal(again.picture, batch.pictures[number])
        assert batch.labels is not None
        assert np.array_equal(again.labels, batch.labels[number])  # type: ignore[arg-type]
        assert batch.landmarks is not None
        assert np.array_equal(again.landmarks, batch.landmarks[number])  # type: ignore[arg-type]


def test_ranks_and_workers_are_dealt_the_sequence_that_one_alone_sees(source: Path, tmp_path: Path) -> None:
    files = prepare(SMALL, source, tmp_path / "out", workers=1).prepared
    alone = [packed.pair.name for packed in islice(pairs_endless(files, "train", seed=5), 3 * TRAIN)]
    for ranks, workers in ((2, 1), (1, 3), (2, 2)):
        shares = [Share(rank, ranks, worker, workers) for rank in range(ranks) for worker in range(workers)]
        streams = [pairs_endless(files, "train", seed=5, share=share) for share in shares]
        dealt = [next(streams[number % len(streams)]).pair.name for number in range(3 * TRAIN)]
        assert dealt == alone
    for epoch in range(3):
        assert sorted(alone[epoch * TRAIN : (epoch + 1) * TRAIN]) == sorted(set(alone))
    assert len(set(alone)) == TRAIN


def test_variations_differ_between_epochs_and_ranks(prepared: Prepared) -> None:
    parameters = [each for batch in taken(prepared, 8) for each in batch.parameters]
    parameters += [each for batch in taken(prepared, 8, share=Share(1, 2)) for each in batch.parameters]
    assert len(set(parameters)) >= 48  # rank 1 of 2 shares the odd numbers with the only rank


def test_once_is_every_pair_in_order_and_unvaried(prepared: Prepared, source: Path) -> None:
    by_name = {record.name: read(record) for record in records(source)}
    found = list(batches_once(prepared, "train", batch=5, size=SIZE))
    assert [len(batch.names) for batch in found] == [5, 5, 3]
    names = [name for batch in found for name in batch.names]
    assert sorted(names) == sorted(name for name in by_name if name.startswith("train"))
    first = apply(centre((24, 36), SIZE), by_name[names[0]])
    assert np.array_equal(found[0].pictures[0], first.picture)


def test_leaving_off_ends_the_threads(prepared: Prepared) -> None:
    loader = batches(prepared, "train", batch=2, size=SIZE, threads=3)
    next(loader)
    assert any(thread.name.startswith("sembla-loading") for thread in threading.enumerate())
    loader.close()
    assert not any(thread.name.startswith("sembla-loading") for thread in threading.enumerate())


def test_memory_stays_flat(prepared: Prepared) -> None:
    loader = batches(prepared, "train", batch=4, size=(64, 64), augmentation=Augmentation(), threads=2)
    next(loader)
    tracemalloc.start()
    try:
        for _ in islice(loader, 10):
            pass
        early = tracemalloc.get_traced_memory()[0]
        for _ in islice(loader, 100):
            pass
        late = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
        loader.close()
    passed = 100 * 4 * 64 * 64 * 6  # bytes of the pixels, labels and instances that went through
    assert late - early < passed / 10


def test_a_damaged_file_is_told_by_name(source: Path, tmp_path: Path) -> None:
    prepared = prepare(SMALL, source, tmp_path / "out", workers=1).prepared
    (tmp_path / "out/images/train/train.2.webp").write_bytes(b"")
    with pytest.raises(InputError, match=r"train\.2\.webp is damaged"):
        list(batches_once(prepared, "train", batch=4, size=SIZE))


@pytest.mark.parametrize(("batch", "size"), [(0, SIZE), (1, (0, 5))])
def test_numbers_out_of_range_are_told(prepared: Prepared, batch: int, size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="1 or more"):
        batches(prepared, "train", batch=batch, size=size)


@pytest.mark.parametrize(("seed", "start"), [(-1, 0), (0, -1)])
def test_negative_numbers_are_told(prepared: Prepared, seed: int, start: int) -> None:
    with pytest.raises(InputError, match="0 or more"):
        batches(prepared, "train", batch=1, size=SIZE, seed=seed, start=start)
