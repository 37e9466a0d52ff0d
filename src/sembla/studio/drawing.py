"""The jobs behind a live request, one a variation: unpack the maps, run the task, encode every frame on the way.

Runs on the worker thread. Where the frames go is the receiver's affair.
"""

import io
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Protocol

from PIL import Image, PngImagePlugin

from sembla.core.errors import Cancelled, InputError
from sembla.core.tasks import AnalogyTask, Preview, SceneTask, ShouldStop
from sembla.core.types import LabelMap, Picture
from sembla.studio.board_tasks import Piece
from sembla.studio.boards import Boards, Finished
from sembla.studio.forms import BOARDS, FORMS, PORTRAIT, SCENE, TASKS, check_settings, map_names
from sembla.studio.models import Models
from sembla.studio.photos import PhotoStore
from sembla.studio.portrait_wire import Resemblance
from sembla.studio.portraits import Portraits
from sembla.studio.scenes import Scenes
from sembla.studio.wire import FrameHeader, LiveModel, LiveRequest, frame, inflate

__all__ = ["Drawing", "Receiver", "encode_jpeg", "encode_png"]

DRAFT_SIDE = 120
"""A draft ends with the first frame whose longer side reaches this."""


MOST_JPEG_SIDE = 65_500
"""A preview with a longer side is not sent: no JPEG can hold it."""


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
    """One variation of a live request, ready to be made."""

    request: LiveRequest
    parts: Sequence[bytes]
    """The zlib-compressed ids of each of its maps."""
    photos: PhotoStore
    receiver: Receiver
    models: Models
    """Who draws instead of the instant engine, where the request says so."""
    scenes: Scenes
    """Who makes scenes."""
    boards: Boards
    """Who keeps regions and fills holes."""
    portraits: Portraits
    """Who makes faces anew."""
    variation: int = 0
    """Which of the wanted variations to make."""
    seconds: float = 0.0
    """Time spent on the variations before it."""

    def __call__(self, stop: ShouldStop) -> float:
        """Do it, and return the seconds spent so far. Raises `Cancelled` where it was stopped, and `InputError`."""
        start = time.perf_counter()
        if self.variation == 0:
            self.receiver.started()
        with self.photos.hold(self.request.photo) if self.request.photo else nullcontext() as photo:
            if self.request.task == SCENE:
                self._run_scene(photo, stop)
            elif self.request.task in BOARDS:
                self._run_board(photo, stop)
            elif self.request.task == PORTRAIT:
                self._run_portrait(photo, stop)
            else:
                self._run(photo, stop)
        return self.seconds + time.perf_counter() - start

    @property
    def variations(self) -> int:
        """How many jobs the request is: one for each variation, so that other pages get their turn in between."""
        if self.request.fill is not None:
            return self.request.fill.fillings
        wanted = self.request.settings.get("variations", 1)
        return 1 if self.request.draft or wanted is None else int(wanted)

    def _run(self, photo: Picture | None, stop: ShouldStop) -> None:
        from sembla import api  # loads the engine's libraries: the server is up before they are

        task_type = TASKS.get(self.request.task)
        if task_type is None:
            raise InputError(f"there is no task {self.request.task!r}; the tasks are {', '.join(FORMS)}.")
        if photo is None:
            raise InputError("no photo came; say which one is meant.")
        check_settings(FORMS[self.request.task], self.request.settings)
        fields: dict[str, Any] = {**self._maps(map_names(task_type)), **self.request.settings, "variations": 1}
        task = task_type(photo, **fields)
        api.check(task)
        task = replace(task, first_variation=task.first_variation + self.variation)
        frames = _Frames(self, stop)
        if self.request.model is not None:
            if stop():
                raise Cancelled("the page asked to stop.")
            self._run_model(self.request.model, task, frames)
            return
        try:
            api.run(task, frames, stop=stop)
        except Cancelled:
            if not frames.complete:
                raise

    def _run_scene(self, style: Picture | None, stop: ShouldStop) -> None:
        """Variations are of seeds that follow one another, so that parts of each can be made anew."""
        check_settings(FORMS[SCENE], self.request.settings)
        if self.request.scene is None:
            raise InputError("no engine came for the scene; say which one makes it.")
        maps = self._maps(("layout",), optional=("rolls",))
        numbers = {"seed": 0, "first_variation": 0, **self.request.settings}
        seed = (int(numbers["seed"] or 0) + int(numbers["first_variation"] or 0) + self.variation) % 2**63
        rolls = None if self.request.draft else maps.get("rolls")
        task = SceneTask(maps["layout"], style=style, seed=seed)
        frames = _Frames(self, stop)
        try:
            made = self.scenes.make(self.request.scene, task, rolls=rolls, on_preview=frames, stop=stop)
        except Cancelled:
            if not frames.complete:
                raise
            return
        record = {**made.record, "style": self.request.photo or None}
        if not frames(Preview(made.picture, 0, 1, made.seconds), record):
            raise Cancelled("the page asked to stop.")

    def _run_board(self, board: Picture | None, stop: ShouldStop) -> None:
        """Several pictures come of it, each with word of what it shows."""
        asked, frames = self.request, _Frames(self, stop)
        if board is None:
            raise InputError("no pictures came; open some first.")
        marks = self._maps(("layout",))["layout"]
        if asked.keep is not None:
            made = self.boards.keep(asked.keep, board, marks, on_preview=frames, stop=stop)
        elif asked.fill is not None:
            made = self.boards.fill(asked.fill, board, marks, variation=self.variation, on_preview=frames, stop=stop)
        else:
            raise InputError(f"the task {asked.task} came without what it is to do; send keep or fill.")
        for one in made:
            if stop():
                raise Cancelled("the page asked to stop.")
            frames.hand_over(one)

    def _run_portrait(self, photo: Picture | None, stop: ShouldStop) -> None:
        """All of it is made at once; nothing of it is seen before."""
        check_settings(FORMS[PORTRAIT], self.request.settings)
        asked = self.request.portrait
        if photo is None or asked is None:
            raise InputError("no photo, or no model, came for the portrait; say which are meant.")
        maps = self._maps(("labels", "layout"))
        seed = int(self.request.settings.get("seed") or 0) + self.variation
        with self.photos.hold(asked.reference) if asked.reference else nullcontext() as other:
            reference = None if other is None or asked.reference is None else (asked.reference, other)
            draft = self.request.draft
            made = self.portraits.make(
                asked, (self.request.photo, photo), maps, reference=reference, seed=seed, draft=draft, stop=stop
            )
        if not _Frames(self, stop)(Preview(made.picture, 0, 1, made.seconds), made.record, made.resemblance):
            raise Cancelled("the page asked to stop.")

    def _run_model(self, model: LiveModel, task: AnalogyTask, frames: "_Frames") -> None:
        """A trained model makes the whole picture at once, and cannot be stopped meanwhile."""
        made = self.models.run(model, task)
        if not frames(Preview(made.picture, 0, 1, made.seconds)):
            raise Cancelled("the page asked to stop.")

    def _maps(self, expected: Sequence[str], *, optional: Sequence[str] = ()) -> Mapping[str, LabelMap]:
        """The label maps by their names."""
        names = [entry.name for entry in self.request.maps]
        if sorted(names) != sorted([*expected, *(name for name in optional if name in names)]):
            raise InputError(f"the maps {', '.join(names) or 'none'} came; expected {' and '.join(expected)}.")
        return {
            entry.name: inflate(part, (entry.width, entry.height), name=entry.name)
            for entry, part in zip(self.request.maps, self.parts, strict=True)
        }


