"""Scenes are painted from nothing, follow a style, and are made anew in parts; photos see nothing of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.methods.scene.scenery import CLASSES, make_bank
from tests.methods.scene.scenery import layout as street
from tests.methods.scene.scenery import photo as view_of
from tests.studio.browser.painting import Easel, Engine, Pixels, View, png
from tests.studio.browser.support import Studio, running_studio
from tests.studio.browser.visits import visit

from sembla import api
from sembla.core.tasks import SceneTask

SKY, GROUND, BALL = 0, 1, 2
SHAPE = (48, 64)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bank(tmp_path_factory.mktemp("scenes"))


@pytest.fixture(scope="module")
def scenes(bank: Path) -> Iterator[Studio]:
    with running_studio(banks=[bank]) as running:
        yield running


@pytest.fixture
def visited(browser: Browser, scenes: Studio) -> Iterator[Page]:
    with visit(browser, scenes) as page:
        yield page


def begun(page: Page) -> tuple[Easel, View]:
    """A scene of sky alone, and where it lies on the screen."""
    easel = filled(page, "bank From 6 photos", width=64, label="sky")
    return easel, easel.fitted(*SHAPE)


def filled(page: Page, engine: str, *, width: int, label: str) -> Easel:
    """A new scene of one class, in the width that the engine proposes."""
    page.get_by_role("button", name=engine).click(timeout=120_000)  # kernels may have to be compiled
    dialog = page.get_by_role("dialog", name="New scene")
    expect(dialog.get_by_role("spinbutton", name="Width in pixels")).to_have_value(str(width))
    dialog.get_by_role("combobox", name="Everywhere").select_option(label=label)
    dialog.get_by_role("button", name="Begin", exact=True).click()
    easel = Easel(page)
    easel.finished()
    return easel


def with_ground(easel: Easel, view: View) -> Pixels:
    """Paint ground below and a ball in the sky; gives the layout."""
    easel.tool("Rectangle")
    easel.choose(GROUND)
    easel.drag(view.screen(-1, 30.5), view.screen(66, 50))
    easel.choose(BALL)
    easel.drag(view.screen(40.5, 8.5), view.screen(47.5, 15.5))
    wanted = np.zeros(SHAPE, np.uint8)
    wanted[30:] = GROUND
    wanted[8:16, 40:48] = BALL
    return wanted


def test_a_layout_is_painted_and_a_part_made_anew(visited: Page, bank: Path, engine: Engine, tmp_path: Path) -> None:
    easel, view = begun(visited)
    assert [row.inner_text().split("\n")[0] for row in easel.classes.all()] == [*CLASSES.names, "no class"]
    np.testing.assert_array_equal(easel.picture(), engine.scene(bank, SceneTask(np.zeros(SHAPE, np.uint8))))

    wanted = with_ground(easel, view)
    plain = easel.picture()
    np.testing.assert_array_equal(easel.layout(), wanted)
    np.testing.assert_array_equal(plain, engine.scene(bank, SceneTask(wanted)))

    visited.get_by_role("button", name="Make a part anew").click()
    easel.click(view.screen(20, 40))
    expect(visited.get_by_text("1 part made anew")).to_be_visible()
    made, region = easel.picture(), wanted == GROUND
    np.testing.assert_array_equal(made[~region], plain[~region])
    np.testing.assert_array_equal(made, engine.scene(bank, SceneTask(wanted, first_variation=1, region=region)))
    assert (made[region] != plain[region]).any()
    np.testing.assert_array_equal(easel.layout(), wanted)

    easel.save("Picture").save_as(tmp_path / "made.png")
    record = api.read_settings(tmp_path / "made.png")
    assert (record["verb"], record["seed"], record["made_anew"]) == ("scene", 0, {"1": round(float(region.mean()), 4)})

    visited.get_by_role("button", name="Take back").click()
    np.testing.assert_array_equal(easel.picture(), plain)


def test_styles_and_seeds(visited: Page, bank: Path, engine: Engine) -> None:
    easel, view = begun(visited)
    wanted = with_ground(easel, view)
    plain = easel.picture()
    style = visited.get_by_role("button", name="Photo 6", exact=True)
    style.click()
    expect(style).to_have_attribute("aria-pressed", "true")
    np.testing.assert_array_equal(easel.picture(), engine.scene(bank, SceneTask(wanted, style=view_of(5))))
    visited.get_by_role("button", name="By seed").click()
    np.testing.assert_array_equal(easel.picture(), plain)

    visited.get_by_role("button", name="Another", exact=True).click()
    expect(visited.get_by_role("spinbutton", name="Seed")).to_have_value("1")
    np.testing.assert_array_equal(easel.picture(), engine.scene(bank, SceneTask(wanted, seed=1)))
    visited.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(easel.picture(), plain)


def test_a_scene_begins_with_a_file_or_a_photos_layout_and_outlives_a_reload(visited: Page) -> None:
    visited.get_by_role("button", name="bank From 6 photos").click(timeout=120_000)
    with visited.expect_file_chooser() as chooser:
        visited.get_by_role("button", name="Open a label map").click()
    chooser.value.set_files(FilePayload(name="street.png", mimeType="image/png", buffer=png(street(1))))
    expect(visited.get_by_role("heading", name="Scene: bank")).to_be_visible()
    easel = Easel(visited)
    np.testing.assert_array_equal(easel.layout(), street(1))
    before = easel.picture()
    visited.wait_for_timeout(1000)  # it is kept a while after the last change
    visited.reload()
    np.testing.assert_array_equal(easel.picture(), before)
    np.testing.assert_array_equal(easel.layout(), street(1))
    expect(visited.get_by_role("heading", name="Scene: bank")).to_be_visible()

    visited.get_by_role("button", name="New scene").click()
    visited.get_by_role("button", name="The layout of photo 3").click()
    visited.get_by_role("dialog").get_by_role("button", name="Replace").click()
    visited.wait_for_timeout(500)
    np.testing.assert_array_equal(easel.layout(), street(2))


def test_photos_see_nothing_of_scenes(easel: Easel) -> None:
    assert easel.page.get_by_role("button", name="Another", exact=True).is_hidden()
    assert easel.tools.get_by_role("radio", name="Make anew").is_hidden()
    easel.page.keyboard.press("n")
    assert easel.tools.get_by_role("radio", name="Brush").get_attribute("aria-checked") == "true"
    assert easel.page.get_by_role("tab", name="2 Paint the layout").is_visible()


def test_a_bundled_pack_paints(browser: Browser) -> None:
    """Right after installing, with no bank and no run."""
    with running_studio() as running, visit(browser, running) as page:
        easel = filled(page, "facades (bundled)", width=256, label="facade")
        expected = api.load("facades")(SceneTask(np.ones((256, 256), np.uint8))).picture
        np.testing.assert_array_equal(easel.picture(), expected)


def test_what_a_model_has_not_is_not_offered(browser: Browser, tmp_path: Path) -> None:
    """SPADE without its encoder takes after no photo, and has one picture of a layout; OASIS has several."""
    pytest.importorskip("torch", reason="needs PyTorch")
    from tests.methods.scene.support import prepared
    from tests.studio.test_scene_models import begun as begun_run

    label_set = prepared().label_set
    assert label_set is not None
    names = label_set.names
    offers = ("Another", "Make a part anew", "Variations")
    for recipe, varies in (("spade", False), ("critic", True)):
        begun_run(tmp_path / recipe, recipe)
        with running_studio(runs=tmp_path) as studio, visit(browser, studio) as page:
            filled(page, f"{recipe} A trained model", width=96, label=names[0])
            for name in offers:
                expect(page.get_by_role("button", name=name, exact=True)).to_be_visible(visible=varies)
            expect(page.get_by_role("radio", name="Make anew")).to_be_visible(visible=varies)
            expect(page.get_by_role("heading", name="Style")).to_be_hidden()
