"""The average of a network's weights over training: steadier than the weights themselves."""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["Average"]


class Average:
    """The mean of a network's weights after every step, where a step counts half as much `half_life` images later.

    Nothing of the weights before training is in it: the mean is normalised from the first step on. The running
    statistics of batch normalisation are averaged with them: those of the last weights alone would not fit (OASIS
    collects them anew before it uses its average).
    """

    def __init__(self, network: nn.Module, *, half_life: float) -> None:
        self.network = deepcopy(network).eval().requires_grad_(requires_grad=False)
        """The averaged weights and statistics; all other buffers as they are now."""
        self._live = network
        self._half_life = half_life

    def update(self, images: int, *, seen: int) -> None:
        """Take in the weights after a step of `images`, the last of `seen`."""
        share = (1 - 0.5 ** (images / self._half_life)) / (1 - 0.5 ** (seen / self._half_life))
        with torch.no_grad():
            torch._foreach_lerp_(_averaged(self.network), _averaged(self._live), share)  # one kernel for all
            for mean, live in zip(_copied(self.network), _copied(self._live), strict=True):
                mean.copy_(live)


def _averaged(network: nn.Module) -> list[Tensor]:
    """Weights, and running statistics."""
    return [*network.parameters(), *(value for value, statistic in _buffers(network) if statistic)]


def _copied(network: nn.Module) -> list[Tensor]:
    """All other buffers."""
    return [value for value, statistic in _buffers(network) if not statistic]


def _buffers(network: nn.Module) -> list[tuple[Tensor, bool]]:
    """Each buffer, and whether it is a running statistic."""
    return [
        (value, isinstance(module, _BatchNorm) and value.is_floating_point())
        for module in network.modules()
        for value in module.buffers(recurse=False)
    ]
