"""How alike two pictures are within a region, in their pixels and in what a frozen network sees at several depths.

The published distance blacks out what lies outside, or lets the network see two different surroundings; either way its
deep planes, which see wider than most regions, compare what was not asked. Here a candidate is held against itself with
the reference's region pasted in: both are seen in the same surroundings, and only the region can differ.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sembla.nn.perceptual import Depths

__all__ = ["Likeness", "depth_weights", "differences"]

_REACH = 0.35
_CELL = 4


def depth_weights(depths: int, meaning: float) -> tuple[float, ...]:
    """How much pixels, then each depth, count, 1.0 in all; `meaning` goes from pixels (0) to the deepest (1)."""
    places = torch.linspace(0, 1, depths + 1, dtype=torch.float64)
    weights = (-((places - meaning) / _REACH).square() * 2).exp()
    return tuple((weights / weights.sum()).tolist())


class Likeness:
    """The distance of candidates from a reference within weighted regions."""

    def __init__(self, depths: Depths, reference: Tensor, weights: Tensor, *, meaning: float) -> None:
        """`reference` (N or 1, 3, H, W) in -1 to 1; `weights` (N or 1, 1, H, W), 0 to 1, what counts how much."""
        self._depths, self._reference, self._weights = depths, reference, weights
        self._meaning = meaning

    def __call__(self, candidates: Tensor) -> Tensor:
        """The distances (N,) of candidates (N, 3, H, W): mean absolute differences; gradients flow to candidates."""
        return sum((each.abs().flatten(1).sum(1) for each in self.residuals(candidates)), torch.zeros(()))

    def residuals(self, candidates: Tensor) -> list[Tensor]:
        """Differences of pixels, then of each depth, (N, C, h, w); their absolutes sum to the distances."""
        candidates, inside = candidates.float(), (self._weights > 0).float()
        pasted = torch.lerp(candidates.detach(), self._reference.expand_as(candidates), inside)
        seen = [candidates, *self._depths(candidates)]
        with torch.no_grad():
            wanted = [pasted, *self._depths(pasted)]
        apart = [one - other for one, other in zip(seen, wanted, strict=True)]
        shares = depth_weights(len(apart) - 1, self._meaning)
        return [_weighted(each, self._weights, share) for each, share in zip(apart, shares, strict=True)]


def _weighted(apart: Tensor, weights: Tensor, share: float) -> Tensor:
    here = F.adaptive_avg_pool2d(weights, (apart.shape[2], apart.shape[3]))
    return apart * (here / here.sum((1, 2, 3), keepdim=True).clamp(min=1e-6) * (share / apart.shape[1]))


def differences(pictures: Tensor, where: Tensor) -> Tensor:
    """How far each of some pictures (N, C, H, W) is from the others, (N,), where `where` (1, 1, H, W) is 1.

    Mean absolute differences of cells of 4 pixels a side, so that noise is no difference; 0 where there is nothing to
    compare. Sides are multiples of 4. Gradients flow to the pictures.
    """
    cells = F.avg_pool2d(pictures * where, _CELL).flatten(1)
    count = F.avg_pool2d(where, _CELL).sum().clamp(min=1e-6) * pictures.shape[1]
    apart: Tensor = torch.cdist(cells, cells, p=1).sum(1) / (count * max(1, len(cells) - 1))
    return apart
