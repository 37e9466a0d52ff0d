"""What no route needs to see to: bodies that are too long, too slow or too many, and errors that are nobody's but ours.

A body is held in memory until its request is answered. So all of them together are counted, not only each.
"""

import asyncio
import logging
from dataclasses import dataclass
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sembla.studio.wire import crash_message

__all__ = ["Guard", "Room", "short_body"]

_log = logging.getLogger("sembla.studio")


@dataclass(frozen=True)
class Room:
    """How much is taken."""

    each: int = 64 * 2**20
    """Most bytes of one request's body."""
    together: int = 256 * 2**20
    """Most bytes of all bodies that are held at a time."""
    pause: float = 60.0
    """Most seconds between two pieces of a body."""


class Guard:
    """ASGI middleware: counts the bytes of bodies while they arrive, and answers for what crashed."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self._app = app
        self._room = room
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered = False

        async def send_and_remember(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        promised = _promised(scope)
        body = _Body(self, receive, promised=promised, whole=promised == 0 and not _comes_in_chunks(scope))
        try:
            await self._app(scope, body.receive, send_and_remember)
        except ClientDisconnect:  # nobody is left to be answered
            return
        except asyncio.CancelledError:  # the server is ending and waits no longer
            if not answered:
                told = {"message": "the server is shutting down; start it again."}
                await JSONResponse(told, HTTPStatus.SERVICE_UNAVAILABLE)(scope, receive, send)
        except Exception as error:  # its traceback is for the terminal, not for the page
            _log.exception("%s %r crashed", scope["method"], scope["path"])
            if answered:
                raise
            response = JSONResponse({"message": crash_message(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)
            await response(scope, receive, send)
        finally:
            self._held -= body.came

    def take(self, body: "_Body", length: int) -> None:
        """Make room for `length` more bytes of a body. Raises `HTTPException` where there is none."""
        if body.came + length > self._room.each:
            raise _too_long(self._room.each)
        if self._held + length > self._room.together:
            raise HTTPException(503, "the server holds as many uploads as it can; try again in a while.")
        body.came += length
        self._held += length

    def foresee(self, promised: int) -> None:
        """Refuse a body that says beforehand that it is too long. Raises `HTTPException`."""
        if promised > self._room.each:
            raise _too_long(self._room.each)

    async def next_piece(self, receive: Receive) -> Message:
        """The next message of a body. Raises `HTTPException` where it does not come."""
        try:
            return await asyncio.wait_for(receive(), self._room.pause)
        except asyncio.TimeoutError as error:  # not the builtin one before Python 3.11
            raise HTTPException(
                408, f"no more of the body came within {self._room.pause:g} s; send it again."
            ) from error


class _Body:
    """The body of one request."""

    def __init__(self, guard: Guard, receive: Receive, *, promised: int, whole: bool) -> None:
        self._guard = guard
        self._receive = receive
        self._promised = promised
        self._whole = whole
        self.came = 0
        """Bytes taken so far."""

    async def receive(self) -> Message:
        """As ASGI's `receive`. Raises `HTTPException` for what the guard does not take."""
        if self._whole:
            return await self._receive()  # the end of the connection, which may be long in coming
        self._guard.foresee(self._promised)
        message = await self._guard.next_piece(self._receive)
        self._guard.take(self, len(message.get("body", b"")))
        self._whole = not message.get("more_body", False)
        return message


async def short_body(request: Request, most_bytes: int) -> bytes:
    """The body of a request that takes less than others do. Raises `HTTPException` for a longer one."""
    if _promised(request.scope) > most_bytes:
        raise _too_long(most_bytes)
    pieces = bytearray()
    async for piece in request.stream():
        pieces += piece
        if len(pieces) > most_bytes:
            raise _too_long(most_bytes)
    return bytes(pieces)


def _comes_in_chunks(scope: Scope) -> bool:
    return any(name == b"transfer-encoding" for name, _ in scope["headers"])


def _promised(scope: Scope) -> int:
    """Bytes that the request's headers say it has; 0 where they say nothing."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(length) if length.isdigit() and len(length) < 20 else 0


def _too_long(most_bytes: int) -> HTTPException:
    return HTTPException(
        413,  # HTTPStatus names it differently from Python 3.13 on
        f"more than {most_bytes / 2**20:g} MiB came; at most that much is taken. Shrink the picture first.",
    )
