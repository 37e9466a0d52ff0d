"""What a training will take, told beforehand: from one measured step to peak memory, time, and how to split a batch."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import torch

from sembla.core import memory
from sembla.core.errors import MemoryNeedError
from sembla.core.method import Batch, Method
from sembla.engine.base import Engine
from sembla.engine.distributed import neighbours
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Trainer

__all__ = ["Measured", "Plan", "choose", "plan"]

C = TypeVar("C")
S = TypeVar("S")
B = TypeVar("B", bound=Batch)

_SHARE = 0.9  # of the room that may be taken: what is predicted is not exact


@dataclass(frozen=True)
class Measured:
    """A step of `images` in one forward pass."""

    images: int
    seconds: float
    peak: int
    """Bytes of the GPU, or of this process; 0 where the system does not say."""


@dataclass(frozen=True)
class Plan:
    """How to train, and what that takes in each process."""

    part: int
    """Images in one forward pass."""
    accumulate: int
    """Parts that a step is computed in."""
    peak: int
    """Bytes of memory, predicted."""
    room: int | None
    """Bytes that can be had; None where the system does not say."""
    seconds_per_1000: float
    """Time for 1000 images over all processes, predicted."""


def plan(method: Method[C, S, B], config: C, source: S, *, settings: TrainSettings, engine: Engine) -> Plan:
    """Measure a step of one image and one of two, and choose the fewest parts that the batch of `settings` fits in.

    Nothing is written, and the accumulation of `settings` is not looked at. Raises `MemoryNeedError` where not even
    one image fits, and `InputError` where the batch cannot be shared by the processes.
    """
    share = replace(settings, accumulate=1).part(engine.ranks)

    def trainer(images: int) -> Trainer[C, S, B]:
        once = replace(settings, batch=images * engine.ranks, accumulate=1, steps=2)
        return Trainer(method, config, source, settings=once, engine=engine)

    alone = trainer(1)
    room = _room(_device(alone), sharing=neighbours())
    measured = [_measure(alone, 1)]
    del alone
    if share > 1:
        with suppress(MemoryNeedError):
            measured.append(_measure(trainer(2), 2))
    return choose(measured, share, ranks=engine.ranks, room=room)


def choose(measured: Sequence[Measured], share: int, *, ranks: int = 1, room: int | None = None) -> Plan:
    """The plan for a `share` of images a process and step, along the line through one measured step or two.

    With one, where two images do not fit, the images come one by one.
    """
    one, more = measured[0], measured[-1]
    parts = [part for part in range(share, 1, -1) if share % part == 0] if more.images > 1 else []

    def peak(part: int) -> int:
        return one.peak + max(0, more.peak - one.peak) * (part - 1)

    part = next((part for part in parts if room is None or peak(part) <= _SHARE * room), 1)
    seconds = one.seconds + max(0.0, more.seconds - one.seconds) * (part - 1)
    step = seconds * (share // part)
    return Plan(part, share // part, peak(part), room, seconds_per_1000=1000 * step / (share * ranks))


def _measure(trainer: Trainer[Any, Any, Any], images: int) -> Measured:
    """The second of two steps; the first one compiles and allocates."""
    device = _device(trainer)
    times = [0.0]
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        with suppress(OSError):  # elsewhere than on Linux nothing is known
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    trainer.run([lambda moment: times.append(moment.seconds)])
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else _own("VmHWM")
    return Measured(images, times[-1] - times[-2], peak)


def _room(device: torch.device, *, sharing: int) -> int | None:
    """Bytes that this process can have in all, what it has included; a CPU's are shared by so many processes."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device))
    free = memory.available()
    return None if free is None else free // sharing + _own("VmRSS")


def _own(what: str) -> int:
    """Bytes of this process, as Linux tells them; 0 on other systems."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name == what:
                return int(value.removesuffix("kB")) * 1024
    return 0


def _device(trainer: Trainer[Any, Any, Any]) -> torch.device:
    return next(trainer.networks.parameters()).device
