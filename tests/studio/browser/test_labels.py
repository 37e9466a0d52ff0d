"""The first stage: label maps from files, from scribbles and from proposed regions, and the classes in them."""

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from scipy import ndimage
from tests.studio.browser.files import (
    LAYOUT,
    File,
    choose,
    finish,
    open_labels,
    open_photo,
    press_class,
    save,
    saved_colours,
    saved_ids,
    saved_session,
)
from tests.studio.browser.painting import Easel, Pixels, png
from tests.studio.browser.support import Studio
from tests.studio.browser.visits import REFUSED, problem, told, visit
from tests.surfaces.support import COLOURS, layout, photo, with_a_foreign_class

from sembla import api

SKY, GRASS, SUN = range(3)

NOISE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)


def saved(image: Image.Image, kind: str, **settings: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def in_palette(labels: Pixels) -> Image.Image:
    image = Image.fromarray(labels)
    image.putpalette(COLOURS.tobytes())
    return image


def alike(one: Pixels, other: Pixels) -> bool:
    """Whether two label maps (H, W) divide a photo in the same way, whatever the ids."""
    pairs = {(int(a), int(b)) for a, b in zip(one.flat, other.flat, strict=True)}
    return len(pairs) == len(set(one.flat)) == len(set(other.flat))


# Files


def test_a_label_map_is_read_whatever_its_kind(page: Page) -> None:
    sun = {"png": 6, "palette.png": 20, "ids.png": 30, "jpg": 40}
    maps = {
        "png": png(COLOURS[layout(sun["png"])]),
        "palette.png": saved(in_palette(layout(sun["palette.png"])), "PNG"),
        "ids.png": png(layout(sun["ids.png"])),
        "jpg": saved(Image.fromarray(COLOURS[layout(sun["jpg"])]), "JPEG", quality=92, subsampling=0),
    }
    open_photo(page)
    for kind, content in maps.items():
        page.get_by_role("tab", name="Label the photo").click()
        choose(page, page.get_by_role("button", name=re.compile("^Open a (label )?map")), File(f"map.{kind}", content))
        expect(page.get_by_role("tab", name="Paint the layout")).to_have_attribute("aria-selected", "true")
        labels = saved_ids(page, "Labels")
        assert alike(labels, layout(sun[kind])), kind
        assert np.array_equal(saved_ids(page), labels)
        if kind != "ids.png":
            off = np.abs(saved_colours(page, "Labels").astype(int) - COLOURS[layout(sun[kind])])
            assert off.max() <= (4 if kind == "jpg" else 0), kind


@pytest.fixture(scope="module")
def labelled(browser: Browser, studio: Studio) -> Iterator[Page]:
    """A page with a document, kept for the tests that must not change it."""
    with visit(browser, studio, expected=REFUSED) as page:
        open_photo(page)
        open_labels(page)
        yield page


LARGE = File("large.png", png(COLOURS[layout(6)].repeat(2, 0).repeat(2, 1)))

PINK = File("pink.png", png(with_a_foreign_class(layout(30))[0]))

NO_LABELS: dict[str, tuple[File, str]] = {
    "a photo": (File("noise.png", png(NOISE)), "looks like a photograph"),
    "one class": (File("plain.png", png(np.zeros((48, 64, 3), np.uint8))), "one class"),
    "text": (File("map.png", b"hello"), "not an image"),
}

NO_LAYOUT: dict[str, tuple[File, str]] = {
    "a photo": (File("noise.png", png(NOISE)), "looks like a photograph"),
    "text": (File("map.png", b"hello"), "not an image"),
    "another size": (LARGE, "128x96"),
}


@pytest.mark.parametrize("kind", NO_LABELS)
def test_what_is_no_map_of_the_photo_is_told_and_changes_nothing(labelled: Page, kind: str) -> None:
    file, words = NO_LABELS[kind]
    labelled.get_by_role("tab", name="Label the photo").click()
    choose(labelled, labelled.get_by_role("button", name="Open a map"), file)
    expect_refusal(labelled, file, words)


@pytest.mark.parametrize("kind", NO_LAYOUT)
def test_what_is_no_layout_is_told_and_changes_nothing(labelled: Page, kind: str) -> None:
    file, words = NO_LAYOUT[kind]
    labelled.get_by_role("tab", name="Paint the layout").click()
    choose(labelled, labelled.get_by_role("button", name="Open layout"), file)
    expect_refusal(labelled, file, words)


def test_what_needs_leave_is_asked_about(labelled: Page) -> None:
    """In words of the page: it has no options of the command line."""
    for stage, opener, file, answer in (
        ("Label the photo", "Open a map", LARGE, "Scale it to the photo"),
        ("Paint the layout", "Open layout", PINK, "Use the nearest class"),
    ):
        labelled.get_by_role("tab", name=stage).click()
        choose(labelled, labelled.get_by_role("button", name=opener), file)
        dialog = labelled.get_by_role("dialog")
        expect(dialog.get_by_role("button", name=answer)).to_be_focused()
        expect(dialog).to_contain_text(file.name)
        assert "--" not in dialog.inner_text()
        dialog.get_by_role("button", name="Cancel").click()
        expect(problem(labelled)).to_be_hidden()
        expect_unchanged(labelled)


def test_a_label_map_of_another_size_is_scaled(browser: Browser, studio: Studio) -> None:
    with visit(browser, studio, expected=REFUSED) as page:
        open_photo(page)
        choose(page, page.get_by_role("button", name="Open a label map"), LARGE)
        page.get_by_role("dialog").get_by_role("button", name="Scale it to the photo").click()
        expect(page.get_by_role("tab", name="Paint the layout")).to_have_attribute("aria-selected", "true")
        assert np.array_equal(saved_ids(page, "Labels"), layout(6))


def test_a_foreign_class_of_a_layout_is_read_as_the_nearest(browser: Browser, studio: Studio) -> None:
    with visit(browser, studio, expected=REFUSED) as page:
        open_photo(page)
        open_labels(page)
        choose(page, page.get_by_role("button", name="Open layout"), PINK)
        page.get_by_role("dialog").get_by_role("button", name="Use the nearest class").click()
        expect(page.get_by_role("button", name="Undo: Open a layout")).to_be_enabled()
        assert np.array_equal(saved_ids(page), with_a_foreign_class(layout(30))[1])


def expect_refusal(page: Page, file: File, words: str) -> None:
    """One line says what is wrong, and nothing else has happened."""
    expect(problem(page)).to_be_visible()
    line = told(page)
    assert words in line
    assert file.name in line
    expect_unchanged(page)


def expect_unchanged(page: Page) -> None:
    """The document of `labelled`."""
    assert np.array_equal(saved_ids(page, "Labels"), layout(6))
    assert np.array_equal(saved_ids(page), layout(6))
    expect(page.get_by_role("button", name="Undo: Open a label map")).to_be_enabled()


def test_a_layout_is_opened_in_the_colours_of_the_classes(page: Page) -> None:
    open_photo(page)
    open_labels(page)
    layouts = {
        "colours.png": png(COLOURS[layout(30)]),
        "ids.png": png(layout(20)),
        "own.png": save(page, "Layout"),
        "colours.jpg": saved(Image.fromarray(COLOURS[layout(40)]), "JPEG", quality=92, subsampling=0),
    }
    expected = dict(zip(layouts, (layout(30), layout(20), layout(6), layout(40)), strict=True))
    for name, content in layouts.items():
        choose(page, page.get_by_role("button", name="Open layout"), File(name, content))
        expect(page.get_by_role("contentinfo")).not_to_contain_text("Reading")
        assert np.array_equal(saved_ids(page), expected[name])
    assert np.array_equal(saved_ids(page, "Labels"), layout(6))


# Scribbles


def fill(page: Page, name: str, points: tuple[tuple[float, float], tuple[float, float]]) -> Pixels:
    """Draw a stroke of a class; the labels (H, W) that come of it."""
    press_class(page, name)
    easel = Easel(page)
    view = easel.fitted(48, 64)
    easel.drag(*(view.screen(*point) for point in points))
    expect(page.get_by_role("contentinfo")).not_to_contain_text("Working out")
    return saved_ids(page, "Labels")


def strokes(page: Page) -> NDArray[np.int16]:
    """The strokes (H, W) of the document, -1 where there is none."""
    drawn = np.array(Image.open(io.BytesIO(saved_session(page)["strokes.png"]))).astype(np.int16)
    drawn[drawn == 255] = -1
    return drawn


def test_scribbles_fill_the_photo(page: Page) -> None:
    open_photo(page)
    page.get_by_role("button", name="Scribble").click()
    expect(page.get_by_role("button", name="Use these labels")).to_be_disabled()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("slider", name="Size", exact=True).fill("25")
    press_class(page, "class 1")
    easel = Easel(page)
    easel.drag(easel.fitted(48, 64).screen(28, 8), easel.fitted(48, 64).screen(60, 8))
    two = fill(page, "class 2", ((4, 40), (60, 40)))
    assert np.array_equal(two, api.fill_scribbles(photo(), strokes(page)))
    three = fill(page, "class 3", ((9, 12), (17, 12)))
    assert np.array_equal(three, api.fill_scribbles(photo(), strokes(page)))
    assert (three == layout(6)).mean() > 0.97

    page.keyboard.press("Control+z")
    assert np.array_equal(saved_ids(page, "Labels"), two)
    page.keyboard.press("Control+y")
    assert np.array_equal(saved_ids(page, "Labels"), three)
    page.get_by_role("button", name="Use these labels").click()
    finish(page)
    assert np.array_equal(saved_ids(page), three)


# Proposed regions


def test_regions_are_proposed(page: Page) -> None:
    open_photo(page)
    page.get_by_role("button", name="Propose regions").click()
    expect(page.get_by_role("button", name="Paint the layout")).to_be_visible()
    expected = [api.segments(photo(), count).labels for count in (12, 4)]
    assert np.array_equal(saved_ids(page, "Labels"), expected[0])
    page.get_by_role("slider", name="Regions").fill("4")
    page.get_by_role("button", name="Propose", exact=True).click()
    expect(classes(page)).to_have_count(int(expected[1].max()) + 1)
    assert np.array_equal(saved_ids(page, "Labels"), expected[1])
    page.keyboard.press("Control+z")
    assert np.array_equal(saved_ids(page, "Labels"), expected[0])
    page.get_by_role("button", name="Paint the layout").click()
    finish(page)
    assert np.array_equal(saved_ids(page), expected[0])


# Classes


def classes(page: Page) -> Locator:
    return page.get_by_role("radiogroup", name="Classes").get_by_role("radio")


def names(page: Page) -> list[str]:
    return [text.split("\n")[0] for text in classes(page).all_inner_texts()]


@pytest.fixture
def document(page: Page) -> Page:
    """A document whose layout differs from its labels."""
    open_photo(page)
    open_labels(page)
    choose(page, page.get_by_role("button", name="Open layout"), LAYOUT)
    expect(page.get_by_role("button", name="Undo: Open a layout")).to_be_enabled()
    page.get_by_role("tab", name="Label the photo").click()
    return page


def expect_maps(page: Page, table: tuple[int, int, int]) -> None:
    """Labels and layout with other ids in place of sky, grass and sun."""
    assert np.array_equal(saved_ids(page, "Labels"), np.array(table)[layout(6)])
    assert np.array_equal(saved_ids(page), np.array(table)[layout(30)])


def test_classes_get_names_and_colours(document: Page) -> None:
    name = document.get_by_role("textbox", name="Name of the class")
    for class_id, word in ((GRASS, "grass"), (SUN, "sun")):
        classes(document).nth(class_id).click()
        name.fill(word)
        name.press("Enter")
    document.get_by_role("textbox", name="Colour of the class").fill("#ff8000")
    assert names(document) == ["class 1", "grass", "sun"]
    assert (saved_colours(document, "Labels")[layout(6) == SUN] == (255, 128, 0)).all()
    assert (saved_colours(document, "Labels")[layout(6) == GRASS] == COLOURS[GRASS]).all()

    for taken, words in (("Grass", "already"), ("", "needs a name")):
        name.fill(taken)
        name.press("Enter")
        expect(document.get_by_text(words)).to_be_visible()
    name.press("Escape")
    document.get_by_role("textbox", name="Colour of the class").fill("#3c78dc")  # that of class 1
    expect(document.get_by_text("has this colour already")).to_be_visible()
    assert names(document) == ["class 1", "grass", "sun"]

    for _ in range(3):
        document.get_by_role("button", name="Undo").click()
    assert names(document) == ["class 1", "class 2", "class 3"]
    assert np.array_equal(saved_colours(document, "Labels"), COLOURS[layout(6)])
    expect_maps(document, (SKY, GRASS, SUN))


def test_classes_are_merged(document: Page) -> None:
    for merged, into, table in (("class 3", "class 1", (0, 1, 0)), ("class 1", "class 3", (1, 0, 1))):
        press_class(document, merged)
        document.get_by_role("button", name="Merge into another class").click()
        document.get_by_role("menuitem", name=into).click()
        assert names(document) == [name for name in ("class 1", "class 2", "class 3") if name != merged]
        expect(document.get_by_role("radio", name=into)).to_be_checked()
        expect_maps(document, table)
        document.get_by_role("button", name=f"Undo: Merge {merged} into {into}").click()
        expect_maps(document, (SKY, GRASS, SUN))


def test_the_pixels_of_a_deleted_class_go_to_the_nearest(document: Page) -> None:
    for class_id, others in ((SUN, (SKY, GRASS)), (SKY, (GRASS, SUN))):
        classes(document).nth(class_id).click()
        document.get_by_role("button", name="Delete the class").click()
        assert len(names(document)) == 2
        for name, before in (("Labels", layout(6)), ("Layout", layout(30))):
            after = np.array(others)[saved_ids(document, name)]
            gone = before == class_id
            assert np.array_equal(after[~gone], before[~gone])
            distances = np.stack([ndimage.distance_transform_edt(before != other) for other in range(3)])
            taken = np.take_along_axis(distances, after[None], 0)[0]
            assert np.array_equal(taken[gone], distances[list(others)].min(0)[gone])
        document.get_by_role("button", name=f"Undo: Delete class {class_id + 1}").click()
        expect_maps(document, (SKY, GRASS, SUN))
