"""Bundled examples: photos that scikit-image ships, with label maps and new layouts drawn for them.

The photos are read from the installed scikit-image; only the maps lie in this package. Its README.md says where
each photo comes from.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture

if TYPE_CHECKING:  # Python 3.10 has it elsewhere
    from importlib.resources.abc import Traversable

__all__ = ["Example", "load", "names"]

_PHOTOS: Mapping[str, str] = MappingProxyType(
    {
        "astronaut": "astronaut",
        "chelsea": "chelsea",
        "coffee": "coffee",
        "hubble": "hubble_deep_field",
        "rocket": "rocket",
    }
)
"""The name of each example, and that of its photo in `skimage.data`."""


@dataclass(frozen=True)
class Example:
    """One photo with its label map and new layouts for it."""

    name: str
    """As in `names()`."""
    picture: Picture
    """The photo, (H, W, 3)."""
    labels: LabelMap
    """What is where in the photo, (H, W)."""
    layouts: Mapping[str, LabelMap]
    """New layouts by name, each (H, W) with the ids of `labels`."""
    label_set: LabelSet
    """Names and colours of the classes."""
    credit: str
    """Who made the photo, and its licence."""


def names() -> tuple[str, ...]:
    """Names of all examples, in alphabetical order."""
    return tuple(_PHOTOS)


def load(name: str) -> Example:
    """Read one example.

    Raises `InputError` for an unknown name; the message lists the known ones.
    """
    if name not in _PHOTOS:
        raise InputError(f"there is no example {name!r}; the examples are {', '.join(_PHOTOS)}.")
    folder = files(__name__) / name
    about = json.loads((folder / "classes.json").read_text(encoding="utf-8"))
    layouts = sorted((folder / "layouts").iterdir(), key=lambda entry: entry.name)
    return Example(
        name=name,
        picture=_read_photo(_PHOTOS[name]),
        labels=_read_map(folder / "labels.png"),
        layouts=MappingProxyType({entry.name.removesuffix(".png"): _read_map(entry) for entry in layouts}),
        label_set=LabelSet(
            tuple(entry["name"] for entry in about["classes"]),
            tuple(_parse_colour(entry["colour"]) for entry in about["classes"]),
        ),
        credit=about["credit"],
    )


def _read_photo(name: str) -> Picture:
    """Read one of scikit-image's own photos, RGB."""
    # Imported here: scikit-image takes a while, and listing the names needs none of it.
    from skimage import data

    photo: Picture = np.ascontiguousarray(getattr(data, name)(), np.uint8)
    return photo


def _read_map(path: "Traversable") -> LabelMap:
    """Read the ids of an index PNG, (H, W)."""
    with path.open("rb") as file, Image.open(file) as image:
        return np.array(image, np.uint8)


def _parse_colour(text: str) -> tuple[int, int, int]:
    """Turn "#rrggbb" into (red, green, blue)."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue
