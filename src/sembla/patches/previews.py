"""Shows what a synthesis has settled so far."""

import time

from sembla.core.errors import Cancelled
from sembla.core.tasks import OnPreview, Preview
from sembla.patches.synthesis import Settled

__all__ = ["PREVIEW_SIDE", "Clock"]

PREVIEW_SIDE = 120
"""The first level whose longer side reaches this is the first preview that `preview_seconds` counts."""


class Clock:
    """Hands out previews, and remembers when the work and the first preview worth looking at were done."""

    def __init__(self, on_preview: OnPreview | None) -> None:
        self.on_preview = on_preview
        self.started = time.perf_counter()
        self.preview_seconds: float | None = None

    @property
    def seconds(self) -> float:
        """How long the work takes so far."""
        return time.perf_counter() - self.started

    def show(self, settled: Settled) -> None:
        """Hand out a finished level, read-only. Raises `Cancelled` where its receiver says so."""
        seconds = self.seconds
        final = settled.level == settled.levels - 1
        if self.preview_seconds is None and (final or max(settled.picture.shape[:2]) >= PREVIEW_SIDE):
            self.preview_seconds = seconds
        if self.on_preview is None:
            return
        picture = settled.picture.view()
        picture.flags.writeable = False  # the result is made from these very pixels
        answer = self.on_preview(Preview(picture, settled.level, settled.levels, seconds))
        if answer is not None and not answer:
            raise Cancelled("the preview's receiver asked to stop.")
