"""Contact sheets show every picture in its place."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.core.types import MAX_PIXELS
from sembla.imaging.sheet import contact_sheet, thumbnail


def plain(value: int, height: int = 30, width: int = 40) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


def test_pictures_stand_in_their_rows_and_columns() -> None:
    values = np.array([[10, 20, 30], [40, 50, 60]])
    sheet = contact_sheet([[plain(int(value)) for value in row] for row in values], headings=("a", "b", "c"), cell=80)[
        20:
    ]
    for row in range(2):
        for column in range(3):
            here = np.argwhere((sheet == values[row, column]).all(axis=2))
            assert len(here) == 80 * 60
            assert np.ptp(here, axis=0).tolist() == [59, 79]
            top, left = here.min(axis=0)
            first = np.argwhere((sheet == values[0, 0]).all(axis=2)).min(axis=0)
            assert (top > first[0]) == (row > 0)
            assert (left > first[1]) == (column > 0)


def test_pictures_keep_their_shape() -> None:
    sheet = contact_sheet([[plain(9, 100, 50), plain(8, 50, 100)]], headings=("high", "wide"), cell=60)[20:]
    for value, aspect in ((9, 2.0), (8, 0.5)):
        height, width = np.ptp(np.argwhere((sheet == value).all(axis=2)), axis=0) + 1
        assert height / width == pytest.approx(aspect, rel=0.1)


def test_many_rows_shrink_and_too_many_are_refused() -> None:
    row = [plain(100, 16, 16)]
    sheet = contact_sheet([row] * 400, headings=("a",))
    assert sheet.shape[0] * sheet.shape[1] <= MAX_PIXELS
    with pytest.raises(InputError, match="do not fit"):
        contact_sheet([row] * 20_000, headings=("a",))
    with pytest.raises(InputError, match="rows"):
        contact_sheet([], headings=("a",))
    with pytest.raises(InputError, match="rows"):
        contact_sheet([row], headings=("a", "b"))


def test_thumbnails_are_no_larger_than_asked_and_never_grow() -> None:
    assert thumbnail(plain(7, 300, 600), longest=100).shape == (50, 100, 3)
    assert thumbnail(plain(7, 1000, 20), longest=100).shape == (100, 2, 3)
    assert np.array_equal(thumbnail(plain(7)), plain(7))
    assert (thumbnail(plain(7, 300, 600), longest=100) == 7).all()
