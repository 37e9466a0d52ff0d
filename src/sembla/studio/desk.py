"""What the routes share while the server runs: the photos, the worker, and the threads that decode files."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from starlette.requests import HTTPConnection

from sembla.studio.boards import Boards
from sembla.studio.jobs import Jobs
from sembla.studio.models import Models
from sembla.studio.notes import audible
from sembla.studio.photos import PhotoStore
from sembla.studio.portraits import Portraits
from sembla.studio.runs import RunStore
from sembla.studio.scenes import Scenes
from sembla.studio.scratch import remove_stale, scratch_folder
from sembla.studio.training import Training

__all__ = ["Desk", "desk_of", "open_desk"]

_log = logging.getLogger("sembla.studio")


@dataclass(frozen=True)
class Desk:
    """Everything that outlives a request."""

    photos: PhotoStore
    jobs: Jobs
    """Work for the engine."""
    decoders: Jobs
    """Reads uploaded files. A thread of its own: some files take long, and the engine need not wait for them."""
    library: Jobs
    """Reads the bundled examples, which nobody's upload shall hold up."""
    runs: RunStore
    """What was trained."""
    training: Training
    models: Models
    scenes: Scenes
    boards: Boards
    portraits: Portraits
    upload_bytes: int
    """Most bytes of a request."""


async def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the app that a request came to. A coroutine, for plain functions are called on a thread."""
    desk: Desk = connection.app.state.desk
    return desk


@contextmanager
def open_desk(
    *, runs: RunStore, banks: Sequence[Path], packs: Mapping[str, Path], photo_bytes: int, upload_bytes: int
) -> Iterator[Desk]:
    """A desk with its worker at work and its folder made; both go when the context ends, and a training is stopped."""
    remove_stale()
    Image.init()  # two threads that load Pillow's decoders at once have been seen to get in each other's way
    with audible(), scratch_folder() as folder, ExitStack() as closing:
        jobs, decoders, library = Jobs(), Jobs("decoder", most_each=32), Jobs("library", most_each=32)
        for worker, patience in ((jobs, 5.0), (decoders, 1.0), (library, 1.0)):  # a decoder cannot be stopped
            worker.start()
            closing.callback(worker.close, patience=patience)
        # The page can be looked at meanwhile; what it asks for waits behind this, and the first stroke is fast.
        models = Models(runs)
        scenes = Scenes(banks, runs, models, packs=packs)
        boards = Boards(runs, models, packs=packs)
        portraits = Portraits(runs, models, packs=packs)
        jobs.submit("warm-up", lambda _: _warm_up(scenes)).future.add_done_callback(_note_failure)
        training = Training(runs)
        closing.callback(training.close)
        photos = PhotoStore(folder, most_bytes=photo_bytes)
        yield Desk(
            photos=photos,
            jobs=jobs,
            decoders=decoders,
            library=library,
            runs=runs,
            training=training,
            models=models,
            scenes=scenes,
            boards=boards,
            portraits=portraits,
            upload_bytes=upload_bytes,
        )


def _warm_up(scenes: Scenes) -> None:
    from sembla import api  # loads the engine's libraries

    api.warm_up()
    scenes.cards()  # opens the banks


def _note_failure(warm_up: Future[None]) -> None:
    """Nobody awaits this job: where it fails, the first request will too, but the reason should stand at the top."""
    if not warm_up.cancelled() and warm_up.exception() is not None:
        _log.error("the engine could not be loaded", exc_info=warm_up.exception())
