"""Trained models on the page: train on the photo, watch, stop and go on; have pictures made by a model, and not."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.studio.browser.painting import Easel, Engine, png
from tests.studio.browser.support import Studio, running_studio
from tests.studio.test_runs import added
from tests.surfaces.support import COLOURS, layout, photo

pytest.importorskip("torch", reason="needs PyTorch")

from tests.studio.test_models import learned, write_untrained

from sembla import api
from sembla.core.tasks import AnalogyTask
from sembla.studio.photos import photo_id
from sembla.studio.runs import Run, RunStore

PATIENCE = 120_000
"""Milliseconds for a training to begin: PyTorch is loaded, and the first steps compute lessons."""


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def run(store: RunStore) -> Run:
    """A model of the small photo; and an older one of another, which has no weights."""
    other = added(store, name="Harbour.png")
    run = added(store, identity=photo_id(photo()))
    (other.root).mkdir()
    write_untrained(run)
    return run


@pytest.fixture
def studio(store: RunStore) -> Iterator[Studio]:
    """A studio with runs of its own."""
    with running_studio(runs=store.folder) as running:
        yield running


@pytest.fixture
def easel(page: Page) -> Easel:
    """The page with the small photo in a layout whose sun has moved, and the section opened."""
    easel = Easel(page)
    easel.open(photo(), layout(6))
    easel.choose_file(page.get_by_role("button", name="Open layout"), "new.png", png(COLOURS[layout(30)]))
    expect(page.get_by_role("button", name=re.compile("^Go back to:"))).to_have_count(2)  # it is read, and made
    easel.finished()
    page.get_by_role("button", name="Trained model", exact=True).click()
    return easel


def section(page: Page) -> Locator:
    return page.get_by_role("region", name="Trained model")


def expect_engine(page: Page, *, model: bool) -> None:
    """Wait for a finished picture that says who made it."""
    words = page.locator(".result-status[data-kind=done]")
    if model:
        expect(words).to_contain_text("by the trained model", timeout=60_000)
    else:
        expect(words).not_to_contain_text("trained", timeout=60_000)


def test_a_layout_is_refined_and_made_instantly_again(run: Run, easel: Easel, engine: Engine) -> None:
    page = easel.page
    models = page.get_by_role("radiogroup", name="Models").get_by_role("radio")
    expect(models).to_have_text([re.compile("My photo.JPG.*this photo, fast"), re.compile("Harbour.png.*no weights")])
    expect(models.first).to_be_checked()
    instant = easel.picture()
    page.get_by_role("button", name="Refine with a trained model").click()
    expect_engine(page, model=True)
    download = easel.save("Picture")
    assert run.name in download.suggested_filename
    task = AnalogyTask(photo(), layout(6), layout(30))
    np.testing.assert_array_equal(easel.picture(), api.load(run.root)(learned(run, task)).picture)
    history = page.get_by_role("button", name=re.compile("^Go back to:"))
    expect(history.first).to_have_accessible_name(re.compile("by a trained model"))
    page.get_by_role("button", name="Back to instant pictures").click()
    expect_engine(page, model=False)
    np.testing.assert_array_equal(easel.picture(), instant)
    history.first.click()
    expect_engine(page, model=True)
    view = easel.fitted(48, 64)
    easel.choose(1)
    easel.drag(view.screen(10, 5), view.screen(20, 8))
    expect_engine(page, model=False)
    task = AnalogyTask(photo(), layout(6), easel.layout())
    np.testing.assert_array_equal(easel.picture(), engine.run(task)[0])


def test_every_picture_is_made_by_the_model_while_that_is_chosen(run: Run, easel: Easel) -> None:
    page, model = easel.page, api.load(run.root)
    page.get_by_role("checkbox", name="Make every picture with it").check()
    expect_engine(page, model=True)
    view = easel.fitted(48, 64)
    easel.choose(1)
    easel.drag(view.screen(10, 5), view.screen(20, 8))
    expect_engine(page, model=True)
    task = AnalogyTask(photo(), layout(6), easel.layout())
    np.testing.assert_array_equal(easel.picture(), model(learned(run, task)).picture)
    page.get_by_role("button", name="Variations", exact=True).click()
    page.get_by_role("button", name="Variation 3", exact=True).click(timeout=60_000)
    expect(page.get_by_role("button", name="Variation 6", exact=True)).to_be_enabled(timeout=60_000)
    expected = model(learned(run, AnalogyTask(photo(), layout(6), easel.layout(), first_variation=2))).picture
    np.testing.assert_array_equal(easel.picture(), expected)
    page.get_by_role("checkbox", name="Make every picture with it").uncheck()
    expect_engine(page, model=False)


def test_a_model_is_deleted_after_a_question(run: Run, easel: Easel) -> None:
    page, name = easel.page, "Delete the model"
    for answer in ("Cancel", "Delete"):
        assert run.folder.exists()
        page.get_by_role("button", name=name).click()
        page.get_by_role("dialog").get_by_role("button", name=answer, exact=True).click()
    expect(page.get_by_role("radiogroup", name="Models").get_by_role("radio")).to_have_count(1)
    assert not run.folder.exists()
    expect(page.get_by_role("button", name="Refine with a trained model")).to_be_disabled()


def test_all_of_it_can_be_done_by_keyboard(run: Run, easel: Easel) -> None:
    page = easel.page
    page.get_by_role("button", name="Trained model", exact=True).focus()
    seen = []
    for _ in range(6):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        seen.append(focus.get_attribute("aria-label") or focus.inner_text() or focus.get_attribute("type"))
    assert [str(each).partition("\n")[0] for each in seen] == [
        "number", "Train on this photo", "My photo.JPG", "checkbox", "Continue", "Delete the model"
    ]  # fmt: skip
    page.get_by_role("checkbox", name="Make every picture with it").focus()
    page.keyboard.press("Space")
    expect_engine(page, model=True)
    assert run.usable


@pytest.mark.slow
def test_a_model_is_trained_used_stopped_and_gone_on_with(easel: Easel, store: RunStore) -> None:
    page = easel.page
    refine = page.get_by_role("button", name="Refine with a trained model")
    expect(refine).to_be_disabled()
    page.get_by_role("spinbutton", name="Steps").fill("3")
    page.get_by_role("button", name="Train on this photo").click()
    expect(section(page)).to_contain_text("Getting ready")
    page.reload()
    easel.finished()
    page.get_by_role("button", name="Trained model", exact=True).click()
    expect(section(page).get_by_role("progressbar")).to_be_visible()
    expect(refine).to_be_enabled(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Train on this photo")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("radiogroup", name="Models")).to_contain_text("this photo, fast, 3 steps")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("img", name=re.compile("In each row the photo")).wait_for()
    page.keyboard.press("Escape")
    refine.click()
    expect_engine(page, model=True)
    page.get_by_role("spinbutton", name="Steps").fill("500")
    page.get_by_role("button", name="Train on this photo").click()
    expect(section(page)).to_contain_text(re.compile(r"Step \d+ of 500"), timeout=PATIENCE)
    expect(page.get_by_role("button", name=re.compile("^Preview after"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Continue").click(timeout=PATIENCE)
    expect(section(page).get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Continue")).to_be_enabled(timeout=PATIENCE)
    steps = [run.step for run in store.all()]
    assert steps[1] == 3
    assert 0 < steps[0] < 500
