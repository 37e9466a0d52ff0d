"""A live connection whose page has stopped reading, or has gone in the middle of something."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from starlette.websockets import WebSocketDisconnect
from tests.studio.support import LONG, PATIENCE, request, small_task
from tests.surfaces.support import photo

from sembla.core.tasks import Preview, ShouldStop
from sembla.core.types import Picture
from sembla.studio import drawing
from sembla.studio.boards import Boards
from sembla.studio.jobs import Jobs
from sembla.studio.live import Connection
from sembla.studio.models import Models
from sembla.studio.photos import PhotoStore
from sembla.studio.portraits import Portraits
from sembla.studio.runs import RunStore
from sembla.studio.scenes import Scenes
from sembla.studio.wire import LiveRequest


class Takings:
    """A receiver that keeps what it is shown."""

    behind = False

    def __init__(self) -> None:
        self.previews: list[bytes] = []

    def started(self) -> None:
        pass

    def show(self, preview: bytes) -> None:
        self.previews.append(preview)

    def hand_over(self, picture: bytes) -> None:
        pass


class DeafPage:
    """Stands in for the WebSocket: says what it is told to, and takes nothing until it is told to."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.listens = asyncio.Event()
        self.gone = False
        self.taken: list[str | bytes] = []

    def say(self, **content: Any) -> None:
        self.says.put_nowait({"type": "websocket.receive", **content})

    def leave(self) -> None:
        self.says.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def accept(self) -> None:
        pass

    async def receive(self) -> dict[str, Any]:
        return await self.says.get()

    async def send_text(self, text: str) -> None:
        await self._send(text)

    async def send_bytes(self, data: bytes) -> None:
        await self._send(data)

    async def _send(self, content: str | bytes) -> None:
        await self.listens.wait()
        if self.gone:
            raise WebSocketDisconnect(1006)
        self.taken.append(content)


def converse(tmp_path: Path, scene: Callable[[DeafPage, Jobs, str], Awaitable[None]]) -> DeafPage:
    """Play a scene with one connection, and see that it ends."""

    async def play() -> DeafPage:
        jobs, photos, deaf = Jobs(), PhotoStore(tmp_path), DeafPage()
        store = RunStore(tmp_path / "runs")
        models = Models(store)
        engines = {"models": models, "scenes": Scenes([], store, models), "boards": Boards(store, models)}
        engines["portraits"] = Portraits(store, models)
        jobs.start()
        identity = photos.put(photo())
        serving = asyncio.create_task(
            Connection(cast(Any, deaf), jobs=jobs, photos=photos, **cast(Any, engines)).serve()
        )
        try:
            await scene(deaf, jobs, identity)
            await asyncio.wait_for(serving, PATIENCE)
        finally:
            assert await asyncio.to_thread(jobs.close)
        return deaf

    return asyncio.run(play())


async def idle(jobs: Jobs) -> None:
    """Wait until the worker has done what was asked for before."""
    await asyncio.sleep(0.1)  # what was said is on its way to the worker
    await asyncio.wait_for(asyncio.wrap_future(jobs.submit("idle", lambda _: None).future), PATIENCE)
    await asyncio.sleep(0.1)  # and what the worker hands over to the outbox


def test_a_page_that_takes_nothing_gets_two_pictures_made_and_the_others_when_it_does(tmp_path: Path) -> None:
    made: list[int] = []

    async def scene(deaf: DeafPage, jobs: Jobs, identity: str) -> None:
        deaf.say(bytes=request(identity, small_task(), number=1, variations=5, size=200))
        for _ in range(5):
            await idle(jobs)
        assert deaf.taken == []
        made.append(encoded.count("png"))
        deaf.listens.set()
        for _ in range(5):
            await idle(jobs)
        made.append(encoded.count("png"))
        deaf.leave()

    encoded: list[str] = []
    encode = drawing.encode_png

    def count(picture: Picture, record: None) -> bytes:
        encoded.append("png")
        return encode(picture, record)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drawing, "encode_png", count)
        taken = converse(tmp_path, scene).taken
    frames = [content for content in taken if isinstance(content, bytes)]
    words = [json.loads(content)["kind"] for content in taken if isinstance(content, str)]
    assert made == [2, 5]
    assert words == ["started", "done"]
    pictures = [frame for frame in frames if b'"kind":"picture"' in frame[:200]]
    assert [f'"variation":{k}'.encode() in frame[:200] for k, frame in enumerate(pictures)] == [True] * 5


