"""The source and the layout of a synthesis at every level."""

import numpy as np
from scipy.ndimage import distance_transform_edt

from sembla.core.types import LabelMap, Picture
from sembla.patches.layer import Layer, border_distance, layer
from sembla.patches.pyramid import (
    Size,
    guide_at,
    majority,
    pure_colours,
    resize_labels,
    resize_picture,
    signed_distances,
)

__all__ = ["GUIDED_SIDE", "Reduced"]

PURE_SIDE = 200
"""Up to this longer side a level's colours are averaged within the labels, so that no rim of mixed colours forms."""

GUIDED_SIDE = 400
"""Up to this longer side the signed distances to all labels guide the search, and whole labels are drawn from."""

DISTANCE_SIDE = 170
"""Signed distances are measured at the last level whose longer side is at most this."""


class Reduced:
    """The source, which may be several pictures one below the other, and the layout at every level.

    `sizes` are those of the layout, coarse to fine; `pages` is how many pictures `picture` and `labels` hold.
    """

    def __init__(
        self, picture: Picture, labels: LabelMap, layout: LabelMap, *, count: int, pages: int, sizes: list[Size]
    ) -> None:
        self._picture, self._labels, self._layout = picture, labels, layout
        self._count, self._pages, self._sizes = count, pages, sizes
        small = max((index for index, size in enumerate(sizes) if max(size) <= GUIDED_SIDE), default=0)
        guided = max((index for index, size in enumerate(sizes) if max(size) <= DISTANCE_SIDE), default=0)
        self._small_labels = majority(labels, self._source_size(small), count)
        self._small_layout = majority(layout, sizes[small], count)
        clear = border_distance(labels, 4, pages=pages) >= 3
        self._small_picture = pure_colours(picture, labels, clear=clear, winners=self._small_labels)
        self._guide = signed_distances(majority(self._small_layout, sizes[guided], count), count)
        source_labels = majority(self._small_labels, self._source_size(guided), count)
        self._source_guide = signed_distances(source_labels, count, pages=pages)

    def _source_size(self, index: int) -> Size:
        """Height and width of the source at a level, all its pictures together."""
        size, tall = self._sizes[index], self._labels.shape[0] // self._pages
        ratio = tall / self._layout.shape[0], self._labels.shape[1] / self._layout.shape[1]
        return self._pages * max(1, round(size[0] * ratio[0])), max(1, round(size[1] * ratio[1]))

    def layers(self, index: int) -> tuple[LabelMap, Layer, Layer]:
        """The layout, the target (its colours still black) and the source of one level."""
        size, source_size = self._sizes[index], self._source_size(index)
        if max(size) <= PURE_SIDE:
            labels = majority(self._small_labels, source_size, self._count)
            layout = majority(self._small_layout, size, self._count)
            clear = np.ones(self._small_labels.shape, np.bool_)
            picture = pure_colours(self._small_picture, self._small_labels, clear=clear, winners=labels)
        else:
            labels, layout = resize_labels(self._labels, source_size), resize_labels(self._layout, size)
            picture = self._resized(source_size)
        layout = _without_absent(layout, labels, self._count)
        guide = source_guide = None
        if max(size) <= GUIDED_SIDE:
            guide = guide_at(self._guide, size)
            source_guide = guide_at(self._source_guide, source_size, pages=self._pages)
        source = layer(picture, labels, source_guide, pages=self._pages, between=self._count - 1)
        return layout, layer(np.zeros((*size, 3), np.uint8), layout, guide), source

    def _resized(self, size: Size) -> Picture:
        """The pictures of the source, all together at a size."""
        if size == self._labels.shape:
            return self._picture
        one = size[0] // self._pages, size[1]
        return np.concatenate([resize_picture(page, one) for page in np.split(self._picture, self._pages)])


def _without_absent(layout: LabelMap, labels: LabelMap, count: int) -> LabelMap:
    """Give pixels whose label vanished from the reduced source the nearest label that did not."""
    present = np.bincount(labels.ravel(), minlength=count) > 0
    absent = ~present[layout]
    if not absent.any():
        return layout
    _, nearest = distance_transform_edt(absent, return_indices=True)
    if absent.all():
        return np.full_like(layout, labels[0, 0])
    filled: LabelMap = layout[nearest[0], nearest[1]]
    return filled
