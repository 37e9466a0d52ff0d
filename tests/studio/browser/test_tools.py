"""Each tool changes exactly the pixels that it should, at any zoom; what to expect is worked out from the view."""

import math

import numpy as np
from playwright.sync_api import Locator, Page, expect
from scipy import ndimage
from tests.studio.browser.painting import (
    Easel,
    Pixels,
    Point,
    View,
    inside,
    painted,
    shown,
    stroke,
)
from tests.surfaces.support import COLOURS, layout, photo

SHAPE = (48, 64)
LABELS = layout(6)


def test_brush_and_restore(easel: Easel) -> None:
    view = easel.fitted(*SHAPE)
    easel.choose(2)
    line = [view.screen(30.3, 12.8), view.screen(44.1, 20.2), view.screen(41.7, 36.4), view.screen(58.2, 44.9)]
    easel.drag(*line)
    with_stroke = painted(LABELS, stroke(SHAPE, on_map(view, line), easel.brush()), 2)
    np.testing.assert_array_equal(easel.layout(), with_stroke)

    easel.choose(1)
    dot = view.screen(2.6, 40.3)
    easel.tool("Fill")
    easel.click(dot)  # grass is grass: nothing to undo
    expect(easel.page.get_by_role("button", name="Undo: Paint")).to_be_enabled()

    easel.tool("Restore")
    back = [view.screen(36.2, 4.6), view.screen(47.9, 40.3)]
    easel.drag(*back)
    restored = np.where(stroke(SHAPE, on_map(view, back), easel.brush()), LABELS, with_stroke)
    assert (restored != with_stroke).any()
    assert (restored != LABELS).any()
    np.testing.assert_array_equal(easel.layout(), restored)


def test_the_smallest_brush_paints_gapless_lines(easel: Easel) -> None:
    slider = easel.page.get_by_role("slider", name="Size", exact=True)
    slider.focus()
    slider.press("Home")
    assert easel.brush() == 1
    view = easel.fitted(*SHAPE)
    easel.choose(2)
    line = [view.screen(25.2, 3.4), view.screen(60.1, 27.8)]
    easel.drag(*line)
    covered = stroke(SHAPE, on_map(view, line), 1)
    after = easel.layout()
    np.testing.assert_array_equal(after, painted(LABELS, covered, 2))
    pieces = ndimage.label(after[:, 22:] == 2, np.ones((3, 3)))[1]
    assert pieces == 1


def test_fill_and_eyedropper(page: Page) -> None:
    labels = LABELS.copy()
    labels[8:14, 46:52] = labels[14:20, 40:46] = 1  # two pieces of grass in the sky, which share a corner only
    easel = Easel(page)
    easel.open(photo(), labels)
    view = easel.fitted(*SHAPE)
    expected = labels
    easel.tool("Fill")
    for (x, y), class_id in (((48.5, 10.2), 2), ((1.3, 2.4), 1), ((20.4, 40.6), 2)):
        easel.choose(class_id)
        easel.click(view.screen(x, y))
        expected = filled(expected, (x, y), class_id)
        np.testing.assert_array_equal(easel.layout(), expected)

    easel.tool("Pick class")
    for x, y in ((10.5, 10.5), (30.5, 10.5)):
        easel.click(view.screen(x, y))
        assert easel.chosen() == expected[int(y), int(x)]
    easel.tool("Brush")
    page.keyboard.down("Alt")
    easel.click(view.screen(10.5, 10.5))
    page.keyboard.up("Alt")
    assert easel.chosen() == expected[10, 10]
    np.testing.assert_array_equal(easel.layout(), expected)


def test_rectangle_polygon_and_lasso(easel: Easel) -> None:
    view = easel.fitted(*SHAPE)
    easel.choose(2)
    easel.tool("Rectangle")
    a, b = view.screen(41.6, 25.3), view.screen(30.4, 8.7)
    easel.drag(a, b)
    (right, bottom), (left, top) = view.map(a), view.map(b)
    box = np.zeros(SHAPE, np.bool_)
    box[math.floor(top) : math.floor(bottom) + 1, math.floor(left) : math.floor(right) + 1] = True
    expected = painted(LABELS, box, 2)
    np.testing.assert_array_equal(easel.layout(), expected)

    # A pentagram: its heart is inside by the winding rule, outside by the other.
    star = [view.screen(51.3 + 11 * math.sin(turn), 14.2 - 11 * math.cos(turn)) for turn in pentagram()]
    easel.choose(1)
    easel.tool("Polygon")
    for corner in star:
        easel.click(corner)
    easel.page.keyboard.press("Enter")
    expected = painted(expected, inside(SHAPE, on_map(view, star)), 1)
    assert expected[14, 51] == 1
    np.testing.assert_array_equal(easel.layout(), expected)

    easel.choose(0)
    easel.tool("Lasso")
    loop = [view.screen(x, y) for x, y in ((8.2, 22.7), (33.1, 19.4), (28.6, 40.2), (20.3, 33.9), (9.7, 45.1))]
    easel.drag(*loop)
    expected = painted(expected, inside(SHAPE, on_map(view, loop)), 0)
    np.testing.assert_array_equal(easel.layout(), expected)

    for _ in range(3):
        easel.page.keyboard.press("Control+z")
    np.testing.assert_array_equal(easel.layout(), LABELS)


