"""Which pixels a new layout touches."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, maximum_filter, minimum_filter
from tests.patches.support import blobs, changed, disk, scene_labels

from sembla.patches.changes import MARGIN, changes, cover


@pytest.mark.parametrize("size", [(16, 16), (40, 57), (16, 300), (1500, 40)])
def test_nothing_changes_between_equal_maps(size: tuple[int, int]) -> None:
    labels = blobs(size, 5)
    found = changes(labels, labels.copy())
    assert not found.open.any()
    assert not found.distrusted.any()


def test_borders_a_pixel_off_are_no_change() -> None:
    before = scene_labels(40)
    shifted = np.roll(before, 1, axis=1)
    shifted[:, 0] = before[:, 0]
    grown, shrunk = before.copy(), before.copy()
    ball = before == 2
    grown[maximum_filter(ball, 3)] = 2
    shrunk[ball & ~minimum_filter(ball, 3)] = 0
    for after in (shifted, grown, shrunk):
        assert not np.array_equal(before, after)
        assert not changes(before, after).open.any()


@pytest.mark.parametrize("seed", range(5))
def test_every_changed_pixel_is_open_and_what_is_far_from_any_is_not(seed: int) -> None:
    before = blobs((120, 160), 4, seed)
    after = before.copy()
    after[disk((120, 160), (20 + 15 * seed, 30 + 20 * seed), 9)] = seed % 4
    moved = changed(before, after)
    assert moved.any()
    found = changes(before, after)
    assert found.open[moved].all()
    assert found.distrusted[before != after].all()
    distance = distance_transform_edt(~moved)
    assert found.open[distance <= 6].all()
    furthest = MARGIN * 160 + max(4, 0.015 * 160)  # a vanished border near the change, and its own margin
    assert not found.open[distance > max(6, furthest)].any()


def test_a_large_map_is_compared_on_a_grid_that_covers_it() -> None:
    before = np.zeros((600, 2400), np.uint8)
    after = before.copy()
    after[300:304, 1111:1116] = 1
    found = changes(before, after)
    assert max(found.open.shape) <= 1024
    assert cover(found.open, before.shape)[before != after].all()
    assert not cover(found.open, before.shape)[:, :1000].any()


def test_a_vanished_border_is_distrusted() -> None:
    before, after = scene_labels(40), scene_labels(1000)  # the ball is gone
    found = changes(before, after)
    assert found.distrusted[before == 2].all()
    rim = maximum_filter(before == 2, 5) & (before == 0)
    assert found.distrusted[rim].all()  # what shone through beside it


@pytest.mark.parametrize("size", [(30, 40), (11, 13), (60, 80), (75, 90), (17, 80), (75, 20), (30, 39)])
def test_cover_loses_no_pixel_and_selects_no_cell_without_one(size: tuple[int, int]) -> None:
    region = np.random.default_rng(1).random((30, 40)) < 0.03
    covered = cover(region, size)
    assert covered.shape == size
    for row, column in np.argwhere(region):
        down, right = (row + 0.5) * size[0] / 30, (column + 0.5) * size[1] / 40
        assert covered[max(0, round(down - 1)) : round(down + 1), max(0, round(right - 1)) : round(right + 1)].any()
        if size[0] <= 30 and size[1] <= 40 and down % 1 and right % 1:
            assert covered[int(down), int(right)]
    fine = region.repeat(size[0], axis=0).repeat(size[1], axis=1)  # both grids divide this one
    share = fine.reshape(size[0], 30, size[1], 40).mean(axis=(1, 3))
    assert not covered[share == 0].any()


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("gone", [True, False])
def test_a_thin_line_that_comes_or_goes_is_a_change(width: int, gone: bool) -> None:
    plain = np.zeros((60, 80), np.uint8)
    lined = plain.copy()
    lined[:, 40 : 40 + width] = 1
    before, after = (lined, plain) if gone else (plain, lined)
    assert changes(before, after).open[:, 40 : 40 + width].all()
