import numpy as np
import pytest

from sembla.core.errors import SizeError
from sembla.metrics.reservoir import Reservoir, mixed, row_keys


def filled(
    rows: np.ndarray[tuple[int, ...], np.dtype[np.float32]], capacity: int, *, batch: int, seed: int = 0
) -> Reservoir:
    reservoir = Reservoir(capacity, seed=seed)
    for start in range(0, len(rows), batch):
        reservoir.add(rows[start : start + batch])
    return reservoir


def test_the_sample_does_not_depend_on_order_or_batches() -> None:
    rows = np.random.default_rng(0).standard_normal((5000, 6)).astype(np.float32)
    samples = [
        filled(rows if turn == 0 else np.random.default_rng(turn).permutation(rows), 300, batch=batch).rows
        for turn, batch in enumerate((1, 17, 999, 5000))
    ]
    assert samples[0].shape == (300, 6)
    assert all(np.array_equal(samples[0], sample) for sample in samples[1:])
    assert not np.array_equal(samples[0], filled(rows, 300, batch=100, seed=1).rows)


@pytest.mark.parametrize("batch", [1, 3, 9, 50])
def test_the_sample_is_that_of_the_smallest_keys(batch: int) -> None:
    """With room for nearly half, a first batch of small keys must not close the door on larger ones."""
    for seed in range(20):
        rows = np.random.default_rng(seed).standard_normal((50, 2)).astype(np.float32)
        expected = rows[np.argsort(row_keys(rows, seed=seed))[:20]]
        assert np.array_equal(filled(rows, 20, batch=batch, seed=seed).rows, expected)


def test_the_sample_is_uniform() -> None:
    """Of rows numbered 0 to 1, each tenth comes as often as the others: a chi-squared of 9 degrees."""
    rows = np.linspace(0, 1, 100_000, dtype=np.float32)[:, None]
    sample = filled(rows, 5000, batch=1000).rows
    counts, _ = np.histogram(sample, bins=10, range=(0, 1))
    assert ((counts - 500) ** 2 / 500).sum() < 27.9  # exceeded once in a thousand


def test_all_rows_are_kept_while_there_is_room() -> None:
    rows = np.arange(40, dtype=np.float32).reshape(20, 2)
    reservoir = filled(rows, 20, batch=3)
    assert reservoir.seen == 20
    assert np.array_equal(np.sort(reservoir.rows[:, 0]), rows[:, 0])


def test_memory_is_bounded() -> None:
    reservoir = Reservoir(50)
    for seed in range(200):
        reservoir.add(np.random.default_rng(seed).standard_normal((40, 3)))
        assert reservoir._held <= 2 * 50 + 40
    assert reservoir.seen == 8000


def test_keys_are_those_of_the_bits_alone() -> None:
    rows = np.random.default_rng(1).integers(0, 256, (1000, 13), dtype=np.uint8)
    keys = row_keys(rows)
    assert len(np.unique(keys)) == 1000
    assert np.array_equal(row_keys(rows[500:]), keys[500:])
    assert not np.array_equal(row_keys(rows, seed=1), keys)
    assert len(np.unique(mixed(np.arange(10_000, dtype=np.uint64)))) == 10_000


def test_rows_of_another_length_and_an_empty_sample_are_refused() -> None:
    reservoir = Reservoir(5)
    with pytest.raises(SizeError, match="no rows"):
        _ = reservoir.rows
    reservoir.add(np.ones((2, 3)))
    with pytest.raises(SizeError, match=r"\(2, 4\)"):
        reservoir.add(np.ones((2, 4)))
