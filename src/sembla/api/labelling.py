"""Label maps for photos: from strokes, from proposed regions, and from files."""

import logging
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.api.checking import told_size
from sembla.core.errors import SizeError
from sembla.core.ranges import Whole, whole
from sembla.core.types import MAX_CLASSES, LabelMap, Picture
from sembla.imaging.colours import distinct_colours
from sembla.imaging.io import MapArray, Source, read_map, read_picture, read_scribbles, source_name
from sembla.imaging.palette import read_classes

__all__ = ["Labelling", "fill_scribbles", "label", "match_map", "own_map", "read_own_labels", "segments"]

_log = logging.getLogger("sembla")

_BLOCK = 32  # side of the square that stands for a class

_ALIKE = 40
"""Colours nearer than this (Euclidean, RGB) are hard to tell apart on a screen."""


@dataclass(frozen=True)
class Labelling:
    """A label map that was made for a photo."""

    labels: LabelMap
    """Class ids (H, W)."""
    palette: NDArray[np.uint8]
    """One colour a class, (K, 3)."""
    seconds: float
    """From decoded inputs to the finished map."""


def label(picture: Source, scribbles: Source) -> Labelling:
    """Make a full label map from a few strokes a class, drawn in one colour a class over a photo.

    `scribbles` has the photo's size: strokes over the photo itself, on a plain ground, or on a transparent one.
    """
    from sembla.imaging.scribbles import fill_strokes, read_strokes

    photo, drawn = read_picture(picture, name="photo"), read_scribbles(scribbles)
    if drawn.shape[:2] != photo.shape[:2]:
        raise SizeError(
            f"{source_name(picture, 'the photo')} is {told_size(photo)} but {source_name(scribbles, 'the scribbles')} "
            f"{told_size(drawn)}; draw the strokes over the photo at its own size."
        )
    start = time.perf_counter()
    strokes, palette = read_strokes(drawn, photo)
    labels = fill_strokes(photo, strokes)
    return Labelling(labels, palette, time.perf_counter() - start)


def segments(picture: Source, count: int) -> Labelling:
    """Propose about `count` regions (2 to 64) of a photo as a label map to name and edit."""
    from sembla.imaging.segments import propose_segments

    count = whole(count, "segments", Whole(2, MAX_CLASSES))
    photo = read_picture(picture, name="photo")
    start = time.perf_counter()
    labels = propose_segments(photo, count)
    return Labelling(labels, distinct_colours(int(labels.max()) + 1), time.perf_counter() - start)


def read_own_labels(picture: Picture, labels: Source, *, name: str = "label map", resize: bool = False) -> Labelling:
    """Read the label map of a photo (H, W, 3) by itself, with colours that can be told apart.

    Raises `ImageError` and `LabelError` as `analogy` does, and `SizeError` for another size, unless `resize`.
    """
    start = time.perf_counter()
    classes = read_classes(own_map(picture, labels, name=name, resize=resize), [], names=[name])
    for sentence in classes.report:
        _log.info("%s", sentence)
    palette = classes.palette if _distinct(classes.palette) else distinct_colours(len(classes.palette))
    return Labelling(classes.labels, palette, time.perf_counter() - start)


def match_map(
    source: Source, palette: NDArray[np.uint8], *, name: str = "layout", adopt_nearest: bool = False
) -> LabelMap:
    """Read a label map with the classes that a palette (K, 3) shows, K from 2 to 64, as ids 0 to K - 1.

    A map of plain ids below K is taken as it is. Raises `LabelError` for a class that the palette lacks, unless
    `adopt_nearest` reads it as the nearest.
    """
    values = read_map(source, name=name)
    if values.ndim == 2 and int(values.max()) < len(palette):
        return values
    blocks = np.repeat(palette[None], _BLOCK * _BLOCK, axis=0).reshape(_BLOCK, -1, 3)
    classes = read_classes(blocks, [values], names=["the session's classes", name], adopt_nearest=adopt_nearest)
    for sentence in classes.report[1:]:
        _log.info("%s", sentence)
    ids = (classes.palette[:, None] == palette[None]).all(axis=2).argmax(axis=1).astype(np.uint8)
    matched: LabelMap = ids[classes.layouts[0]]
    return matched


def fill_scribbles(picture: Picture, strokes: NDArray[np.int16]) -> LabelMap:
    """Give every pixel of a photo (H, W, 3) to a class, from strokes (H, W) of class ids, -1 where unmarked.

    Raises `SizeError` when the sizes differ, `LabelError` for fewer than two classes or ids above 63.
    """
    from sembla.imaging.scribbles import fill_strokes

    return fill_strokes(picture, strokes)


def own_map(
    picture: Picture, labels: Source, *, photo_name: str = "the photo", name: str = "label map", resize: bool
) -> MapArray:
    """A photo's own label map, at the photo's size; `photo_name` and `name` are what messages say."""
    own = read_map(labels, name=name)
    if own.shape[:2] == picture.shape[:2]:
        return own
    if not resize:
        raise SizeError(
            f"{photo_name} is {told_size(picture)} but its map "
            f"{source_name(labels, name)} is {told_size(own)}; give a map of the photo's size, "
            "or pass --resize-labels (resize_labels=True)."
        )
    rows, columns = (
        ((np.arange(wanted) + 0.5) * had / wanted).astype(np.intp)  # nearest neighbour, by centres of pixels
        for wanted, had in zip(picture.shape[:2], own.shape[:2], strict=True)
    )
    resized: MapArray = own[rows[:, None], columns]
    return resized


def _distinct(palette: NDArray[np.uint8]) -> bool:
    """Whether the colours (K, 3) can be told apart on a screen; ids that were read as greys cannot."""
    apart = np.linalg.norm(palette[:, None].astype(float) - palette, axis=2)
    np.fill_diagonal(apart, np.inf)
    return bool(apart.min() >= _ALIKE)