def test_a_request_that_waits_for_its_page_is_cancelled_at_once(tmp_path: Path) -> None:
    async def scene(deaf: DeafPage, jobs: Jobs, identity: str) -> None:
        deaf.say(bytes=request(identity, small_task(), number=1, variations=5))
        for _ in range(3):
            await idle(jobs)
        deaf.say(text='{"cancel": 1}')
        await idle(jobs)
        deaf.listens.set()
        await idle(jobs)
        deaf.leave()

    taken = converse(tmp_path, scene).taken
    assert [json.loads(content)["kind"] for content in taken if isinstance(content, str)] == ["started", "cancelled"]
    assert all(isinstance(content, str) for content in taken)


def test_a_preview_that_no_jpeg_can_hold_is_passed_over(tmp_path: Path) -> None:
    strip = np.zeros((16, 70_000, 3), np.uint8)
    receiver, photos = Takings(), PhotoStore(tmp_path)
    live = LiveRequest(number=1, task="analogy", photo="", maps=[], draft=True)
    store = RunStore(tmp_path)
    models = Models(store)
    made = drawing.Drawing(
        live, [], photos, receiver, models, Scenes([], store, models), Boards(store, models), Portraits(store, models)
    )
    frames = drawing._Frames(made, lambda: False)
    assert frames(Preview(strip, 0, 2, 0.0))
    assert receiver.previews == []
    assert not frames.complete
    assert frames(Preview(strip[:, :70], 0, 2, 0.0))
    assert len(receiver.previews) == 1


def test_previews_that_would_be_replaced_are_not_encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = list[int]()
    encode = drawing.encode_jpeg

    def count(picture: Picture) -> bytes:
        encoded.append(picture.shape[1])
        return encode(picture)

    async def scene(deaf: DeafPage, jobs: Jobs, identity: str) -> None:
        for number in (1, 2):  # the first of them is on its way when the page stops listening
            deaf.say(bytes=request(identity, small_task(), number=number, size=400))
            await idle(jobs)
        deaf.listens.set()
        deaf.leave()

    monkeypatch.setattr(drawing, "encode_jpeg", count)
    converse(tmp_path, scene)
    assert 2 <= len(encoded) <= 5, "of four each, the first, and what was in time before it counted as waiting"


def test_too_many_waiting_jobs_are_told_to_the_page(tmp_path: Path) -> None:
    async def scene(deaf: DeafPage, jobs: Jobs, identity: str) -> None:
        deaf.listens.set()
        begun, gate = threading.Event(), threading.Event()

        def hold(_: ShouldStop) -> None:
            begun.set()
            assert gate.wait(PATIENCE)

        jobs.submit("gate", hold)
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        waiting = [jobs.submit(number, lambda _: None) for number in range(64)]
        deaf.say(bytes=request(identity, small_task(), number=1))
        await asyncio.sleep(0.1)
        gate.set()
        await asyncio.to_thread(waiting[-1].future.result, PATIENCE)
        deaf.say(bytes=request(identity, small_task(), number=2, draft=True))
        await idle(jobs)
        deaf.leave()

    words = [json.loads(content) for content in converse(tmp_path, scene).taken if isinstance(content, str)]
    assert [(content["number"], content["kind"]) for content in words] == [(1, "failed"), (2, "started"), (2, "done")]
    assert "try again" in words[0]["message"]


def test_a_page_that_draws_without_reading_gathers_no_pictures(tmp_path: Path) -> None:
    async def scene(deaf: DeafPage, jobs: Jobs, identity: str) -> None:
        for number in range(5):
            deaf.say(bytes=request(identity, small_task(10 + 5 * number), number=number, variations=2))
            await idle(jobs)
        deaf.listens.set()
        for _ in range(3):
            await idle(jobs)
        deaf.leave()

    taken = converse(tmp_path, scene).taken
    frames = [content for content in taken if isinstance(content, bytes)]
    assert sum(b'"kind":"picture"' in frame[:200] for frame in frames) == 2
    assert all(b'"number":4' in frame[:200] for frame in frames)


def test_a_page_that_goes_takes_its_work_and_its_waiting_words_along(tmp_path: Path) -> None:
    async def scene(deaf: DeafPage, jobs: Jobs, identity: str) -> None:
        deaf.say(bytes=request(identity, small_task(), number=1, **LONG))
        for _ in range(100):
            deaf.say(text='{"ping": 1}')
        await asyncio.sleep(0.2)
        assert not deaf.says.empty(), "it is read on, whatever waits to be said"
        deaf.gone = True
        deaf.listens.set()
        await asyncio.wait_for(idle(jobs), 20)

    assert converse(tmp_path, scene).taken == []
