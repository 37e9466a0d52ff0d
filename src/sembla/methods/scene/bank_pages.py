"""From chosen photos to a source: photos in the view of the layout, and where each pixel is to be taken from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt

from sembla.core.types import LabelMap, Picture, Region
from sembla.data.records import Sample
from sembla.methods.scene.bank_choice import Chosen, Shape, Shelf, best_parts
from sembla.methods.scene.bank_colour import Tones, harmonised, tones
from sembla.methods.scene.bank_regions import Regions, mask_of, regions
from sembla.patches.pyramid import Size, resize_labels, resize_picture
from sembla.patches.synthesis import Given

__all__ = ["Collage", "Page", "collage", "opened"]

STRETCH = 1.3
"""A photo's proportions may change by this factor; what is beyond is cut off on both sides."""

PLANNED_SIDE = 128
"""Regions are laid over photos on a grid of at most this many cells a side."""

SAMPLED = 300
"""So many cells of a region decide."""

SHIFTS = (0.0, -0.03, 0.03, -0.08, 0.08, -0.16, 0.16)
"""Regions are tried at these shifts, shares of the height and of the width."""

OBJECT_AREA = 0.06
"""A region with at most this share of the layout may be an object."""

PLENTY = 0.01
"""Of a class of which the main photo has less than this share, regions are looked for as objects are."""

MOST_OBJECTS = 160
"""Objects that are looked for; the largest."""

ENOUGH = 0.25
"""A part that fits less than this is not used."""

SHADE = 0.12, 0.3, 0.12
"""Beside, below and above an object that the layout lacks, these shares of its width and height are not taken from."""

LEAST_LEFT = 0.3
"""A class keeps at least this share of a photo's pixels of it, or all of them."""

CONTEXT = 0.25
"""An object brings this share of its height and width with it on each side: what it stands on, its shadow."""


@dataclass(frozen=True)
class Page:
    """One picture of the source, of the layout's size."""

    picture: Picture
    labels: LabelMap
    """255 where nothing may be taken from."""
    owners: NDArray[np.int32]
    """The number of the photo that each pixel is from, (h, w)."""


@dataclass(frozen=True)
class Collage:
    """Pictures to take from, and what to take as it is."""

    pages: tuple[Page, ...]
    given: Given
    marks: NDArray[np.int32]
    """The region that each pixel is of, (h, w)."""
    areas: NDArray[np.int64]
    """Pixels of each region."""


def collage(
    shelf: Shelf,
    layout: LabelMap,
    chosen: Sequence[Chosen],
    *,
    photo: Callable[[Chosen], Sample],
    things: NDArray[np.bool_],
    chance: np.random.Generator,
    spread: float,
) -> Collage:
    """Lay each region of a layout over the photo that suits it; objects are taken from all photos, by their shape.

    Args:
        shelf: What may be chosen from.
        layout: (h, w).
        chosen: The main photo first: the others are brought to its colours.
        photo: Gives a photo with its label map.
        things: Which classes are objects, (K,).
        chance: What is drawn by chance.
        spread: How far chance moves the ratings of objects.
    """
    assembly = _Assembly(shelf, layout, chosen, photo=photo, things=things)
    found = regions(layout)
    agreeing = np.stack([_agreement(found, page.labels == layout) for page in assembly.pages])
    plans = _plans(found, layout, assembly.pages, agreeing)
    shown = np.bincount(assembly.pages[0].labels.ravel(), minlength=256) >= PLENTY * layout.size
    objects = _objects(found, layout.shape, things | ~shown[: len(things)], agreeing)
    assembly.paste(found, objects, chance=chance, spread=spread)
    given = _given(found, layout, plans, assembly)
    return Collage(tuple(assembly.pages), given, found.marks, found.areas)


class _Assembly:
    """The pages as they come together."""

    def __init__(
        self,
        shelf: Shelf,
        layout: LabelMap,
        chosen: Sequence[Chosen],
        *,
        photo: Callable[[Chosen], Sample],
        things: NDArray[np.bool_],
    ) -> None:
        self.shelf, self.layout, self.chosen, self.photo, self.things = shelf, layout, chosen, photo, things
        self.tones: dict[Chosen, Tones] = {}
        self.pages = [self._page(one) for one in chosen]
        self.own = np.zeros(layout.shape, np.bool_)
        """Pixels of the last page that are an object's own."""

    def _page(self, one: Chosen) -> Page:
        sample = self.photo(one)
        picture, labels = _in_view(sample, self.layout.shape)
        toned = self._toned(one, picture, labels)
        labels = _without_shade(labels, self.layout, self.things)
        return Page(toned, labels, np.full(labels.shape, one.photo, np.int32))

    def _toned(
        self, one: Chosen, picture: Picture, labels: LabelMap, around: NDArray[np.float64] | None = None
    ) -> Picture:
        """What is of one photo in the colours of the main one."""
        main = self.chosen[0]
        if one.photo == main.photo:
            return picture
        return harmonised(picture, labels, self._tones(one), wanted=self._tones(main), around=around)

    def _tones(self, one: Chosen) -> Tones:
        if one not in self.tones:
            sample = self.photo(one)
            assert sample.labels is not None
            self.tones[one] = tones(sample.picture, sample.labels, self.shelf.label_set.count)
        return self.tones[one]

    def paste(self, found: Regions, objects: NDArray[np.intp], *, chance: np.random.Generator, spread: float) -> None:
        """Add a page with the best-fitting object at each of some regions."""
        main = self.pages[0]
        page = Page(main.picture.copy(), np.full_like(main.labels, 255), main.owners.copy())
        height, width = self.layout.shape
        for number in map(int, objects):
            box = found.boxes[number] / np.array([height, width, height, width])
            shape = Shape(int(found.classes[number]), box, mask_of(found, number))
            part, mirrored, rating = best_parts(self.shelf, shape, favoured=self.chosen, chance=chance, spread=spread)
            if rating >= ENOUGH:
                one = Chosen(int(self.shelf.index.parts.photos[part]), mirrored)
                self._lay(page, found, number, one=one, place=self.shelf.index.parts.boxes[part])
        if self.own.any():
            self.pages.append(page)

    def _lay(self, page: Page, found: Regions, number: int, *, one: Chosen, place: NDArray[np.float32]) -> None:
        """Lay a part of a photo, whose box is `place`, over the box of a region, with what is around it."""
        sample = self.photo(one)
        assert sample.labels is not None
        high, wide = sample.labels.shape
        top, left, bottom, right = (float(value) for value in place)
        if one.mirrored:
            left, right = 1 - right, 1 - left
        rows = _span((top * high, bottom * high), high, found.boxes[number, [0, 2]], self.layout.shape[0])
        columns = _span((left * wide, right * wide), wide, found.boxes[number, [1, 3]], self.layout.shape[1])
        picture, labels = _cut(sample, rows, columns)
        at = slice(rows.first, rows.last), slice(columns.first, columns.last)
        label = found.classes[number]
        own = (found.marks[at] == number) & (labels == label)
        free = ~self.own[at] & (page.labels[at] == 255)
        others = np.where((labels == label) & self.things[label], np.uint8(255), labels)
        count = self.shelf.label_set.count
        around = np.bincount(others.ravel(), minlength=256)[:count].astype(np.float64)
        toned = self._toned(one, picture, others, around)
        for region in (free, own):
            page.picture[at][region] = toned[region]
            page.labels[at][region] = labels[region]
            page.owners[at][region] = one.photo
        self.own[at] |= own


@dataclass(frozen=True)
class _Span:
    """Target pixels from `first` to before `last` along one axis, and the stretch of the source laid over them."""

    first: int
    last: int
    start: float
    stop: float


def _span(source: tuple[float, float], limit: int, target: NDArray[np.int32], size: int) -> _Span:
    """The stretch around an object along one axis, as far as both pictures reach."""
    scale = (source[1] - source[0]) / (int(target[1]) - int(target[0]))
    margin = max(2.0, CONTEXT * (int(target[1]) - int(target[0])))
    first = max(0, int(target[0] - margin), int(np.ceil(target[0] - source[0] / scale - 1e-6)))
    last = min(size, int(target[1] + margin), int(target[0] + (limit - source[0]) / scale + 1e-6))
    first, last = min(first, int(target[0])), max(last, int(target[1]))
    start, stop = source[0] + (first - target[0]) * scale, source[0] + (last - target[0]) * scale
    return _Span(first, last, max(0.0, float(start)), min(float(limit), float(stop)))


