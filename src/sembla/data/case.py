"""A case: one photo, its label map, and the layouts that are wanted of it."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.core.types import LabelMap, Picture
from sembla.imaging.folders import find_case
from sembla.imaging.io import read_map, read_picture
from sembla.imaging.palette import read_classes
from sembla.patches.pyramid import resize_labels

__all__ = ["Case", "read_case"]


@dataclass(frozen=True)
class Case:
    """What a method for one photo learns from, read and checked; ids mean the same in all maps."""

    picture: Picture
    """The photo, (H, W, 3)."""
    labels: LabelMap
    """Its label map, (H, W)."""
    palette: NDArray[np.uint8]
    """RGB of each class, (K, 3)."""
    layouts: tuple[LabelMap, ...] = ()
    """The wanted label maps, (h, w) each; there may be none. Nothing is learned from them."""


def read_case(folder: str | os.PathLike[str]) -> Case:
    """Read img.*, label.* and cond/* of a folder, in which cond may lack.

    Colours are snapped to the classes of the label map; a layout's class that it lacks is read as the nearest one, for
    layouts are only shown. A label map of another size than the photo is brought to it. Raises `InputError` for files
    that lack or cannot be read, and `LabelError` for a label map that is none.
    """
    found = find_case(folder, wanted=(Path(folder) / "cond").is_dir())
    picture = read_picture(found.image)
    maps = read_classes(
        read_map(found.labels),
        [read_map(path) for path in found.layouts],
        names=[str(path) for path in (found.labels, *found.layouts)],
        adopt_nearest=True,
    )
    return Case(picture, resize_labels(maps.labels, picture.shape[:2]), maps.palette, maps.layouts)
