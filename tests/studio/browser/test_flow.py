"""What people do from opening to saving; every saved picture is the very one that Sembla makes of the same inputs."""

import base64
import io
import re
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from tests.studio.browser.painting import (
    Easel,
    Engine,
    Pixels,
    centres,
    painted,
    pixels,
    png,
    shown,
    stroke,
)
from tests.surfaces.support import COLOURS, layout, photo

from sembla import api
from sembla.core.tasks import AnalogyTask

SHAPE = (48, 64)
LABELS = layout(6)


def test_an_example_is_painted_on_undone_and_done_again(page: Page, engine: Engine) -> None:
    example = api.load_example("chelsea")
    start = next(iter(example.layouts.values()))
    easel = Easel(page)
    page.get_by_role("button", name=re.compile("^Chelsea")).click()
    expect(page.get_by_role("tab", name="2 Paint the layout")).to_have_attribute("aria-selected", "true")
    first = easel.picture()
    np.testing.assert_array_equal(easel.layout(), start)
    assert_made(engine, first, AnalogyTask(example.picture, example.labels, start))

    view = easel.fitted(*start.shape)
    easel.choose(1)
    line = [view.screen(60, 60), view.screen(200, 90), view.screen(260, 230)]
    easel.drag(*line)
    expected = painted(start, stroke(start.shape, [view.map(point) for point in line], easel.brush()), 1)
    second = easel.picture()
    np.testing.assert_array_equal(easel.layout(), expected)
    assert_made(engine, second, AnalogyTask(example.picture, example.labels, expected))
    assert (first != second).any()

    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(easel.layout(), start)
    np.testing.assert_array_equal(easel.picture(), first)
    page.keyboard.press("Control+Shift+z")
    np.testing.assert_array_equal(easel.layout(), expected)
    np.testing.assert_array_equal(easel.picture(), second)


def test_the_picture_follows_the_brush_and_the_slider_uncovers_the_photo(easel: Easel) -> None:
    view, mouse = easel.fitted(*SHAPE), easel.page.mouse
    easel.choose(2)
    before = easel.picture_pane.evaluate("canvas => canvas.toDataURL()")
    mouse.move(*view.screen(30, 12))
    mouse.down()
    mouse.move(*view.screen(50, 22))
    easel.wait(lambda: easel.picture_pane.evaluate("canvas => canvas.toDataURL()") != before)
    mouse.up()
    picture = easel.picture()
    assert (picture != photo()).any()

    slider = easel.page.get_by_role("slider", name=re.compile("^Compare"))
    slider.focus()
    slider.press("End")
    np.testing.assert_array_equal(drawn(easel), photo())
    slider.press("Home")
    np.testing.assert_array_equal(drawn(easel), picture)
    for _ in range(6):
        slider.press("PageUp")
    part = float(slider.input_value()) / 100
    width = easel.picture_pane.evaluate("canvas => canvas.clientWidth")
    x, _ = centres(SHAPE)
    from_line = (view.left - easel.box()["x"] + x * view.zoom) - (8 + part * (width - 16))
    half = drawn(easel)
    np.testing.assert_array_equal(half[from_line < -1], photo()[from_line < -1])
    np.testing.assert_array_equal(half[from_line > 1], picture[from_line > 1])
    assert 0 < (from_line < 0).mean() < 1


def test_seeds_and_variations(easel: Easel, engine: Engine) -> None:
    task = AnalogyTask(photo(), LABELS, painted_sun(easel))
    easel.page.get_by_role("button", name="Variations", exact=True).click()
    places = [easel.page.get_by_role("button", name=f"Variation {k}", exact=True) for k in range(1, 7)]
    for place in places:
        expect(place).to_be_enabled(timeout=20_000)
    six = [decoded(place.locator("img")) for place in places]
    assert len({picture.tobytes() for picture in six}) == 6
    for picture, expected in zip(six, engine.run(replace(task, variations=6)), strict=True):
        np.testing.assert_array_equal(picture, expected)

    places[3].click()
    expect(places[3]).to_have_attribute("aria-pressed", "true")
    chosen = easel.picture()
    assert_made(engine, chosen, replace(task, first_variation=3))
    np.testing.assert_array_equal(chosen, six[3])

    seed = easel.page.get_by_role("spinbutton", name="Seed")
    seed.fill("7")
    seed.press("Enter")
    assert_made(engine, easel.picture(), replace(task, seed=7))
    easel.page.get_by_role("button", name="Another seed").click()
    thrown = int(seed.input_value())
    assert thrown != 7
    assert_made(engine, easel.picture(), replace(task, seed=thrown))


