"""The published generators, their discriminators, and an encoder of the discriminator's shape.

All convolutions are 5x5. With a map, it and the code, repeated at every place, go in side by side.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.methods.inpaint.config import Conditional, Config, Dcgan

__all__ = ["ConditionalGenerator", "DcganGenerator", "Discriminator", "Encoder", "Posterior"]

_SLOPE = 0.1
_DCGAN_SLOPE = 0.2
_START = 4

Posterior = tuple[Tensor, Tensor]
"""What an encoder reads in damaged faces: likely codes (N, L), and the logarithm of how unsure it is of each (N, L)."""


class ConditionalGenerator(nn.Module):
    """Codes (N, 100) and face maps (N, 3, H, W) to faces (N, 3, H, W) in -1 to 1; 35,164,035 parameters."""

    def __init__(self, config: Conditional) -> None:
        super().__init__()
        width = config.width
        down = [config.latent + 3, width, width, 2 * width, 4 * width, 8 * width]
        up = [8 * width, 4 * width, 2 * width, width]
        self.down = nn.ModuleList(
            nn.Conv2d(*pair, 5, stride=1 + (number > 0), padding=2) for number, pair in enumerate(pairwise(down))
        )
        self.up = nn.ModuleList(_larger(*pair) for pair in pairwise(up))
        self.norms = nn.ModuleList(nn.BatchNorm2d(each) for each in (*down[1:], *up[1:]))
        self.last = _larger(width, 3)
        _start_as_published(self)

    def forward(self, codes: Tensor, maps: Tensor) -> Tensor:
        """Each face for itself once trained."""
        spread = codes[:, :, None, None].expand(-1, -1, maps.shape[2], maps.shape[3])
        planes = torch.cat([spread.to(maps.dtype), maps], dim=1)
        for layer, norm in zip((*self.down, *self.up), self.norms, strict=True):
            planes = F.relu(norm(layer(planes)))
        return torch.tanh(self.last(planes))


class DcganGenerator(nn.Module):
    """Codes (N, 100) to faces (N, 3, H, W) in -1 to 1; a map is taken and not looked at."""

    def __init__(self, config: Dcgan) -> None:
        super().__init__()
        times = (config.side // _START).bit_length() - 1
        widths = [config.width << level for level in range(times - 1, -1, -1)]
        self.start = nn.Linear(config.latent, widths[0] * _START**2)
        self.norms = nn.ModuleList(nn.BatchNorm2d(each) for each in widths)
        self.up = nn.ModuleList(_larger(*pair) for pair in pairwise(widths))
        self.last = _larger(widths[-1], 3)
        _start_as_published(self)

    def forward(self, codes: Tensor, maps: Tensor | None = None) -> Tensor:
        """Each face for itself once trained."""
        del maps
        planes = F.relu(self.norms[0](self.start(codes).unflatten(1, (-1, _START, _START))))
        for layer, norm in zip(self.up, self.norms[1:], strict=True):
            planes = F.relu(norm(layer(planes)))
        return torch.tanh(self.last(planes))


class _Halves(nn.Module):
    """What discriminators and encoders share: half the size in each layer, to 4 pixels."""

    def __init__(self, channels: int, side: int, *, width: int, slope: float) -> None:
        super().__init__()
        times = (side // _START).bit_length() - 1
        widths = [channels, *(width << level for level in range(times))]
        self.layers = nn.ModuleList(nn.Conv2d(*pair, 5, stride=2, padding=2) for pair in pairwise(widths))
        self.norms = nn.ModuleList(nn.BatchNorm2d(each) for each in widths[2:])
        self.flat = widths[-1] * _START**2
        self._slope = slope

    def forward(self, planes: Tensor) -> Tensor:
        """(N, F) of (N, C, H, W)."""
        for number, layer in enumerate(self.layers):
            planes = layer(planes)
            planes = F.leaky_relu(self.norms[number - 1](planes) if number else planes, self._slope)
        return planes.flatten(1)


class Discriminator(nn.Module):
    """Scores (N, 1) of faces and their maps; 4,321,345 parameters at 64 pixels, 17,439,809 at 128."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        slope, channels = (_SLOPE, 6) if config.mapped else (_DCGAN_SLOPE, 3)
        self.trunk = _Halves(channels, config.side, width=config.discriminator_width, slope=slope)
        self.score = nn.Linear(self.trunk.flat, 1)
        self._mapped = config.mapped
        _start_as_published(self)

    def forward(self, faces: Tensor, maps: Tensor) -> Tensor:
        """Of faces (N, 3, H, W) and maps (N, 3, H, W), both in -1 to 1."""
        seen = torch.cat([faces, maps.to(faces.dtype)], dim=1) if self._mapped else faces
        scores: Tensor = self.score(self.trunk(seen))
        return scores


class Encoder(nn.Module):
    """Codes of damaged faces, in the shape of the discriminator, as the authors' later regressors have it."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.trunk = _Halves(4 + 3 * config.mapped, config.side, width=config.encoder_width, slope=_SLOPE)
        self.codes = nn.Linear(self.trunk.flat, 2 * config.latent)
        self._mapped, self._normal = config.mapped, config.normal

    def forward(self, faces: Tensor, holes: Tensor, maps: Tensor) -> Posterior:
        """Of faces (N, 3, H, W) in -1 to 1, which are not looked at where holes (N, 1, H, W) are 1.0, and maps."""
        seen = [faces * (1 - holes), holes, *([maps.to(faces.dtype)] if self._mapped else [])]
        codes, unsure = self.codes(self.trunk(torch.cat(seen, dim=1))).float().chunk(2, dim=1)
        return codes if self._normal else torch.tanh(codes), unsure.clamp(-6, 2)


def _larger(channels: int, made: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, made, 5, stride=2, padding=2, output_padding=1)


def _start_as_published(network: nn.Module) -> None:
    """Convolutions begin with normal weights of 0.02, cut off at twice that where they do not enlarge."""
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=0.02)
        elif isinstance(layer, nn.Conv2d):
            nn.init.trunc_normal_(layer.weight, std=0.02, a=-0.04, b=0.04)
        elif isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=0.01 if layer.out_features == 1 else 0.02)
