"""What no route needs to see to: bodies that are too long, and errors that are nobody's fault but ours."""

import logging
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sembla.studio.wire import crash_message

__all__ = ["Guard"]

_log = logging.getLogger("sembla.studio")


class Guard:
    """ASGI middleware: counts a body's bytes while they arrive, and answers for what crashed."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app = app
        self._most_bytes = most_bytes

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

        try:
            await self._app(scope, self._counted(scope, receive), send_and_remember)
        except Exception as error:  # its traceback is for the terminal, not for the page
            _log.exception("%s %s crashed", scope["method"], scope["path"])
            if answered:
                raise
            response = JSONResponse({"message": crash_message(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)
            await response(scope, receive, send)

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """A `receive` that raises once more bytes came, or are promised, than are taken."""
        promised = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        came = 0

        async def receive_and_count() -> Message:
            nonlocal came
            if promised.isdigit() and int(promised) > self._most_bytes:
                raise self._too_long()
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._most_bytes:
                raise self._too_long()
            return message

        return receive_and_count

    def _too_long(self) -> HTTPException:
        most = self._most_bytes / 2**20
        return HTTPException(
            413,  # HTTPStatus names it differently from Python 3.13 on
            f"more than {most:g} MiB came; at most that much is taken. Shrink the picture first.",
        )
