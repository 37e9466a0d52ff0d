"""Scribbles to label maps: a few strokes a class become a full map.

`fill_strokes` is a random walker with priors (Grady 2005, "Multilabel random walker image segmentation using prior
models"): a pixel takes the class whose strokes a walker from it meets first, where walking across an edge is hard and
a walker may also stop at any pixel, at the class that colour, texture and place make likely there. It is solved on a
small copy and drawn to the edges of the picture by `refine_borders`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import binary_erosion, gaussian_filter
from scipy.sparse.linalg import splu

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import MAX_CLASSES, LabelMap, Picture, Region
from sembla.imaging.segments import describe, lab_colours, merge_pieces, number_pieces, refine_borders, shrink
from sembla.imaging.snapping import UNKNOWN, blend_misfit, in_blocks, nearest, tally

__all__ = ["fill_strokes", "read_strokes"]

_OPAQUE = 128  # alpha from which a pixel is marked
_RIPPLE = 24  # a pixel this near to what lies under the strokes is unmarked, in levels of a channel
_SAME = 40.0  # colours this near (Euclidean, RGB) may be of one stroke: its soft edge, JPEG's noise
_BLEND = 12.0  # a colour this near to the line between two others may be their blend
_REACH = 3  # pixels from a stroke that its rim may reach
_FEW = 64
_CLEAN = 0.2  # share of the marks in the very colours of the classes, below which a drawing was blurred or compressed
_DOT = 4  # fewest pixels of a class in a drawing with soft edges
_PATCH = 16  # and in one that was blurred or compressed

_STOP = 0.004  # rate of stopping, over the number of classes: the more there are, the less colour tells them apart
_LEAK = 1e-3  # rate of crossing the hardest edge, so that every pixel is reached
_UNLIKE = 8.0  # how hard it is to step between pixels that look like different classes
_PLACE = 24.0  # percent of the longest side that count as much as one unit of colour
_TRUST = 0.5  # neighbouring pixels repeat one another, so the evidence of each counts for less
_SAMPLES = 2000  # stroke pixels of a class that its colour model is made from
_CRUMB = 2e-3  # share of the picture below which a piece that no stroke touches is a crumb


def read_strokes(scribbles: NDArray[np.uint8], picture: Picture) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Read strokes, one colour a class, drawn for a picture (H, W, 3); `scribbles` is RGB or RGBA of the same size.

    Unmarked is what is see-through, or else what shows the drawing's plain ground, or else what shows the picture
    itself. Returns class ids (H, W), -1 where unmarked, and the palette (K, 3); ids follow the order of the colours,
    so the same colours get the same ids in another drawing. Soft edges and JPEG's ripples are left unmarked.
    Raises `ImageError` for another dtype or shape, `SizeError` when the sizes differ, and `LabelError` where neither
    plain ground nor picture shows on more than half of the pixels, or for fewer than 2 or more than 64 classes.
    """
    drawing = _look(scribbles, picture)
    ids, colours = _pure_colours(drawing) if drawing.pure else _soft_colours(drawing)
    order = np.lexsort(colours.T[::-1])
    ranks = np.full(UNKNOWN + 1, -1, np.int16)
    ranks[order] = np.arange(len(order))
    if not 2 <= len(colours) <= MAX_CLASSES:
        raise LabelError(
            f"the scribbles show {'more than ' if len(colours) >= UNKNOWN else ''}{len(colours)} "
            f"colour{'' if len(colours) == 1 else 's'} of strokes; draw 2 to {MAX_CLASSES} classes, one colour each."
        )
    strokes = np.full(picture.shape[:2], -1, np.int16)
    strokes[drawing.rows, drawing.columns] = ranks[ids]
    return strokes, colours[order]


@dataclass(frozen=True)
class _Drawing:
    """A drawing of which we know what is marked."""

    marked: Region
    scribbles: NDArray[np.uint8]
    """The colours of all pixels, (H, W, 3)."""
    colours: NDArray[np.uint8]
    """Those of the marked pixels, (n, 3)."""
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    ground: NDArray[np.uint8] | None
    """The colour (3,) that strokes may blend with; None where it is see-through or varies."""
    pure: bool
    """Whether few colours show, so that all may be meant."""


