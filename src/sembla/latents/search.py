"""Look for the codes of a generator whose pictures have the least loss: many candidates at once, by gradients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor

from sembla.core.errors import Cancelled
from sembla.core.method import Term
from sembla.latents.projections import Free, Projection

__all__ = ["Found", "OnStep", "Plan", "Rejection", "Step", "search"]

Generator: TypeAlias = Callable[[Tensor], Tensor]
"""Codes (N, D) in, pictures (N, 3, H, W) out."""

Loss: TypeAlias = Callable[[Tensor, Tensor], Mapping[str, Term]]
"""Pictures and their codes in, named terms out, the value of each one a candidate, (N,)."""

Optimizer: TypeAlias = Callable[[Sequence[Tensor]], torch.optim.Optimizer]
"""The values to be moved in, what moves them out: any of PyTorch's optimisers, L-BFGS among them."""


@dataclass(frozen=True)
class Step:
    """A search on its way."""

    number: int
    """Steps taken, 1 to `of`."""
    of: int
    pictures: Tensor
    """What the candidates were before this step, (N, 3, H, W); those of the last evaluation, by L-BFGS."""
    losses: Tensor
    """Of these pictures, (N,)."""
    terms: Mapping[str, Tensor]
    """The same, part by part, each (N,), weights left out."""


OnStep: TypeAlias = Callable[[Step], bool | None]
"""Called after each step; an answer that is false but not None cancels the search: `Cancelled` is raised."""


@dataclass(frozen=True)
class Rejection:
    """Candidates that are given up, so that the work goes into those that promise more."""

    after: int
    """Steps."""
    keep: int
    """How many go on, those of the least loss."""


@dataclass(frozen=True)
class Plan:
    """How a search is made."""

    steps: int
    optimizer: Optimizer
    projection: Projection = field(default_factory=Free)
    rejections: tuple[Rejection, ...] = ()


@dataclass(frozen=True)
class Found:
    """Where a search ended."""

    codes: Tensor
    """(M, D)."""
    pictures: Tensor
    """(M, 3, H, W)."""
    losses: Tensor
    """(M,)."""
    terms: Mapping[str, Tensor]
    """Part by part, each (M,), weights left out."""
    candidates: Tensor
    """Which of the codes to begin with each was, (M,)."""


def search(generator: Generator, start: Tensor, loss: Loss, *, plan: Plan, on_step: OnStep | None = None) -> Found:
    """Move codes (N, D) downhill, each candidate for itself; the generator's weights stay as they are.

    Candidates do not see one another unless the generator couples them (batch statistics), the loss does, or L-BFGS
    chooses one step length for all. Raises `Cancelled` where `on_step` asks for it.
    """
    free = plan.projection.free(start.detach()).clone().requires_grad_()
    optimizer, kept = plan.optimizer([free]), torch.arange(len(start), device=start.device)
    cuts = {cut.after: cut.keep for cut in plan.rejections}
    seen: list[_Seen] = []

    def closure() -> float:
        with torch.enable_grad():
            now = _look(generator, plan.projection.codes(free), loss)
            total = now.losses.sum()
            (free.grad,) = torch.autograd.grad(total, free)
        seen[:] = [now]
        return float(total.detach())

    for number in range(1, plan.steps + 1):
        optimizer.step(closure)
        with torch.no_grad():
            plan.projection.settle(free)
        _tell(on_step, Step(number, plan.steps, seen[0].pictures.detach(), seen[0].losses.detach(), seen[0].terms))
        if cuts.get(number, len(free)) < len(free):
            best = seen[0].losses.detach().argsort(stable=True)[: cuts[number]].sort().values
            kept, (free, optimizer) = kept[best], _narrowed(free, best, optimizer, plan.optimizer)
    with torch.no_grad():
        codes = plan.projection.codes(free)
        last = _look(generator, codes, loss)
    return Found(codes.detach(), last.pictures, last.losses, last.terms, kept)


@dataclass(frozen=True)
class _Seen:
    pictures: Tensor
    losses: Tensor
    terms: Mapping[str, Tensor]


def _look(generator: Generator, codes: Tensor, loss: Loss) -> _Seen:
    pictures = generator(codes).float()  # whatever it computes in
    terms = loss(pictures, codes)
    losses = torch.stack([term.weight * term.value for term in terms.values()]).sum(0)
    return _Seen(pictures, losses, {name: term.value.detach() for name, term in terms.items()})


def _tell(on_step: OnStep | None, step: Step) -> None:
    answer = on_step(step) if on_step is not None else None
    if answer is not None and not answer:
        raise Cancelled("the search was asked to stop.")


def _narrowed(
    free: Tensor, kept: Tensor, optimizer: torch.optim.Optimizer, make: Optimizer
) -> tuple[Tensor, torch.optim.Optimizer]:
    """Fewer candidates; what an optimiser remembers of each is kept, and L-BFGS, which mixes them, begins anew."""
    fewer = free.detach()[kept].clone().requires_grad_()
    after = make([fewer])
    state = optimizer.state.get(free, {})
    if all(not isinstance(value, Tensor) or value.shape in {free.shape, ()} for value in state.values()) and not any(
        isinstance(value, list) for value in state.values()
    ):
        after.state[fewer] = {
            name: value[kept].clone() if isinstance(value, Tensor) and value.shape == free.shape else value
            for name, value in state.items()
        }
    return fewer, after
