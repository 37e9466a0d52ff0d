"""Regions are marked and kept, holes filled and faces placed, by generators that have learned nothing."""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from PIL import Image
from playwright.sync_api import Browser, Download, FilePayload, Locator, Page, expect
from tests.faces.test_shape import face
from tests.studio.browser.painting import Easel, Pixels, png
from tests.studio.browser.support import Studio, running_studio
from tests.studio.browser.test_accessibility import OUT_OF_REACH, faults_of
from tests.studio.browser.visits import problem, visit
from tests.studio.generators import noise, write_generators

from sembla import api
from sembla.core.ways import Predicted, Steered

SQUARE, GAP = 512, 8
SIZE = (128, 128)
SLOW = 120_000  # ms


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    write_generators(folder)
    return folder


@pytest.fixture(scope="module")
def boards(runs: Path) -> Iterator[Studio]:
    with running_studio(runs=runs) as running:
        yield running


@pytest.fixture
def visited(browser: Browser, boards: Studio) -> Iterator[Page]:
    with visit(browser, boards) as page:
        yield page


def choose_files(page: Page, opener: Locator, files: Sequence[tuple[str, bytes]]) -> None:
    with page.expect_file_chooser() as chooser:
        opener.click()
    kind = "application/octet-stream"
    chooser.value.set_files([FilePayload(name=name, mimeType=kind, buffer=content) for name, content in files])


def begun(page: Page, model: str, heading: str, pictures: Sequence[Pixels]) -> Easel:
    """A board of pictures 0.png, 1.png and so on, begun at the start screen."""
    files = [(f"{number}.png", png(picture)) for number, picture in enumerate(pictures)]
    choose_files(page, page.get_by_role("button", name=model), files)
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=SLOW)
    return Easel(page)


def put(page: Page, name: str, value: str) -> None:
    field = page.get_by_role("spinbutton", name=name, exact=True)
    field.fill(value)
    field.press("Tab")


def work(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".board-words[data-kind=done]")).to_be_attached(timeout=SLOW)


def saved(page: Page, item: str) -> Download:
    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=re.compile(f"^{item}")).click()
    return download.value


def read(download: Download) -> Pixels:
    return np.asarray(Image.open(download.path()).convert("RGB"))


def zipped(download: Download) -> dict[str, Pixels]:
    with zipfile.ZipFile(download.path()) as file:
        return {name: np.asarray(Image.open(io.BytesIO(file.read(name)))) for name in file.namelist()}


def kept_pictures(page: Page) -> Easel:
    return begun(page, "rooms Keeps", "Keep regions", [noise(0), noise(1)])