class _Frames:
    """Encodes previews as they come; answers whether to go on."""

    def __init__(self, drawing: Drawing, stop: ShouldStop) -> None:
        self._drawing = drawing
        self._request = drawing.request
        self._receiver = drawing.receiver
        self._stop = stop
        self.complete = False
        """Whether a draft has all that it was to have."""

    def __call__(
        self, preview: Preview, record: Mapping[str, Any] | None = None, resemblance: Resemblance | None = None
    ) -> bool:
        """Whether to go on; a finished picture carries its `record`."""
        if self._stop():
            return False
        if preview.level == preview.levels - 1:
            origins = record.get("credits", {}) if record else {}
            encoded = encode_png(preview.picture, record)
            framed = self._framed(preview, encoded, final=True, origins=origins, resemblance=resemblance)
            self._receiver.hand_over(framed)
            return True
        longest = max(preview.picture.shape[:2])
        if longest > MOST_JPEG_SIDE:
            return True
        self.complete = self._request.draft and longest >= DRAFT_SIDE
        if self.complete or not self._receiver.behind:  # who is behind would see it replaced by the next one
            self._receiver.show(self._framed(preview, encode_jpeg(preview.picture), final=False))
        return not self.complete

    def hand_over(self, made: Finished) -> None:
        """Send one of several finished pictures."""
        encoded, shown = encode_png(made.picture, made.record), Preview(made.picture, 0, 1, made.seconds)
        self._receiver.hand_over(self._framed(shown, encoded, final=True, piece=made.piece))

    def _framed(
        self,
        preview: Preview,
        encoded: bytes,
        *,
        final: bool,
        origins: Mapping[str, float] = MappingProxyType({}),
        piece: Piece | None = None,
        resemblance: Resemblance | None = None,
    ) -> bytes:
        height, width = preview.picture.shape[:2]
        header = FrameHeader(
            number=self._request.number,
            kind="picture" if final else "preview",
            variation=self._drawing.variation,
            level=preview.level,
            levels=preview.levels,
            seconds=self._drawing.seconds + preview.seconds,
            width=width,
            height=height,
            type="image/png" if final else "image/jpeg",
            bytes=len(encoded),
            credits=dict(origins),
            piece=piece,
            resemblance=resemblance,
        )
        return frame(header, encoded)


def encode_png(picture: Picture, record: Mapping[str, Any] | None = None) -> bytes:
    """A picture (H, W, 3) as PNG, quickly rather than small; a `record` goes where `api.read_settings` looks for it."""
    file, chunks = io.BytesIO(), PngImagePlugin.PngInfo()
    if record is not None:
        chunks.add_text("sembla", json.dumps(record, sort_keys=True))
    Image.fromarray(picture).save(file, "PNG", compress_level=1, pnginfo=chunks)
    return file.getvalue()


def encode_jpeg(picture: Picture) -> bytes:
    """A picture (H, W, 3) that is looked at for a moment; full colour resolution, for thin coloured things."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=90, subsampling=0)
    return file.getvalue()
