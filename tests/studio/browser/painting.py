"""A user at the page: opens a small photo, chooses, paints and saves; and where the map's pixels lie on the screen."""

import io
import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Download, FilePayload, FloatRect, Locator, Page, expect
from tests.surfaces.support import COLOURS

from sembla import api
from sembla.core.tasks import AnalogyTask, SceneTask

Pixels = NDArray[np.uint8]
"""Colours (H, W, 3) or class ids (H, W)."""

Point = tuple[float, float]
"""x and y, on the screen or on the map."""

Places = NDArray[np.floating]
"""A number for each pixel of a map (H, W)."""

MARGIN = 12
"""The editor leaves so many screen pixels around a fitted map."""


@dataclass(frozen=True)
class View:
    """How a map lies in its pane: `screen = corner + map * zoom`, in pixels of the page."""

    zoom: float
    left: float
    top: float

    def screen(self, x: float, y: float) -> Point:
        """The whole screen pixel nearest to a place on the map."""
        return (round(self.left + x * self.zoom), round(self.top + y * self.zoom))

    def map(self, point: Point) -> Point:
        """The place on the map under a screen point."""
        return ((point[0] - self.left) / self.zoom, (point[1] - self.top) / self.zoom)

    def zoomed(self, point: Point, factor: float) -> "View":
        """The view after zooming about a screen point."""
        x, y = point
        return View(self.zoom * factor, x - (x - self.left) * factor, y - (y - self.top) * factor)

    def panned(self, dx: float, dy: float) -> "View":
        """The view after the map was pushed by screen pixels."""
        return replace(self, left=self.left + dx, top=self.top + dy)


class Easel:
    """The page with a photo on it. Points are whole screen pixels, so that nothing is rounded on the way."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.surface = page.get_by_role("application")
        self.picture_pane = page.locator("canvas.result-canvas")
        self.tools = page.get_by_role("radiogroup", name="Tools")
        self.classes = page.get_by_role("radiogroup", name="Classes").get_by_role("radio")

    def open(self, photo: Pixels, labels: Pixels) -> None:
        """Open a photo and its label map, ids in `COLOURS`, and wait for the first picture."""
        self.open_photo(photo)
        self.open_labels(labels)
        self.finished()

    def open_photo(self, photo: Pixels) -> None:
        """Open a photo from the start screen."""
        self.choose_file(self.page.get_by_role("button", name="Open a photo"), "photo.png", png(photo))

    def open_labels(self, labels: Pixels) -> None:
        """Open a label map, ids in `COLOURS`, for the photo."""
        opener = self.page.get_by_role("button", name=re.compile("^Open a (label )?map"))
        self.choose_file(opener, "map.png", png(COLOURS[labels]))

    def choose_file(self, opener: Locator, name: str, content: bytes) -> None:
        """Press what opens the file chooser, and choose a file in it."""
        with self.page.expect_file_chooser() as chooser:
            opener.click()
        chooser.value.set_files(FilePayload(name=name, mimeType="image/png", buffer=content))

    def finished(self) -> None:
        """Wait until the picture is that of the layout."""
        expect(self.page.locator(".result-status[data-kind=done]")).to_be_attached(timeout=30_000)

    def wait(self, question: Callable[[], bool]) -> None:
        """Ask until the answer is yes; the page's policy forbids Playwright's own `wait_for_function`."""
        for _ in range(500):
            if question():
                return
            self.page.wait_for_timeout(20)
        raise AssertionError("this never came true")

    def box(self) -> FloatRect:
        """Where the painting surface is on the page."""
        box = self.surface.bounding_box()
        assert box is not None
        return box

    def fitted(self, height: int, width: int) -> View:
        """The view that shows all of a map."""
        box = self.box()
        across, down = self.surface.evaluate("pane => [pane.clientWidth, pane.clientHeight]")
        zoom = min((across - 2 * MARGIN) / width, (down - 2 * MARGIN) / height)
        return View(zoom, box["x"] + (across - width * zoom) / 2, box["y"] + (down - height * zoom) / 2)

    def tool(self, name: str) -> None:
        """Choose a tool."""
        self.tools.get_by_role("radio", name=name, exact=True).click()

    def choose(self, class_id: int) -> None:
        """Choose the class to paint with."""
        self.classes.nth(class_id).click()

    def chosen(self) -> int:
        """The class to paint with."""
        return [row.get_attribute("aria-checked") for row in self.classes.all()].index("true")

    def brush(self) -> int:
        """The brush's diameter in map pixels, as told."""
        told = self.page.get_by_role("slider", name="Size", exact=True).get_attribute("aria-valuetext") or ""
        return int(told.removesuffix(" px"))

    def drag(self, *points: Point) -> None:
        """Press at the first point, go straight from each to the next, let go at the last."""
        mouse = self.page.mouse
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point)
        mouse.up()

    def click(self, point: Point) -> None:
        """Press and let go at a point."""
        self.page.mouse.click(*point)

    def save(self, item: str) -> Download:
        """Choose a line of the menu Save."""
        self.page.get_by_role("button", name="Save", exact=True).click()
        line = self.page.get_by_role("menu", name="Save").get_by_role("menuitem", name=re.compile(f"^{item}"))
        with self.page.expect_download() as download:
            line.click()
        return download.value

    def layout(self) -> Pixels:
        """The layout's class ids, from its saved file."""
        return ids(self.save("Layout"))

    def picture(self) -> Pixels:
        """The finished picture, from its saved file."""
        self.finished()
        return pixels(self.save("Picture"))


