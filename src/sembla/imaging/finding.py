"""Finding the colours that were meant as classes in a colour map.

A colour is taken for a class when it fills solid blocks of pixels. What brushes, scaling and JPEG add does not: it
lies in lines along the borders, or beside a class in colour and in place. The limits below were set on our label
maps and on generated ones (2 to 10 classes; anti-aliased, JPEG quality 60 to 95, resized) and hold there with room.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sembla.core.errors import LabelError
from sembla.core.types import MAX_CLASSES, LabelMap, Picture, Region
from sembla.imaging.snapping import (
    UNKNOWN,
    Noise,
    Tally,
    blend_misfit,
    border_width,
    classes_around,
    cores,
    in_blocks,
    measure_noise,
    near_ids,
    nearest,
    settle,
    tally,
)

__all__ = ["Classes", "find_classes", "is_ids"]

_SAME = 6.0  # colour management rounds by a level or two; nearer colours of a clean map are one class
_SOFT = 64.0  # a thin piece this near in colour to the class beside it is the edge of a soft stroke
_MOST = 90  # candidates that one search brings; a photograph has any number
_NOTHING = np.zeros((0, 3), np.uint8)


@dataclass(frozen=True)
class Classes:
    """The classes that were found in one map."""

    found: Tally
    """The map's colours."""
    palette: NDArray[np.uint8]
    """RGB of each class, (K, 3): the known ones first, then those found."""
    noise: Noise | None
    """How noisy the map is; None for a map that shows colours of the palette and no others."""

    def settle(self) -> LabelMap:
        """The class of every pixel, (H, W)."""
        if self.noise is None:
            return nearest(self.found.values, self.palette)[0][self.found.index]
        return settle(self.found, self.palette, self.noise)


def find_classes(picture: Picture, name: str, known: NDArray[np.uint8] = _NOTHING) -> Classes:
    """Find the classes of a colour map (H, W, 3); `known` ones (K, 3) are taken as given and come first.

    Raises `LabelError` for a photograph and for more than 64 classes; `name` is for the message.
    """
    found = tally(picture)
    still = in_blocks(found.index, 3)
    if _is_exact(found, still):
        noise, fresh = Noise(0.0), _apart(found.values, known, 0)
        if not len(known) or is_ids(found.values) or not _strays(found, fresh):
            _refuse_many(len(fresh), name)
            return Classes(found, np.concatenate([known, _in_order(fresh, found)]), None)
    else:
        noise = measure_noise(picture, still)
    shrink = int(border_width(picture, still) / 3) if noise.level else 1
    if shrink > 1 and min(picture.shape[:2]) >= 32 * shrink:  # a JPEG scaled up: its ripples look like small classes
        return Classes(found, find_classes(picture[::shrink, ::shrink], name, known).palette, noise)
    candidates = np.concatenate([known, _NOTHING if noise.level else _solid_colours(found, known)])
    if noise.level or _leaves_areas(found, candidates, noise):
        candidates = np.concatenate([candidates, _modes_of_ripple(picture, found, noise, candidates)])[:UNKNOWN]
    meant = _meant(found, candidates, noise, given=len(known))[len(known) :]
    fresh = _centred(found, candidates, noise)[len(known) :][meant]
    palette = np.concatenate([known, _in_order(fresh, found)])
    _refuse_photograph(found, palette, noise, name)
    _refuse_many(len(fresh), name)
    return Classes(found, palette, noise)


def _apart(colours: NDArray[np.uint8], known: NDArray[np.uint8], reach: float) -> NDArray[np.uint8]:
    """The colours that are farther than `reach` from every known one."""
    return colours[nearest(colours, known)[1] > reach] if len(known) else colours


def _in_order(colours: NDArray[np.uint8], found: Tally) -> NDArray[np.uint8]:
    """Greys in ascending order; other colours by the number of pixels nearest to them, the largest first."""
    if not len(colours):
        return colours
    if (colours == colours[:, :1]).all():
        return colours[np.argsort(colours[:, 0])]
    area = np.bincount(nearest(found.values, colours)[0], found.counts, len(colours))
    return colours[np.argsort(-area, kind="stable")]


def is_ids(values: NDArray[np.uint8]) -> bool:
    """Whether the colours (n, 3) are greys so dark that they are ids, with 255 for "ignore"."""
    grey = values[:, 0]
    return bool((values == values[:, :1]).all() and ((grey < MAX_CLASSES) | (grey == 255)).all())


def _is_exact(found: Tally, still: Region) -> bool:
    """Whether the map holds a few colours that were all meant: none of them is a blend or a ripple of others.

    Ids that lie close together are meant, too. Many colours must also fill areas, as those of a photograph do not.
    """
    if len(found.values) > 256 or (len(found.values) > 32 and still.mean() < 0.5):
        return False
    if is_ids(found.values):
        return True
    size = len(found.values)
    paired = np.bincount(found.index[in_blocks(found.index, 2)], minlength=size)
    solid = (np.bincount(found.index[still], minlength=size) > 0) | (paired > 0.3 * found.counts)
    solid |= found.counts > 0.1 * still.size  # more than borders hold
    colours = found.values.astype(np.float64)
    for number in np.flatnonzero(~solid):
        larger = colours[found.counts > found.counts[number]]
        if (np.linalg.norm(larger - colours[number], axis=1) < 48).any():
            return False
        misfit, share = blend_misfit(colours[number], larger[:, None], larger)
        if ((misfit < 12) & (abs(share - 0.5) < 0.48)).any():
            return False
    return True


