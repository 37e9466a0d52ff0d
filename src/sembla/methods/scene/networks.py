"""The published networks: SPADE's generator and style encoder, and the pattern generator of ULBPGAN."""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sembla.nn.lbp import LocalBinaryConvolution
from sembla.nn.modulation import SLOPE, Guides, ModulatedBlock, Norm

__all__ = ["PatternGenerator", "SpadeGenerator", "StyleEncoder"]

_STYLE_SIDE = 256


class SpadeGenerator(nn.Module):
    """From a label map to a photo through modulated residual blocks (Park et al. 2019).

    96,492,483 parameters for 151 planes at width 64; of each normalisation, `norm` decides.
    """

    def __init__(self, planes: int, norm: Norm, *, width: int = 64, upsamplings: int = 5, latent: int = 0) -> None:
        super().__init__()
        chain = [16 * width] * 3 + [8 * width, 4 * width, 2 * width, width]
        self.upsamplings, self.coarsest, self.widest = upsamplings, 1 << upsamplings, 16 * width
        self.start: nn.Module
        if latent:
            self.start = nn.Linear(latent, self.widest * 64)
        else:
            self.start = nn.Conv2d(planes, self.widest, 3, padding=1)
        self.blocks = nn.ModuleList(ModulatedBlock(*pair, norm=norm) for pair in pairwise([16 * width, *chain]))
        self.last = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, guides: Guides, *, latent: Tensor | None = None) -> Tensor:
        """Photos (N, 3, H, W) in -1 to 1, of the size of the guides, sides multiples of 2^upsamplings.

        `latent` (N, Z) is needed where the generator begins from one.
        """
        height, width = guides.labels.full
        low = height // self.coarsest, width // self.coarsest
        if latent is None:
            planes = self.start(guides.labels.at(low))
        else:
            square = self.start(latent).view(-1, self.widest, 8, 8)
            planes = square if low == (8, 8) else F.interpolate(square, low, mode="bilinear")
        for index, block in enumerate(self.blocks):
            planes = block(planes, guides)
            if self._doubles(index):
                planes = F.interpolate(planes, scale_factor=2.0, mode="nearest")
        return torch.tanh(self.last(F.leaky_relu(planes, SLOPE)))

    def _doubles(self, index: int) -> bool:
        """Whether the size doubles after a block: after all but the second and the last; after that too in "more"."""
        return index != len(self.blocks) - 1 and (index != 1 or self.upsamplings > len(self.blocks) - 2)


class StyleEncoder(nn.Module):
    """Mean and logarithm of the variance of a photo's latent, each (N, latent) (Park et al. 2019, figure 14)."""

    def __init__(self, latent: int = 256, *, width: int = 64) -> None:
        super().__init__()
        chain = [3, width, 2 * width, 4 * width, 8 * width, 8 * width, 8 * width]
        layers: list[nn.Module] = []
        for channels, made in pairwise(chain):
            convolution = spectral_norm(nn.Conv2d(channels, made, 3, stride=2, padding=1, bias=False))
            layers += [convolution, nn.InstanceNorm2d(made), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers)
        self.mean, self.log_variance = (nn.Linear(8 * width * 16, latent) for _ in range(2))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Of photos (N, 3, H, W) in -1 to 1, which are looked at as 256x256."""
        square = F.interpolate(pictures.float(), (_STYLE_SIDE, _STYLE_SIDE), mode="bilinear", antialias=True)
        rows = self.layers(square).flatten(1)
        return self.mean(rows), self.log_variance(rows)


class PatternGenerator(nn.Module):
    """From a label map to local binary patterns: a U-Net of 15 layers, the deepest at 1/128 of the size.

    39,302,657 parameters for 151 planes at width 64. `binary` makes its first two layers local binary convolutions.
    """

    def __init__(self, planes: int, *, width: int = 64, binary: bool = False) -> None:
        super().__init__()
        down = [width, 2 * width, 4 * width, *[8 * width] * 4]
        chain = list(pairwise([planes, *down]))
        self.down = nn.ModuleList(_falling(*pair, binary=binary and index < 2) for index, pair in enumerate(chain))
        self.deepest = nn.Sequential(nn.LeakyReLU(SLOPE), nn.Conv2d(8 * width, 8 * width, 4, stride=2, padding=1))
        made = [8 * width, *reversed(down[:-1])]
        beside = [0, *reversed(down)]
        below = [8 * width, *made]
        self.up = nn.ModuleList(
            nn.Conv2d(one + other, out, 3, padding=1) for one, other, out in zip(below, beside, [*made, 1], strict=True)
        )

    def forward(self, layout: Tensor) -> Tensor:
        """Patterns (N, 1, H, W) in -1 to 1 of a layout (N, K, H, W) of any size, repeated beyond its borders."""
        height, width = layout.shape[2:]
        planes = F.pad(layout, [0, -width % 256, 0, -height % 256], mode="replicate")
        found: list[Tensor] = []
        for index, layer in enumerate(self.down):
            planes = layer(F.leaky_relu(planes, SLOPE) if index else planes)
            planes = F.instance_norm(planes) if index else planes
            found.append(planes)
        planes = self.deepest(planes)
        for index, layer in enumerate(self.up):
            if index:
                planes = torch.cat([planes, found[-index]], dim=1)
            planes = layer(F.interpolate(F.relu(planes), scale_factor=2.0, mode="nearest"))
            planes = F.instance_norm(planes) if index < len(self.up) - 1 else torch.tanh(planes)
        return planes[:, :, :height, :width]


def _falling(channels: int, made: int, *, binary: bool) -> nn.Module:
    """A layer that halves the size."""
    if binary:
        return LocalBinaryConvolution(channels, made, side=4, stride=2)
    return nn.Conv2d(channels, made, 4, stride=2, padding=1)
