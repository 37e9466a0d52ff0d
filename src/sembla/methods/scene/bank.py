"""The engine `bank`: a prepared set of labelled photos is the model. No training and no PyTorch; it copies by design.

The photos whose layouts agree best with the wanted one become the source of a label-guided synthesis
(`patches.synthesis`): `bank_choice` finds them, `bank_pages` lays the layout's regions over them.
"""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from sembla.compiling import cached
from sembla.core.errors import InputError, LabelError
from sembla.core.labels import MAX_LABELS, LabelSet
from sembla.core.tasks import OnPicture, OnPreview, SceneResult, SceneTask, ShouldStop
from sembla.core.types import LabelMap, Picture
from sembla.data.pairs import SPARE_COLOURS, Packed, Pair, pack
from sembla.data.prepared import Prepared, open_prepared, read_pairs, read_shards
from sembla.data.records import Sample
from sembla.data.shards import pairs_at
from sembla.methods.scene.bank_choice import SPREAD, Chosen, Shelf, agreements, choose, ranked
from sembla.methods.scene.bank_colour import harmonised, styled, tone_distance, tones
from sembla.methods.scene.bank_index import Index, open_index
from sembla.methods.scene.bank_pages import OBJECT_AREA, Collage, Page, collage, opened
from sembla.methods.scene.bank_regions import regions
from sembla.methods.scene.checks import check_layout
from sembla.patches.layer import SIDE
from sembla.patches.previews import Clock
from sembla.patches.synthesis import Given, Job, Settled, solve

__all__ = ["Bank", "check", "memory_need", "open_bank", "synthesize", "warm_up"]

_log = logging.getLogger("sembla")

HELD_BYTES = 256_000_000
"""Decoded photos that are kept for the next layout."""

STYLED = 8
"""Of so many of the best photos, the main one is that nearest to the style photo."""

ALIKE = 0.85
"""Photos whose layouts agree in more than this share of the cells are much the same."""

THING = 0.4
"""A class is one of objects when at least this share of its pixels lies in small regions."""

BYTES_PER_PIXEL = 300
"""Peak of the memory taken per pixel of the result, measured."""

BASE_BYTES = 250_000_000
"""Peak of the memory taken for the smallest picture."""


@dataclass(frozen=True, eq=False)
class Bank:
    """A prepared set, ready to make photos from."""

    prepared: Prepared
    split: str
    """The part of the set that it consists of."""
    label_set: LabelSet
    shelf: Shelf
    _places: Sequence[Pair | tuple[Path, int]]
    """Of each photo: its line of the index, or its tar and its number in that."""
    _held: "OrderedDict[int, Sample]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def index(self) -> Index:
        """What it is searched by."""
        return self.shelf.index

    @property
    def names(self) -> tuple[str, ...]:
        """The photos that may be taken."""
        return tuple(np.array(self.index.names, object)[self.shelf.usable])

    def photo(self, one: Chosen) -> Sample:
        """A photo with its label map, mirrored where that was chosen. Raises `InputError` for a damaged set."""
        with self._lock:
            sample = self._held.pop(one.photo, None) or self._packed(one.photo).decode()
            self._held[one.photo] = sample
            while len(self._held) > 1 and sum(held.picture.nbytes for held in self._held.values()) > HELD_BYTES:
                self._held.popitem(last=False)
        if not one.mirrored or sample.labels is None:
            return sample
        return Sample(np.ascontiguousarray(sample.picture[:, ::-1]), self.label_set.flip(sample.labels))

    def _packed(self, number: int) -> Packed:
        place = self._places[number]
        if isinstance(place, Pair):
            return pack(self.prepared.root, place)
        return next(pairs_at(place[0], [place[1]]))

    @cached_property
    def things(self) -> NDArray[np.bool_]:
        """Which classes are objects: most of what is of them lies in small regions, (K,)."""
        parts = self.index.parts
        boxes = parts.boxes[:, 2:] - parts.boxes[:, :2]
        filled = np.unpackbits(parts.masks, axis=1).mean(axis=1) if len(parts.masks) else np.zeros(0)
        areas = boxes.prod(axis=1) * filled
        small = areas <= OBJECT_AREA
        within = np.bincount(parts.classes[small], areas[small], self.label_set.count)[: self.label_set.count]
        objects: NDArray[np.bool_] = within >= THING * np.maximum(self.index.shares.sum(axis=0), 1e-9)
        return objects


