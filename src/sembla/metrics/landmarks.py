"""How far landmarks lie from where they should: the normalised mean error."""

import numpy as np
from numpy.typing import ArrayLike

from sembla.core.errors import InputError, SizeError

__all__ = ["eye_distance", "normalised_mean_error"]

_OUTER_CORNERS = (36, 45)  # iBUG-68
_EYE_CENTRES = (0, 1)  # five points: eyes, nose, corners of the mouth


def normalised_mean_error(found: ArrayLike, wanted: ArrayLike, *, distance: float | None = None) -> float:
    """Mean distance of landmarks (K, 2) from the wanted ones (K, 2), over `distance`; 0 is best.

    Without `distance`, that between the wanted eyes is taken (`eye_distance`), as on 300-W (Sagonas et al. 2013).
    Raises `SizeError` for other shapes, `InputError` for NaN and for a distance that is not above 0.
    """
    points, truth = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    if points.shape != truth.shape or points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise SizeError(f"landmarks came as {points.shape} and {truth.shape}; give the same points (K, 2) twice.")
    if not (np.isfinite(points).all() and np.isfinite(truth).all()):
        raise InputError("landmarks hold NaN or infinity; leave out faces that were not found.")
    unit = eye_distance(truth) if distance is None else distance
    if not unit > 0:
        raise InputError(f"the distance to divide by is {unit}; give one above 0.")
    return float(np.linalg.norm(points - truth, axis=1).mean() / unit)


def eye_distance(landmarks: ArrayLike) -> float:
    """Pixels between the outer corners of the eyes for 68 points (iBUG), between the eyes for 5.

    Raises `SizeError` for another number of points.
    """
    points = np.asarray(landmarks, np.float64)
    pairs = {(68, 2): _OUTER_CORNERS, (5, 2): _EYE_CENTRES}
    if points.shape not in pairs:
        raise SizeError(f"landmarks came as {points.shape}; give 68 or 5 points, or say the distance to divide by.")
    left, right = pairs[points.shape]
    return float(np.linalg.norm(points[left] - points[right]))
