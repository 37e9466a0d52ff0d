"""The REST interface: what it answers agrees with the library, and what cannot be used is refused in one line."""

import base64
import io
import threading
import zlib
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.studio.support import Server, packed, png
from tests.surfaces.support import COLOURS, layout, photo

from sembla import api
from sembla.core.ranges import ranges
from sembla.core.tasks import AnalogyTask, ShouldStop
from sembla.studio.wire import PackedMap, unpack


def unpacked(value: Any) -> NDArray[np.uint8]:
    return unpack(PackedMap.model_validate(value), "map")


def refusal(answer: httpx.Response, status: int = 400) -> str:
    """The one line that a refusal says."""
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"message"}
    told = str(answer.json()["message"])
    assert told
    assert "\n" not in told
    return told


def test_about_tells_limits_and_forms(client: httpx.Client) -> None:
    about = client.get("/api/about").json()
    assert about["version"] == api.__version__
    assert about["limits"] == {"pixels": 12_500_000, "side": 16, "classes": 64, "upload_bytes": 64 * 2**20}
    form, scene, portrait = about["tasks"]
    assert form["name"] == "analogy"
    assert scene["name"] == "scene"
    assert portrait["name"] == "portrait"
    for setting in form["settings"]:
        limits = ranges(AnalogyTask).get(setting["name"])
        assert (setting["least"], setting["most"]) == ((limits.least, limits.most) if limits else (None, None))


def test_examples_are_listed_shown_and_opened(client: httpx.Client) -> None:
    cards = {card["name"]: card for card in client.get("/api/examples").json()}
    assert set(cards) == set(api.example_names())
    example = api.load_example("coffee")
    thumbnail = Image.open(io.BytesIO(client.get("/api/examples/coffee/thumbnail").content))
    assert thumbnail.width == 160
    opened = client.post("/api/examples/coffee").json()
    assert np.array_equal(unpacked(opened["labels"]), example.labels)
    assert set(opened["layouts"]) == set(cards["coffee"]["layouts"]) == set(example.layouts)
    for name, ids in example.layouts.items():
        assert np.array_equal(unpacked(opened["layouts"][name]), ids)
    assert [entry["name"] for entry in opened["classes"]] == list(example.label_set.names)
    assert [bytes.fromhex(entry["colour"][1:]) for entry in opened["classes"]] == [
        bytes(colour) for colour in example.label_set.colours
    ]
    pixels = client.get(f"/api/photos/{opened['photo']['id']}").content
    assert np.array_equal(np.array(Image.open(io.BytesIO(pixels))), example.picture)


