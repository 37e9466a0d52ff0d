"""The published networks: the U-Net of faces, and the two discriminators."""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.data.labelsets import PORTRAIT_7
from sembla.data.records import IDENTITY

__all__ = ["GROUPS", "MapDiscriminator", "PortraitUNet", "WindowDiscriminator"]

GROUPS = PORTRAIT_7.count
"""Planes of groups of parts."""

_COLOURS = 3 * GROUPS
_SLOPE, _EPSILON, _MOMENTUM = 0.3, 1e-3, 0.01  # Keras' own, as the authors used them
_MOST = 8
_DROPPED = 3
"""Layers up with dropout, the deepest."""

_MAP_SIDES = 8  # times that the map which a discriminator tells is smaller than the picture


class PortraitUNet(nn.Module):
    """From groups and colours to a face; colours and identity enter at the one place of the bottleneck.

    14,222,659 parameters at 256 pixels and width 32. Where the picture is smaller, there are fewer layers.
    """

    def __init__(self, side: int, *, width: int = 32) -> None:
        super().__init__()
        depth = side.bit_length() - 1
        chain = [width * min(_MOST, 1 << level) for level in range(depth)]
        self.down = nn.ModuleList(_halving(*pair) for pair in pairwise([GROUPS + 3, *chain]))
        self.down_norms = nn.ModuleList(_norm(made) for made in chain[1:])
        beside = [chain[-1] + _COLOURS + IDENTITY, *(2 * channels for channels in reversed(chain[:-1]))]
        made = [*reversed(chain[:-1]), 3]
        self.up = nn.ModuleList(_doubling(*pair, bias=False) for pair in zip(beside[:-1], made[:-1], strict=True))
        self.up_norms = nn.ModuleList(_norm(channels) for channels in made[:-1])
        self.last = _doubling(beside[-1], 3, bias=True)
        _start_as_published(self)

    def forward(self, groups: Tensor, shown: Tensor, *, colours: Tensor, identity: Tensor) -> Tensor:
        """Faces (N, 3, H, W) in -1 to 1 of groups (N, 7, H, W) and what is shown beside them (N, 3, H, W), in -1 to 1.

        `colours` (N, 21) are those of the groups, `identity` (N, 128) is dlib's.
        """
        planes = torch.cat([groups, shown], dim=1)
        found: list[Tensor] = []
        for number, layer in enumerate(self.down):
            planes = layer(planes)
            planes = F.leaky_relu(self.down_norms[number - 1](planes) if number else planes, _SLOPE)
            found.append(planes)
        numbers = torch.cat([colours, identity], dim=1)[:, :, None, None].to(planes.dtype)
        planes = torch.cat([planes, numbers], dim=1)
        for number, (layer, norm) in enumerate(zip(self.up, self.up_norms, strict=True)):
            planes = norm(layer(planes))
            planes = F.relu(F.dropout(planes, 0.5, self.training) if number < _DROPPED else planes)
            planes = torch.cat([planes, found[-2 - number]], dim=1)
        return torch.tanh(self.last(planes) / 2)


class WindowDiscriminator(nn.Module):
    """Scores (N, 1, h, w) of windows of 70 pixels, of a face and its groups; 2,772,737 parameters at width 64."""

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        chain = (GROUPS + 3, width, 2 * width, 4 * width)
        self.layers = nn.ModuleList(_halving(*pair) for pair in pairwise(chain))
        self.layers.append(nn.Conv2d(4 * width, 8 * width, 4, padding=1, bias=False))
        self.norms = nn.ModuleList(_norm(made) for made in (2 * width, 4 * width, 8 * width))
        self.score = nn.Conv2d(8 * width, 1, 4, padding=1)
        _start_as_published(self)

    def forward(self, groups: Tensor, faces: Tensor) -> Tensor:
        """Of groups (N, 7, H, W) and faces (N, 3, H, W) in -1 to 1."""
        planes = torch.cat([groups, faces], dim=1)
        for number, layer in enumerate(self.layers):
            planes = layer(planes)
            planes = F.leaky_relu(self.norms[number - 1](planes) if number else planes, _SLOPE)
        scores: Tensor = self.score(planes)
        return scores


class MapDiscriminator(nn.Module):
    """Tells of a face and its map of colours whether it is real, and what that map is, at an eighth of the size."""

    def __init__(self, side: int, *, width: int = 64) -> None:
        super().__init__()
        chain = (6, width, 2 * width, 4 * width)
        self.layers = nn.ModuleList(nn.Conv2d(*pair, 3, stride=2, padding=1, bias=False) for pair in pairwise(chain))
        self.layers.append(nn.Conv2d(4 * width, 4 * width, 3, padding=2, bias=False))
        self.norms = nn.ModuleList(_norm(made) for made in (2 * width, 4 * width, 4 * width))
        self.map = nn.Conv2d(4 * width, 3, 3)
        self.real = nn.Conv2d(4 * width, 1, 3)
        self.score = nn.Linear((side // _MAP_SIDES) ** 2, 1)
        _start_as_published(self)

    def forward(self, coloured: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (N, 1), and maps of colours (N, 3, H/8, W/8) in -1 to 1, of both (N, 3, H, W) in -1 to 1."""
        planes = torch.cat([coloured, faces], dim=1)
        for number, layer in enumerate(self.layers):
            planes = layer(planes)
            planes = F.leaky_relu(self.norms[number - 1](planes) if number else planes, _SLOPE)
        scores: Tensor = self.score(self.real(planes).flatten(1))
        return scores, torch.tanh(self.map(planes) / 2)


def _halving(channels: int, made: int) -> nn.Conv2d:
    return nn.Conv2d(channels, made, 4, stride=2, padding=1, bias=False)


def _doubling(channels: int, made: int, *, bias: bool) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, made, 4, stride=2, padding=1, bias=bias)


class _Norm(nn.BatchNorm2d):
    """Normalisation by batch, also of a single value, such as the bottleneck of one face: PyTorch's refuses that."""

    def forward(self, planes: Tensor) -> Tensor:
        if self.training and planes.numel() == planes.shape[1]:
            return super().forward(torch.cat([planes, planes]))[:1]
        return super().forward(planes)


def _norm(channels: int) -> nn.BatchNorm2d:
    return _Norm(channels, eps=_EPSILON, momentum=_MOMENTUM)


def _start_as_published(network: nn.Module) -> None:
    """Convolutions begin with normal weights of 0.02."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=0.02)
