"""The settings of all recipes: the baselines as they were published, and our own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sembla.core.config import check_numbers
from sembla.core.errors import InputError, LabelError
from sembla.core.labels import NO_CLASSES, Classes, LabelSet
from sembla.core.method import Pace
from sembla.data.loading import pairs_once
from sembla.data.pairs import Pair
from sembla.data.prepared import Prepared, part_of
from sembla.nn.weights import FeatureNetwork, best_features

__all__ = [
    "NOTES",
    "RECIPES",
    "Config",
    "Critic",
    "Sembla",
    "Spade",
    "Ulbp",
    "fitted",
    "pace",
]


@dataclass(frozen=True)
class Config:
    """What all recipes have; classes and size follow from the data."""

    classes: Classes = NO_CLASSES
    size: tuple[int, int] = (0, 0)
    """Height and width that pictures are trained at; (0, 0) takes those of the data, down to multiples of 32."""
    half_size: int = 0
    """Images of the beginning that are trained at half the size: four times as many in the same time."""
    width: int = 64
    """Channels of the generator at full size."""
    edges: bool = False
    """Show the generator where one instance ends; the data must have instances."""
    zoom: float = 1.1
    """Most magnification of what is trained on, a random part being cropped; 1 shows all of it."""
    flip: float = 0.5
    """Chance that a pair is mirrored left to right, 0 to 1."""
    generator_rate: float = 0.0001
    discriminator_rate: float = 0.0004
    first_beta: float = 0.0
    """Decay of Adam's mean of gradients, of generator and discriminator."""
    second_beta: float = 0.9
    """Decay of Adam's mean of their squares."""
    half_life: float = 2000.0
    """Of the average of the generator's weights, in images seen."""
    constant: int = 40_000
    """Images at the full rate."""
    decay: int = 40_000
    """Images from there until the rates are zero."""

    @property
    def label_set(self) -> LabelSet:
        """What ids mean."""
        return self.classes.label_set

    @property
    def count(self) -> int:
        """Number of classes, K."""
        return len(self.classes.names)

    @property
    def multiple(self) -> int:
        """Of the sides of what the generator makes."""
        return _MULTIPLE

    @property
    def styled(self) -> bool:
        """Whether it takes after a style photo."""
        return False

    @property
    def looks(self) -> bool:
        """Whether a class can have a look of its own."""
        return False

    def varies(self, *, style: bool = False) -> bool:
        """Whether anything is left to chance; `style` says that a style photo is given."""
        del style
        return True

    @property
    def planes(self) -> int:
        """Planes that stand for a label map: the classes, and where there are such, pixels without one, and edges."""
        return self.count + (self.classes.ignore is not None) + self.edges


@dataclass(frozen=True)
class Spade(Config):
    """Park et al. 2019, SPADE: the baseline of the field, after the paper."""

    upsamplings: int = 5
    """Times that the generator doubles its size; the paper's "more" is 6."""
    style: bool = False
    """Begin from a latent that an encoder reads in a photo, and not from the label map."""
    latent: int = 256
    """Numbers of that latent."""
    discriminator_width: int = 64
    scales: int = 2
    """Discriminators, each at half the size of the one before."""
    features: FeatureNetwork = ""
    """What the perceptual loss looks through: VGG-19 where its weights are found, else SqueezeNet 1.1, else none."""
    adversarial: float = 1.0
    """Weight of the game against the discriminator of photos."""
    matching: float = 10.0
    """Weight of the discriminator's features."""
    perceptual: float = 10.0
    """Weight of the frozen network's features."""
    divergence: float = 0.05
    """Weight of the latent's distance from a normal distribution."""

    @property
    def styled(self) -> bool:
        """Where it has an encoder."""
        return self.style

    def varies(self, *, style: bool = False) -> bool:
        """Its latent is all that it leaves to chance, and a style photo decides that."""
        return self.style and not style

    @property
    def multiple(self) -> int:
        """Of the sides of what the generator makes: they double so often."""
        return 1 << self.upsamplings


