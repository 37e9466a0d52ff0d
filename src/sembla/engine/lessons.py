"""One lesson as one module: forward and losses under autocast, one player's weights free, batches in parts."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from sembla.core.method import Lesson, Term, Turn
from sembla.engine.base import Precision, Scale

__all__ = ["Pupil", "Weights", "free", "learnable", "moved", "placed", "teach", "total"]

B = TypeVar("B")

Weights = Mapping[str, Sequence[nn.Parameter]]
"""The weights that each player learns, by its name."""

_HALF: Mapping[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Pupil(nn.Module):
    """A player's network and nothing else, below a forward that is its whole lesson: what DDP can wrap.

    The lesson may use every network; DDP sees to the gradients of those below this module.
    """

    def __init__(self, network: nn.Module, *, precision: Precision) -> None:
        super().__init__()
        self.network = network
        self.terms: dict[str, Tensor] = {}
        """Of the last lesson, detached."""
        self._precision = precision

    def forward(self, lesson: Lesson[Any], batch: Any) -> Tensor:
        """The total of the lesson, a scalar."""
        device = next(self.network.parameters()).device
        dtype = _HALF.get(self._precision)
        with nullcontext() if dtype is None else torch.autocast(device.type, dtype):
            terms = lesson(batch)
        self.terms = {name: term.value.detach() for name, term in terms.items()}
        return total(terms)


def total(terms: Mapping[str, Term]) -> Tensor:
    """The sum of weighted terms: the one place where weights meet. Terms of weight 0 are told, not learned from."""
    return torch.stack([term.value * term.weight for term in terms.values() if term.weight]).sum()


def learnable(networks: nn.ModuleDict, players: Sequence[str]) -> Weights:
    """The weights that each player learns: those of its network that its method has not frozen."""
    return {name: [weight for weight in networks[name].parameters() if weight.requires_grad] for name in players}


def free(weights: Weights, player: str) -> None:
    """Let gradients reach the weights of one player, and of no other."""
    for name, its in weights.items():
        for weight in its:
            weight.requires_grad = name == player


def placed(networks: nn.ModuleDict, device: torch.device, *, channels_last: bool) -> None:
    """Move networks to a device, in place."""
    moving: Any = networks.to(device)
    if channels_last:
        moving.to(memory_format=torch.channels_last)  # which its stubs lack


def moved(batch: B, device: torch.device, *, channels_last: bool) -> B:
    """A batch, a dataclass, with its tensors on a device; pictures (N, C, H, W) with their channels last if asked."""
    there: dict[str, Tensor] = {}
    for field in fields(batch):  # type: ignore[arg-type]  # a protocol cannot ask for a dataclass
        value = getattr(batch, field.name)
        if isinstance(value, Tensor):
            last = channels_last and value.dim() == 4
            there[field.name] = value.to(device, memory_format=torch.channels_last if last else torch.preserve_format)
    return replace(batch, **there)  # type: ignore[type-var]


def teach(
    module: Callable[[Lesson[Any], Any], Tensor],
    pupil: Pupil,
    turn: Turn[Any],
    *,
    batches: Sequence[Any],
    scale: Scale,
    apart: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> dict[str, Tensor]:
    """Run a lesson over batches: one forward and one backward each, gradients averaged; gives the mean terms.

    `module` is the pupil or what wraps it; `apart` keeps the processes apart for all batches but the last.
    """
    told: dict[str, Tensor] = {}
    for number, batch in enumerate(batches, start=1):
        with nullcontext() if number == len(batches) else apart():
            torch.autograd.backward(scale(module(turn.losses, batch) / len(batches)))
        for name, value in pupil.terms.items():
            told[name] = told.get(name, 0) + value.float() / len(batches)
    return told
