"""Label-guided texture synthesis, coarse to fine: a source with labels, a layout, and a picture of that layout.

Texture optimisation (Wexler et al. 2007; Kwatra et al. 2005) with PatchMatch fields (Barnes et al. 2009): per level,
search a source patch for each target patch, let the patches vote on every pixel, and repeat.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates, uniform_filter

from sembla.compiling import Array
from sembla.core.errors import Cancelled
from sembla.core.tasks import ShouldStop
from sembla.core.types import LabelMap, Picture, Region
from sembla.patches.changes import cover
from sembla.patches.field import Field, LabelPool, Weights, label_pool, rate, sweep
from sembla.patches.layer import RADIUS, SIDE, Layer, pad_edges
from sembla.patches.pyramid import Size, level_sizes
from sembla.patches.reduced import GUIDED_SIDE, Reduced
from sembla.patches.refine import refine
from sembla.patches.start import guesses
from sembla.patches.transport import transported
from sembla.patches.vote import vote

__all__ = ["Given", "Job", "Settled", "solve"]

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
class Given:
    """A field that is known in parts, at the layout's size: (h, w) each."""

    pages: NDArray[np.int32]
    """The picture of the stack; -1 where nothing is known."""
    rows: NDArray[np.int32]
    """Counted within that picture."""
    columns: NDArray[np.int32]


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
    pages: int = 1
    """The source is so many pictures of the layout's size, one below the other: `picture` is (pages h, w, 3).

    No label of the layout may then be `count` - 1, which stands between them."""
    given: "Given | None" = None
    """Where to take what from, as far as that is known; `open` pixels begin there, the others stay."""
    complete: bool = True
    """Bring up what the source has as often as it has it."""


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
    known: Region
    """Where `field` holds a match that was given."""

    @property
    def longest(self) -> int:
        return max(self.target.height, self.target.width)


def solve(job: Job, stop: ShouldStop | None = None) -> Iterator[Settled]:
    """Synthesise level by level; the last one yielded is the result at the layout's size.

    `stop` is asked before each turn of a level; `Cancelled` is raised when it says True.
    """
    sizes = level_sizes(job.layout.shape)
    reduced = Reduced(job.picture, job.labels, job.layout, count=job.count, pages=job.pages, sizes=sizes)
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


def _stage(job: Job, reduced: Reduced, index: int) -> _Stage:
    layout, target, source = reduced.layers(index)
    size = target.height, target.width
    labels = source.labels.reshape(source.height + SIDE, -1)[RADIUS:-RADIUS, RADIUS:-RADIUS]
    open_ = cover(job.open, size) & cover(job.reopened, size)
    empty = Field(np.zeros(size, np.int32), np.zeros(size, np.int32), np.zeros(size, np.float32))
    known = np.zeros(size, np.bool_)
    if job.given is not None:
        empty.rows, empty.columns = _scaled(job.given, size, pitch=source.pitch)
        known = (empty.rows >= 0) & (labels[empty.rows, empty.columns] == layout)
        open_ |= ~known
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
    return _Stage(index, target, source, layout, labels, open_, label_pool(labels, job.count), weights, empty, known)


def _scaled(given: Given, size: Size, *, pitch: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows and columns in a stack of pictures of `size`, `pitch` rows apart; shifts are kept. -1 stays."""
    height, width = given.pages.shape
    rows, columns = np.indices(size, np.int32)
    down = np.minimum(((rows[:, :1] + 0.5) * height / size[0]).astype(np.intp), height - 1)
    right = np.minimum(((columns[:1] + 0.5) * width / size[1]).astype(np.intp), width - 1)
    page = given.pages[down, right]
    y = rows + np.rint((given.rows[down, right] - down) * (size[0] / height)).astype(np.int32)
    x = columns + np.rint((given.columns[down, right] - right) * (size[1] / width)).astype(np.int32)
    y, x = np.clip(y, 0, size[0] - 1) + page * np.int32(pitch), np.clip(x, 0, size[1] - 1)
    return np.where(page < 0, np.int32(-1), y), x


def _guess(job: Job, stage: _Stage) -> None:
    """Choose for each pixel the guess whose labels and signed distances fit best."""
    black = stage.source._replace(flat=np.zeros_like(stage.source.flat))
    target = stage.target._replace(flat=np.zeros_like(stage.target.flat))
    chance = np.random.default_rng([job.seed, 1]) if job.roaming else None
    best: NDArray[np.float32] | None = None
    size = stage.layout.shape
    for rows, columns, possible in _all_guesses(stage, chance):
        costs = np.zeros(size, np.float32)
        rate(target, black, NO_USAGE, stage.weights, rows, columns, costs, np.ones(size, np.bool_))
        if chance is not None:
            costs = (costs + 1e4) * _patchy(chance, size)
        costs[~possible] = np.inf
        better = costs < best if best is not None else np.ones(size, np.bool_)
        better &= ~stage.known
        stage.field.rows[better], stage.field.columns[better] = rows[better], columns[better]
        best = costs if best is None else np.minimum(best, costs)
    distrusted = cover(job.distrusted, size)
    if not distrusted.all():
        same = ~distrusted & (stage.layout == stage.labels)
        own_rows, own_columns = _identity(size)
        stage.field.rows[same], stage.field.columns[same] = own_rows[same], own_columns[same]


def _all_guesses(stage: _Stage, chance: np.random.Generator | None) -> Iterator[tuple[Array, Array, Region]]:
    """The guesses from each picture of the source, and where that picture has the wanted label at all."""
    tall = stage.source.pitch - SIDE
    for top in range(0, stage.source.height, stage.source.pitch):
        labels = stage.labels[top : top + tall]
        wanted = np.intersect1d(stage.layout[~stage.known], labels)
        possible = np.isin(stage.layout, wanted)
        for rows, columns in guesses(labels, stage.layout, wanted_labels=map(int, wanted), chance=chance):
            yield rows + np.int32(top), columns, possible


def _patchy(chance: np.random.Generator, size: Size) -> NDArray[np.float32]:
    """Random factors that change slowly over the picture."""
    knots = chance.uniform(-1.5, 1.5, (5, 5)).astype(np.float32)
    rows, columns = np.linspace(0, 4, size[0]), np.linspace(0, 4, size[1])
    smooth = map_coordinates(knots, np.meshgrid(rows, columns, indexing="ij"), order=1)
    return np.exp(smooth).astype(np.float32)


def _refine(job: Job, stage: _Stage, coarser: _Stage) -> None:
    """Start from the coarser level's field; what was given stays."""
    given = stage.field.rows.copy(), stage.field.columns.copy()
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
    for refined, before in zip((stage.field.rows, stage.field.columns), given, strict=True):
        np.copyto(refined, before, where=stage.known)


def _settle(job: Job, stage: _Stage) -> None:
    """Write what is kept: what was given, or the source at its own place, or the picture before this one."""
    if stage.open.all():
        return
    size = stage.layout.shape
    closed = ~stage.open
    if job.given is not None:
        stage.target.picture[closed] = stage.source.picture[stage.field.rows[closed], stage.field.columns[closed]]
        return
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
    if job.complete and stage.longest <= COMPLETED_SIDE and turn < COMPLETED_TURNS:
        _complete(job, stage, turn)
    pad_edges(stage.target.pixels)
    found, early = stage.field, stage.index < 3
    usage = _usage(stage, job.count) if job.complete and stage.longest <= COUNTED_SIDE else NO_USAGE
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
