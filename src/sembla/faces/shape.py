"""What shapes faces have: a mean and how it varies, to complete points that are hidden.

A linear model of shapes (Cootes et al. 1995, active shape models) of faces turned and scaled to one another; see
README.md beside the file for what it was made of.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sembla.core.errors import InputError
from sembla.core.types import Region

__all__ = [
    "COUNT",
    "Landmarks",
    "ShapeModel",
    "complete",
    "complete_hidden",
    "learn_shapes",
    "shape_model",
    "similarity",
]

COUNT = 68

Landmarks: TypeAlias = NDArray[np.float32]
"""Points (68, 2), x and y in pixels; (0, 0) is the middle of the first pixel."""

_FILE = Path(__file__).parent / "shape.npz"
_ROUNDS = 20
_TRUST = 0.02  # standard deviation of a seen point, in units of the mean shape's size
_FEWEST = 4

Points = NDArray[np.float64]


@dataclass(frozen=True)
class ShapeModel:
    """Shapes of size 1: the root of the mean squared distance from their middle."""

    mean: Points
    """(68, 2)."""
    ways: Points
    """(K, 68, 2): how shapes vary, each of length 1."""
    deviations: Points
    """(K,): how far, along each."""


@cache
def shape_model() -> ShapeModel:
    """The one that comes with Sembla."""
    with np.load(_FILE) as stored:
        return ShapeModel(*(stored[name].astype(np.float64) for name in ("mean", "ways", "deviations")))


def learn_shapes(shapes: NDArray[np.floating], *, ways: int = 24) -> ShapeModel:
    """A model of shapes (N, 68, 2) in any position, by turns of aligning them and taking their mean (Procrustes).

    The mean stands as the shapes do on average.
    """
    every = shapes.astype(np.float64)
    mean = upright = _sized(np.stack([_sized(each) for each in every]).mean(axis=0))
    for _ in range(5):
        aligned = np.stack([_moved(each, mean) for each in every])
        mean = _sized(_moved(aligned.mean(axis=0), upright))
    flat = (aligned - aligned.mean(axis=0)).reshape(len(aligned), -1)
    _, values, directions = np.linalg.svd(flat, full_matrices=False)
    spread = values[:ways] / np.sqrt(max(1, len(aligned) - 1))
    return ShapeModel(mean, directions[:ways].reshape(-1, *mean.shape), spread)


def complete(points: Landmarks, seen: NDArray[np.bool_], *, model: ShapeModel | None = None) -> Landmarks:
    """Points (68, 2) of which some were seen (68,): the others follow from what shapes faces have.

    Seen points stay as they are. The most likely shape is found by turns: where it lies, then how it varies. Raises
    `InputError` where fewer than 4 were seen, or all on one spot.
    """
    its = model or shape_model()
    shape, given = its.mean, points[seen].astype(np.float64)
    if len(given) < _FEWEST:
        raise InputError(f"{len(given)} of {COUNT} landmarks are visible, too few for a guess; give {_FEWEST} or more.")
    if not np.ptp(given, axis=0).any():
        raise InputError(f"the {len(given)} landmarks that are visible lie on one point; give those of a face.")
    ways = its.ways[:, seen].reshape(len(its.ways), -1)
    system = ways @ ways.T + np.diag((_TRUST / np.maximum(its.deviations, 1e-9)) ** 2)
    for _ in range(_ROUNDS):
        turn, shift = similarity(shape[seen], given)
        back = (given - shift) @ np.linalg.inv(turn)
        amounts = np.linalg.solve(system, ways @ (back - its.mean[seen]).ravel())
        shape = its.mean + np.tensordot(amounts, its.ways, axes=1)
    turn, shift = similarity(shape[seen], given)
    found = (shape @ turn + shift).astype(np.float32)
    found[seen] = points[seen]
    return found


def complete_hidden(points: Landmarks, hole: Region) -> Landmarks:
    """Points (68, 2) of a picture, of which those within a hole (H, W), or at its rim, follow from the others.

    What is missing in specks and thin lines alone hides no point. Raises as `complete`.
    """
    height, width = hole.shape
    reach = max(1, round(min(height, width) / 64))
    large = ndimage.binary_opening(np.pad(hole, reach + 2, mode="edge"), iterations=max(2, reach))
    large = large[reach + 2 : -reach - 2, reach + 2 : -reach - 2]
    rim = ndimage.binary_dilation(large, iterations=reach)
    columns, rows = np.rint(points).astype(int).T
    return complete(points, ~rim[rows.clip(0, height - 1), columns.clip(0, width - 1)])


def similarity(source: Points, target: Points) -> tuple[Points, Points]:
    """The turn and scale (2, 2) and shift (2,) that bring points (N, 2) nearest to others: `source @ turn + shift`.

    Umeyama 1991 in two dimensions, where mirroring is not allowed.
    """
    middle, wanted = source.mean(axis=0), target.mean(axis=0)
    one, other = ((each - its) @ np.array([1, 1j]) for each, its in ((source, middle), (target, wanted)))
    factor = np.vdot(one, other) / max(np.vdot(one, one).real, 1e-12)
    turn = np.array([[factor.real, factor.imag], [-factor.imag, factor.real]])
    return turn, wanted - middle @ turn


def _moved(points: Points, onto: Points) -> Points:
    turn, shift = similarity(points, onto)
    moved: Points = points @ turn + shift
    return moved


def _sized(points: Points) -> Points:
    """In the middle, of size 1."""
    centred = points - points.mean(axis=0)
    sized: Points = centred / np.sqrt((centred**2).sum(axis=1).mean())
    return sized
