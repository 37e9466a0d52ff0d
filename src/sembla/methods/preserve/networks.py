"""The published generators and what they played against: BEGAN's residual relative, and WGAN-GP's "good" one.

Sizes other than 64x64 have another number of doublings. All convolutions are 3x3 with a border of zeros unless said.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.methods.preserve.config import Began, Wgan

__all__ = ["Autoencoder", "BeganGenerator", "WganCritic", "WganGenerator"]

_BEGAN_START, _WGAN_START = 8, 4


def _doublings(side: int, start: int) -> int:
    return (side // start).bit_length() - 1


class BeganGenerator(nn.Module):
    """Codes (N, 64) to pictures (N, 3, 64, 64), not bounded, -1 to 1 in name; 2,896,771 parameters."""

    def __init__(self, config: Began) -> None:
        super().__init__()
        width, times = config.width, _doublings(config.side, _BEGAN_START)
        self.start = nn.Linear(config.latent, width * _BEGAN_START**2)
        self.blocks = nn.ModuleList(_Residual(width) for _ in range(times + 1))
        self.last = nn.Conv2d(width, 3, 3, padding=1)
        _glorot(self)

    def forward(self, codes: Tensor) -> Tensor:
        """Each picture for itself."""
        planes = self.start(codes).unflatten(1, (-1, _BEGAN_START, _BEGAN_START))
        for number, block in enumerate(self.blocks):
            planes = F.interpolate(planes, scale_factor=2.0) if number else planes
            planes = block(planes)
        made: Tensor = self.last(planes)
        return made


class _Residual(nn.Module):
    """A plane plus two convolutions of it, twice as wide between them; no normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv2d(channels, 2 * channels, 3, padding=1)
        self.back = nn.Conv2d(2 * channels, channels, 3, padding=1)

    def forward(self, planes: Tensor) -> Tensor:
        made: Tensor = planes + self.back(F.elu(self.wide(F.elu(planes))))
        return made


class Autoencoder(nn.Module):
    """BEGAN's discriminator: pictures are brought down to a code, and made anew by a generator of its own.

    `balance` is the paper's k, which training carries from step to step.
    """

    balance: Tensor

    def __init__(self, config: Began) -> None:
        super().__init__()
        times = _doublings(config.side, _BEGAN_START)
        widths = [config.width * (level + 1) for level in range(times + 1)]
        self.first = nn.Conv2d(3, config.width, 3, padding=1)
        self.stages = nn.ModuleList(_Encoding(*pair) for pair in pairwise([config.width, *widths]))
        self.halves = nn.ModuleList(nn.Conv2d(width, width, 3, stride=2, padding=1) for width in widths[:-1])
        self.code = nn.Linear(widths[-1] * _BEGAN_START**2, config.latent)
        self.register_buffer("balance", torch.zeros(()))
        _glorot(self)
        self.decoder = BeganGenerator(config)

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) as it makes them anew."""
        made: Tensor = self.decoder(self.code(self.taps(pictures)[-1].flatten(1)))
        return made

    def taps(self, pictures: Tensor) -> list[Tensor]:
        """The planes of the pictures' sizes, then of half of them, and so on to 8x8."""
        planes, seen = F.elu(self.first(pictures)), []
        for number, stage in enumerate(self.stages):
            planes = F.elu(self.halves[number - 1](planes)) if number else planes
            planes = stage(planes)
            seen.append(planes)
        return seen


class _Encoding(nn.Module):
    """Two convolutions beside the identity, or beside a 1x1 convolution where channels change."""

    def __init__(self, channels: int, made: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(*pair, 3, padding=1) for pair in ((channels, made), (made, made)))
        self.skip = nn.Identity() if channels == made else nn.Conv2d(channels, made, 1)

    def forward(self, planes: Tensor) -> Tensor:
        found = planes
        for convolution in self.convolutions:
            found = convolution(F.elu(found))
        made: Tensor = self.skip(planes) + found
        return made