def test_zooming_and_panning_keep_what_is_painted_and_shown_exact(easel: Easel) -> None:
    page, mouse = easel.page, easel.page.mouse
    opacity = page.get_by_role("slider", name="Opacity")
    opacity.focus()
    opacity.press("End")
    view = easel.fitted(*SHAPE)
    expect(percent(easel, view)).to_be_visible()
    about = view.screen(40.2, 22.6)
    mouse.move(*about)
    mouse.wheel(0, -180)
    view = view.zoomed(about, 2 ** (180 / 400))
    expect(percent(easel, view)).to_be_visible()
    easel.surface.focus()
    page.keyboard.down(" ")
    easel.drag(about, (about[0] + 90, about[1] - 37))
    page.keyboard.up(" ")
    view = view.panned(90, -37)
    assert_shown(easel, view, LABELS)

    easel.choose(2)
    line = [view.screen(28.4, 8.3), view.screen(36.9, 31.2)]
    easel.drag(*line)
    expected = painted(LABELS, stroke(SHAPE, on_map(view, line), easel.brush()), 2)
    np.testing.assert_array_equal(easel.layout(), expected)
    assert_shown(easel, view, expected)

    page.keyboard.press("Control+0")
    expect(percent(easel, easel.fitted(*SHAPE))).to_be_visible()
    assert_shown(easel, easel.fitted(*SHAPE), expected)


def test_keys(easel: Easel) -> None:
    page = easel.page
    for letter, name in zip("fplriveb", TOOLS, strict=True):
        page.keyboard.press(letter)
        expect(easel.tools.get_by_role("radio", name=name, exact=True)).to_be_checked()
    for digit, chosen in (("3", 2), ("2", 1), ("1", 0), ("9", 0)):
        page.keyboard.press(digit)
        assert easel.chosen() == chosen, f"digit {digit}; there are three classes"
    sizes = [easel.brush()]
    for bracket in "]][[":
        page.keyboard.press(bracket)
        sizes.append(easel.brush())
    assert sizes[0] < sizes[1] < sizes[2] > sizes[3] > sizes[4] == sizes[0]
    outlines = page.get_by_role("button", name="Outlines")
    page.keyboard.press("o")
    expect(outlines).to_have_attribute("aria-pressed", "true")

    field = page.get_by_role("textbox", name="Name of the class")
    field.fill("")
    field.press_sequentially("fog 2[")
    field.press("Enter")
    expect(easel.tools.get_by_role("radio", name="Brush")).to_be_checked()
    expect(outlines).to_have_attribute("aria-pressed", "true")
    expect(easel.classes.nth(0)).to_have_accessible_name("fog 2[")
    assert (easel.chosen(), easel.brush()) == (0, sizes[0])


def test_escape_leaves_no_trace(easel: Easel) -> None:
    view, mouse = easel.fitted(*SHAPE), easel.page.mouse
    easel.choose(2)
    for tool in ("Brush", "Rectangle", "Lasso"):
        easel.tool(tool)
        mouse.move(*view.screen(30, 10))
        mouse.down()
        mouse.move(*view.screen(50, 20))
        mouse.move(*view.screen(40, 30))
        easel.page.keyboard.press("Escape")
        mouse.move(*view.screen(20, 40))
        mouse.up()
        expect(easel.page.get_by_role("button", name="Undo: Open a label map")).to_be_enabled()
    np.testing.assert_array_equal(easel.layout(), LABELS)


def test_space_pans_also_when_a_class_was_just_chosen(easel: Easel) -> None:
    view = easel.fitted(*SHAPE)
    easel.choose(2)
    start, end = view.screen(30, 20), view.screen(40, 20)
    easel.page.mouse.move(*start)
    easel.page.keyboard.down(" ")
    easel.drag(start, end)
    easel.page.keyboard.up(" ")
    assert easel.chosen() == 2
    np.testing.assert_array_equal(easel.layout(), LABELS)
    view = view.panned(end[0] - start[0], 0)
    dot = view.screen(30, 20)
    easel.drag(dot)
    expected = painted(LABELS, stroke(SHAPE, [view.map(dot)], easel.brush()), 2)
    np.testing.assert_array_equal(easel.layout(), expected)


TOOLS = ("Fill", "Polygon", "Lasso", "Rectangle", "Pick class", "Move", "Restore", "Brush")


def on_map(view: View, points: list[Point]) -> list[Point]:
    return [view.map(point) for point in points]


def filled(before: Pixels, at: Point, class_id: int) -> Pixels:
    x, y = int(at[0]), int(at[1])
    pieces, _ = ndimage.label(before == before[y, x])
    return painted(before, pieces == pieces[y, x], class_id)


def pentagram() -> list[float]:
    return [2 * math.pi * (2 * corner) / 5 + 0.1 for corner in range(5)]


def percent(easel: Easel, view: View) -> Locator:
    return easel.page.get_by_text(f"{round(100 * view.zoom)} %", exact=True)


def assert_shown(easel: Easel, view: View, layout: Pixels) -> None:
    """The painting surface shows the colour of each class, at each of its pixels' centres that is in sight."""
    seen, colours = shown(easel.page, easel.box(), view, SHAPE)
    assert seen.mean() > 0.3
    np.testing.assert_array_equal(colours[seen], COLOURS[layout][seen])
