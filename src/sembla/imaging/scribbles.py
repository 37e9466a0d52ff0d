"""Scribbles to label maps: a few strokes a class become a full map.

`fill_strokes` is a random walker with priors (Grady 2005, "Multilabel random walker image segmentation using prior
models"): a pixel takes the class whose strokes a walker from it meets first, where walking across an edge is hard and
a walker may also stop at any pixel, at the class that colour, texture and place make likely there. It is solved on a
small copy and drawn to the edges of the picture by `refine_borders`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import splu

from sembla.core.errors import LabelError, SizeError
from sembla.core.types import MAX_CLASSES, LabelMap, Picture
from sembla.imaging.segments import describe, lab_colours, merge_pieces, number_pieces, refine_borders, shrink

__all__ = ["fill_strokes"]

_STOP = 0.004  # rate of stopping, over the number of classes: the more there are, the less colour tells them apart
_LEAK = 1e-3  # rate of crossing the hardest edge, so that every pixel is reached
_UNLIKE = 8.0  # how hard it is to step between pixels that look like different classes
_PLACE = 24.0  # percent of the longest side that count as much as one unit of colour
_TRUST = 0.5  # neighbouring pixels repeat one another, so the evidence of each counts for less
_SAMPLES = 2000  # stroke pixels of a class that its colour model is made from
_CRUMB = 1e-3  # share of the picture below which a piece that no stroke touches is a crumb


def fill_strokes(picture: Picture, strokes: NDArray[np.int16]) -> LabelMap:
    """Give every pixel of a picture (H, W, 3) to a class, from strokes (H, W) of class ids, -1 where unmarked.

    Stroke pixels keep their class. Pieces without a stroke are kept where they look like their class and are larger
    than a thousandth of the picture. The same input always gives the same map.
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
    return (chance / chance.sum(1, keepdims=True)).reshape(height, width, count)


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
    return top + np.log(np.exp(terms - top[:, None]).sum(1))


def _cluster(samples: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """K-means (Lloyd 1982), started at points far from one another (Gonzalez 1985); empty clusters are dropped."""
    centres = samples[((samples - samples.mean(0)) ** 2).sum(1).argmin()][None]
    nearest = ((samples - centres) ** 2).sum(1)
    while len(centres) < count and nearest.max() > 0:
        centres = np.concatenate([centres, samples[nearest.argmax()][None]])
        nearest = np.minimum(nearest, ((samples - centres[-1]) ** 2).sum(1))
    for _ in range(8):
        member = ((samples[:, None] - centres) ** 2).sum(2).argmin(1)
        present, member = np.unique(member, return_inverse=True)
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
