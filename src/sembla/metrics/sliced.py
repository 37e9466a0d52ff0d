"""Label-conditional sliced Wasserstein distance: patches of two sets of pictures, compared class by class."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.metrics.reservoir import Reservoir, mixed
from sembla.patches.search import PATCH, at_centres, patches
from sembla.patches.sliced import sliced_wasserstein

__all__ = ["LabelDistances", "LabelPatches", "label_distances"]

_MOST_PATCHES = 1 << 16  # that are copied out of a picture at once, 147 bytes each


@dataclass(frozen=True)
class LabelDistances:
    """How far apart the patches of two sets are."""

    value: float
    """Mean over the shared classes, weighted by their area in the real set; 0 is best; colours count as 0 to 1."""
    by_label: Mapping[int, float]
    """The distance of each class that both sets have."""
    missing: tuple[int, ...]
    """Classes that only one of the sets has; they are in no number."""


class LabelPatches:
    """A bounded sample of the 7x7 patches of each class, from a stream of pictures with label maps.

    A patch has the class of its centre. Which patches are kept depends on `seed` and on the pictures, not on the
    order in which they came. At most `capacity` patches a class are held: 147 bytes each.
    """

    def __init__(self, *, capacity: int = 4096, ignore: int | None = None, seed: int = 0) -> None:
        self.capacity, self.ignore, self.seed = capacity, ignore, seed
        self.areas: dict[int, int] = {}
        """Pixels of each class so far, of whole patches only."""
        self._samples: dict[int, Reservoir] = {}

    def add(self, picture: Picture, labels: LabelMap) -> None:
        """Take in a picture (H, W, 3) with its label map (H, W).

        Raises `ImageError` for what is no picture, `SizeError` where the map has another size or a side is below 7 px.
        """
        if picture.ndim != 3 or picture.dtype != np.uint8:
            raise ImageError(f"a picture came as {picture.shape} {picture.dtype}; give RGB, (H, W, 3) uint8.")
        if picture.shape[:2] != labels.shape or min(labels.shape) < PATCH:
            raise SizeError(
                f"a picture {picture.shape[:2]} came with labels {labels.shape}; give equal sizes from 7 px."
            )
        start, width = self._digest(picture, labels), labels.shape[1] - PATCH + 1
        rows = max(1, _MOST_PATCHES // width)
        for top in range(0, labels.shape[0] - PATCH + 1, rows):
            band = slice(top, top + rows + PATCH - 1)
            self._add_band(picture[band], labels[band], start=np.uint64((start + top * width) % (1 << 64)))

    def _add_band(self, picture: Picture, labels: LabelMap, *, start: np.uint64) -> None:
        """Take in a band of a picture, whose first patch has the number `start`."""
        rows, centres = patches(picture).reshape(-1, 3 * PATCH**2), at_centres(labels).ravel()
        keys = mixed(np.arange(len(rows), dtype=np.uint64) + start)
        for label in np.unique(centres):
            if label == self.ignore:
                continue
            chosen = np.flatnonzero(centres == label)
            self.areas[int(label)] = self.areas.get(int(label), 0) + len(chosen)
            sample = self._samples.setdefault(int(label), Reservoir(self.capacity, seed=self.seed))
            smallest = chosen[np.argsort(keys[chosen])[: self.capacity]]
            sample.add(rows[smallest], keys=keys[smallest])

    def rows(self, label: int) -> NDArray[np.generic]:
        """The sample of one class, (at most `capacity`, 147) uint8. Raises `LabelError` for a class never seen."""
        if label not in self._samples:
            raise LabelError(f"class {label} has no patch; classes seen: {sorted(self._samples)}.")
        return self._samples[label].rows

    def _digest(self, picture: Picture, labels: LabelMap) -> int:
        """A number that a picture, its map and the seed fix."""
        start = hashlib.blake2b(digest_size=8, key=self.seed.to_bytes(8, "little"))
        start.update(np.ascontiguousarray(picture).tobytes())
        start.update(np.ascontiguousarray(labels).tobytes())
        return int.from_bytes(start.digest(), "little")


def label_distances(made: LabelPatches, real: LabelPatches, *, projections: int = 256, seed: int = 0) -> LabelDistances:
    """Sliced Wasserstein distance (`patches.sliced`) of the patches of each class, and its mean weighted by area.

    Conditional on the class, so that a set with other shares of classes is not punished for them, and a picture with
    the right colours in the wrong classes is. Raises `LabelError` where the sets share no class.
    """
    shared = sorted(made.areas.keys() & real.areas.keys())
    if not shared:
        raise LabelError("the two sets share no class; give label maps with the same ids.")
    distances = {
        label: sliced_wasserstein(made.rows(label), real.rows(label), projections=projections, seed=seed) / 255
        for label in shared
    }
    value = np.average(list(distances.values()), weights=[real.areas[label] for label in shared])
    missing = tuple(sorted(made.areas.keys() ^ real.areas.keys()))
    return LabelDistances(value=float(value), by_label=distances, missing=missing)
