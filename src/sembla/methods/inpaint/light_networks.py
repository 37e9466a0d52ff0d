"""The network of `sembla`: one that makes faces of a code and a map, and reads codes in damaged faces."""

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


class LightInpainter(nn.Module):
    """Generator and encoder, which learn together.

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
