"""Servers that die, work that is overtaken, several people at once, and a page that asks for a token."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.studio.browser.files import (
    File,
    boxed,
    finish,
    open_document,
    paint_box,
    press_class,
    saved_ids,
)
from tests.studio.browser.painting import Easel, Engine, png
from tests.studio.browser.support import Studio, running_studio
from tests.studio.browser.visits import REFUSED, UNREACHABLE, profile, visit
from tests.surfaces.support import COLOURS, layout, photo

from sembla.core.tasks import AnalogyTask

FIRST, SECOND, THIRD = (30, 10, 50, 20), (2, 24, 30, 40), (40, 22, 60, 34)

LARGE = 800
"""Longest side of pictures that take long enough to be interrupted."""


def make_large(page: Page) -> None:
    """Ask for larger pictures."""
    size = page.get_by_role("spinbutton", name="Size")
    size.fill(str(LARGE))
    size.press("Tab")


def expect_at_work(page: Page) -> None:
    """A picture is under way, and not done."""
    expect(page.get_by_text(re.compile("^Working: level")).first).to_be_visible()


@pytest.fixture
def mortal() -> Iterator[Studio]:
    """A studio that may be killed."""
    with running_studio() as studio:
        yield studio


def test_a_server_that_dies_and_comes_back_loses_nothing(browser: Browser, mortal: Studio, engine: Engine) -> None:
    with visit(browser, mortal, expected=f"{UNREACHABLE}|{REFUSED}") as page:
        uploads: list[str] = []
        page.on("request", lambda request: uploads.append(request.url) if is_upload(request.url) else None)
        open_document(page)
        make_large(page)
        finish(page)
        press_class(page, "class 2")
        paint_box(page, FIRST)
        expect_at_work(page)
        mortal.stop(signal.SIGKILL)
        expect(page.get_by_text("server does not answer; trying again").first).to_be_visible()
        expect(page.get_by_role("contentinfo")).to_contain_text("No connection; trying again")
        paint_box(page, SECOND)
        wanted = boxed(boxed(layout(6), FIRST, 1), SECOND, 1)
        assert np.array_equal(saved_ids(page), wanted)

        with running_studio(mortal.port):
            finish(page)
            expect(page.get_by_role("contentinfo")).to_contain_text("Connected")
            assert len(uploads) == 2
            (expected,) = engine.run(AnalogyTask(photo(), layout(6), wanted, size=LARGE))
            assert np.array_equal(Easel(page).picture(), expected)
            page.reload()
            finish(page)
            assert np.array_equal(saved_ids(page), wanted)
            press_class(page, "class 3")
            paint_box(page, THIRD)
            assert np.array_equal(saved_ids(page), boxed(wanted, THIRD, 2))


def is_upload(url: str) -> bool:
    return "/api/photos?" in url


@contextmanager
def held(studio: Studio) -> Iterator[None]:
    """Nothing is done in the block, so that what is painted there finds it still at work."""
    studio.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        studio.process.send_signal(signal.SIGCONT)


def test_work_that_is_overtaken_is_dropped(browser: Browser, mortal: Studio, engine: Engine) -> None:
    with visit(browser, mortal) as page:
        open_document(page)
        make_large(page)
        finish(page)
        before = page.get_by_role("button", name="Go back to").count()
        press_class(page, "class 2")
        paint_box(page, FIRST)
        expect_at_work(page)
        with held(mortal):
            for box in (SECOND, THIRD):
                paint_box(page, box)
            page.keyboard.press("Control+z")
        finish(page)
        wanted = boxed(boxed(layout(6), FIRST, 1), SECOND, 1)
        assert np.array_equal(saved_ids(page), wanted)
        (expected,) = engine.run(AnalogyTask(photo(), layout(6), wanted, size=LARGE))
        assert np.array_equal(Easel(page).picture(), expected)
        expect(page.get_by_role("button", name="Go back to")).to_have_count(before + 1)


def test_two_people_get_their_own_pictures(browser: Browser, studio: Studio, engine: Engine) -> None:
    mirrored = np.ascontiguousarray(photo()[:, ::-1])
    people = ((photo(), layout(6)), (mirrored, np.ascontiguousarray(layout(6)[:, ::-1])))
    with visit(browser, studio) as one, visit(browser, studio) as other:
        for page, (picture, labels) in zip((one, other), people, strict=True):
            files = {"photo": File("photo.png", png(picture)), "labels": File("map.png", png(COLOURS[labels]))}
            open_document(page, **files)
            press_class(page, "class 2")
        for page, box in ((one, FIRST), (other, SECOND)):
            paint_box(page, box)
        for page, box, (picture, labels) in zip((one, other), (FIRST, SECOND), people, strict=True):
            (expected,) = engine.run(AnalogyTask(picture, labels, boxed(labels, box, 1)))
            assert np.array_equal(Easel(page).picture(), expected)


@pytest.fixture
def guarded() -> Iterator[tuple[str, str]]:
    """The address on this machine of a studio that listens everywhere, and its token."""
    command = [sys.executable, "-m", "sembla", "studio", "--no-open", "--port", "0", "--host", "0.0.0.0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r":(\d+)/\?token=(\S+)", process.stdout.readline())
        assert found is not None
        yield f"http://127.0.0.1:{found[1]}/", found[2]
    finally:
        process.kill()
        process.communicate()


def test_a_page_for_others_opens_with_its_token_only(browser: Browser, guarded: tuple[str, str]) -> None:
    bare, token = guarded
    with profile(browser, expected=REFUSED) as context:
        page = context.new_page()
        for address in (bare, f"{bare}?token=wrong"):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 401
            expect(page.locator("body")).to_contain_text("address")
            assert token not in page.content()
        page.goto(f"{bare}?token={token}")
        assert page.url == bare
        open_document(page)
