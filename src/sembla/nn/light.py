"""A light generator of pictures from layouts: SPADE's idea at a quarter of its work, or with few channels far less.

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

_LOOKS = 128  # photos whose looks are remembered, those that were seen last
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
    """Each class's latent in a photo (the pooling by region of SEAN, Zhu et al. 2020), and a memory of such.

    The latents of a photo belong together: they are of one light. So what is drawn by chance follows the look of a
    photo that was seen, and not numbers that a divergence has pressed into a normal distribution.
    """

    unshared = ("looks",)
    """Processes remember photos of their own; those of the first are kept."""

    looks: Tensor
    at: Tensor

    def __init__(self, planes: int, *, width: int = 24, latent: int = 16) -> None:
        super().__init__()
        chain = [3, width, 2 * width, 4 * width]
        steps = [nn.Conv2d(*pair, 3, stride=2, padding=1) for pair in pairwise(chain)]
        self.layers = nn.ModuleList(steps)
        self.last = nn.Conv2d(4 * width, latent, 1)
        self.register_buffer("looks", torch.zeros(_LOOKS, planes, latent))
        self.register_buffer("at", torch.zeros((), dtype=torch.long))

    def forward(self, pictures: Tensor) -> Tensor:
        """What latents are read from, (N, L, H/8, W/8), in photos (N, 3, H, W)."""
        planes = pictures
        for layer in self.layers:
            planes = F.leaky_relu(_levelled(layer(planes)), _SLOPE)
        found: Tensor = self.last(planes).float()
        return found

    @staticmethod
    def of_classes(found: Tensor, layout: Tensor) -> Tensor:
        """The latents (N, K, L) in -1 to 1 of each class of layouts (N, K, H, W); 0 for those that do not occur."""
        with torch.autocast(found.device.type, enabled=False):  # sums over all places
            shares = F.adaptive_avg_pool2d(layout.float(), (found.shape[2], found.shape[3]))
            sums = torch.einsum("nkhw,nlhw->nkl", shares, found)
            return torch.tanh(sums / shares.sum((2, 3))[:, :, None].clamp(min=_SMALLEST))

    @staticmethod
    def of_all(found: Tensor) -> Tensor:
        """The latent (N, 1, L) of all of a photo, for any class: for photos without a layout."""
        return torch.tanh(found.mean((2, 3)))[:, None]

    def remember(self, latents: Tensor, layout: Tensor) -> None:
        """Keep the latents (N, K, L) of photos with layouts (N, K, H, W), in place of the oldest.

        Where a class does not occur in a photo, the older photo's latent of it stays; where there is none yet, in any
        place, that of the last photo that has it is taken.
        """
        with torch.no_grad():
            for latent, its in zip(latents, layout.flatten(2).any(2)[:, :, None], strict=True):
                free = ~self.looks.any(2, keepdim=True)
                free[self.at] = True
                self.looks.copy_(torch.where(free & its, latent, self.looks))
                self.at.add_(1).remainder_(_LOOKS)


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
