"""Scribbles to label maps: strokes are read from a drawing, and a few strokes a class become a full map.

The map is made on a small copy of the picture (see `walker`) and drawn to the picture's edges by `refine_borders`.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import MAX_CLASSES, LabelMap, Picture
from sembla.imaging.segments import merge_pieces, number_pieces, refine_borders, shrink
from sembla.imaging.snapping import UNKNOWN, Tally, blend_misfit, in_blocks, nearest, tally
from sembla.imaging.walker import likelihood, walk

__all__ = ["fill_strokes", "read_strokes"]

_OPAQUE = 128  # alpha from which a pixel is marked
_RIPPLE = 24  # a pixel this near to what lies under the strokes is unmarked, in levels of a channel
_SAME = 40.0  # colours this near (Euclidean, RGB) may be of one stroke with soft edges
_ALIKE = 64.0  # and of one that was blurred or compressed
_BLEND = 12.0  # a colour this near to the line between two others may be their blend
_CLEAN = 0.2  # share of the marks in the very colours of the classes, below which a drawing was blurred or compressed
_DOT = 4  # fewest pixels of a class in a drawing with soft edges
_PATCH = 16  # and in one that was blurred or compressed
_STROKE = 24  # fewest pixels of a stroke; JPEG leaves specks of half as many on the most finely textured photos

_CRUMB = 2e-3  # share of the picture below which a piece that no stroke touches is a crumb


def read_strokes(scribbles: NDArray[np.uint8], picture: Picture) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Read strokes, one colour a class, drawn for a picture (H, W, 3); `scribbles` is RGB or RGBA of the same size.

    Unmarked is what is see-through, or else what shows the drawing's plain ground, or else what shows the picture
    itself. Returns class ids (H, W), -1 where unmarked, and the palette (K, 3); ids follow the order of the colours,
    so the same colours get the same ids in another drawing. Soft edges and JPEG's ripples are left unmarked; strokes
    of a JPEG need about 5 px of width.
    Raises `ImageError` for another dtype or shape, `SizeError` when the sizes differ, and `LabelError` where neither
    plain ground nor picture shows on more than half of the pixels, or for fewer than 2 or more than 64 classes.
    """
    drawing = _look(scribbles, picture)
    ids, colours = _pure_colours(drawing) if drawing.pure else _soft_colours(drawing)
    if not 2 <= len(colours) <= MAX_CLASSES:
        advice = "" if drawing.pure else ", as PNG or 5 px wide"
        raise LabelError(
            f"the scribbles show {len(colours)} clear colour{'' if len(colours) == 1 else 's'} of strokes; draw 2 to "
            f"{MAX_CLASSES} classes, one colour each{advice}."
        )
    order = np.lexsort(colours.T[::-1])
    ranks = np.full(UNKNOWN + 1, -1, np.int16)
    ranks[order] = np.arange(len(order))
    strokes = np.full(picture.shape[:2], -1, np.int16)
    strokes[drawing.rows, drawing.columns] = ranks[ids]
    return strokes, colours[order]


@dataclass(frozen=True)
class _Drawing:
    """A drawing of which we know what is marked."""

    scribbles: NDArray[np.uint8]
    """Colours of all pixels, (H, W, 3)."""
    under: NDArray[np.uint8] | None
    """What lies under the strokes, (H, W, 3); None where that is see-through."""
    rows: NDArray[np.intp]
    """Of the marked pixels, (n,)."""
    columns: NDArray[np.intp]
    pure: bool
    """Whether all colours may be meant: they are few, and the edges are hard."""
    compressed: bool
    """Whether the ground is not even beside the strokes: JPEG."""

    @property
    def colours(self) -> NDArray[np.uint8]:
        """Of the marked pixels, (n, 3)."""
        return self.scribbles[self.rows, self.columns]

    def around(self, reach: int, step: int = 1) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Give rows and columns of the marked pixels' neighbours, one offset after the other."""
        height, width = self.scribbles.shape[:2]
        for dy in range(-reach, reach + 1, step):
            for dx in range(-reach, reach + 1, step):
                yield np.clip(self.rows + dy, 0, height - 1), np.clip(self.columns + dx, 0, width - 1)

    def plane(self, ids: NDArray[np.uint8]) -> LabelMap:
        """Put ids of the marked pixels in their places, `UNKNOWN` elsewhere."""
        plane = np.full(self.scribbles.shape[:2], UNKNOWN, np.uint8)
        plane[self.rows, self.columns] = ids
        return plane


