"""A random walker with priors: from some pixels whose class is known to the classes of all.

After Grady 2005, "Multilabel random walker image segmentation using prior models": a pixel takes the class at which a
walker from it most likely ends. The walker steps to neighbours that look alike rather than across edges; it ends
where it meets a known pixel, or, rarely, anywhere, at a class that colour, texture and place make likely there.
Ours also finds it hard to step between pixels that look like different classes, however faint the edge between them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import splu

from sembla.core.types import Picture
from sembla.imaging.segments import describe, lab_colours

__all__ = ["likelihood", "walk"]

_STOP = 0.004  # rate of stopping, over the number of classes: the more there are, the less colour tells them apart
_LEAK = 1e-3  # rate of crossing the hardest edge, so that every pixel is reached
_UNLIKE = 8.0  # how hard it is to step between pixels that look like different classes
_PLACE = 24.0  # percent of the longest side that count as much as one unit of colour
_TRUST = 0.5  # neighbouring pixels repeat one another, so the evidence of each counts for less
_NEVER = -1e6  # log-density of a class that no known pixel shows
_SAMPLES = 2000  # stroke pixels of a class that its colour model is made from


def likelihood(small: Picture, known: NDArray[np.intp], count: int) -> NDArray[np.float32]:
    """Give the probability (h, w, count) of each class at each pixel, from what its strokes look like and where.

    `known` (h, w) holds the class of the pixels under strokes, -1 elsewhere.
    """
    height, width = known.shape
    place = np.indices((height, width), np.float32).transpose(1, 2, 0) * (100 / _PLACE / max(height, width))
    features = np.concatenate([describe(small), place], -1).reshape(height * width, -1)
    kernels = max(2, min(10, 120 // count))  # a class, so that many classes take no longer than a few
    evidence = np.empty((height * width, count), np.float32)
    for number in range(count):
        own = features[np.flatnonzero(known == number)]
        samples = own[:: max(1, -(-len(own) // _SAMPLES))]
        evidence[:, number] = _log_density(features, samples, kernels) if len(own) else _NEVER
    evidence *= _TRUST
    chance = np.exp(evidence - evidence.max(1, keepdims=True)) + 1e-4
    return np.asarray(chance / chance.sum(1, keepdims=True), np.float32).reshape(height, width, count)


def _log_density(features: NDArray[np.float32], samples: NDArray[np.float32], kernels: int) -> NDArray[np.float32]:
    """Log-density (N,) of features (N, D) under a mixture of Gaussians, one a cluster of the samples (n, D)."""
    centres, member = _cluster(samples, kernels)
    terms = np.empty((len(features), len(centres)), np.float32)
    for number, centre in enumerate(centres):
        own = samples[member == number]
        # a few samples cannot tell their spread; a unit of variance is added for what strokes leave out
        variance = own.var(0) * (len(own) / (len(own) + 5)) + 1
        fall = 1 / variance
        distance = features**2 @ fall - 2 * (features @ (centre * fall)) + (centre * centre * fall).sum()
        terms[:, number] = np.log(len(own) / len(samples)) - 0.5 * (distance + np.log(variance).sum())
    top = terms.max(1)
    return np.asarray(top + np.log(np.exp(terms - top[:, None]).sum(1)), np.float32)


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


def walk(small: Picture, known: NDArray[np.intp], likely: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the probability (h, w, K) that a walker from a pixel of `small` ends at each class.

    `known` (h, w) holds the class of the pixels under strokes, -1 elsewhere, `likely` (h, w, K) the probability of
    each class by its looks.
    """
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
