"""Giving every pixel of a colour map to one of a few known colours.

A label map that was drawn with soft brushes, scaled, or saved as JPEG shows colours that nobody chose: blends along
the borders, ripples beside them. Only the *cores*, blocks of pixels that all lie near the same known colour, can be
trusted by colour alone. A border pixel is decided among the classes whose cores lie around it, so that a blend of
red and blue never becomes the purple class that lives elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from sembla.core.types import MAX_CLASSES, LabelMap, Picture, Region

__all__ = [
    "UNKNOWN",
    "Noise",
    "Tally",
    "blend_misfit",
    "border_width",
    "classes_around",
    "cores",
    "in_blocks",
    "measure_noise",
    "near_ids",
    "nearest",
    "settle",
    "tally",
]

UNKNOWN = 255
"""Stands for "no class yet" in a map of ids; real ids are below 64."""

_BLEND = 24.0  # a colour this near to the line between two others is their blend; gamma and rounding bend it
_CHUNK = 1 << 20  # pixels per step where NumPy would widen an index array to 8 bytes
_NEIGHBOURS = ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (1, -1), (-1, -1), (-1, 1))


@dataclass(frozen=True)
class Tally:
    """The distinct colours of a picture, counted."""

    index: NDArray[np.uint16] | NDArray[np.int32]
    """Which colour a pixel has, (H, W), values 0 to n - 1."""
    values: NDArray[np.uint8]
    """The colours, (n, 3)."""
    counts: NDArray[np.int64]
    """Pixels of each colour, (n,)."""


@dataclass(frozen=True)
class Noise:
    """How far the colours of a map stray from those that were meant."""

    level: float
    """Ripple inside regions, in levels of a channel; 0 for a map that was never compressed."""

    @property
    def reach(self) -> float:
        """Colours at most this far apart (Euclidean, RGB) may be the same class."""
        return float(np.clip(2 * self.level, 16, 48))

    @property
    def side(self) -> int:
        """Side of the block of pixels that makes a core."""
        return 5 if self.level else 3

    @property
    def speck(self) -> int:
        """Pieces with fewer pixels than this and without a core are artefacts."""
        return 24 if self.level else 6


def tally(picture: Picture) -> Tally:
    """Count the distinct colours of a picture (H, W, 3)."""
    padded = np.zeros((*picture.shape[:2], 4), np.uint8)
    padded[..., :3] = picture
    codes = padded.view("<u4").ravel()
    steps = [slice(start, start + _CHUNK) for start in range(0, codes.size, _CHUNK)]
    seen = np.zeros(1 << 24, np.bool_)
    for step in steps:
        seen[codes[step]] = True
    found = np.flatnonzero(seen)
    rank = np.zeros(1 << 24, np.uint16 if len(found) <= 1 << 16 else np.int32)
    rank[found] = np.arange(len(found))
    index = np.empty(codes.size, rank.dtype)
    counts = np.zeros(len(found), np.int64)
    for step in steps:
        index[step] = rank[codes[step]]
        counts += np.bincount(index[step], minlength=len(found))
    values = np.stack([found & 255, found >> 8 & 255, found >> 16], 1).astype(np.uint8)
    return Tally(index.reshape(picture.shape[:2]), values, counts)


def nearest(values: NDArray[np.uint8], palette: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Nearest palette entry of each colour (n, 3), and its Euclidean distance in RGB."""
    ids = np.zeros(len(values), np.uint8)
    best = np.full(len(values), np.iinfo(np.int32).max, np.int32)
    wide = values.astype(np.int32)
    for number, colour in enumerate(palette.astype(np.int32)):
        squared = ((wide - colour) ** 2).sum(1, dtype=np.int32)
        ids[squared < best] = number
        np.minimum(best, squared, out=best)
    return ids, np.sqrt(best, dtype=np.float32)


def in_blocks(ids: NDArray[Any], side: int) -> Region:
    """Pixels that some block of side x side pixels, all of one value, covers."""
    covered = np.zeros(ids.shape, np.bool_)
    height, width = (extent - side + 1 for extent in ids.shape)
    if height < 1 or width < 1:
        return covered
    across, down = ids[:, 1:] == ids[:, :-1], ids[1:] == ids[:-1]
    rows = np.logical_and.reduce([across[:, shift : shift + width] for shift in range(side - 1)])
    block = np.logical_and.reduce([rows[shift : shift + height] for shift in range(side)])
    for shift in range(side - 1):
        block &= down[shift : shift + height, :width]
    tall = np.zeros((ids.shape[0], width), np.bool_)
    for shift in range(side):
        tall[shift : shift + height] |= block
    for shift in range(side):
        covered[:, shift : shift + width] |= tall
    return covered


