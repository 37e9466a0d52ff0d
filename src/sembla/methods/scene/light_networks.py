"""The networks of `sembla` and `laptop`: SPADE's idea at a hundredth of its work.

What differs: the layout is read by a network that sees wide around, down to 1/32 of the size, and its features at each
size scale and shift the photo's by one 1x1 convolution; SPADE looks at a map anew, 5 pixels wide, before each layer.
Channels are halved with each doubling of the size beyond an eighth, so that none of them costs more than another.
Values are normalised over the channels of each place alone: what is made there depends on what lies within reach, not
on the rest of the picture, so a picture can be made in tiles, or anew in a part, with the same pixels. Each class has a
latent of its own.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["NOISE", "ClassEncoder", "LightGenerator", "latent_planes"]

_SLOPE = 0.2
_LEVELS = 5
_MOST = 8
NOISE = 2
"""Planes of noise that the generator is given."""

_SMALLEST = 1e-4


class LightGenerator(nn.Module):
    """From planes of classes and their latents to a photo."""

    def __init__(self, planes: int, *, width: int = 24, latent: int = 16) -> None:
        super().__init__()
        widths = [width * min(_MOST, 1 << level) for level in range(_LEVELS + 1)]
        guides = [width, *widths[1:]]
        self.reader = _Reader(planes + latent + NOISE, guides)
        self.start = nn.Conv2d(guides[-1], widths[-1], 3, padding=1)
        self.blocks = nn.ModuleList(_Block(*pair) for pair in zip(reversed(widths), reversed(guides), strict=True))
        self.raises = nn.ModuleList(nn.Conv2d(*pair, 1) for pair in pairwise(reversed(widths)))
        self.last = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, layout: Tensor, latents: Tensor, noise: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in -1 to 1 of layouts (N, K, H, W), sides multiples of 32.

        `latents` (N, L, H, W) are those of each place's class (see `latent_planes`), `noise` (N, 2, H, W) is normal.
        """
        guides = self.reader(torch.cat([layout, latents, noise], dim=1))
        planes = self.start(guides[-1])
        for level, block in enumerate(self.blocks):
            if level:
                planes = F.interpolate(self.raises[level - 1](planes), scale_factor=2.0, mode="bilinear")
            planes = block(planes, guides[-1 - level])
        return torch.tanh(self.last(F.leaky_relu(planes, _SLOPE)))


class ClassEncoder(nn.Module):
    """Mean and logarithm of the variance of each class's latent in a photo (the pooling by region of SEAN, 2020)."""

    def __init__(self, *, width: int = 24, latent: int = 16) -> None:
        super().__init__()
        chain = [3, width, 2 * width, 4 * width]
        steps = [nn.Conv2d(*pair, 3, stride=2, padding=1) for pair in pairwise(chain)]
        self.layers = nn.ModuleList(steps)
        self.last = nn.Conv2d(4 * width, 2 * latent, 1)

    def forward(self, pictures: Tensor, layout: Tensor) -> tuple[Tensor, Tensor]:
        """Of photos (N, 3, H, W) with layouts (N, K, H, W): each (N, K, L); 0 for classes that do not occur."""
        planes = pictures
        for layer in self.layers:
            planes = F.leaky_relu(_levelled(layer(planes)), _SLOPE)
        planes = self.last(planes).float()
        shares = F.adaptive_avg_pool2d(layout.float(), planes.shape[2:])
        sums = torch.einsum("nkhw,nlhw->nkl", shares, planes)
        mean, log_variance = (sums / shares.sum((2, 3))[:, :, None].clamp(min=_SMALLEST)).chunk(2, dim=2)
        return mean, log_variance.clamp(-8, 8)


def latent_planes(layout: Tensor, latents: Tensor) -> Tensor:
    """The latent of each place's class, (N, L, H, W), of layouts (N, K, H, W) and latents (N, K, L)."""
    return torch.einsum("nkhw,nkl->nlhw", layout, latents.to(layout.dtype))


class _Reader(nn.Module):
    """Features of a layout at full size and at each half of it."""

    def __init__(self, planes: int, widths: list[int]) -> None:
        super().__init__()
        self.head = nn.Conv2d(planes, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(*pair, 4, stride=2, padding=1) for pair in pairwise(widths))
        self.deep = nn.Conv2d(widths[-1], widths[-1], 3, padding=1)

    def forward(self, planes: Tensor) -> list[Tensor]:
        found = [F.leaky_relu(self.head(planes), _SLOPE)]
        for layer in self.down:
            found.append(F.leaky_relu(_levelled(layer(found[-1])), _SLOPE))
        found[-1] = found[-1] + F.leaky_relu(self.deep(found[-1]), _SLOPE)
        return found


class _Block(nn.Module):
    """Two convolutions, each after a modulation, beside the identity."""

    def __init__(self, channels: int, guide: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(2))
        self.modulation = nn.Conv2d(guide, 4 * channels, 1)

    def forward(self, planes: Tensor, guide: Tensor) -> Tensor:
        parts = self.modulation(guide).chunk(4, dim=1)
        found = planes
        for convolution, (scale, shift) in zip(self.convolutions, (parts[:2], parts[2:]), strict=True):
            found = convolution(F.leaky_relu(torch.addcmul(shift, _levelled(found), 1 + scale), _SLOPE))
        return planes + found


def _levelled(planes: Tensor) -> Tensor:
    """Planes (N, C, h, w), normalised over the channels of each place."""
    return F.layer_norm(planes.movedim(1, 3), planes.shape[1:2]).movedim(3, 1)