def _look(scribbles: NDArray[np.uint8], picture: Picture) -> _Drawing:
    """Find what is marked."""
    if scribbles.dtype != np.uint8 or scribbles.ndim != 3 or scribbles.shape[2] not in (3, 4):
        raise ImageError(f"scribbles came as {scribbles.dtype} {scribbles.shape}; pass uint8 (H, W, 3) or (H, W, 4).")
    if scribbles.shape[:2] != picture.shape[:2]:
        raise SizeError(
            f"the scribbles are {scribbles.shape[1]}x{scribbles.shape[0]}, the picture {picture.shape[1]}x"
            f"{picture.shape[0]}; draw the scribbles at the picture's size."
        )
    colours, alpha = scribbles[..., :3], scribbles[..., 3:]
    if (alpha < _OPAQUE).any():
        rows, columns = np.nonzero(alpha[..., 0] >= _OPAQUE)
        pure = bool(np.isin(alpha, (0, 255)).all()) and _are_few(colours[rows, columns])
        return _Drawing(colours, None, rows, columns, pure, compressed=False)
    found = tally(colours)
    plain = np.broadcast_to(found.values[found.counts.argmax()], colours.shape)
    ripple = 0 if len(found.values) <= MAX_CLASSES + 1 else _RIPPLE
    # what was drawn on leaves the fewest marks: a white canvas and a photo with a white sky are told apart by it
    difference, under = min(
        ((_difference(colours, under, ripple), under) for under in (plain, picture)),
        key=lambda each: int(np.count_nonzero(each[0] == 255)),
    )
    marked = difference == 255
    if marked.mean() >= 0.5:
        raise LabelError(
            "neither a plain ground nor the picture shows on half of the scribbles; draw strokes over a copy of the "
            "picture, or on one plain or see-through ground."
        )
    near = marked.view(np.uint8)
    beside = (maximum_filter(near, 17) > maximum_filter(near, 9)) & ~marked
    compressed = bool((difference[beside] > 0).mean() > 0.05) if beside.any() else False
    rows, columns = np.nonzero(marked)
    return _Drawing(colours, under, rows, columns, not compressed and _are_few(colours[rows, columns]), compressed)


def _difference(colours: NDArray[np.uint8], under: NDArray[np.uint8], ripple: int) -> NDArray[np.uint8]:
    """How far colours (H, W, 3) are from what lies under them; 255 for more than a ripple, or six times the usual."""
    worst: NDArray[np.uint8] = (np.maximum(colours, under) - np.minimum(colours, under)).max(-1)
    limit = max(ripple, min(6 * float(np.median(worst)), 64)) if ripple else 0
    worst[worst > limit] = 255
    return worst


def _are_few(colours: NDArray[np.uint8]) -> bool:
    return len(colours) == 0 or len(tally(colours[None]).values) <= MAX_CLASSES


