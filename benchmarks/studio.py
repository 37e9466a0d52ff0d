"""Measure the studio in a real browser: first paint, weight, strokes, frames a second, memory, many pages at once.

Starts `sembla studio`, drives it in headless Chromium and by its WebSocket, prints the table and writes
results/studio.json and results/studio.md. Needs Chromium and the extra `test`.

    python -m benchmarks.studio
"""

import io
import json
import os
import platform
import statistics
import struct
import tempfile
import time
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page
from tests.studio.browser.support import Studio, browser_path, running_browser, running_studio
from websockets.sync.client import ClientConnection, connect

from sembla import api
from sembla.core.tasks import AnalogyTask
from sembla.core.types import LabelMap, Picture

RESULTS = Path(__file__).parent / "results"
EXAMPLE = "astronaut"
"""Its photo has 512x512 pixels."""
STROKES = 20
EDITS = 200
PAGES = 8
FAST = (2048, 1536)

WATCH = """
() => {
  window.seen = [];
  const note = (what, number) => window.seen.push({ what, number, at: performance.now() });
  addEventListener("pointerup", () => note("up", 0), true);
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (data.byteLength) {
      const bytes = new Uint8Array(data.buffer ?? data);
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
      note(header.draft ? "asked for a draft" : "asked", header.number);
      if (!this.watched) {
        this.watched = true;
        this.addEventListener("message", (event) => {
          if (typeof event.data === "string") return;
          const view = new DataView(event.data);
          const header = JSON.parse(new TextDecoder().decode(new Uint8Array(event.data, 4, view.getUint32(0, true))));
          note("received " + header.kind, header.number);
        });
      }
    }
    return send.call(this, data);
  };
  const drawImage = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    if (this.canvas.classList.contains("result-canvas")) note("drawn", 0);
    return drawImage.apply(this, given);
  };
}
"""
"""Notes when the pen is lifted, what is asked for, what arrives, and when the right pane is drawn."""

Row = dict[str, object]


@dataclass(frozen=True)
class Figure:
    """One line of the table."""

    what: str
    measured: str
    asked: str


def until(page: Page, script: str) -> Any:
    """What a function in the page returns, once that is not null; Playwright's own waiting needs `eval`."""
    ends = time.perf_counter() + 60
    while time.perf_counter() < ends:
        found = page.evaluate(script)
        if found is not None:
            return found
        page.wait_for_timeout(250)
    raise TimeoutError(f"{script} stayed null for a minute")


def first_paint(browser: Browser) -> Figure:
    """From starting the process to the first contentful paint of its page."""
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        with running_studio() as studio:
            page = browser.new_page()
            page.goto(studio.address, wait_until="commit")
            until(page, "() => performance.getEntriesByName('first-contentful-paint').length > 0 || null")
            seconds.append(time.perf_counter() - started)
            page.close()
    median, worst = statistics.median(seconds[1:]), max(seconds[1:])
    return Figure("`sembla studio` to first paint, warm", f"{median:.2f} s (worst of 5 {worst:.2f} s)", "3 s")


def weight(browser: Browser, studio: Studio) -> list[Figure]:
    """What a first visit loads, and from whom."""
    page, sizes, foreign = browser.new_page(), {}, []
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.on("request", lambda asked: None if asked.url.startswith(studio.address) else foreign.append(asked.url))
    page.goto(studio.address, wait_until="networkidle")
    page.close()
    code = sum(size for url, size in sizes.items() if "/api/" not in url)
    return [
        Figure("page weight, uncompressed", f"{code / 1e3:.0f} kB in {len(sizes)} requests", "300 kB"),
        Figure("with the examples' thumbnails", f"{sum(sizes.values()) / 1e3:.0f} kB", ""),
        Figure("requests to other hosts", str(len(foreign)), "0"),
    ]


def open_example(page: Page, studio: Studio, name: str) -> None:
    """Open an example and wait until its first picture is finished."""
    page.goto(studio.address)
    page.get_by_role("button", name=name.capitalize()).click()
    page.get_by_role("img", name="The picture, ").wait_for(timeout=60_000)