@pytest.mark.parametrize("path", ["/api/examples/none/thumbnail", "/api/examples/..%2Fcoffee/thumbnail"])
def test_unknown_examples(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404
    assert "coffee" in refusal(client.post("/api/examples/none"), 404)


def test_a_photo_comes_back_pixel_by_pixel_and_may_be_kept_for_ever(client: httpx.Client, photo_id: str) -> None:
    answer = client.get(f"/api/photos/{photo_id}")
    assert np.array_equal(np.array(Image.open(io.BytesIO(answer.content))), photo())
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


UNKNOWN = "0123456789abcdef" * 2


@pytest.mark.parametrize("verb", ["labels", "matched", "scribbles", "segments"])
def test_unknown_photos(client: httpx.Client, verb: str) -> None:
    bodies: dict[str, Any] = {
        "labels": {"content": png(COLOURS[layout(6)])},
        "matched": {"json": {"file": "", "classes": [{"name": name, "colour": f"#00000{name}"} for name in "ab"]}},
        "scribbles": {"json": {"strokes": packed(layout(6)), "count": 3}},
        "segments": {"json": {"count": 4}},
    }
    assert "upload it again" in refusal(client.post(f"/api/photos/{UNKNOWN}/{verb}", **bodies[verb]), 404)
    assert "upload it again" in refusal(client.get(f"/api/photos/{UNKNOWN}"), 404)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_label_map_is_read_as_the_library_reads_it(client: httpx.Client, photo_id: str, kind: str) -> None:
    file = io.BytesIO()
    Image.fromarray(COLOURS[layout(6)]).save(file, kind)
    answer = client.post(f"/api/photos/{photo_id}/labels", content=file.getvalue(), params={"name": "sun.map"}).json()
    ids = unpacked(answer["map"])
    expected = api.read_own_labels(photo(), io.BytesIO(file.getvalue()))
    assert np.array_equal(ids, expected.labels)
    assert [entry["name"] for entry in answer["classes"]] == ["class 1", "class 2", "class 3"]
    # By area, the largest first: sky, grass, sun. JPEG blurs the edges of the sun.
    assert (ids == layout(6)).mean() > 0.99
    assert any("sun.map" in note for note in answer["notes"])


def test_a_label_map_of_another_size_is_refused_or_scaled(client: httpx.Client, photo_id: str) -> None:
    large = png(np.repeat(np.repeat(COLOURS[layout(6)], 2, 0), 2, 1))
    assert "128x96" in refusal(client.post(f"/api/photos/{photo_id}/labels", content=large))
    answer = client.post(f"/api/photos/{photo_id}/labels", content=large, params={"resize": "true"}).json()
    assert unpacked(answer["map"]).shape == (48, 64)


def match(colours: NDArray[np.uint8], **settings: Any) -> dict[str, Any]:
    classes = [{"name": f"c{index}", "colour": "#" + bytes(colour).hex()} for index, colour in enumerate(COLOURS)]
    return {"file": base64.b64encode(png(colours)).decode(), "name": "new.png", "classes": classes, **settings}


def test_a_layout_is_read_with_the_classes_at_hand(client: httpx.Client, photo_id: str) -> None:
    path = f"/api/photos/{photo_id}/matched"
    assert np.array_equal(unpacked(client.post(path, json=match(COLOURS[layout(30)])).json()), layout(30))
    wide = np.concatenate([layout(30), layout(6)], axis=1)
    assert np.array_equal(unpacked(client.post(path, json=match(COLOURS[wide])).json()), wide)
    foreign = COLOURS[layout(30)].copy()
    foreign[34:46, 40:60] = (255, 0, 255)
    assert "#ff00ff" in refusal(client.post(path, json=match(foreign)))
    adopted = unpacked(client.post(path, json=match(foreign, adopt_nearest=True)).json())
    nearest = np.linalg.norm(COLOURS.astype(float) - (255, 0, 255), axis=1).argmin()
    expected = layout(30)
    expected[34:46, 40:60] = nearest
    assert np.array_equal(adopted, expected)


def test_what_cannot_be_matched(client: httpx.Client, photo_id: str) -> None:
    path = f"/api/photos/{photo_id}/matched"
    twice = match(COLOURS[layout(30)])
    twice["classes"][1]["colour"] = twice["classes"][0]["colour"]
    assert "same colour" in refusal(client.post(path, json=twice))
    assert "base64" in refusal(client.post(path, json=match(photo()) | {"file": "%%%"}))
    assert "new.png" in refusal(client.post(path, json=match(photo()) | {"file": "aGVsbG8="}))
    refusal(client.post(path, json=match(photo()) | {"classes": []}), 422)
    assert "colour" in refusal(
        client.post(path, json=match(photo()) | {"classes": [{"name": "a", "colour": "red"}]}), 422
    )


def test_strokes_fill_the_photo_and_keep_their_ids(client: httpx.Client, photo_id: str) -> None:
    strokes = np.full((48, 64), 255, np.uint8)
    strokes[3, 30:60], strokes[42, 5:60], strokes[12, 8:18] = 4, 1, 2
    answer = client.post(f"/api/photos/{photo_id}/scribbles", json={"strokes": packed(strokes), "count": 5}).json()
    filled = unpacked(answer["map"])
    assert answer["seconds"] > 0
    assert set(np.unique(filled)) == {1, 2, 4}
    assert np.array_equal(filled[strokes != 255], strokes[strokes != 255])
    wanted = np.array([4, 1, 2])[layout(6)]
    assert (filled == wanted).mean() > 0.97


@pytest.mark.parametrize(
    ("strokes", "count", "told"),
    [
        (layout(6), 2, "id 2"),
        (layout(6)[:40], 3, "64x40"),
        (np.full((48, 64), 255, np.uint8), 3, ""),
        (np.zeros((48, 64), np.uint8), 3, ""),
    ],
)
def test_strokes_that_cannot_be_filled(
    client: httpx.Client, photo_id: str, *, strokes: NDArray[np.uint8], count: int, told: str
) -> None:
    body = {"strokes": packed(strokes), "count": count}
    assert told in refusal(client.post(f"/api/photos/{photo_id}/scribbles", json=body))


def test_segments_are_the_librarys(client: httpx.Client, server: Server, photo_id: str) -> None:
    answer = client.post(f"/api/photos/{photo_id}/segments", json={"count": 4}).json()
    made = server.desk.jobs.submit("oracle", lambda _: api.segments(photo(), 4)).future.result(60)
    assert np.array_equal(unpacked(answer["map"]), made.labels)
    assert len(answer["classes"]) == len(made.palette)


BAD_PACKED: dict[str, dict[str, Any]] = {
    "no base64": {"ids": "é"},
    "no zlib data": {"ids": base64.b64encode(b"hello").decode()},
    "cut short": {"ids": packed(layout(6))["ids"][:-8]},
    "too short": {"ids": base64.b64encode(zlib.compress(b"1")).decode()},
    "a bomb": {"ids": base64.b64encode(zlib.compress(bytes(100_000_000))).decode()},
    "tiny": {"width": 1, "height": 3072},
    "negative": {"width": -64, "height": -48},
    "huge": {"width": 10**7, "height": 10**7},
}


@pytest.mark.parametrize("name", BAD_PACKED)
def test_bad_packed_maps(client: httpx.Client, photo_id: str, name: str) -> None:
    body = {"strokes": packed(layout(6)) | BAD_PACKED[name], "count": 3}
    assert "strokes" in refusal(client.post(f"/api/photos/{photo_id}/scribbles", json=body))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"[]", "object"),
        (b"{}", "count"),
        (b'{"count": 1}', "count"),
        (b'{"count": 65}', "count"),
        (b'{"count": "4"}', "count"),
        (b'{"count": 4.5}', "count"),
        (b'{"count": true}', "count"),
        (b"\xff\xfe", ""),
        (b"[" * 60_000, ""),
    ],
)
def test_malformed_json(client: httpx.Client, photo_id: str, *, content: bytes, told: str) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post(f"/api/photos/{photo_id}/segments", content=content, headers=headers)
    assert answer.status_code in {400, 422}
    assert told in refusal(answer, answer.status_code)


