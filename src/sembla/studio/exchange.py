"""One live request from its first job to its last word.

A request is as many jobs as it wants variations. The next is queued when the one before has ended and the page keeps up
with what it is sent: so pages get their turn between variations, and no page gathers pictures that it does not read.
"""

import asyncio
import json
import logging
from collections.abc import Hashable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sembla.core.errors import Cancelled, SemblaError
from sembla.studio.drawing import Drawing
from sembla.studio.jobs import Job, Jobs
from sembla.studio.outbox import Outbox
from sembla.studio.photos import UnknownPhotoError
from sembla.studio.wire import crash_message, one_line

__all__ = ["Exchange", "words"]

_log = logging.getLogger("sembla.studio")


class Exchange:
    """What the page is told of one request. Made, begun and stopped on the event loop; the worker calls it too."""

    def __init__(self, number: int, outbox: Outbox, jobs: Jobs) -> None:
        self.number = number
        self._outbox = outbox
        self._jobs = jobs
        self._loop = asyncio.get_running_loop()
        self._client: Hashable = None
        self._next: Drawing | None = None
        """The variation to be queued when the page has room for it."""
        self._job: Job[float] | None = None
        self._stopped = False

    def begin(self, client: Hashable, drawing: Drawing) -> None:
        """Queue the first job; `client` is whose turn it takes."""
        self._client, self._next = client, drawing
        self.go_on()

    def go_on(self) -> None:
        """Queue the next variation, if one is left and the page has taken most of those before."""
        drawing = self._next
        if drawing is None or self._outbox.full:
            return
        self._next = None
        try:
            self._job = self._jobs.submit(self._client, drawing)
        except SemblaError as error:
            self._fail(error)
            return
        self._job.future.add_done_callback(lambda future: self._call(self._follow, drawing, future))

    def stop(self) -> None:
        """End it, wherever it is."""
        self._stopped = True
        if self._next is not None:
            self._next = None
            self._say(kind="cancelled")
        elif self._job is not None:
            self._job.cancel()

    @property
    def behind(self) -> bool:
        """As `Receiver` says."""
        return self._outbox.behind

    def started(self) -> None:
        """As `Receiver` says."""
        self._call(self._outbox.say, words(number=self.number, kind="started"))

    def show(self, preview: bytes) -> None:
        """As `Receiver` says."""
        self._call(self._outbox.show, self, preview)

    def hand_over(self, picture: bytes) -> None:
        """As `Receiver` says."""
        self._call(self._outbox.hand_over, self, picture)

    def _follow(self, drawing: Drawing, future: Future[float]) -> None:
        """A job has ended: tell how, or go on to the next variation."""
        self._job = None
        error = None if future.cancelled() else future.exception()
        following = drawing.variation + 1
        if future.cancelled() or isinstance(error, Cancelled):
            self._say(kind="cancelled")
        elif error is not None:
            self._fail(error)
        elif following >= drawing.variations:
            self._say(kind="done", seconds=future.result())
        elif self._stopped:
            self._say(kind="cancelled")
        else:
            self._next = replace(drawing, variation=following, seconds=future.result())
            self.go_on()

    def _fail(self, error: BaseException) -> None:
        """Tell why there is no picture."""
        message = one_line(error)
        if not isinstance(error, SemblaError):
            _log.error("a job failed", exc_info=error)
            message = crash_message(error)
        self._say(kind="failed", message=message, unknown_photo=isinstance(error, UnknownPhotoError))

    def _say(self, **values: Any) -> None:
        self._outbox.say(words(number=self.number, **values))

    def _call(self, function: Any, *arguments: Any) -> None:
        """Call a function on the event loop, in the order of these calls."""
        with suppress(RuntimeError):  # the loop has closed: the server is ending
            self._loop.call_soon_threadsafe(function, *arguments)


def words(**values: Any) -> str:
    """A text message."""
    return json.dumps(values)
