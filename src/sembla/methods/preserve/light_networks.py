"""The networks of `sembla`: a light generator, and an encoder of regions.

The generator is in the manner of Liu et al. 2021 (FastGAN): gated convolutions, and channels of its larger planes
weighed by its smallest ones. Its last planes have half the picture's size, and each of their places makes four pixels
(Shi et al. 2016): what full size would cost is more than all the rest.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.methods.preserve.config import Sembla
from sembla.nn.gated import Gated, Weighing

__all__ = ["LightGenerator", "RegionEncoder"]

_START = 4
_STEP = 2
_MOST = 8
_SLOPE = 0.2


class LightGenerator(nn.Module):
    """Codes (N, L) to pictures (N, 3, H, W) in -1 to 1, each for itself once trained."""

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        times = (config.side // _STEP // _START).bit_length() - 1
        widths = [config.width * min(_MOST, 1 << level) for level in range(times, -1, -1)]
        self.start = nn.ConvTranspose2d(config.latent, 2 * widths[0], _START, bias=False)
        self.norm = nn.BatchNorm2d(2 * widths[0])
        self.blocks = nn.ModuleList(Gated(*pair) for pair in pairwise(widths))
        self.weighing = nn.ModuleList(Weighing(widths[0], width, side=_START) for width in widths[-2:])
        self.last = nn.Conv2d(widths[-1], 3 * _STEP**2, 3, padding=1)

    def forward(self, codes: Tensor) -> Tensor:
        """Codes are brought to one length first, which their distribution says nothing by."""
        codes = F.normalize(codes, dim=1) * codes.shape[1] ** 0.5
        small = F.glu(self.norm(self.start(codes[:, :, None, None])), dim=1)
        planes = small
        for number, block in enumerate(self.blocks, len(self.weighing) - len(self.blocks)):
            planes = block(planes)
            if number >= 0:
                planes = planes * self.weighing[number](small)
        return torch.tanh(F.pixel_shuffle(self.last(planes), _STEP))


class RegionEncoder(nn.Module):
    """Moves codes that were drawn by chance so that what they make shows what a region shows.

    It sees the picture in the region alone, and the region; a code decides what the rest becomes.
    """

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        times = (config.side // _STEP // _START).bit_length() - 1
        widths = [config.encoder_width * min(4, 1 << level) for level in range(times + 1)]
        self.first = nn.Conv2d(4 * _STEP**2, widths[0], 3, padding=1)
        self.halves = nn.ModuleList(nn.Conv2d(*pair, 4, stride=2, padding=1) for pair in pairwise(widths))
        flat = widths[-1] * _START**2
        self.seen = nn.Linear(flat, 256)
        self.mixed = nn.Linear(256 + config.latent, 256)
        self.again = nn.Linear(256, 256)
        self.move = nn.Linear(256, config.latent)

    def forward(self, codes: Tensor, pictures: Tensor, regions: Tensor) -> Tensor:
        """Codes (N, L), for pictures (N, 3, H, W) that are looked at where regions (N, 1, H, W) are 1.0."""
        seen = F.pixel_unshuffle(torch.cat([pictures * regions, regions], dim=1), _STEP)
        planes = F.leaky_relu(self.first(seen), _SLOPE)
        for layer in self.halves:
            planes = F.leaky_relu(F.group_norm(layer(planes), 1), _SLOPE)
        known = F.leaky_relu(self.seen(planes.flatten(1)), _SLOPE)
        mixed = F.leaky_relu(self.mixed(torch.cat([known, codes], dim=1)), _SLOPE)
        moved: Tensor = codes + self.move(F.leaky_relu(self.again(mixed), _SLOPE))
        return moved
