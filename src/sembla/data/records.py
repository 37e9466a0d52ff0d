"""What a data set is made of: records that name files, samples that hold pixels, kinds that turn one into the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture

__all__ = ["IDENTITY", "SPLITS", "Kind", "Record", "Sample"]

SPLITS = ("train", "val", "test")
"""The parts of a data set that its makers told apart; "" stands for none."""

IDENTITY = 128
"""Numbers that say who it is."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One entry of a data set, decoded. All arrays are upright and of one size."""

    picture: Picture
    """The photo, (H, W, 3)."""
    labels: LabelMap | None = None
    """Its label map (H, W), with ids and the value to ignore as the kind's label set has them."""
    instances: NDArray[np.uint16] | None = None
    """Which object each pixel belongs to, (H, W); the values mean nothing beyond same or different."""
    landmarks: NDArray[np.float32] | None = None
    """68 or 5 points (P, 2), x and y in pixels of the picture; some may lie outside it."""
    attributes: Mapping[str, bool] = field(default_factory=dict)
    """Yes or no for each attribute, e.g. {"Smiling": True}."""
    identity: NDArray[np.float32] | None = None
    """Who it is, (128,), as dlib tells; not a number where it found no face, None where nobody asked."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a data set, not yet read: cheap to make by the thousand, and picklable."""

    name: str
    """Unique in the set; may hold "/", has no file ending."""
    split: str
    """One of `SPLITS`, or "" where the set has no splits."""
    files: Mapping[str, Path]
    """The file for each role.

    "image" and "labels" (ids) in most sets, "instances"; "colour map" where the classes are drawn as colours;
    "part:hair" and so on where each class has a file; "joined" where one file holds photo and map; "database" where
    one holds all; "attributes" and "landmarks" for lists; "layout:NAME" for new layouts of a case.
    """
    key: str = ""
    """Where the entry is within a file that holds many: the name of a line, a key of a database."""


@dataclass(frozen=True)
class Kind:
    """A known data set, in the layout that its makers gave it.

    `records` and `read` are functions of a module, so that worker processes can import them.
    """

    name: str
    """What `--as` and `sembla prepare` call it, e.g. "cityscapes"."""
    summary: str
    """One sentence: what it is, and which layout is read."""
    label_set: LabelSet | None
    """The classes of its label maps; None where it has no label maps, or any that you give it."""
    records: Callable[[Path], list[Record]]
    """All entries below a folder (or in a file), ordered by split and name.

    Raises `InputError` for a folder that is not in this layout; the message says what was looked for.
    """
    read: Callable[[Record], Sample]
    """Decode one entry. Raises `InputError` (`ImageError`, `LabelError`, `SizeError`) that names the file."""
    licence: str
    """What its makers allow, in one line."""
    declared: Callable[[Path], LabelSet | None] | None = None
    """For a kind without classes of its own: reads those that a folder declares. Raises `LabelError`."""