def _cut(sample: Sample, rows: _Span, columns: _Span) -> tuple[Picture, LabelMap]:
    """A box of a photo with its labels, at the size of its target."""
    assert sample.labels is not None
    size = columns.last - columns.first, rows.last - rows.first
    box = columns.start, rows.start, max(columns.stop, columns.start + 0.5), max(rows.stop, rows.start + 0.5)
    image = Image.fromarray(sample.picture)
    picture = image.resize(size, Image.Resampling.LANCZOS, box=box)
    y = (rows.start + (np.arange(size[1]) + 0.5) * (rows.stop - rows.start) / size[1]).astype(np.intp)
    x = (columns.start + (np.arange(size[0]) + 0.5) * (columns.stop - columns.start) / size[0]).astype(np.intp)
    y, x = y.clip(0, sample.labels.shape[0] - 1), x.clip(0, sample.labels.shape[1] - 1)
    return np.asarray(picture), sample.labels[y[:, None], x]


def _in_view(sample: Sample, size: Size) -> tuple[Picture, LabelMap]:
    """A photo at the size of the layout; what would be stretched too far is cut off on both sides."""
    assert sample.labels is not None
    height, width = sample.labels.shape
    ratio = (size[1] / size[0]) / (width / height)
    keep_rows = height if ratio < STRETCH else max(1, round(height * STRETCH / ratio))
    keep_columns = width if ratio > 1 / STRETCH else max(1, round(width * STRETCH * ratio))
    top, left = (height - keep_rows) // 2, (width - keep_columns) // 2
    at = slice(top, top + keep_rows), slice(left, left + keep_columns)
    picture = resize_picture(np.ascontiguousarray(sample.picture[at]), size)
    return picture, resize_labels(np.ascontiguousarray(sample.labels[at]), size)


def _without_shade(labels: LabelMap, layout: LabelMap, things: NDArray[np.bool_]) -> LabelMap:
    """The labels of a photo without what is around objects that the layout lacks: their shadows, frames and rims."""
    height, width = labels.shape
    found = regions(labels)
    thing = np.append(things, np.zeros(256 - len(things), np.bool_))
    gone = thing[found.classes] & (_agreement(found, labels == layout) < 0.5) & (found.areas >= 8)
    shaded = np.zeros(labels.shape, np.bool_)
    for top, left, bottom, right in found.boxes[gone]:
        beside, below, above = SHADE[0] * (right - left), SHADE[1] * (bottom - top), SHADE[2] * (bottom - top)
        rows = slice(max(0, int(top - above) - 1), min(height, int(bottom + below) + 2))
        shaded[rows, max(0, int(left - beside) - 1) : min(width, int(right + beside) + 2)] = True
    shaded &= ~thing[labels]
    before, after = (np.bincount(one, minlength=256) for one in (labels.ravel(), labels[~shaded]))
    poor = after < LEAST_LEFT * before
    return np.where(shaded & ~poor[labels], np.uint8(255), labels)


def _agreement(found: Regions, same: Region) -> NDArray[np.float64]:
    """The share of each region where a photo shows the same, (R,)."""
    return np.bincount(found.marks.ravel(), same.ravel(), len(found.areas)) / found.areas


_Plan = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
"""The page of each region, and how far down and right of it to take from there."""


