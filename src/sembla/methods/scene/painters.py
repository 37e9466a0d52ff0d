"""Each recipe's generator with all that decides a photo: from a layout and what is left to chance to the photo.

What is left to chance is a tuple of tensors, which `drawn` makes: planes (N, C, H, W), which can be drawn anew in a
part of the picture, or rows (N, Z) that count for all of it.
"""

from collections.abc import Mapping
from functools import partial
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn

from sembla.methods.scene.config import Config, Critic, Sembla, Spade, Ulbp
from sembla.methods.scene.networks import PatternGenerator, SpadeGenerator, StyleEncoder
from sembla.nn.light import NOISE, ClassEncoder, LightGenerator, latent_planes
from sembla.nn.modulation import Guides, MultiFeatureNorm, Norm, SpatialNorm

__all__ = ["CriticPainter", "Drawn", "LightPainter", "Painter", "SpadePainter", "UlbpPainter", "painter", "sampled"]

Drawn: TypeAlias = tuple[Tensor, ...]
"""What is left to chance."""

Chance: TypeAlias = torch.Generator | None
"""Where random numbers come from; None is PyTorch's own state."""

Looks: TypeAlias = Mapping[int, torch.Generator]
"""Chances of single classes, by plane."""

_NO_LOOKS: Looks = {}


class Painter(nn.Module):
    """A generator and what it draws from."""

    multiple = 32
    """Of the sides of a layout."""
    reach: int | None = None
    """Pixels around a part, whose sides lie at multiples of 32, that decide it; None where all of the layout does."""
    work: int
    """Bytes of memory that painting a pixel takes in bf16, beside those for the planes of the layout (measured)."""
    draws = 0
    """Planes that chance draws."""

    def drawn(
        self, layout: Tensor, *, style: Tensor | None = None, chance: Chance = None, looks: Looks = _NO_LOOKS
    ) -> Drawn:
        """What decides a photo of a layout (N, K, H, W) beside it.

        `style` is a photo (N, 3, h, w) to take after; `looks` are classes, by plane, with a chance of their own. What a
        painter cannot do, it passes over.
        """
        raise NotImplementedError


