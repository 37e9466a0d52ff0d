"""Numbers, sizes and memory: what is refused before any work begins."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sembla.core import memory
from sembla.core.errors import InputError, MemoryNeedError, SizeError
from sembla.core.ranges import ranges, whole
from sembla.core.tasks import AnalogyTask
from sembla.core.types import MAX_PIXELS, MIN_SIDE
from sembla.core.ways import Searched, Steered, Weighted

__all__ = ["check", "check_does", "check_memory", "numbers", "output_size", "settings", "told_size"]


def check(task: AnalogyTask) -> None:
    """See that a task can be done: its numbers lie in their ranges, its result has a usable size and fits into memory.

    Raises `InputError`, `SizeError` or `MemoryNeedError`. What its arrays hold is seen to when the task is run.
    """
    numbers(type(task), {name: getattr(task, name) for name in ranges(type(task))})
    check_memory([task])


def numbers(task_type: type, given: Mapping[str, int | None]) -> dict[str, Any]:
    """Settings of a task as Python's own numbers, to be passed to `replace`.

    None stays where it is the default. Raises `InputError` for what is out of its range, or no whole number.
    """
    known, usual = ranges(task_type), {field.name: field.default for field in fields(task_type)}
    return {
        name: None if value is None and usual[name] is None else whole(value, name, known[name])
        for name, value in given.items()
    }


def check_does(engine: Any, task_type: type, *, told: str) -> None:
    """Raise `InputError` for what is no model, and for one of a method that does no such task, in words of its own."""
    if not hasattr(engine, "tasks"):
        raise InputError(f"a model came as {type(engine).__name__}; give what load gives.")
    if task_type not in engine.tasks:
        raise InputError(f"the model is of method {engine.description.method}, which {told}.")


def settings(given: Any) -> None:
    """Raise `InputError` for a search or a way to fill whose settings are out of their ranges."""
    known = ranges(type(given))
    for name, range_ in known.items():
        whole(getattr(given, name), name, range_)
    if isinstance(given, Steered) and not 0 <= given.meaning <= 1:
        raise InputError(f"meaning {given.meaning} came; give 0 to 1.")
    if isinstance(given, Weighted) and given.window % 2 == 0:
        raise InputError(f"window {given.window} came; give an odd number, so that a pixel is in its middle.")
    if isinstance(given, Searched | Weighted) and not 0 <= given.realism < math.inf:
        raise InputError(f"realism {given.realism} came; give a number of 0 or more.")


def output_size(task: AnalogyTask) -> tuple[int, int]:
    """Width and height that the result of a task will have. Raises `SizeError` for what is too small or too large."""
    from sembla.methods.analogy import instant

    least, most = _size_limits(task)
    if task.size is not None and not least <= task.size <= most:
        height, width = task.layout.shape
        raise SizeError(
            f"size {task.size} came; for a layout of {width}x{height} it must lie between {least} and {most}."
        )
    return instant.output_size(task)


def check_memory(tasks: Sequence[AnalogyTask]) -> None:
    """Raise `MemoryNeedError` where the engine predicts that the hungriest of `tasks` needs more than is free."""
    task = max(tasks, key=_memory_need)  # not the largest layout: a small one may enlarge the photo more
    need, room = _memory_need(task), memory.available()
    if room is None or need <= room:
        return
    width, height = output_size(task)
    least, smaller = _size_limits(task)[0], max(width, height)
    while smaller >= least and _memory_need(replace(task, size=smaller)) > room:
        smaller = smaller * 9 // 10
    hint = "close other programs"
    if smaller >= least:
        hint = f"ask for fewer pixels, e.g. --size {smaller} (size={smaller})"
    raise MemoryNeedError(
        f"{width}x{height} needs about {need / 2**30:.1f} GiB and {room / 2**30:.1f} GiB are free; {hint}."
    )


def _memory_need(task: AnalogyTask) -> int:
    """Bytes at the peak: the engine's for one picture, and the finished variations beside it."""
    from sembla.methods.analogy import instant

    width, height = output_size(task)
    return instant.memory_need(task) + (task.variations - 1) * 3 * width * height


def _size_limits(task: AnalogyTask) -> tuple[int, int]:
    """The least and the greatest longest side that a result in the shape of the task's layout can have."""
    shorter, longer = sorted(task.layout.shape)
    least = -(-MIN_SIDE * longer // shorter)
    most = math.isqrt(MAX_PIXELS * longer // shorter)
    return least, math.isqrt((MAX_PIXELS - most // 2 - 1) * longer // shorter)  # the shorter side may be rounded up


def told_size(pixels: NDArray[np.uint8]) -> str:
    """The size of a picture or map as messages say it: WIDTHxHEIGHT."""
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
