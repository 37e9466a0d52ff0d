"""The live connection: what is asked for arrives, exactly, and nothing that is out of date."""

import logging
import socket
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest
from tests.studio.support import LONG, Server, message, page, png, request, small_task
from tests.surfaces.support import layout, photo

from sembla import api
from sembla.core.tasks import AnalogyTask


def test_the_picture_that_arrives_is_the_engines_own(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), number=5, seed=3))
        heard = opened.listen(5)
    (expected,) = server.expected(small_task(seed=3))
    assert [words["kind"] for words in heard.words] == ["started", "done"]
    assert heard.end["seconds"] > 0
    (picture,) = heard.pictures
    assert heard.frames[-1] is picture
    assert np.array_equal(picture.pixels, expected)
    assert (picture.header["width"], picture.header["height"]) == (64, 48)
    assert picture.header["level"] == picture.header["levels"] - 1
    assert picture.header["type"] == "image/png"


def test_previews_are_whole_frames_coarse_first(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), size=256))
        frames = opened.listen(1).frames
    levels = [frame.header["level"] for frame in frames]
    assert levels == sorted(set(levels))
    for frame in frames:
        assert frame.pixels.shape == (frame.header["height"], frame.header["width"], 3)
    assert {frame.header["type"] for frame in frames if frame.header["kind"] == "preview"} <= {"image/jpeg"}


def test_a_new_request_takes_the_place_of_the_one_that_runs(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), number=1, **LONG))
        assert opened.words() == {"number": 1, "kind": "started"}
        start = time.monotonic()
        opened.send(request(photo_id, small_task(20), number=2))
        told: list[Any] = []
        while not told or told[-1] != ("done", 2):
            heard = opened.receive()
            values = heard if isinstance(heard, dict) else heard.header
            told.append((values["kind"], values["number"]))
    assert time.monotonic() - start < 20, "the work for 64 variations was not stopped"
    assert ("cancelled", 1) in told
    assert ("done", 1) not in told
    after = told[told.index(("cancelled", 1)) :]
    assert {number for _, number in after[1:]} == {2}


def test_of_three_requests_at_once_the_waiting_one_is_never_begun(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        for number, sun in ((1, 20), (2, 24), (3, 28)):
            settings: dict[str, Any] = LONG if number < 3 else {}
            opened.send(request(photo_id, small_task(sun), number=number, **settings))
        kinds: list[tuple[int, str]] = []
        pixels = None
        while (3, "done") not in kinds:
            heard = opened.receive()
            if isinstance(heard, dict):
                kinds.append((heard["number"], heard["kind"]))
            elif heard.header["kind"] == "picture" and heard.header["number"] == 3:
                pixels = heard.pixels
    assert (1, "cancelled") in kinds
    assert (2, "cancelled") in kinds
    assert (1, "done") not in kinds
    assert (2, "done") not in kinds
    assert pixels is not None
    assert np.array_equal(pixels, server.expected(small_task(28))[0])


def test_cancel_stops_the_work_soon(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), number=9, **LONG))
        assert opened.words()["kind"] == "started"
        start = time.monotonic()
        opened.send('{"cancel": 8}')  # another number: nothing happens
        opened.send('{"cancel": 9}')
        heard = opened.listen(9)
        assert heard.end == {"number": 9, "kind": "cancelled"}
        assert time.monotonic() - start < 10
        opened.send('{"ping": 17}')
        assert opened.words() == {"kind": "pong", "pong": 17}


def test_a_closed_connection_stops_its_work(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), **LONG))
        assert opened.words()["kind"] == "started"
    start = time.monotonic()
    server.desk.jobs.submit("next", lambda _: None).future.result(60)
    assert time.monotonic() - start < 10, "the worker went on for a page that had gone"


def test_a_draft_ends_with_the_first_frame_of_120_px(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), draft=True, size=640, variations=3))
        heard = opened.listen(1)
    assert heard.end["kind"] == "done"
    sides = [max(frame.header["width"], frame.header["height"]) for frame in heard.frames]
    assert sides[-1] >= 120
    assert all(side < 120 for side in sides[:-1])
    last = heard.frames[-1].header
    assert last["kind"] == "preview"
    assert last["level"] < last["levels"] - 1


def test_a_draft_of_a_small_picture_is_the_picture(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), draft=True, variations=3))
        heard = opened.listen(1)
    assert [frame.header["variation"] for frame in heard.pictures] == [0]
    assert np.array_equal(heard.pictures[0].pixels, server.expected(small_task())[0])


def test_every_variation_arrives_as_the_engine_makes_it(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), variations=4, seed=1))
        heard = opened.listen(1)
    expected = server.expected(small_task(variations=4, seed=1))
    assert [frame.header["variation"] for frame in heard.pictures] == [0, 1, 2, 3]
    for frame, pixels in zip(heard.pictures, expected, strict=True):
        assert np.array_equal(frame.pixels, pixels)
    assert not np.array_equal(expected[0], expected[1])


