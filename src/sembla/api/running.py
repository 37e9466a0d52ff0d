"""Trained models at work on one task: variation by variation, so that each can be shown and the work be stopped."""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sembla.core.tasks import AnalogyTask, OnPicture, OnPreview, Result, SceneTask, ShouldStop, Watch

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
    watch = Watch(on_preview, stop)
    for variation in range(first, first + task.variations):
        watch.check()
        result = engine(replace(task, variations=1, first_variation=variation))
        results.append(result)
        watch.show(result.picture, seconds=time.perf_counter() - began)
        if on_picture is not None:
            on_picture(result.picture, {})  # copied from nothing
    return results
