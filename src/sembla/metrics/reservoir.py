"""A bounded, uniform sample of an endless stream of rows that does not depend on their order."""

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import SizeError

__all__ = ["Keys", "Reservoir", "mixed", "row_keys"]

Keys = NDArray[np.uint64]
"""One number a row (N,), uniform over all 64-bit numbers."""


class Reservoir:
    """Keeps the `capacity` rows with the smallest keys of all rows that were added.

    Keys are hashes of what the rows hold (bottom-k sampling, Cohen & Kaplan 2007), so that the sample is uniform, and
    is the same whatever the order and the batches in which the rows came. Rows equal in every bit stand or fall
    together.
    """

    def __init__(self, capacity: int, *, seed: int = 0) -> None:
        self.capacity = capacity
        self.seed = seed
        self.seen = 0
        """How many rows were added."""
        self._rows: list[NDArray[np.generic]] = []
        self._keys: list[Keys] = []
        self._held = 0
        self._limit: np.uint64 | None = None  # the largest key of the sample when it was last full

    def add(self, rows: NDArray[np.generic], *, keys: Keys | None = None) -> None:
        """Offer rows (N, D), all of one D and type; `keys` (N,) replace the hashes of the rows.

        Raises `SizeError` for rows of another length than before.
        """
        if rows.ndim != 2 or (self._rows and self._rows[0].shape[1] != rows.shape[1]):
            before = f"(N, {self._rows[0].shape[1]})" if self._rows else "(N, D)"
            raise SizeError(f"rows came as {rows.shape}; give an array {before}.")
        self.seen += len(rows)
        keys = row_keys(rows, seed=self.seed) if keys is None else keys
        if self._limit is not None:
            below = keys < self._limit
            rows, keys = rows[below], keys[below]
        if len(rows) == 0:
            return
        self._rows.append(np.array(rows))
        self._keys.append(keys)
        self._held += len(rows)
        if self._held > 2 * self.capacity:
            self._shrink()

    @property
    def rows(self) -> NDArray[np.generic]:
        """The sample (at most `capacity`, D), in the order of the keys. Raises `SizeError` where none was added."""
        if not self._rows:
            raise SizeError("no rows were added; add some before asking for the sample.")
        self._shrink()
        return self._rows[0]

    def _shrink(self) -> None:
        """Join what is held into one array of the smallest keys, in their order."""
        keys = np.concatenate(self._keys)
        kept = np.argsort(keys, kind="stable")[: self.capacity]
        self._rows, self._keys = [np.concatenate(self._rows)[kept]], [keys[kept]]
        self._held = len(kept)
        if self._held == self.capacity:
            self._limit = self._keys[0][-1]


def row_keys(rows: NDArray[np.generic], *, seed: int = 0) -> Keys:
    """Hash each row (N, D) to a 64-bit number: the same for the same bits, whatever stands beside it."""
    plain = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), -1)
    padded = np.pad(plain, ((0, 0), (0, -plain.shape[1] % 8)))
    words = padded.view(np.uint64)  # (N, W)
    factors = np.random.default_rng(seed).integers(1 << 63, size=words.shape[1], dtype=np.uint64) * 2 + 1
    return mixed((mixed(words) * factors).sum(axis=1, dtype=np.uint64))


def mixed(numbers: NDArray[np.uint64]) -> Keys:
    """Spread numbers over all 64-bit numbers, one to one (SplitMix64, Steele, Lea & Flood 2014)."""
    numbers = numbers + np.uint64(0x9E3779B97F4A7C15)
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
