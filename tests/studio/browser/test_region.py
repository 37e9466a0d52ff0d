"""Regions that are dragged arrive where they should; what they uncover takes the class of the nearest pixel."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from tests.studio.browser.painting import Easel, Pixels, Point, View, centres, clearly, inside
from tests.surfaces.support import layout, photo

SHAPE = (48, 64)
STALK = 26
"""The round handle stands so many screen pixels above the frame."""

Mask = NDArray[np.bool_]


def test_a_region_is_moved_and_scaled(page: Page) -> None:
    easel, labels, view = opened(page)
    region = labels == 2
    left, top, width, height = bounds(region)

    start, end = view.screen(22.5, 27.4), view.screen(35.4, 21.2)
    easel.drag(start, end)
    dx, dy = whole_step(view, start, end)
    assert (dx, dy) == (13, -6)
    moved = np.roll(region, (dy, dx), (0, 1))
    assert_placed(easel.layout(), labels, region, moved, np.full(SHAPE, 2))

    corner = view.screen(left + dx + width, top + dy + height)
    outward = view.screen(left + dx + width + 3.3, top + dy + height + 3.1)
    easel.drag(corner, outward)
    centre = (left + dx + width / 2, top + dy + height / 2)
    scale = math.dist(view.map(outward), centre) / math.dist(view.map(corner), centre)
    assert 1.3 < scale < 1.7
    assert_placed(easel.layout(), labels, region, scaled(region, (dx, dy), scale), np.full(SHAPE, 2))

    assert_steps(easel, ["Move region", "Move region"])
    np.testing.assert_array_equal(easel.layout(), labels)


def test_a_region_is_pushed_over_the_edge_and_comes_back_whole(page: Page) -> None:
    easel, labels, view = opened(page)
    region = labels == 2
    start, end = view.screen(22.5, 27.4), view.screen(6.4, 36.1)
    easel.drag(start, end)
    dx, dy = whole_step(view, start, end)
    left, top, width, height = bounds(region)
    assert left + dx > 0
    easel.drag(end, view.screen(-2.2, 46.6))
    further = whole_step(view, end, view.screen(-2.2, 46.6))
    cut = np.zeros(SHAPE, np.bool_)
    x, y = left + dx + further[0], top + dy + further[1]
    assert x < 0 < x + width
    assert y < SHAPE[0] < y + height
    cut[y:, : x + width] = region[top : top + SHAPE[0] - y, left - x : left + width]
    assert_placed(easel.layout(), labels, region, cut, np.full(SHAPE, 2))
    for key in ["Shift+ArrowRight", "Shift+ArrowUp"] * 2:
        easel.surface.press(key)
    whole = np.roll(region, (y - 20 - top, x + 20 - left), (0, 1))
    assert_placed(easel.layout(), labels, region, whole, np.full(SHAPE, 2))


def test_a_region_is_turned_by_a_right_angle(page: Page) -> None:
    easel, labels, view = opened(page)
    region = labels == 2
    left, top, width, height = bounds(region)
    easel.click(view.screen(22.5, 27.4))
    x, y = view.screen(left + width / 2, top)
    page.keyboard.down("Shift")
    easel.drag((x, y - STALK), view.screen(left + width + 9, top + height / 2 + 0.3))
    page.keyboard.up("Shift")
    page.keyboard.press("Enter")

    turned = np.zeros(SHAPE, np.bool_)
    new_left, new_top = left + (width - height) // 2, top + (height - width) // 2
    quarter = np.rot90(region[top : top + height, left : left + width], -1)
    turned[new_top : new_top + width, new_left : new_left + height] = quarter
    assert_placed(easel.layout(), labels, region, turned, np.full(SHAPE, 2))
    assert_steps(easel, ["Move region"])
    np.testing.assert_array_equal(easel.layout(), labels)


def test_a_copy_leaves_the_original(page: Page) -> None:
    easel, labels, view = opened(page)
    region = labels == 2
    start, end = view.screen(22.5, 27.4), view.screen(44.1, 19.2)
    easel.click(start)
    page.keyboard.down("Alt")
    easel.drag(start, end)
    page.keyboard.up("Alt")
    dx, dy = whole_step(view, start, end)
    expected = np.where(np.roll(region, (dy, dx), (0, 1)), 2, labels)
    np.testing.assert_array_equal(easel.layout(), expected)

    easel.surface.press("Enter")
    easel.click(start)
    easel.surface.press("d")
    for key in ("ArrowDown", "ArrowDown", "Shift+ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
    aside = max(round(16 / view.zoom), 1)
    second = np.roll(region, (aside + 2, aside + 9), (0, 1))
    np.testing.assert_array_equal(easel.layout(), np.where(second, 2, expected))


def test_several_classes_are_moved_together_and_put_back(page: Page) -> None:
    easel, labels, view = opened(page)
    loop = [view.screen(x, y) for x, y in ((14.2, 13.7), (37.8, 15.1), (36.1, 41.3), (13.4, 38.2))]
    region = inside(SHAPE, [view.map(point) for point in loop])
    assert set(labels[region]) == {0, 1, 2}
    page.keyboard.down("Shift")
    easel.drag(*loop)
    page.keyboard.up("Shift")
    start, end = view.screen(25.5, 27.4), view.screen(44.2, 32.9)
    easel.drag(start, end)
    dx, dy = whole_step(view, start, end)
    arrived = np.roll(region, (dy, dx), (0, 1))
    after = easel.layout()
    assert_placed(after, labels, region, arrived, np.roll(labels, (dy, dx), (0, 1)))

    easel.surface.press("Escape")
    np.testing.assert_array_equal(easel.layout(), labels)
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(easel.layout(), after)


def opened(page: Page) -> tuple[Easel, Pixels, View]:
    """The tool Move on a layout whose class 2 is a crooked piece across the horizon, near the sun's own colour."""
    labels = layout(6)
    labels[labels == 2] = 0
    labels[20:36, 18:24] = labels[32:36, 24:32] = labels[20:24, 24:26] = 2
    labels[4:10, 40:60] = 1
    easel = Easel(page)
    easel.open(photo(), labels)
    easel.tool("Move")
    return easel, labels, easel.fitted(*SHAPE)


