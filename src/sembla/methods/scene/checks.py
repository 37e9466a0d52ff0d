"""What bank and models refuse alike, before anything is done."""

import numpy as np

from sembla.core.errors import LabelError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.tasks import SceneTask
from sembla.core.types import MAX_PIXELS, MIN_SIDE

__all__ = ["check_layout"]


def check_layout(task: SceneTask, label_set: LabelSet) -> None:
    """Raise `SizeError` for sizes that no picture has or that differ, `LabelError` for ids beyond the label set."""
    height, width = task.labels.shape
    if min(height, width) < MIN_SIDE or height * width > MAX_PIXELS:
        raise SizeError(
            f"the layout is {width}x{height}; sides from {MIN_SIDE} px and at most {MAX_PIXELS:,} pixels work. "
            "Give another size."
        )
    for name, other in (("region is", task.region), ("instances are", task.instances)):
        if other is not None and other.shape != task.labels.shape:
            told = "x".join(map(str, other.shape[::-1]))
            raise SizeError(f"the {name} {told} and the layout {width}x{height}; give both the same size.")
    known = (task.labels < label_set.count) | (task.labels == label_set.ignore)
    if not known.all():
        row, column = np.argwhere(~known)[0]
        raise LabelError(
            f"the layout holds id {task.labels[row, column]} (at x={column}, y={row}); the set has ids 0 to "
            f"{label_set.count - 1}. Run sembla doctor on it."
        )
