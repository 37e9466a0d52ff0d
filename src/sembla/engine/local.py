"""One process, one device."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from sembla.core.method import Turn
from sembla.engine.base import Precision, Scale
from sembla.engine.lessons import Pupil, free, learnable, moved, placed, teach

__all__ = ["LocalEngine"]

B = TypeVar("B")


class LocalEngine:
    """The engine of a process that learns by itself."""

    rank = 0
    ranks = 1

    def __init__(self, device: torch.device, *, precision: Precision = "fp32", channels_last: bool = False) -> None:
        self._device = device
        self._precision = precision
        self._channels_last = channels_last
        self._weights: Mapping[str, Sequence[nn.Parameter]] = {}
        self._pupils: dict[str, Pupil] = {}

    def prepare(self, networks: nn.ModuleDict, players: Sequence[str]) -> None:
        """Move the networks to the device."""
        placed(networks, self._device, channels_last=self._channels_last)
        self._weights = learnable(networks, players)
        self._pupils = {name: Pupil(networks[name], precision=self._precision) for name in players}

    def place(self, batch: B) -> B:
        """The batch with its tensors on the device."""
        return moved(batch, self._device, channels_last=self._channels_last)

    def learn(self, turn: Turn[Any], batches: Sequence[Any], *, scale: Scale) -> dict[str, Tensor]:
        """Add the gradient of the mean total over all batches to the player's weights; gives the mean terms."""
        free(self._weights, turn.player)
        pupil = self._pupils[turn.player]
        return teach(pupil, pupil, turn, batches=batches, scale=scale)

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """The values themselves."""
        return dict(values)
