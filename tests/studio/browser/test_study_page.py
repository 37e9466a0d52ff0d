"""The page of a user study, opened from a file as participants open it."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, expect

from sembla.evaluation.answers import score_study
from sembla.evaluation.study import Study, make_study

QUESTIONS = 6
DARK, LIGHT = 40, 220


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Six dark pictures of one method, six light ones of another, each with a reference."""
    for method, level in (("dark", DARK), ("light", LIGHT), ("truth", 128)):
        (tmp_path / method).mkdir()
        for number in range(QUESTIONS):
            Image.fromarray(np.full((48, 64, 3), level, np.uint8)).save(tmp_path / method / f"{number}.png")
    methods = {name: tmp_path / name for name in ("dark", "light")}
    return make_study(methods, tmp_path / "out", reference=tmp_path / "truth", questions=QUESTIONS)


@pytest.fixture
def visit(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile; afterwards nothing may have gone wrong unseen, nor anything but files been asked for."""
    context, wrong = browser.new_context(accept_downloads=True, has_touch=True), []
    context.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("request", lambda asked: None if asked.url.startswith(("file:", "blob:")) else wrong.append(asked.url))
    yield context
    context.close()
    assert wrong == []


def start(visit: BrowserContext, study: Study, *, name: str = "") -> Page:
    page = visit.new_page()
    page.goto(study.page.as_uri())
    page.fill("#participant", name)
    page.click("text=Start")
    expect(page.locator("#left")).to_be_enabled()
    return page


def lightness(page: Page, selector: str) -> int:
    """The red of the middle of what is on the screen there."""
    box = page.locator(selector).bounding_box()
    assert box is not None
    clip: FloatRect = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2, "width": 1, "height": 1}
    shot = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")
    return int(np.asarray(shot)[0, 0, 0])


def download(page: Page, selector: str, into: Path) -> list[dict[str, str]]:
    with page.expect_download() as coming:
        page.click(selector)
    coming.value.save_as(into)
    with into.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def step(page: Page, number: int) -> None:
    """Wait until question `number` can be answered."""
    expect(page.locator("#progress")).to_have_text(f"{number} of {QUESTIONS}")
    expect(page.locator("#left")).to_be_enabled()


def test_who_likes_light_pictures_is_understood(visit: BrowserContext, study: Study, tmp_path: Path) -> None:
    """Answers by what the screen shows, all but one by mouse, key or touch in turn; the score must find it out."""
    page = start(visit, study, name="anna")
    for number in range(1, QUESTIONS + 1):
        step(page, number)
        shades = {side: lightness(page, f"#{side}") for side in ("left", "right")}
        assert sorted(shades.values()) == [DARK, LIGHT]
        assert lightness(page, "#reference") == 128
        wanted = (
            max(shades, key=lambda side: shades[side]) if number > 1 else min(shades, key=lambda side: shades[side])
        )
        if number % 3 == 0:
            page.click(f"#{wanted}")
        elif number % 3 == 1:
            page.keyboard.press(f"Arrow{wanted.title()}")
        else:
            page.tap(f"#{wanted}")
    expect(page.locator("#thanks")).to_be_visible()
    rows = download(page, "#download", tmp_path / "anna.csv")
    assert [row["participant"] for row in rows] == ["anna"] * QUESTIONS
    assert sorted(int(row["question"]) for row in rows) == list(range(1, QUESTIONS + 1))
    assert all(0 < float(row["seconds"]) < 60 for row in rows)
    result = score_study(tmp_path / "out", [tmp_path / "anna.csv"])
    assert result.wins == {"light": {"light": 0, "dark": 5}, "dark": {"light": 1, "dark": 0}}


def test_a_visit_goes_on_where_it_was_left(visit: BrowserContext, study: Study, tmp_path: Path) -> None:
    page = start(visit, study)
    for number in (1, 2, 3):
        step(page, number)
        page.keyboard.press("ArrowDown")
    step(page, 4)
    shown = [page.locator(f"#{side} img").get_attribute("src") for side in ("left", "right")]
    before = download(page, "#rest", tmp_path / "before.csv")
    page.close()
    page = visit.new_page()
    page.goto(study.page.as_uri())
    step(page, 4)
    assert [page.locator(f"#{side} img").get_attribute("src") for side in ("left", "right")] == shown
    assert download(page, "#rest", tmp_path / "after.csv") == before
    assert [row["side"] for row in before] == ["tie"] * 3
    assert before[0]["participant"].startswith("random-")


def test_an_answer_can_be_taken_back(visit: BrowserContext, study: Study, tmp_path: Path) -> None:
    page = start(visit, study)
    page.keyboard.press("ArrowLeft")
    step(page, 2)
    page.keyboard.press("Backspace")
    step(page, 1)
    expect(page.locator("#back")).to_be_disabled()
    page.keyboard.press("ArrowRight")
    step(page, 2)
    assert [row["side"] for row in download(page, "#rest", tmp_path / "a.csv")] == ["right"]


def test_a_key_that_is_held_answers_once(visit: BrowserContext, study: Study) -> None:
    page = start(visit, study)
    page.keyboard.down("ArrowLeft")
    step(page, 2)
    for _ in range(5):
        page.keyboard.down("ArrowLeft")  # without a release between, these are repeats
    page.wait_for_timeout(200)
    step(page, 2)


def test_orders_and_sides_differ_between_participants(visit: BrowserContext, study: Study) -> None:
    """Over ten visits, each picture of question 1 comes left, and the first question is not always one and the same."""
    firsts, sides = Counter[str](), Counter[str]()
    page = visit.new_page()
    for _ in range(10):
        page.goto(study.page.as_uri())
        page.click("text=Start")
        step(page, 1)
        place = page.evaluate("Object.values(localStorage)[0]")
        plan = json.loads(place)["plan"]
        assert sorted(int(question["question"]) for question in plan) == list(range(1, QUESTIONS + 1))
        firsts[plan[0]["question"]] += 1
        sides[next(question["left"] for question in plan if question["question"] == "1")] += 1
        page.evaluate("localStorage.clear()")
    assert len(firsts) > 1  # all alike by chance: 1 in 6^9
    assert len(sides) == 2  # by chance: 1 in 2^9


def test_what_was_typed_cannot_break_the_file(visit: BrowserContext, study: Study, tmp_path: Path) -> None:
    page = start(visit, study, name='=1+"x",\'; <b>Zoë</b>')
    page.keyboard.press("ArrowLeft")
    step(page, 2)
    (row,) = download(page, "#rest", tmp_path / "a.csv")
    assert row["participant"] == "1x bZoëb"
    assert score_study(tmp_path / "out", [tmp_path / "a.csv"]).answers == 1


def test_a_picture_that_is_missing_is_told_and_not_answered(browser: Browser, study: Study) -> None:
    for path in (study.page.parent / "pictures").iterdir():
        path.unlink()
    context = browser.new_context()
    page = context.new_page()
    page.goto(study.page.as_uri())
    page.click("text=Start")
    expect(page.locator("#trouble")).to_contain_text("is missing")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#progress")).to_have_text(f"1 of {QUESTIONS}")
    expect(page.locator("#left")).to_be_disabled()
    context.close()


def test_another_participant_starts_anew(visit: BrowserContext, study: Study) -> None:
    page = start(visit, study, name="anna")
    for number in range(1, QUESTIONS + 1):
        step(page, number)
        page.keyboard.press("ArrowRight")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#another")
    expect(page.locator("#welcome")).to_be_visible()
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()
    assert page.input_value("#participant") == ""


@pytest.mark.parametrize(("width", "height"), [(360, 640), (844, 390), (1440, 900)])
def test_everything_fits_the_screen(browser: Browser, study: Study, width: int, height: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": height})
    page = start(context, study)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    left, right = (page.locator(f"#{side}").bounding_box() for side in ("left", "right"))
    assert left is not None
    assert right is not None
    assert left["width"] == pytest.approx(right["width"], abs=1)
    assert left["y"] == right["y"]
    tie = page.locator("#tie").bounding_box()
    assert tie is not None
    assert tie["y"] + tie["height"] <= height
    assert min(left["height"], tie["height"]) >= 40
    context.close()