@dataclass(frozen=True)
class Ulbp(Spade):
    """ULBPGAN (MEDI 2023): a first network makes local binary patterns, which guide the second beside the label map."""

    texture_width: int = 64
    """Channels of the pattern generator at half the size."""
    modulated: bool = True
    """Multi-feature modulation (MFADE) by patterns and labels; without, labels alone (SPADE)."""
    weighted: bool = True
    """Learn how much each branch of the modulation counts, beginning as SPADE."""
    unified: bool = True
    """The discriminator of patterns also sees those of the generated photo."""
    soft: bool = True
    """Those patterns are soft, so that they teach the generator; hard ones only teach the discriminator."""
    binary: bool = False
    """Begin the pattern generator with local binary convolutions."""
    noise: bool = True
    """Give the pattern generator a plane of noise: a label map alone does not decide texture."""
    softness: float = 0.03
    """Of soft patterns; a difference of black and white is 1."""
    texture: float = 10.0
    """Weight of the absolute difference between generated patterns and those of the photo."""
    texture_adversarial: float = 1.0
    """Weight of the game against the discriminator of patterns."""
    unified_adversarial: float = 1.0
    """Weight of the same for the generated photo's patterns, with `unified`."""
    texture_matching: float = 10.0
    """Weight of the features of the discriminator of patterns."""
    coupling: float = 1.0
    """Weight of the absolute difference between the generated photo's patterns and the generated patterns."""

    def varies(self, *, style: bool = False) -> bool:
        """Its noise is all that it leaves to chance."""
        del style
        return self.noise


@dataclass(frozen=True)
class Critic(Config):
    """SPADE's generator taught by a segmenting discriminator (Schonfeld et al. 2021, OASIS), no frozen network."""

    upsamplings: int = 5
    second_beta: float = 0.999
    noise: int = 64
    """Planes of noise beside those of the label map."""
    discriminator_width: int = 64
    mix: float = 10.0
    """Weight of the consistency of mixed pictures (LabelMix)."""

    def varies(self, *, style: bool = False) -> bool:
        """Its noise is all that it leaves to chance."""
        del style
        return self.noise > 0

    @property
    def multiple(self) -> int:
        """Of the sides of what the generator makes: they double so often."""
        return 1 << self.upsamplings


@dataclass(frozen=True)
class Sembla(Config):
    """Ours: a light generator that sees wide around, taught by SPADE's losses and a segmentation network."""

    latent: int = 16
    """Numbers of each class's latent."""
    truncation: float = 0.5
    """Of looks drawn by chance, 0 to 1: at 1 as far from their mean as those of photos, at 0 all are that mean."""
    discriminator_width: int = 64
    segmenter_width: int = 64
    """Channels of the network that learns from photos to name classes."""
    generator_rate: float = 0.0004
    segmenter_rate: float = 0.001
    features: FeatureNetwork = ""
    """What the perceptual loss looks through: VGG-19 where its weights are found, else SqueezeNet 1.1, else none."""
    segmentation: float = 5.0
    """Weight of the classes that photos shall be taken for."""
    adversarial: float = 1.0
    """Weight of the game against the discriminator of photos."""
    matching: float = 10.0
    """Weight of the discriminator's features."""
    perceptual: float = 10.0
    """Weight of the frozen network's features."""

    @property
    def styled(self) -> bool:
        """It reads a look of each class in photos."""
        return True

    @property
    def looks(self) -> bool:
        """Each class has a latent of its own."""
        return True


RECIPES: Mapping[str, Config] = {
    "sembla": Sembla(),
    "laptop": Sembla(width=24, discriminator_width=32, segmenter_width=32),
    "spade": Spade(),
    "ulbp": Ulbp(),
    "critic": Critic(),
    "sembla-small": Sembla(width=40, discriminator_width=32, segmenter_width=32),
    "laptop-small": Sembla(width=20, discriminator_width=32, segmenter_width=32),
    "spade-small": Spade(width=16, discriminator_width=16),
    "ulbp-small": Ulbp(width=16, discriminator_width=16, texture_width=16),
    "critic-small": Critic(width=16, discriminator_width=16),
}
"""Named complete settings."""

