"""A small case."""

from functools import cache

import numpy as np
from tests.patches.support import scene, scene_labels

from sembla.data.case import Case


@cache
def case() -> Case:
    """A ball over a ground, (44, 100) or so, and two layouts: the ball elsewhere, and another shape."""
    picture, labels = (np.ascontiguousarray(part[:, :100]) for part in scene())
    palette = np.array([[250, 10, 20], [10, 240, 30], [30, 20, 230], [200, 200, 0]], np.uint8)
    layout = np.ascontiguousarray(scene_labels(40)[:, :100])
    return Case(picture, labels, palette[: int(labels.max()) + 1], (layout, layout[:80, :56]))
