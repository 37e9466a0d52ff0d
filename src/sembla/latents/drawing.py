"""Codes as a generator was taught to expect them."""

from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Prior", "draw_codes"]


class Prior(Protocol):
    """What a config says of its codes."""

    @property
    def latent(self) -> int:
        """How many numbers a code has, L."""
        ...

    @property
    def normal(self) -> bool:
        """Whether they are normal, and not even in -1 to 1."""
        ...


def draw_codes(prior: Prior, count: int, *, like: Tensor, chance: torch.Generator | None = None) -> Tensor:
    """Codes (N, L), on the device of `like`; drawn on the CPU, so that a seed gives the same ones everywhere."""
    if prior.normal:
        drawn = torch.randn(count, prior.latent, generator=chance)
    else:
        drawn = torch.empty(count, prior.latent).uniform_(-1, 1, generator=chance)
    return drawn.to(like.device)
