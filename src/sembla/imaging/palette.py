"""Colour maps to label maps and back.

People's label maps are colour pictures: anti-aliased, saved as JPEG, as index PNG, as grey levels. `read_classes`
finds the classes that were meant, gives every pixel to one of them, and reads the layouts with the same classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from sembla.core.errors import LabelError
from sembla.core.types import MAX_CLASSES, LabelMap, Picture, Region
from sembla.imaging.finding import Classes, find_classes, is_ids
from sembla.imaging.snapping import in_blocks, measure_noise, nearest, settle, tally

__all__ = ["ClassMaps", "ColourMap", "colourize", "find_palette", "match_palette", "read_classes", "read_known", "snap"]

_ROUNDING = 8.0  # a layout's colour this near to a class is that class: rounding, or another JPEG quality
_TINT = 64.0  # a layout's colour may differ this much from its class, a quarter of a channel; see `_matches`


ColourMap: TypeAlias = NDArray[np.integer[Any]]
"""A label map as it was given: uint8 colours (H, W, 3), or whole numbers 0 to 255 (H, W), ids or greys."""


@dataclass(frozen=True)
class ClassMaps:
    """A label map and its layouts as ids of one palette."""

    labels: LabelMap
    """The source's label map, (H, W), ids 0 to K - 1."""
    layouts: tuple[LabelMap, ...]
    """The layouts, each (h, w), in the same ids."""
    palette: NDArray[np.uint8]
    """RGB of each id, (K, 3); the order is that of `find_palette`."""
    report: tuple[str, ...]
    """What was done, one sentence or more a map."""


def find_palette(colour_map: ColourMap, *, name: str = "label map") -> NDArray[np.uint8]:
    """Find the colours (K, 3) of the classes that a colour map (H, W, 3), or a map of ids or greys (H, W), shows.

    Greys (and ids, which are greys 0, 1, 2, ...) come in ascending order, colours by area, the largest first.
    Raises `LabelError` for a photograph, for more than 64 classes, and for anything that is not a map of bytes.
    """
    return find_classes(_as_picture(colour_map, name), name).palette


