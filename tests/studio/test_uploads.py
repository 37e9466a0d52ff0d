"""Uploaded photos: every kind that the library reads, and all that people send by mistake or with intent."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.studio.support import PATIENCE, Server, png
from tests.surfaces.support import photo

LIMIT = 200_000


@pytest.fixture(scope="module")
def small() -> Iterator[Server]:
    """A studio that takes little at once."""
    with Server(upload_bytes=LIMIT) as running:
        yield running


def saved(image: Image.Image, kind: str, **settings: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def pixels(client: httpx.Client, answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return np.array(Image.open(io.BytesIO(client.get(f"/api/photos/{answer.json()['id']}").content)))


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    return saved(Image.fromarray(photo()), "PNG", exif=exif)


def see_through() -> bytes:
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:10] = 0
    return png(np.dstack([photo(), alpha]))


def white_above() -> Any:
    expected = photo()
    expected[:10] = 255
    return expected


DEEP = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)

GOOD: dict[str, tuple[bytes, Any, str]] = {
    "plain": (png(photo()), photo(), ""),
    "turned by EXIF": (rotated(), np.rot90(photo(), -1), ""),
    "see-through": (see_through(), white_above(), "white"),
    "16 bits": (png(DEEP), np.repeat(np.rint(DEEP / 257).astype(np.uint8)[..., None], 3, 2), ""),
    "grey": (png(photo()[..., 0]), np.repeat(photo()[..., :1], 3, 2), ""),
    "animated": (
        saved(Image.fromarray(photo()).quantize(64), "GIF", save_all=True, append_images=[Image.new("P", (64, 48))]),
        np.array(Image.fromarray(photo()).quantize(64).convert("RGB")),
        "several frames",
    ),
    "CMYK": (
        saved(Image.fromarray(photo()).convert("CMYK"), "TIFF"),
        np.array(Image.fromarray(photo()).convert("CMYK").convert("RGB")),
        "",
    ),
    "16x16": (png(photo()[:16, :16]), photo()[:16, :16], ""),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_photo_is_decoded_and_what_was_decided_is_told(client: httpx.Client, name: str) -> None:
    content, expected, told = GOOD[name]
    answer = client.post("/api/photos", content=content, params={"name": "my photo.x"})
    assert np.array_equal(pixels(client, answer), expected)
    about = answer.json()
    assert (about["height"], about["width"]) == expected.shape[:2]
    assert len(about["notes"]) == (1 if told else 0)
    assert all(told in note and "my photo.x" in note for note in about["notes"])


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it is 30000x30000."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    ends = chunk(b"IDAT", zlib.compress(bytes(100_000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + ends


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not an image"),
    "a text": (b"hello", "not an image"),
    "HTML": (b"<!doctype html><svg/>" * 50, "not an image"),
    "cut short": (png(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))[:5000], "damaged"),
    "15x15": (png(photo()[:15, :15]), "15x15"),
    "a bomb": (bomb(), "pixels"),
    "13 megapixels": (png(np.zeros((2600, 5000), np.uint8)), "13.0 megapixels"),
    "a script for Pillow": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n", "not an image"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_photo_is_refused_by_name(client: httpx.Client, name: str) -> None:
    content, told = BAD[name]
    answer = client.post("/api/photos", content=content, params={"name": "my photo.x"})
    assert answer.status_code == 400
    message = answer.json()["message"]
    assert message.startswith("my photo.x")
    assert told in message
    assert "\n" not in message


def test_too_many_bytes_are_refused_whether_announced_or_not(small: Server) -> None:
    def in_parts() -> Iterator[bytes]:
        for _ in range(LIMIT // 1000 + 1):
            yield bytes(1000)

    contents: list[Callable[[], Any]] = [lambda: bytes(LIMIT + 1), in_parts]
    with small.client() as client:
        for content in contents:
            answer = client.post("/api/photos", content=content())
            assert answer.status_code == 413
            assert "at most" in answer.json()["message"]
        assert client.post("/api/photos", content=bytes(LIMIT)).status_code == 400
        whole = b'{"count": 4, "more": "%s"}' % (b"x" * LIMIT)
        path = "/api/photos/" + "0" * 32 + "/segments"
        assert client.post(path, content=whole, headers={"content-type": "application/json"}).status_code == 413
        assert client.get("/api/about").json()["limits"]["upload_bytes"] == LIMIT


def test_a_body_that_is_announced_as_too_long_is_not_waited_for(small: Server) -> None:
    connection = HTTPConnection("127.0.0.1", small.port, timeout=PATIENCE)
    connection.putrequest("POST", "/api/photos")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    connection.send(b"x")
    assert connection.getresponse().status == 413
    connection.close()


def test_a_page_that_leaves_in_the_middle_of_an_upload_harms_nobody(small: Server) -> None:
    for _ in range(4):
        connection = HTTPConnection("127.0.0.1", small.port, timeout=PATIENCE)
        connection.putrequest("POST", "/api/photos")
        connection.putheader("Content-Length", "100000")
        connection.endheaders()
        connection.send(b"x" * 100)
        connection.close()
    with small.client() as client:
        assert client.post("/api/photos", content=png(photo())).status_code == 200


def test_notes_go_to_the_request_that_caused_them(server: Server) -> None:
    def upload(index: int) -> list[str]:
        content = see_through() if index % 2 else png(photo())
        with server.client() as client:
            notes: list[str] = client.post("/api/photos", content=content, params={"name": f"n{index}"}).json()["notes"]
        return notes

    with ThreadPoolExecutor(8) as threads:
        heard = list(threads.map(upload, range(24)))
    for index, notes in enumerate(heard):
        assert len(notes) == index % 2
        assert all(note.startswith(f"n{index} ") for note in notes)


def test_a_photo_that_was_dropped_is_unknown_and_can_come_again() -> None:
    with Server(photo_bytes=3 * (48 * 64 * 3 + 128)) as tight, tight.client() as client:
        first = client.post("/api/photos", content=png(photo())).json()["id"]
        for value in range(3):
            client.post("/api/photos", content=png(np.full((48, 64, 3), value, np.uint8)))
        assert client.get(f"/api/photos/{first}").status_code == 404
        assert client.post("/api/photos", content=png(photo())).json()["id"] == first
        assert client.get(f"/api/photos/{first}").status_code == 200
