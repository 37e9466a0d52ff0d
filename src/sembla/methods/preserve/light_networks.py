"""The networks of `sembla`: a light generator, discriminators that look through a frozen network, and an encoder.

The generator is in the manner of Liu et al. 2021 (FastGAN): gated convolutions, and channels of its larger planes
weighed by its smallest ones. The discriminators are those of Sauer et al. 2021 (projected GANs): the planes of a frozen
network at several depths, mixed by random convolutions that do not learn, and a small network for each depth.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sembla.methods.preserve.config import Sembla

__all__ = ["LightGenerator", "PlainDepths", "ProjectedDiscriminator", "RegionEncoder"]

_START = 4
_MOST = 16
_SLOPE = 0.2
_SEED = 20_211
_LEAST = 4  # sides at which a depth's discriminator gives its scores


class LightGenerator(nn.Module):
    """Codes (N, L) to pictures (N, 3, H, W) in -1 to 1, each for itself once trained."""

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        times = (config.side // _START).bit_length() - 1
        widths = [config.width * min(_MOST, 1 << level) for level in range(times, -1, -1)]
        self.start = nn.ConvTranspose2d(config.latent, 2 * widths[0], _START, bias=False)
        self.norm = nn.BatchNorm2d(2 * widths[0])
        self.blocks = nn.ModuleList(_Gated(*pair) for pair in pairwise(widths))
        self.weighing = nn.ModuleList(_Weighing(widths[0], width) for width in widths[-2:])
        self.last = nn.Conv2d(widths[-1], 3, 3, padding=1)

    def forward(self, codes: Tensor) -> Tensor:
        """Codes are brought to one length first, which their distribution says nothing by."""
        codes = F.normalize(codes, dim=1) * codes.shape[1] ** 0.5
        small = F.glu(self.norm(self.start(codes[:, :, None, None])), dim=1)
        planes = small
        for number, block in enumerate(self.blocks, len(self.weighing) - len(self.blocks)):
            planes = block(planes)
            if number >= 0:
                planes = planes * self.weighing[number](small)
        return torch.tanh(self.last(planes))


class _Gated(nn.Module):
    """Twice the size; half of what a convolution makes opens or closes the other half."""

    def __init__(self, channels: int, made: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, 2 * made, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(2 * made)

    def forward(self, planes: Tensor) -> Tensor:
        return F.glu(self.norm(self.convolution(F.interpolate(planes, scale_factor=2.0))), dim=1)


class _Weighing(nn.Module):
    """How much each channel of larger planes counts, by the smallest."""

    def __init__(self, channels: int, made: int) -> None:
        super().__init__()
        self.whole = nn.Conv2d(channels, made, _START)
        self.one = nn.Conv2d(made, made, 1)

    def forward(self, small: Tensor) -> Tensor:
        weights: Tensor = self.one(F.silu(self.whole(small))).sigmoid()
        return weights


class ProjectedDiscriminator(nn.Module):
    """Scores of pictures by the planes of several depths of a network that does not learn."""

    def __init__(self, channels: Sequence[int], *, width: int) -> None:
        super().__init__()
        chance = torch.Generator().manual_seed(_SEED)
        self._depths = len(channels)
        for depth, count in enumerate(channels):
            self.register_buffer(f"across{depth}", _random(width, count, 1, chance))
            self.register_buffer(f"mix{depth}", _random(width, width, 3, chance))
        self.judges = nn.ModuleList(_Judge(width) for _ in channels)

    def forward(self, depths: Sequence[Tensor]) -> list[Tensor]:
        """Maps of scores (N, 1, h, w), one a depth, of planes (N, C, h, w), shallow first."""
        found: list[Tensor] = []
        below: Tensor | None = None
        for depth in reversed(range(self._depths)):
            planes = F.conv2d(depths[depth], getattr(self, f"across{depth}"))
            if below is not None:
                planes = planes + F.interpolate(below, planes.shape[2:], mode="bilinear")
            below = F.conv2d(planes, getattr(self, f"mix{depth}"), padding=1)
            found.append(self.judges[depth](below))
        return found[::-1]


def _random(made: int, channels: int, side: int, chance: torch.Generator) -> Tensor:
    """Weights that keep the size of values, as He et al. 2015 draw them, without what a rectifier takes."""
    size: float = (channels * side**2) ** 0.5
    return torch.randn(made, channels, side, side, generator=chance) / size


class _Judge(nn.Module):
    """Halves until 4 pixels are left, then scores."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.halving = spectral_norm(nn.Conv2d(width, 2 * width, 4, stride=2, padding=1))
        self.again = spectral_norm(nn.Conv2d(2 * width, 2 * width, 3, padding=1, bias=False))
        self.score = spectral_norm(nn.Conv2d(2 * width, 1, 3, padding=1, bias=False))

    def forward(self, planes: Tensor) -> Tensor:
        if min(planes.shape[2:]) <= _LEAST:
            planes = F.interpolate(planes, scale_factor=2.0)
        planes = F.leaky_relu(self.halving(planes), _SLOPE)
        planes = F.leaky_relu(self.again(planes), _SLOPE)
        scores: Tensor = self.score(planes)
        return scores


class PlainDepths(nn.Module):
    """Planes at four depths of a network that learns beside the discriminator, where no frozen one is at hand."""

    channels = (32, 64, 128, 256)

    def __init__(self) -> None:
        super().__init__()
        chain = pairwise([3, *self.channels])
        self.layers = nn.ModuleList(spectral_norm(nn.Conv2d(*pair, 4, stride=2, padding=1)) for pair in chain)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """Of pictures (N, 3, H, W) in -1 to 1."""
        found = []
        for layer in self.layers:
            pictures = F.leaky_relu(layer(pictures), _SLOPE)
            found.append(pictures)
        return found


class RegionEncoder(nn.Module):
    """Moves codes that were drawn by chance so that what they make shows what a region shows.

    It sees the picture in the region alone, and the region; a code decides what the rest becomes.
    """

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        times = (config.side // _START).bit_length() - 1
        widths = [config.encoder_width * min(8, 1 << level) for level in range(times + 1)]
        self.first = nn.Conv2d(4, widths[0], 3, padding=1)
        self.halves = nn.ModuleList(nn.Conv2d(*pair, 4, stride=2, padding=1) for pair in pairwise(widths))
        flat = widths[-1] * _START**2
        self.seen = nn.Linear(flat, 256)
        self.mixed = nn.Linear(256 + config.latent, 256)
        self.again = nn.Linear(256, 256)
        self.move = nn.Linear(256, config.latent)

    def forward(self, codes: Tensor, pictures: Tensor, regions: Tensor) -> Tensor:
        """Codes (N, L), for pictures (N, 3, H, W) that are looked at where regions (N, 1, H, W) are 1.0."""
        planes = F.leaky_relu(self.first(torch.cat([pictures * regions, regions], dim=1)), _SLOPE)
        for layer in self.halves:
            planes = F.leaky_relu(F.group_norm(layer(planes), 1), _SLOPE)
        seen = F.leaky_relu(self.seen(planes.flatten(1)), _SLOPE)
        mixed = F.leaky_relu(self.mixed(torch.cat([seen, codes], dim=1)), _SLOPE)
        moved: Tensor = codes + self.move(F.leaky_relu(self.again(mixed), _SLOPE))
        return moved
