"""Codes whose residuals are small in the sense of least squares: Gauss-Newton, each candidate for itself.

Each step solves (J'J + d) s = -J'r by a few conjugate gradients, which ask for products with the Jacobian J alone, and
keeps it where the sum of squares falls: the damping d (Levenberg 1944, Marquardt 1963) becomes smaller then, else
larger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from sembla.core.errors import Cancelled

__all__ = ["Fit", "gauss_newton"]

Residuals: TypeAlias = Callable[[Tensor], Tensor]
"""Codes (N, D) in, residuals (N, R) out; each row follows from its own code alone."""

_EASIER, _HARDER = 1 / 3, 4.0
_SMALLEST = 1e-30


@dataclass(frozen=True)
class Fit:
    """Where Gauss-Newton ended."""

    codes: Tensor
    """(N, D)."""
    losses: Tensor
    """Half the sum of squares of each, (N,); never more than at the start."""


def gauss_newton(
    residuals: Residuals,
    start: Tensor,
    *,
    steps: int,
    inner: int = 6,
    damping: float = 1e-2,
    on_step: Callable[[Tensor], bool | None] | None = None,
) -> Fit:
    """Fit codes (N, D) in `steps` steps of `inner` conjugate gradients each, beginning with `damping`, relative to J'J.

    `on_step` is called with the losses (N,) after each step; an answer that is false but not None raises `Cancelled`.
    """
    codes = start.detach().clone()
    dampings = torch.full((len(codes), 1), damping, device=codes.device)
    losses = _halved_squares(residuals(codes))
    for _ in range(steps):
        moved = codes + _direction(residuals, codes, dampings, inner)
        after = _halved_squares(residuals(moved))
        better = (after < losses)[:, None]
        codes, losses = torch.where(better, moved, codes), torch.where(better[:, 0], after, losses)
        dampings = dampings * torch.where(better, _EASIER, _HARDER)
        answer = on_step(losses) if on_step is not None else None
        if answer is not None and not answer:
            raise Cancelled("the search was asked to stop.")
    return Fit(codes, losses)


def _halved_squares(values: Tensor) -> Tensor:
    return values.detach().float().square().sum(1) / 2


def _direction(residuals: Residuals, codes: Tensor, dampings: Tensor, inner: int) -> Tensor:
    """An approximate solution of the damped normal equations, by conjugate gradients from zero."""
    with torch.enable_grad():
        at = codes.detach().requires_grad_()
        there = residuals(at)
        weights = torch.zeros_like(there, requires_grad=True)
        (pulled,) = torch.autograd.grad(there, at, weights, create_graph=True)  # J'w: its own slope over w is J

    def back(along: Tensor) -> Tensor:
        (image,) = torch.autograd.grad(there, at, along, retain_graph=True)
        return image

    slope = back(there.detach())
    found, left = torch.zeros_like(codes), -slope
    ahead, square = left.clone(), _dot(left, left)
    scale: Tensor | None = None
    for _ in range(inner):
        (along,) = torch.autograd.grad(pulled, weights, ahead, retain_graph=True)
        image = back(along)
        if scale is None:  # how strongly residuals answer to codes, along the steepest way
            scale = _dot(ahead, image) / square.clamp(min=_SMALLEST)
        image = image + dampings * scale * ahead
        length = square / _dot(ahead, image).clamp(min=_SMALLEST)
        found, left = found + length * ahead, left - length * image
        after = _dot(left, left)
        ahead = left + after / square.clamp(min=_SMALLEST) * ahead
        square = after
    return found


def _dot(one: Tensor, other: Tensor) -> Tensor:
    return (one * other).sum(1, keepdim=True)
