"""Regions of a picture: propose some to name, sharpen their borders, tidy their crumbs.

Proposals are superpixels (SLIC, Achanta et al. 2012) merged two by two in the order of Ward's criterion (Ward 1963),
weighed by how strong the border between the two is. Work is done on a small copy; `refine_borders` then walks up to
full size and decides only the pixels near a border again, so the cost of twelve megapixels is that of their borders.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2lab
from skimage.measure import label as _number_pieces
from skimage.segmentation import slic

from sembla.core.errors import LabelError, SizeError
from sembla.core.types import MAX_CLASSES, LabelMap, Picture

__all__ = [
    "MIN_SEGMENTS",
    "describe",
    "lab_colours",
    "merge_pieces",
    "number_pieces",
    "propose_segments",
    "refine_borders",
    "shrink",
]

MIN_SEGMENTS = 2
"""Fewest segments that can be asked for; one alone would name the whole picture."""

_number: Callable[..., NDArray[np.integer[Any]]] = _number_pieces  # scikit-image leaves it untyped

_WORKING_SIDE = 256  # longest side of the small copy: 224 to 320 score alike, and time grows with its square
_SUPERPIXELS = 900
_COMPACT = 8.0  # weight of place against colour in superpixels
_GROWTH = 0.8  # power of area in the cost of a merge; at Ward's 1, large calm regions are cut in halves
_ALIKE = 0.5  # squared difference below which regions count as alike, in the units of `describe`
_OPEN = 0.1  # cost of merging across no edge, against 1 across a clear one
_TOUCH = 0.3  # the same for regions that hardly touch, against 1 for those that share a side

_BAND = 2  # pixels beside a border that are decided again; a halved map is off by that much
_WINDOW = 4  # reach of a vote
_REACH = 3.0  # standard deviation of a vote's distance
_NOISE = 6.0  # colours closer than this are the same, in steps of 0 to 255
_CONTRAST = 0.2  # share of the window's mean squared difference that still counts as the same colour
_PASSES = 2
_CHUNK = 100_000  # border pixels in hand at once: about 100 MB


def shrink(picture: Picture, side: int = _WORKING_SIDE) -> Picture:
    """Average the picture down until its longest side is `side`; a smaller one is returned as it is."""
    height, width = picture.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return picture
    return _average(picture, (max(1, round(height * scale)), max(1, round(width * scale))))


def describe(picture: Picture) -> NDArray[np.float32]:
    """Describe colour and texture around every pixel.

    Gives (H, W, 12): Lab colour near by and in a wider surround, and the energy of the lightness gradient along y and
    x at three scales, all brought to about unit spread on photographs.
    """
    lab = lab_colours(picture)
    near, wide = _blur(lab, 1.0), _blur(lab, 5.0)
    lightness = lab[..., 0]
    slopes = np.stack([gaussian_filter(lightness, 0.7, order=order) for order in ((1, 0), (0, 1))], -1)
    energy = [np.sqrt(np.maximum(_blur(slopes**2, scale), 0)) / 2 for scale in (2.0, 5.0, 10.0)]
    spread = np.array([8, 5, 5], np.float32)
    return np.concatenate([near / spread, wide / spread, *energy], -1).astype(np.float32)


def lab_colours(picture: Picture) -> NDArray[np.float32]:
    """Turn a picture into CIE Lab under D65, (H, W, 3)."""
    return np.asarray(rgb2lab(picture.astype(np.float32) / np.float32(255)), np.float32)


def propose_segments(picture: Picture, count: int) -> LabelMap:
    """Cut a picture into `count` compact regions that follow its edges, as proposals to name.

    Ids run from 0, the largest region first; every region is connected (over sides). Fewer than `count` come back
    only where the picture is too small to hold so many. The same picture always gives the same regions.
    Raises `LabelError` unless `count` is 2 to 64.
    """
    if not MIN_SEGMENTS <= count <= MAX_CLASSES:
        raise LabelError(f"{count} segments asked for; ask for {MIN_SEGMENTS} to {MAX_CLASSES}.")
    small = shrink(picture)
    merged = _merge_superpixels(small, _superpixels(small, count), count)
    labels = _largest_pieces(refine_borders(merged, picture))
    present, areas = np.unique(labels, return_counts=True)
    ranks = np.zeros(MAX_CLASSES, np.uint8)
    ranks[present[np.argsort(-areas, kind="stable")]] = np.arange(len(present))
    return ranks[labels]


def _superpixels(small: Picture, count: int) -> NDArray[np.intp]:
    # a superpixel needs about 4 pixels to be one, and some must be left to merge
    wanted = min(max(_SUPERPIXELS, 8 * count), small.shape[0] * small.shape[1] // 4)
    pieces = slic(small, wanted, compactness=_COMPACT, sigma=0.7, start_label=0)
    return number_pieces(pieces)  # SLIC's are connected, but some only over a corner


@dataclass
class _Regions:
    """Regions that are being merged: one entry a region, and what lies between neighbours."""

    area: list[float]
    mean: list[NDArray[np.float64]]
    borders: list[dict[int, tuple[float, float]]]
    """For each region its neighbours: length of the border in pixels, and summed contrast along it."""

    def cost(self, one: int, other: int) -> float:
        """Growth of the squared error (Ward 1963), more across a marked border, less along a long one."""
        length, contrast = self.borders[one][other]
        area = self.area[one] * self.area[other] / (self.area[one] + self.area[other])
        difference = float(((self.mean[one] - self.mean[other]) ** 2).sum())
        compact = length / min(self.area[one], self.area[other]) ** 0.5  # about 1 where a side is shared
        return float(area**_GROWTH * (difference + _ALIKE) * (_OPEN + contrast / length) / (_TOUCH + min(compact, 2.0)))

    def join(self, one: int, other: int) -> None:
        """Merge `other` into `one`."""
        total = self.area[one] + self.area[other]
        self.mean[one] = (self.mean[one] * self.area[one] + self.mean[other] * self.area[other]) / total
        self.area[one] = total
        for neighbour, (length, contrast) in self.borders[other].items():
            del self.borders[neighbour][other]
            if neighbour != one:
                known = self.borders[one].get(neighbour, (0.0, 0.0))
                border = (known[0] + length, known[1] + contrast)
                self.borders[one][neighbour] = self.borders[neighbour][one] = border
        self.borders[other] = {}


def _merge_superpixels(small: Picture, pieces: NDArray[np.intp], count: int) -> LabelMap:
    """Merge the cheapest pair of neighbours again and again until `count` regions are left."""
    regions = _measure(small, pieces)
    parent = np.arange(len(regions.area))
    version = [0] * len(parent)
    queue = [
        (regions.cost(one, other), one, other, 0, 0)
        for one, neighbours in enumerate(regions.borders)
        for other in neighbours
        if one < other
    ]
    heapq.heapify(queue)
    left = len(parent)
    while left > count and queue:
        _, one, other, *seen = heapq.heappop(queue)
        if seen != [version[one], version[other]]:  # one of the two has changed since
            continue
        regions.join(one, other)
        parent[parent == other] = one
        version[one] += 1
        version[other] = -1
        left -= 1
        for neighbour in regions.borders[one]:
            first, second = sorted((one, neighbour))
            heapq.heappush(queue, (regions.cost(first, second), first, second, version[first], version[second]))
    return np.unique(parent, return_inverse=True)[1].astype(np.uint8)[pieces]


def _measure(small: Picture, pieces: NDArray[np.intp]) -> _Regions:
    # the wide surround is left out: along a strong edge it would make a region of its own
    features = describe(small)[..., [0, 1, 2, 6, 7]].reshape(-1, 5) * np.array([1.4, 1.4, 1.4, 1, 1], np.float32)
    total = int(pieces.max()) + 1
    area = np.bincount(pieces.ravel(), minlength=total).astype(float)
    sums = [np.bincount(pieces.ravel(), features[:, channel], total) for channel in range(features.shape[1])]
    colours = lab_colours(small)
    borders: list[dict[int, tuple[float, float]]] = [{} for _ in range(total)]
    for one, other, contrast in _shared_sides(pieces, colours):
        pairs, index = np.unique(np.minimum(one, other) * total + np.maximum(one, other), return_inverse=True)
        lengths, contrasts = np.bincount(index), np.bincount(index, contrast)
        for pair, length, summed in zip(pairs.tolist(), lengths.tolist(), contrasts.tolist(), strict=True):
            first, second = divmod(pair, total)
            known = borders[first].get(second, (0.0, 0.0))
            borders[first][second] = borders[second][first] = (known[0] + length, known[1] + summed)
    return _Regions(area.tolist(), list(np.stack(sums, 1) / area[:, None]), borders)


def _shared_sides(
    pieces: NDArray[np.intp], colours: NDArray[np.float32]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
    """Give, along y then x, the pieces on both sides of every border and the contrast across it (1 = a clear edge)."""
    for axis in (0, 1):
        here, there = np.moveaxis(pieces, axis, 0)[:-1], np.moveaxis(pieces, axis, 0)[1:]
        moved = np.moveaxis(colours, axis, 0)
        step = np.sqrt(((moved[1:] - moved[:-1]) ** 2).sum(-1))
        differ = here != there
        yield here[differ], there[differ], np.minimum(step[differ] / 15.0, 1.0).astype(float)


def refine_borders(
    labels: LabelMap, picture: Picture, fixed: tuple[NDArray[np.intp], NDArray[np.intp], LabelMap] | None = None
) -> LabelMap:
    """Bring a small label map (h, w) to the size of its picture (H, W), its borders drawn to the picture's edges.

    Size doubles step by step; at each step the pixels near a border take the label that most of their window votes
    for, a vote counting by nearness in place and colour (joint bilateral upsampling, Kopf et al. 2007; ours votes over
    labels, and its colour scale adapts to the contrast of each window). `fixed` holds rows, columns and labels of
    pixels that are known beforehand: they vote, and keep their labels.
    Raises `SizeError` where the map is larger than the picture.
    """
    target = picture.shape[:2]
    if labels.shape[0] > target[0] or labels.shape[1] > target[1]:
        raise SizeError(
            f"the label map is {labels.shape[1]}x{labels.shape[0]}, its picture {target[1]}x{target[0]}; "
            "pass a map no larger than the picture."
        )
    labels = labels.copy()
    while labels.shape != target:
        size = (min(target[0], 2 * labels.shape[0]), min(target[1], 2 * labels.shape[1]))
        size = target if target[0] == size[0] or target[1] == size[1] else size
        labels = _resize_nearest(labels, size)
        level = _average(picture, size)
        for _ in range(_PASSES):
            _set_fixed(labels, fixed, target)
            labels = _vote(labels, level)
    _set_fixed(labels, fixed, target)
    return labels


def _resize_nearest(labels: LabelMap, size: tuple[int, int]) -> LabelMap:
    return np.array(Image.fromarray(labels).resize((size[1], size[0]), Image.Resampling.NEAREST))


def _average(picture: Picture, size: tuple[int, int]) -> Picture:
    if picture.shape[:2] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.BOX))


def _blur(planes: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    return np.asarray(gaussian_filter(planes, (scale, scale, 0)))


def _set_fixed(
    labels: LabelMap, fixed: tuple[NDArray[np.intp], NDArray[np.intp], LabelMap] | None, full: tuple[int, ...]
) -> None:
    if fixed is not None:
        rows, columns, values = fixed
        labels[rows * labels.shape[0] // full[0], columns * labels.shape[1] // full[1]] = values


def _vote(labels: LabelMap, picture: Picture) -> LabelMap:
    """Decide the pixels beside a border again; all read the old labels, so their order does not matter."""
    band = _near_borders(labels)
    decided = labels.copy()
    for start in range(0, len(band), _CHUNK):
        part = band[start : start + _CHUNK]
        decided.ravel()[part] = _elect(labels, picture, part)
    return decided


def _near_borders(labels: LabelMap) -> NDArray[np.intp]:
    """Find flat indices of the pixels within `_BAND` of another label."""
    height, width = labels.shape
    below, beside = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    border = np.zeros(labels.shape, np.bool_)
    border[1:] |= below
    border[:-1] |= below
    border[:, 1:] |= beside
    border[:, :-1] |= beside
    rows, columns = np.nonzero(border)
    for dy in range(1 - _BAND, _BAND):
        for dx in range(1 - _BAND, _BAND):
            border[np.clip(rows + dy, 0, height - 1), np.clip(columns + dx, 0, width - 1)] = True
    return np.flatnonzero(border)


def _elect(labels: LabelMap, picture: Picture, pixels: NDArray[np.intp]) -> LabelMap:
    """Let the window around each pixel (flat indices, M) vote for its label."""
    height, width = labels.shape
    rows, columns = np.divmod(pixels, width)
    colours = picture.reshape(-1, 3)
    here = colours[pixels].astype(np.float32)
    reach = range(-_WINDOW, _WINDOW + 1)
    offsets = [(dy, dx) for dy in reach for dx in reach]
    differences = np.empty((len(offsets), len(pixels)), np.float32)
    ballots = np.empty((len(offsets), len(pixels)), np.uint8)
    for index, (dy, dx) in enumerate(offsets):
        voter = np.clip(rows + dy, 0, height - 1) * width + np.clip(columns + dx, 0, width - 1)
        differences[index] = ((colours[voter] - here) ** 2).sum(1)
        ballots[index] = labels.ravel()[voter]
    scale = _NOISE**2 + _CONTRAST * differences.mean(0)
    votes = np.zeros((len(pixels), int(labels.max()) + 1), np.float32)
    everyone = np.arange(len(pixels))
    for (dy, dx), difference, ballot in zip(offsets, differences, ballots, strict=True):
        nearness = (dy * dy + dx * dx) / (2 * _REACH**2)
        votes[everyone, ballot] += np.exp(-difference / (2 * scale) - np.float32(nearness))
    winners: LabelMap = votes.argmax(1).astype(np.uint8)
    return winners


def _largest_pieces(labels: LabelMap) -> LabelMap:
    """Leave each label its largest connected piece; the others go to their neighbours."""
    pieces = number_pieces(labels)
    areas = np.bincount(pieces.ravel())
    owner = np.zeros(len(areas), np.intp)
    owner[pieces.ravel()] = labels.ravel()
    keep = np.zeros(len(areas), np.bool_)
    by_area = np.argsort(areas, kind="stable")
    largest = np.full(256, -1)
    largest[owner[by_area]] = by_area  # the last one written is the largest
    keep[largest[largest >= 0]] = True
    return merge_pieces(labels, pieces, keep)


def number_pieces(labels: NDArray[np.integer[Any]]) -> NDArray[np.intp]:
    """Number the connected pieces of a map (H, W) from 0; pixels of one value are connected over their sides."""
    return np.asarray(_number(labels, background=-1, connectivity=1), np.intp) - 1


def merge_pieces(labels: LabelMap, pieces: NDArray[np.integer[Any]], keep: NDArray[np.bool_]) -> LabelMap:
    """Give every connected piece that is not kept to the label it shares most of its border with.

    `pieces` (H, W) numbers the connected pieces of the label map from 0, `keep` holds one flag a piece. Returns a new
    map. Raises `LabelError` when no piece is kept.
    """
    if not keep.any():
        raise LabelError("no piece of the label map is to be kept; keep at least one.")
    labels, keep = labels.copy(), keep.copy()
    pixels = np.flatnonzero(~keep[pieces])
    while len(pixels):
        owner, wanted = _votes_of_kept(labels, pieces, keep, pixels)
        tally, votes = np.unique(owner * 256 + wanted, return_counts=True)
        tally = tally[np.argsort(votes, kind="stable")]
        answer = np.full(len(keep), -1)
        answer[tally // 256] = tally % 256  # the last one written has the longest border
        found = answer >= 0
        mine = found[pieces.ravel()[pixels]]
        labels.ravel()[pixels[mine]] = answer[pieces.ravel()[pixels[mine]]]
        keep |= found
        pixels = pixels[~mine]
    return labels


def _votes_of_kept(
    labels: LabelMap, pieces: NDArray[np.integer[Any]], keep: NDArray[np.bool_], pixels: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give (piece, label of a kept neighbour) for each side that the pixels share with a kept piece."""
    height, width = labels.shape
    rows, columns = np.divmod(pixels, width)
    owners, wanted = [], []
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        other = np.clip(rows + dy, 0, height - 1) * width + np.clip(columns + dx, 0, width - 1)
        counts = keep[pieces.ravel()[other]]
        owners.append(pieces.ravel()[pixels[counts]].astype(np.intp))
        wanted.append(labels.ravel()[other[counts]].astype(np.intp))
    return np.concatenate(owners), np.concatenate(wanted)
