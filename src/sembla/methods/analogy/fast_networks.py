"""The networks of the recipe `fast`: SemIA's idea in fewer, sturdier layers.

What differs from the published networks: layouts are planes of classes, not colours; a ratio of features is a
difference of logarithms, so nothing is divided; where layouts are equal, scale 1 and shift 0 hold by construction;
instance norm behaves in training as in use; places may look up features where the photo has the class they need; the
output is bounded. Nothing is computed at full size: 16 pixels make one place, and what is made is a draft, whose pixels
`copying.py` finds in the photo.
"""

from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from sembla.methods.analogy.copying import GRAIN

__all__ = ["FastDiscriminator", "FastGenerator", "LogModulation", "bounded"]
_SLOPE = 0.2
_STEEPEST = 2.0  # a scale lies between exp(-2) and exp(2)
_KEYS = 32
_SCORES = 1 << 23  # of a look-up, held at once
_PLACE = 2  # planes that tell where a place is


class LogModulation(NamedTuple):
    """Of one level: the logarithm of the scale, and the shift, each (N, C, h, w); both 0 where layouts are equal."""

    log_scale: Tensor
    shift: Tensor

    def __call__(self, planes: Tensor) -> Tensor:
        """Normalise planes over their places, then scale and shift each place."""
        return F.instance_norm(planes) * self.log_scale.exp() + self.shift


