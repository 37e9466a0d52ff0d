"""Discriminators that look through a network that does not learn (Sauer et al. 2021, projected GANs)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sembla.nn.perceptual import Depths, channels_of

__all__ = ["Judged", "PlainDepths", "ProjectedDiscriminator", "judged"]

_SLOPE = 0.2
_SEED = 20_211
_LEAST = 4  # sides at which a depth's discriminator gives its scores


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


class Judged(nn.Module):
    """A discriminator and what it looks through, where that learns too."""

    def __init__(self, discriminator: nn.Module, depths: nn.Module | None) -> None:
        super().__init__()
        self.discriminator = discriminator
        self.depths = depths

    def forward(self, pictures: Tensor, frozen: Depths) -> list[Tensor]:
        """Maps of scores of pictures (N, 3, H, W)."""
        found: list[Tensor] = self.discriminator((self.depths or frozen)(pictures))
        return found


def judged(features: str, *, width: int) -> Judged:
    """A discriminator that looks through the network `features`, or learns its own ("none")."""
    learned = PlainDepths() if features == "none" else None
    channels = learned.channels if learned else channels_of(features)
    return Judged(ProjectedDiscriminator(channels, width=width), learned)
