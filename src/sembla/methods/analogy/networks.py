"""The published networks of SemIA: a generator modulated by how the layout changes, its critic, and a segmenter.

Li et al., "Semantic Image Analogy with a Conditional Single-Image GAN" (ACM MM 2020). Every convolution of generator
and critic is spectrally normalised. Sides of pictures are multiples of 8; layouts are pictures in colours of classes.

Planes are changed in place where nothing else reads them, not even the gradient: the same numbers in less memory.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import spectral_norm

__all__ = [
    "Attention",
    "Decoder",
    "Encoder",
    "FeatureTransform",
    "Generator",
    "HalfDropout",
    "Layouts",
    "Modulation",
    "PyramidDiscriminator",
    "Segmenter",
    "modulated",
]

_SLOPE = 0.2
_LEAST = 1e-14  # keeps a ratio of features finite, as published
_LEVELS = 3
_GAIN = 0.02  # of Xavier's initial weights, as published


class Modulation(NamedTuple):
    """Scale and shift of the image's features at each level, each (N, C, h, w)."""

    scales: list[Tensor]
    shifts: list[Tensor]


class Layouts(NamedTuple):
    """Features of the source's layout and of the target's at each level, each (N, C, h, w)."""

    before: list[Tensor]
    after: list[Tensor]


