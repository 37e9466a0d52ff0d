"""Colours of classes can be told apart."""

import numpy as np
import pytest

from sembla.core.errors import LabelError
from sembla.imaging.colours import distinct_colours


@pytest.mark.parametrize("count", [1, 2, 8, 19, 64])
def test_colours_are_many_and_far_apart(count: int) -> None:
    colours = distinct_colours(count).astype(int)
    assert colours.shape == (count, 3)
    gaps = np.abs(colours[:, None] - colours).max(axis=2)[~np.eye(count, dtype=bool)]
    assert (gaps >= (170 if count <= 8 else 85)).all()
    assert np.array_equal(colours, distinct_colours(count))


@pytest.mark.parametrize("count", [0, 65])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(LabelError, match=str(count)):
        distinct_colours(count)
