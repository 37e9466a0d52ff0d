"""Make the screenshots of the documentation, docs/images/studio*.jpg, by using the studio in headless Chromium.

    python -m scripts.make_studio_images            # all of them but `training`
    python -m scripts.make_studio_images training   # which takes minutes, and PyTorch

Run it anew after any change to the page, and look at what it made. Needs Chromium and the extra `test`.
"""

import io
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from scripts.make_images import IMAGES, QUALITY, STROKES
from tests.studio.browser.support import running_browser, running_studio

from sembla import api

WINDOW = {"width": 1440, "height": 900}

Line = Sequence[tuple[float, float]]
"""Places as shares of the photo's width and height."""

CLASSES = ("table", "floor", "saucer", "cup", "porcelain", "coffee", "spoon")
"""What the strokes of `make_images` mean, in their order."""


def main() -> None:
    """Write all pictures, or those named."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[1:] or ["start", "painting", "scribbling", "variations"]
    with tempfile.TemporaryDirectory() as runs, running_browser() as browser, running_studio(runs=Path(runs)) as studio:
        for make in (start, painting, scribbling, variations, training):
            if make.__name__ not in wanted:
                continue
            with window(browser, studio.address, dark=make is variations) as page:
                make(page)
                write(page, {"painting": "studio"}.get(make.__name__, f"studio-{make.__name__}"))


@contextmanager
def window(browser: Browser, address: str, *, dark: bool) -> Iterator[Page]:
    """The studio as somebody sees it who has been there before."""
    context = browser.new_context(viewport=WINDOW, color_scheme="dark" if dark else "light")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def start(page: Page) -> None:
    """The first thing to be seen."""
    page.get_by_role("button", name="Rocket").wait_for()
    page.wait_for_load_state("networkidle")


def painting(page: Page) -> None:
    """A layout that was changed, and the picture that followed: a second rocket, and clouds painted high."""
    example(page, "Rocket")
    page.get_by_role("radio", name="Move").click()
    page.keyboard.down("Shift")
    drag(page, ((0.435, 0.26), (0.565, 0.26), (0.565, 0.995), (0.435, 0.995), (0.435, 0.27)))
    page.keyboard.up("Shift")
    page.keyboard.down("Alt")
    drag(page, ((0.5, 0.6), (0.6, 0.6), (0.755, 0.6)))
    page.keyboard.up("Alt")
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="cloud").click()
    page.get_by_role("radio", name="Brush").click()
    page.get_by_label("Size").first.fill("62")
    drag(page, ((0.2, 0.3), (0.3, 0.24), (0.36, 0.28), (0.42, 0.2)))
    finished(page)


def scribbling(page: Page) -> None:
    """A photo that is being labelled: strokes over it, and what they were filled to."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "coffee.png"
        api.write_picture(photo, api.load_example("coffee").picture)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Open a photo").click()
        chooser.value.set_files(photo)
        page.get_by_role("button", name="Scribble").click()
    classes = page.get_by_role("radiogroup", name="Classes")
    page.get_by_label("Size").first.fill("38")
    for number, (name, stroke) in enumerate(zip(CLASSES, STROKES.values(), strict=True)):
        if number >= 2:
            page.get_by_role("button", name="Add").click()
        classes.get_by_role("radio").nth(number).click()
        page.get_by_label("Name").fill(name)
        page.keyboard.press("Enter")
        drag(page, [(x / 600, y / 400) for x, y in stroke])
    page.wait_for_timeout(3000)


def variations(page: Page) -> None:
    """Six pictures of one layout, the third one chosen."""
    example(page, "Chelsea")
    page.get_by_role("button", name="Variations", exact=True).click()
    page.get_by_role("button", name="Variation 6").locator("img, canvas").first.wait_for(timeout=60_000)
    page.get_by_role("button", name="Variation 3").click()
    finished(page)


def training(page: Page) -> None:
    """A model that is being trained on a photo, far enough for its preview to be worth a look."""
    example(page, "Rocket")
    page.get_by_role("button", name="Trained model", exact=True).click()
    page.get_by_role("button", name="Train on this photo").click()
    page.get_by_role("button", name=re.compile("^Preview after ([4-9]|1[0-9])[0-9]{2} steps")).wait_for(
        timeout=3_600_000
    )
    page.get_by_role("button", name="Cancel").scroll_into_view_if_needed()


def drag(page: Page, line: Line) -> None:
    """Draw a line with the tool at hand. The photo fills its pane up to a margin of 12 px."""
    box = page.locator("#editor").bounding_box()
    assert box is not None
    width, height = 3, 2  # the shape of the photos that are used here
    zoom = min((box["width"] - 24) / width, (box["height"] - 24) / height)
    left, top = box["x"] + (box["width"] - width * zoom) / 2, box["y"] + (box["height"] - height * zoom) / 2
    places = [(left + x * width * zoom, top + y * height * zoom) for x, y in line]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=12)
    page.mouse.up()


def example(page: Page, name: str) -> None:
    """Open an example and wait for its picture."""
    page.get_by_role("button", name="Got it").click()
    page.get_by_role("button", name=name).click()
    finished(page)


def finished(page: Page) -> None:
    """Wait until the picture is made."""
    page.locator(".result-status[data-kind=done]").wait_for(timeout=60_000)
    page.wait_for_timeout(300)


def write(page: Page, name: str) -> None:
    """Save what the page shows."""
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(IMAGES / f"{name}.jpg", quality=QUALITY)


if __name__ == "__main__":
    main()
