"""Random layouts for a photo: its label map with parts moved, taken away or doubled, and all of it bent."""

import numpy as np
from scipy import ndimage

from sembla.core.types import LabelMap, Region
from sembla.data.augment import Augmentation, apply_to_ids, sample_parameters

__all__ = ["random_layout", "without"]

_LEAST_SHARE = 0.002  # of the map, that a part must have to be edited
_EDITS = 4  # most


def random_layout(labels: LabelMap, generator: np.random.Generator) -> LabelMap:
    """Draw a layout (H, W) from a label map: every second is mirrored, up to four parts are edited, all is bent.

    It has no class that `labels` lacks.
    """
    layout = labels[:, ::-1].copy() if generator.random() < 0.5 else labels.copy()
    for _ in range(generator.integers(_EDITS + 1)):
        layout = _edited(layout, generator)
    bend = Augmentation(flip=0.0, zoom=(1.0, 1.25), warp=0.06)
    return apply_to_ids(sample_parameters(generator, bend, source=labels.shape, target=labels.shape), layout)


def without(layout: LabelMap, part: Region) -> LabelMap:
    """The layout with a part of it, not all, given to the nearest of what is around it."""
    places = ndimage.distance_transform_edt(part, return_distances=False, return_indices=True)
    return np.asarray(layout[tuple(places)])


def _edited(layout: LabelMap, generator: np.random.Generator) -> LabelMap:
    """One part moved and resized, doubled, or taken away."""
    label = generator.choice(np.unique(layout))
    parts, count = ndimage.label(layout == label)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    large = np.flatnonzero(sizes >= _LEAST_SHARE * layout.size) + 1
    if not large.size or (layout == label).all():
        return layout
    part = parts == generator.choice(large)
    kind = generator.random()
    ground = without(layout, part) if kind < 0.7 else layout
    return ground if kind < 0.2 else np.where(_moved(part, generator), label, ground).astype(np.uint8)


def _moved(part: Region, generator: np.random.Generator) -> Region:
    """The part shifted by up to a quarter of the map's sides, and resized by a factor of 0.7 to 1.4."""
    middle = np.array(ndimage.center_of_mass(part))
    shift = generator.uniform(-0.25, 0.25, 2) * part.shape
    factor = np.exp(generator.uniform(np.log(0.7), np.log(1.4)))
    moved = ndimage.affine_transform(
        part.astype(np.uint8), np.full(2, 1 / factor), middle - (middle + shift) / factor, order=0
    )
    return np.asarray(moved > 0)
