"""A field carried to the next finer level."""

import numpy as np
from numpy.typing import NDArray
from tests.patches.support import blobs, noise

from sembla.core.types import LabelMap
from sembla.patches.field import label_pool
from sembla.patches.layer import layer
from sembla.patches.refine import refine

Places = NDArray[np.int32]


def refined(
    coarse: tuple[Places, Places], layout: LabelMap, *, labels: LabelMap, coarse_source: tuple[int, int]
) -> tuple[Places, Places]:
    """The finer field."""
    rows, columns = np.full(layout.shape, -1, np.int32), np.full(layout.shape, -1, np.int32)
    target, source = layer(noise(layout.shape), layout), layer(noise(labels.shape), labels)
    pool = label_pool(labels, int(labels.max()) + 1)
    refine(coarse[0], coarse[1], coarse_source, target, source, pool, rows, columns, 5)
    return rows, columns


def test_offsets_double() -> None:
    rows, columns = np.indices((20, 30), np.int32)
    coarse = rows + np.int32(4), columns + np.int32(7)
    layout, labels = np.zeros((40, 60), np.uint8), np.zeros((60, 80), np.uint8)
    fine_rows, fine_columns = refined(coarse, layout, labels=labels, coarse_source=(30, 40))
    y, x = np.indices((40, 60))
    assert np.array_equal(fine_rows, y + 8)
    assert np.array_equal(fine_columns, x + 14)


def test_the_identity_stays_the_identity_at_any_ratio() -> None:
    rows, columns = np.indices((23, 31), np.int32)
    blank = np.zeros((40, 50), np.uint8)
    fine_rows, fine_columns = refined((rows.copy(), columns.copy()), blank, labels=blank, coarse_source=(23, 31))
    y, x = np.indices((40, 50))
    assert np.array_equal(fine_rows, y)
    assert np.array_equal(fine_columns, x)


def test_every_pixel_keeps_its_label() -> None:
    layout, labels = blobs((40, 60), 5, seed=1, blur=1.5), blobs((50, 44), 5, seed=2, blur=1.5)
    chance = np.random.default_rng(0)
    coarse = chance.integers(0, 25, (20, 30), np.int32), chance.integers(0, 22, (20, 30), np.int32)
    rows, columns = refined(coarse, layout, labels=labels, coarse_source=(25, 22))
    assert np.array_equal(labels[rows, columns], layout)


def test_where_no_neighbour_fits_a_pixel_of_the_label_is_drawn_near_by() -> None:
    labels = np.zeros((60, 60), np.uint8)
    labels[:, 30:] = 1
    coarse = np.zeros((30, 30), np.int32), np.zeros((30, 30), np.int32)  # all matches are of label 0
    layout = np.ones((60, 60), np.uint8)
    rows, columns = refined(coarse, layout, labels=labels, coarse_source=(30, 30))
    assert (columns >= 30).all()
    assert columns[:, 0].mean() < columns[0, 0] + 15  # one of a draw of 48 is close to the border
    assert rows.min() >= 0
    assert rows.max() < 60
