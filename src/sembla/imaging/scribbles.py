"""Scribbles to label maps: a few strokes a class become a full map.

`fill_strokes` is a random walker with priors (Grady 2005, "Multilabel random walker image segmentation using prior
models"): a pixel takes the class whose strokes a walker from it meets first, where walking across an edge is hard and
a walker may also stop at any pixel, at the class that colour, texture and place make likely there. It is solved on a
small copy and drawn to the edges of the picture by `refine_borders`.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import splu

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import MAX_CLASSES, LabelMap, Picture, Region
from sembla.imaging.segments import describe, lab_colours, merge_pieces, number_pieces, refine_borders, shrink
from sembla.imaging.snapping import nearest, tally

__all__ = ["fill_strokes", "read_strokes"]

_OPAQUE = 128  # alpha from which a pixel is marked
_RIPPLE = 24  # a pixel this near to its ground, in levels of a channel, is unmarked: JPEG's ripple
_SAME = 40.0  # colours this near (Euclidean, RGB) may be of one stroke: its soft edge, JPEG's noise
_BLEND = 12.0  # a colour this near to the line between two others may be their blend
_RIM = 3  # how far from a stroke its rim may reach
_MOST = 254  # colours that are looked at as strokes, rims included

_PRIOR = 0.004  # chance to stop at a pixel, for two classes; the more classes, the less colour can tell them apart
_CONTRAST = 60.0 / 60.0
_TELLING = 8.0  # a step between pixels of unlike classes is as hard as ...
_LEAK = 1e-3  # walkers cross any edge at this rate, so that every pixel is reached
_PLACE = 24.0  # percent of the longest side that count as much as one unit of colour
_TRUST = 0.5  # neighbouring pixels repeat one another: the evidence of one counts less than if it stood alone
_CRUMB = 1e-3  # share of the picture below which a piece without a stroke is a crumb
