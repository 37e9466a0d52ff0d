"""Which engine: the one that this process was started for."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sembla.core.errors import InputError
from sembla.engine.base import Engine, Precision
from sembla.engine.distributed import DistributedEngine, launched, process_group
from sembla.engine.local import LocalEngine

__all__ = ["find_device", "open_engine"]


def find_device(name: str = "auto") -> torch.device:
    """The device of a name: "cpu", "cuda", "cuda:1", "mps"; "auto" is the GPU where there is one.

    Under torchrun "cuda" is the GPU of this process. Raises `InputError` for one that is not there.
    """
    there = torch.cuda.device_count()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if name == "auto":
        name = "cuda" if there else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"device {name!r} came; give auto, cpu, cuda, cuda:NUMBER or mps.") from error
    if device.type == "cuda":
        number = local if name == "cuda" else device.index
        if number >= there:
            raise InputError(f"device {name} came; PyTorch sees {there or 'no'} GPUs here. Use cpu, or start fewer.")
        return torch.device("cuda", number)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError("device mps came; this machine has none. Use cpu.")
    return device


@contextmanager
def open_engine(
    device: str = "auto", *, precision: Precision = "fp32", channels_last: bool = False
) -> Iterator[Engine]:
    """The engine for this process: alone, or one of those that torchrun started.

    Args:
        device: As `find_device` takes it.
        precision: What networks compute in.
        channels_last: Keep pictures and kernels with their channels last in memory; faster on most devices.

    Raises:
        InputError: The device is not there.
    """
    found = find_device(device)
    if found.type == "cuda":
        torch.cuda.set_device(found)
        torch.backends.cudnn.benchmark = True  # batches keep their size
    if launched() == 1:
        yield LocalEngine(found, precision=precision, channels_last=channels_last)
        return
    with process_group(found):
        yield DistributedEngine(found, precision=precision, channels_last=channels_last)