def _pure_colours(drawing: _Drawing) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take every colour as a class, except those that show on the rims of others only."""
    if not len(drawing.rows):
        return np.zeros(0, np.uint8), np.zeros((0, 3), np.uint8)
    found = tally(drawing.colours[None])
    ids = found.index[0].astype(np.uint8)
    inside = in_blocks(drawing.plane(ids), 3)[drawing.rows, drawing.columns]
    thin = replace(drawing, rows=drawing.rows[~inside], columns=drawing.columns[~inside])
    rim = np.zeros(len(ids), np.bool_)
    rim[~inside] = _is_paler(thin, 2, 0.98) | _is_between(thin, drawing.plane(ids), found)
    share = np.bincount(ids, rim, len(found.values)) / found.counts
    return _renumber(ids, found.values, np.flatnonzero(share < 0.8))


def _is_between(drawing: _Drawing, plane: LabelMap, found: Tally) -> NDArray[np.bool_]:
    """Tell which marked pixels are the blend of two colours beside them that are larger than their own."""
    own = plane[drawing.rows, drawing.columns]
    blends = np.zeros((UNKNOWN + 1, UNKNOWN + 1, UNKNOWN + 1), np.bool_)
    values = found.values.astype(np.float32)
    for number, colour in enumerate(values):
        misfit, share = blend_misfit(colour, values[:, None], values)
        larger = found.counts > found.counts[number]
        fits = (misfit <= _BLEND) & (abs(share - 0.5) < 0.48) & larger & larger[:, None]
        blends[number, : len(values), : len(values)] = fits
    between = np.zeros(len(own), np.bool_)
    beside = [plane[place] for place in drawing.around(1)]
    for first, second in itertools.combinations(beside, 2):
        between |= blends[own, first, second]
    return between


def _is_paler(drawing: _Drawing, reach: int, most: float) -> NDArray[np.bool_]:
    """Tell which marked pixels show at most that share of a neighbour's colour, the rest being what lies under."""
    paler = np.zeros(len(drawing.rows), np.bool_)
    if drawing.under is None:
        return paler
    own = drawing.colours.astype(np.float32)
    under = drawing.under[drawing.rows, drawing.columns].astype(np.float32)
    for row, column in drawing.around(reach, max(1, reach // 3)):
        other = drawing.scribbles[row, column].astype(np.float32)
        misfit, share = blend_misfit(own, under, other)
        paler |= (misfit <= _BLEND) & (share < most)
    return paler


def _soft_colours(drawing: _Drawing) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Take the commonest colours as classes, and drop what lies thinly along a larger piece of another.

    In a drawing that was only smoothed at the edges, a class shows its very colour; in one that was blurred or
    compressed, only the middle of its strokes can be trusted.
    """
    modes = _modes(drawing.colours, _SAME)
    ids = _near(drawing.colours, modes, _SAME)
    ids[~_exact(drawing.colours, modes, ids)] = UNKNOWN
    blurred = drawing.compressed or np.count_nonzero(ids != UNKNOWN) < _CLEAN * len(ids)
    paler = _is_paler(drawing, 6, 0.8) if blurred else _is_paler(drawing, 2, 0.98)
    if blurred:
        modes = _modes(drawing.colours[_calm(drawing) & ~paler], _ALIKE)
        ids = _near(drawing.colours, modes, _ALIKE)
    ids[paler] = UNKNOWN
    ids[_is_on_rim(drawing, ids, 8 if blurred else 3)] = UNKNOWN
    _refuse_unread(drawing, ids)
    support = np.bincount(ids, minlength=UNKNOWN + 1)[: len(modes)]
    return _renumber(ids, modes, np.flatnonzero(support >= (_PATCH if blurred else _DOT)))


def _refuse_unread(drawing: _Drawing, ids: NDArray[np.uint8]) -> None:
    """Raise `LabelError` where a stroke shows no clear colour at all, before it is lost in silence."""
    read = maximum_filter((drawing.plane(ids) != UNKNOWN).view(np.uint8), 31)
    pieces = number_pieces(drawing.plane(np.zeros_like(ids)))[drawing.rows, drawing.columns]
    strokes = np.bincount(pieces)[pieces] >= _STROKE if len(pieces) else np.zeros(0, np.bool_)
    lost = np.flatnonzero(strokes & (read[drawing.rows, drawing.columns] == 0))
    if len(lost) >= _STROKE:
        x, y = drawing.columns[lost[0]], drawing.rows[lost[0]]
        raise LabelError(
            f"the stroke at x={x}, y={y} of the scribbles shows no clear colour: too thin, too soft or too compressed; "
            "draw it with a hard brush, 5 px wide, and save the scribbles as PNG."
        )


def _near(colours: NDArray[np.uint8], modes: NDArray[np.uint8], reach: float) -> NDArray[np.uint8]:
    ids, distance = nearest(colours, modes)
    ids[distance > reach] = UNKNOWN
    return ids


def _exact(colours: NDArray[np.uint8], modes: NDArray[np.uint8], ids: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell which pixels have a class of which a quarter or more shows the very colour of its mode."""
    palette = np.concatenate([modes, np.zeros((UNKNOWN + 1 - len(modes), 3), np.uint8)])
    same = np.bincount(ids, (colours == palette[ids]).all(1), UNKNOWN + 1)
    exact = same >= 0.25 * np.maximum(np.bincount(ids, minlength=UNKNOWN + 1), 1)
    exact[UNKNOWN] = False
    return np.asarray(exact[ids], np.bool_)


def _modes(colours: NDArray[np.uint8], apart: float) -> NDArray[np.uint8]:
    """Find the commonest of colours (n, 3), each farther than `apart` from those before it; 255 at most."""
    if not len(colours):
        return colours
    found = tally(colours[None])
    cell = (found.values >> 3).astype(np.intp) @ np.array([1 << 10, 1 << 5, 1])
    weights = np.bincount(cell, found.counts, 1 << 15)[cell] + found.counts  # a colour amid its like, not a lone one
    left = found.values[np.argsort(-weights, kind="stable")]
    modes: list[NDArray[np.uint8]] = []
    while len(left) and len(modes) < UNKNOWN:
        modes.append(left[0])
        left = left[nearest(left, left[:1])[1] > apart]
    return np.array(modes, np.uint8)


def _calm(drawing: _Drawing) -> NDArray[np.bool_]:
    """Tell which marked pixels lie amid marked pixels of about their own colour: in the middle of a stroke."""
    marked = drawing.plane(np.zeros(len(drawing.rows), np.uint8)) == 0
    calm = np.ones(len(drawing.rows), np.bool_)
    own = drawing.colours.astype(np.int16)
    for place in drawing.around(1):
        calm &= marked[place] & (abs(drawing.scribbles[place] - own).max(1) <= _RIPPLE)
    return calm


def _is_on_rim(drawing: _Drawing, ids: NDArray[np.uint8], reach: int) -> NDArray[np.bool_]:
    """Tell which marked pixels belong to a thin piece of which most lies within reach of a larger one of another id."""
    plane = drawing.plane(ids)
    pieces = number_pieces(plane)
    areas = np.bincount(pieces.ravel())
    own = pieces[drawing.rows, drawing.columns]
    beside = np.zeros(len(own), np.bool_)
    for place in drawing.around(reach, max(1, reach // 4)):
        other = plane[place]
        beside |= (areas[pieces[place]] > areas[own]) & (other != UNKNOWN) & (other != ids)
    share = np.bincount(own, beside, len(areas)) / areas
    solid = np.bincount(own, in_blocks(plane, 4)[drawing.rows, drawing.columns], len(areas)) / areas
    return np.asarray(((share > 0.7) & (solid < 0.2))[own], np.bool_)


def _renumber(
    ids: NDArray[np.uint8], colours: NDArray[np.uint8], keep: NDArray[np.intp]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Leave only the ids to keep, as 0, 1, 2, ...; the others become `UNKNOWN`."""
    ranks = np.full(UNKNOWN + 1, UNKNOWN, np.uint8)
    ranks[keep] = np.arange(len(keep))
    return ranks[ids], colours[keep]


def fill_strokes(picture: Picture, strokes: NDArray[np.int16]) -> LabelMap:
    """Give every pixel of a picture (H, W, 3) to a class, from strokes (H, W) of class ids, -1 where unmarked.

    Stroke pixels keep their class. Pieces without a stroke are kept where they look like their class and are larger
    than a five-hundredth of the picture. The same input always gives the same map.
    Raises `SizeError` when the sizes differ, `LabelError` for fewer than two classes or ids above 63.
    """
    if strokes.shape != picture.shape[:2]:
        raise SizeError(
            f"the strokes are {strokes.shape[1]}x{strokes.shape[0]}, their picture {picture.shape[1]}x"
            f"{picture.shape[0]}; draw the strokes at the picture's size."
        )
    rows, columns = np.nonzero(strokes >= 0)
    present, index = np.unique(strokes[rows, columns], return_inverse=True)
    if len(present) < 2 or present[-1] >= MAX_CLASSES:
        raise LabelError(
            f"{len(present)} class{' has' if len(present) == 1 else 'es have'} strokes, ids up to "
            f"{max(present, default=-1)}; draw 2 to {MAX_CLASSES} classes, ids 0 to {MAX_CLASSES - 1}."
        )
    values = index.astype(np.uint8)
    small = shrink(picture)
    known = _shrink_strokes((rows, columns, values), strokes.shape, small.shape[:2])
    likely = likelihood(small, known, len(present))
    labels = walk(small, known, likely).argmax(-1).astype(np.uint8)
    labels = refine_borders(labels, picture, fixed=(rows, columns, values))
    return present.astype(np.uint8)[_without_crumbs(labels, rows, columns)]


def _shrink_strokes(
    marks: tuple[NDArray[np.intp], NDArray[np.intp], LabelMap], full: tuple[int, ...], size: tuple[int, ...]
) -> NDArray[np.intp]:
    """Give each cell of a small map the class that marks most of it, -1 where none does."""
    rows, columns, values = marks
    cells = (rows * size[0] // full[0]) * size[1] + columns * size[1] // full[1]
    count = int(values.max()) + 1
    marks_of = np.bincount(cells * count + values, minlength=size[0] * size[1] * count).reshape(-1, count)
    known = np.where(marks_of.any(1), marks_of.argmax(1), -1)
    for hidden in sorted(set(range(count)) - set(known.tolist())):
        cell = marks_of[:, hidden].argmax()
        if np.count_nonzero(known == known[cell]) > 1:  # or its owner would be hidden in turn
            known[cell] = hidden
    return known.reshape(size)


def _without_crumbs(labels: LabelMap, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> LabelMap:
    """Give small pieces that no stroke (rows, columns) touches to their neighbours."""
    pieces = number_pieces(labels)
    keep = np.bincount(pieces.ravel()) >= max(4, _CRUMB * labels.size)
    keep[pieces[rows, columns]] = True
    return merge_pieces(labels, pieces, keep)
