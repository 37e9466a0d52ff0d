"""Losses that ask two pictures for the same features."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

__all__ = ["feature_matching"]


def feature_matching(made: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean absolute difference of a discriminator's features, the mean over its layers (Wang et al. 2018, eq. 4).

    `made` and `real` hold planes (N, C, h, w), one a layer, of the same shapes. No gradient flows into `real`.
    """
    return torch.stack([F.l1_loss(ours, theirs.detach()) for ours, theirs in zip(made, real, strict=True)]).mean()