def rectangle(easel: Easel, number: int, corners: tuple[int, int, int, int]) -> Pixels:
    """Drag a rectangle in one of two squares side by side; gives what is marked of it."""
    view = easel.fitted(SQUARE, 2 * SQUARE + GAP)
    left, top, right, bottom = corners
    shift = number * (SQUARE + GAP)
    easel.tool("Rectangle")
    start, end = view.screen(left + shift, top), view.screen(right + shift, bottom)
    easel.drag(start, ((start[0] + end[0]) // 2, (start[1] + end[1]) // 2), end)
    return np.asarray(read(saved(easel.page, "Mask of the picture"))[..., 0] > 0)


def test_regions_of_two_pictures_are_kept_as_python_keeps_them(visited: Page, runs: Path) -> None:
    easel = kept_pictures(visited)
    first = rectangle(easel, 0, (60, 100, 300, 260))
    assert first[180, 180]
    visited.get_by_role("button", name="Add", exact=True).click()
    expect(visited.get_by_role("radiogroup", name="Regions").get_by_role("radio")).to_have_count(3)
    put(visited, "Weight", "2.5")
    visited.get_by_role("checkbox", name="Lock").check()
    rectangle(easel, 1, (200, 280, 420, 420))
    visited.get_by_role("radio", name="1.png").click()
    second = read(saved(visited, "Mask of the picture"))[..., 0] > 0
    assert second[350, 300]
    for name, value in (("Candidates", "5"), ("Shown", "2"), ("Steps", "1"), ("Seed", "7")):
        put(visited, name, value)
    visited.get_by_role("slider", name="What counts").fill("25")
    work(visited, "Generate")

    model = api.load(runs / "rooms")
    squares = [api.middle_square(noise(number), SQUARE) for number in range(2)]
    kept = [
        api.keep(squares[0], model=model, mask=first),
        api.keep(squares[1], model=model, mask=second, weight=2.5, locked=True),
    ]
    result = api.preserve(kept, model=model, seed=7, candidates=5, shown=2, search=Steered(1, meaning=0.25))
    candidates = visited.get_by_role("radiogroup", name="Candidates").get_by_role("radio")
    expect(candidates).to_have_count(2)
    for at, distance in enumerate(result.distances):
        expect(candidates.nth(at)).to_contain_text(f"{distance:#.3g}")
    candidates.nth(1).click()
    download = saved(visited, "Picture")
    assert download.suggested_filename == "0-preserve.png"
    np.testing.assert_array_equal(read(download), result.pictures[1])
    files = zipped(saved(visited, "All pictures"))
    assert sorted(files) == [f"{name}.png" for name in ("01", "02", "all", "deviation", "mean", "reference", "region")]
    np.testing.assert_array_equal(files["01.png"], result.pictures[0])
    np.testing.assert_array_equal(files["deviation.png"], result.deviation)
    for view in ("All", "Reference", "Mean", "Deviation"):
        visited.get_by_role("radio", name=view, exact=True).click()
        expect(visited.locator("img.board-single")).to_be_visible()


def test_marks_are_undone_cleared_and_outlive_a_reload_and_other_pictures(visited: Page) -> None:
    easel = kept_pictures(visited)
    marked = rectangle(easel, 0, (60, 100, 300, 260))
    visited.get_by_role("button", name="Clear").click()
    assert not read(saved(visited, "Mask of the picture")).any()
    expect(visited.get_by_role("button", name="Generate")).to_be_disabled()
    visited.get_by_role("button", name="Undo: Clear all marks").click()
    np.testing.assert_array_equal(read(saved(visited, "Mask of the picture"))[..., 0] > 0, marked)
    visited.wait_for_timeout(1000)  # it is kept a while after the last change
    visited.reload()
    expect(visited.get_by_role("heading", name="Keep regions")).to_be_visible(timeout=SLOW)
    np.testing.assert_array_equal(read(saved(visited, "Mask of the picture"))[..., 0] > 0, marked)

    choose_files(visited, visited.get_by_role("button", name="Add pictures"), [("more.png", png(noise(2)))])
    expect(visited.get_by_role("radio", name="more.png")).to_be_visible(timeout=SLOW)
    np.testing.assert_array_equal(read(saved(visited, "Mask of the picture"))[..., 0] > 0, marked)
    visited.get_by_role("radio", name="1.png").click()
    visited.get_by_role("button", name="Take this picture away").click()
    expect(visited.get_by_role("radio", name="1.png")).to_have_count(0, timeout=SLOW)
    np.testing.assert_array_equal(read(saved(visited, "Mask of the picture"))[..., 0] > 0, marked)


def test_work_is_seen_and_cancelled(visited: Page) -> None:
    easel = kept_pictures(visited)
    rectangle(easel, 0, (60, 100, 300, 260))
    search, whole = visited.get_by_role("combobox", name="Search"), visited.get_by_role("checkbox", name="Whole cells")
    expect(whole).to_be_hidden()
    search.select_option(label="Published, for faces")
    expect(whole).to_be_visible()
    search.select_option(label="Pixels alone (iGAN)")
    expect(whole).to_be_hidden()
    put(visited, "Steps", "10000")
    visited.get_by_role("button", name="Generate").click()
    expect(visited.locator("img.board-single")).to_be_visible(timeout=SLOW)
    expect(visited.get_by_text("of 10000")).to_be_visible()
    visited.get_by_role("button", name="Cancel").click()
    expect(visited.get_by_text("Cancelled").first).to_be_visible()
    expect(visited.get_by_role("button", name="Generate")).to_be_enabled()


def test_a_hole_is_filled_and_frames_are_played(visited: Page, runs: Path) -> None:
    pictures = [noise(number, SIZE) for number in range(2)]
    easel = begun(visited, "faces Fills", "Fill holes", pictures)
    visited.get_by_role("combobox", name="Kind of hole").select_option("center")
    visited.get_by_role("button", name="Lay over all").click()
    points = [face(number) for number in range(2)]
    for number in range(2):
        visited.get_by_role("radio", name=f"{number}.png").click()
        opener = visited.get_by_role("button", name="Open…")
        choose_files(visited, opener, [("points.json", json.dumps(points[number].tolist()).encode())])
        expect(visited.get_by_role("button", name="Undo: Open the points of a face")).to_be_visible()
        np.testing.assert_allclose(json.loads(saved(visited, "Points").path().read_text()), points[number], atol=2e-3)
    put(visited, "Steps", "1")
    work(visited, "Fill")

    hole = api.draw_hole("center", SIZE)
    damaged = [api.damage(picture, hole, landmarks=its) for picture, its in zip(pictures, points, strict=True)]
    result = api.inpaint(damaged, model=api.load(runs / "faces"), fill=Predicted(1))
    files = zipped(saved(visited, "All pictures"))
    for number in range(2):
        np.testing.assert_array_equal(files[f"whole-1/{number}.png"], result.pictures[number])
        np.testing.assert_array_equal(files[f"faces-1/{number}.png"], result.made[number])
    download = saved(visited, "Picture")
    np.testing.assert_array_equal(read(download), result.pictures[1])

    after = visited.get_by_alt_text("With the hole filled")
    expect(after).to_be_visible()
    visited.get_by_role("slider", name="Before").fill("40")
    assert after.evaluate("image => image.style.clipPath") == "inset(0px 0px 0px 40%)"
    visited.get_by_role("checkbox", name="Face alone").check()
    expect(visited.get_by_alt_text("The face alone")).to_be_visible()
    visited.get_by_role("button", name="Play").click()
    expect(visited.get_by_text("1 of 2")).to_be_visible()
    expect(visited.get_by_text("2 of 2")).to_be_visible()
    visited.get_by_role("button", name="Pause").click()
    assert easel.tools.get_by_role("radio", name="Points of faces").is_visible()


def test_points_are_dragged_and_the_others_follow(visited: Page) -> None:
    easel = begun(visited, "faces Fills", "Fill holes", [noise(0, SIZE)])
    choose_files(
        visited, visited.get_by_role("button", name="Open…"), [("p.json", json.dumps(face().tolist()).encode())]
    )
    expect(visited.get_by_role("button", name="Undo: Open the points of a face")).to_be_visible()
    easel.tool("Points of faces")
    view, by = easel.fitted(*SIZE), np.array([12.0, -9.0])
    for at in (8, 27, 36, 45):
        x, y = face()[at] + 0.5
        easel.drag(view.screen(x, y), view.screen(x + 4, y - 3), view.screen(x + by[0], y + by[1]))
    expect(visited.get_by_text("4 placed by hand. The others can follow.")).to_be_visible()
    placed = np.array(json.loads(saved(visited, "Points").path().read_text()))
    moved = [8, 27, 36, 45]
    np.testing.assert_allclose(placed[moved], face()[moved] + by, atol=1.5 / view.zoom)
    rest = np.setdiff1d(np.arange(68), moved)
    np.testing.assert_allclose(placed[rest], face()[rest], atol=2e-3)

    visited.get_by_role("button", name="Guess the others").click()
    expect(visited.get_by_role("button", name="Undo: Guess the other points")).to_be_visible()
    guessed = np.array(json.loads(saved(visited, "Points").path().read_text()))
    right = np.isin(np.arange(68), moved)
    np.testing.assert_allclose(guessed, api.complete_landmarks(placed, right, SIZE), atol=2e-3)

    visited.get_by_role("button", name="Undo: Guess the other points").click()
    x, y = placed[30] + 0.5
    visited.keyboard.down("Shift")
    easel.drag(view.screen(x, y), view.screen(x - 5, y + 2), view.screen(x - 10, y + 4))
    visited.keyboard.up("Shift")
    shifted = np.array(json.loads(saved(visited, "Points").path().read_text()))
    np.testing.assert_allclose(shifted, placed + np.array([-10, 4]), atol=1.5 / view.zoom)


def test_without_a_face_a_mean_one_stands_in_and_why_is_told(visited: Page) -> None:
    begun(visited, "faces Fills", "Fill holes", [noise(0, SIZE)])
    visited.get_by_role("button", name="Find", exact=True).click()
    expect(problem(visited)).to_contain_text("A mean face stands in 1 of 1", timeout=SLOW)
    placed = np.array(json.loads(saved(visited, "Points").path().read_text()))
    np.testing.assert_allclose(placed, api.mean_landmarks(SIZE), atol=2e-3)
    visited.get_by_role("combobox", name="Kind of hole").select_option("left")
    visited.get_by_role("button", name="Lay over all").click()
    for name, value in (("Fillings", "2"), ("Steps", "1")):
        put(visited, name, value)
    visited.get_by_role("combobox", name="Search").select_option(label="Published search")
    work(visited, "Fill")
    fillings = visited.get_by_role("radiogroup", name="Fillings").get_by_role("radio")
    expect(fillings).to_have_count(2)
    fillings.nth(1).click()
    expect(fillings.nth(1)).to_have_attribute("aria-checked", "true")


def test_boards_have_names_contrast_and_room(visited: Page) -> None:
    visited.set_viewport_size({"width": 1100, "height": 700})
    assert faults_of(visited, screens(visited)) == []
    assert visited.evaluate(OUT_OF_REACH) == []


def screens(page: Page) -> Iterator[str]:
    """Both kinds of boards, before and after their work."""
    easel = kept_pictures(page)
    yield "nothing kept"
    rectangle(easel, 0, (60, 100, 300, 260))
    put(page, "Steps", "1")
    yield "marked"
    work(page, "Generate")
    yield "made"
    page.get_by_role("button", name="Keep or fill").click()
    yield "the menu"
    page.keyboard.press("Escape")
    files = [(f"{number}.png", png(noise(number, SIZE))) for number in range(2)]
    page.get_by_role("button", name="Keep or fill").click()
    choose_files(page, page.get_by_role("menuitem", name="faces Fills holes"), files)
    page.get_by_role("dialog").get_by_role("button", name="Replace").click()
    expect(page.get_by_role("heading", name="Fill holes")).to_be_visible(timeout=SLOW)
    yield "nothing missing"
    page.get_by_role("button", name="Lay over all").click()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(problem(page)).to_contain_text("A mean face stands in", timeout=SLOW)
    problem(page).get_by_role("button", name="Dismiss").click()
    work(page, "Fill")
    yield "filled"
