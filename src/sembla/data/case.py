"""A case: one photo, its label map, and the layouts that are wanted of it."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.imaging.folders import CaseFolder, find_case
from sembla.imaging.io import MapArray, read_map, read_picture
from sembla.imaging.palette import read_classes
from sembla.patches.pyramid import resize_labels

__all__ = ["Case", "read_case"]

_log = logging.getLogger("sembla")

_SAME_SHAPE = 0.02  # most that the aspect ratios of a photo and its label map may differ by


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

    Colours are snapped to the classes of the label map. A label map of another size than the photo is brought to it. A
    layout that cannot be read in these classes is left out, with a warning in the log. Raises `InputError` for files
    that lack or cannot be read, `LabelError` for a label map that is none, and `SizeError` for one of another shape.
    """
    found = find_case(folder, wanted=(Path(folder) / "cond").is_dir())
    picture, own = read_picture(found.image), read_map(found.labels)
    _check_shapes(picture, own, found)
    maps = read_classes(own, [], names=[str(found.labels)])
    labels = resize_labels(maps.labels, picture.shape[:2])
    return Case(picture, labels, maps.palette, tuple(_layouts(own, found)))


def _check_shapes(picture: Picture, own: MapArray, found: CaseFolder) -> None:
    """Raise `SizeError` unless photo and label map show the same view."""
    (height, width), (high, wide) = picture.shape[:2], own.shape[:2]
    if abs(height * wide / (width * high) - 1) > _SAME_SHAPE:
        raise SizeError(
            f"{found.image} is {width}x{height} and {found.labels} {wide}x{high}, which is another shape; give the "
            "label map of this photo."
        )


def _layouts(own: MapArray, found: CaseFolder) -> Iterator[LabelMap]:
    """The layouts, each read in the classes of the label map."""
    for path in found.layouts:
        try:
            yield read_classes(own, [read_map(path)], names=(str(found.labels), str(path))).layouts[0]
        except LabelError as error:
            _log.warning("%s is left out: %s", path, error)
