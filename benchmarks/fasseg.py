"""FASSEG's six classes and the parts of CelebAMask-HQ, one as the other."""

import numpy as np

from sembla.core.types import LabelMap
from sembla.data.labelsets import CELEBAMASK_HQ_19, FASSEG_6

__all__ = ["to_six", "with_sides"]

NAMES = CELEBAMASK_HQ_19.names

_TO_SIX = {
    "background": ("background", "cloth", "neck_l"),
    "hair": ("hair", "hat", "l_brow", "r_brow"),
    "eyes": ("l_eye", "r_eye"),
    "nose": ("nose",),
    "mouth": ("mouth", "u_lip", "l_lip"),
}


def to_six(labels: LabelMap) -> LabelMap:
    """FASSEG's classes of parts: what is not named is skin."""
    table = np.full(256, FASSEG_6.names.index("skin"), np.uint8)
    for name, parts in _TO_SIX.items():
        table[[NAMES.index(part) for part in parts]] = FASSEG_6.names.index(name)
    return table[labels]


def with_sides(labels: LabelMap) -> LabelMap:
    """CelebAMask-HQ's classes of FASSEG's: eyes by their side, lips above and below the middle of the mouth."""
    plain = {"background": "background", "skin": "skin", "hair": "hair", "nose": "nose"}
    table = np.zeros(256, np.uint8)
    for name, part in plain.items():
        table[FASSEG_6.names.index(name)] = NAMES.index(part)
    found = table[labels]
    for name, axis, parts in (("eyes", 1, ("r_eye", "l_eye")), ("mouth", 0, ("u_lip", "l_lip"))):
        places = np.nonzero(labels == FASSEG_6.names.index(name))
        first = places[axis] < np.median(places[axis])
        found[places] = np.where(first, NAMES.index(parts[0]), NAMES.index(parts[1]))
    return found