def test_no_job_is_queued_behind_too_many(client: httpx.Client, server: Server, photo_id: str) -> None:
    begun, gate, jobs = threading.Event(), threading.Event(), server.desk.jobs

    def hold(_: ShouldStop) -> None:
        begun.set()
        assert gate.wait(60)

    jobs.submit("gate", hold)
    assert begun.wait(60)
    waiting = [jobs.submit(number, lambda _: None) for number in range(64)]
    try:
        answer = client.post(f"/api/photos/{photo_id}/segments", json={"count": 4})
        assert "try again" in refusal(answer, 503)
    finally:
        gate.set()
        for job in waiting:
            job.future.result(60)


def test_a_crash_answers_500_and_the_next_request_works(
    client: httpx.Client, photo_id: str, *, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("one\ntwo")

    with monkeypatch.context() as patched:
        patched.setattr(api, "segments", fail)
        told = refusal(client.post(f"/api/photos/{photo_id}/segments", json={"count": 4}), 500)
    assert told == "the job failed (ZeroDivisionError: one two); the server's terminal shows where."
    assert [record.name for record in caplog.records if record.exc_info] == ["sembla.studio"]
    assert client.post(f"/api/photos/{photo_id}/segments", json={"count": 4}).status_code == 200


def test_unknown_places_and_methods(client: httpx.Client) -> None:
    refusal(client.get("/api/nothing"), 404)
    refusal(client.get("/nothing"), 404)
    refusal(client.get("/api/photos/none"), 422)
    answer = client.delete("/api/about")
    refusal(answer, 405)
    assert answer.headers["allow"] == "GET"
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404
