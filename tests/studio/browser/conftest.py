"""One studio and one browser for all tests of a process; a page of its own for each."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numba
import pytest
from playwright.sync_api import Browser, Page, expect
from tests.studio.browser.painting import Easel, Engine
from tests.studio.browser.support import Studio, browser_path, running_browser, running_studio
from tests.surfaces.support import layout, photo

expect.set_options(timeout=20_000)  # ms; on two busy cores an answer may take several seconds


@pytest.fixture(scope="session")
def studio() -> Iterator[Studio]:
    """A running studio."""
    with running_studio() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless browser."""
    if browser_path() is None:
        pytest.skip("no Chromium here; install one (Debian: apt-get install chromium) to run the tests of the page")
    with running_browser() as running:
        yield running


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """What says how pictures must come out; in one thread, lest several wait for cores that the studio has."""
    process = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=process, initializer=numba.set_num_threads, initargs=(1,)) as pool:
        yield Engine(pool)


@pytest.fixture
def page(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A fresh profile with the studio open, 1440x900; afterwards nothing may have gone wrong unseen."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(f"uncaught: {error}"))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: wrong.append(request.url) if not _is_own(request.url, studio) else None)
    page.goto(studio.address)
    yield page
    context.close()
    assert wrong == []


@pytest.fixture
def easel(page: Page) -> Easel:
    """The page with the small photo opened and labelled; the layout is still its labels."""
    easel = Easel(page)
    easel.open(photo(), layout(6))
    return easel


def _is_own(url: str, studio: Studio) -> bool:
    return url.startswith((studio.address, "blob:", "data:", studio.address.replace("http:", "ws:")))
