"""Visits of the page by tests that expect trouble, or that need several tabs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from tests.studio.browser.support import Studio

REFUSED = "Failed to load resource: .*status of 4"
"""What Chromium writes to its console when the server refuses what it was sent."""

UNREACHABLE = "net::ERR_|WebSocket connection"
"""What it writes when the server is gone."""


@contextmanager
def profile(browser: Browser, *, expected: str | None = None) -> Iterator[BrowserContext]:
    """A fresh profile, in no tab of which anything may go wrong but what `expected`, a pattern, tells of."""
    context, wrong = browser.new_context(viewport={"width": 1440, "height": 900}), list[str]()
    context.on("weberror", lambda error: wrong.append(f"uncaught: {error.error}"))
    context.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    yield context
    context.close()
    assert [line for line in wrong if expected is None or not re.search(expected, line)] == []


@contextmanager
def visit(browser: Browser, studio: Studio, *, expected: str | None = None) -> Iterator[Page]:
    """A fresh profile with the studio open."""
    with profile(browser, expected=expected) as context:
        yield open_tab(context, studio)


def open_tab(context: BrowserContext, studio: Studio) -> Page:
    """One more tab of a profile, with the studio open."""
    page = context.new_page()
    page.goto(studio.address)
    expect(page.get_by_role("contentinfo")).to_contain_text("Connected")
    return page


def problem(page: Page) -> Locator:
    """The place where the page tells of a failure."""
    return page.get_by_role("alert")


def told(page: Page) -> str:
    """The problem that is shown, which must be one line; it is dismissed."""
    line = problem(page).inner_text()
    assert line.strip().count("\n") == 0
    problem(page).get_by_role("button", name="Dismiss").click()
    return line.strip()
