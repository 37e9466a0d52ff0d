import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sembla.core.errors import InputError, SizeError
from sembla.metrics.neighbours import neighbourhoods


def cloud(
    count: int, *, seed: int, scale: float = 1.0, shift: float = 0.0
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(seed).standard_normal((count, 4)) * scale + shift


@pytest.mark.parametrize("nearest", [1, 3, 5])
def test_all_four_follow_their_definitions(nearest: int) -> None:
    made, real = cloud(1100, seed=0, scale=0.8, shift=0.5), cloud(1300, seed=1)
    across, within_real, within_made = cdist(made, real), cdist(real, real), cdist(made, made)
    reach_real = np.sort(within_real, axis=1)[:, nearest]  # the first is the row itself
    reach_made = np.sort(within_made, axis=1)[:, nearest]
    found = neighbourhoods(made, real, nearest=nearest)
    assert found.precision == pytest.approx((across <= reach_real).any(axis=1).mean())
    assert found.recall == pytest.approx((across <= reach_made[:, None]).any(axis=0).mean())
    assert found.density == pytest.approx((across <= reach_real).sum() / (nearest * len(made)))
    assert found.coverage == pytest.approx((across <= reach_real).any(axis=0).mean())


def test_a_set_far_away_scores_nothing_and_a_set_itself_everything() -> None:
    real = cloud(200, seed=2)
    far = neighbourhoods(real + 1000, real)
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)
    own = neighbourhoods(real.copy(), real)
    assert (own.precision, own.recall, own.coverage) == (1, 1, 1)
    assert own.density == pytest.approx(1 + 1 / 5)  # each ball holds its five neighbours and its own centre


def test_a_narrow_set_is_precise_and_covers_little() -> None:
    real = cloud(500, seed=3)
    narrow = neighbourhoods(cloud(500, seed=4, scale=0.1), real)
    assert narrow.precision > 0.99
    assert narrow.recall < 0.2
    assert narrow.coverage < 0.2
    assert narrow.density > 1


def test_order_is_of_no_consequence() -> None:
    made, real = cloud(300, seed=5, shift=0.4), cloud(250, seed=6)
    generator = np.random.default_rng(0)
    assert neighbourhoods(generator.permutation(made), generator.permutation(real)) == neighbourhoods(made, real)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(InputError, match="need 6 or more"):
        neighbourhoods(cloud(5, seed=0), cloud(50, seed=1))
    with pytest.raises(SizeError, match="lengths 4 and 3"):
        neighbourhoods(cloud(9, seed=0), cloud(9, seed=1)[:, :3])