def test_settings_reach_the_picture(easel: Easel, engine: Engine) -> None:
    task = AnalogyTask(photo(), LABELS, painted_sun(easel), keep=False)
    keep = easel.page.get_by_role("checkbox", name="Keep")
    keep.uncheck()
    assert_made(engine, easel.picture(), task)
    size = easel.page.get_by_role("spinbutton", name="Size")
    size.fill("40")
    size.press("Enter")
    easel.finished()
    easel.page.keyboard.press("Escape")
    size.blur()
    with easel.page.expect_download() as download:
        easel.page.keyboard.press("Control+s")
        easel.page.get_by_role("button", name="As shown (40x30)").click()
    assert_made(engine, pixels(download.value), replace(task, size=40))
    with easel.page.expect_download() as download:
        easel.page.keyboard.press("Control+s")
        easel.page.get_by_role("button", name="Full size (64x48)").click()
    assert_made(engine, pixels(download.value), task)


def test_history_goes_back_to_layout_and_settings(easel: Easel) -> None:
    pictures = [easel.picture()]
    entries = easel.page.get_by_role("button", name=re.compile("^Go back to:"))
    expect(entries).to_have_count(1)
    wanted = painted_sun(easel)
    pictures.append(easel.picture())
    expect(entries).to_have_count(2)
    seed = easel.page.get_by_role("spinbutton", name="Seed")
    seed.fill("5")
    seed.press("Enter")
    pictures.append(easel.picture())
    expect(entries).to_have_count(3)
    assert len({picture.tobytes() for picture in pictures}) == 3

    for place, (layout_then, seed_then) in enumerate([(wanted, 5), (wanted, 0), (LABELS, 0)]):
        entries.nth(place).click()  # the newest comes first
        expect(entries.nth(place)).to_have_attribute("aria-current", "true")
        np.testing.assert_array_equal(easel.picture(), pictures[2 - place])
        np.testing.assert_array_equal(easel.layout(), layout_then)
        expect(seed).to_have_value(str(seed_then))
    easel.page.get_by_role("button", name="Undo: Go back").click()
    np.testing.assert_array_equal(easel.layout(), wanted)
    easel.finished()  # or its picture, when it is made, is one more

    easel.page.get_by_role("button", name=re.compile("^Delete from history")).nth(1).click()
    expect(entries).to_have_count(2)


def test_the_layout_on_another_photo(easel: Easel, engine: Engine) -> None:
    wanted = painted_sun(easel)
    other_labels = layout(30, horizon=22)
    other = np.roll(photo(), 1, 2) // 2 + COLOURS[other_labels] // 3
    easel.page.get_by_role("button", name="Save", exact=True).click()
    easel.page.get_by_role("menuitem", name=re.compile("^Same layout, another photo")).click()
    dialog = easel.page.get_by_role("dialog")
    run = dialog.get_by_role("button", name="Run")
    expect(run).to_be_disabled()
    easel.choose_file(dialog.get_by_label("Photo", exact=True), "other.png", png(other))
    easel.choose_file(dialog.get_by_label("Its label map"), "other-map.png", png(COLOURS[other_labels]))
    run.click()
    save = dialog.get_by_role("button", name="Save picture")
    expect(save).to_be_enabled(timeout=20_000)
    with easel.page.expect_download() as download:
        save.click()
    assert download.value.suggested_filename.startswith("other-")
    assert_made(engine, pixels(download.value), AnalogyTask(other, other_labels, wanted))
    dialog.get_by_role("button", name="Close").click()
    np.testing.assert_array_equal(easel.layout(), wanted)


def painted_sun(easel: Easel) -> Pixels:
    """Paint class 2 where there was sky, and wait for the picture."""
    view = easel.fitted(*SHAPE)
    easel.choose(2)
    line = [view.screen(40.2, 12.4), view.screen(50.3, 14.2)]
    easel.drag(*line)
    easel.finished()
    return painted(LABELS, stroke(SHAPE, [view.map(point) for point in line], easel.brush()), 2)


def assert_made(engine: Engine, picture: Pixels, task: AnalogyTask) -> None:
    """The picture is what the engine makes of the task."""
    np.testing.assert_array_equal(picture, engine.run(task)[0])


def drawn(easel: Easel) -> Pixels:
    """What the right pane shows at the centre of each pixel of a fitted map."""
    moved = easel.fitted(*SHAPE)
    box = easel.picture_pane.bounding_box()
    assert box is not None
    seen, colours = shown(easel.page, box, moved.panned(box["x"] - easel.box()["x"], 0), SHAPE)
    assert seen.all()
    return colours


def decoded(picture: Locator) -> Pixels:
    """The pixels of a picture on the page, in its own size."""
    script = """async picture => {
        await picture.decode();
        const canvas = document.createElement("canvas");
        Object.assign(canvas, { width: picture.naturalWidth, height: picture.naturalHeight });
        canvas.getContext("2d").drawImage(picture, 0, 0);
        return canvas.toDataURL().split(",")[1];
    }"""
    content: Any = picture.evaluate(script)
    return np.array(Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB"))