NOTES: Mapping[str, str] = {
    "laptop": "As sembla, with at most 6 M parameters, and 6 GMAC at 256x256 with 12 classes.",
    **{name: f"As {name.removesuffix('-small')}, with fewer channels." for name in RECIPES if name.endswith("-small")},
    "laptop-small": "As laptop, its generator with fewer channels.",
}
"""A sentence on recipes whose class does not say it."""

_MULTIPLE = 32
_LEAST_SIDE = 64
_MOST_SCALES = 3  # of a picture of 32 pixels the last discriminator still sees 8


def fitted(config: Config, prepared: Prepared) -> Config:
    """The config with the classes and the size of a prepared set, and the feature network whose weights are there.

    Raises `InputError` for settings that nothing can be trained with, or not with this set, and `LabelError` for a set
    without label maps.
    """
    _check(config)
    if prepared.label_set is None:
        raise LabelError(f"{prepared.root} has no label maps; prepare a set of photos and label maps.")
    if config.edges and "instances" not in _first(prepared).files:
        raise InputError(f"{prepared.root} has no instances; train with --no-edges, or prepare a set that has them.")
    classes = Classes.of(prepared.label_set)
    size = config.size if min(config.size) else _size(prepared)
    multiple = config.multiple * (2 if config.half_size else 1)
    if min(size) < _LEAST_SIDE or any(side % multiple for side in size):
        raise InputError(
            f"size {size[0]} {size[1]} came; give height and width as multiples of {multiple}, {_LEAST_SIDE} or more."
        )
    config = replace(config, classes=classes, size=size)
    if isinstance(config, Spade | Sembla) and not config.features:
        config = replace(config, features=best_features() or "none")
    return config


def pace(config: Config) -> Pace:
    """How far to train."""
    return Pace((config.constant + config.decay) // 8, batch=8)


def _check(config: Config) -> None:
    """Raise `InputError` for a setting that nothing can be trained with."""
    check_numbers(config, from_zero={"constant", "decay", "half_size", "noise"})
    if isinstance(config, Spade | Critic) and config.upsamplings not in {5, 6}:
        raise InputError(f"upsamplings {config.upsamplings} came; the paper has 5, and 6 for large pictures.")
    if isinstance(config, Ulbp) and config.style:
        raise InputError("style came for ulbp, which has no style encoder; leave it out, or train spade.")
    if max(config.first_beta, config.second_beta) >= 1:
        raise InputError(f"first_beta {config.first_beta} and second_beta {config.second_beta} came; give less than 1.")
    if isinstance(config, Ulbp) and not config.softness:
        raise InputError("softness 0 came; give more, or train with --no-soft.")
    if isinstance(config, Spade) and config.scales > _MOST_SCALES:
        raise InputError(f"scales {config.scales} came; give at most {_MOST_SCALES}.")
    if isinstance(config, Sembla) and config.truncation > 1:
        raise InputError(f"truncation {config.truncation} came; give 0 to 1.")
    if config.zoom < 1 or config.flip > 1:
        raise InputError(f"zoom {config.zoom} and flip {config.flip} came; give zoom 1 or more, flip at most 1.")


def _first(prepared: Prepared) -> Pair:
    """The first pair that is trained on."""
    return next(pairs_once(prepared, part_of(prepared, "train"))).pair


def _size(prepared: Prepared) -> tuple[int, int]:
    """What the first pair has, down to multiples of 32, at most 256 on the shorter side."""
    first = _first(prepared)
    height, width = first.height, first.width
    scale = min(1.0, 256 / min(height, width))
    return round(height * scale) // _MULTIPLE * _MULTIPLE, round(width * scale) // _MULTIPLE * _MULTIPLE
