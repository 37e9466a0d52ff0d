"""Blocks of light generators, in the manner of Liu et al. 2021 (FastGAN)."""

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["Gated", "Weighing"]


class Gated(nn.Module):
    """Twice the size; half of what a convolution makes opens or closes the other half."""

    def __init__(self, channels: int, made: int) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(channels, 2 * made, 4, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(2 * made)

    def forward(self, planes: Tensor) -> Tensor:
        """Planes (N, C, h, w) to (N, M, 2h, 2w)."""
        return F.glu(self.norm(self.convolution(planes)), dim=1)


class Weighing(nn.Module):
    """How much each channel of larger planes counts, (N, M, 1, 1), by the smallest planes (N, C, side, side)."""

    def __init__(self, channels: int, made: int, *, side: int) -> None:
        super().__init__()
        self.whole = nn.Conv2d(channels, made, side)
        self.one = nn.Conv2d(made, made, 1)

    def forward(self, small: Tensor) -> Tensor:
        """Weights of 0 to 1."""
        weights: Tensor = self.one(F.silu(self.whole(small))).sigmoid()
        return weights
