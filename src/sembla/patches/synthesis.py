"""Label-guided texture synthesis, coarse to fine: a source with labels, a layout, and a picture of that layout.

Texture optimisation (Wexler et al. 2007; Kwatra et al. 2005) with PatchMatch fields (Barnes et al. 2009): per level,
search a source patch for each target patch, let the patches vote on every pixel, and repeat.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates, uniform_filter

from sembla.core.errors import Cancelled
from sembla.core.tasks import ShouldStop
from sembla.core.types import LabelMap, Picture, Region
from sembla.patches.changes import cover
from sembla.patches.compiling import Array
from sembla.patches.field import Field, LabelPool, Weights, label_pool, rate, sweep
from sembla.patches.layer import Layer, border_distance, layer, pad_edges
from sembla.patches.pyramid import (
    Size,
    guide_at,
    level_sizes,
    majority,
    pure_colours,
    resize_labels,
    resize_picture,
    signed_distances,
)
from sembla.patches.refine import refine
from sembla.patches.start import guesses
from sembla.patches.transport import transported
from sembla.patches.vote import vote

__all__ = ["Job", "Settled", "solve"]

PURE_SIDE = 200
"""Up to this longer side a level's colours are averaged within the labels, so that no rim of mixed colours forms."""

GUIDED_SIDE = 400
"""Up to this longer side the signed distances to all labels guide the search, and whole labels are drawn from."""

DISTANCE_SIDE = 170
"""Signed distances are measured at the last level whose longer side is at most this."""

COUNTED_SIDE = 700
"""Up to this longer side the use of source patches is balanced."""

TWICE_SIDE = 1100
"""Up to this longer side a level is searched and voted on twice."""

COMPLETED_SIDE = 300
"""Up to this longer side, where the composition is decided, a level is brought to the source's patch distribution."""

COMPLETED_TURNS = 3
"""At most so many turns of each such level begin with a step towards it."""

DIRECTIONS = 8
"""Directions of each such step."""

ALL = np.ones((1, 1), np.bool_)
NO_USAGE = np.zeros(0, np.float32)


@dataclass(frozen=True)
class Settled:
    """One finished level."""

    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    picture: Picture
    level: int
    levels: int


@dataclass(frozen=True)
class Job:
    """What to make, from what. Regions are given on any grid that covers the layout."""

    picture: Picture
    """The source, (H, W, 3), at the scale of the result."""
    labels: LabelMap
    """(H, W)."""
    layout: LabelMap
    """(h, w); each of its labels occurs in `labels`."""
    count: int
    """Number of labels."""
    open: Region = field(default_factory=lambda: ALL)
    """What to make anew; elsewhere the result is the source, which then has the layout's size."""
    distrusted: Region = field(default_factory=lambda: ALL)
    """Elsewhere the source pixel at the same place is the first guess; the source then has the layout's size."""
    past: tuple[Settled, ...] = ()
    """The levels of the picture before this one, in a sequence."""
    reopened: Region = field(default_factory=lambda: ALL)
    """What to make anew of that picture."""
    seed: int = 0
    roaming: bool = False
    """Start from guesses picked by chance, for a picture that differs from the first."""


@dataclass
class _Stage:
    """One level at work."""

    index: int
    target: Layer
    source: Layer
    layout: LabelMap
    labels: LabelMap
    open: Region
    pool: LabelPool
    weights: Weights
    field: Field

    @property
    def longest(self) -> int:
        return max(self.target.height, self.target.width)


def solve(job: Job, stop: ShouldStop | None = None) -> Iterator[Settled]:
    """Synthesise level by level; the last one yielded is the result at the layout's size.

    `stop` is asked before each turn of a level; `Cancelled` is raised when it says True.
    """
    sizes = level_sizes(job.layout.shape)
    reduced = _Reduced(job, sizes)
    coarser: _Stage | None = None
    for index in range(len(sizes)):
        stage = _stage(job, reduced, index)
        if coarser is None:
            _guess(job, stage)
        else:
            _refine(job, stage, coarser)
        _settle(job, stage)
        vote(*_voting(stage), 1, 1.0)
        for turn in range(_turns(stage)):
            if stop is not None and stop():
                raise Cancelled("the work was asked to stop.")
            _improve(job, stage, turn, last=index == len(sizes) - 1 and turn == _turns(stage) - 1)
        yield Settled(stage.field.rows, stage.field.columns, stage.target.picture.copy(), index, len(sizes))
        coarser = stage