def open_bank(root: str | os.PathLike[str], *, split: str | None = None, without: frozenset[str] = frozenset()) -> Bank:
    """Open a prepared set as a bank; its index is built once and kept beside it, or in the user's cache.

    Args:
        root: The set, in single files or tars.
        split: The part to take; None for "train", or everything where the set has no splits.
        without: Names of pairs that must not be taken.

    Raises:
        InputError: It is no prepared set, has no such split or no label maps, or nothing is left of it.
    """
    prepared = open_prepared(root)
    if split is None:
        split = next((name for name in ("train", "") if prepared.counts.get(name)), "train")
    if not prepared.ids:
        raise InputError(f"{prepared.root} holds photos without label maps; a bank needs a label map of every photo.")
    label_set = prepared.label_set or _numbered(prepared.ids)
    places = _places(prepared, split)
    index = open_index(prepared, split, label_set)
    usable = np.array([name not in without for name in index.names], np.bool_)
    if not usable.any():
        raise InputError(f"nothing is left of {prepared.root} without the {len(without):,} pairs to be left out.")
    return Bank(prepared, split, label_set, Shelf(index, label_set, usable), places)


def _places(prepared: Prepared, split: str) -> list[Pair | tuple[Path, int]]:
    if not prepared.shard:
        return list(read_pairs(prepared, split))
    shards = read_shards(prepared, split)
    return [(prepared.root / shard.file, number) for shard in shards for number in range(shard.pairs)]


def _numbered(ids: Sequence[int]) -> LabelSet:
    """Classes for a set that declares none: their ids are their names, and 255 stands for no class."""
    count = max([label for label in ids if label < MAX_LABELS], default=0) + 1
    colours = tuple((int(red), int(green), int(blue)) for red, green, blue in SPARE_COLOURS[:count])
    names = tuple(f"class {label}" for label in range(count))
    return LabelSet(names, colours, ignore=255 if 255 in ids else None)


def memory_need(task: SceneTask) -> int:
    """Predict the peak of the memory that `synthesize` takes, in bytes, beside the task and the bank."""
    return BASE_BYTES + BYTES_PER_PIXEL * task.labels.size + 3 * task.labels.size * task.variations


def check(bank: Bank, task: SceneTask) -> None:
    """Refuse what cannot be done, before anything is done: raises `LabelError` and `SizeError`."""
    check_layout(task, bank.label_set)
    label_set, used = bank.label_set, np.unique(task.labels)
    classes = used[used < label_set.count]
    if not len(classes):
        raise LabelError(f"every pixel of the layout is {label_set.ignore}, the value to ignore; paint some class.")
    available = np.maximum(bank.shelf.available, bank.shelf.available[label_set.swap_table[: label_set.count]])
    missing = classes[available[classes] == 0]
    if missing.size:
        there = ", ".join(label_set.names[label] for label in np.flatnonzero(available))
        raise LabelError(
            f"the layout has class {missing[0]} ({label_set.names[missing[0]]}), which no photo of the bank has; "
            f"it has {there}."
        )


@dataclass(frozen=True)
class _Made:
    """A finished picture."""

    picture: Picture
    owners: NDArray[np.int32]
    """The photo that each pixel is from, (h, w)."""