class Change(nn.Module):
    """From a difference of the layouts' features to a modulation; no biases, so no difference gives none."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(channels, channels, 1, bias=False)
        self.outer = nn.Conv2d(channels, 2 * channels, 1, bias=False)

    def forward(self, before: Tensor, after: Tensor) -> LogModulation:
        """How the image's features must change where the layout's do, both (N, C, h, w)."""
        log_scale, shift = self.outer(F.leaky_relu(self.inner(after - before), _SLOPE)).chunk(2, dim=1)
        return LogModulation(_STEEPEST * torch.tanh(log_scale / _STEEPEST), shift)


class LookUp(nn.Module):
    """Each place takes features from the places of the photo whose layout is like its own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key = nn.Conv2d(channels, _KEYS, 1), nn.Conv2d(channels, _KEYS, 1)

    def forward(self, values: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """What is found among `values` (N, C, h, w), in their shape."""
        parts = self.query(after), self.key(before), values
        query, key, value = (part.flatten(2).mT[:, None].contiguous() for part in parts)
        wider = (0, max(0, value.shape[3] - _KEYS))  # rows of one length have a kernel of their own, many times faster
        query, key = F.pad(query, wider), F.pad(key, wider)
        small = torch.compiler.is_exporting() or query.shape[2] * key.shape[2] <= _SCORES
        rows = [query] if small else torch.split(query, max(1, _SCORES // key.shape[2]), dim=2)
        found = [F.scaled_dot_product_attention(part, key, value, scale=_KEYS**-0.5) for part in rows]
        return torch.cat(found, dim=2)[:, 0].mT.reshape(values.shape)


class FastGenerator(nn.Module):
    """Drafts of the photo in another layout: pictures at a quarter of its size."""

    def __init__(self, classes: int, *, width: int = 32) -> None:
        super().__init__()
        wide, widest = 2 * width, 4 * width
        self.layout_encoder = _Encoder(classes + _PLACE, wide, widest)
        self.image_encoder = _Encoder(3, wide, widest)
        self.changes = nn.ModuleList(Change(channels) for channels in (wide, widest))
        self.look_up = LookUp(widest)
        self.coarse = nn.Sequential(nn.Conv2d(3 * widest + 1, widest, 3, padding=1), Block(widest), Block(widest))
        self.raised = nn.Conv2d(widest, wide, 3, padding=1)
        self.fine = nn.Sequential(nn.Conv2d(3 * wide + 1, wide, 3, padding=1), Block(wide), Block(wide))
        last = nn.Conv2d(wide, 3, 3, padding=1)
        nn.init.normal_(last.weight, std=0.01)  # begins as grey, far from the bounds
        self.tail = nn.Sequential(nn.LeakyReLU(_SLOPE), last)

    def forward(self, picture: Tensor, source: Tensor, target: Tensor, *, noise: Tensor) -> Tensor:
        """A draft (N, 3, H / 4, W / 4), -1 to 1, made from the photo with layout `source` for the layout `target`.

        The photo is (N, 3, H, W), the layouts (N, K, H, W) of 0 and 1, sides multiples of 8. `noise`
        (N, 1, H / 4, W / 4) is what chance decides by. Photo and its layout may be one for all of a batch.
        """
        before, after = self.layout_encoder(_placed(source)), self.layout_encoder(_placed(target))
        features = self.image_encoder(picture)
        count = target.shape[0]
        before, features = ([part.expand(count, -1, -1, -1) for part in parts] for parts in (before, features))
        kept = [change(*pair)(part) for change, *pair, part in zip(self.changes, before, after, features, strict=True)]
        found = self.look_up(features[1], before[1], after[1])
        planes = self.coarse(torch.cat([kept[1], found, after[1], F.avg_pool2d(noise, 2) * 2], dim=1))
        planes = self.fine(torch.cat([_twice(self.raised(planes)), kept[0], after[0], noise], dim=1))
        return bounded(self.tail(planes))


class FastDiscriminator(nn.Module):
    """Scores of windows at three sizes of a draft with its layout."""

    strength: Tensor
    """How strongly what it sees is augmented, a scalar from 0 to 1; training adapts it."""

    def __init__(self, classes: int, *, width: int = 32) -> None:
        super().__init__()
        chain = (width, 2 * width, 3 * width)
        self.head = nn.Sequential(*_seen(3 + classes, width))
        self.levels = nn.ModuleList(
            nn.Sequential(*_seen(below, above, side=4, stride=2), *_seen(above, above))
            for below, above in pairwise(chain)
        )
        self.scores = nn.ModuleList(spectral_norm(nn.Conv2d(channels, 1, 1, bias=False)) for channels in chain)
        self.register_buffer("strength", torch.zeros(()))

    def forward(self, draft: Tensor, layout: Tensor) -> list[Tensor]:
        """Score maps (N, 1, h, w), finest first, of drafts (N, 3, H, W) in the layout (N, K, H, W)."""
        return [score(planes) for score, planes in zip(self.scores, self.features(draft, layout), strict=True)]

    def features(self, draft: Tensor, layout: Tensor) -> list[Tensor]:
        """What the scores are read from, of the same places."""
        found = [self.head(torch.cat([draft, layout], dim=1))]
        for level in self.levels:
            found.append(level(found[-1]))
        return found


def bounded(planes: Tensor) -> Tensor:
    """Planes clipped to -1 to 1, with the gradient as if they were not, so that what lies beyond can come back."""
    return planes + (planes.clamp(-1, 1) - planes).detach()


class Block(nn.Module):
    """A residual block of two convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.InstanceNorm2d(channels, affine=True), nn.LeakyReLU(_SLOPE)),
            *(nn.Conv2d(channels, channels, 3, padding=1), nn.LeakyReLU(_SLOPE)),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, planes: Tensor) -> Tensor:
        """Planes (N, C, h, w), changed."""
        added: Tensor = self.body(planes)
        return planes + added


class _Encoder(nn.Module):
    """Features at a quarter and an eighth of the size."""

    def __init__(self, channels: int, wide: int, widest: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.PixelUnshuffle(GRAIN), nn.Conv2d(channels * GRAIN**2, wide, 3, padding=1), Block(wide)
        )
        self.second = nn.Sequential(
            nn.LeakyReLU(_SLOPE), nn.Conv2d(wide, widest, 4, stride=2, padding=1), Block(widest)
        )

    def forward(self, planes: Tensor) -> list[Tensor]:
        first = self.first(planes)
        return [first, self.second(first)]


def _seen(channels: int, made: int, *, side: int = 3, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    layer = nn.Conv2d(channels, made, side, stride=stride, padding=1)
    return spectral_norm(layer), nn.LeakyReLU(_SLOPE)


def _twice(planes: Tensor) -> Tensor:
    return F.interpolate(planes, scale_factor=2.0, mode="nearest")


def _placed(layout: Tensor) -> Tensor:
    """A layout with two planes more: how far to the right and how far down, -1 to 1."""
    height, width = layout.shape[2:]
    ticks = (torch.arange(side, dtype=torch.float32, device=layout.device) for side in (height, width))
    down, right = (tick / tick[-1] * 2 - 1 for tick in ticks)
    places = torch.stack(torch.meshgrid(down, right, indexing="ij")).flip(0)
    return torch.cat([layout, places.expand(layout.shape[0], -1, -1, -1).to(layout.dtype)], dim=1)