def strokes(browser: Browser, studio: Studio) -> list[Figure]:
    """From lifting the pen to the first frame and to the finished picture on the screen, 512x512."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(f"({WATCH})()")
    open_example(page, studio, EXAMPLE)
    previews, finals = [], []
    for number in range(STROKES):
        page.keyboard.press(str(number % 5 + 1))
        page.evaluate("window.seen.length = 0")
        _stroke(page, number)
        preview, final = until(page, FINISHED)
        previews.append(preview)
        finals.append(final)
        page.wait_for_timeout(300)
    page.close()
    return [
        Figure(f"pen lifted to {what}, 512x512", _told(values, "ms"), asked)
        for what, values, asked in (("first preview", previews, "250 ms"), ("finished picture", finals, "1500 ms"))
    ]


FINISHED = """
() => {
  const up = window.seen.findLast((mark) => mark.what === "up");
  const asked = up && window.seen.find((mark) => mark.what === "asked" && mark.at >= up.at);
  const drawn = (kind) => {
    const got = asked && window.seen.find((mark) => mark.what === "received " + kind && mark.number === asked.number);
    return got && window.seen.find((mark) => mark.what === "drawn" && mark.at > got.at);
  };
  const [preview, picture] = [drawn("preview"), drawn("picture")];
  return preview && picture ? [preview.at - up.at, picture.at - up.at] : null;
}
"""
"""Milliseconds from lifting the pen to the frames of the request that followed; null before they are drawn."""


def _stroke(page: Page, number: int) -> None:
    """Draw a stroke of half a second somewhere in the middle of the layout."""
    box = page.locator("#editor").bounding_box()
    assert box is not None
    chance = np.random.default_rng(number)
    at = chance.uniform(0.35, 0.65, 2)
    x, y = box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"]
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(15):
        page.mouse.move(x + 4 * step * float(chance.uniform(0, 1)), y + 3 * step * float(chance.uniform(-1, 1)))
        page.wait_for_timeout(16)
    page.mouse.up()


def _told(values: list[float], unit: str) -> str:
    return f"median {statistics.median(values):.0f} {unit}, worst of {len(values)} {max(values):.0f} {unit}"


def frames(browser: Browser, studio: Studio) -> list[Figure]:
    """Frames a second while a long stroke is painted on a large photo and the server follows it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(f"({WATCH})()")
    example = api.load_example(EXAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        photo, labels = Path(folder) / "photo.png", Path(folder) / "labels.png"
        Image.fromarray(example.picture).resize(FAST).save(photo)
        Image.fromarray(example.label_set.palette[example.labels]).resize(FAST, Image.Resampling.NEAREST).save(labels)
        page.goto(studio.address)
        _choose(page, "Open a photo", photo)
        _choose(page, "Open a label map", labels)
        page.get_by_role("img", name="The picture, ").wait_for(timeout=60_000)
    page.evaluate(COUNT)
    page.evaluate("window.seen.length = 0; window.times.length = 0")
    box = page.locator("#editor").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    ends = time.perf_counter() + 6
    step = 0
    while time.perf_counter() < ends:
        step += 1
        page.mouse.move(x + 150 * np.cos(step / 20), y + 120 * np.sin(step / 13))
        time.sleep(0.008)
    times = page.evaluate("window.times")
    drafts = page.evaluate("window.seen.filter((mark) => mark.what === 'received preview').length")
    page.mouse.up()
    page.close()
    gaps = np.diff(times)
    rate, slow = 1000 * len(gaps) / (times[-1] - times[0]), float(np.percentile(gaps, 95))
    told = f"{rate:.0f} frames a second, 95 % of the gaps under {slow:.0f} ms, {drafts} previews shown meanwhile"
    return [Figure(f"painting on {FAST[0]}x{FAST[1]} while the server works", told, "50 frames a second")]


COUNT = """
() => {
  window.times = [];
  const count = (at) => { window.times.push(at); requestAnimationFrame(count); };
  requestAnimationFrame(count);
}
"""


def _choose(page: Page, button: str, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=button).first.click()
    chooser.value.set_files(file)


class Client:
    """A page without a browser."""

    def __init__(self, studio: Studio, picture: Picture) -> None:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "PNG")
        request = urllib.request.Request(studio.address + "api/photos", data=file.getvalue(), method="POST")
        request.add_header("Content-Type", "application/octet-stream")
        with urllib.request.urlopen(request) as answer:
            self.photo = json.load(answer)["id"]
        self.address = studio.address.replace("http", "ws") + "api/live"

    def connect(self) -> ClientConnection:
        """The live connection."""
        return connect(self.address, max_size=None)

    def ask(self, live: ClientConnection, task: AnalogyTask, number: int) -> Picture:
        """Have a task done and wait for its picture."""
        parts = [zlib.compress(each.tobytes(), 1) for each in (task.labels, task.layout)]
        height, width = task.layout.shape
        maps = [
            {"name": name, "width": width, "height": height, "bytes": len(part)}
            for name, part in zip(("labels", "layout"), parts, strict=True)
        ]
        settings = {"seed": task.seed, "keep": task.keep, "size": task.size}
        header = {"number": number, "task": "analogy", "photo": self.photo, "settings": settings, "maps": maps}
        text = json.dumps(header | {"draft": False}).encode()
        live.send(struct.pack("<I", len(text)) + text + b"".join(parts))
        for message in live:
            if isinstance(message, bytes):
                length = struct.unpack_from("<I", message)[0]
                about = json.loads(message[4 : 4 + length])
                if about["kind"] == "picture":
                    return np.asarray(Image.open(io.BytesIO(message[4 + length :])))
            elif json.loads(message).get("kind") in {"failed", "error"}:
                raise RuntimeError(message)
        raise RuntimeError("the connection ended")


