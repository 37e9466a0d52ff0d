"""Pictures, label maps and regions: shapes and ranges, defined once."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_CLASSES", "MAX_PIXELS", "MIN_SIDE", "LabelMap", "Picture", "Region"]

Picture: TypeAlias = NDArray[np.uint8]
"""RGB, shape (H, W, 3), values 0 to 255, sRGB encoded."""

LabelMap: TypeAlias = NDArray[np.uint8]
"""Class ids, shape (H, W), values 0 to K - 1."""

Region: TypeAlias = NDArray[np.bool_]
"""Shape (H, W). True = selected, missing, or to be made anew."""

MIN_SIDE = 16
"""Smallest side of a picture, in pixels."""

MAX_PIXELS = 12_500_000
"""Most pixels of a picture: 4000x3000 with a little room."""

MAX_CLASSES = 64
"""Most classes of one label map."""