def test_variations_may_begin_with_any(server: Server, photo_id: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), variations=2, first_variation=63))
        heard = opened.listen(1)
    expected = server.expected(small_task(variations=2, first_variation=63))
    assert [frame.header["variation"] for frame in heard.pictures] == [0, 1]
    for frame, pixels in zip(heard.pictures, expected, strict=True):
        assert np.array_equal(frame.pixels, pixels)


def test_a_page_with_many_variations_lets_others_have_their_turn(server: Server, photo_id: str) -> None:
    with page(server) as greedy, page(server) as modest:
        greedy.send(request(photo_id, small_task(), number=1, size=256, variations=16))
        assert greedy.words()["kind"] == "started"
        modest.send(request(photo_id, small_task(), number=2))
        assert modest.listen(2).end["kind"] == "done"
        greedy.send('{"cancel": 1}')
        heard = greedy.listen(1)
    assert heard.end["kind"] == "cancelled"
    assert len(heard.pictures) < 8


def test_eight_pages_at_once_each_get_their_own(server: Server, photo_id: str) -> None:
    def draw(index: int) -> Any:
        with page(server) as opened:
            for number in (1, 2):
                opened.send(request(photo_id, small_task(10 + 4 * index), number=number, seed=index + number))
                heard = opened.listen(number)
            return heard.pictures[-1].pixels

    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(draw, range(8)))
    for index, pixels in enumerate(drawn):
        assert np.array_equal(pixels, server.expected(small_task(10 + 4 * index, seed=index + 2))[0])
    assert len({pixels.tobytes() for pixels in drawn}) == 8


def test_a_page_that_never_reads_holds_nobody_up(server: Server, client: httpx.Client, photo_id: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 800, 3), np.uint8)
    halves = np.zeros((600, 800), np.uint8)
    halves[:, 400:] = 1
    noisy = client.post("/api/photos", content=png(noise)).json()["id"]
    deaf = socket.create_connection(("127.0.0.1", server.port))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**18)
    with page(server, sock=deaf, max_queue=1) as slow, page(server) as fast:
        # Nothing changes, so each variation is the photo, in no time: 6 x 1.4 MB that nobody takes.
        slow.send(request(noisy, AnalogyTask(noise, halves, halves), number=1, variations=6))
        time.sleep(0.2)
        fast.send(request(photo_id, small_task(), number=1))
        assert fast.listen(1).end["kind"] == "done"
        heard = slow.listen(1)  # now it reads, and everything that matters is there
    assert [frame.header["variation"] for frame in heard.pictures] == [0, 1, 2, 3, 4, 5]
    assert np.array_equal(heard.pictures[0].pixels, noise)


def test_a_crash_is_told_and_the_next_job_works(
    server: Server, photo_id: str, *, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Doom(BaseException):
        pass

    run = api.run
    outcomes: list[BaseException | None] = [ValueError("a\nb"), MemoryError(), Doom("bang"), None]

    def fail(*arguments: Any, **settings: Any) -> Any:
        error = outcomes.pop(0)
        if error is not None:
            raise error
        return run(*arguments, **settings)

    monkeypatch.setattr(api, "run", fail)
    with page(server) as opened:
        for number, name in enumerate(("ValueError: a b", "MemoryError: ", "RuntimeError: Doom: bang")):
            opened.send(request(photo_id, small_task(), number=number))
            with caplog.at_level(logging.ERROR, "sembla.studio"):
                end = opened.listen(number).end
            assert end["kind"] == "failed"
            assert end["message"].startswith(f"the job failed ({name}".rstrip())
            assert not end["unknown_photo"]
        opened.send(request(photo_id, small_task(), number=7))
        assert opened.listen(7).end["kind"] == "done"
    logged = [record for record in caplog.records if record.name == "sembla.studio"]
    assert len(logged) == 3
    assert all(record.exc_info for record in logged)


def test_an_unknown_photo_is_told_apart(server: Server) -> None:
    with page(server) as opened:
        opened.send(request("0" * 32, small_task()))
        end = opened.listen(1).end
    assert (end["kind"], end["unknown_photo"]) == ("failed", True)
    assert "upload it again" in end["message"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"seeds": 1}, "seeds"),
        ({"seed": -1}, "0 to"),
        ({"seed": None}, "whole number"),
        ({"seed": True}, "whole number"),
        ({"keep": 1}, "true or false"),
        ({"variations": 65}, "1 to 64"),
        ({"size": 10**6}, "size"),
        ({"size": 3}, "size"),
    ],
)
def test_a_wrong_setting_fails_the_request(server: Server, photo_id: str, *, settings: Any, told: str) -> None:
    with page(server) as opened:
        opened.send(request(photo_id, small_task(), **settings))
        end = opened.listen(1).end
    assert end["kind"] == "failed"
    assert told in end["message"]
    assert "\n" not in end["message"]