def _glorot(network: nn.Module) -> None:
    """The original's start: Glorot's uniform weights, no bias."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)


class WganGenerator(nn.Module):
    """Codes (N, 128) to pictures (N, 3, 64, 64) in -1 to 1; 8,540,483 parameters.

    Normalised over the batch as published, so that pictures made together depend on one another, or by running
    statistics. These are always learned, so a trained generator can be used either way.
    """

    def __init__(self, config: Wgan) -> None:
        super().__init__()
        times = _doublings(config.side, _WGAN_START)
        widths = [config.width * min(8, 1 << level) for level in range(times)]  # from full size down
        chain = [widths[-1], *reversed(widths)]
        self.running = config.running
        self.start = nn.Linear(config.latent, chain[0] * _WGAN_START**2)
        self.blocks = nn.ModuleList(_Doubling(*pair) for pair in pairwise(chain))
        self.norm = nn.BatchNorm2d(config.width)
        self.last = nn.Conv2d(config.width, 3, 3, padding=1)

    def forward(self, codes: Tensor) -> Tensor:
        """Where statistics are the batch's, the pictures of these codes among one another."""
        planes = self.start(codes).unflatten(1, (-1, _WGAN_START, _WGAN_START))
        for block in self.blocks:
            planes = block(planes, running=self.running)
        return torch.tanh(self.last(F.relu(_normed(self.norm, planes, running=self.running))))


class _Doubling(nn.Module):
    """Twice the size: two convolutions beside a 1x1 convolution."""

    def __init__(self, channels: int, made: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.BatchNorm2d(each) for each in (channels, made))
        self.first = nn.Conv2d(channels, made, 3, padding=1, bias=False)
        self.second = nn.Conv2d(made, made, 3, padding=1)
        self.skip = nn.Conv2d(channels, made, 1)
        _he([self.first, self.second])

    def forward(self, planes: Tensor, *, running: bool) -> Tensor:
        large = F.interpolate(F.relu(_normed(self.norms[0], planes, running=running)), scale_factor=2.0)
        found = F.relu(_normed(self.norms[1], self.first(large), running=running))
        made: Tensor = self.second(found) + F.interpolate(self.skip(planes), scale_factor=2.0)
        return made


def _normed(norm: nn.Module, planes: Tensor, *, running: bool) -> Tensor:
    """Normalised over the batch, or by what was seen in training; a lone picture's statistics are its own."""
    assert isinstance(norm, nn.BatchNorm2d)
    if norm.training or running:
        made: Tensor = norm(planes)
        return made
    return F.batch_norm(planes, None, None, norm.weight, norm.bias, training=True, eps=norm.eps)


class WganCritic(nn.Module):
    """Scores of pictures, (N, 1); normalised over each picture (layer normalisation); 7,491,841 parameters."""

    def __init__(self, config: Wgan) -> None:
        super().__init__()
        times = _doublings(config.side, _WGAN_START)
        widths = [config.width * min(8, 1 << level) for level in range(times + 1)]
        self.first = nn.Conv2d(3, config.width, 3, padding=1)
        self.blocks = nn.ModuleList(_Halving(*pair) for pair in pairwise(widths))
        self.score = nn.Linear(widths[-1] * _WGAN_START**2, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Of pictures (N, 3, H, W)."""
        scores: Tensor = self.score(self.taps(pictures)[-1].flatten(1))
        return scores

    def taps(self, pictures: Tensor) -> list[Tensor]:
        """The planes of the pictures' sizes, then of half of them, and so on to 4x4."""
        seen = [self.first(pictures)]
        for block in self.blocks:
            seen.append(block(seen[-1]))
        return seen


class _Halving(nn.Module):
    """Half the size: two convolutions and a mean, beside a mean and a 1x1 convolution."""

    def __init__(self, channels: int, made: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(1, each) for each in (channels, channels))
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second = nn.Conv2d(channels, made, 3, padding=1)
        self.skip = nn.Conv2d(channels, made, 1)
        _he([self.first, self.second])

    def forward(self, planes: Tensor) -> Tensor:
        found = self.first(F.relu(self.norms[0](planes)))
        found = F.avg_pool2d(self.second(F.relu(self.norms[1](found))), 2)
        made: Tensor = found + self.skip(F.avg_pool2d(planes, 2))
        return made


def _he(layers: list[nn.Conv2d]) -> None:
    for layer in layers:
        nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
