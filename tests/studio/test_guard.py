"""Requests that are too much: too long, too slow, too many, or asked by somebody who has gone."""

import asyncio
import json
import threading
import time
from http.client import HTTPConnection
from typing import Any

import numpy as np
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send
from tests.studio.support import PATIENCE, Server, png
from tests.surfaces.support import photo

from sembla import api
from sembla.studio.guard import Guard, Room
from sembla.studio.serving import done
from sembla.studio.wire import UNMARKED, pack

HEADERS = {"content-type": "application/json"}


async def reading(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that reads a body and answers nothing."""
    del send
    await Request(scope, receive).body()


def scope(**headers: str) -> Scope:
    given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/", "headers": given}


async def nothing(_: Message) -> None:
    """A `send` into the void."""


def pieces(*lengths: int, gate: asyncio.Event | None = None) -> Receive:
    """A body in pieces, the last of which waits for the gate."""
    left = list(lengths)

    async def receive() -> Message:
        length = left.pop(0)
        if not left and gate is not None:
            await gate.wait()
        return {"type": "http.request", "body": bytes(length), "more_body": bool(left)}

    return receive


def refusal(guard: Guard, receive: Receive, given: Scope) -> int:
    """The status that a body is refused with; 0 where it is not."""
    statuses: list[int] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await reading(scope, receive, send)
        except HTTPException as error:
            statuses.append(error.status_code)

    guard._app = note
    asyncio.run(guard(given, receive, nothing))
    return statuses[0] if statuses else 0


def test_all_bodies_together_are_bounded_and_make_room_when_they_go() -> None:
    async def run() -> list[int]:
        statuses: list[int] = []

        async def note(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await reading(scope, receive, send)
            except HTTPException as error:
                statuses.append(error.status_code)

        guard, gate = Guard(note, Room(each=60, together=100)), asyncio.Event()
        chunked = scope(transfer_encoding="chunked")
        first = asyncio.create_task(guard(chunked, pieces(60, 0, gate=gate), nothing))
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        await guard(chunked, pieces(50, 0), nothing)
        gate.set()
        await first
        await guard(chunked, pieces(50, 0), nothing)
        return statuses

    assert asyncio.run(run()) == [503]


def test_a_body_that_stops_coming_is_given_up() -> None:
    guard = Guard(reading, Room(pause=0.05))
    assert refusal(guard, pieces(10, 0, gate=asyncio.Event()), scope(content_length="20")) == 408
    assert refusal(guard, pieces(10, 10), scope(content_length="20")) == 0


def test_short_requests_may_not_be_long(server: Server) -> None:
    path = "/api/photos/" + "0" * 32
    deep = b'{"count": 4, "more": [' + b"1," * (5 << 20) + b"1]}"
    with server.client(**HEADERS) as client:
        start = time.monotonic()
        assert client.post(f"{path}/segments", content=deep).status_code == 413
        assert client.post(f"{path}/segments", content=b'{"count": 4}').status_code == 404
        assert client.post(f"{path}/segments", content=b'{"count": 1}').status_code == 422
        assert client.post(f"{path}/segments", content=b"\xff{").status_code == 422
        assert client.post(f"{path}/scribbles", content=b" " * (24 << 20) + b"{}").status_code == 413
        assert time.monotonic() - start < 10
    with server.client() as client:  # what a foreign page's form can send
        assert client.post(f"{path}/segments", content=b'{"count": 4}').status_code == 422


def test_strokes_of_nothing_are_told(server: Server, photo_id: str) -> None:
    strokes = pack(np.full((48, 64), UNMARKED, np.uint8)).model_dump()
    with server.client(**HEADERS) as client:
        answer = client.post(f"/api/photos/{photo_id}/scribbles", content=json.dumps({"strokes": strokes, "count": 2}))
    assert answer.status_code == 400
    assert "no class has strokes" in answer.json()["message"]


def test_a_slow_upload_holds_up_neither_examples_nor_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, gate = threading.Event(), threading.Event()

    def slow(*_: Any, **__: Any) -> Any:
        begun.set()
        gate.wait(PATIENCE)
        return photo()

    monkeypatch.setattr(api, "read_picture", slow)
    with Server() as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        connection.request("POST", "/api/photos", png(photo()))
        assert begun.wait(PATIENCE)
        with server.client() as client:
            assert client.get("/api/examples").status_code == 200
        start = time.monotonic()
        server.server.should_exit = True
        server.thread.join(PATIENCE)
        assert time.monotonic() - start < 15
    gate.set()
    connection.close()


def test_who_goes_away_takes_a_waiting_job_along(server: Server) -> None:
    gate, ran = threading.Event(), list[int]()
    server.desk.jobs.submit("gate", lambda _: gate.wait(PATIENCE))

    async def ask() -> None:
        async def gone() -> Message:
            return {"type": "http.disconnect"}

        request = Request({**scope(), "client": ("192.0.2.1", 1)}, gone)
        with pytest.raises(ClientDisconnect):
            await done(request, server.desk.jobs, lambda: ran.append(1))

    asyncio.run(ask())
    gate.set()
    server.desk.jobs.submit("after", lambda _: None).future.result(PATIENCE)
    assert ran == []
