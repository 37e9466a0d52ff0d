"""Faces brought to one place and size, and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from sembla.core.types import LabelMap, Picture, Region
from sembla.faces.landmarks import Landmarks
from sembla.faces.shape import shape_model, similarity

__all__ = ["CELEBA_HQ", "CLOSE", "Alignment", "Framing", "align", "standing"]


@dataclass(frozen=True)
class Framing:
    """How a face stands in a square cut-out."""

    scale: float
    """Of the side: the size of the face (root mean squared distance of its points from their middle)."""
    middle: tuple[float, float]
    """Where the middle of its points lies, in shares of the side."""


CLOSE = Framing(0.235, (0.5, 0.60))
"""The face with little room about it, most of that above, for hair."""

CELEBA_HQ = Framing(0.205, (0.504, 0.63))
"""As the faces of CelebA-HQ stand (Karras et al. 2018): the mean of 935 of them, by their points."""


@dataclass(frozen=True)
class Alignment:
    """Where a square cut-out lies in a picture."""

    turn: NDArray[np.float64]
    """(2, 2)."""
    shift: NDArray[np.float64]
    """(2,): points of the picture are points of the cut-out by `points @ turn + shift`."""
    side: int
    """Of the cut-out, in pixels."""

    @property
    def scale(self) -> float:
        """Pixels of the cut-out for each of the picture, along a side."""
        return float(np.sqrt(abs(np.linalg.det(self.turn))))

    def points(self, points: Landmarks) -> Landmarks:
        """Points of the picture as points of the cut-out."""
        return (points @ self.turn + self.shift).astype(np.float32)

    def back(self, points: Landmarks) -> Landmarks:
        """Points of the cut-out as points of the picture."""
        return self._back(points).astype(np.float32)

    def of_side(self, side: int) -> "Alignment":
        """The same cut-out with another number of pixels."""
        scale = side / self.side
        return Alignment(self.turn * scale, (self.shift + 0.5) * scale - 0.5, side)

    def cut(self, picture: Picture) -> Picture:
        """The cut-out (side, side, 3) of a picture; what lies beyond its border repeats the border's pixels."""
        return self._cut(picture, Image.Resampling.BICUBIC)

    def cut_map(self, labels: LabelMap) -> LabelMap:
        """The cut-out (side, side) of a label map, by nearest pixel; as in `cut`, its border is repeated beyond."""
        down, right = np.indices((self.side, self.side)).reshape(2, -1)
        places = self._back(np.stack([right, down], axis=1))
        columns, rows = (np.rint(places[:, axis]).astype(np.intp) for axis in (0, 1))
        found: LabelMap = labels[rows.clip(0, labels.shape[0] - 1), columns.clip(0, labels.shape[1] - 1)]
        return np.ascontiguousarray(found.reshape(self.side, self.side))

    def covers(self, size: tuple[int, int]) -> Region:
        """Which pixels of the picture (H, W) lie in the cut-out."""
        ones = np.full((self.side, self.side), 255, np.uint8)
        return _sampled(ones, self.turn, self.shift, size, filter_=Image.Resampling.NEAREST) > 0

    def map_back(self, labels: LabelMap, size: tuple[int, int]) -> LabelMap:
        """A label map (side, side) of a cut-out as one (H, W) of the picture, edges smooth; 0 beyond the cut-out."""
        best, found = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        for label in np.unique(labels[labels > 0]):
            share = _sampled((labels == label) * np.uint8(255), self.turn, self.shift, size, filter_=_LINEAR)
            found = np.where(share > best, label, found)
            best = np.maximum(best, share)
        nothing = _sampled((labels == 0) * np.uint8(255), self.turn, self.shift, size, filter_=_LINEAR)
        return np.where(best > nothing, found, 0).astype(np.uint8)

    def carry_map(self, labels: LabelMap, other: "Alignment", size: tuple[int, int]) -> LabelMap:
        """A label map of this picture as it lies in another (H, W) whose cut-out is `other`; 0 beyond its border."""
        inverse = np.linalg.inv(self.turn).astype(np.float64)
        shift = (other.shift - self.shift) @ inverse
        found: LabelMap = _sampled(labels, other.turn @ inverse, shift, size, filter_=Image.Resampling.NEAREST)
        return found

    def cut_hole(self, hole: Region) -> Region:
        """Which pixels of the cut-out (side, side) show anything of a hole (H, W), or of beyond the border."""
        white = np.pad(hole, 1, constant_values=True)[..., None] * np.uint8(255)
        moved = Alignment(self.turn, self.shift - self.turn.sum(axis=0), self.side)
        touched: Region = moved._cut(np.repeat(white, 3, axis=2), _LINEAR)[..., 0] > _TRACE
        return touched

    def paste(self, picture: Picture, made: Picture, region: Region) -> tuple[Picture, Region]:
        """The picture (H, W, 3), where `region` (H, W) is True as a cut-out `made` (side, side, 3) shows it.

        The second is which part of the region lies beyond the cut-out: the picture stays as it is there.
        """
        rows, columns = np.nonzero(region)
        places = np.stack([columns, rows], axis=1) @ self.turn + self.shift
        outside = np.abs(places - (self.side - 1) / 2).max(axis=1, initial=0) > self.side / 2
        beyond = np.zeros_like(region)
        beyond[rows[outside], columns[outside]] = True
        inside = (rows[~outside], columns[~outside])
        planes = np.moveaxis(made, 2, 0).astype(np.float64)
        shown = [ndimage.map_coordinates(plane, places[~outside].T[::-1], mode="nearest") for plane in planes]
        pasted = picture.copy()
        pasted[inside] = np.rint(np.stack(shown, axis=1)).clip(0, 255).astype(np.uint8)
        return pasted, beyond

    def _back(self, points: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray((points - self.shift) @ np.linalg.inv(self.turn), np.float64)

    def _cut(self, picture: Picture, filter_: Image.Resampling) -> Picture:
        """Reduced first where the cut-out is much smaller, so that nothing is left out between pixels."""
        steps = max(1, int(1 / max(self.scale, 1e-9)))
        small = np.asarray(Image.fromarray(picture).reduce(steps)) if steps > 1 else picture
        inverse, last = np.linalg.inv(self.turn), self.side - 1
        turn, shift = inverse / steps, (-self.shift @ inverse + 0.5) / steps - 0.5
        corners = np.array([[0, 0], [last, 0], [0, last], [last, last]]) @ turn + shift
        first = np.floor(corners.min(axis=0)).astype(int) - _MARGIN
        end = np.ceil(corners.max(axis=0)).astype(int) + _MARGIN + 1
        columns, rows = (
            np.arange(*ends).clip(0, side - 1)
            for *ends, side in zip(first, end, (small.shape[1], small.shape[0]), strict=True)
        )
        around = small[rows[:, None], columns]  # no more of it than is shown
        return _sampled(around, turn, shift - first, (self.side, self.side), filter_=filter_)


_LINEAR = Image.Resampling.BILINEAR
_MARGIN = 3  # pixels beside a place that its colour is made of
_TRACE = 8  # of 255: less of a hole is not seen in a pixel


def align(points: Landmarks, side: int, framing: Framing = CLOSE) -> Alignment:
    """The square cut-out of a face (68, 2) in which its mean shape stands upright, framed like that."""
    turn, shift = similarity(points.astype(np.float64), standing(side, framing).astype(np.float64))
    return Alignment(turn, shift, side)


def standing(side: int, framing: Framing = CLOSE) -> Landmarks:
    """The mean shape (68, 2) as it stands in a cut-out."""
    points = shape_model().mean * (framing.scale * side) + np.array(framing.middle) * side - 0.5
    found: Landmarks = points.astype(np.float32)
    return found


def _sampled(
    picture: NDArray[np.uint8],
    turn: NDArray[np.float64],
    shift: NDArray[np.float64],
    size: tuple[int, ...],
    *,
    filter_: Image.Resampling,
) -> NDArray[np.uint8]:
    """A picture or map of `size` whose pixel at p shows what lies at `p @ turn + shift`."""
    begin = np.array([-0.5, -0.5]) @ turn + shift + 0.5  # Pillow counts from the corners of pixels
    terms = (turn[0, 0], turn[1, 0], begin[0], turn[0, 1], turn[1, 1], begin[1])
    image = Image.fromarray(picture).transform((size[1], size[0]), Image.Transform.AFFINE, terms, filter_)
    return np.asarray(image)
