"""Scores of a picture that was made from one source picture, its label map and a new layout.

Every score looks at 7x7 patches. The pictures are first brought to one scale: their longest side becomes 256 px, or
that of the smaller picture where it is less than 256. So a result of the source's field of view scores the same at any
size, and a result of another shape is taken by its own longest side. Pictures are reduced with a Lanczos filter,
label maps by their nearest pixel. Only whole patches count; a patch's label is that of its centre.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import distance_transform_edt

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import LabelMap, Picture, Region
from sembla.patches.search import NO_PATCH, PATCH, at_centres, nearest_distances, patches
from sembla.patches.sliced import sliced_wasserstein

__all__ = ["layout_agreement", "patch_distance", "source_agreement"]

_LONGEST = 256
_MARGIN = 4  # px beside a border of the layout where no one can say which label a patch should have
_PROJECTIONS = 256
_SCALES = 3


def layout_agreement(result: Picture, layout: LabelMap, *, source: Picture, labels: LabelMap) -> float:
    """Share of the result, 0 to 1, that looks like what its layout asks for.

    For each 7x7 patch of the result, the nearest of all source patches (squared RGB distance, exact) is found, and
    its label compared with the layout's. Where several source patches are equally near, one of the wanted label is
    enough: plain white may belong to two classes. Pixels within 4 px of a border of the layout are left out. A class
    that the source lacks never agrees.

    `result` (h, w, 3) with its `layout` (h, w), `source` (H, W, 3) with its `labels` (H, W); a map may have another
    size than its picture, but not another shape. Raises `ImageError` and `LabelError` for arrays that are no
    pictures or label maps, `SizeError` for maps of another shape and pictures smaller than a patch, and `LabelError`
    where no patch is farther than 4 px from a border.
    """
    longest = _shared_longest_side(result, source)
    result, layout = _brought_to(longest, result, layout)
    source, labels = _brought_to(longest, source, labels)
    return _agreement(result, layout, source=source, labels=labels)


def source_agreement(source: Picture, labels: LabelMap) -> float:
    """What the source itself scores, 0 to 1: the ceiling to print beside `layout_agreement`.

    As `layout_agreement` of the source with its own labels, except that a patch finds neither itself nor another
    that shares a pixel with it (centres less than 7 px apart both ways); else every source would score 1. What is
    missing to 1 is how far the source's own classes look alike. Raises what `layout_agreement` raises.
    """
    source, labels = _brought_to(_shared_longest_side(source), source, labels)
    return _agreement(source, labels, source=source, labels=labels, apart=PATCH)


def patch_distance(result: Picture, layout: LabelMap, *, source: Picture, labels: LabelMap, seed: int = 0) -> float:
    """How far the result's patches are from the source's of the same label: 0 is best; colours count as 0 to 1.

    For each label of the layout, the `sliced_wasserstein` distance between the 7x7 patches of that label in the
    result and in the source, over 256 random directions drawn from `seed`; a direction has length one in the 147
    dimensions of a patch. The mean over labels is weighted by their area in the layout, and taken at three scales
    (the picture at 256 px, its half and its quarter), whose mean is returned. A label without a patch in either
    picture at a scale is left out there, and so is a scale at which a picture is smaller than a patch.

    `result` (h, w, 3) with its `layout` (h, w), `source` (H, W, 3) with its `labels` (H, W). Raises as
    `layout_agreement` does, and `LabelError` where the two maps share no label.
    """
    longest = _shared_longest_side(result, source)
    distances: list[float] = []
    for scale in range(_SCALES):
        result, layout = _brought_to(longest >> scale, result, layout)
        source, labels = _brought_to(longest >> scale, source, labels)
        if scale > 0 and min(*result.shape[:2], *source.shape[:2]) < PATCH:
            break
        made, wanted = patches(result), at_centres(layout)
        known, given = patches(source), at_centres(labels)
        shared = np.intersect1d(wanted, given)
        areas = [int((layout == label).sum()) for label in shared]
        parts = [_label_distance(made[wanted == label], known[given == label], seed=seed) for label in shared]
        if areas:
            distances.append(float(np.average(parts, weights=areas)))
    if not distances:
        raise LabelError("the layout and the source's label map share no class; give maps with the same ids.")
    return float(np.mean(distances))


def _label_distance(made: NDArray[np.uint8], known: NDArray[np.uint8], *, seed: int) -> float:
    """Sliced Wasserstein distance of two sets of patches (N, D), (M, D) of 0 to 255, in units of the full range."""
    return sliced_wasserstein(made, known, projections=_PROJECTIONS, seed=seed) / 255


def _agreement(picture: Picture, wanted: LabelMap, *, source: Picture, labels: LabelMap, apart: int = 0) -> float:
    """Share of the scored patches that have no source patch nearer than the nearest one of their wanted label."""
    scored = _away_from_borders(wanted)
    to_wanted, to_any = nearest_distances(picture, wanted, source=source, labels=labels, apart=apart)
    scored &= to_any < NO_PATCH  # in a tiny source, a patch may overlap every other
    if not scored.any():
        raise LabelError(f"no patch lies more than {_MARGIN} px from a border of the layout; give larger regions.")
    return float((to_wanted == to_any)[scored].mean())


def _away_from_borders(layout: LabelMap) -> Region:
    """Which patches (h, w) have a centre more than 4 px (Euclidean) from every pixel of another label."""
    away = np.zeros(layout.shape, np.bool_)
    for label in np.unique(layout):
        inside = layout == label
        away |= inside if inside.all() else distance_transform_edt(inside) > _MARGIN
    return at_centres(away)


def _shared_longest_side(*pictures: Picture) -> int:
    """The longest side that all pictures are brought to: 256 px, or the smallest of theirs where that is less."""
    for picture in pictures:
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise ImageError(f"a picture came as {picture.shape} {picture.dtype}; give RGB, (H, W, 3) uint8.")
    longest = int(min([_LONGEST, *(max(picture.shape[:2]) for picture in pictures)]))
    for picture in pictures:
        if min(_scaled(picture.shape, longest)) < PATCH:
            raise SizeError(
                f"a picture of {picture.shape[1]}x{picture.shape[0]} is thinner than a {PATCH}x{PATCH} patch once its "
                f"longest side is {longest} px; give one that is less narrow."
            )
    return longest


def _brought_to(longest: int, picture: Picture, labels: LabelMap) -> tuple[Picture, LabelMap]:
    """A picture and its label map, both with `longest` as their longest side."""
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise LabelError(f"a label map came as {labels.shape} {labels.dtype}; give class ids, (H, W) uint8.")
    height, width = _scaled(picture.shape, longest)
    rows, columns = _scaled(labels.shape, longest)
    if abs(rows - height) > 1 or abs(columns - width) > 1:  # rounding of either size may differ by a pixel
        raise SizeError(
            f"a picture of {picture.shape[1]}x{picture.shape[0]} came with a label map of "
            f"{labels.shape[1]}x{labels.shape[0]}; give a map of the picture's shape."
        )
    small = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
    ids = Image.fromarray(labels).resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(small), np.asarray(ids)


def _scaled(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """Height and width of an array of `shape`, once its longest side is `longest`."""
    height, width = shape[:2]
    factor = longest / max(height, width)
    return max(1, round(height * factor)), max(1, round(width * factor))
