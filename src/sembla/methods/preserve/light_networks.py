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

__all__ = ["LightGenerator", "RegionEncoder", "of_one_length"]

_START = 4
_STEP = 2
_MOST = 8
_SLOPE = 0.2


def of_one_length(codes: Tensor) -> Tensor:
    """Codes (N, L), each of the length that normal ones have on average: sqrt(L)."""
    length: float = codes.shape[1] ** 0.5
    return F.normalize(codes, dim=1) * length


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
        """Only where codes point to counts."""
        small = F.glu(self.norm(self.start(of_one_length(codes)[:, :, None, None])), dim=1)
        planes = small
        for number, block in enumerate(self.blocks, len(self.weighing) - len(self.blocks)):
            planes = block(planes)
            if number >= 0:
                planes = planes * self.weighing[number](small)
        return torch.tanh(F.pixel_shuffle(self.last(planes), _STEP))


class RegionEncoder(nn.Module):
    """Reads in a region which codes may have made it: a Gaussian, as wide as what the region leaves open.

    It sees the picture in the region alone, and the region.
    """

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        times = (config.side // _STEP // _START).bit_length() - 1
        widths = [config.encoder_width * min(4, 1 << level) for level in range(times + 1)]
        self.first = nn.Conv2d(4 * _STEP**2, widths[0], 3, padding=1)
        self.halves = nn.ModuleList(nn.Conv2d(*pair, 4, stride=2, padding=1) for pair in pairwise(widths))
        self.seen = nn.Linear(widths[-1] * _START**2, 256)
        self.again = nn.Linear(256, 256)
        self.codes = nn.Linear(256, 2 * config.latent)

    def forward(self, pictures: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
        """Means and logarithms of variances (N, L), of pictures (N, 3, H, W) in regions (N, 1, H, W) of 0.0 and 1.0."""
        seen = F.pixel_unshuffle(torch.cat([pictures * regions, regions], dim=1), _STEP)
        planes = F.leaky_relu(self.first(seen), _SLOPE)
        for layer in self.halves:
            planes = F.leaky_relu(F.group_norm(layer(planes), 1), _SLOPE)
        known = F.leaky_relu(self.again(F.leaky_relu(self.seen(planes.flatten(1)), _SLOPE)), _SLOPE)
        means, unsure = self.codes(known).float().chunk(2, dim=1)
        return means, unsure.clamp(-6, 2)
