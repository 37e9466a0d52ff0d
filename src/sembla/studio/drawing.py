"""The job behind a live request: unpack the maps, run the task, encode every frame on the way.

Runs on the worker thread. Where the frames go is the receiver's affair.
"""

import io
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from PIL import Image

from sembla.core.errors import Cancelled, InputError
from sembla.core.tasks import Preview, ShouldStop
from sembla.core.types import Picture
from sembla.studio.forms import FORMS, TASKS, check_settings
from sembla.studio.photos import PhotoStore
from sembla.studio.wire import FrameHeader, LiveRequest, frame, inflate

__all__ = ["Drawing", "Receiver", "encode_jpeg", "encode_png"]

DRAFT_SIDE = 120
"""A draft ends with the first frame whose longer side reaches this."""


class Receiver(Protocol):
    """Who gets the frames, on the worker thread."""

    @property
    def behind(self) -> bool:
        """Whether an earlier preview still waits to be sent."""

    def started(self) -> None:
        """The work has begun."""

    def show(self, preview: bytes) -> None:
        """Take a frame that a newer one may replace."""

    def hand_over(self, picture: bytes) -> None:
        """Take a finished picture."""


@dataclass(frozen=True)
class Drawing:
    """A live request, ready to be run."""

    request: LiveRequest
    parts: Sequence[bytes]
    """The zlib-compressed ids of each of its maps."""
    photos: PhotoStore
    receiver: Receiver

    def __call__(self, stop: ShouldStop) -> float:
        """Do it, and return the seconds that it took. Raises `Cancelled` where it was stopped, and `InputError`."""
        start = time.perf_counter()
        self.receiver.started()
        with self.photos.hold(self.request.photo) as photo:
            self._run(photo, stop)
        return time.perf_counter() - start

    def _run(self, photo: Picture, stop: ShouldStop) -> None:
        from sembla import api  # loads the engine's libraries: the server is up before they are

        task_type = TASKS.get(self.request.task)
        if task_type is None:
            raise InputError(f"there is no task {self.request.task!r}; the tasks are {', '.join(TASKS)}.")
        check_settings(FORMS[self.request.task], self.request.settings)
        settings: dict[str, Any] = dict(self.request.settings)
        if self.request.draft:
            settings["variations"] = 1
        task = task_type(photo, **self._maps(), **settings)
        api.check(task)
        frames = _Frames(self.request, self.receiver, stop)
        try:
            api.run(task, frames, stop=stop)
        except Cancelled:
            if not frames.complete:
                raise

    def _maps(self) -> Mapping[str, Any]:
        """The label maps by the names of the task's fields."""
        names = [entry.name for entry in self.request.maps]
        if sorted(names) != ["labels", "layout"]:
            raise InputError(f"the maps {', '.join(names) or 'none'} came; expected labels and layout.")
        return {
            entry.name: inflate(part, (entry.width, entry.height), name=entry.name)
            for entry, part in zip(self.request.maps, self.parts, strict=True)
        }


class _Frames:
    """Encodes previews as they come; answers whether to go on."""

    def __init__(self, request: LiveRequest, receiver: Receiver, stop: ShouldStop) -> None:
        self._request = request
        self._receiver = receiver
        self._stop = stop
        self._variation = 0
        self.complete = False
        """Whether a draft has all that it was to have."""

    def __call__(self, preview: Preview) -> bool:
        if self._stop():
            return False
        if preview.level == preview.levels - 1:
            self._receiver.hand_over(self._framed(preview, encode_png(preview.picture), final=True))
            self._variation += 1
            return True
        self.complete = self._request.draft and max(preview.picture.shape[:2]) >= DRAFT_SIDE
        if self.complete or not self._receiver.behind:  # who is behind would see it replaced by the next one
            self._receiver.show(self._framed(preview, encode_jpeg(preview.picture), final=False))
        return not self.complete

    def _framed(self, preview: Preview, encoded: bytes, *, final: bool) -> bytes:
        height, width = preview.picture.shape[:2]
        header = FrameHeader(
            number=self._request.number,
            kind="picture" if final else "preview",
            variation=self._variation,
            level=preview.level,
            levels=preview.levels,
            seconds=preview.seconds,
            width=width,
            height=height,
            type="image/png" if final else "image/jpeg",
            bytes=len(encoded),
        )
        return frame(header, encoded)


def encode_png(picture: Picture) -> bytes:
    """A picture (H, W, 3) as PNG, quickly rather than small."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=1)
    return file.getvalue()


def encode_jpeg(picture: Picture) -> bytes:
    """A picture (H, W, 3) that is looked at for a moment; full colour resolution, for thin coloured things."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue()
