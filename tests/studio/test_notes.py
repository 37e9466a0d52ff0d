"""What the label doctor finds in a photo's label map reaches the page as notes, after what the reader says."""

import io
import statistics
import time

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.data.doctor.support import COLOURS, blobs, photo_of
from tests.studio.support import png

from sembla import api

RNG = np.random.default_rng(4)
LABELS = blobs(RNG, side=128).repeat(3, 0).repeat(3, 1)
PHOTO = photo_of(LABELS, RNG)


@pytest.fixture
def opened(client: httpx.Client) -> str:
    """The id of the photo, opened."""
    return str(client.post("/api/photos", content=png(PHOTO)).json()["id"])


def notes(client: httpx.Client, photo: str, content: bytes, **settings: str) -> list[str]:
    answer = client.post(f"/api/photos/{photo}/labels", content=content, params={"name": "my.map", **settings})
    assert answer.status_code == 200, answer.text
    told: list[str] = answer.json()["notes"]
    return told


def jpeg(colours: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "JPEG", quality=85)
    return file.getvalue()


def with_a_mark() -> NDArray[np.uint8]:
    ids = LABELS.copy()
    ids[:27] = 255
    return ids


def test_a_clean_map_gives_no_more_notes_than_its_reader(client: httpx.Client, opened: str) -> None:
    for shown in (COLOURS[LABELS], LABELS):
        assert notes(client, opened, png(shown)) == ["my.map: 6 classes, taken as they are."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (jpeg(COLOURS[LABELS]), "that nobody chose, as JPEG"),
        (png(with_a_mark()), "holds 255 in 7.0% of its pixels"),
        (png(np.ascontiguousarray(LABELS[:, ::-1])), "the mirror image of my.map"),
        (png(np.ascontiguousarray(LABELS[::-1, ::-1])), "far better upside down"),
    ],
    ids=["JPEG", "255", "mirrored", "upside down"],
)
def test_a_fault_is_one_note_in_one_line(client: httpx.Client, opened: str, content: bytes, words: str) -> None:
    reader, doctor = notes(client, opened, content)
    assert reader.startswith("my.map: ")
    assert words in doctor
    assert "my.map" in doctor
    assert "\n" not in doctor


def test_a_scaled_map_says_so(client: httpx.Client, opened: str) -> None:
    small = png(np.ascontiguousarray(LABELS[::2, ::2]))
    assert notes(client, opened, small, resize="true")[1] == "my.map is 192x192, but the photo 384x384."


def test_alpha_is_told_once(client: httpx.Client, opened: str) -> None:
    alpha = np.full((384, 384, 1), 255, np.uint8)
    alpha[:20] = 0
    told = notes(client, opened, png(np.dstack([COLOURS[LABELS], alpha])))
    assert len(told) == 2
    assert ["see-through" in note for note in told] == [True, False]


def test_looking_takes_little_time() -> None:
    """50 ms at 512 px at most; these have twice the pixels, and the limit leaves room for a slower machine."""
    photo, shown = PHOTO.repeat(2, 0).repeat(2, 1), png(COLOURS[LABELS.repeat(2, 0).repeat(2, 1)])
    api.examine_pair(photo, io.BytesIO(shown))
    seconds = []
    for _ in range(5):
        started = time.process_time()
        api.examine_pair(photo, io.BytesIO(shown))
        seconds.append(time.process_time() - started)
    assert statistics.median(seconds) < 0.15
