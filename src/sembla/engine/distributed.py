"""Many processes, one a device, that learn as one: PyTorch's own DDP under torchrun, with gloo or NCCL."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar
from warnings import catch_warnings, simplefilter

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from sembla.core.errors import SemblaError
from sembla.core.method import Turn
from sembla.engine.base import Precision, Scale
from sembla.engine.lessons import Pupil, free, learnable, moved, placed, teach

__all__ = ["DistributedEngine", "launched", "neighbours", "process_group"]

B = TypeVar("B")

_PATIENCE = timedelta(hours=2)  # the others wait while the first process judges and saves


def launched() -> int:
    """Number of processes that torchrun has started this one among; 1 without torchrun."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def neighbours() -> int:
    """Number of those processes that are on this machine, this one included."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


@contextmanager
def process_group(device: torch.device) -> Iterator[None]:
    """Join the processes that torchrun has started, and leave them at the end."""
    if device.type == "cuda":
        torch.cuda.set_device(device)  # NCCL asks which
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


class DistributedEngine:
    """The engine of one process among many, inside `process_group`."""

    def __init__(self, device: torch.device, *, precision: Precision = "fp32", channels_last: bool = False) -> None:
        self.rank = dist.get_rank()
        self.ranks = dist.get_world_size()
        self._device = device
        self._precision = precision
        self._channels_last = channels_last
        self._weights: Mapping[str, Sequence[nn.Parameter]] = {}
        self._pupils: dict[str, Pupil] = {}
        self._wrapped: dict[str, DistributedDataParallel] = {}
        self._statistics: Sequence[Tensor] = ()

    def prepare(self, networks: nn.ModuleDict, players: Sequence[str]) -> None:
        """Move the networks to the device; all take the weights and buffers of rank 0."""
        placed(networks, self._device, channels_last=self._channels_last)
        self._weights = learnable(networks, players)
        self._pupils = {name: Pupil(networks[name], precision=self._precision) for name in players}
        with catch_warnings():
            simplefilter("ignore", FutureWarning)  # of `broadcast_buffers`, whose successor older versions lack
            self._wrapped = {
                name: DistributedDataParallel(pupil, find_unused_parameters=True, broadcast_buffers=False)
                for name, pupil in self._pupils.items()
            }
        self._statistics = [
            buffer
            for player in players
            for module in networks[player].modules()
            for name, buffer in module.named_buffers(recurse=False)
            if buffer.is_floating_point() and name not in getattr(module, "unshared", ())
        ]

    def place(self, batch: B) -> B:
        """The batch with its tensors on the device."""
        return moved(batch, self._device, channels_last=self._channels_last)

    def learn(self, turn: Turn[Any], batches: Sequence[Any], *, scale: Scale) -> dict[str, Tensor]:
        """Add the gradient of the mean total, over all batches of all processes; gives this process's mean terms."""
        free(self._weights, turn.player)
        pupil, wrapped = self._pupils[turn.player], self._wrapped[turn.player]
        terms = teach(wrapped, pupil, turn, batches=batches, scale=scale, apart=wrapped.no_sync)
        self._share_statistics()
        return terms

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """The mean of each value over all processes. Raises `SemblaError` where another process has ended."""
        vector = torch.tensor(list(values.values()), dtype=torch.float64, device=self._device)
        try:
            dist.all_reduce(vector)
        except RuntimeError as error:
            raise SemblaError("another process of this training has ended; what it says tells why.") from error
        return dict(zip(values, (vector / self.ranks).tolist(), strict=True))

    def _share_statistics(self) -> None:
        """Running statistics, which each process took of its own images: all take their mean.

        Left out are buffers that a module names as `unshared`, of which a mean would make no sense.

        DDP would hand out those of rank 0 before each forward, of one network; a lesson runs several.
        """
        if not self._statistics:
            return
        flat = torch.cat([buffer.reshape(-1) for buffer in self._statistics])
        dist.all_reduce(flat)
        flat /= self.ranks
        parts = torch.split(flat, [buffer.numel() for buffer in self._statistics])
        with torch.no_grad():
            for buffer, part in zip(self._statistics, parts, strict=True):
                buffer.copy_(part.view_as(buffer))
