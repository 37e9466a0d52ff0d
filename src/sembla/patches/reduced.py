"""The source and the layout of a synthesis at every level."""

import numpy as np
from scipy.ndimage import distance_transform_edt

from sembla.core.types import LabelMap, Picture
from sembla.patches.layer import Layer, border_distance, layer, stacked
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
        self._layout, self._count, self._sizes = layout, count, sizes
        small = max((index for index, size in enumerate(sizes) if max(size) <= GUIDED_SIDE), default=0)
        guided = max((index for index, size in enumerate(sizes) if max(size) <= DISTANCE_SIDE), default=0)
        tall = labels.shape[0] // pages
        ratio = tall / layout.shape[0], labels.shape[1] / layout.shape[1]
        source_sizes = [(max(1, round(size[0] * ratio[0])), max(1, round(size[1] * ratio[1]))) for size in sizes]
        self._pages = [
            _Page(
                picture[top : top + tall],
                labels[top : top + tall],
                count=count,
                sizes=source_sizes,
                small=small,
                guided=guided,
            )
            for top in range(0, pages * tall, tall)
        ]
        self._small_layout = majority(layout, sizes[small], count)
        self._guide = signed_distances(majority(self._small_layout, sizes[guided], count), count)

    def layers(self, index: int) -> tuple[LabelMap, Layer, Layer]:
        """The layout, the target (its colours still black) and the source of one level."""
        size, guided = self._sizes[index], max(self._sizes[index]) <= GUIDED_SIDE
        pure = max(size) <= PURE_SIDE
        layout = majority(self._small_layout, size, self._count) if pure else resize_labels(self._layout, size)
        pages = [page.at(index, pure=pure, guided=guided) for page in self._pages]
        layout = _without_absent(layout, pages, self._count)
        target = layer(np.zeros((*size, 3), np.uint8), layout, guide_at(self._guide, size) if guided else None)
        return layout, target, stacked(pages, between=self._count - 1)


class _Page:
    """One picture of the source."""

    def __init__(
        self, picture: Picture, labels: LabelMap, *, count: int, sizes: list[Size], small: int, guided: int
    ) -> None:
        self.picture, self.labels, self.count, self.sizes = picture, labels, count, sizes
        self.small_labels = majority(labels, sizes[small], count)
        clear = border_distance(labels, 4) >= 3
        self.small_picture = pure_colours(picture, labels, clear=clear, winners=self.small_labels)
        self.guide = signed_distances(majority(self.small_labels, sizes[guided], count), count)

    def at(self, index: int, *, pure: bool, guided: bool) -> Layer:
        """This picture at one level."""
        size = self.sizes[index]
        if pure:
            labels = majority(self.small_labels, size, self.count)
            clear = np.ones(self.small_labels.shape, np.bool_)
            picture = pure_colours(self.small_picture, self.small_labels, clear=clear, winners=labels)
        else:
            labels, picture = resize_labels(self.labels, size), resize_picture(self.picture, size)
        return layer(picture, labels, guide_at(self.guide, size) if guided else None)


def _without_absent(layout: LabelMap, sources: list[Layer], count: int) -> LabelMap:
    """Give pixels whose label vanished from the reduced source the nearest label that did not."""
    present = sum(np.bincount(source.labels, minlength=count) for source in sources) > 0
    absent = ~present[layout]
    if not absent.any():
        return layout
    _, nearest = distance_transform_edt(absent, return_indices=True)
    if absent.all():
        return np.full_like(layout, sources[0].labels[0])
    filled: LabelMap = layout[nearest[0], nearest[1]]
    return filled
