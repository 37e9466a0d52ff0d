"""Tools to draw label maps over a photo: outlines placed by hand, borders moved to the photo's own edges.

Points are (x, y) in pixels of the photo; regions and label maps are arrays (H, W).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import CubicSpline
from skimage.color import rgb2lab
from skimage.segmentation import watershed

from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture, Region

__all__ = ["Canvas", "Drawing", "Points", "edge_strength", "snap"]

Points: TypeAlias = Sequence[tuple[float, float]]
"""Corners (x, y) in pixels."""


@dataclass(frozen=True)
class Drawing:
    """What one photo's module hands over."""

    label_set: LabelSet
    """Names and colours, in the order of the ids."""
    labels: LabelMap
    """The map of the photo."""
    layouts: Mapping[str, LabelMap]
    """New layouts by name."""
    credit: str
    """Who made the photo, and its licence."""


class Canvas:
    """A label map in the making, over its photo (H, W, 3)."""

    def __init__(self, photo: Picture, label_set: LabelSet, ground: str) -> None:
        self.photo = photo
        self.label_set = label_set
        self.labels: LabelMap = np.full(photo.shape[:2], label_set.names.index(ground), np.uint8)
        self._edges = edge_strength(photo)

    def copy(self) -> "Canvas":
        """A canvas of its own with the same map: a layout is drawn on one."""
        twin = Canvas.__new__(Canvas)
        twin.photo, twin.label_set, twin.labels, twin._edges = (
            self.photo,
            self.label_set,
            self.labels.copy(),
            self._edges,
        )
        return twin

    def region(self, *names: str) -> Region:
        """Where the named classes are."""
        return np.isin(self.labels, [self.label_set.names.index(name) for name in names])

    def paint(self, name: str, region: Region, *, reach: int = 0) -> None:
        """Give `region` to a class; its border first moves by up to `reach` px to the photo's nearest edge."""
        if reach:
            region = snap(region, self._edges, reach)
        self.labels[region] = self.label_set.names.index(name)

    def erase(self, region: Region) -> None:
        """Give every pixel of `region` the class of the nearest pixel outside it."""
        nearest = ndimage.distance_transform_edt(region, return_distances=False, return_indices=True)
        self.labels = self.labels[tuple(nearest)]

    def stamp(self, source: "Canvas", region: Region, *, right: int = 0, down: int = 0) -> None:
        """Paint the classes that `source` has in `region`, moved by whole pixels; what leaves the map is dropped."""
        rows, columns = np.nonzero(region)
        height, width = self.labels.shape
        ids, rows, columns = source.labels[region], rows + down, columns + right
        stays = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        self.labels[rows[stays], columns[stays]] = ids[stays]

    def smooth(self, radius: float = 1.5) -> None:
        """Give every pixel the class that a blurred vote of its neighbours prefers (sigma = `radius` / 2 px)."""
        ids = range(self.label_set.count)
        votes = np.stack([ndimage.gaussian_filter((self.labels == k).astype(np.float32), radius / 2) for k in ids])
        self.labels = votes.argmax(0).astype(np.uint8)

    def polygon(self, points: Points) -> Region:
        """The inside of straight edges through `points`."""
        height, width = self.labels.shape
        sheet = Image.new("1", (width, height))
        ImageDraw.Draw(sheet).polygon([(float(x), float(y)) for x, y in points], fill=1)
        return np.array(sheet, bool)

    def curve(self, points: Points) -> Region:
        """The inside of a closed smooth curve through `points`."""
        corners = np.asarray([*points, points[0]], float)
        # Chord length as the parameter keeps the spline from looping where points lie close together.
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        line = CubicSpline(along, corners, bc_type="periodic")(np.linspace(0, along[-1], 40 * len(corners)))
        return self.polygon([(x, y) for x, y in line])

    def ellipse(self, centre: tuple[float, float], radii: tuple[float, float], turn: float = 0.0) -> Region:
        """The inside of an ellipse, turned clockwise by `turn` degrees."""
        y, x = np.indices(self.labels.shape, float)
        x, y = x - centre[0], y - centre[1]
        cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
        across, down = cosine * x + sine * y, cosine * y - sine * x
        inside: Region = (across / radii[0]) ** 2 + (down / radii[1]) ** 2 <= 1
        return inside

    def line(self, points: Points, width: int) -> Region:
        """A stroke of `width` px along straight lines through `points`."""
        height, breadth = self.labels.shape
        sheet = Image.new("1", (breadth, height))
        ImageDraw.Draw(sheet).line([(float(x), float(y)) for x, y in points], fill=1, width=width, joint="curve")
        return np.array(sheet, bool)


def edge_strength(photo: Picture) -> NDArray[np.float64]:
    """Length of the colour gradient in CIELAB, (H, W), after a blur that removes grain (sigma 0.7 px)."""
    lab = ndimage.gaussian_filter(rgb2lab(photo), (0.7, 0.7, 0))
    slopes = [ndimage.sobel(lab[..., channel], axis) for channel in range(3) for axis in range(2)]
    strength: NDArray[np.float64] = np.sqrt(np.sum(np.square(slopes), axis=0))
    return strength


def snap(region: Region, edges: NDArray[np.float64], reach: int) -> Region:
    """Move a region's border to the strongest edge within `reach` px: a watershed in a band around the border."""
    # The picture's frame is no border, so the region continues beyond it.
    padded = np.pad(region, reach + 1, mode="edge")
    inner = slice(reach + 1, -reach - 1)
    depth = (ndimage.distance_transform_edt(padded) - ndimage.distance_transform_edt(~padded))[inner, inner]
    markers = np.where(depth > reach, 1, np.where(depth < -reach, 2, 0))
    # A weak edge on the line drawn by hand wins over a slightly stronger one beside it.
    flooded = watershed(edges * np.exp(-0.5 * (depth / reach) ** 2), markers)  # type: ignore[no-untyped-call]
    snapped: Region = ndimage.gaussian_filter((flooded == 1).astype(np.float32), 1.5) > 0.5
    return snapped & (depth > -reach)
