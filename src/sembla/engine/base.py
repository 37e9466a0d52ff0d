"""What a trainer asks of the machine: six members, whether one process learns or many."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar

from sembla.core.method import Turn

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["Engine", "Precision", "Scale"]

Precision: TypeAlias = Literal["fp32", "bf16", "fp16"]
"""What networks compute in; weights and optimisers stay fp32."""

Scale: TypeAlias = "Callable[[Tensor], Tensor]"
"""What a loss is multiplied by before its gradient is taken; fp16 cannot hold small gradients."""


B = TypeVar("B")


class Engine(Protocol):
    """One process of a training, however many there are."""

    rank: int
    """Of this process, from 0; rank 0 writes the files."""
    ranks: int
    """Number of processes."""

    def prepare(self, networks: nn.ModuleDict, players: Sequence[str]) -> None:
        """Move the networks to the device and make them equal in all processes; once, before the first turn."""
        ...

    def place(self, batch: B) -> B:
        """The batch with its tensors on the device."""
        ...

    def learn(self, turn: Turn[Any], batches: Sequence[Any], *, scale: Scale) -> dict[str, Tensor]:
        """Add the gradient of the mean total, over all batches of all processes, to the player's weights.

        `batches` are placed, and all of one size. Gives each term as the lesson gave it, without its weight, averaged
        over the batches of this process.
        """
        ...

    def mean(self, values: Mapping[str, float]) -> dict[str, float]:
        """The mean of each value over all processes, which must all call this with the same names, and wait here."""
        ...