def match_palette(palette: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Which of the `known` colours (K, 3) each colour of a palette (L, 3) is, (L,); -1 where it is none of them.

    A colour is a known one if it is off by no more than another JPEG quality makes it, clearly nearest to that one,
    and the nearest of the palette to it.
    """
    distance = np.linalg.norm(palette[:, None].astype(float) - known, axis=2)
    apart = np.linalg.norm(known[:, None].astype(float) - known, axis=2)
    np.fill_diagonal(apart, np.inf)
    match, gap = distance.argmin(1), distance.min(1)
    near = (gap <= np.minimum(apart.min(1) / 3, _ROUNDING)[match]) & (gap == distance.min(0)[match])
    return np.where(near, match, -1)


def snap(colour_map: ColourMap, palette: NDArray[np.uint8]) -> LabelMap:
    """Give every pixel of a colour map (H, W, 3) or (H, W) to an entry of a palette (K, 3), K up to 64.

    A map that holds the palette's colours only is taken as it is. Otherwise border pixels go to one of the classes
    beside them, and colours that are no class's go to their surroundings.
    """
    if not 1 <= len(palette) <= MAX_CLASSES:
        raise LabelError(f"a palette of {len(palette)} colours came; expected 1 to {MAX_CLASSES}.")
    picture = _as_picture(colour_map, "colour map")
    found = tally(picture)
    ids, distance = nearest(found.values, palette)
    if not distance.any():
        return ids[found.index]
    return settle(found, palette, measure_noise(picture, in_blocks(found.index, 3)))


def read_known(colour_map: Picture, palette: NDArray[np.uint8], *, name: str = "label map") -> LabelMap:
    """Read a colour map (H, W, 3) in the classes of a known palette (K, 3): their ids, (H, W).

    Colours that are off by no more than JPEG or smooth borders make them are snapped. Raises `LabelError` as
    `find_palette` does, and for a class whose colour is none of the palette's; the message says which, and how much.
    """
    found = tally(colour_map)
    ids, distance = nearest(found.values, palette)
    if not distance.any():
        return ids[found.index]
    own = find_palette(colour_map, name=name)
    matches = match_palette(own, palette)
    strange = own[matches < 0]
    if len(strange):
        owners = nearest(found.values, own)[0][found.index]
        pixels = np.count_nonzero(owners == np.flatnonzero(matches < 0)[0])
        closest = palette[nearest(strange[:1], palette)[0][0]]
        raise LabelError(
            f"{name}: {pixels} pixels of {_hex(strange[0])} are no class of the set, whose nearest is {_hex(closest)}; "
            "paint them in a colour of the set, or give its ids."
        )
    used = np.unique(matches).astype(np.uint8)
    return used[snap(colour_map, palette[used])]


def colourize(labels: LabelMap, palette: NDArray[np.uint8]) -> Picture:
    """Show a label map (H, W) in the colours of a palette (K, 3). Raises `LabelError` for an id without a colour."""
    if labels.size and int(labels.max()) >= len(palette):
        raise LabelError(f"the label map holds id {labels.max()}, but the palette has only {len(palette)} colours.")
    return palette[labels]


def read_classes(
    labels: ColourMap,
    layouts: Sequence[ColourMap],
    *,
    names: Sequence[str] = (),
    adopt_nearest: bool = False,
) -> ClassMaps:
    """Read a label map and its layouts, each (H, W, 3) of colours or (H, W) of ids or greys, as ids of one palette.

    `names` are used in messages, the label map's first. A layout whose colours are tinted is matched class by class.
    A layout's class that the label map lacks is an error, or is read as its nearest class with `adopt_nearest`.

    Raises `LabelError` as `find_palette` does, when the label map has one class only, and when a layout shows a
    class that the label map lacks; the message says which colour, where, and how many pixels.
    """
    spare = ("label map", *(f"layout {number}" for number in range(1, len(layouts) + 1)))
    names = [name or other for name, other in zip_longest(names[: len(spare)], spare)]
    source = _Reading(names[0], labels.ndim, find_classes(_as_picture(labels, names[0]), names[0]))
    palette = source.classes.palette
    if len(palette) == 1:
        raise LabelError(f"{names[0]} is {_hex(palette[0])} everywhere, one class; paint two classes or more.")
    ids = source.classes.settle()
    maps, report = [], [_summary(source, ids)]
    for layout, name in zip(layouts, names[1:], strict=True):
        target = _Reading(name, layout.ndim, find_classes(_as_picture(layout, name), name, palette))
        own = target.classes.settle()
        mapping, missing = _matches(target.classes, len(palette), own)
        if len(missing) and not adopt_nearest:
            raise LabelError(_complaint(target, source, own, missing))
        maps.append(mapping[own])
        report.append(_summary(target, own) + _renamed(target.classes.palette, mapping, own))
    return ClassMaps(ids, tuple(maps), palette, tuple(report))


@dataclass(frozen=True)
class _Reading:
    """What was read from one file."""

    name: str
    dimensions: int  # 3 for colours, 2 for ids or greys
    classes: Classes


def _as_picture(values: ColourMap, name: str) -> Picture:
    """Colours as they are, ids and greys as grey colours. Raises `LabelError` for anything else."""
    if values.ndim == 3 and values.shape[2] == 3 and values.dtype == np.uint8 and values.size:
        return values.astype(np.uint8, copy=False)
    if values.ndim == 2 and values.dtype.kind in "biu" and values.size and values.min() >= 0 and values.max() <= 255:
        return np.repeat(values.astype(np.uint8)[:, :, None], 3, 2)
    raise LabelError(
        f"{name} has shape {values.shape} and type {values.dtype}; expected (H, W, 3) of uint8 colours, "
        "or (H, W) of whole numbers from 0 to 255."
    )


def _matches(target: Classes, known: int, own: LabelMap) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Which known id each palette entry of a layout is, and which entries are none of them (but nearest to theirs).

    The first `known` entries are the label map's. A colour of the layout's own is one of those when it is at least
    twice as near to it as to any other (a third of the distance between the two) and within `_TINT`: then no other
    reading is as likely. A tint changes a class wholly, so the class's own colour must be absent from the layout,
    and one class takes one tint; only differences too small to see are matched beside the colour itself. Ids are
    matched exactly.
    """
    palette, counts = target.palette, np.bincount(own.ravel(), minlength=len(target.palette))
    given, fresh = palette[:known].astype(float), palette[known:].astype(float)
    mapping = np.arange(len(palette), dtype=np.uint8)
    distance = np.linalg.norm(fresh[:, None] - given, axis=2)
    mapping[known:] = distance.argmin(1)
    apart = np.linalg.norm(given[:, None] - given, axis=2)
    np.fill_diagonal(apart, np.inf)
    exactly = target.noise is None and is_ids(target.found.values)
    limit = np.minimum(apart.min(1) / 3, 0 if exactly else _TINT)
    taken = counts[:known].copy()
    missing = []
    for entry in np.argsort(distance.min(1), kind="stable"):
        match = mapping[known + entry]
        gap, pixels = distance[entry, match], counts[known + entry]
        if pixels and gap > min(limit[match], _ROUNDING):
            if gap > limit[match] or taken[match] > 0.05 * pixels:
                missing.append(known + entry)
            taken[match] += pixels
    return mapping, np.array(missing, np.intp)


def _is_grey(colours: NDArray[np.uint8]) -> bool:
    return bool((colours == colours[:, :1]).all())


def _hex(colour: NDArray[np.uint8]) -> str:
    return "#" + bytes(colour.tolist()).hex()


def _summary(reading: _Reading, ids: LabelMap) -> str:
    """One sentence on what became of a map's colours."""
    found, palette = reading.classes.found, reading.classes.palette
    classes = len(np.unique(ids))
    if reading.classes.noise is None:
        return f"{reading.name}: {classes} classes, taken as they are."
    place = np.array([1, 1 << 8, 1 << 16])
    codes, wanted = found.values @ place, palette @ place  # a tally's colours are in the order of these codes
    number = np.searchsorted(codes, wanted).clip(max=len(codes) - 1)
    number[codes[number] != wanted] = -1
    snapped = np.count_nonzero(number[ids] != found.index) / ids.size
    became = f"{len(found.values)} colours became {classes} classes"
    return f"{reading.name}: {became}; {snapped:.1%} of the pixels were snapped."


def _renamed(palette: NDArray[np.uint8], mapping: NDArray[np.uint8], own: LabelMap) -> str:
    """One sentence for each colour of a layout that was read as another colour of the label map."""
    own_counts = np.bincount(own.ravel(), minlength=len(palette))
    return "".join(
        f" {_hex(palette[entry])} ({own_counts[entry]} pixels) was read as {_hex(palette[match])}."
        for entry, match in enumerate(mapping)
        if entry != match and own_counts[entry]
    )


def _inside(region: Region) -> tuple[int, int]:
    """The x and y of a place well inside the largest 8-connected piece of a region."""
    pieces, _ = ndimage.label(region, np.ones((3, 3)))
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    depth = ndimage.distance_transform_cdt(np.pad(pieces == largest, 1))
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return int(x) - 1, int(y) - 1


def _complaint(target: _Reading, source: _Reading, own: LabelMap, missing: NDArray[np.intp]) -> str:
    """The error for classes of a layout that the label map lacks; names the largest of them."""
    palette, given = target.classes.palette, source.classes.palette
    if target.dimensions != source.dimensions and _is_grey(target.classes.found.values) != _is_grey(given):
        kinds = {2: "ids or grey levels", 3: "colours"}
        return (
            f"{target.name} holds {kinds[target.dimensions]} but {source.name} holds {kinds[source.dimensions]}, and "
            f"{_hex(palette[missing[0]])} of the one is no class of the other; save both in the same way."
        )
    counts = np.bincount(own.ravel(), minlength=len(palette))[missing]
    entry = missing[counts.argmax()]
    x, y = _inside(own == entry)
    others = f" (and {len(missing) - 1} more colours)" if len(missing) > 1 else ""
    return (
        f"{target.name}: {counts.max()} pixels of {_hex(palette[entry])} around x={x}, y={y}{others} are no class of "
        f"{source.name}, whose nearest is {_hex(given[nearest(palette[entry][None], given)[0][0]])}; "
        f"paint them in a colour of {source.name}, add the class there, or pass --adopt-nearest (adopt_nearest=True)."
    )
