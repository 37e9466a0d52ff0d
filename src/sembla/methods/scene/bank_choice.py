"""Which photos of a bank suit a layout: the best, those that make up for what it lacks, and single objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sembla.compiling import Array, kernel, plain
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap
from sembla.methods.scene.bank_index import GRID, Index
from sembla.patches.pyramid import resize_labels

__all__ = ["Chosen", "Shape", "Shelf", "agreements", "best_parts", "choose", "ranked"]

SHORTLIST = 256
"""Helpers of the main photo are looked for among so many of the best."""

HELPERS = 3
"""Photos beside the main one."""

GAIN = 0.004
"""A helper must make up for at least this share of the layout's weight."""

SPREAD = 0.06
"""How far chance moves agreements, 0 to 1, where another picture is wanted."""

WHOLE = 1 << 24
"""What the weights of all cells sum up to."""

MOST_RATED = 1024
"""Parts of a class that are rated one by one; chance selects them where there are more."""


class Chosen(NamedTuple):
    """A photo of the bank, as it is or mirrored."""

    photo: int
    mirrored: bool


class Shape(NamedTuple):
    """A region of a layout that an object is wanted for."""

    label: int
    box: NDArray[np.float64]
    """Top, left, bottom and right as shares of the layout's height and width."""
    mask: NDArray[np.bool_]
    """As `mask_of` gives it."""


@dataclass(frozen=True)
class Shelf:
    """What may be chosen from, and the classes in which it is told."""

    index: Index
    label_set: LabelSet
    usable: NDArray[np.bool_]
    """Photos that may be taken, (N,)."""

    @property
    def available(self) -> NDArray[np.float32]:
        """The largest share of each class in any usable photo, (K,)."""
        most: NDArray[np.float32] = self.index.shares[self.usable].max(axis=0)
        return most


@kernel
def agreements(layouts: Array, wanted: Array, weights: Array, scores: Array) -> None:
    """Sum, for each layout (N, P), the whole `weights` (P,) of the cells that are as in `wanted` (P,)."""
    for photo in range(layouts.shape[0]):
        total = np.int32(0)
        for cell in range(wanted.size):
            total += weights[cell] if layouts[photo, cell] == wanted[cell] else np.int32(0)
        scores[photo] = total


def ranked(shelf: Shelf, layout: LabelMap) -> NDArray[np.float32]:
    """How well each photo agrees with a layout, as it is and mirrored, 0 to 1: (N, 2).

    Cells of rare classes weigh more. Photos that may not be taken get -1.
    """
    grid, weights = _wanted(shelf, layout)
    scores = _scores(shelf, np.arange(len(shelf.index.names)), grid, weights)
    scores[~shelf.usable] = -1
    return scores


def _wanted(shelf: Shelf, layout: LabelMap) -> tuple[LabelMap, NDArray[np.float32]]:
    """The layout on the grid, and what its cells weigh."""
    grid = resize_labels(layout, GRID)
    rarity = 1 / np.sqrt(shelf.index.shares.mean(axis=0) + 1e-3)
    weights = rarity[grid].astype(np.float32)
    return grid, weights / weights.sum()