def _plans(found: Regions, layout: LabelMap, pages: Sequence[Page], agreeing: NDArray[np.float64]) -> list[_Plan]:
    """Where each region is best taken from, and where what is missing there: a first and a second plan."""
    ratings = agreeing + np.array([0.15] + [0.0] * (len(pages) - 1))[:, None]
    order = np.argsort(-ratings, axis=0, kind="stable").astype(np.int32)
    zeros = np.zeros(len(found.areas), np.int32)
    plans = [(order[min(rank, len(order) - 1)].copy(), zeros.copy(), zeros.copy()) for rank in range(2)]
    scale = min(1.0, PLANNED_SIDE / max(layout.shape))
    size = max(1, round(layout.shape[0] * scale)), max(1, round(layout.shape[1] * scale))
    rows = ((np.arange(size[0]) + 0.5) / scale).astype(np.intp).clip(max=layout.shape[0] - 1)
    columns = ((np.arange(size[1]) + 0.5) / scale).astype(np.intp).clip(max=layout.shape[1] - 1)
    marks = found.marks[rows[:, None], columns]
    reduced = np.stack([page.labels[rows[:, None], columns] for page in pages])
    for number in np.flatnonzero(np.bincount(marks.ravel(), minlength=len(found.areas)) >= 8):
        y, x = np.nonzero(marks == number)
        pick = slice(None, None, max(1, len(y) // SAMPLED))
        best = _laid(reduced == found.classes[number], (y[pick], x[pick]))
        for plan, (page, down, right) in zip(plans, best, strict=True):
            plan[0][number] = page
            plan[1][number], plan[2][number] = round(down / scale), round(right / scale)
    return plans


def _laid(same: NDArray[np.bool_], cells: tuple[NDArray[np.intp], NDArray[np.intp]]) -> list[tuple[int, int, int]]:
    """The page and the shift that show the same in most cells; and those that add most to these."""
    height, width = same.shape[1:]
    tried, hits = [], []
    for down in SHIFTS:
        for right in SHIFTS:
            shift = round(down * height), round(right * width)
            y, x = cells[0] + shift[0], cells[1] + shift[1]
            inside = (y >= 0) & (x >= 0) & (y < height) & (x < width)
            shown = same[:, y.clip(0, height - 1), x.clip(0, width - 1)] & inside
            hits.append(shown)  # (P, n)
            price = 0.5 * float(np.hypot(down, right))
            tried += [(page, *shift, price - 0.15 * (page == 0)) for page in range(len(same))]
    shown = np.concatenate(hits)
    prices = np.array([one[3] for one in tried])
    first = int((shown.mean(axis=1) - prices).argmax())
    beside = np.array([one[0] == tried[first][0] for one in tried])
    second = int(((shown & ~shown[first]).mean(axis=1) * np.where(beside, 1.5, 1.0) - 0.2 * prices).argmax())
    return [tried[first][:3], tried[second][:3]]


def _objects(found: Regions, size: Size, things: NDArray[np.bool_], agreeing: NDArray[np.float64]) -> NDArray[np.intp]:
    """The regions that an object is wanted for, in the order in which they are laid: large ones first."""
    pixels = size[0] * size[1]
    fewest = max(6.0, pixels * 12 / (256 * 192))
    fit = (found.areas >= fewest) & (found.areas <= OBJECT_AREA * pixels) & (agreeing[0] < 0.9)
    fit &= things[found.classes]
    numbers = np.flatnonzero(fit)
    return numbers[np.argsort(-found.areas[numbers], kind="stable")][:MOST_OBJECTS]


def _given(found: Regions, layout: LabelMap, plans: Sequence[_Plan], assembly: _Assembly) -> Given:
    """The field, as far as the pages show what the layout wants; objects first, then the plans."""
    height, width = layout.shape
    own = np.where(assembly.own, np.int32(len(assembly.pages) - 1), np.int32(-1))
    given = Given(own, *np.indices(layout.shape, np.int32))
    labels = np.stack([page.labels for page in assembly.pages])
    pasted = np.zeros(len(found.areas), np.bool_)
    pasted[np.unique(found.marks[assembly.own])] = True
    open_ = ~pasted[found.marks]
    for page, down, right in plans:
        y, x = np.nonzero((given.pages < 0) & open_)
        marks = found.marks[y, x]
        there_y, there_x = y + down[marks], x + right[marks]
        inside = (there_y >= 0) & (there_x >= 0) & (there_y < height) & (there_x < width)
        shown = inside & (labels[page[marks], there_y.clip(0, height - 1), there_x.clip(0, width - 1)] == layout[y, x])
        y, x, there_y, there_x = y[shown], x[shown], there_y[shown], there_x[shown]
        given.pages[y, x] = page[marks[shown]]
        given.rows[y, x], given.columns[y, x] = there_y, there_x
    return given


def opened(made: Collage, layout: LabelMap) -> Region:
    """What to make anew, (h, w): what is not given, with a margin in its region, and seams within a region."""
    given = made.given
    unknown = given.pages < 0
    rows, columns = np.indices(layout.shape, np.int32)
    source = np.stack([given.pages, given.rows - rows, given.columns - columns])
    for axis in (0, 1):
        one, other = ((slice(None),) * axis + (part,) for part in (slice(1, None), slice(None, -1)))
        apart = (source[(slice(None), *one)] != source[(slice(None), *other)]).any(axis=0)
        apart &= made.marks[one] == made.marks[other]
        unknown[one] |= apart
        unknown[other] |= apart
    if not unknown.any():
        return unknown
    distance, nearest = distance_transform_edt(~unknown, return_indices=True)
    same = made.marks[nearest[0], nearest[1]] == made.marks
    reach = np.minimum(max(4.0, 0.02 * max(layout.shape)), 0.12 * np.sqrt(made.areas))
    near: Region = unknown | (same & (distance <= reach[made.marks]))
    return near
