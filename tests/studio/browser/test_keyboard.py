"""Everything without a mouse: nothing here points, clicks or focuses by other means than keys."""

import re
from collections.abc import Sequence

import numpy as np
from playwright.sync_api import Download, Page, expect
from tests.studio.browser.painting import Easel, Engine, Point, focused, ids, painted, pixels, stroke

from sembla import api
from sembla.core.tasks import AnalogyTask


def test_an_example_is_opened_painted_undone_and_saved_by_keys_alone(page: Page, engine: Engine) -> None:
    example = api.load_example("chelsea")
    start = next(iter(example.layouts.values()))
    easel = Easel(page)
    expect(page.get_by_role("button", name=re.compile("^Chelsea"))).to_be_visible()
    tab_to(page, 'button "Chelsea')
    page.keyboard.press("Enter")
    expect(easel.surface).to_be_focused()
    easel.finished()

    tab_to(page, 'radio "Brush"', back=True)
    for key, tool in (("ArrowDown", "Fill"), ("End", "Restore"), ("ArrowRight", "Brush")):
        page.keyboard.press(key)
        assert focused(page) == f'radio "{tool}" [checked]'
    tab_to(page, 'application "Layout"')
    page.keyboard.press("2")
    page.keyboard.press("[")
    page.keyboard.press("[")
    assert easel.brush() == 17, "odd: no pixel's centre is at just its radius from another's"
    x, y = cross(page, "ArrowUp")  # the first key only shows it
    assert (x, y) == (start.shape[1] // 2, start.shape[0] // 2)
    for key in ("ArrowRight", "Shift+ArrowUp", "Control+ArrowLeft", "ArrowDown"):
        page.keyboard.press(key)
    assert cross(page, "ArrowDown") == (x + 1 - 100, y - 10 + 2)
    page.keyboard.press("Space")
    line = [(x - 99.0, y - 8.0)]
    for key, dx, dy in (("Shift+ArrowRight", 10, 0), ("Shift+ArrowRight", 10, 0), ("Shift+ArrowDown", 0, 10)):
        page.keyboard.press(key)
        line.append((line[-1][0] + dx, line[-1][1] + dy))
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")  # this paints no more

    middles: Sequence[Point] = [(x + 0.5, y + 0.5) for x, y in line]
    expected = painted(start, stroke(start.shape, middles, easel.brush()), 1)
    np.testing.assert_array_equal(ids(saved(page, "Layout")), expected)
    tab_to(page, 'application "Layout"')
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(ids(saved(page, "Layout")), start)
    page.keyboard.press("Control+y")
    easel.finished()
    with page.expect_download() as download:
        page.keyboard.press("Control+s")
    (wanted,) = engine.run(AnalogyTask(example.picture, example.labels, expected))
    np.testing.assert_array_equal(pixels(download.value), wanted)


def test_dialogs_and_menus_by_keys(page: Page) -> None:
    expect(page.get_by_role("button", name=re.compile("^Chelsea"))).to_be_visible()
    tab_to(page, 'button "Examples"')
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Examples")
    expect(dialog.get_by_role("button", name=re.compile("^Chelsea"))).to_be_visible()
    stops = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        stops.add(focused(page))
    assert "Open photo" not in " ".join(stops), "a modal dialog keeps the focus"
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert focused(page) == 'button "Examples"'

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert focused(page) == 'button "Examples"'

    tab_to(page, 'button "Session"')
    page.keyboard.press("Enter")
    assert 'menuitem "Open session' in focused(page), "what cannot be chosen is passed over"
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    assert focused(page).startswith('button "Session"')


def tab_to(page: Page, wanted: str, *, back: bool = False) -> None:
    """Press Tab until something of this role and name has the focus."""
    stops: list[str] = []
    while not (stops and stops[-1].startswith(wanted)):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        stops.append(focused(page))
        assert len(stops) < 60, stops


def cross(page: Page, key: str) -> tuple[int, int]:
    """The map pixel that the cross is said to be on after a key."""
    page.keyboard.press(key)
    told = page.get_by_role("status").filter(has_text=re.compile(r"^\d+, \d+: "))
    expect(told).to_be_visible()
    page.wait_for_timeout(300)  # it is told once it rests
    found = re.match(r"(\d+), (\d+): ", told.inner_text())
    assert found is not None
    return int(found[1]), int(found[2])


def saved(page: Page, item: str) -> Download:
    """Save through the menu."""
    tab_to(page, 'button "Save"', back=True)
    page.keyboard.press("Enter")
    for _ in range(6):
        if focused(page).startswith(f'menuitem "{item}'):
            break
        page.keyboard.press("ArrowDown")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    return download.value