def _scores(
    shelf: Shelf, photos: NDArray[np.intp], grid: LabelMap, weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Agreement of some photos, as they are and mirrored: mirroring the layout is the same as mirroring them."""
    layouts = shelf.index.layouts if len(photos) == len(shelf.index.layouts) else shelf.index.layouts[photos]
    scores = np.empty((2, len(photos)), np.int32)
    whole = np.rint(weights * WHOLE).astype(np.int32)  # sums of whole numbers are quick, and the same in any order
    agreements(plain(layouts), plain(grid.reshape(-1)), whole.reshape(-1), scores[0])
    mirrored, turned = shelf.label_set.flip(grid), np.ascontiguousarray(whole[:, ::-1])
    agreements(plain(layouts), plain(mirrored.reshape(-1)), turned.reshape(-1), scores[1])
    return np.ascontiguousarray(scores.T / np.float32(WHOLE), np.float32)


def choose(
    shelf: Shelf, layout: LabelMap, main: Chosen, *, scores: NDArray[np.float32], needed: Sequence[int]
) -> tuple[Chosen, ...]:
    """The main photo, and those that agree best where those before them do not.

    For each class of `needed` that none of them has, the photo with most of it joins.
    """
    grid, weights = _wanted(shelf, layout)
    best = np.argsort(-scores.max(axis=1), kind="stable")[:SHORTLIST]
    best = best[shelf.usable[best]]
    chosen, left = [main], weights * (_layout(shelf, main) != grid)
    for _ in range(HELPERS):
        gains = _scores(shelf, best, grid, np.ascontiguousarray(left, np.float32)) + 0.1 * scores[best]
        gains[np.isin(best, [one.photo for one in chosen])] = -1
        place, mirrored = np.unravel_index(int(gains.argmax()), gains.shape)
        helper = Chosen(int(best[place]), bool(mirrored))
        agreeing = _layout(shelf, helper) == grid
        if gains[place, mirrored] < 0 or left[agreeing].sum() < GAIN:
            break
        chosen.append(helper)
        left = left * ~agreeing
    for label in needed:
        if not any(shelf.index.shares[one.photo, label] > 0 for one in _seen(shelf, chosen, label)):
            chosen.append(_richest(shelf, label))
    return tuple(chosen)


def _seen(shelf: Shelf, chosen: Sequence[Chosen], label: int) -> list[Chosen]:
    """The chosen photos with the class that `label` is before they are mirrored."""
    swapped = int(shelf.label_set.swap_table[label])
    return [one for one in chosen if shelf.index.shares[one.photo, swapped if one.mirrored else label] > 0]


def _richest(shelf: Shelf, label: int) -> Chosen:
    """The photo with most of a class."""
    return Chosen(int(np.where(shelf.usable, shelf.index.shares[:, label], -1).argmax()), mirrored=False)


def _layout(shelf: Shelf, one: Chosen) -> LabelMap:
    """The layout of a photo on the grid."""
    layout = shelf.index.layouts[one.photo].reshape(GRID)
    return shelf.label_set.flip(layout) if one.mirrored else layout


def best_parts(
    shelf: Shelf, shape: Shape, *, favoured: Sequence[Chosen], chance: np.random.Generator, spread: float
) -> tuple[int, bool, float]:
    """The part of a photo that fits a shape best: its number, whether mirrored, and how well, at most 1.

    Shape, size, proportions and place count; the photos of `favoured` have an advantage, the first of them a greater
    one. The number is -1 where no photo has a part of that class.
    """
    parts = shelf.index.parts
    swapped = int(shelf.label_set.swap_table[shape.label])
    best = -1, False, -np.inf
    for mirrored, label in ((False, shape.label), (True, swapped)):
        numbers = np.flatnonzero((parts.classes == label) & shelf.usable[parts.photos])
        if len(numbers) > MOST_RATED:
            near = np.isin(parts.photos[numbers], [one.photo for one in favoured])
            numbers = np.union1d(numbers[near], chance.choice(numbers, MOST_RATED, replace=False))
        if not len(numbers):
            continue
        ratings = _ratings(shelf, shape, numbers, mirrored=mirrored)
        for place, one in enumerate(favoured):
            its = parts.photos[numbers] == one.photo
            if one.mirrored == mirrored:  # what a photo shows many of should be alike: the windows of a house
                ratings[its] += 0.06 + (0.26 * min(1.0, its.sum() / 8) if place == 0 else 0.0)
        ratings += chance.uniform(0, spread, len(ratings))
        place = int(ratings.argmax())
        if ratings[place] > best[2]:
            best = int(numbers[place]), mirrored, float(ratings[place])
    return best


def _ratings(shelf: Shelf, shape: Shape, numbers: NDArray[np.intp], *, mirrored: bool) -> NDArray[np.float64]:
    """How well parts fit a shape."""
    parts = shelf.index.parts
    boxes = parts.boxes[numbers].astype(np.float64)
    masks = np.unpackbits(parts.masks[numbers], axis=1).astype(bool)
    if mirrored:
        boxes[:, 1], boxes[:, 3] = 1 - boxes[:, 3], 1 - boxes[:, 1].copy()
        side = int(np.sqrt(masks.shape[1]))
        masks = masks.reshape(-1, side, side)[:, :, ::-1].reshape(masks.shape)
    common, either = (masks & shape.mask).sum(axis=1), (masks | shape.mask).sum(axis=1)
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    height, width = shape.box[2] - shape.box[0], shape.box[3] - shape.box[1]
    growth = np.log(np.sqrt(height * width / (heights * widths)))
    stretch = np.abs(np.log(height / heights) - np.log(width / widths))
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2 - (shape.box[:2] + shape.box[2:]) / 2
    away = np.sqrt(((centres * np.array([1.0, 0.5])) ** 2).sum(axis=1))
    cut = ((boxes < 0.01) | (boxes > 0.99)) != ((shape.box < 0.01) | (shape.box > 0.99))
    ratings: NDArray[np.float64] = (
        common / np.maximum(either, 1)
        - np.where(growth > 0, 0.45 * growth, -0.15 * growth)
        - 0.35 * stretch
        - 0.3 * away
        - 0.12 * cut.sum(axis=1)
    )
    return ratings
