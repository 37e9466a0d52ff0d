"""What people open, drop and paste: every kind of photo works; what is none is told and harms nothing."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route, expect
from tests.studio.browser.files import (
    LABELS,
    LAYOUT,
    PHOTO,
    File,
    boxed,
    choose,
    drop,
    open_labels,
    open_photo,
    paint_box,
    paste,
    press_class,
    save,
    saved_ids,
)
from tests.studio.browser.painting import Easel, Pixels, png, shown
from tests.studio.browser.support import Studio
from tests.studio.browser.visits import REFUSED, problem, told, visit
from tests.studio.test_uploads import BAD, GOOD
from tests.surfaces.support import layout, photo

GRASS = (2, 2, 20, 14)

HILL = File("hill.png", png(np.ascontiguousarray(photo()[:, ::-1])))

MAP_ZONE, LAYOUT_ZONE = "Label map of this photo", "New layout"


def expect_title(page: Page, name: str) -> None:
    expect(page).to_have_title(f"{name} - Sembla studio")


# Photos that work


def test_every_kind_of_photo_is_shown_as_it_is_read(page: Page) -> None:
    easel = Easel(page)
    for kind, (content, expected, note) in GOOD.items():
        open_photo(page, File(f"my {kind}.x", content))
        height, width = expected.shape[:2]
        expect(page.get_by_role("contentinfo")).to_contain_text(f"{width} x {height} px")
        expect(page.get_by_role("contentinfo")).to_contain_text(note)
        easel.wait(partial(shows, easel, expected))


def shows(easel: Easel, expected: Pixels) -> bool:
    """Whether the pane shows just these pixels (H, W, 3)."""
    height, width = expected.shape[:2]
    seen, colours = shown(easel.page, easel.box(), easel.fitted(height, width), (height, width))
    return bool(seen.all()) and np.array_equal(colours, expected)


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>.png", "Zürich ☃ 50%.png"])
def test_a_name_is_a_name(page: Page, name: str) -> None:
    open_photo(page, File(name, PHOTO.content))
    expect(page.get_by_role("banner")).to_contain_text(name)
    open_labels(page)
    assert Easel(page).save("Layout").suggested_filename == name.replace(".png", "-layout.png").translate(UNSAFE)


UNSAFE = str.maketrans("<>", "__")
"""What a browser makes of characters that a file's name cannot have everywhere."""


# What is no photo


@pytest.fixture(scope="module")
def kept(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A page with a document, kept for the tests that must not change it."""
    with visit(browser, studio, expected=REFUSED) as page:
        open_photo(page)
        open_labels(page)
        press_class(page, "class 2")
        paint_box(page, GRASS)
        yield page


def expect_kept(page: Page) -> None:
    """The document of `kept` with what was painted and can be undone."""
    expect_title(page, "lake.png")
    expect(page.get_by_role("button", name="Undo: Rectangle")).to_be_enabled()
    assert np.array_equal(saved_ids(page), boxed(layout(6), GRASS, 1))


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_photo_is_told_and_changes_nothing(kept: Page, kind: str) -> None:
    content, words = BAD[kind]
    choose(kept, kept.get_by_role("button", name="Open photo"), File("my photo.x", content))
    expect(problem(kept)).to_be_visible()
    line = told(kept)
    assert line.startswith("my photo.x")
    assert words in line
    expect_kept(kept)


def test_a_file_is_called_by_its_name(kept: Page) -> None:
    choose(kept, kept.get_by_role("button", name="Open photo"), File("iMG_0001.png", b"hello"))
    expect(problem(kept)).to_be_visible()
    assert told(kept).startswith("iMG_0001.png")


def test_too_many_bytes_are_told(kept: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.tif"
    with large.open("wb") as file:
        file.truncate(65 << 20)
    with kept.expect_file_chooser() as chooser:
        kept.get_by_role("button", name="Open photo").click()
    chooser.value.set_files(large)
    expect(problem(kept)).to_be_visible(timeout=20_000)
    assert "at most" in told(kept)
    expect_kept(kept)


# Drop and paste


def test_files_are_dropped_where_they_belong(page: Page) -> None:
    drop(page, PHOTO)
    expect_title(page, "lake.png")
    drop(page, LABELS, on=MAP_ZONE)
    expect(page.get_by_role("button", name="Undo: Open a label map")).to_be_enabled()
    drop(page, LAYOUT, on=LAYOUT_ZONE)
    expect(page.get_by_role("button", name="Undo: Open a layout")).to_be_enabled()
    assert np.array_equal(saved_ids(page, "Labels"), layout(6))
    assert np.array_equal(saved_ids(page), layout(30))
    session = File("lake.sembla", save(page, "Save session", of="Session"))
    for file, title in ((HILL, "hill.png"), (session, "lake.png")):
        drop(page, file)
        if title == "hill.png":
            page.get_by_role("dialog").get_by_role("button", name="Replace").click()
        expect_title(page, title)
    assert np.array_equal(saved_ids(page), layout(30))


def test_files_are_pasted(page: Page) -> None:
    paste(page, PHOTO)
    expect_title(page, "lake.png")
    for file, answer in ((LABELS, MAP_ZONE), (LAYOUT, LAYOUT_ZONE)):
        paste(page, file)
        page.get_by_role("dialog").get_by_role("button", name=answer).click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(page.get_by_role("tab", name="Paint the layout")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("button", name="Undo: Open a layout")).to_be_enabled()
    assert np.array_equal(saved_ids(page, "Labels"), layout(6))
    assert np.array_equal(saved_ids(page), layout(30))


def hold(page: Page, pattern: str) -> list[Route]:
    """Requests to addresses of a pattern, which wait until they are continued."""
    held: list[Route] = []

    def take(route: Route) -> None:
        held.append(route)

    page.route(pattern, take)
    return held


def let_go(page: Page, held: list[Route]) -> None:
    """Continue the request that was held, and give the page time to do something about its answer."""
    with page.expect_response(held[0].request.url):
        held[0].continue_()
    page.wait_for_timeout(100)


def test_what_is_dropped_last_stays(page: Page) -> None:
    held = hold(page, "**/api/photos?name=lake*")
    drop(page, PHOTO)
    Easel(page).wait(lambda: len(held) == 1)
    drop(page, HILL)
    expect_title(page, "hill.png")
    let_go(page, held)
    expect_title(page, "hill.png")


def test_work_done_during_a_slow_upload_is_asked_about(page: Page) -> None:
    open_photo(page)
    held = hold(page, "**/api/photos?name=hill*")
    drop(page, HILL)
    Easel(page).wait(lambda: len(held) == 1)
    open_labels(page)
    press_class(page, "class 2")
    paint_box(page, GRASS)
    let_go(page, held)
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect_kept(page)


def test_a_label_map_is_not_taken_for_another_photo(page: Page) -> None:
    open_photo(page)
    held = hold(page, "**/labels?name=labels*")
    drop(page, LABELS, on=MAP_ZONE)
    Easel(page).wait(lambda: len(held) == 1)
    open_photo(page, HILL)
    let_go(page, held)
    expect(page.get_by_role("button", name="Open a label map")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
