"""Names, focus, order, contrast, steadiness and room: on every screen, in both themes, by what the browser computes."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.studio.browser.painting import Easel
from tests.surfaces.support import layout, photo

CONTROLS = {
    "application",
    "button",
    "checkbox",
    "ColorWell",
    "combobox",
    "dialog",
    "image",
    "link",
    "listbox",
    "menu",
    "menuitem",
    "radio",
    "radiogroup",
    "slider",
    "spinbutton",
    "tab",
    "tablist",
    "tabpanel",
    "textbox",
}

CONTRAST = """() => {
    const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const parsed = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
        return { channels: [red, green, blue], alpha: alpha / 255 };
    };
    const over = (upper, alpha, lower) => upper.map((value, i) => value * alpha + lower[i] * (1 - alpha));
    const chain = (element) => (element === null ? [] : [...chain(element.parentElement), element]);
    const ground = (element) => chain(element).reduce((below, each) => {
        const { channels, alpha } = parsed(getComputedStyle(each).backgroundColor);
        return over(channels, alpha, below);
    }, [255, 255, 255]);
    const luminance = (channels) => {
        const [red, green, blue] = channels.map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const measure = (element, text, colour) => {
        const below = ground(element);
        const opacity = chain(element).reduce((product, each) => product * getComputedStyle(each).opacity, 1);
        const { channels, alpha } = parsed(colour);
        const [a, b] = [luminance(over(channels, alpha * opacity, below)), luminance(below)];
        return { text, colour, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    };
    const top = document.querySelector("dialog[open]") ?? document.body;
    const seen = (element) => {
        const { width, height } = element.getBoundingClientRect();
        return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true })
            && !element.closest(":disabled, [aria-disabled=true], [inert]");
    };
    const measured = [];
    const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const [text, element] = [walker.currentNode.textContent.trim(), walker.currentNode.parentElement];
        if (text && seen(element)) measured.push(measure(element, text, getComputedStyle(element).color));
    }
    for (const field of top.querySelectorAll("input:not([type=range], [type=checkbox], [type=color])")) {
        if (!seen(field)) continue;
        const empty = field.value === "" && field.type !== "file";
        if (empty && field.placeholder === "") continue;
        const shown = getComputedStyle(field, empty ? "::placeholder" : null);
        measured.push(measure(field, field.value || field.placeholder, shown.color));
    }
    return measured;
}"""

MISNAMED = """() => [...document.querySelectorAll("[aria-label]")].flatMap((element) => {
    const copy = element.cloneNode(true);
    for (const unheard of copy.querySelectorAll("[aria-hidden=true], [role=menu]")) unheard.remove();
    const [text, name] = [copy.textContent.trim().toLowerCase(), element.ariaLabel.toLowerCase()];
    return element.matches("button, a, [role=radio], [role=tab]") && !name.includes(text) ? [text] : [];
})"""

STOP = """() => {
    const element = document.activeElement;
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
    return {
        place: [...document.querySelectorAll("*")].indexOf(element),
        name: element.getAttribute("aria-label") ?? element.textContent.trim(),
        box: [left, top, right, bottom],
        visible: (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none",
        uncovered: element.contains(hit) || (hit?.contains(element) ?? false),
        body: element === document.body,
    };
}"""

TABBABLE = """() => [...document.querySelectorAll("*")].flatMap((element, place) =>
    element.matches("a[href], button, input, select, textarea, [tabindex]") && element.tabIndex >= 0
        && !element.matches(":disabled") && !element.closest("[inert]")
        && element.checkVisibility({ visibilityProperty: true }) ? [place] : [])"""

OUT_OF_REACH = """() => [...document.querySelectorAll("button, input, [role=application]")].flatMap((element) => {
    if (!element.checkVisibility({ visibilityProperty: true }) || element.closest("[inert]")) return [];
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
    return inside && (element.contains(hit) || hit?.contains(element)) ? []
        : [`${element.getAttribute("aria-label") ?? element.textContent} ${[left, top, right, bottom]}`];
})"""

SHIFTS = """() => new Promise((resolve) => {
    const found = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries())
            found.push({ value, what: sources.map(({ node }) => node?.className ?? "") });
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(found), 100);
})"""


def test_every_control_has_a_name_and_every_text_contrast(page: Page) -> None:
    assert faults_of(page, screens(page)) == []


def faults_of(page: Page, screens: Iterable[str]) -> list[tuple[Any, ...]]:
    """Controls without a name and texts without contrast, on each of some screens of a page."""
    page.emulate_media(reduced_motion="reduce")
    session = page.context.new_cdp_session(page)
    faults: list[tuple[Any, ...]] = []
    for screen in screens:
        nodes: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
        controls = [node for node in nodes if not node["ignored"] and node["role"]["value"] in CONTROLS]
        assert len(controls) > 2, screen
        nameless = [node for node in controls if not node.get("name", {}).get("value")]
        faults += [(screen, "no name", node["role"]["value"]) for node in nameless]
        faults += [(screen, "is named otherwise", text) for text in page.evaluate(MISNAMED)]
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            texts: list[dict[str, Any]] = page.evaluate(CONTRAST)
            assert len(texts) > 5, screen
            faults += [(screen, theme, text) for text in texts if text["ratio"] < 4.5]
    return faults


def screens(page: Page) -> Iterator[str]:
    """Every screen that the page has, one after the other."""
    easel = Easel(page)
    expect(page.get_by_role("button", name=re.compile("^Chelsea"))).to_be_visible()
    yield "start"
    page.get_by_role("button", name="Examples").click()
    expect(page.get_by_role("dialog").get_by_role("button", name=re.compile("^Chelsea"))).to_be_visible()
    yield "examples"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    yield "help"
    page.keyboard.press("Escape")
    easel.open_photo(photo())
    expect(page.get_by_role("button", name=re.compile("^Scribble"))).to_be_visible()
    yield "a photo without labels"
    page.get_by_role("button", name=re.compile("^Scribble")).click()
    yield "scribbling"
    page.get_by_role("button", name="Other ways").click()
    page.get_by_role("button", name=re.compile("^Propose regions")).click()
    expect(page.get_by_role("button", name="Paint the layout", exact=True)).to_be_visible()
    yield "correcting labels"
    easel.open_labels(layout(6))
    easel.finished()
    yield "painting the layout"
    page.get_by_role("button", name="Trained model", exact=True).click()
    expect(page.get_by_role("button", name="Train on this photo")).to_be_visible()
    yield "trained model"
    page.get_by_role("button", name="Save", exact=True).click()
    yield "the menu Save"
    page.get_by_role("menuitem", name=re.compile("^Same layout, another photo")).click()
    yield "another photo"


def test_tab_reaches_everything_once_in_reading_order_and_is_seen(easel: Easel) -> None:
    page = easel.page
    page.get_by_role("button", name="Variations", exact=True).click()
    expect(page.get_by_role("button", name="Variation 6", exact=True)).to_be_enabled(timeout=20_000)
    page.get_by_role("heading", name="Sembla").click()  # the first stop is the first after what was clicked last
    wanted = page.evaluate(TABBABLE)
    stops: list[dict[str, Any]] = []
    for _ in wanted:
        page.keyboard.press("Tab")
        stops.append(page.evaluate(STOP))
    assert [stop["place"] for stop in stops] == wanted, [stop["name"] for stop in stops]
    assert len(stops) > 25
    assert [stop["name"] for stop in stops if not (stop["visible"] and stop["uncovered"])] == []
    for before, after in pairwise(stops):
        above = after["box"][3] <= before["box"][1]
        further_right = after["box"][0] >= before["box"][0]
        assert not above or further_right, (before["name"], after["name"])


def test_nothing_jumps_while_loading(page: Page) -> None:
    easel, card = Easel(page), page.get_by_role("button", name=re.compile("^Chelsea"))
    card.wait_for()
    assert moved(page) < 0.01
    card.click()
    easel.finished()
    assert moved(page) < 0.01
    page.wait_for_timeout(600)  # what is open is kept
    page.reload()
    easel.finished()
    assert moved(page) < 0.01


@pytest.mark.parametrize("models", ["scenes", "portraits", "generators"])
def test_nothing_jumps_when_models_come_late(page: Page, models: str) -> None:
    """They come below the examples, which stay where they are."""
    pytest.importorskip("torch", reason="needs PyTorch, which bundled packs ask for")

    def late(route: Route) -> None:
        page.wait_for_timeout(400)
        route.continue_()

    page.route(f"**/api/{models}", late)
    page.reload()
    page.get_by_role("button", name=re.compile("^Chelsea")).wait_for()
    page.get_by_role("heading", name="Or paint a scene").wait_for()
    assert moved(page) < 0.01


def test_nothing_jumps_while_pictures_arrive(easel: Easel) -> None:
    page, view = easel.page, easel.fitted(48, 64)
    before = moved(page)
    easel.choose(1)
    easel.drag(view.screen(30, 10), view.screen(50, 20))
    easel.finished()
    page.get_by_role("button", name="Variations", exact=True).click()
    expect(page.get_by_role("button", name="Variation 6", exact=True)).to_be_enabled(timeout=20_000)
    page.get_by_role("button", name="Another seed").click()
    easel.finished()
    page.get_by_role("button", name=re.compile("^Go back to:")).last.click()
    easel.finished()
    assert moved(page) - before < 0.01


def moved(page: Page) -> float:
    """How much moved on the page since it was loaded, as the browser scores it, whoever caused it."""
    return float(sum(shift["value"] for shift in page.evaluate(SHIFTS)))


def test_a_small_window_shows_everything_without_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 1100, "height": 700})
    room = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    easel = Easel(page)
    expect(page.get_by_role("button", name=re.compile("^Chelsea"))).to_be_visible()
    assert page.evaluate(room) == [1100, 700]
    assert page.evaluate(OUT_OF_REACH) == []
    easel.open_photo(photo())
    expect(page.get_by_role("button", name=re.compile("^Scribble"))).to_be_visible()
    assert page.evaluate(OUT_OF_REACH) == []
    easel.open_labels(layout(6))
    easel.finished()
    assert page.evaluate(room) == [1100, 700]
    assert page.evaluate(OUT_OF_REACH) == []
    page.get_by_role("button", name="Trained model", exact=True).click()
    assert page.evaluate(OUT_OF_REACH) == []
    assert page.evaluate(room) == [1100, 700]
    assert easel.box()["width"] > 300
    assert easel.box()["height"] > 200


def test_the_theme_is_chosen_and_remembered(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_role("button", name="Dark theme").click()
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark != light
    page.get_by_role("button", name="Light theme").click()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == light
