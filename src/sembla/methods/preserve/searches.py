"""The four searches: what each asks of a candidate, and how it goes downhill.

The published losses of faces and pixels are sums, times some 1e-10 and 1e-9. Adam does not see a scale but through its
`eps`, beside which these gradients are small, by how much depends on the frozen network. Means are taken here instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, singledispatch

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sembla.core.errors import InputError
from sembla.core.method import Term
from sembla.core.ways import Bedrooms, Faces, Pixels, Search, Steered
from sembla.latents.search import Loss, Plan
from sembla.methods.preserve.distance import Likeness, differences
from sembla.nn.perceptual import Depths

__all__ = ["Sought", "plan_of"]

_TETHER, _APART = 0.05, 0.55
_SPREAD = 1.5  # of how much candidates differ at first
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Sought:
    """What is looked for, as tensors."""

    alone: Tensor
    """(1, 3, H, W) in -1 to 1: the regions, black elsewhere."""
    within: Tensor
    """The same within the first picture."""
    weights: Tensor
    """(1, 1, H, W), 0 to 1."""
    start: Tensor
    """Codes to begin with, (N, L)."""
    depths: Depths
    one: int
    """The depth that the published searches compare: an eighth of the size."""


@singledispatch
def plan_of(search: Search, sought: Sought) -> tuple[Loss, Plan]:
    """The loss of a search, and how it is lessened."""
    raise AssertionError(type(search), sought)


@plan_of.register
def _steered(search: Steered, sought: Sought) -> tuple[Loss, Plan]:
    """Near in the region, and elsewhere away from one another, until they differ by so much more than at first.

    Without that bound many steps would drive them on, to white and to black.
    """
    likeness = Likeness(sought.depths, sought.within, sought.weights, meaning=search.meaning)
    outside = (sought.weights == 0).float()
    bound: list[Tensor] = []

    def loss(pictures: Tensor, codes: Tensor) -> Mapping[str, Term]:
        far = (codes - sought.start).square().mean(1)
        apart = differences(pictures.float().clamp(-1, 1), outside)
        if not bound:
            bound.append(_SPREAD * apart.detach().mean())
        alike = (bound[0] - apart).clamp(min=0)
        return {"region": Term(likeness(pictures)), "tether": Term(far, _TETHER), "alike": Term(alike, _APART)}

    return loss, Plan(search.steps, partial(torch.optim.Adam, lr=0.05, betas=(0.8, 0.99)))


@plan_of.register
def _faces(search: Faces, sought: Sought) -> tuple[Loss, Plan]:
    """Both pictures are black outside; the mean of absolute differences in the planes."""
    wanted = _plane(sought, sought.alone)
    inside = (sought.weights > 0).float()
    cells = F.interpolate(sought.weights, wanted.shape[2:], mode="bilinear", antialias=True)
    if search.hard:
        whole = F.adaptive_avg_pool2d(inside, (wanted.shape[2], wanted.shape[3])) >= 1 - _ROUNDING
        cells = whole * F.adaptive_avg_pool2d(sought.weights, (wanted.shape[2], wanted.shape[3]))
        if not whole.any():
            raise InputError("no cell of the network's planes lies within the region wholly; make it larger.")

    def loss(pictures: Tensor, _: Tensor) -> Mapping[str, Term]:
        seen = _plane(sought, (pictures + 1) * inside - 1)
        return {"region": Term(_apart(seen, wanted, cells, gram=search.gram).flatten(1).mean(1))}

    return loss, Plan(search.steps, partial(torch.optim.Adam, lr=0.09, betas=(0.4, 0.99), eps=1e-8))


@plan_of.register
def _bedrooms(search: Bedrooms, sought: Sought) -> tuple[Loss, Plan]:
    """The network sees whole pictures; the mean of absolute differences in the planes."""
    wanted = _plane(sought, sought.within)
    cells = F.interpolate(sought.weights, wanted.shape[2:], mode="area")

    def loss(pictures: Tensor, _: Tensor) -> Mapping[str, Term]:
        seen = _plane(sought, pictures)
        return {"region": Term(_apart(seen, wanted, cells, gram=search.gram).flatten(1).mean(1))}

    return loss, Plan(search.steps, partial(torch.optim.SGD, lr=0.01))


@plan_of.register
def _pixels(search: Pixels, sought: Sought) -> tuple[Loss, Plan]:
    def loss(pictures: Tensor, _: Tensor) -> Mapping[str, Term]:
        apart = ((pictures - sought.within) * sought.weights).square()
        return {"region": Term(apart.flatten(1).mean(1))}

    return loss, Plan(search.steps, partial(torch.optim.Adam, lr=0.09, betas=(0.4, 0.99), eps=1e-8))


def _plane(sought: Sought, pictures: Tensor) -> Tensor:
    return sought.depths(pictures)[sought.one]


def _apart(seen: Tensor, wanted: Tensor, cells: Tensor, *, gram: bool) -> Tensor:
    """Absolute differences of planes (N, C, h, w), or of their places' likeness to one another, (N, hw, hw)."""
    if not gram:
        return (cells * (seen - wanted)).abs()
    return (_places(cells * seen) - _places(cells * wanted)).abs()


def _places(planes: Tensor) -> Tensor:
    flat = planes.flatten(2)
    return flat.transpose(1, 2) @ flat
