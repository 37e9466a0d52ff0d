"""Where one object ends and the next begins: the extra channel that SPADE and pix2pixHD give a network."""

import numpy as np
from numpy.typing import NDArray

from sembla.core.types import Region

__all__ = ["instance_edges"]


def instance_edges(instances: NDArray[np.uint16]) -> Region:
    """Pixels of a map of instances (H, W) that differ from one of their four neighbours (Wang et al. 2018, 3.3)."""
    edges = np.zeros(instances.shape, np.bool_)
    across = instances[:, 1:] != instances[:, :-1]
    down = instances[1:] != instances[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    return edges
