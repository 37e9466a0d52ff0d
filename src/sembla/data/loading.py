"""From a prepared set to batches: pairs in an order that a seed decides, decoded and augmented in threads.

Nothing depends on how many threads there are or where a run was stopped: which pair comes when, and how it is
augmented, follow from the seed and the number of the pair alone. Threads, because decoding and resizing let go of the
interpreter; they are as fast here as processes, start at once, and copy nothing.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.data.augment import Augmentation, Parameters, apply, centre, sample_parameters
from sembla.data.cores import cores
from sembla.data.labelsets import LANDMARKS_5, LANDMARKS_68
from sembla.data.pairs import Packed, pack
from sembla.data.prepared import Prepared, held_out, read_pairs, read_shards
from sembla.data.records import Sample
from sembla.data.shards import Share, read_shard, stream

__all__ = ["Batch", "ahead", "batches", "batches_once", "held_out_batch", "pairs_endless", "pairs_once"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class Batch:
    """Pairs of one size; what not every pair has is None."""

    names: tuple[str, ...]
    pictures: NDArray[np.uint8]
    """(N, H, W, 3)."""
    labels: NDArray[np.uint8] | None
    """(N, H, W)."""
    instances: NDArray[np.uint16] | None
    """(N, H, W)."""
    landmarks: NDArray[np.float32] | None
    """(N, P, 2), x and y in pixels of the pictures in this batch."""
    attributes: tuple[Mapping[str, bool], ...]
    """What is said of each pair; empty where nothing is."""
    identities: NDArray[np.float32] | None
    """Who it is, (N, 128); not a number where no face was found."""
    parameters: tuple[Parameters, ...]
    """What was done to each pair."""


@dataclass(frozen=True)
class _Finish:
    """What becomes of a pair on its way into a batch."""

    size: tuple[int, int]
    label_set: LabelSet | None
    augmentation: Augmentation | None
    seed: int


def batches(
    prepared: Prepared,
    split: str,
    *,
    batch: int,
    size: tuple[int, int],
    augmentation: Augmentation | None = None,
    seed: int = 0,
    share: Share | None = None,
    start: int = 0,
    threads: int | None = None,
) -> Generator[Batch, None, None]:
    """Batches without end, for training; memory stays flat.

    Args:
        prepared: The set, in single files or tars.
        split: Its part: "train", "val", "test" or "".
        batch: Pairs a batch, 1 or more.
        size: Height and width of what comes out; pairs are cropped to its shape and resized.
        augmentation: How pairs are varied; None crops the middle and varies nothing.
        seed: 0 or more; decides the order and the variations.
        share: Which part of the set this worker of this rank sees; None for all of it.
        start: Batches to pass over: `start=n` gives exactly what follows the n-th batch.
        threads: That decode; None for one a core.

    Raises `InputError` for numbers out of range, for a split that is not there, and for files that are damaged.
    """
    _check(batch, size)
    if min(seed, start) < 0:
        raise InputError(f"seed {seed} and start {start} came; give 0 or more.")
    share = share or Share()
    pairs = pairs_endless(prepared, split, seed=seed, share=share, start=start * batch)
    numbered = ((share.part + (start * batch + number) * share.parts, packed) for number, packed in enumerate(pairs))
    finish = _Finish(size, prepared.label_set, augmentation, seed)
    return _batches(numbered, finish, batch=batch, threads=threads)


def batches_once(
    prepared: Prepared,
    split: str,
    *,
    batch: int,
    size: tuple[int, int],
    threads: int | None = None,
) -> Generator[Batch, None, None]:
    """Each pair of a split once, in the order of the index, unvaried; the last batch may be smaller.

    Arguments and errors as those of `batches`.
    """
    _check(batch, size)
    numbered = enumerate(pairs_once(prepared, split))
    return _batches(numbered, _Finish(size, prepared.label_set, None, 0), batch=batch, threads=threads)


def held_out_batch(prepared: Prepared, *, size: tuple[int, int], most: int) -> Batch:
    """The first pairs that nothing learns from, at most so many, unvaried, as one batch. Raises as `held_out` does."""
    with contextlib.closing(batches_once(prepared, held_out(prepared), batch=most, size=size)) as found:
        return next(found)


def pairs_endless(
    prepared: Prepared, split: str, *, seed: int = 0, share: Share | None = None, start: int = 0
) -> Iterator[Packed]:
    """Pairs of a split without end, not decoded, each once an epoch in an order that the seed decides.

    The parts of one epoch are disjoint, and together they are all of it. `start` is how many pairs of this part to
    pass over.
    """
    share = share or Share()
    if prepared.shard:
        return stream(prepared, split, seed=seed, share=share, start=start)
    return _shuffled(prepared, split, seed=seed, share=share, start=start)


def _shuffled(prepared: Prepared, split: str, *, seed: int, share: Share, start: int) -> Iterator[Packed]:
    """Single files: one shuffled sequence over all epochs, of which each part takes every parts-th pair."""
    pairs = read_pairs(prepared, split)
    position = share.part + start * share.parts
    epoch, order = -1, np.arange(0)
    while True:
        if position // len(pairs) != epoch:
            epoch = position // len(pairs)
            order = np.random.default_rng((seed, epoch)).permutation(len(pairs))
        yield pack(prepared.root, pairs[order[position % len(pairs)]])
        position += share.parts


def pairs_once(prepared: Prepared, split: str) -> Iterator[Packed]:
    """Each pair of a split once, not decoded, in the order of the index."""
    if not prepared.shard:
        yield from (pack(prepared.root, pair) for pair in read_pairs(prepared, split))
        return
    for shard in read_shards(prepared, split):
        yield from read_shard(prepared.root / shard.file)


def _check(batch: int, size: tuple[int, int]) -> None:
    if batch < 1 or min(size) < 1:
        raise InputError(f"a batch of {batch} at {size[1]}x{size[0]} came; give a batch and sides of 1 or more.")


def _batches(
    numbered: Iterable[tuple[int, Packed]], finish: _Finish, *, batch: int, threads: int | None
) -> Generator[Batch, None, None]:
    threads = threads or cores()
    finished = ahead(partial(_finished, finish), numbered, threads=threads, most=2 * batch + threads)
    with contextlib.closing(finished):
        while several := list(islice(finished, batch)):
            yield _stacked(several)


def _finished(finish: _Finish, one: tuple[int, Packed]) -> tuple[str, Parameters, Sample]:
    """Decode a pair and apply what its number says; runs in a thread."""
    number, packed = one
    sample = packed.decode()
    source = sample.picture.shape[:2]
    if finish.augmentation:
        generator = np.random.default_rng((finish.seed, number))
        parameters = sample_parameters(generator, finish.augmentation, source=source, target=finish.size)
    else:
        parameters = centre(source, finish.size)
    sample = apply(parameters, sample, label_set=finish.label_set, landmark_swaps=_swaps(sample))
    return packed.pair.name, parameters, sample


def _swaps(sample: Sample) -> tuple[tuple[int, int], ...]:
    known = {landmarks.count: landmarks.swaps for landmarks in (LANDMARKS_5, LANDMARKS_68)}
    return () if sample.landmarks is None else known.get(len(sample.landmarks), ())


def ahead(
    work: Callable[[_Item], _Result], items: Iterable[_Item], *, threads: int, most: int
) -> Generator[_Result, None, None]:
    """What `work` makes of items in threads, in their order; at most `most` are waiting to be taken.

    What is raised in a thread is raised here, in its turn; the rest is dropped.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="sembla-loading")
    try:
        waiting: deque[Future[_Result]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _stacked(several: list[tuple[str, Parameters, Sample]]) -> Batch:
    names, parameters, samples = zip(*several, strict=True)
    return Batch(
        names=names,
        pictures=np.stack([sample.picture for sample in samples]),
        labels=_stack(sample.labels for sample in samples),
        instances=_stack(sample.instances for sample in samples),
        landmarks=_stack(sample.landmarks for sample in samples),
        attributes=tuple(sample.attributes for sample in samples),
        identities=_stack(sample.identity for sample in samples),
        parameters=parameters,
    )


def _stack(arrays: Iterable[NDArray[Any] | None]) -> NDArray[Any] | None:
    """Arrays (...) as one (N, ...); None where one is missing."""
    there = list(arrays)
    return None if any(array is None for array in there) else np.stack([array for array in there if array is not None])