def focused(page: Page) -> str:
    """Role, name and state of what has the focus, such as 'radio "Brush" [checked]'; empty where nothing has."""
    focus = page.locator(":focus")
    return focus.aria_snapshot().splitlines()[0].removeprefix("- ").strip("':") if focus.count() else ""


def png(picture: Pixels) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    return file.getvalue()


def pixels(download: Download) -> Pixels:
    """A downloaded picture (H, W, 3); it must be an RGB file."""
    image = Image.open(download.path())
    assert image.mode == "RGB"
    return np.array(image)


def ids(download: Download) -> Pixels:
    """The class ids of a downloaded map; it must be a palette file."""
    image = Image.open(download.path())
    assert image.mode == "P"
    return np.array(image)


class Engine:
    """Sembla itself, in a process of its own: its kernels run in one thread at a time."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        pool.submit(api.warm_up)

    def run(self, task: AnalogyTask) -> tuple[Pixels, ...]:
        """The pictures of a task."""
        return self._pool.submit(api.run, task).result(60).pictures

    def scene(self, bank: Path, task: SceneTask) -> Pixels:
        """The picture of a scene from a bank."""
        return self._pool.submit(_scene, bank, task).result(120)


def _scene(bank: Path, task: SceneTask) -> Pixels:
    return api.run_scene(task, engine=api.open_bank(bank)).picture


def shown(page: Page, box: FloatRect, view: View, shape: tuple[int, int]) -> tuple[NDArray[np.bool_], Pixels]:
    """What a box on the page shows at the centre of each pixel of a map: whether it is there, and its colour."""
    page.mouse.move(2, 2)
    screen = np.array(Image.open(io.BytesIO(page.screenshot(clip=box))).convert("RGB"))
    x, y = centres(shape)
    column = np.floor(view.left + x * view.zoom - box["x"]).astype(int)
    row = np.floor(view.top + y * view.zoom - box["y"]).astype(int)
    height, width = screen.shape[:2]
    seen = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return seen, screen[row.clip(0, height - 1), column.clip(0, width - 1)]


def centres(shape: tuple[int, int]) -> tuple[Places, Places]:
    """x and y of the centres of a map's pixels, each (H, W)."""
    y, x = np.indices(shape)
    return x + 0.5, y + 0.5


def stroke(shape: tuple[int, int], points: Sequence[Point], diameter: float) -> NDArray[np.bool_]:
    """The pixels of a brush stroke through map points: centres within its radius, and the pixels of its points."""
    x, y = centres(shape)
    distance = np.full(shape, math.inf)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[-1]], strict=True):
        dx, dy = bx - ax, by - ay
        t = np.clip(((x - ax) * dx + (y - ay) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
        distance = np.minimum(distance, np.hypot(x - ax - t * dx, y - ay - t * dy))
    covered = clearly(distance - diameter / 2) < 0
    for px, py in points:
        covered[math.floor(py), math.floor(px)] = True
    return covered


def inside(shape: tuple[int, int], points: Sequence[Point]) -> NDArray[np.bool_]:
    """The pixels about whose centre a closed line turns, summed over the angles that its sides span there."""
    x, y = centres(shape)
    turn = np.zeros(shape)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        cross = clearly((ax - x) * (by - y) - (ay - y) * (bx - x))
        turn += np.arctan2(cross, (ax - x) * (bx - x) + (ay - y) * (by - y))
    return np.abs(turn) > math.pi


def clearly(values: Places) -> Places:
    """The values, none of which may be so near 0 that rounding decides; choose other points if one is."""
    assert np.abs(values).min() > 1e-7
    return values


def painted(before: Pixels, covered: NDArray[np.bool_], class_id: int) -> Pixels:
    """A map after painting; some pixel must change, and some stay."""
    after = np.where(covered, class_id, before).astype(np.uint8)
    assert 0 < (after != before).sum() < before.size
    return after
