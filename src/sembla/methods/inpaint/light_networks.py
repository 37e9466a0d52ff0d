"""The network of `sembla`: it makes faces of a code and a map, reads codes in damaged faces, and joins the two."""

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.methods.inpaint.config import Sembla
from sembla.methods.inpaint.networks import Posterior
from sembla.nn.gated import Gated, Weighing

__all__ = ["LightInpainter"]

_START = 4
_STEP = 2
_MOST = 8
_SLOPE = 0.2
_LEAST = 8
_FAR = 2


class LightInpainter(nn.Module):
    """Generator, encoder and refiner, which learn together.

    At each size the map's own features lie beside what was made of the code: the map says where things are to the
    pixel, the code what they look like. The largest planes have half the faces' size, and each of their places makes
    four pixels (Shi et al. 2016).
    """

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        times = (config.side // _STEP // _START).bit_length() - 1
        widths = [config.width * min(_MOST, 1 << level) for level in range(times, -1, -1)]
        guides = [min(width, 2 * config.width) for width in widths]
        self.reader = _Reader(3, guides[::-1])
        self.start = nn.Linear(config.latent, widths[0] * _START**2)
        self.blocks = nn.ModuleList(
            Gated(channels + guide, made) for (channels, made), guide in zip(pairwise(widths), guides, strict=False)
        )
        self.weighing = nn.ModuleList(Weighing(widths[0], width, side=_START) for width in widths[-2:])
        self.last = nn.Conv2d(widths[-1] + guides[-1], 3 * _STEP**2, 3, padding=1)
        halves = [config.encoder_width * min(4, 1 << level) for level in range(times + 1)]
        self.eye = _Reader(7, halves)
        self.codes = nn.Linear(halves[-1] * _START**2, 2 * config.latent)
        self.refiner = _Refiner(config.refiner_width, config.side) if config.refiner_width else None

    def forward(self, codes: Tensor, maps: Tensor) -> Tensor:
        """Faces (N, 3, H, W) in -1 to 1 of codes (N, L) and face maps (N, 3, H, W) in -1 to 1."""
        guides = self.reader(maps)
        planes = small = F.leaky_relu(self.start(codes).unflatten(1, (-1, _START, _START)), _SLOPE)
        for number, block in enumerate(self.blocks):
            planes = block(torch.cat([planes, guides[-1 - number].to(planes.dtype)], dim=1))
            late = number - len(self.blocks) + len(self.weighing)
            if late >= 0:
                planes = planes * self.weighing[late](small)
        last = self.last(torch.cat([planes, guides[0].to(planes.dtype)], dim=1))
        return torch.tanh(F.pixel_shuffle(last, _STEP))

    def read(self, faces: Tensor, holes: Tensor, maps: Tensor) -> Posterior:
        """Codes of faces (N, 3, H, W), which are not looked at where holes (N, 1, H, W) are 1.0, with their maps."""
        seen = torch.cat([faces * (1 - holes), holes, maps.to(faces.dtype)], dim=1)
        codes, unsure = self.codes(self.eye(seen)[-1].flatten(1)).float().chunk(2, dim=1)
        return codes, unsure.clamp(-6, 2)

    def refine(self, faces: Tensor, holes: Tensor, made: Tensor) -> Tensor:
        """What was made of damaged faces, all (N, 3, H, W), once more: such that it goes on what is known about it.

        A code says who it is, and no more; the pixels about a hole say how hair and light go on there (coarse to fine,
        as in Yu et al. 2018, from whom we differ in that the coarse face is made of a code and a map). Without a
        refiner, it is what was made.
        """
        if self.refiner is None:
            return made
        change: Tensor = self.refiner(torch.cat([faces * (1 - holes), holes, made], dim=1))
        return made + change


class _Refiner(nn.Module):
    """A small U-Net down to 8 pixels, which begins with no change at all."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        times = (side // _STEP // _LEAST).bit_length() - 1
        widths = [width * (2 + level) // 2 for level in range(times + 1)]
        self.reader = _Reader(7, widths)
        self.middle = nn.ModuleList(
            nn.Conv2d(widths[-1], widths[-1], 3, padding=far, dilation=far) for far in (1, _FAR)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(deep + beside, beside, 3, padding=1) for beside, deep in reversed(list(pairwise(widths)))
        )
        self.last = nn.Conv2d(width, 3 * _STEP**2, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, seen: Tensor) -> Tensor:
        """A change (N, 3, H, W)."""
        *beside, planes = self.reader(seen)
        for layer in self.middle:
            planes = planes + F.leaky_relu(layer(planes), _SLOPE)
        for layer in self.up:
            larger = F.interpolate(planes, scale_factor=2.0, mode="nearest")
            planes = F.leaky_relu(layer(torch.cat([larger, beside.pop()], dim=1)), _SLOPE)
        return F.pixel_shuffle(self.last(planes), _STEP)


class _Reader(nn.Module):
    """Features at half size and at each half of that."""

    def __init__(self, channels: int, widths: list[int]) -> None:
        super().__init__()
        self.head = nn.Conv2d(channels * _STEP**2, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(*pair, 4, stride=2, padding=1) for pair in pairwise(widths))

    def forward(self, planes: Tensor) -> list[Tensor]:
        found = [F.leaky_relu(self.head(F.pixel_unshuffle(planes, _STEP)), _SLOPE)]
        for layer in self.down:
            found.append(F.leaky_relu(F.group_norm(layer(found[-1]), 1), _SLOPE))
        return found
