"""Networks that learn which class each pixel of a picture is: U-Nets of residual blocks, as OASIS' discriminator.

Unlike that of Schonfeld et al. (2021), the first level has half the size of the picture, and its scores are shuffled
into pixels, which is less to compute.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["SegmentationDiscriminator", "SegmentationNetwork"]

_Layer: TypeAlias = Callable[[nn.Conv2d], nn.Module]
_Norm: TypeAlias = Callable[[int], nn.Module]

_LEVELS = 4
_SLOPE = 0.2
_GROUPS = 8


class _UNet(nn.Module):
    """Scores of each pixel. `layer` is put around each convolution, `norm` before each pair of activation and layer."""

    def __init__(self, scores: int, *, width: int, layer: _Layer, norm: _Norm) -> None:
        super().__init__()
        chain = [width * min(8, 1 << level) for level in range(_LEVELS + 1)]
        self.head = layer(nn.Conv2d(3, width, 4, stride=2, padding=1))
        self.down = nn.ModuleList(_Residual(*pair, layer=layer, norm=norm) for pair in pairwise(chain))
        self.up = nn.ModuleList(
            _Residual(above if level == 0 else 2 * above, kept, layer=layer, norm=norm)
            for level, (above, kept) in enumerate(pairwise(reversed(chain)))  # what came down stands beside it
        )
        self.norm = norm(2 * width)
        self.score = nn.Conv2d(2 * width, 4 * scores, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        planes = self.head(pictures)
        found = [planes]
        for level in self.down:
            planes = level(F.avg_pool2d(planes, 2))
            found.append(planes)
        for level, beside in zip(self.up, reversed(found[:-1]), strict=True):
            raised = F.interpolate(level(planes), scale_factor=2.0, mode="nearest")
            planes = torch.cat([raised, beside], dim=1)
        return F.pixel_shuffle(self.score(F.leaky_relu(self.norm(planes), _SLOPE)), 2)


class SegmentationNetwork(_UNet):
    """Scores (N, K, H, W), before the softmax, of pictures (N, 3, H, W) in -1 to 1, sides multiples of 32.

    Normalised by groups of channels (Wu & He 2018), which lets it learn fast, from batches of any size.
    """

    def __init__(self, classes: int, *, width: int = 32) -> None:
        super().__init__(classes, width=width, layer=lambda convolution: convolution, norm=_grouped)


class SegmentationDiscriminator(_UNet):
    """Says of each pixel which class it is, or that it is made: K + 1 scores (N, K + 1, H, W), the first for "made".

    Its weights are held back by spectral normalisation, as those of OASIS' are.
    """

    def __init__(self, classes: int, *, width: int = 32) -> None:
        super().__init__(classes + 1, width=width, layer=spectral_norm, norm=lambda _: nn.Identity())


class _Residual(nn.Module):
    def __init__(self, channels: int, made: int, *, layer: _Layer, norm: _Norm) -> None:
        super().__init__()
        self.norms = nn.ModuleList([norm(channels), norm(made)])
        self.first = layer(nn.Conv2d(channels, made, 3, padding=1))
        self.second = layer(nn.Conv2d(made, made, 3, padding=1))
        self.beside = layer(nn.Conv2d(channels, made, 1, bias=False))

    def forward(self, planes: Tensor) -> Tensor:
        found = self.first(F.leaky_relu(self.norms[0](planes), _SLOPE))
        found = self.second(F.leaky_relu(self.norms[1](found), _SLOPE))
        added: Tensor = self.beside(planes) + found
        return added


def _grouped(channels: int) -> nn.Module:
    return nn.GroupNorm(math.gcd(_GROUPS, channels), channels)