def _look(scribbles: NDArray[np.uint8], picture: Picture) -> _Drawing:
    """Find what is marked."""
    if scribbles.dtype != np.uint8 or scribbles.ndim != 3 or scribbles.shape[2] not in (3, 4):
        raise ImageError(f"scribbles came as {scribbles.dtype} {scribbles.shape}; pass uint8 (H, W, 3) or (H, W, 4).")
    if scribbles.shape[:2] != picture.shape[:2]:
        raise SizeError(
            f"the scribbles are {scribbles.shape[1]}x{scribbles.shape[0]}, the picture {picture.shape[1]}x"
            f"{picture.shape[0]}; draw the scribbles at the picture's size."
        )
    colours = scribbles[..., :3]
    if scribbles.shape[2] == 4 and (scribbles[..., 3] < _OPAQUE).any():
        return _drawing(scribbles[..., 3] >= _OPAQUE, colours, None)
    found = tally(colours)
    ground = found.values[found.counts.argmax()]
    few = len(found.values) <= MAX_CLASSES + 1
    ripple = 0 if few else _RIPPLE
    on_ground, on_picture = _differs(colours, ground, ripple), _differs(colours, picture, ripple)
    # what was drawn on leaves the fewest marks: a white canvas and a photo with a white sky are told apart by it
    marked, ground_or_none = min(((on_ground, ground), (on_picture, None)), key=lambda each: int(each[0].sum()))
    if marked.mean() >= 0.5:
        raise LabelError(
            "neither a plain ground nor the picture shows on half of the scribbles; draw strokes over a copy of the "
            "picture, or on one plain or see-through ground."
        )
    return _drawing(marked, colours, ground_or_none)


def _drawing(marked: Region, colours: NDArray[np.uint8], ground: NDArray[np.uint8] | None) -> _Drawing:
    rows, columns = np.nonzero(marked)
    chosen = colours[rows, columns]
    pure = len(tally(chosen[None]).values) <= MAX_CLASSES if len(chosen) else True
    return _Drawing(marked, colours, chosen, rows, columns, ground, pure)


def _differs(colours: NDArray[np.uint8], other: NDArray[np.uint8], ripple: int) -> Region:
    """Where colours (H, W, 3) differ from others by more than a ripple, or by six times what is usual."""
    worst = (np.maximum(colours, other) - np.minimum(colours, other)).max(-1)
    limit = max(ripple, min(6 * float(np.median(worst)), 64)) if ripple else 0
    differs: Region = worst > limit
    return differs