def _strays(found: Tally, colours: NDArray[np.uint8]) -> bool:
    """Whether any of the colours shows in single pixels only."""
    blocks = np.bincount(found.index[in_blocks(found.index, 2)], minlength=len(found.values))
    stray = found.values[blocks == 0]
    return bool((stray[:, None] == colours).all(2).any())


def _solid_colours(found: Tally, known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Candidates in a clean map: the colours that fill whole 2x2 blocks, the commonest first."""
    support = np.bincount(found.index[in_blocks(found.index, 2)], minlength=len(found.values))
    order = np.argsort(-support, kind="stable")
    left = _apart(found.values[order[support[order] >= 8]], known, _SAME)
    taken = [_NOTHING]
    while len(left) and len(taken) <= _MOST:
        taken.append(left[:1])
        left = _apart(left, left[:1], _SAME)
    return np.concatenate(taken)


def _leaves_areas(found: Tally, candidates: NDArray[np.uint8], noise: Noise) -> bool:
    """Whether some 5x5 block of pixels is near to none of the candidates: too wide for anti-aliasing."""
    if not len(candidates):
        return True
    unlike = near_ids(found, candidates, noise)[found.index] == UNKNOWN
    return bool((in_blocks(unlike, 5) & unlike).any())


def _modes_of_ripple(picture: Picture, found: Tally, noise: Noise, known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Candidates in a noisy map: where the colours of its flattest pixels crowd, then of its less flat ones.

    At most 3 million pixels are looked at: a class of any use is many pixels wide where there are more.
    """
    step = int(np.ceil(np.sqrt(found.index.size / 3e6)))
    values, index = picture[::step, ::step], found.index[::step, ::step]
    spread = (ndimage.maximum_filter(values, (3, 3, 1)) - ndimage.minimum_filter(values, (3, 3, 1))).max(2)
    taken = known
    for tolerance, least, ball in ((1.5, 16, 0.5), (3.0, 8, 0.75)):
        weights = np.bincount(index[spread <= max(12, tolerance * noise.level)], minlength=len(found.values))
        free = nearest(found.values, taken)[1] > noise.reach if len(taken) else np.ones(len(weights), np.bool_)
        crowds = _crowds(found.values, weights, free, radius=ball * noise.reach, least=least)
        taken = np.concatenate([taken, crowds])
    return taken[len(known) :]


def _crowds(
    values: NDArray[np.uint8], weights: NDArray[np.int64], free: NDArray[np.bool_], *, radius: float, least: float
) -> NDArray[np.uint8]:
    """Mode-seeking: colours with at least `least` of the weight within `radius`, twice that apart from one another."""
    values, weights = values[free & (weights > 0)], weights[free & (weights > 0)]
    cell = (values.astype(np.int64) >> 2) @ np.array([1 << 12, 1 << 6, 1])
    cells, which = np.unique(cell, return_inverse=True)
    mass = np.bincount(which, weights, len(cells))
    middle = np.stack([np.bincount(which, weights * values[:, k], len(cells)) for k in range(3)], 1) / mass[:, None]
    heaviest = np.argsort(-mass, kind="stable")[:1200]
    middle, mass = middle[heaviest], mass[heaviest]
    ball = (np.linalg.norm(middle[:, None] - middle, axis=2) <= radius).astype(np.float32)
    modes = [_NOTHING]
    while len(mass) and len(modes) <= _MOST:
        around = ball @ mass
        peak = int(around.argmax())
        if around[peak] < least:
            break
        inside = ball[peak] * mass
        centre = (inside[:, None] * middle).sum(0) / inside.sum()
        near = np.flatnonzero(np.linalg.norm(values - centre, axis=1) <= radius)
        top = near[weights[near].argmax()] if len(near) else 0
        stands_out = len(near) and weights[top] > 0.1 * weights[near].sum()
        colour = values[top] if stands_out else np.rint(centre).astype(np.uint8)
        modes.append(colour[None])
        mass[np.linalg.norm(middle - colour, axis=1) <= 2 * radius] = 0
        mass[peak] = 0
    return np.concatenate(modes)


def _covered(ids: NDArray[Any], side: int, count: int) -> NDArray[np.int64]:
    """Pixels of each id below `count` that lie in side x side blocks of it."""
    return np.bincount(ids[in_blocks(ids, side)], minlength=UNKNOWN + 1)[:count]


def _meant(found: Tally, candidates: NDArray[np.uint8], noise: Noise, *, given: int) -> NDArray[np.bool_]:
    """Which candidates are classes, judged by the blocks of pixels they fill.

    Sure are the first `given`, and what lies by half in 7x7 blocks. Thinner candidates must fill smaller blocks and be
    no edge.
    """
    count = len(candidates)
    ids = near_ids(found, candidates, noise)[found.index]
    area = np.bincount(ids.ravel(), minlength=UNKNOWN + 1)[:count]
    seven = _covered(ids, 7, count)
    sure = (area > 0) & (seven >= 0.5 * area) | (np.arange(count) < given)
    if sure.all():
        return sure
    two, three, five = (_covered(ids, side, count) for side in (2, 3, 5))
    if noise.level:
        compact = ((five >= 25) & (five >= 0.4 * area)) | ((three >= 40) & (three >= 0.6 * area))
    else:
        compact = (five >= 25) & (five >= 0.2 * area) | (three >= 9) & (three >= 0.5 * area)
        compact |= (two >= 12) & (two >= 0.6 * area)
    seeds = np.where(in_blocks(ids, noise.side), ids, UNKNOWN).astype(np.uint8)
    meant = np.zeros(UNKNOWN + 1, np.bool_)
    meant[:count] = sure
    for number in np.argsort(-area, kind="stable"):
        if compact[number] and not sure[number]:
            spots = np.flatnonzero(ids == number)[:: area[number] // 4096 + 1]
            sides = _beside(np.where(meant[seeds], seeds, UNKNOWN), spots, noise)
            meant[number] = not _is_edge(candidates[number], candidates, sides, noise, thin=seven[number] == 0)
    return meant[:count]


def _beside(seeds: LabelMap, spots: NDArray[np.intp], noise: Noise) -> NDArray[np.bool_]:
    """Which of the first 64 ids lie around each spot, (n, 64)."""
    bits = classes_around(seeds, spots, 8 if noise.level else 4)
    return (bits[:, None] >> np.arange(MAX_CLASSES, dtype=np.uint64) & np.uint64(1)).astype(np.bool_)


def _is_edge(
    colour: NDArray[np.uint8], palette: NDArray[np.uint8], sides: NDArray[np.bool_], noise: Noise, *, thin: bool
) -> bool:
    """Whether a colour is the blend of two classes that most of its pixels lie between, or a soft stroke's edge.

    `sides` tells for each of its pixels which classes are beside it, (n, 64).
    """
    ends = palette[:MAX_CLASSES].astype(np.float64)
    seen = sides[:, : len(ends)].astype(np.float32)
    together = seen.T @ seen / len(seen) >= 0.6
    if thin and (np.linalg.norm(ends - colour, axis=1)[np.diagonal(together)] < _SOFT).any():
        return True
    misfit, share = blend_misfit(colour.astype(np.float64), ends[:, None], ends)
    blend = (misfit < max(12.0, noise.reach)) & (abs(share - 0.5) < 0.45)
    np.fill_diagonal(blend, False)
    return bool((blend & together).any())


def _centred(found: Tally, palette: NDArray[np.uint8], noise: Noise) -> NDArray[np.uint8]:
    """Move each colour of a noisy map's palette to the commonest of its cores, or to their mean if none stands out."""
    if not noise.level:
        return palette
    ids = near_ids(found, palette, noise)
    weights = np.bincount(found.index[cores(found, palette, noise) != UNKNOWN], minlength=len(ids))
    result = palette.copy()
    for number in range(len(palette)):
        mine = np.flatnonzero((ids == number) & (weights > 0))
        if len(mine):
            share = weights[mine] / weights[mine].sum()
            mean = np.rint(share @ found.values[mine]).astype(np.uint8)
            result[number] = found.values[mine[share.argmax()]] if share.max() > 0.1 else mean
    return result


def _refuse_photograph(found: Tally, palette: NDArray[np.uint8], noise: Noise, name: str) -> None:
    """Raise `LabelError` when too little of the map is in flat colours.

    On label maps, even small ones at JPEG quality 60, half of the pixels equal a class's colour within 5 levels and
    hardly any lies more than 3 px from every core. Photographs fail on one or the other.
    """
    pixels = found.index.size
    flat = lost = 0.0
    if len(palette):
        flat = float(found.counts[nearest(found.values, palette)[1] <= 5].sum() / pixels)
        lost = _far_from(cores(found, palette, noise) != UNKNOWN) if flat < 0.9 else 0.0
    if flat - 10 * lost < (0.45 if pixels >= 256 * 256 else 0.33):
        raise LabelError(
            f"{name} looks like a photograph: only {flat:.0%} of its pixels show one of a few flat colours. "
            "Expected a label map, one colour a class; was it swapped with the photo?"
        )


def _refuse_many(classes: int, name: str) -> None:
    """Raise `LabelError` for more than 64 classes."""
    if classes > MAX_CLASSES:
        raise LabelError(f"{name} shows {classes} classes; at most {MAX_CLASSES} can be used. Merge some of them.")


def _far_from(core: Region) -> float:
    """Share of the pixels without a core in the 7x7 pixels around them."""
    reached = ndimage.maximum_filter(core.view(np.uint8), 7)
    return float(1 - np.count_nonzero(reached) / reached.size)
