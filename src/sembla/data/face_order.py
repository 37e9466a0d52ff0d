"""Which of the two 19-class orders of CelebAMask-HQ the ids of face maps follow.

MaskGAN numbers the classes skin, nose, glasses, eyes, ...; face-parsing.PyTorch skin, brows, eyes, glasses, ...; both
are in use, and nothing in a file tells them apart. A face does: hair is above the mouth, the mouth above the neck.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING

__all__ = ["OrderGuess", "detect_celebamask_order"]

_FEWEST = 8  # pixels of a class for its middle to count
_FEWEST_STATEMENTS = 8  # that can be checked: two or three hold by chance in maps of other classes
_LEAST_TRUE = 0.8  # share of the statements below that hold on a map of a face, read in its own order

_ABOVE = (
    *(("hair", "nose"), ("hair", "u_lip"), ("hair", "l_lip"), ("hair", "neck"), ("hat", "nose"), ("hat", "neck")),
    *(("l_brow", "l_eye"), ("r_brow", "r_eye"), ("l_brow", "nose"), ("r_brow", "nose"), ("eye_g", "u_lip")),
    *(("l_eye", "nose"), ("r_eye", "nose"), ("nose", "u_lip"), ("nose", "mouth"), ("u_lip", "l_lip")),
    *(("l_lip", "neck"), ("mouth", "neck"), ("nose", "neck"), ("nose", "cloth"), ("l_lip", "cloth")),
    *(("nose", "neck_l"), ("l_lip", "neck_l"), ("l_eye", "ear_r"), ("r_eye", "ear_r")),
)
"""The middle of the first class is higher in the picture than that of the second."""

_LARGER = (("hair", "l_lip"), ("hair", "u_lip"), ("hair", "l_brow"), ("hair", "r_brow"), ("skin", "nose"))
"""The first class takes more pixels than the second."""


@dataclass(frozen=True)
class OrderGuess:
    """What the geometry of face maps says about the order of their ids."""

    label_set: LabelSet | None
    """`CELEBAMASK_HQ_19` or `CELEBAMASK_HQ_19_PARSING`; None where the maps show no face in either order, or too few
    parts of one."""
    confidence: float
    """0 to 1: by how much this order explains the maps better than the other."""
    true: float
    """0 to 1: the share of the statements that hold if the ids are MaskGAN's; 1 where none can be checked."""


def detect_celebamask_order(maps: Iterable[LabelMap]) -> OrderGuess:
    """Tell the order of the ids of face maps, each (H, W), upright, of one order; one map may do.

    For each order, counts which of some thirty statements about faces hold (brows above eyes, hair above the mouth).
    """
    counts = np.zeros((2, 2))  # (order, statements that hold and that could be checked)
    for labels in maps:
        measures = _measure(labels)
        counts += [_check(measures, CELEBAMASK_HQ_19), _check(measures, CELEBAMASK_HQ_19_PARSING)]
    true = counts[:, 0] / np.maximum(counts[:, 1], 1)
    best = int(true.argmax())
    confidence, own = float(abs(true[0] - true[1])), float(true[0]) if counts[0, 1] else 1.0
    if true[best] < _LEAST_TRUE or confidence == 0 or counts[best, 1] < _FEWEST_STATEMENTS:
        return OrderGuess(None, confidence, own)
    return OrderGuess((CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING)[best], confidence, own)


def _measure(labels: LabelMap) -> NDArray[np.float64]:
    """Area and mean row of each id, (19, 2); of ids with too few pixels the row is NaN."""
    counts = np.stack([np.bincount(row, minlength=256)[:19] for row in labels]).astype(np.float64)  # (H, 19)
    area = counts.sum(axis=0)
    rows = np.arange(len(labels)) @ counts / np.maximum(area, 1)
    return np.stack([area, np.where(area >= _FEWEST, rows, np.nan)], axis=1)


def _check(measures: NDArray[np.float64], label_set: LabelSet) -> tuple[int, int]:
    """How many statements hold and how many could be checked, the ids read as `label_set` has them."""
    named = dict(zip(label_set.names, measures.tolist(), strict=True))
    above = [named[first][1] < named[second][1] for first, second in _ABOVE if _both(named, first, second)]
    larger = [named[first][0] > named[second][0] for first, second in _LARGER if _both(named, first, second)]
    return sum(above) + sum(larger), len(above) + len(larger)


def _both(named: dict[str, list[float]], first: str, second: str) -> bool:
    """Whether both classes are in the map."""
    return not (np.isnan(named[first][1]) or np.isnan(named[second][1]))
