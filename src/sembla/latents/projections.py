"""What keeps the codes of a search within what a generator was trained on.

A search moves *free* values; `codes` makes the generator's codes of them, `settle` puts them in order after each step.
"""

from typing import Protocol

import torch
from torch import Tensor

__all__ = ["Clip", "Free", "Projection", "StochasticClip", "Tanh"]

_INSIDE = 1 - 1e-6  # the inverse of tanh is infinite at 1


class Projection(Protocol):
    """Between free values (N, D) and codes (N, D)."""

    def free(self, codes: Tensor) -> Tensor:
        """The values that stand for codes."""
        ...

    def codes(self, free: Tensor) -> Tensor:
        """The codes that values stand for; gradients flow through."""
        ...

    def settle(self, free: Tensor) -> None:
        """Put values in order, in place, after a step."""
        ...


class Free:
    """Codes may be anything."""

    def free(self, codes: Tensor) -> Tensor:
        """The codes themselves."""
        return codes

    def codes(self, free: Tensor) -> Tensor:
        """The values themselves."""
        return free

    def settle(self, free: Tensor) -> None:
        """Nothing."""


class Clip(Free):
    """Codes stay within -most to most: what is beyond is put at the nearer end (Yeh et al. 2017)."""

    def __init__(self, most: float = 1.0) -> None:
        self.most = most

    def settle(self, free: Tensor) -> None:
        """Clip."""
        free.clamp_(-self.most, self.most)


class StochasticClip(Clip):
    """As `Clip`, but what is beyond is drawn anew (Lipton and Tripathi 2017), so that none gathers in a corner."""

    def settle(self, free: Tensor) -> None:
        """Draw anew, by PyTorch's random state, what is beyond."""
        anew = torch.empty_like(free).uniform_(-self.most, self.most)
        free.copy_(torch.where(free.abs() > self.most, anew, free))


class Tanh(Free):
    """Codes are the hyperbolic tangents of what is moved, and so stay within -1 to 1 by themselves."""

    def free(self, codes: Tensor) -> Tensor:
        """The inverse; codes at the ends are taken a millionth inwards."""
        return torch.atanh(codes.clamp(-_INSIDE, _INSIDE))

    def codes(self, free: Tensor) -> Tensor:
        """The tangents."""
        return torch.tanh(free)
