"""Whether two faces show one person: the cosine of their embeddings."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sembla.core.errors import InputError, SizeError
from sembla.metrics.frechet import checked_features

__all__ = ["identity_cosines", "same_person_share"]


def identity_cosines(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Cosine (N,) of each embedding of `a` (N, D) with that of `b` (N, D) in the same row: -1 to 1, 1 is best.

    As ArcFace compares faces (Deng et al. 2019). Raises `SizeError` for other shapes, `InputError` for NaN and for an
    embedding that is zero throughout.
    """
    first, second = (checked_features(rows).astype(np.float64) for rows in (a, b))
    if first.shape != second.shape:
        raise SizeError(f"embeddings came as {first.shape} and {second.shape}; give one pair a row.")
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    if not lengths.all():
        raise InputError("an embedding is zero throughout; check that the picture shows a face.")
    return np.asarray(((first * second).sum(axis=1) / lengths).clip(-1, 1))


def same_person_share(cosines: ArrayLike, *, threshold: float) -> float:
    """Share, 0 to 1, of pairs whose cosine is `threshold` or more; the threshold belongs to the extractor.

    Raises `InputError` where no pair came.
    """
    values = np.asarray(cosines, np.float64)
    if not values.size:
        raise InputError("no pair of faces came; give one or more.")
    return float((values >= threshold).mean())
