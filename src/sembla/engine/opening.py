"""Which engine: the one that this process was started for."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from sembla.engine.base import Engine, Precision
from sembla.engine.devices import find_device
from sembla.engine.distributed import DistributedEngine, launched, process_group
from sembla.engine.local import LocalEngine

__all__ = ["open_engine"]


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