class _Reduced:
    """The source and the layout at every level."""

    def __init__(self, job: Job, sizes: list[Size]) -> None:
        self.job, self.sizes = job, sizes
        ratio = job.labels.shape[0] / job.layout.shape[0], job.labels.shape[1] / job.layout.shape[1]
        self.source_sizes = [(max(1, round(size[0] * ratio[0])), max(1, round(size[1] * ratio[1]))) for size in sizes]
        small = max((index for index, size in enumerate(sizes) if max(size) <= GUIDED_SIDE), default=0)
        self.small_labels = majority(job.labels, self.source_sizes[small], job.count)
        self.small_layout = majority(job.layout, sizes[small], job.count)
        clear = border_distance(job.labels, 4) >= 3
        self.small_picture = pure_colours(job.picture, job.labels, clear=clear, winners=self.small_labels)
        guide = max((index for index, size in enumerate(sizes) if max(size) <= DISTANCE_SIDE), default=0)
        self.guide = signed_distances(majority(self.small_layout, sizes[guide], job.count), job.count)
        source_labels = majority(self.small_labels, self.source_sizes[guide], job.count)
        self.source_guide = signed_distances(source_labels, job.count)

    def layers(self, index: int) -> tuple[LabelMap, LabelMap, Layer, Layer]:
        """The layout, the labels, the target (its colours still black) and the source of one level."""
        size, source_size, job = self.sizes[index], self.source_sizes[index], self.job
        if max(size) <= PURE_SIDE:
            labels = majority(self.small_labels, source_size, job.count)
            layout = majority(self.small_layout, size, job.count)
            clear = np.ones(self.small_labels.shape, np.bool_)
            picture = pure_colours(self.small_picture, self.small_labels, clear=clear, winners=labels)
        else:
            labels, layout = resize_labels(job.labels, source_size), resize_labels(job.layout, size)
            picture = resize_picture(job.picture, source_size)
        layout = _without_absent(layout, labels, job.count)
        guide = source_guide = None
        if max(size) <= GUIDED_SIDE:
            guide, source_guide = guide_at(self.guide, size), guide_at(self.source_guide, source_size)
        black = np.zeros((*size, 3), np.uint8)
        return layout, labels, layer(black, layout, guide), layer(picture, labels, source_guide)


def _without_absent(layout: LabelMap, labels: LabelMap, count: int) -> LabelMap:
    """Give pixels whose label vanished from the reduced source the nearest label that did not."""
    present = np.bincount(labels.ravel(), minlength=count) > 0
    absent = ~present[layout]
    if not absent.any():
        return layout
    _, nearest = distance_transform_edt(absent, return_indices=True)
    if absent.all():
        return np.full_like(layout, labels[0, 0])
    filled: LabelMap = layout[nearest[0], nearest[1]]
    return filled


def _stage(job: Job, reduced: _Reduced, index: int) -> _Stage:
    layout, labels, target, source = reduced.layers(index)
    size = target.height, target.width
    open_ = cover(job.open, size) & cover(job.reopened, size)
    strength = 1.0 if index < 2 else 0.5 if index < 4 else 0.2
    nearness = 1.0 if index == 0 else 0.5 if index == 1 else 0.15
    loose = 0.25 if job.roaming else 1.0
    weights = Weights(
        label=2000.0,
        guide=0.3 * strength * loose,
        position=400_000.0 * nearness * loose,
        usage=1000.0,
        coherence=0.85,
        margin=300.0,
    )
    empty = Field(np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.float32))
    return _Stage(index, target, source, layout, labels, open_, label_pool(labels, job.count), weights, empty)


def _guess(job: Job, stage: _Stage) -> None:
    """Choose for each pixel the guess whose labels and signed distances fit best."""
    black = stage.source._replace(flat=np.zeros_like(stage.source.flat))
    target = stage.target._replace(flat=np.zeros_like(stage.target.flat))
    chance = np.random.default_rng([job.seed, 1]) if job.roaming else None
    best: NDArray[np.float32] | None = None
    wanted = [int(label) for label in np.unique(stage.layout)]
    for rows, columns in guesses(stage.labels, stage.layout, wanted_labels=wanted, chance=chance):
        costs = np.zeros(stage.layout.shape, np.float32)
        rate(target, black, NO_USAGE, stage.weights, rows, columns, costs, np.ones(costs.shape, np.bool_))
        if chance is not None:
            costs = (costs + 1e4) * _patchy(chance, stage.layout.shape)
        better = costs < best if best is not None else np.ones(costs.shape, np.bool_)
        stage.field.rows[better], stage.field.columns[better] = rows[better], columns[better]
        best = costs if best is None else np.minimum(best, costs)
    size = stage.layout.shape
    distrusted = cover(job.distrusted, size)
    if not distrusted.all():
        same = ~distrusted & (stage.layout == stage.labels)
        own_rows, own_columns = _identity(size)
        stage.field.rows[same], stage.field.columns[same] = own_rows[same], own_columns[same]