def modulated(planes: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Normalise planes (N, C, h, w) over their places, then scale and shift each place (all of one shape)."""
    return scale * F.instance_norm(planes) + shift


class Encoder(nn.Module):
    """Features of a picture or a layout at a half, a quarter and an eighth of its size: E_img and E_seg."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head = _convolution(3, width, side=7)
        self.levels = nn.ModuleList(_down(width << level) for level in range(_LEVELS))
        self.tail = _convolution(8 * width, 8 * width, side=3)  # E_seg has one too, whose output nobody uses

    def features(self, planes: Tensor) -> list[Tensor]:
        """Of a layout (N, 3, H, W): 2, 4 and 8 times `width` channels."""
        planes, found = self.head(planes), []
        for level in self.levels:
            planes = level(planes)
            found.append(planes)
        return found


class FeatureTransform(nn.Module):
    """From how the layout's features change to how the image's must: one stack of SFT, a part for each level."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(_transform(2 * width << level) for level in range(_LEVELS))

    def forward(self, changes: Sequence[Tensor]) -> list[Tensor]:
        """One map for each of `changes`, of its shape."""
        return [part(change) for part, change in zip(self.parts, changes, strict=True)]


class Attention(nn.Module):
    """The alternative to modulation: each place takes the image's features from where the layouts are alike.

    Queries are features of the target's layout, keys those of the source's, values those of the image. What is found
    is added, at first with weight zero.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key = (_normed(nn.Conv2d(channels, max(1, channels // 32), 1)) for _ in range(2))
        self.value = _normed(nn.Conv2d(channels, channels, 1))
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, planes: Tensor, before: Tensor, after: Tensor) -> Tensor:
        """Planes (N, C, h, w) with what was found; `before` and `after` are the layouts' features, of one shape."""
        query, key, value = (
            part.flatten(2).mT[:, None] for part in (self.query(after), self.key(before), self.value(planes))
        )
        found = F.scaled_dot_product_attention(query, key, value, scale=1.0)[:, 0]
        return planes + self.weight * found.mT.reshape(planes.shape)


class Decoder(nn.Module):
    """From a code back to a picture, modulated before each step up."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.head = _convolution(8 * width, 8 * width, side=3)
        self.levels = nn.ModuleList(_up(2 * width << level, width << level) for level in reversed(range(_LEVELS)))
        self.tail = _convolution(width, 3, side=3)

    def forward(self, code: Tensor, modulation: Modulation, skips: Sequence[Tensor] = ()) -> Tensor:
        """A picture (N, 3, H, W), not bounded: the published network ends in a leaky rectifier.

        `skips`, features of the encoder at each level, are added where they are given.
        """
        planes = self.head(code)
        for index, level in zip(reversed(range(_LEVELS)), self.levels, strict=True):
            planes = modulated(planes, modulation.scales[index], modulation.shifts[index])
            planes = level(planes + skips[index] if skips else planes)
        picture: Tensor = self.tail(planes)
        return picture


class Generator(nn.Module):
    """The source picture in another layout: 5,511,686 parameters at width 32, without attention."""

    def __init__(self, width: int = 32, *, attention: bool = False, skips: bool = False) -> None:
        super().__init__()
        self.layout_encoder, self.image_encoder = Encoder(width), Encoder(width)
        self.to_scale, self.to_shift = FeatureTransform(width), FeatureTransform(width)
        self.decoder = Decoder(width)
        self.attentions = nn.ModuleList(Attention(2 * width << level) for level in range(_LEVELS if attention else 0))
        self.skips = skips

    def layouts(self, source: Tensor, target: Tensor) -> Layouts:
        """Features of two layouts (N, 3, H, W); a layout that is the other is looked at once."""
        before = self.layout_encoder.features(source)
        return Layouts(before, before if target is source else self.layout_encoder.features(target))

    def modulation(self, layouts: Layouts) -> Modulation:
        """How the image must change where the layout does: a ratio of features scales, a difference shifts."""
        pairs = list(zip(layouts.before, layouts.after, strict=True))
        ratios = [(after + _LEAST) / (before + _LEAST) for before, after in pairs]
        return Modulation(self.to_scale(ratios), self.to_shift([after - before for before, after in pairs]))

    def encoded(self, picture: Tensor, layouts: Layouts, modulation: Modulation) -> tuple[Tensor, list[Tensor]]:
        """Code (N, 8 width, H / 8, W / 8) of a picture (N, 3, H, W), and its modulated features at each level."""
        planes, found = self.image_encoder.head(picture), []
        for index, level in enumerate(self.image_encoder.levels):
            planes = modulated(level(planes), modulation.scales[index], modulation.shifts[index])
            if self.attentions:
                planes = self.attentions[index](planes, layouts.before[index], layouts.after[index])
            found.append(planes)
        return self.image_encoder.tail(planes), found

    def forward(self, picture: Tensor, source: Tensor, target: Tensor) -> tuple[Tensor, Modulation]:
        """The picture (N, 3, H, W), made for the target layout, and the modulation that made it.

        For an unchanged layout, pass one tensor as both: that saves a pass of the layout's encoder.
        """
        with parametrize.cached():  # the encoder of layouts runs twice; its weights are normalised once
            layouts = self.layouts(source, target)
            modulation = self.modulation(layouts)
            code, features = self.encoded(picture, layouts, modulation)
            return self.decoder(code, modulation, features if self.skips else ()), modulation


class PyramidDiscriminator(nn.Module):
    """Scores of windows at a quarter and an eighth of the size, from features that know the coarser ones.

    1,058,625 parameters at width 64; the fourth level, which the original defines and never calls, is left out. It does
    not see the layout.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        chain = (3, width, 2 * width, 4 * width)
        wide = 4 * width
        self.encoders = nn.ModuleList(_critic(*pair, side=3, stride=2) for pair in pairwise(chain))
        self.laterals = nn.ModuleList(_critic(channels, wide, side=1) for channels in chain[2:])
        self.finals = nn.ModuleList(_critic(wide, 2 * width, side=3) for _ in chain[2:])
        self.score = _normed(nn.Conv2d(2 * width, 1, 1))

    def features(self, picture: Tensor) -> list[Tensor]:
        """Of a picture (N, 3, H, W), at a half, a quarter and an eighth of its size."""
        planes, found = picture, []
        for encoder in self.encoders:
            planes = encoder(planes)
            found.append(planes)
        return found

    def taps(self, picture: Tensor) -> list[Tensor]:
        """The features whose match is asked for, of a picture (N, 3, H, W)."""
        return self.features(picture)[1:]

    def forward(self, picture: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Score maps (N, 1, h, w), finer first, and the taps of `picture`."""
        with parametrize.cached():
            taps = self.taps(picture)
            fine, coarse = (lateral(tap) for lateral, tap in zip(self.laterals, taps, strict=True))
            fine = fine + F.interpolate(coarse, size=fine.shape[2:], mode="bilinear")
            return [self.score(final(part)) for final, part in zip(self.finals, (fine, coarse), strict=True)], taps


class HalfDropout(nn.Module):
    """Dropout of every second value on average: eight decisions a random byte, in a third of `nn.Dropout`'s time."""

    def forward(self, planes: Tensor) -> Tensor:
        """In training, values of any shape, each doubled or zero."""
        if not self.training:
            return planes
        count = -(-planes.numel() // 56)  # a random int64 has 63 bits, of which seven bytes are whole
        drawn = torch.empty(count, dtype=torch.int64, device=planes.device).random_()
        octets = drawn.view(torch.uint8).view(-1, 8)[:, :7].reshape(-1, 1)
        places = torch.arange(8, dtype=torch.uint8, device=planes.device)
        factors = ((octets >> places) & 1) << 1  # 0 or 2
        return planes * factors.flatten()[: planes.numel()].view(planes.shape)


class Segmenter(nn.Module):
    """The auxiliary network: from a picture to the colours of its label map; 221,315 parameters at width 128."""

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.point = nn.Conv2d(3, width, 1, bias=False)
        self.near = nn.Conv2d(3, width, 3, padding=8, dilation=8, bias=False)
        self.far = nn.Conv2d(3, width, 3, padding=16, dilation=16, bias=False)
        self.whole = nn.Conv2d(3, width, 1, bias=False)
        self.join = nn.Conv2d(4 * width, width, 1, bias=False)
        self.head = nn.Sequential(
            *(nn.ReLU(inplace=True), HalfDropout()),
            *(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)),
            nn.Conv2d(width, 3, 1),
        )
        _initialise(self)

    def forward(self, picture: Tensor) -> Tensor:
        """Colours (N, 3, H, W) of the label map of `picture` (N, 3, H, W)."""
        mean = self.whole(picture.mean(dim=(2, 3), keepdim=True))
        branches = (self.point(picture), self.near(picture), self.far(picture), mean)
        weights = self.join.weight.chunk(4, dim=1)
        # A sum over branches is `join` of them side by side, without the 512 planes at full size in memory.
        joined = F.conv2d(branches[0].relu_(), weights[0])
        for branch, weight in zip(branches[1:], weights[1:], strict=True):
            joined.add_(F.conv2d(branch.relu_(), weight))
        colours: Tensor = self.head(joined)
        return colours


def _normed(layer: nn.Module) -> nn.Module:
    """A convolution under spectral normalisation, which measures the weights it starts from."""
    _initialise(layer)
    module: nn.Module = spectral_norm(layer)
    return module


def _rectified(layer: nn.Module, channels: int) -> list[nn.Module]:
    return [_normed(layer), nn.BatchNorm2d(channels), nn.LeakyReLU(_SLOPE, inplace=True)]


def _convolution(channels: int, made: int, *, side: int) -> nn.Module:
    layer = nn.Conv2d(channels, made, side, padding=side // 2, padding_mode="reflect", bias=False)
    return nn.Sequential(*_rectified(layer, made))


class _Residual(nn.Module):
    """A bottleneck beside the identity; within a feature transform it has no batch normalisation."""

    def __init__(self, channels: int, *, batch_norm: bool = True) -> None:
        super().__init__()
        narrow = channels // 4
        layers: list[nn.Module] = []
        for convolution, made in (
            (nn.Conv2d(channels, narrow, 1), narrow),
            (nn.Conv2d(narrow, narrow, 3, padding=1, padding_mode="reflect"), narrow),
            (nn.Conv2d(narrow, channels, 1), channels),
        ):
            layers.append(_normed(convolution))
            if batch_norm:
                layers.append(nn.BatchNorm2d(made))
            layers.append(nn.LeakyReLU(_SLOPE, inplace=True))
        self.body = nn.Sequential(*layers[:-1])

    def forward(self, planes: Tensor) -> Tensor:
        added: Tensor = self.body(planes)
        return added.add_(planes)


def _down(channels: int) -> nn.Module:
    return nn.Sequential(
        _Residual(channels),
        *_rectified(nn.Conv2d(channels, channels, 3, padding=1), channels),
        *_rectified(nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1), 2 * channels),
    )


def _up(channels: int, made: int) -> nn.Module:
    return nn.Sequential(
        _Residual(channels),
        *_rectified(nn.Conv2d(channels, 2 * made, 3, padding=1), 2 * made),
        *_rectified(nn.ConvTranspose2d(2 * made, made, 4, stride=2, padding=1), made),
    )


def _transform(channels: int) -> nn.Module:
    return nn.Sequential(
        _Residual(channels, batch_norm=False),
        _normed(nn.Conv2d(channels, channels // 2, 1)),
        nn.ReLU(inplace=True),
        _normed(nn.Conv2d(channels // 2, channels, 1)),
    )


def _critic(channels: int, made: int, *, side: int, stride: int = 1) -> nn.Module:
    layer = nn.Conv2d(channels, made, side, stride=stride, padding=side // 2, bias=False)
    return nn.Sequential(_normed(layer), nn.InstanceNorm2d(made), nn.LeakyReLU(_SLOPE, inplace=True))


def _initialise(network: nn.Module) -> None:
    """Xavier's normal weights and biases of zero; under a spectral norm, the gain makes no difference."""
    for name, parameter in network.named_parameters():
        if parameter.dim() == 4:
            nn.init.xavier_normal_(parameter, _GAIN)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)
