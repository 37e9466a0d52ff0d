"""Seamless holes: what was painted is kept in its gradients, what is known in its pixels (Poisson, Perez et al. 2003).

Both asks together are Laplace's equation for the difference between the two pictures: it is known around the hole and
carried into it as smoothly as can be. At the picture's own border nothing is known, and the difference runs level.
Rectangles are solved by sine transforms, exactly; other shapes by multigrid, until no residual is above 1e-6 of a grey
level. The published inpainting (arXiv 1711.06106) solves the same equations with neighbours that wrap around rows and
no rule for the picture's border.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from sembla.core.errors import SizeError
from sembla.core.types import Picture, Region
from sembla.imaging.multigrid import Grid, Planes, grids, solve

__all__ = ["Poisson"]

_TOLERANCE = 1e-6  # of a grey level
_FEW = 16  # rectangles that are solved one by one

Slices = tuple[slice, slice]


class Poisson:
    """Holes of one shape, made seamless in picture after picture: what follows from the shape is worked out once."""

    def __init__(self, hole: Region) -> None:
        self.hole = hole
        """(H, W), True = to be filled."""
        self._solvers = () if hole.all() else _solvers(hole)

    def __call__(self, known: Picture, painted: Picture) -> Picture:
        """The known picture (H, W, 3), its hole filled with `painted` (H, W, 3), shifted in colour to meet its rim.

        Known pixels come back bit for bit, and what `known` holds within the hole is never looked at. A hole that is
        the whole picture is `painted`. Raises `SizeError` for pictures of another size than the hole's.
        """
        for name, picture in (("known", known), ("painted", painted)):
            if picture.shape[:2] != self.hole.shape:
                raise SizeError(f"the {name} picture is {picture.shape[:2]}, the hole {self.hole.shape}; expected one.")
        offset = np.where(self.hole[..., None], 0.0, known.astype(np.float64) - painted).transpose(2, 0, 1)
        values = np.rint(painted + self.difference(offset).transpose(1, 2, 0)).clip(0, 255)
        return np.where(self.hole[..., None], values.astype(np.uint8), known)

    def difference(self, offset: Planes) -> Planes:
        """What `offset` (C, H, W), read around the hole, becomes within it; 0 elsewhere. The equations' own answer."""
        rim = np.pad(np.where(self.hole, 0.0, offset), ((0, 0), (1, 1), (1, 1)))
        around = rim[:, :-2, 1:-1] + rim[:, 2:, 1:-1] + rim[:, 1:-1, :-2] + rim[:, 1:-1, 2:]
        right, found = np.where(self.hole, around, 0.0), np.zeros_like(offset)
        for solver in self._solvers:
            part = (slice(None), *solver.place)
            found[part] += solver(right[part])
        return found


@dataclass(frozen=True)
class _Rectangle:
    """A rectangular hole: the equations have sines and cosines as their own vectors."""

    place: Slices
    borders: tuple[tuple[bool, bool], tuple[bool, bool]]
    """Whether it lies at the picture's border: above, below; left, right."""

    def __call__(self, right: Planes) -> Planes:
        size = right.shape[1:]
        for axis, (first, last) in enumerate(self.borders, 1):
            if first != last:  # level at one end: half of what is mirrored there and held at both
                parts = [right, np.flip(right, axis)] if last else [np.flip(right, axis), right]
                right = np.concatenate(parts, axis=axis)
        waves = [_Waves(length, level=all(ends)) for length, ends in zip(right.shape[1:], self.borders, strict=True)]
        for axis, wave in enumerate(waves, 1):
            right = wave.of(right, axis)
        right = right / (waves[0].values[:, None] + waves[1].values)
        for axis, wave in enumerate(waves, 1):
            right = wave.back(right, axis)
        begins = [length if first and not last else 0 for length, (first, last) in zip(size, self.borders, strict=True)]
        return right[:, begins[0] : begins[0] + size[0], begins[1] : begins[1] + size[1]]


@dataclass(frozen=True)
class _Waves:
    """The own vectors of second differences of some length, held to zero beyond both ends, or level at both."""

    length: int
    level: bool

    @property
    def values(self) -> NDArray[np.float64]:
        counted = np.arange(self.length) if self.level else np.arange(1, self.length + 1)
        values: NDArray[np.float64] = 2 - 2 * np.cos(np.pi * counted / (self.length + (0 if self.level else 1)))
        return values

    def of(self, planes: Planes, axis: int) -> Planes:
        found: Planes = fft.dct(planes, 2, axis=axis) if self.level else fft.dst(planes, 1, axis=axis)
        return found

    def back(self, planes: Planes, axis: int) -> Planes:
        found: Planes = fft.idct(planes, 2, axis=axis) if self.level else fft.idst(planes, 1, axis=axis)
        return found


@dataclass(frozen=True)
class _Shape:
    """Any hole."""

    place: Slices
    levels: tuple[Grid, ...]

    def __call__(self, right: Planes) -> Planes:
        return solve(self.levels, right, tolerance=_TOLERANCE)


def _solvers(hole: Region) -> "tuple[_Rectangle | _Shape, ...]":
    """One for each rectangle where there are few and nothing else; else one for all."""
    numbered, count = ndimage.label(hole)
    if count <= _FEW:
        places: list[Slices] = [(rows, columns) for rows, columns in ndimage.find_objects(numbered)]
        if all((numbered[place] == number).all() for number, place in enumerate(places, 1)):
            return tuple(_Rectangle(place, _borders(place, hole)) for place in places)
    ((box,), height, width) = (ndimage.find_objects(hole.astype(np.int8)), *hole.shape)
    rows, columns = (
        slice(max(0, part.start - 1), min(side, part.stop + 1)) for part, side in zip(box, (height, width), strict=True)
    )
    return (_Shape((rows, columns), grids(hole[rows, columns])),)


def _borders(place: Slices, hole: Region) -> tuple[tuple[bool, bool], tuple[bool, bool]]:
    rows, columns = ((part.start == 0, part.stop == side) for part, side in zip(place, hole.shape, strict=True))
    return rows, columns
