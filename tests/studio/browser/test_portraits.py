"""Faces are edited by a model that has learned nothing: pictures are those of the library."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from tests.methods.portrait.support import untrained
from tests.studio.browser.painting import Easel, png
from tests.studio.browser.support import Studio, running_studio
from tests.studio.browser.test_accessibility import OUT_OF_REACH, faults_of
from tests.studio.browser.test_boards import choose_files, read, saved
from tests.studio.browser.visits import visit
from tests.surfaces.test_portrait_model import square

from sembla import api
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.faces.detection import has_faces

pytestmark = pytest.mark.skipif(has_faces(), reason="with dlib, faces of ellipses are not always found")

SIDE, SLOW = 96, 120_000
NAMES = CELEBAMASK_HQ_19.names
HAIR, LEFT, RIGHT = (NAMES.index(name) for name in ("hair", "l_brow", "r_brow"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    untrained(folder / "portraits")
    return folder


@pytest.fixture(scope="module")
def portraits(runs: Path) -> Iterator[Studio]:
    with running_studio(runs=runs) as running:
        yield running


@pytest.fixture
def visited(browser: Browser, portraits: Studio) -> Iterator[Page]:
    with visit(browser, portraits) as page:
        yield page


def begun(page: Page) -> Easel:
    """A face, opened at the start screen."""
    opener = page.get_by_role("button", name="portraits Paint the parts")
    choose_files(page, opener, [("mine.png", png(square(1)[0]))])
    expect(page.get_by_role("heading", name="Edit a face", exact=True)).to_be_visible(timeout=SLOW)
    easel = Easel(page)
    easel.finished()
    return easel


def maps(page: Page) -> tuple[np.ndarray, np.ndarray]:
    """The labels and the layout, as they are saved."""
    found = []
    for item in ("Labels of the photo", "Layout"):
        with Image.open(saved(page, item).path()) as image:
            found.append(np.asarray(image))
    return found[0], found[1]


def test_parts_are_painted_on_both_halves_and_another_s_are_taken(visited: Page, runs: Path) -> None:
    easel = begun(visited)
    photo, model = square(1)[0], api.load(runs / "portraits")
    labels, layout = maps(visited)
    np.testing.assert_array_equal(labels, api.parse(photo, model=model).labels)
    np.testing.assert_array_equal(layout, labels)
    np.testing.assert_array_equal(read(saved(visited, "Picture")), photo)  # nothing was asked for

    visited.get_by_role("button", name="Both halves").click()
    visited.get_by_role("radio", name="l_brow").click()
    view = easel.fitted(SIDE, SIDE)
    easel.tool("Brush")
    easel.drag(view.screen(60, 30), view.screen(64, 31), view.screen(68, 32))
    easel.finished()
    labels, layout = maps(visited)
    assert (layout != labels).any()
    assert ((layout == RIGHT) & (labels != RIGHT)).any()
    face = api.labelled_face(photo, labels, model=model)
    made = api.run_portrait(api.portrait_of(face, layout, model=model), engine=model)
    np.testing.assert_array_equal(read(saved(visited, "Picture")), made.picture)

    choose_files(visited, visited.get_by_role("button", name="Bring another face"), [("other.png", png(square(3)[0]))])
    visited.get_by_role("button", name="Hair", exact=True).click()
    expect(visited.get_by_role("button", name=re.compile("^Undo: Another's hair"))).to_be_enabled(timeout=SLOW)
    easel.finished()
    picture = saved(visited, "Picture")
    labels, layout = maps(visited)
    other = api.face_photo(square(3)[0], None, model=model)
    request = api.portrait_of(face, layout, model=model, other=other, lent=[HAIR])
    np.testing.assert_array_equal(read(picture), api.run_portrait(request, engine=model).picture)
    with Image.open(picture.path()) as image:
        assert json.loads(image.info["sembla"])["parts"] == ["hair"]

    visited.get_by_role("button", name="Its layout").click()
    expect(visited.get_by_role("button", name=re.compile("^Undo: Another's layout"))).to_be_enabled(timeout=SLOW)
    expect(visited.get_by_role("button", name="All of looks")).to_have_attribute("aria-pressed", "true")
    easel.finished()
    picture = saved(visited, "Picture")
    layout = maps(visited)[1]
    np.testing.assert_array_equal(layout, api.layout_from(other, face, labels))
    request = api.portrait_of(face, layout, model=model, other=other, lent=[HAIR], whole=True)
    np.testing.assert_array_equal(read(picture), api.run_portrait(request, engine=model).picture)

    visited.get_by_role("button", name="other.png").click()
    expect(visited.get_by_role("button", name="other.png")).to_have_attribute("aria-pressed", "false")
    expect(visited.get_by_role("button", name="Its layout")).to_be_hidden()
    easel.finished()


def test_looks_are_drawn_and_taken_back(visited: Page) -> None:
    easel = begun(visited)
    plain = read(saved(visited, "Picture"))
    visited.get_by_role("button", name="All of looks").click()
    easel.finished()
    assert not np.array_equal(read(saved(visited, "Picture")), plain)
    visited.get_by_role("button", name="Undo: All of looks").click()
    easel.finished()
    np.testing.assert_array_equal(read(saved(visited, "Picture")), plain)
    visited.get_by_role("radio", name="hair").click()
    own = visited.get_by_role("button", name="Own look")
    expect(own).to_be_disabled()
    visited.get_by_role("button", name="Another look").click()
    easel.finished()
    picture = saved(visited, "Picture")
    with Image.open(picture.path()) as image:
        assert json.loads(image.info["sembla"])["redraw"] == {"hair": 1}
    own.click()
    easel.finished()
    np.testing.assert_array_equal(read(saved(visited, "Picture")), plain)
    visited.get_by_role("button", name="Correct the parts").click()
    expect(visited.get_by_role("button", name="Paint the layout")).to_be_visible()


def test_faces_have_names_contrast_and_room(visited: Page) -> None:
    visited.set_viewport_size({"width": 1100, "height": 700})
    assert faults_of(visited, screens(visited)) == []
    assert visited.evaluate(OUT_OF_REACH) == []


def screens(page: Page) -> Iterator[str]:
    begun(page)
    yield "a face"
    choose_files(page, page.get_by_role("button", name="Bring another face"), [("other.png", png(square(3)[0]))])
    expect(page.get_by_role("button", name="Its layout")).to_be_visible(timeout=SLOW)
    yield "with another"
