"""Edits as people may make them, for training: parsing maps bent, parts taken from others, whole layouts of others.

MaskGAN (Lee et al. 2020) trains on maps that lie between those of two faces; these are maps, whose edges are sharp.
"""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from sembla.core.types import LabelMap, Region
from sembla.data.warp import Warp, pick, source_places

__all__ = ["about", "edited", "with_parts", "without"]

_TOGETHER = (
    *(("u_lip", "l_lip", "mouth"), ("l_eye", "r_eye"), ("l_brow", "r_brow"), ("l_ear", "r_ear", "ear_r")),
    *(("hair", "hat"), ("hair",), ("eye_g",), ("nose",), ("neck", "skin", "nose"), ("cloth", "neck_l")),
)
"""Parts that are taken from another face together."""

_GROUND = ("background", "skin", "l_ear", "r_ear", "neck", "cloth")
"""Parts that come to sight where others are taken away, as the face shows them whose parts are taken."""

_CROWN, _HEAD = ("hair", "hat"), ("skin", "l_ear", "r_ear")  # where that is taken, this comes with it
_EARS = ("l_ear", "r_ear")  # of each, a face has one

_BENT, _PARTS = 0.35, 0.7  # chances up to which a map is bent, and up to which parts of another are taken
_MOST_BEND = 0.05
_GRID = 4
_MARGIN = 32  # an edit reaches at most this share of the side beyond what it changes


def edited(labels: LabelMap, other: LabelMap, *, names: Sequence[str], chance: np.random.Generator) -> LabelMap:
    """A map (H, W) that one might wish for in place of `labels`, drawn with the help of another face's."""
    how = chance.random()
    if how < _BENT:
        return _bent(labels, chance)
    return _with_parts(labels, other, names, chance) if how < _PARTS else other


def about(changed: Region, chance: np.random.Generator) -> Region:
    """What is made anew for a change (H, W): that, and a margin by chance; all where nothing changes."""
    if not changed.any():
        return np.ones_like(changed)
    margin = int(chance.integers(0, len(changed) // _MARGIN + 1))
    wide: Region = ndimage.maximum_filter(changed, 2 * margin + 1)
    return wide


def without(labels: LabelMap, parts: Sequence[int]) -> LabelMap:
    """A map (H, W) in which what lies nearest takes the place of some parts; as it is where there is nothing else."""
    gone = np.isin(labels, list(parts))
    if not gone.any() or gone.all():
        return labels
    rows, columns = ndimage.distance_transform_edt(gone, return_distances=False, return_indices=True)
    return np.ascontiguousarray(labels[rows, columns])


def with_parts(labels: LabelMap, other: LabelMap, parts: Sequence[int], *, names: Sequence[str]) -> LabelMap:
    """A map (H, W) with some parts as another has them; `names` are those of all ids.

    Where its own were, there is what the other shows of skin, ears, neck, clothes and background, or else what lies
    nearest; ears of which half is shown already are not doubled. Hair and hats lie about the other's head: where
    that is wider, the head is widened.
    """
    taken = list(parts)
    bare = np.isin(labels, taken)
    if set(taken) & set(_ids(_CROWN, names)):
        bare |= np.isin(labels, _ids(("background",), names)) & np.isin(other, _ids(_HEAD, names))
    own = [ear for ear in _ids(_EARS, names) if 2 * (labels == ear).sum() > (other == ear).sum()]
    ground = np.isin(other, _ids(_GROUND, names)) & ~np.isin(other, own)
    shown = np.isin(other, taken) | (bare & ground)
    return np.where(shown, other, without(labels, taken))


def _ids(some: Sequence[str], names: Sequence[str]) -> list[int]:
    """The ids of those names that there are."""
    return [names.index(name) for name in some if name in names]


def _bent(labels: LabelMap, chance: np.random.Generator) -> LabelMap:
    """Warped within an ellipse somewhere, or all over."""
    offsets = chance.uniform(-_MOST_BEND, _MOST_BEND, (_GRID * _GRID, 2))
    warp = Warp(_GRID, tuple((float(x), float(y)) for x, y in offsets))
    size = (labels.shape[0], labels.shape[1])
    bent = pick(labels, source_places(warp, size))
    middle, radii = chance.uniform(0.2, 0.8, 2), chance.uniform(0.15, 0.7, 2)
    rows, columns = (np.arange(side) / side for side in size)
    away = ((rows[:, None] - middle[0]) / radii[0]) ** 2 + ((columns - middle[1]) / radii[1]) ** 2
    return np.where(away < 1, bent, labels)


def _with_parts(labels: LabelMap, other: LabelMap, names: Sequence[str], chance: np.random.Generator) -> LabelMap:
    """With one to three kinds of parts as another face has them."""
    kinds = [ids for some in _TOGETHER if (ids := _ids(some, names))]
    kinds = kinds or [[number] for number in range(len(names))]
    for number in chance.permutation(len(kinds))[: chance.integers(1, 4)]:
        labels = with_parts(labels, other, kinds[number], names=names)
    return labels