def moved(layout: LabelMap, number: int) -> LabelMap:
    """The layout with a patch of it copied elsewhere."""
    chance = np.random.default_rng(number)
    height, width = layout.shape
    side = height // 6
    (y, x), (to_y, to_x) = chance.integers(0, (height - side, width - side), (2, 2))
    changed = layout.copy()
    changed[to_y : to_y + side, to_x : to_x + side] = layout[y : y + side, x : x + side]
    return changed


def memory(studio: Studio) -> list[Figure]:
    """Resident memory of the server over many edits of one photo."""
    example = api.load_example(EXAMPLE)
    client = Client(studio, example.picture)
    resident = []
    with client.connect() as live:
        for number in range(EDITS + 1):
            task = AnalogyTask(example.picture, example.labels, moved(example.labels, number))
            client.ask(live, task, number)
            resident.append(_resident(studio.process.pid))
    early, late = max(resident[10:30]), max(resident[-20:])
    told = f"{early / 1e6:.0f} MB at edits 10 to 30, {late / 1e6:.0f} MB at the last 20 of {EDITS}"
    return [Figure("server's memory", told, "flat")]


def _resident(process: int) -> int:
    """Bytes, as Linux tells."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the server is gone")


def crowd(studio: Studio) -> list[Figure]:
    """Pages that ask at once, each for another photo, layout and seed; compared with the same work done here."""
    examples = [api.load_example(name) for name in api.example_names()]
    tasks = [
        AnalogyTask(example.picture, example.labels, moved(example.labels, number), seed=number, size=400)
        for number, example in zip(range(PAGES), examples * 2, strict=False)
    ]

    def one(task: AnalogyTask) -> Picture:
        client = Client(studio, task.picture)
        with client.connect() as live:
            return client.ask(live, task, 1)

    started = time.perf_counter()
    with ThreadPoolExecutor(PAGES) as pool:
        pictures = list(pool.map(one, tasks))
    seconds = time.perf_counter() - started
    right = sum(np.array_equal(picture, api.run(task).picture) for picture, task in zip(pictures, tasks, strict=True))
    return [Figure(f"{PAGES} clients at once", f"{right} right to the bit, all within {seconds:.1f} s", "all right")]


def main() -> None:
    """Measure everything and write the results."""
    if browser_path() is None:
        print("no Chromium here: nothing was measured")
        return
    with running_browser() as browser:
        found = [first_paint(browser)]
        with running_studio() as studio:
            for measure in (weight, strokes, frames):
                found += measure(browser, studio)
                print(*found, sep="\n", flush=True)
    with running_studio() as studio:
        found += [*crowd(studio), *memory(studio)]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, headless Chromium"
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    lines = [f"| {each.what} | {each.measured} | {each.asked} |" for each in found]
    text = "\n".join(["| | measured | asked at most or at least |", "|---|---|---|", *lines])
    text = f"# The studio\n\n`python -m benchmarks.studio`, {machine}, {load}.\n\n{text}\n"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "studio.md").write_text(text)
    rows: list[Row] = [asdict(each) for each in found]
    (RESULTS / "studio.json").write_text(json.dumps({"machine": machine, "figures": rows}, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