def synthesize(
    bank: Bank,
    task: SceneTask,
    on_preview: OnPreview | None = None,
    *,
    stop: ShouldStop | None = None,
    on_picture: OnPicture | None = None,
) -> SceneResult:
    """Make photos of a layout from those of a bank.

    Seed 0 begins with the photo that agrees best; other seeds and further variations with others.

    Args:
        bank: What to take from.
        task: What to make.
        on_preview: Called with the whole frame after each level, coarse first.
        stop: Asked between the steps of the work.
        on_picture: Called with each finished picture and its credits.

    Raises:
        LabelError: The layout has an id beyond the label set, or a class that no photo has.
        SizeError: The layout's size is out of range, or not that of the region.
        Cancelled: `on_preview` returned False, or `stop` True.
    """
    check(bank, task)
    warm_up()
    clock = Clock(on_preview)
    layout = _filled(task.labels, bank.label_set.ignore)
    scores = ranked(bank.shelf, layout)
    last = task.first_variation + task.variations
    mains = _mains(bank, scores, task, last)
    plain: _Made | None = None
    made: list[_Made] = []
    origins: list[Mapping[str, float]] = []
    for variation in range(task.first_variation, last):
        if variation > 0 and task.region is not None and plain is None:
            plain = _make(bank, task, layout, main=mains[0], scores=scores, variation=0, clock=clock, stop=stop)
        before = plain if variation > 0 else None
        made.append(
            _make(
                bank,
                task,
                layout,
                main=mains[variation],
                scores=scores,
                variation=variation,
                clock=clock,
                stop=stop,
                before=before,
            )
        )
        plain = made[-1] if variation == 0 and task.region is not None else plain
        origins.append(_credits(bank, made[-1].owners))
        if on_picture is not None:
            on_picture(made[-1].picture, origins[-1])
    return SceneResult(
        tuple(one.picture for one in made),
        seed=task.seed,
        seconds=clock.seconds,
        credits=tuple(origins),
    )


def _filled(labels: LabelMap, ignore: int | None) -> LabelMap:
    """Pixels without a class get that of the nearest pixel with one."""
    if ignore is None or not (labels == ignore).any():
        return labels
    _, nearest = distance_transform_edt(labels == ignore, return_indices=True)
    filled: LabelMap = labels[nearest[0], nearest[1]]
    return filled


