"""Perceptual loss: two pictures shall look alike to a frozen network."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

__all__ = ["perceptual"]


def perceptual(made: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean absolute differences of features, summed over layers, the deeper the more (Wang et al. 2018).

    Planes (N, C, h, w), one a layer, shallow first. The deepest weighs 1, the one above it a quarter of that, and from
    there up halves: 1/32, 1/16, 1/8, 1/4, 1 for five layers. No gradient flows into `real`.
    """
    count = len(made)
    weights = [1.0 if layer == count - 1 else 0.5 ** (count - layer) for layer in range(count)]
    terms = [F.l1_loss(ours.float(), theirs.detach().float()) for ours, theirs in zip(made, real, strict=True)]
    return torch.stack([weight * term for weight, term in zip(weights, terms, strict=True)]).sum()
