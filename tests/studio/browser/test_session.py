"""Nothing is lost: session files, and what the browser keeps by itself."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from tests.studio.browser.files import (
    PHOTO,
    File,
    boxed,
    choose,
    finish,
    menu,
    open_document,
    open_labels,
    open_photo,
    paint_box,
    press_class,
    record,
    save,
    saved_ids,
    saved_session,
    unzipped,
    zipped,
)
from tests.studio.browser.support import Studio
from tests.studio.browser.visits import REFUSED, open_tab, problem, profile, told, visit
from tests.studio.support import png
from tests.surfaces.support import layout

GRASS = (2, 2, 20, 14)
MORE = (30, 34, 50, 44)

SAVED = 600
"""Milliseconds after which the browser has stored a change: it waits a moment for the next."""

PAINTED = boxed(layout(6), GRASS, 1)


def history(page: Page) -> Locator:
    """The earlier pictures, newest first."""
    return page.get_by_role("region", name="History").get_by_role("button", name="Go back to")


def names(page: Page) -> list[str]:
    """What the history calls them."""
    found: list[str] = history(page).evaluate_all("all => all.map((each) => each.ariaLabel)")
    return found


def expect_title(page: Page, name: str) -> None:
    expect(page).to_have_title(f"{name} - Sembla studio")


def work(page: Page) -> None:
    """A document with something in every part: painted, renamed, set, with three pictures of the past."""
    open_document(page)
    page.get_by_role("checkbox", name="Keep").uncheck()
    expect(history(page)).to_have_count(2)
    rename(page, "class 2", "grass")
    paint_box(page, GRASS)
    expect(history(page)).to_have_count(3)


def rename(page: Page, old: str, new: str) -> None:
    press_class(page, old)
    field = page.get_by_role("textbox", name="Name of the class")
    field.fill(new)
    field.press("Enter")


def expect_work(page: Page) -> None:
    """The document of `work`, wherever it is opened."""
    expect_title(page, "lake.png")
    finish(page)
    expect(page.get_by_role("checkbox", name="Keep")).not_to_be_checked()
    expect(page.get_by_role("radiogroup", name="Classes").get_by_role("radio")).to_have_count(3)
    expect(page.get_by_role("radio", name="grass")).to_be_checked()
    assert np.array_equal(saved_ids(page), PAINTED)


# Session files


@pytest.fixture(scope="module")
def session(browser: Browser, studio: Studio) -> bytes:
    """A session file with something in every part."""
    with visit(browser, studio) as page:
        work(page)
        return save(page, "Save session", of="Session")


def open_session(page: Page, content: bytes) -> None:
    choose(page, menu(page, "Session", "Open session"), File("lake.sembla", content))


def test_a_session_file_holds_the_whole_document(page: Page, session: bytes) -> None:
    open_session(page, session)
    expect_work(page)
    parts = unzipped(session)
    assert parts["photo"] == PHOTO.content
    for name, expected in (("labels", layout(6)), ("layout", PAINTED)):
        assert np.array_equal(np.array(Image.open(io.BytesIO(parts[f"{name}.png"]))), expected)
        assert np.array_equal(saved_ids(page, name.capitalize()), expected)
    assert saved_session(page) == parts


def test_the_history_of_a_session_file_leads_back(page: Page, session: bytes) -> None:
    open_session(page, session)
    expect_work(page)
    history(page).last.click()
    finish(page)
    assert np.array_equal(saved_ids(page), layout(6))
    expect(page.get_by_role("checkbox", name="Keep")).to_be_checked()
    page.get_by_role("button", name="Undo: Go back").click()
    expect_work(page)


def test_a_session_file_asks_before_it_takes_the_place_of_work(page: Page, session: bytes) -> None:
    open_document(page)
    for answer in ("Cancel", "Replace"):
        assert np.array_equal(saved_ids(page), layout(6))
        open_session(page, session)
        page.get_by_role("dialog").get_by_role("button", name=answer).click()
    expect_work(page)


def test_a_session_saved_at_once_has_the_newest_picture(page: Page) -> None:
    open_document(page)
    expect(history(page)).to_have_count(1)
    page.evaluate(
        """() => {
            const { convertToBlob } = OffscreenCanvas.prototype;
            OffscreenCanvas.prototype.convertToBlob = async function (...options) {
                await new Promise((resolve) => setTimeout(resolve, 2000));
                return convertToBlob.apply(this, options);
            };
        }"""
    )
    press_class(page, "class 2")
    paint_box(page, GRASS)
    finish(page)
    expect(history(page)).to_have_count(1)  # its thumbnail takes a while
    parts = saved_session(page)
    assert np.array_equal(np.array(Image.open(io.BytesIO(parts["history/001.png"]))), PAINTED)


def edited(session: bytes, **values: Any) -> bytes:
    """The session with other values in its session.json."""
    parts = unzipped(session)
    return zipped({**parts, "session.json": json.dumps({**record(parts), **values}).encode()})


def without(session: bytes, name: str) -> bytes:
    return zipped({part: content for part, content in unzipped(session).items() if part != name})


def exchanged(session: bytes, name: str, content: bytes) -> bytes:
    return zipped({**unzipped(session), name: content})


def flipped(session: bytes, part: str) -> bytes:
    """The session with one bit of a part changed that is stored as it is."""
    damaged = bytearray(session)
    content = unzipped(session)[part]
    damaged[session.index(content) + len(content) // 2] ^= 1
    return bytes(damaged)


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _: b"", "no ZIP"),
    "a text": (lambda _: b"hello\nworld\n", "no ZIP"),
    "a photo": (lambda _: PHOTO.content, "no ZIP"),
    "cut short": (lambda session: session[: len(session) * 2 // 3], "cut short"),
    "begun late": (lambda session: session[100:], "damaged"),
    "a bit changed": (lambda session: flipped(session, "labels.png"), "labels.png"),
    "some other ZIP": (lambda _: zipped({"a.txt": b"a"}), "no session of Sembla"),
    "no labels": (lambda session: without(session, "labels.png"), "labels.png is missing"),
    "no photo": (lambda session: without(session, "photo"), "photo is missing"),
    "a layout that is none": (lambda session: exchanged(session, "layout.png", b"hello"), "layout.png"),
    "a layout of another size": (
        lambda session: exchanged(session, "layout.png", png(np.zeros((40, 64), np.uint8))),
        "64x40",
    ),
    "ids without a class": (
        lambda session: exchanged(session, "labels.png", png(np.full((48, 64), 9, np.uint8))),
        "class 9",
    ),
    "no JSON": (lambda session: exchanged(session, "session.json", b"{"), "no JSON"),
    "a later version": (lambda session: edited(session, version=2), "newer Sembla"),
    "no classes": (lambda session: edited(session, classes=None), "classes"),
}

AT_ODDS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a photo that is none": (lambda session: exchanged(session, "photo", b"hello"), "photo"),
    "a photo of another size": (
        lambda session: exchanged(session, "photo", png(np.zeros((20, 30), np.uint8))),
        "photo",
    ),
    "a task of another program": (lambda session: edited(session, task="weather"), "weather"),
}
"""What only the server can tell."""


@pytest.fixture(scope="module")
def opened(browser: Browser, studio: Studio, session: bytes) -> Iterator[Page]:
    """A page with another layout than the session's, which was opened too, so that no file is asked about."""
    with visit(browser, studio) as page:
        open_session(page, exchanged(session, "layout.png", unzipped(session)["labels.png"]))
        expect_title(page, "lake.png")
        yield page


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_session_file_is_told_and_changes_nothing(opened: Page, session: bytes, name: str) -> None:
    damage, words = DAMAGED[name]
    open_session(opened, damage(session))
    expect(problem(opened)).to_contain_text("session file cannot be opened")
    assert words in told(opened)
    assert np.array_equal(saved_ids(opened), layout(6))


