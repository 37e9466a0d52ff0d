"""Files in and out of the page, as a person gives and takes them; and strokes whose pixels are known."""

import base64
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import JSHandle, Locator, Page, expect
from tests.studio.browser.painting import Easel, Pixels, ids, png
from tests.surfaces.support import COLOURS, layout, photo

SIZE = (64, 48)
"""Of the photo and maps below."""

Box = tuple[int, int, int, int]
"""Left, top, and right and bottom, which do not belong to it."""


@dataclass(frozen=True)
class File:
    """A file as it lies in a folder."""

    name: str
    content: bytes


PHOTO = File("lake.png", png(photo()))
LABELS = File("labels.png", png(COLOURS[layout(6)]))
LAYOUT = File("layout.png", png(COLOURS[layout(30)]))


def choose(page: Page, opener: Locator, file: File) -> None:
    """Press what opens a file, and choose one."""
    with page.expect_file_chooser() as chooser:
        opener.click()
    chooser.value.set_files({"name": file.name, "mimeType": "", "buffer": file.content})


def open_photo(page: Page, file: File = PHOTO) -> None:
    """Open a photo; ends when it is open."""
    choose(page, page.get_by_role("button", name="Open photo"), file)
    expect(page).to_have_title(f"{file.name} - Sembla studio")


def open_labels(page: Page, file: File = LABELS) -> None:
    """Open a label map of a photo without labels; ends when it is read."""
    choose(page, page.get_by_role("button", name="Open a label map"), file)
    expect(page.get_by_role("tab", name="Paint the layout")).to_have_attribute("aria-selected", "true")


def open_document(page: Page, *, photo: File = PHOTO, labels: File = LABELS) -> None:
    """Open a photo and its label map; ends when there is a picture."""
    open_photo(page, photo)
    open_labels(page, labels)
    finish(page)


def finish(page: Page) -> None:
    """Wait until there is a picture of the newest layout."""
    Easel(page).finished()


def menu(page: Page, name: str, item: str) -> Locator:
    """The item of a menu of the header that begins with some words; the menu is opened."""
    page.get_by_role("button", name=name, exact=True).click()
    return page.get_by_role("menuitem", name=re.compile(f"^{item}"))


def save(page: Page, item: str, *, of: str = "Save") -> bytes:
    """What an item of a menu of the header saves."""
    choice = menu(page, of, item)
    with page.expect_download() as download:
        choice.click()
    return download.value.path().read_bytes()


def saved_ids(page: Page, name: str = "Layout") -> Pixels:
    """The ids (H, W) of a map of the document, from the file that the page saves."""
    return ids(Easel(page).save(name))


def saved_colours(page: Page, name: str = "Layout") -> Pixels:
    """The same in colours, (H, W, 3)."""
    return np.array(Image.open(Easel(page).save(name).path()).convert("RGB"))


def saved_session(page: Page) -> dict[str, bytes]:
    """The parts of the session file, by name."""
    return unzipped(save(page, "Save session", of="Session"))


def unzipped(content: bytes) -> dict[str, bytes]:
    """The parts of a ZIP, by name; their checksums hold."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """Parts as a ZIP."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def record(parts: Mapping[str, bytes]) -> Any:
    """The session.json of a session's parts."""
    return json.loads(parts["session.json"])


def transfer(page: Page, *files: File) -> JSHandle:
    """What a drop or a paste of files carries."""
    contents = [{"name": file.name, "data": base64.b64encode(file.content).decode()} for file in files]
    return page.evaluate_handle(
        """files => {
            const transfer = new DataTransfer();
            for (const { name, data } of files) {
                const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            return transfer;
        }""",
        contents,
    )


def drop(page: Page, file: File, *, on: str = "New photo or session") -> None:
    """Drag a file over the page, and let it go on the place that says `on`."""
    carried = {"dataTransfer": transfer(page, file)}
    page.locator("body").dispatch_event("dragover", carried)
    zone = page.get_by_text(on, exact=True)
    zone.dispatch_event("dragover", carried)
    zone.dispatch_event("drop", carried)


def paste(page: Page, file: File) -> None:
    """Paste a file."""
    page.evaluate(
        """clipboardData => document.body.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }))""",
        transfer(page, file),
    )


def press_class(page: Page, name: str) -> None:
    """Choose a class to paint with."""
    page.get_by_role("radiogroup", name="Classes").get_by_role("radio", name=name, exact=True).click()


def paint_box(page: Page, box: Box, *, size: tuple[int, int] = SIZE) -> None:
    """Paint a box with the rectangle on a map of some width and height."""
    left, top, right, bottom = box
    easel = Easel(page)
    view = easel.fitted(size[1], size[0])
    easel.tool("Rectangle")
    easel.drag(view.screen(left + 0.5, top + 0.5), view.screen(right - 0.5, bottom - 0.5))


def boxed(map_: Pixels, box: Box, value: int) -> Pixels:
    """The same on an array."""
    left, top, right, bottom = box
    painted = map_.copy()
    painted[top:bottom, left:right] = value
    return painted
