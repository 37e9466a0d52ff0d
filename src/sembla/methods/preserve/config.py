"""The settings of all recipes: the two published priors, and our own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from sembla.core.config import check_numbers
from sembla.core.errors import InputError
from sembla.core.method import Pace
from sembla.data.prepared import Prepared
from sembla.nn.weights import FeatureNetwork, best_features

__all__ = ["NOTES", "RECIPES", "Began", "Config", "Sembla", "Wgan", "fitted", "pace", "uses_critic"]


CriticOrNot: TypeAlias = Literal["", "critic"]
"""Of recipes whose critic can be looked through."""


@dataclass(frozen=True)
class Config:
    """What all recipes have: a generator that makes square pictures of a code, and how it is taught."""

    side: int = 64
    """Pixels of the pictures' sides: a power of two, 32 to 256."""
    width: int = 64
    """Channels of the generator at full size; of `sembla`, which makes four pixels of each place, at half of it."""
    latent: int = 128
    """Numbers of a code."""
    flip: float = 0.5
    """Chance that a picture is mirrored left to right, 0 to 1."""
    zoom: float = 1.0
    """Most magnification of what is trained on, a random part being cropped; 1 shows the largest square."""
    generator_rate: float = 0.0001
    discriminator_rate: float = 0.0001
    first_beta: float = 0.0
    """Decay of Adam's mean of gradients."""
    second_beta: float = 0.9
    """Decay of Adam's mean of their squares."""
    half_life: float = 0.0
    """Of the average of the generator's weights, in images seen; 0 keeps none."""
    batch_size: int = 64
    """Images a step."""
    images: int = 1_000_000
    """How many are shown in all."""

    @property
    def normal(self) -> bool:
        """Whether codes are drawn from a normal distribution, and not evenly from -1 to 1."""
        return True


@dataclass(frozen=True)
class Began(Config):
    """The published prior of faces: a residual generator against an autoencoder (Berthelot et al. 2017, BEGAN)."""

    width: int = 128
    latent: int = 64
    generator_rate: float = 0.00008
    discriminator_rate: float = 0.00008
    first_beta: float = 0.5
    second_beta: float = 0.999
    batch_size: int = 16
    images: int = 8_000_000
    features: CriticOrNot = ""
    """What regions are compared through: "critic", then a part of the model, or the best frozen network at hand."""
    halving: int = 1_600_000
    """Images after which the rates are halved; never below a quarter."""
    diversity: float = 0.5
    """Ratio of the autoencoder's losses of made and of real pictures that is held (the paper's gamma)."""
    balance_rate: float = 0.001
    """How fast their balance follows (the paper's lambda)."""

    @property
    def normal(self) -> bool:
        """Evenly."""
        return False


@dataclass(frozen=True)
class Wgan(Config):
    """The published prior of bedrooms: a residual generator against a critic with gradient penalty (WGAN-GP)."""

    batch_size: int = 320
    """Images a step: 64 for each turn of the critic."""
    images: int = 32_000_000
    features: CriticOrNot = ""
    """What regions are compared through: "critic", then a part of the model, or the best frozen network at hand."""
    critic_steps: int = 5
    """Turns of the critic for one of the generator; each sees its own part of the batch."""
    penalty: float = 10.0
    """Weight of the gradient's distance from a slope of one."""
    running: bool = False
    """Make pictures with running statistics, each for itself; without, with those of the batch, as published."""


@dataclass(frozen=True)
class Sembla(Config):
    """Ours: a light generator, taught by what a frozen network sees (projected GAN), and an encoder of regions."""

    width: int = 64
    latent: int = 64
    generator_rate: float = 0.0004
    discriminator_rate: float = 0.0004
    second_beta: float = 0.99
    half_life: float = 4000.0
    batch_size: int = 32
    images: int = 400_000
    zoom: float = 1.05
    features: FeatureNetwork = ""
    """What the discriminators look through, and regions are compared through."""
    discriminator_width: int = 48
    augment: bool = True
    """Show the discriminators pictures shifted, recoloured and partly covered, real and made alike."""
    encoder_width: int = 64
    encoder_rate: float = 0.0005

    @property
    def game(self) -> int:
        """Images after which the encoder learns, alone."""
        return int(_GAME * self.images)

    @property
    def settled(self) -> int:
        """Images after which the generator learns more and more slowly."""
        return int(_SETTLED * self.images)


def uses_critic(config: Config) -> bool:
    """Whether regions are compared through what taught the generator."""
    return isinstance(config, Began | Wgan) and config.features == "critic"


RECIPES: Mapping[str, Config] = {
    "sembla": Sembla(),
    "began": Began(),
    "wgan": Wgan(),
    "sembla-small": Sembla(width=40, discriminator_width=32, encoder_width=40),
    "began-small": Began(width=32),
    "wgan-small": Wgan(width=24),
}
"""Named complete settings."""

NOTES: Mapping[str, str] = {
    name: f"As {name.removesuffix('-small')}, with fewer channels." for name in RECIPES if name.endswith("-small")
}
"""A sentence on recipes whose class does not say it."""

_SETTLED, _GAME = 0.4, 0.7  # shares of the images
_SIDES = (32, 64, 128, 256)


def fitted(config: Config, prepared: Prepared) -> Config:
    """The config with the feature network whose weights are there; any prepared set of pictures will do.

    Raises `InputError` for settings that nothing can be trained with.
    """
    del prepared
    check_numbers(config)
    if config.side not in _SIDES:
        raise InputError(f"side {config.side} came; give one of {', '.join(map(str, _SIDES))}.")
    if max(config.first_beta, config.second_beta) >= 1:
        raise InputError(f"first_beta {config.first_beta} and second_beta {config.second_beta} came; give less than 1.")
    if config.zoom < 1 or config.flip > 1:
        raise InputError(f"zoom {config.zoom} and flip {config.flip} came; give zoom 1 or more, flip at most 1.")
    if isinstance(config, Sembla) and not config.features:
        return replace(config, features=best_features() or "none")
    return config


def pace(config: Config) -> Pace:
    """How far to train."""
    return Pace(max(1, config.images // config.batch_size), batch=config.batch_size)