def test_maps_that_do_not_fit_fail_the_request(server: Server, photo_id: str) -> None:
    foreign, narrow = layout(30), layout(30)[:, :40].copy()
    foreign[40:] = 7
    with page(server) as opened:
        opened.send(request(photo_id, AnalogyTask(photo(), layout(6), foreign), number=1))
        assert "class 7" in opened.listen(1).end["message"]
        opened.send(request(photo_id, AnalogyTask(photo(), narrow, layout(6)), number=2))
        assert "40x48" in opened.listen(2).end["message"]


def _header(**changes: Any) -> dict[str, Any]:
    whole = zlib.compress(bytes(48 * 64))
    entry = {"width": 64, "height": 48, "bytes": len(whole)}
    header = {"number": 1, "task": "analogy", "photo": "0" * 32, "settings": {}, "draft": False}
    return header | {"maps": [{"name": "labels", **entry}, {"name": "layout", **entry}]} | changes


WHOLE = zlib.compress(bytes(48 * 64))

MALFORMED: dict[str, bytes | str] = {
    "empty": b"",
    "three bytes": b"\x01\x00\x00",
    "a header that is cut short": message(_header(), WHOLE, WHOLE)[:60],
    "a header of 4 GiB": b"\xff\xff\xff\xff{}",
    "a header of more than 64 kB": message(b" " * 70_000),
    "no JSON": message(b"{"),
    "no UTF-8": message(b"\xff\xfe\x00"),
    "no object": message(b"[]"),
    "deep JSON": message(b"[" * 30_000),
    "a number that is none": message(_header(number="1"), WHOLE, WHOLE),
    "a negative number": message(_header(number=-1), WHOLE, WHOLE),
    "a map of negative length": message(_header(maps=[{"name": "labels", "width": 64, "height": 48, "bytes": -1}])),
    "a setting that is a list": message(_header(settings={"seed": [1]}), WHOLE, WHOLE),
    "too few bytes": message(_header(), WHOLE),
    "too many bytes": message(_header(), WHOLE, WHOLE, b"1"),
    "a hundred maps": message(_header(maps=_header()["maps"] * 50), WHOLE * 100),
    "a number of 17 digits": message(_header(number=10**16), WHOLE, WHOLE),
    "huge sides": message(_header(maps=[{"name": "labels", "width": 10**9, "height": 10**9, "bytes": 1}]), b"1"),
    "lengths of 4300 digits": message(
        _header(maps=[{"name": "labels", "width": 64, "height": 48, "bytes": 10**4299 * 9}] * 2), WHOLE
    ),
    "a ping of no number": '{"ping": NaN}',
    "a text without sense": "hello",
    "a text that is an object": "{}",
    "a cancel of nothing": '{"cancel": null}',
    "a long text": " " * 70_000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_message_is_told_and_the_connection_stays(server: Server, photo_id: str, name: str) -> None:
    with page(server) as opened:
        opened.send(MALFORMED[name])
        words = opened.words()
        assert words["kind"] == "error"
        assert 10 < len(words["message"]) < 400
        assert "\n" not in words["message"]
        opened.send(request(photo_id, small_task(), number=3, draft=True))
        assert opened.listen(3).end["kind"] == "done"


def _maps(part: bytes, **sizes: int) -> bytes:
    entry = {"width": 64, "height": 48, "bytes": len(part)} | sizes
    maps = [{"name": "labels", **entry}, {"name": "layout", **entry}]
    return message(_header(maps=maps), part, part)


BAD_MAPS = {
    "no zlib data": _maps(b"hello"),
    "cut short": _maps(WHOLE[:-6]),
    "too few ids": _maps(zlib.compress(bytes(100))),
    "one id too many": _maps(zlib.compress(bytes(48 * 64 + 1))),
    "a bomb": _maps(zlib.compress(bytes(300_000_000))),
    "no width": _maps(WHOLE, width=0),
    "negative sides": _maps(WHOLE, width=-64, height=-48),
    "an unknown map": message(_header(maps=[{**_header()["maps"][0], "name": "mask"}]), WHOLE),
    "one map twice": message(_header(maps=[_header()["maps"][0]] * 2), WHOLE, WHOLE),
    "no maps": message(_header(maps=[])),
    "an unknown task": message(_header(task="__class__"), WHOLE, WHOLE),
}


@pytest.mark.parametrize("name", BAD_MAPS)
def test_bad_maps_fail_their_request_alone(server: Server, photo_id: str, name: str) -> None:
    with page(server) as opened:
        opened.send(BAD_MAPS[name].replace(b"0" * 32, photo_id.encode()))
        end = opened.listen(1).end
        assert (end["kind"], end["unknown_photo"]) == ("failed", False)
        assert 10 < len(end["message"]) < 400
        assert "the job failed" not in end["message"]
        opened.send(request(photo_id, small_task(), number=3, draft=True))
        assert opened.listen(3).end["kind"] == "done"