def _mains(bank: Bank, scores: NDArray[np.float32], task: SceneTask, count: int) -> list[Chosen]:
    """The main photo of each variation: another for each, as long as there are any."""
    mains: list[Chosen] = []
    for variation in range(count):
        rated = scores.copy()
        if (task.seed, variation) != (0, 0):
            rated += np.random.default_rng([task.seed, variation]).uniform(0, SPREAD, rated.shape).astype(np.float32)
        alike = np.zeros(len(rated), np.bool_)  # as the next frames of the same drive are
        for main in mains:
            alike |= (bank.index.layouts == bank.index.layouts[main.photo]).mean(axis=1) > ALIKE
        rated -= np.float32(2 * SPREAD) * alike[:, None]
        others = int(bank.shelf.usable.sum()) - 1
        rated[[main.photo for main in mains[len(mains) - min(len(mains), others) :]]] = -1
        rated[~bank.shelf.usable] = -1
        order = np.argsort(-rated, axis=None, kind="stable")[:STYLED]
        best = [Chosen(int(place) // 2, bool(place % 2)) for place in order if rated.flat[place] > -1]
        style = task.style
        if style is not None:
            best.sort(key=lambda one: tone_distance(bank.photo(one).picture, style) / 255 - rated[one.photo].max())
        mains.append(best[0])
    return mains


def _make(
    bank: Bank,
    task: SceneTask,
    layout: LabelMap,
    *,
    main: Chosen,
    scores: NDArray[np.float32],
    variation: int,
    clock: Clock,
    stop: ShouldStop | None,
    before: _Made | None = None,
) -> _Made:
    """One picture. With `before`, it is that picture outside of the task's region."""
    chance = np.random.default_rng([task.seed, variation, 1])
    spread = 0.0 if (task.seed, variation) == (0, 0) else SPREAD
    needed = [int(label) for label in np.unique(layout)]
    chosen = choose(bank.shelf, layout, main, scores=scores, needed=needed)
    laid = collage(bank.shelf, layout, chosen, photo=bank.photo, things=bank.things, chance=chance, spread=spread)
    if task.style is not None:
        laid = _in_style(laid, task.style)
    open_ = opened(laid, layout)
    if before is not None and task.region is not None:
        laid, open_ = _within(laid, open_, layout, region=task.region, before=before)
    job = _job(laid, layout, seed=int(chance.integers(2**32)), open_=open_)
    settled: Settled | None = None
    for settled in solve(job, stop):
        clock.show(settled)
    assert settled is not None
    return _Made(settled.picture, _owners(laid, settled))


def _in_style(laid: Collage, style: Picture) -> Collage:
    """The pages in the colours of a style photo: all get the change that the main one needs."""
    main = laid.pages[0].picture
    pages = tuple(replace(page, picture=styled(page.picture, like=main, style=style)) for page in laid.pages)
    return replace(laid, pages=pages)


def _job(laid: Collage, layout: LabelMap, *, seed: int, open_: NDArray[np.bool_]) -> Job:
    """The synthesis of a layout from pages, in the classes that it has and one for all others."""
    used = np.unique(layout)
    table = np.full(256, len(used), np.uint8)
    table[used] = np.arange(len(used))
    return Job(
        np.concatenate([page.picture for page in laid.pages]),
        table[np.concatenate([page.labels for page in laid.pages])],
        table[layout],
        len(used) + 1,
        open=open_,
        seed=seed,
        pages=len(laid.pages),
        given=laid.given,
        complete=False,
    )


def _within(
    laid: Collage, open_: NDArray[np.bool_], layout: LabelMap, *, region: NDArray[np.bool_], before: _Made
) -> tuple[Collage, NDArray[np.bool_]]:
    """The same inside of a region; outside, the picture before, as one more page that nothing changes."""
    rows, columns = np.indices(layout.shape, np.int32)
    pages = (*laid.pages, Page(before.picture, layout, before.owners))
    given = Given(
        np.where(region, laid.given.pages, np.int32(len(pages) - 1)),
        np.where(region, laid.given.rows, rows),
        np.where(region, laid.given.columns, columns),
    )
    margin = max(4.0, 0.02 * max(layout.shape))
    near = distance_transform_edt(region) <= margin
    return Collage(pages, given, laid.marks, laid.areas), region & (open_ | near)


def _owners(laid: Collage, settled: Settled) -> NDArray[np.int32]:
    """The photo that each pixel is from."""
    height, width = laid.marks.shape
    page, rows = np.divmod(settled.rows, height + SIDE)
    owners = np.stack([page.owners for page in laid.pages])
    found: NDArray[np.int32] = owners[page, rows.clip(max=height - 1), settled.columns.clip(max=width - 1)]
    return found


def _credits(bank: Bank, owners: NDArray[np.int32]) -> Mapping[str, float]:
    """The share of the pixels that is from each photo, largest first."""
    numbers, counts = np.unique(owners, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {bank.index.names[numbers[place]]: float(counts[place]) / owners.size for place in order}


@cache
def warm_up() -> None:
    """Load or compile the kernels, once a process, so that no picture pays for it."""
    if not cached():
        _log.info("compiling the kernels, once on this machine; later runs start at once")
    labels = np.zeros((64, 64), np.uint8)
    labels[:, 32:] = 1
    picture = np.zeros((64, 64, 3), np.uint8)
    regions(labels)
    agreements(
        labels[None].reshape(1, -1), labels.reshape(-1), np.ones(labels.size, np.float32), np.zeros(1, np.float32)
    )
    own = tones(picture, labels, 2)
    harmonised(picture, labels, own, wanted=own)
    rows, columns = np.indices(labels.shape, np.int32)
    given = Given(np.where(labels == 0, np.int32(0), np.int32(-1)), rows, columns)
    job = Job(np.zeros((128, 64, 3), np.uint8), np.concatenate([labels, labels]), labels, 3, pages=2, given=given)
    for _ in solve(replace(job, complete=False)):
        pass
