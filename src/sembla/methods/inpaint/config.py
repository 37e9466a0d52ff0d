"""The settings of all recipes: the published generator with a face map, Yeh's without one, and our own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sembla.core.config import check_numbers
from sembla.core.errors import InputError
from sembla.core.method import Pace
from sembla.data.loading import pairs_once
from sembla.data.prepared import Prepared
from sembla.nn.weights import FeatureNetwork, best_features

__all__ = ["NOTES", "RECIPES", "Conditional", "Config", "Dcgan", "Sembla", "fitted", "pace"]


@dataclass(frozen=True)
class Config:
    """What all recipes have: a generator of faces from a code, and an encoder that reads codes in damaged faces."""

    side: int = 64
    """Pixels of the pictures' sides: 32, 64 or 128."""
    width: int = 64
    """Channels of the generator at full size; of `sembla`, which makes four pixels of each place, at half of it."""
    latent: int = 100
    """Numbers of a code."""
    flip: float = 0.5
    """Chance that a face and its points are mirrored, 0 to 1."""
    generator_rate: float = 0.0002
    discriminator_rate: float = 0.0002
    first_beta: float = 0.5
    """Decay of Adam's mean of gradients, of generator and discriminator."""
    second_beta: float = 0.999
    """Decay of Adam's mean of their squares."""
    half_life: float = 0.0
    """Of the average of the generator's weights, in images seen; 0 keeps none."""
    batch_size: int = 64
    """Images a step."""
    images: int = 20_000_000
    """How many are shown in all."""
    discriminator_width: int = 64
    encoder_width: int = 64
    encoder_rate: float = 0.0002
    features: FeatureNetwork = ""
    """What the encoder's fillings are compared through."""
    perceptual: float = 1.0
    """Weight of what that network sees, beside absolute differences of pixels."""

    @property
    def mapped(self) -> bool:
        """Whether the generator is shown a face map."""
        return True

    @property
    def normal(self) -> bool:
        """Whether codes are drawn from a normal distribution, and not evenly from -1 to 1."""
        return False


@dataclass(frozen=True)
class Conditional(Config):
    """The published system (arXiv 1711.06106): a code decides who it is, a face map how the face stands."""

    width: int = 128


@dataclass(frozen=True)
class Dcgan(Config):
    """The baseline of Yeh et al. 2017: a generator of faces from a code alone (Radford et al. 2016, DCGAN)."""

    @property
    def mapped(self) -> bool:
        """It knows no map."""
        return False


@dataclass(frozen=True)
class Sembla(Config):
    """Ours: a light generator, its encoder and a refiner that learn together, to fill holes as well as make faces."""

    width: int = 64
    latent: int = 128
    generator_rate: float = 0.0004
    discriminator_rate: float = 0.0004
    first_beta: float = 0.0
    second_beta: float = 0.99
    half_life: float = 4000.0
    batch_size: int = 32
    images: int = 400_000
    discriminator_width: int = 48
    encoder_width: int = 64
    refiner_width: int = 0
    """Channels, at half the faces' size, of the network that joins what was made to what is known; 0 has none."""
    perceptual: float = 0.3
    reconstruction: float = 30.0
    """Weight of absolute differences of pixels, and of what the frozen network sees."""
    divergence: float = 0.002
    """Weight of how far codes that are read are from those that are drawn."""

    @property
    def normal(self) -> bool:
        """From a normal distribution."""
        return True


RECIPES: Mapping[str, Config] = {
    "sembla": Sembla(refiner_width=64),
    "conditional": Conditional(),
    "dcgan": Dcgan(),
    "sembla-small": Sembla(width=38, discriminator_width=32, encoder_width=40, refiner_width=44),
    "conditional-small": Conditional(width=24, discriminator_width=24, encoder_width=24),
    "dcgan-small": Dcgan(width=24, discriminator_width=24, encoder_width=24),
}
"""Named complete settings."""

NOTES: Mapping[str, str] = {
    name: f"As {name.removesuffix('-small')}, with fewer channels." for name in RECIPES if name.endswith("-small")
}
"""A sentence on recipes whose class does not say it."""

_SIDES = (32, 64, 128)
_POINTS = 68


def fitted(config: Config, prepared: Prepared) -> Config:
    """The config with the feature network whose weights are there.

    Raises `InputError` for settings that nothing can be trained with, and for a set without 68 points a face.
    """
    check_numbers(config, from_zero={"refiner_width"})
    if config.side not in _SIDES:
        raise InputError(f"side {config.side} came; give one of {', '.join(map(str, _SIDES))}.")
    if max(config.first_beta, config.second_beta) >= 1 or config.flip > 1:
        raise InputError("first_beta and second_beta lie below 1, flip is at most 1; give such.")
    first = next(pairs_once(prepared, next(iter(prepared.counts)))).pair
    if len(first.landmarks) != _POINTS:
        raise InputError(
            f"{prepared.root} has {len(first.landmarks)} landmarks a picture, not {_POINTS}; make it with: sembla "
            "prepare faces."
        )
    return config if config.features else replace(config, features=best_features() or "none")


def pace(config: Config) -> Pace:
    """How far to train."""
    return Pace(max(1, config.images // config.batch_size), batch=config.batch_size)
