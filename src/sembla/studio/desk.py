"""What the routes share while the server runs: the photos, the worker, and the threads that decode files."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import HTTPConnection

from sembla.studio.jobs import Jobs
from sembla.studio.photos import PhotoStore
from sembla.studio.scratch import remove_stale, scratch_folder

__all__ = ["Desk", "desk_of", "open_desk"]

Result = TypeVar("Result")

_log = logging.getLogger("sembla.studio")

_DECODERS = 2


@dataclass(frozen=True)
class Desk:
    """Everything that outlives a request."""

    photos: PhotoStore
    jobs: Jobs
    decoders: ThreadPoolExecutor
    upload_bytes: int
    """Most bytes of a request."""

    async def decode(self, work: Callable[[], Result]) -> Result:
        """Do what takes a moment and no engine, away from the event loop; a few at a time, for photos are large."""
        return await asyncio.get_running_loop().run_in_executor(self.decoders, work)


async def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the app that a request came to. A coroutine, for plain functions are called on a thread."""
    desk: Desk = connection.app.state.desk
    return desk


@contextmanager
def open_desk(*, photo_bytes: int, upload_bytes: int) -> Iterator[Desk]:
    """A desk with its worker at work and its folder made; both go when the context ends."""
    remove_stale()
    with scratch_folder() as folder, ThreadPoolExecutor(_DECODERS, thread_name_prefix="sembla-decoder") as decoders:
        jobs = Jobs()
        jobs.start()
        # The page can be looked at meanwhile; what it asks for waits behind this, and the first stroke is fast.
        jobs.submit("warm-up", lambda _: _warm_up()).future.add_done_callback(_note_failure)
        try:
            yield Desk(PhotoStore(folder, most_bytes=photo_bytes), jobs, decoders, upload_bytes)
        finally:
            jobs.close()


def _warm_up() -> None:
    from sembla import api  # loads the engine's libraries

    api.warm_up()


def _note_failure(warm_up: Future[None]) -> None:
    """Nobody awaits this job: where it fails, the first request will too, but the reason should stand at the top."""
    if not warm_up.cancelled() and warm_up.exception() is not None:
        _log.error("the engine could not be loaded", exc_info=warm_up.exception())
