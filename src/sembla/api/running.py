"""Trained models at work on one task: variation by variation, so that each can be shown and the work be stopped."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sembla.core.errors import Cancelled
from sembla.core.tasks import AnalogyTask, OnPicture, OnPreview, Preview, Result, SceneTask, ShouldStop

if TYPE_CHECKING:
    from sembla.runs.synthesizer import Synthesizer

__all__ = ["one_by_one"]


def one_by_one(
    task: AnalogyTask | SceneTask,
    on_preview: OnPreview | None,
    *,
    stop: ShouldStop | None,
    engine: "Synthesizer",
    on_picture: OnPicture | None = None,
) -> list[Result]:
    """The result of each variation of a task, one after the other. Raises `Cancelled` where it was asked to stop."""
    began, first, results = time.perf_counter(), task.first_variation, []
    for variation in range(first, first + task.variations):
        if stop is not None and stop():
            raise Cancelled("the work was asked to stop.")
        result = engine(replace(task, variations=1, first_variation=variation))
        results.append(result)
        picture = result.picture.view()
        picture.flags.writeable = False
        shown = Preview(picture, level=0, levels=1, seconds=time.perf_counter() - began)
        answer = on_preview(shown) if on_preview is not None else None
        if answer is not None and not answer:
            raise Cancelled("the preview's receiver asked to stop.")
        if on_picture is not None:
            on_picture(result.picture, {})  # copied from nothing
    return results