@pytest.mark.parametrize("name", AT_ODDS)
def test_a_session_file_that_the_server_cannot_take_changes_nothing(
    browser: Browser, studio: Studio, session: bytes, name: str
) -> None:
    damage, words = AT_ODDS[name]
    with visit(browser, studio, expected=REFUSED) as page:
        open_photo(page)
        open_session(page, damage(session))
        expect(problem(page)).to_contain_text("session file cannot be opened")
        assert words in told(page)
        expect(page.get_by_role("button", name="Open a label map")).to_be_visible()  # that has none yet


# What the browser keeps


def test_loading_the_page_anew_brings_everything_back(page: Page) -> None:
    work(page)
    before = names(page)
    page.wait_for_timeout(SAVED)
    page.reload()
    expect_work(page)
    assert np.array_equal(saved_ids(page, "Labels"), layout(6))
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()

    press_class(page, "class 1")
    paint_box(page, MORE)
    expect(history(page)).to_have_count(4)
    assert np.array_equal(saved_ids(page), boxed(PAINTED, MORE, 0))
    page.keyboard.press("Control+z")
    assert np.array_equal(saved_ids(page), PAINTED)
    assert names(page)[1:] == before


def test_what_was_brought_back_is_not_replaced_without_a_question(page: Page, session: bytes) -> None:
    open_session(page, session)
    expect_work(page)
    page.wait_for_timeout(SAVED)
    page.reload()
    expect_work(page)
    choose(page, page.get_by_role("button", name="Open photo"), File("hill.png", PHOTO.content))
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect_work(page)


def test_a_stroke_is_kept_even_if_the_page_is_left_at_once(page: Page) -> None:
    open_document(page)
    press_class(page, "class 2")
    paint_box(page, GRASS)
    page.reload()
    expect_title(page, "lake.png")
    assert np.array_equal(saved_ids(page), PAINTED)


def test_a_new_tab_offers_what_a_closed_one_left(browser: Browser, studio: Studio, session: bytes) -> None:
    with profile(browser) as context:
        first = open_tab(context, studio)
        open_session(first, session)
        expect_title(first, "lake.png")
        first.wait_for_timeout(SAVED)
        second = open_tab(context, studio)
        expect(second.get_by_role("button", name="coffee")).to_be_visible()
        expect(second.get_by_text("Continue where you left off")).to_be_hidden()  # another tab has it
        first.close()
        second.reload()
        expect(second.get_by_text("lake.png, today at")).to_be_visible()
        second.get_by_role("button", name="Continue").click()
        expect_work(second)
        expect(history(second)).to_have_count(3)


def test_two_tabs_keep_a_document_each(browser: Browser, studio: Studio, session: bytes) -> None:
    with profile(browser) as context:
        first = open_tab(context, studio)
        open_session(first, session)
        expect_title(first, "lake.png")
        with first.expect_popup() as popup:  # a copy of the tab, also of what it knows itself by
            first.evaluate("() => void window.open(location.href)")
        second = popup.value
        open_photo(second, File("hill.png", PHOTO.content))
        open_labels(second)
        for page, box in ((first, MORE), (second, GRASS)):
            page.bring_to_front()
            press_class(page, "class 3")
            paint_box(page, box)
            page.wait_for_timeout(SAVED)
        for page in (first, second):
            page.bring_to_front()
            page.reload()
        expect_title(second, "hill.png")
        assert np.array_equal(saved_ids(second), boxed(layout(6), GRASS, 2))
        first.bring_to_front()
        expect_title(first, "lake.png")
        assert np.array_equal(saved_ids(first), boxed(PAINTED, MORE, 2))