def bounds(region: Mask) -> tuple[int, int, int, int]:
    """Left, top, width and height."""
    rows, columns = np.nonzero(region.any(1))[0], np.nonzero(region.any(0))[0]
    return int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def whole_step(view: View, start: Point, end: Point) -> tuple[int, int]:
    """A drag in map pixels, rounded."""
    (ax, ay), (bx, by) = view.map(start), view.map(end)
    return round(bx - ax), round(by - ay)


def scaled(region: Mask, step: tuple[int, int], scale: float) -> Mask:
    """Where a region is after it was shifted, then scaled about the middle of its bounds: each pixel looks back."""
    left, top, width, height = bounds(region)
    x, y = centres(SHAPE)
    back_x = (x - step[0] - left - width / 2) / scale + left + width / 2
    back_y = (y - step[1] - top - height / 2) / scale + top + height / 2
    for place in (back_x, back_y):
        clearly(place - np.round(place))
    column, row = np.floor(back_x).astype(int), np.floor(back_y).astype(int)
    within = (column >= 0) & (column < SHAPE[1]) & (row >= 0) & (row < SHAPE[0])
    found: Mask = within & region[row.clip(0, SHAPE[0] - 1), column.clip(0, SHAPE[1] - 1)]
    return found


def assert_placed(after: Pixels, before: Pixels, region: Mask, arrived: Mask, carried: NDArray[np.integer]) -> None:
    """A layout whose `region` went to `arrived`, where it shows `carried`; what it uncovered is healed."""
    hole = region & ~arrived
    np.testing.assert_array_equal(after[arrived], carried[arrived])
    np.testing.assert_array_equal(after[~arrived & ~hole], before[~arrived & ~hole])
    outside = np.argwhere(~region)
    assert hole.any()
    healed = set()
    for row, column in np.argwhere(hole):
        distance = ((outside - (row, column)) ** 2).sum(1)
        nearest = {int(before[tuple(place)]) for place in outside[distance == distance.min()]}
        assert int(after[row, column]) in nearest, (row, column)
        healed.add(int(after[row, column]))
    assert len(healed) > 1


def assert_steps(easel: Easel, steps: Sequence[str]) -> None:
    """Undo what was done, one step after the other."""
    for step in steps:
        undo = easel.page.get_by_role("button", name=f"Undo: {step}", exact=True)
        expect(undo).to_be_enabled()
        undo.click()
    expect(easel.page.get_by_role("button", name="Undo: Open a label map", exact=True)).to_be_enabled()
