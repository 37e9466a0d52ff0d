"""The average of a network's weights over training: steadier than the weights themselves."""

from copy import deepcopy

import torch
from torch import Tensor, nn

__all__ = ["Average"]


class Average:
    """The mean of a network's weights after every step, where a step counts half as much `half_life` images later.

    Nothing of the weights before training is in it: the mean is normalised from the first step on.
    """

    def __init__(self, network: nn.Module, *, half_life: float) -> None:
        self.network = deepcopy(network).eval().requires_grad_(requires_grad=False)
        """The averaged weights, and the buffers as they are now."""
        self._live = network
        self._half_life = half_life

    def update(self, images: int, *, seen: int) -> None:
        """Take in the weights after a step of `images`, the last of `seen`."""
        share = (1 - 0.5 ** (images / self._half_life)) / (1 - 0.5 ** (seen / self._half_life))
        means: list[Tensor] = list(self.network.parameters())
        lives: list[Tensor] = list(self._live.parameters())
        with torch.no_grad():
            torch._foreach_lerp_(means, lives, share)  # one kernel for all
            for mean, live in zip(self.network.buffers(), self._live.buffers(), strict=True):
                mean.copy_(live)