class SpadePainter(Painter):
    """SPADE, with its style encoder where there is one."""

    def __init__(self, config: Spade) -> None:
        super().__init__()
        self.multiple = config.multiple
        norm = partial(SpatialNorm, label_channels=config.planes)
        latent = config.latent if config.style else 0
        self.generator = SpadeGenerator(
            config.planes, norm, width=config.width, upsamplings=config.upsamplings, latent=latent
        )
        self.encoder = StyleEncoder(config.latent, width=config.width) if config.style else None
        self.latent = latent
        self.work = 670 + 23 * config.width

    def drawn(
        self, layout: Tensor, *, style: Tensor | None = None, chance: Chance = None, looks: Looks = _NO_LOOKS
    ) -> Drawn:
        """The latent (N, Z), or nothing."""
        del looks
        if self.encoder is None:
            return ()
        if style is not None:
            return (self.encoder(style)[0],)
        return (_normal((len(layout), self.latent), like=layout, chance=chance),)

    def forward(self, layout: Tensor, *drawn: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in -1 to 1."""
        return cast("Tensor", self.generator(Guides(layout), latent=drawn[0] if drawn else None))


class UlbpPainter(Painter):
    """ULBPGAN: patterns first, then the photo that they and the label map guide."""

    def __init__(self, config: Ulbp) -> None:
        super().__init__()
        self.multiple, self.noise = config.multiple, config.noise
        self.work = 670 + 23 * config.width + 16 * config.texture_width
        self.draws = int(config.noise)
        self.patterns = PatternGenerator(config.planes + config.noise, width=config.texture_width, binary=config.binary)
        norm: Norm = partial(SpatialNorm, label_channels=config.planes)
        if config.modulated:
            norm = partial(MultiFeatureNorm, label_channels=config.planes, weighted=config.weighted)
        self.generator = SpadeGenerator(config.planes, norm, width=config.width, upsamplings=config.upsamplings)

    def drawn(
        self, layout: Tensor, *, style: Tensor | None = None, chance: Chance = None, looks: Looks = _NO_LOOKS
    ) -> Drawn:
        """A plane of noise, or nothing; a style photo changes nothing."""
        del style, looks
        return (_normal((len(layout), 1, *layout.shape[2:]), like=layout, chance=chance),) if self.noise else ()

    def both(self, layout: Tensor, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """Photos (N, 3, H, W) and patterns (N, 1, H, W), each in -1 to 1."""
        patterns = self.patterns(torch.cat([layout, *drawn], dim=1))
        return self.generator(Guides(layout, patterns)), patterns

    def forward(self, layout: Tensor, *drawn: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in -1 to 1."""
        return self.both(layout, *drawn)[0]


class CriticPainter(Painter):
    """SPADE's generator with planes of noise beside those of the layout (OASIS: the same at every place at first)."""

    def __init__(self, config: Critic) -> None:
        super().__init__()
        self.multiple, self.noise = config.multiple, config.noise
        self.work = 670 + 23 * config.width
        self.draws = config.noise
        planes = config.planes + config.noise
        norm = partial(SpatialNorm, label_channels=planes)
        self.generator = SpadeGenerator(planes, norm, width=config.width, upsamplings=config.upsamplings)

    def drawn(
        self, layout: Tensor, *, style: Tensor | None = None, chance: Chance = None, looks: Looks = _NO_LOOKS
    ) -> Drawn:
        """Planes of noise, each of one value; a style photo changes nothing."""
        del style, looks
        values = _normal((len(layout), self.noise, 1, 1), like=layout, chance=chance)
        return (values.expand(-1, -1, *layout.shape[2:]),)

    def forward(self, layout: Tensor, *drawn: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in -1 to 1."""
        return cast("Tensor", self.generator(Guides(torch.cat([layout, *drawn], dim=1))))


class LightPainter(Painter):
    """Our own, with a latent for each class."""

    reach = 256

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        self.work = 190 + 22 * config.width
        self.draws = config.latent + NOISE
        self.truncation = config.truncation
        self.classes = config.planes - config.edges
        """Planes of the layout that have a latent: all but edges."""
        self.generator = LightGenerator(config.planes, width=config.width, latent=config.latent)
        self.encoder = ClassEncoder(self.classes, width=config.width, latent=config.latent)

    def drawn(
        self, layout: Tensor, *, style: Tensor | None = None, chance: Chance = None, looks: Looks = _NO_LOOKS
    ) -> Drawn:
        """Planes of the classes' latents, and of noise. All classes but those of `looks` take after a style photo.

        Without one they take after a photo seen in training, the one or another, drawn towards the mean of all.
        """
        if style is not None:
            latents = self.encoder.of_all(self.encoder(style)).repeat(1, self.classes, 1)
        else:
            latents = self.recalled(len(layout), like=layout, chance=chance)
        for plane, own in looks.items():
            latents[:, plane] = self.recalled(len(layout), like=layout, chance=own)[:, plane]
        return self.placed(layout, latents, chance=chance)

    def recalled(self, count: int, *, like: Tensor, chance: Chance = None) -> Tensor:
        """Looks (N, K, L) of as many photos seen in training, drawn to their mean (truncation, Karras et al. 2019).

        A look that is far from the others suits few layouts.
        """
        looks = self.encoder.looks
        found = looks[torch.randint(len(looks), (count,), generator=chance).to(like.device)]
        return torch.lerp(looks.mean(0), found, self.truncation)

    def placed(self, layout: Tensor, latents: Tensor, *, chance: Chance = None) -> Drawn:
        """Planes of latents (N, K, L), and of noise."""
        noise = _normal((len(layout), NOISE, *layout.shape[2:]), like=layout, chance=chance)
        return latent_planes(layout[:, : self.classes], latents), noise

    def forward(self, layout: Tensor, *drawn: Tensor) -> Tensor:
        """Photos (N, 3, H, W) in -1 to 1."""
        return cast("Tensor", self.generator(layout, *drawn))


def painter(config: Config) -> Painter:
    """The painter of a recipe, new."""
    match config:
        case Ulbp():
            return UlbpPainter(config)
        case Spade():
            return SpadePainter(config)
        case Critic():
            return CriticPainter(config)
        case Sembla():
            return LightPainter(config)
    raise AssertionError(type(config))


def sampled(mean: Tensor, log_variance: Tensor) -> Tensor:
    """A draw from normal distributions, through which the gradient flows (Kingma & Welling 2014)."""
    return mean + torch.randn_like(mean) * (log_variance / 2).exp()


def _normal(shape: tuple[int, ...], *, like: Tensor, chance: Chance) -> Tensor:
    """Normal numbers, the same on any device where `chance` gives them."""
    if chance is None:
        return torch.randn(shape, device=like.device)
    return torch.randn(shape, generator=chance).to(like.device)
