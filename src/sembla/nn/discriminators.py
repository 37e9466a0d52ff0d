"""Discriminators that see a picture together with its label map."""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["MultiscaleDiscriminator", "PatchDiscriminator"]

_SLOPE = 0.2


class PatchDiscriminator(nn.Module):
    """Scores of windows of 70 pixels (Isola et al. 2017), normalised as SPADE's: 4 layers and the score.

    2,918,465 parameters for 154 channels at width 64.
    """

    def __init__(self, channels: int, *, width: int = 64) -> None:
        super().__init__()
        chain = (width, 2 * width, 4 * width, 8 * width)
        first = nn.Sequential(nn.Conv2d(channels, width, 4, stride=2, padding=2), nn.LeakyReLU(_SLOPE))
        inner = [_normed(*pair, stride=stride) for pair, stride in zip(pairwise(chain), (2, 2, 1), strict=True)]
        score = nn.Conv2d(8 * width, 1, 4, padding=2)
        self.layers = nn.ModuleList([first, *inner, score])

    def forward(self, planes: Tensor) -> list[Tensor]:
        """Features of planes (N, C, H, W), shallow first; the last is the map of scores (N, 1, h, w)."""
        found: list[Tensor] = []
        for layer in self.layers:
            planes = layer(planes)
            found.append(planes)
        return found


class MultiscaleDiscriminator(nn.Module):
    """Patch discriminators at full size and at halves of it (Wang et al. 2018); 5,836,930 parameters for 154 channels.

    What it sees is a picture and the planes of its layout side by side.
    """

    def __init__(self, channels: int, *, width: int = 64, scales: int = 2) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(channels, width=width) for _ in range(scales))

    def forward(self, layout: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Features at each scale, as of `PatchDiscriminator`, of a layout (N, K, H, W) and a picture (N, C, H, W)."""
        planes, found = torch.cat([layout, picture], dim=1), []
        for scale in self.scales:
            found.append(scale(planes))
            planes = F.avg_pool2d(planes, 3, stride=2, padding=1, count_include_pad=False)
        return found


def _normed(channels: int, made: int, *, stride: int) -> nn.Module:
    layer = spectral_norm(nn.Conv2d(channels, made, 4, stride=stride, padding=2, bias=False))
    return nn.Sequential(layer, nn.InstanceNorm2d(made), nn.LeakyReLU(_SLOPE))
