"""How the code of a damaged face is found: read and brought nearer, or searched, as published and as by Yeh et al."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, singledispatch

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sembla.core.method import Term
from sembla.core.ways import Fill, Predicted, Searched, Weighted
from sembla.latents.projections import Clip
from sembla.latents.search import Loss, Plan

__all__ = ["Sought", "fuse", "plan_of", "weights_of"]

_TETHER = 0.01


@dataclass(frozen=True)
class Sought:
    """What is known of faces, as tensors."""

    faces: Tensor
    """(N, 3, H, W) in -1 to 1, 0 in holes."""
    holes: Tensor
    """(N, 1, H, W) of 0.0 and 1.0."""
    start: Tensor
    """Codes to begin with, (N, L), or one for all, (1, L)."""
    realism: Callable[[Tensor], Tensor]
    """How little pictures (N, 3, H, W) are taken for real faces, (N,)."""
    most: float = 1.0
    """Where searches clip codes: 1 as published, where codes are even in -1 to 1; wider where they are normal."""

    @property
    def known(self) -> Tensor:
        """(N, 1, H, W) of 0.0 and 1.0."""
        return 1 - self.holes


@singledispatch
def plan_of(fill: Fill, sought: Sought) -> tuple[Loss, Plan]:
    """The loss of a way to fill, and how it is lessened."""
    raise AssertionError(type(fill), sought)


@plan_of.register
def _predicted(fill: Predicted, sought: Sought) -> tuple[Loss, Plan]:
    """The mean difference of known pixels, tethered to the code that was read."""

    def loss(pictures: Tensor, codes: Tensor) -> Mapping[str, Term]:
        apart = (sought.known * (pictures - sought.faces)).abs().flatten(1).sum(1)
        count = 3 * sought.known.flatten(1).sum(1).clamp(min=1)
        far = (codes - sought.start).square().mean(1).expand(len(pictures))
        return {"known": Term(apart / count), "tether": Term(far, _TETHER)}

    return loss, Plan(fill.steps, partial(torch.optim.Adam, lr=0.02))


@plan_of.register
def _searched(fill: Searched, sought: Sought) -> tuple[Loss, Plan]:
    """Sums over pixels, as published."""

    def loss(pictures: Tensor, _: Tensor) -> Mapping[str, Term]:
        apart = (sought.known * (pictures - sought.faces)).abs().flatten(1).sum(1)
        return {"known": Term(apart), "realism": Term(sought.realism(pictures), fill.realism)}

    return loss, Plan(fill.steps, partial(torch.optim.Adam, lr=0.01, eps=1e-5), Clip(sought.most))


@plan_of.register
def _weighted(fill: Weighted, sought: Sought) -> tuple[Loss, Plan]:
    """Sums over pixels, each by the share of its surroundings that is missing, or known."""
    weights = weights_of(sought.holes, window=fill.window, released=fill.released)

    def loss(pictures: Tensor, _: Tensor) -> Mapping[str, Term]:
        apart = (weights * (pictures - sought.faces)).abs().flatten(1).sum(1)
        return {"known": Term(apart), "realism": Term(sought.realism(pictures), fill.realism)}

    return loss, Plan(fill.steps, partial(torch.optim.SGD, lr=3e-4, momentum=0.9, nesterov=True), Clip(sought.most))


def weights_of(holes: Tensor, *, window: int, released: bool) -> Tensor:
    """How much each pixel counts, (N, 1, H, W), 0 in holes (N, 1, H, W).

    That is the share of the square about it, of `window` pixels a side, that is missing (Yeh et al. 2017, eq. 2), the
    border being mirrored, its own pixels included; with `released`, the share that is known.
    """
    half = window // 2
    counted = 1 - holes if released else holes
    for axis in (2, 3):
        places = torch.arange(-half, counted.shape[axis] + half, device=holes.device)
        places = torch.where(places < 0, -1 - places, places)
        places = torch.where(places >= counted.shape[axis], 2 * counted.shape[axis] - 1 - places, places)
        counted = counted.index_select(axis, places)
    shares = F.avg_pool2d(counted, window, stride=1)
    return (1 - holes) * shares


def fuse(codes: Tensor, unsure: Tensor, *, normal: bool) -> Tensor:
    """One code (1, L) of several that were read (N, L), each weighed by how sure it is: a product of Gaussians.

    Where codes are normal, their distribution is one factor of the product (Wu and Goodman 2018). The order of frames
    does not matter.
    """
    sure = (-unsure).exp()
    total = sure.sum(0, keepdim=True) + (1.0 if normal else 0.0)
    return (sure * codes).sum(0, keepdim=True) / total
