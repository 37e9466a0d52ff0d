"""Which candidates to show: the best, or good ones that differ."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["best", "diverse"]

Numbers = NDArray[np.floating]


def best(losses: Numbers, count: int) -> tuple[int, ...]:
    """The places of the `count` least losses (N,), the least first; fewer where there are fewer."""
    return tuple(int(at) for at in np.argsort(losses, kind="stable")[:count])


def diverse(losses: Numbers, distances: Numbers, count: int, *, relevance: float = 0.5) -> tuple[int, ...]:
    """The places of `count` candidates that are good and unlike one another, the best first.

    Maximal marginal relevance (Carbonell and Goldstein 1998): one by one, that of the largest sum of its goodness,
    times `relevance` (0 to 1), and of its least distance to those chosen, times the rest. Losses (N,) and `distances`
    (N, N) count by their ranks, 0 to 1, so that neither's scale matters. With `relevance` 1 it is `best`.
    """
    number = len(losses)
    goodness = 1 - _ranks(losses)
    apart = _ranks(distances.ravel()).reshape(distances.shape)
    chosen = [int(np.argmax(goodness))] if number else []
    while len(chosen) < min(count, number):
        worth = relevance * goodness + (1 - relevance) * apart[:, chosen].min(axis=1)
        worth[chosen] = -np.inf
        chosen.append(int(np.argmax(worth)))
    return tuple(chosen)


def _ranks(values: Numbers) -> NDArray[np.float64]:
    """The share of other values that are smaller, 0 to 1; equal values have equal ranks."""
    order = np.sort(values)
    return np.searchsorted(order, values) / max(len(values) - 1, 1)