def _patchy(chance: np.random.Generator, size: Size) -> NDArray[np.float32]:
    """Random factors that change slowly over the picture."""
    knots = chance.uniform(-1.5, 1.5, (5, 5)).astype(np.float32)
    rows, columns = np.linspace(0, 4, size[0]), np.linspace(0, 4, size[1])
    smooth = map_coordinates(knots, np.meshgrid(rows, columns, indexing="ij"), order=1)
    return np.exp(smooth).astype(np.float32)


def _refine(job: Job, stage: _Stage, coarser: _Stage) -> None:
    """Start from the coarser level's field."""
    refine(
        coarser.field.rows,
        coarser.field.columns,
        (coarser.source.height, coarser.source.width),
        stage.target,
        stage.source,
        stage.pool,
        stage.field.rows,
        stage.field.columns,
        job.seed * 1_000_003 + stage.index,
    )


def _settle(job: Job, stage: _Stage) -> None:
    """Write what is kept: the source at its own place, or the picture before this one."""
    if stage.open.all():
        return
    size = stage.layout.shape
    closed = ~stage.open
    rows, columns = _identity(size)
    picture = stage.source.picture
    if job.past:
        earlier, remade = job.past[stage.index], cover(job.open, size)
        rows, columns = np.where(remade, earlier.rows, rows), np.where(remade, earlier.columns, columns)
        picture = np.where(remade[..., None], earlier.picture, picture)
    stage.field.rows[closed], stage.field.columns[closed] = rows[closed], columns[closed]
    stage.target.picture[closed] = picture[closed]


def _identity(size: Size) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The rows and columns of the field that takes every pixel from its own place."""
    rows, columns = np.indices(size, np.int32)
    return rows, columns


def _turns(stage: _Stage) -> int:
    """How often to search and vote."""
    if stage.index < 3:
        return (6, 4, 3)[stage.index]
    return 3 if stage.longest <= GUIDED_SIDE else 2 if stage.longest <= TWICE_SIDE else 1


def _voting(stage: _Stage) -> tuple[Layer, Layer, Array, Array, Array, Region]:
    found = stage.field
    return stage.target, stage.source, found.rows, found.columns, found.costs, stage.open


def _improve(job: Job, stage: _Stage, turn: int, *, last: bool) -> None:
    """One turn: search with the colours as they are, then vote."""
    if stage.longest <= COMPLETED_SIDE and turn < COMPLETED_TURNS:
        _complete(job, stage, turn)
    pad_edges(stage.target.pixels)
    found, early = stage.field, stage.index < 3
    usage = _usage(stage, job.count) if stage.longest <= COUNTED_SIDE else NO_USAGE
    matching = stage.target, stage.source, usage, stage.weights
    rate(*matching, found.rows, found.columns, found.costs, stage.open)
    reach = stage.longest // 2 if early else 16
    draws = 2 if early else 1 if stage.longest <= GUIDED_SIDE else 0
    for pass_ in range(4 if early else 2):
        state = ((job.seed * 1009 + stage.index) * 101 + turn) * 11 + pass_
        step = 1 if pass_ % 2 == 0 else -1
        sweep(*matching, stage.pool, found.rows, found.columns, found.costs, stage.open, reach, draws, step, state)
    vote(*_voting(stage), 1 if last else 3, _scale(found.costs, stage.open))


def _complete(job: Job, stage: _Stage, turn: int) -> None:
    """Let what the picture has too little of come up (completeness)."""
    picture, seed = stage.target.picture, (job.seed * 1013 + stage.index) * 103 + turn
    moved = transported(
        picture, stage.layout, source=stage.source.picture, labels=stage.labels, directions=DIRECTIONS, seed=seed
    )
    picture[stage.open] = moved[stage.open]


def _scale(costs: Array, open_: Region) -> float:
    """The cost at which a patch's confidence falls to 1/e: half of what 60 % of the patches stay below."""
    stride = max(1, costs.size // 60_000)
    sample = costs.reshape(-1)[::stride][open_.reshape(-1)[::stride]]
    return max(float(np.percentile(sample, 60)) if sample.size else 0.0, 150.0) * 0.5


def _usage(stage: _Stage, count: int) -> NDArray[np.float32]:
    """How much more often than its label's fair share each source pixel is used, 0 to 8, (H W,).

    The fair share of a label is how many target pixels there are to a source pixel, at least 1.
    """
    size = stage.labels.shape
    places = stage.field.rows.astype(np.int64) * size[1] + stage.field.columns
    used = np.bincount(places.ravel(), minlength=size[0] * size[1]).astype(np.float32).reshape(size)
    wanted = np.bincount(stage.layout.ravel(), minlength=count)
    share = np.maximum(wanted / np.maximum(np.bincount(stage.labels.ravel(), minlength=count), 1), 1)
    excess: NDArray[np.float32] = np.clip(uniform_filter(used, 3) / share[stage.labels] - 1, 0, 8).astype(np.float32)
    return excess.reshape(-1)