def _pure_colours(drawing: _Drawing) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take every colour as a class, except those that lie between two others in colour and in place."""
    found = tally(drawing.colours[None])
    ids = found.index[0].astype(np.uint8)
    beside = _beside(drawing, ids, len(found.values))
    values = found.values.astype(float)
    ends = values if drawing.ground is None else np.concatenate([values, drawing.ground[None]])
    rims = [number for number in range(len(values)) if _is_rim(number, ends, found.counts, beside[ids == number])]
    return _renumber(ids, found.values, np.setdiff1d(np.arange(len(values)), rims))


def _is_rim(number: int, ends: NDArray[np.floating], counts: NDArray[np.int64], beside: NDArray[np.bool_]) -> bool:
    """Whether a colour is the blend of two larger ones, or of one and the ground, that most of its pixels lie by."""
    may_end = np.concatenate([counts > counts[number], [True]])[: len(ends)]
    seen = (beside[:, : len(ends)] & may_end).astype(np.float32)
    together = np.triu(seen.T @ seen >= 0.8 * len(seen), 1)
    first, second = np.nonzero(together)
    misfit, share = blend_misfit(ends[number], ends[first], ends[second])
    return bool(((misfit <= _BLEND) & (abs(share - 0.5) < 0.48)).any())


def _beside(drawing: _Drawing, ids: NDArray[np.uint8], count: int) -> NDArray[np.bool_]:
    """Tell which ids lie within `_REACH` of each marked pixel, (n, count + 1); the last column is for unmarked ones."""
    height, width = drawing.marked.shape
    plane = np.full((height, width), count, np.uint8)
    plane[drawing.rows, drawing.columns] = ids
    seen = np.zeros((len(ids), count + 1), np.bool_)
    everyone = np.arange(len(ids))
    for dy in range(-_REACH, _REACH + 1):
        for dx in range(-_REACH, _REACH + 1):
            row, column = np.clip(drawing.rows + dy, 0, height - 1), np.clip(drawing.columns + dx, 0, width - 1)
            seen[everyone, plane[row, column]] = True
    return seen


def _soft_colours(drawing: _Drawing) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take the commonest colours as classes, and drop what lies thinly along a larger piece of another."""
    found = tally(drawing.colours[None])
    modes = _modes(found.values, found.counts)
    exact = (drawing.colours[:, None] == modes[:_FEW]).all(2).sum(0) if len(modes) else np.zeros(0)
    clean = exact.sum() >= _CLEAN * len(drawing.colours)
    if not clean:
        found = tally(drawing.colours[_calm(drawing)][None])
        modes = _modes(found.values, found.counts)
    ids, distance = nearest(drawing.colours, modes)
    ids[distance > _SAME] = UNKNOWN
    plane = np.full(drawing.marked.shape, UNKNOWN, np.uint8)
    plane[drawing.rows, drawing.columns] = ids
    ids = np.where(_on_rims(drawing, plane), UNKNOWN, ids).astype(np.uint8)
    support = np.bincount(ids, minlength=UNKNOWN + 1)[: len(modes)]
    return _renumber(ids, modes, np.flatnonzero(support >= (_DOT if clean else _PATCH)))