def _busy_tiles(still: Region, side: int, most: int) -> list[tuple[slice, slice]]:
    """The tiles with the fewest still pixels, in which borders and their ripples lie."""
    height, width = still.shape
    tiles = [(slice(y, y + side), slice(x, x + side)) for y in range(0, height, side) for x in range(0, width, side)]
    calm = np.array([still[tile].mean() for tile in tiles])
    return [tiles[number] for number in np.argsort(calm, kind="stable")[:most]]


def _largest_around(values: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The largest value in the square of side x side pixels about each pixel; the last two axes are rows and columns.

    The same as `ndimage.maximum_filter`, in a tenth of the time: each step doubles what a pixel has seen.
    """
    for _ in range(2):
        beyond = np.zeros((*values.shape[:-2], side // 2, values.shape[-1]), np.uint8)
        values = np.concatenate([beyond, values, beyond], axis=-2)
        seen = 1
        while seen < side:
            step = min(seen, side - seen)
            values = np.maximum(values[..., :-step, :], values[..., step:, :])
            seen += step
        values = values.swapaxes(-1, -2)
    return values


def measure_noise(picture: Picture, still: Region) -> Noise:
    """Tell an anti-aliased map (H, W, C) from a compressed one by the pixels 4 to 9 px beside its borders.

    `still` marks the pixels in 3x3 blocks of one colour. Beside a border that was only anti-aliased or scaled the
    map is still; JPEG leaves ripples over whole blocks of 8 or 16 px. Of these pixels at most 2 % are not still on
    the clean maps that we know, and at least 10 % on every map that ever was a JPEG, at any quality.
    """
    ripples = []
    for tile in _busy_tiles(still, 128, 16):
        planes = np.ascontiguousarray(picture[tile].transpose(2, 0, 1))
        spread = (_largest_around(planes, 3) - ~_largest_around(~planes, 3)).max(0)
        border = (spread > 40).view(np.uint8)
        beside = _largest_around(border, 19) > _largest_around(border, 7)
        ripples.append(spread[beside])
    ripple = np.concatenate(ripples)
    if ripple.size < 16:  # borders everywhere: a tiny map, or the texture of a photograph
        return Noise(0.0 if still.mean() > 0.25 else 24.0)
    return Noise(float(np.quantile(ripple, 0.99)) if (ripple > 0).mean() > 0.05 else 0.0)


def border_width(picture: Picture, still: Region) -> float:
    """How many pixels a border takes: 1 to 2 when sharp, below 3 as a JPEG, and above 6 in a JPEG scaled up 4x.

    The median, over the pixels near borders, of the change within 17 px of a row over its largest single step.
    """
    widths = [np.zeros(0)]
    for tile in _busy_tiles(still, 128, 16):
        rows = picture[tile].astype(np.int16)
        change = (ndimage.maximum_filter1d(rows, 17, 1) - ndimage.minimum_filter1d(rows, 17, 1)).max(2)
        steps = ndimage.maximum_filter1d(abs(np.diff(rows, axis=1, prepend=rows[:, :1])).max(2), 17, 1)
        widths.append((change / np.maximum(steps, 1))[change > 60])
    width = np.concatenate(widths)
    return float(np.median(width)) if width.size else 1.0


def near_ids(found: Tally, palette: NDArray[np.uint8], noise: Noise) -> NDArray[np.uint8]:
    """Id of each distinct colour that lies within reach of a palette entry, else `UNKNOWN`; (n,).

    The palette (K, 3) may be empty: a photograph may offer no class at all.
    """
    if not len(palette):
        return np.full(len(found.values), UNKNOWN, np.uint8)
    ids, distance = nearest(found.values, palette)
    apart = np.linalg.norm(palette[:, None].astype(float) - palette[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    ids[distance > np.minimum(noise.reach, apart.min(1) / 2)[ids]] = UNKNOWN
    return ids


def cores(found: Tally, palette: NDArray[np.uint8], noise: Noise) -> LabelMap:
    """Ids of the pixels that colour alone decides; `UNKNOWN` elsewhere."""
    ids = near_ids(found, palette, noise)[found.index]
    ids[~in_blocks(ids, noise.side)] = UNKNOWN
    return ids


def blend_misfit(
    colours: NDArray[np.floating], start: NDArray[np.floating], end: NDArray[np.floating]
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """How far colours (..., 3) lie from the straight line of blends between two colours, and where along it.

    Returns the distance and the share of `end`, 0 to 1.
    """
    line = end - start
    share = np.clip(((colours - start) * line).sum(-1) / np.maximum((line * line).sum(-1), 1e-9), 0, 1)
    return np.linalg.norm(colours - start - share[..., None] * line, axis=-1), share


def settle(found: Tally, palette: NDArray[np.uint8], noise: Noise) -> LabelMap:
    """Give every pixel to a palette entry: by its colour in the cores, by its surroundings elsewhere.

    A pixel outside the cores goes to a class beside it that it resembles; failing that to the nearer end of a blend
    of two classes beside it; failing that to whatever class it resembles (a line too thin for a core); failing that
    to the majority of its neighbours. Pieces of a few pixels without a core then go to what surrounds them.
    """
    seeds = cores(found, palette, noise)
    core = seeds != UNKNOWN
    if not core.any():
        return nearest(found.values, palette)[0][found.index]
    ids = seeds.copy()
    pending = np.flatnonzero(~core)
    beside, wide = noise.side - 1, _band(~core)
    for radius in (beside, wide) if wide > beside else (beside,):
        last = radius >= wide
        for part in np.array_split(pending, len(pending) // _CHUNK + 1):
            ids.ravel()[part] = _decide(found, palette, noise, _Spots(part, classes_around(seeds, part, radius), last))
        pending = pending[ids.ravel()[pending] == UNKNOWN]
    _vote(ids)
    ids.ravel()[_specks(ids, core, noise.speck)] = UNKNOWN
    _vote(ids)
    return ids


@dataclass(frozen=True)
class _Spots:
    """Pixels to decide."""

    where: NDArray[np.intp]
    """Flat positions, (n,)."""
    beside: NDArray[np.uint64]
    """Classes with a core around each, one bit a class, (n,)."""
    last: bool
    """Whether to look beyond the classes beside it."""


def _band(pending: Region) -> int:
    """A radius that sees across the band of undecided pixels between two cores, 3 to 12 px."""
    limit = pending.sum() * 0.005
    for thickness in range(1, 6):
        pending = ndimage.binary_erosion(pending, np.ones((3, 3), np.bool_), border_value=1)
        if pending.sum() <= limit:
            return 2 * thickness + 1
    return 12


def classes_around(seeds: LabelMap, where: NDArray[np.intp], radius: int) -> NDArray[np.uint64]:
    """The set of classes that 16 rays from each place meet within `radius`, one bit a class."""
    bits = np.zeros(256, np.uint64)
    bits[:MAX_CLASSES] = np.uint64(1) << np.arange(MAX_CLASSES, dtype=np.uint64)
    padded = np.pad(seeds, radius, constant_values=UNKNOWN)
    rows, columns = np.divmod(where, seeds.shape[1])
    base = (rows + radius) * padded.shape[1] + columns + radius
    angles = np.arange(16) * np.pi / 8
    steps = np.arange(1, radius + 1)[:, None]
    offsets = np.rint(steps * np.sin(angles)) * padded.shape[1] + np.rint(steps * np.cos(angles))
    result = np.zeros(len(where), np.uint64)
    for offset in np.unique(offsets).astype(np.intp):
        result |= bits[padded.ravel()[base + offset]]
    return result


def _decide(found: Tally, palette: NDArray[np.uint8], noise: Noise, spots: _Spots) -> NDArray[np.uint8]:
    """Ids of the spots, `UNKNOWN` where colour and surroundings do not say."""
    sets, which_set = np.unique(spots.beside, return_inverse=True)
    kinds, which_kind = np.unique(
        found.index.ravel()[spots.where].astype(np.int64) * len(sets) + which_set, return_inverse=True
    )
    number, members = np.divmod(kinds, len(sets))
    colours = found.values[number].astype(np.float64)
    anywhere = near_ids(found, palette, noise)[number]
    ids = np.full(len(kinds), UNKNOWN, np.uint8)
    for position, bits in enumerate(sets.tolist()):
        mine = np.flatnonzero(members == position)
        local = np.flatnonzero([bits >> label & 1 for label in range(len(palette))])
        ids[mine] = _among(colours[mine], palette, local, noise.reach)
        if spots.last:
            rest = mine[ids[mine] == UNKNOWN]
            ids[rest] = anywhere[rest]
            rest = rest[ids[rest] == UNKNOWN]
            ids[rest] = _thin(colours[rest], palette, local, noise.reach)
    return ids[which_kind]


def _among(
    colours: NDArray[np.float64], palette: NDArray[np.uint8], local: NDArray[np.intp], reach: float
) -> NDArray[np.uint8]:
    """The local class that each colour resembles, or the nearer end of the blend of two that it is."""
    ids = np.full(len(colours), UNKNOWN, np.uint8)
    if not len(local):
        return ids
    ends = palette[local].astype(np.float64)
    distance = np.linalg.norm(colours[:, None] - ends, axis=2)
    closest = distance.argmin(1)
    best = distance.min(1)
    ids[best <= reach] = local[closest[best <= reach]]
    rest = np.flatnonzero(best > reach)
    misfit = np.full(len(rest), max(reach, _BLEND))
    for first, second in _pairs(len(local)):
        gap, share = blend_misfit(colours[rest], ends[first], ends[second])
        better = gap < misfit
        misfit[better] = gap[better]
        ids[rest[better]] = np.where(share[better] < 0.5, local[first], local[second])
    return ids


def _thin(
    colours: NDArray[np.float64], palette: NDArray[np.uint8], local: NDArray[np.intp], reach: float
) -> NDArray[np.uint8]:
    """Read each colour as the blend of a local class with any class: a line thinner than a pixel or two."""
    ids = np.full(len(colours), UNKNOWN, np.uint8)
    misfit = np.full(len(colours), max(reach, _BLEND))
    for inner in local:
        for other in range(len(palette)):
            gap, share = blend_misfit(colours, palette[inner].astype(np.float64), palette[other].astype(np.float64))
            better = gap < misfit
            misfit[better] = gap[better]
            ids[better] = np.where(share[better] < 0.5, inner, other)
    return ids


def _pairs(count: int) -> Iterator[tuple[int, int]]:
    return ((first, second) for first in range(count) for second in range(first + 1, count))


def _vote(ids: LabelMap) -> None:
    """Fill `UNKNOWN` pixels from their borders inwards with the majority of their decided neighbours, in place."""
    height, width = ids.shape
    pending = np.flatnonzero(ids == UNKNOWN)
    while len(pending):
        rows, columns = np.divmod(pending, width)
        votes = np.full((len(_NEIGHBOURS), len(pending)), UNKNOWN, np.uint8)
        for vote, (down, across) in zip(votes, _NEIGHBOURS, strict=True):
            row, column = rows + down, columns + across
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            vote[inside] = ids[row[inside], column[inside]]
        tally_of_each = (votes[:, None] == votes).sum(1) * (votes != UNKNOWN)
        winner = votes[tally_of_each.argmax(0), np.arange(len(pending))]
        if (winner == UNKNOWN).all():
            return
        ids.ravel()[pending] = winner
        pending = pending[winner == UNKNOWN]


def _specks(ids: LabelMap, core: Region, limit: int) -> NDArray[np.intp]:
    """Flat positions of the pixels in pieces (8-connected, one id) of fewer than `limit` pixels without a core."""
    padded = np.pad(ids, 1, constant_values=UNKNOWN).ravel()
    held = np.pad(core, 1).ravel()
    loose = np.flatnonzero(~core)
    rows, columns = np.divmod(loose, ids.shape[1])
    width = ids.shape[1] + 2
    place = (rows + 1) * width + columns + 1
    offsets = [down * width + across for down, across in _NEIGHBOURS]
    for _ in range(3):  # most pieces hang on a core; the search for pieces is then for the few that do not
        for offset in offsets:
            held[place[held[place + offset] & (padded[place + offset] == padded[place])]] = True
        loose, place = loose[~held[place]], place[~held[place]]
    if not len(loose):
        return loose
    links = []
    hanging = np.zeros(len(loose), np.bool_)
    for offset in offsets:
        alike = padded[place + offset] == padded[place]
        hanging |= alike & held[place + offset]
        other = np.searchsorted(place, place + offset).clip(max=len(place) - 1)
        alike &= place[other] == place + offset
        links.append(np.stack([np.flatnonzero(alike), other[alike]]))
    first, second = np.concatenate(links, 1)
    graph = sparse.coo_matrix((np.ones(len(first), np.bool_), (first, second)), (len(loose), len(loose)))
    pieces = sparse.csgraph.connected_components(graph, directed=False)[1]
    small = np.bincount(pieces) < limit
    small[pieces[hanging]] = False
    return loose[small[pieces]]
