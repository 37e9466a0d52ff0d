"""The live connection: layouts in, frames out while they form; a new request stops the one before it.

The page sends binary messages, `wire.LiveRequest` with the zlib-compressed ids of each map behind it, and the texts
{"cancel": number} and {"ping": number or text}. It is sent binary messages, `wire.FrameHeader` with the encoded picture
behind it, and these texts:

    {"number", "kind": "started"}
    {"number", "kind": "done", "seconds"}
    {"number", "kind": "cancelled"}
    {"number", "kind": "failed", "message", "unknown_photo"}
    {"kind": "error", "message"}        for a message that cannot be read; the connection stays
    {"kind": "pong", "pong"}

Each request that could be read ends with one of done, cancelled and failed.
"""

import asyncio
import logging
from contextlib import suppress

from pydantic import BaseModel, Field, StrictInt, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from sembla.core.errors import InputError
from sembla.studio.boards import Boards
from sembla.studio.drawing import Drawing
from sembla.studio.exchange import Exchange, words
from sembla.studio.jobs import Jobs
from sembla.studio.models import Models
from sembla.studio.outbox import Outbox
from sembla.studio.photos import PhotoStore
from sembla.studio.portraits import Portraits
from sembla.studio.scenes import Scenes
from sembla.studio.wire import LiveRequest, crash_message, first_fault, one_line, split_frame

__all__ = ["Connection"]

_log = logging.getLogger("sembla.studio")

_LONGEST_TEXT = 64 * 1024


class _Cancel(BaseModel):
    """Stop the request of this number."""

    cancel: StrictInt = Field(ge=0)


class _Ping(BaseModel):
    """Say the same back."""

    ping: StrictInt | str


class Connection:
    """One page's live connection, from its first message to its last."""

    def __init__(
        self,
        websocket: WebSocket,
        *,
        jobs: Jobs,
        photos: PhotoStore,
        models: Models,
        scenes: Scenes,
        boards: Boards,
        portraits: Portraits,
    ) -> None:
        self._websocket = websocket
        self._jobs = jobs
        self._photos = photos
        self._models = models
        self._scenes = scenes
        self._boards = boards
        self._portraits = portraits
        self._outbox = Outbox()
        self._exchange: Exchange | None = None

    async def serve(self) -> None:
        """Answer messages until the page goes away; what it had asked for is stopped then."""
        await self._websocket.accept()
        tasks = {asyncio.create_task(self._send()), asyncio.create_task(self._receive())}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()  # raises what it died of
        finally:
            self._stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self) -> None:
        """Send what the outbox holds, as fast as the page takes it."""
        with suppress(WebSocketDisconnect, RuntimeError, OSError):  # the page is gone
            while True:
                content = await self._outbox.take()
                if isinstance(content, bytes):
                    await self._websocket.send_bytes(content)
                else:
                    await self._websocket.send_text(content)
                if self._exchange is not None:
                    self._exchange.go_on()

    async def _receive(self) -> None:
        while (message := await self._websocket.receive())["type"] == "websocket.receive":
            try:
                if message.get("bytes") is not None:
                    self._start(*_parse_request(message["bytes"]))
                else:
                    self._answer(message["text"])
            except InputError as error:
                self._outbox.say(words(kind="error", message=one_line(error)))
            except Exception as error:  # noqa: BLE001 - whatever one message holds, the connection stays
                _log.exception("a message crashed its reader")
                self._outbox.say(words(kind="error", message=crash_message(error)))
            await self._outbox.room()

    def _start(self, request: LiveRequest, parts: list[bytes]) -> None:
        """Put a request in place of the one before."""
        self._stop()
        exchange = Exchange(request.number, self._outbox, self._jobs)
        self._outbox.turn_to(exchange)
        self._exchange = exchange
        drawing = Drawing(
            request,
            parts,
            self._photos,
            exchange,
            models=self._models,
            scenes=self._scenes,
            boards=self._boards,
            portraits=self._portraits,
        )
        exchange.begin(self, drawing)

    def _answer(self, text: str) -> None:
        """Do what a text message says. Raises `InputError` for one that says nothing known."""
        if len(text) > _LONGEST_TEXT:
            raise InputError(f"a text of {len(text)} characters came; at most {_LONGEST_TEXT} are taken.")
        with suppress(ValidationError):
            self._outbox.say(words(kind="pong", pong=_Ping.model_validate_json(text).ping))
            return
        try:
            number = _Cancel.model_validate_json(text).cancel
        except ValidationError as error:
            raise InputError(
                'expected {"cancel": number} or {"ping": number or text}; ' + first_fault(error)
            ) from error
        if self._exchange is not None and self._exchange.number == number:
            self._stop()

    def _stop(self) -> None:
        """Stop the latest request, and send no more of its pictures."""
        if self._exchange is not None:
            self._exchange.stop()
        self._exchange = None
        self._outbox.turn_to(None)


def _parse_request(message: bytes) -> tuple[LiveRequest, list[bytes]]:
    """A request and the packed ids of each of its maps. Raises `InputError`."""
    header, rest = split_frame(message)
    try:
        request = LiveRequest.model_validate_json(header)
    except ValidationError as error:
        raise InputError(f"the header cannot be read: {first_fault(error)}.") from error
    expected = sum(entry.bytes for entry in request.maps)
    if expected != len(rest):
        raise InputError(f"the maps should have {expected} bytes together, but {len(rest)} came; send all of them.")
    parts, start = [], 0
    for entry in request.maps:
        parts.append(bytes(rest[start : start + entry.bytes]))
        start += entry.bytes
    return request, parts