def _modes(values: NDArray[np.uint8], counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Find the commonest of counted colours, (k, 3), each more than `_SAME` from those before it; 255 at most."""
    cell = (values >> 3).astype(np.intp) @ np.array([1 << 10, 1 << 5, 1])
    weights = np.bincount(cell, counts, 1 << 15)[cell] + counts  # a colour amid its like, not a lone one
    left = values[np.argsort(-weights, kind="stable")]
    modes = [np.zeros((0, 3), np.uint8)]
    while len(left) and len(modes) <= UNKNOWN:
        modes.append(left[:1])
        left = left[nearest(left, left[:1])[1] > _SAME]
    return np.concatenate(modes)


def _calm(drawing: _Drawing) -> NDArray[np.bool_]:
    """Tell which marked pixels lie amid marked pixels of about their own colour: in the middle of a stroke."""
    calm = binary_erosion(drawing.marked, np.ones((3, 3)), border_value=1)[drawing.rows, drawing.columns]
    height, width = drawing.marked.shape
    own = drawing.colours.astype(np.int16)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            row, column = np.clip(drawing.rows + dy, 0, height - 1), np.clip(drawing.columns + dx, 0, width - 1)
            calm &= abs(drawing.scribbles[row, column] - own).max(1) <= _RIPPLE
    return calm


def _on_rims(drawing: _Drawing, plane: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which marked pixels belong to a thin piece of which most lies by a larger piece of another colour."""
    height, width = plane.shape
    pieces = number_pieces(plane)
    areas = np.bincount(pieces.ravel())
    own, mine = pieces[drawing.rows, drawing.columns], plane[drawing.rows, drawing.columns]
    by_larger = np.zeros(len(own), np.bool_)
    for dy in range(-_REACH, _REACH + 1):
        for dx in range(-_REACH, _REACH + 1):
            row, column = np.clip(drawing.rows + dy, 0, height - 1), np.clip(drawing.columns + dx, 0, width - 1)
            other = plane[row, column]
            by_larger |= (areas[pieces[row, column]] > areas[own]) & (other != UNKNOWN) & (other != mine)
    share = np.bincount(own, by_larger, len(areas)) / areas
    solid = np.bincount(own, in_blocks(plane, 4)[drawing.rows, drawing.columns], len(areas)) / areas
    rim: NDArray[np.bool_] = ((share > 0.7) & (solid < 0.2))[own]
    return rim


def _renumber(
    ids: NDArray[np.uint8], colours: NDArray[np.uint8], keep: NDArray[np.intp]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Leave only the ids to keep, as 0, 1, 2, ...; the others become `UNKNOWN`."""
    ranks = np.full(UNKNOWN + 1, UNKNOWN, np.uint8)
    ranks[keep] = np.arange(len(keep))
    return ranks[ids], colours[keep]


def fill_strokes(picture: Picture, strokes: NDArray[np.int16]) -> LabelMap:
    """Give every pixel of a picture (H, W, 3) to a class, from strokes (H, W) of class ids, -1 where unmarked.

    Stroke pixels keep their class. Pieces without a stroke are kept where they look like their class and are larger
    than a five-hundredth of the picture. The same input always gives the same map.
    Raises `SizeError` when the sizes differ, `LabelError` for fewer than two classes or ids above 63.
    """
    if strokes.shape != picture.shape[:2]:
        raise SizeError(
            f"the strokes are {strokes.shape[1]}x{strokes.shape[0]}, their picture {picture.shape[1]}x"
            f"{picture.shape[0]}; draw the strokes at the picture's size."
        )
    rows, columns = np.nonzero(strokes >= 0)
    present, index = np.unique(strokes[rows, columns], return_inverse=True)
    if len(present) < 2 or present[-1] >= MAX_CLASSES:
        raise LabelError(
            f"strokes of {len(present)} classes came, ids up to {max(present, default=-1)}; "
            f"draw 2 to {MAX_CLASSES} classes, ids 0 to {MAX_CLASSES - 1}."
        )
    values = index.astype(np.uint8)
    small = shrink(picture)
    known = _shrink_strokes((rows, columns, values), strokes.shape, small.shape[:2])
    likely = _likelihood(small, known, len(present))
    labels = _walk(small, known, likely).argmax(-1).astype(np.uint8)
    labels = refine_borders(labels, picture, fixed=(rows, columns, values))
    return present.astype(np.uint8)[_without_crumbs(labels, rows, columns)]


def _shrink_strokes(
    marks: tuple[NDArray[np.intp], NDArray[np.intp], LabelMap], full: tuple[int, ...], size: tuple[int, ...]
) -> NDArray[np.intp]:
    """Give each cell of a small map the class that marks most of it, -1 where none does; no class gets lost."""
    rows, columns, values = marks
    cells = (rows * size[0] // full[0]) * size[1] + columns * size[1] // full[1]
    count = int(values.max()) + 1
    tally = np.bincount(cells * count + values, minlength=size[0] * size[1] * count).reshape(-1, count)
    known = np.where(tally.any(1), tally.argmax(1), -1)
    for lost in set(range(count)) - set(known.tolist()):
        known[tally[:, lost].argmax()] = lost
    return known.reshape(size)


def _likelihood(small: Picture, known: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """Give the probability of each class at each pixel (h, w, count), from what its strokes look like and where."""
    height, width = known.shape
    place = np.indices((height, width), np.float32).transpose(1, 2, 0) * (100 / _PLACE / max(height, width))
    features = np.concatenate([describe(small), place], -1).reshape(height * width, -1)
    kernels = max(2, min(10, 120 // count))  # a class, so that many classes take no longer than a few
    evidence = np.empty((height * width, count), np.float32)
    for number in range(count):
        own = features[np.flatnonzero(known == number)]
        evidence[:, number] = _log_density(features, own[:: -(-len(own) // _SAMPLES)], kernels)
    evidence *= _TRUST
    chance = np.exp(evidence - evidence.max(1, keepdims=True)) + 1e-4
    chance /= chance.sum(1, keepdims=True)
    return chance.reshape(height, width, count)


def _log_density(features: NDArray[np.float32], samples: NDArray[np.float32], kernels: int) -> NDArray[np.float32]:
    """Log-density (N,) of features (N, D) under a mixture of Gaussians, one a cluster of the samples (n, D)."""
    centres, member = _cluster(samples, kernels)
    terms = np.empty((len(features), len(centres)), np.float32)
    for number, centre in enumerate(centres):
        own = samples[member == number]
        # a few samples cannot tell their spread; a unit of variance is added for what strokes leave out
        variance = own.var(0) * (len(own) / (len(own) + 5)) + 1
        fall = 1 / variance
        distance = features**2 @ fall - 2 * features @ (centre * fall) + (centre * centre * fall).sum()
        terms[:, number] = np.log(len(own) / len(samples)) - 0.5 * (distance + np.log(variance).sum())
    top = terms.max(1)
    density: NDArray[np.float32] = top + np.log(np.exp(terms - top[:, None]).sum(1))
    return density


def _cluster(samples: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """K-means (Lloyd 1982), started at points far from one another (Gonzalez 1985); empty clusters are dropped."""
    centres = samples[((samples - samples.mean(0)) ** 2).sum(1).argmin()][None]
    nearest = ((samples - centres) ** 2).sum(1)
    while len(centres) < count and nearest.max() > 0:
        centres = np.concatenate([centres, samples[nearest.argmax()][None]])
        nearest = np.minimum(nearest, ((samples - centres[-1]) ** 2).sum(1))
    for _ in range(8):
        member = ((samples[:, None] - centres) ** 2).sum(2).argmin(1)
        member = np.unique(member, return_inverse=True)[1]
        sizes = np.bincount(member)
        sums = [np.bincount(member, samples[:, channel]) for channel in range(samples.shape[1])]
        centres = (np.stack(sums, 1) / sizes[:, None]).astype(np.float32)
    return centres, member


def _walk(small: Picture, known: NDArray[np.intp], likely: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability (h, w, K) that a walker from a pixel ends at each class."""
    height, width, count = likely.shape
    marked = known.ravel() >= 0
    chances = np.zeros((height * width, count), np.float32)
    chances[marked, known.ravel()[marked]] = 1
    free = np.flatnonzero(~marked)
    if not len(free):
        return chances.reshape(height, width, count)
    stop = _STOP / count
    ways = _ways(small, likely)
    leave = np.asarray(ways.sum(1)).ravel() + stop
    laplacian = (sparse.diags_array(leave) - ways).tocsr()[free]
    wanted = stop * likely.reshape(-1, count)[free] - laplacian[:, np.flatnonzero(marked)] @ chances[marked]
    # symmetric and positive definite, so no pivots are needed and minimum degree keeps the factors thin
    factors = splu(laplacian[:, free].tocsc(), "MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    chances[free] = factors.solve(wanted.astype(np.float64))
    return chances.reshape(height, width, count)


def _ways(small: Picture, likely: NDArray[np.float32]) -> sparse.csr_array:
    """Give the rates of stepping between neighbours (h w, h w): high where they look alike."""
    height, width = likely.shape[:2]
    colours = gaussian_filter(lab_colours(small), (0.7, 0.7, 0))
    steps = [np.diff(colours, axis=axis) for axis in (0, 1)]
    doubts = [np.diff(likely, axis=axis) for axis in (0, 1)]
    contrast = np.concatenate([(step**2).sum(-1).ravel() for step in steps])
    unlike = np.concatenate([(step**2).sum(-1).ravel() for step in doubts])
    # scaled by the picture's own mean contrast, as in GrabCut (Rother et al. 2004)
    rates = np.exp(-contrast / (contrast.mean() + 1e-6) - _UNLIKE * unlike).astype(np.float64) + _LEAK
    pixels = np.arange(height * width).reshape(height, width)
    here = np.concatenate([pixels[:-1].ravel(), pixels[:, :-1].ravel()])
    there = np.concatenate([pixels[1:].ravel(), pixels[:, 1:].ravel()])
    both = (np.concatenate([rates, rates]), (np.concatenate([here, there]), np.concatenate([there, here])))
    return sparse.coo_array(both, (pixels.size, pixels.size)).tocsr()


def _without_crumbs(labels: LabelMap, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> LabelMap:
    """Give small pieces that no stroke (rows, columns) touches to their neighbours."""
    pieces = number_pieces(labels)
    keep = np.bincount(pieces.ravel()) >= max(4, _CRUMB * labels.size)
    keep[pieces[rows, columns]] = True
    return merge_pieces(labels, pieces, keep)
