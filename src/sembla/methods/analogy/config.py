"""The settings of both recipes: `semia` as it was published, `fast` as it should have been."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from sembla.core.config import check_numbers
from sembla.core.errors import SizeError
from sembla.core.method import Pace
from sembla.data.case import Case
from sembla.nn.weights import best_features

__all__ = ["MULTIPLE", "RECIPES", "Config", "Fast", "FeatureNetwork", "Semia", "fitted", "pace"]

FeatureNetwork: TypeAlias = Literal["", "vgg19", "squeezenet", "discriminator"]
"""What patches are compared by; "" takes the first of these whose weights are there."""

MULTIPLE = 8
"""Of sides: they are halved three times."""

_LEAST_SIDE = 32


@dataclass(frozen=True)
class Config:
    """What both recipes have; the first fields follow from the data."""

    palette: tuple[tuple[int, int, int], ...] = ()
    """RGB of each class, in the order of ids."""
    size: tuple[int, int] = (0, 0)
    """Height and width that the photo is trained at, multiples of 8."""
    photo: str = ""
    """Digest of the photo and its label map, so that a run goes on with these alone."""
    features: FeatureNetwork = ""
    """What patches are compared by: VGG-19 where its weights are found, else SqueezeNet 1.1, else the discriminator."""

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self.palette)

    def scale_for(self, longest: int) -> float:
        """What a photo's sides are multiplied by before it is learned, of its longest side in pixels."""
        del longest
        return 1.0


@dataclass(frozen=True)
class Semia(Config):
    """Li et al. 2020, as published; images seen are its iterations, for its batch is 1."""

    scale: float = 1.0
    """Factor on the sides of photo and maps before they are learned."""
    width: int = 32
    """Channels of the generator at full size."""
    discriminator_width: int = 64
    segmenter_width: int = 128
    attention: bool = False
    """Let each place also take features from where the layouts are alike."""
    skips: bool = False
    """Add the encoder's features to the decoder's."""
    paper_bugs: bool = False
    """Do as the released code does: the segmenter's layout teaches the generator nothing."""
    two_rates: bool = True
    """Each player learns at its own rate; else all at `rate`, with Adam's decay (0.5, 0.999)."""
    rate: float = 0.01
    """Learning rate of all without `two_rates`."""
    generator_rate: float = 0.005
    discriminator_rate: float = 0.02
    segmenter_rate: float = 0.005
    generator_steps: int = 10
    """Moves of the generator in each step."""
    reconstruct_every: int = 5
    """Every so many steps, the photo is asked for in its own layout."""
    ramp: int = 1000
    """Images until augmentation has its full strength, and rates begin to fall."""
    decay: int = 1500
    """Images from there until rates are a tenth."""
    reconstruction: float = 5.0
    """Weight of the absolute difference to the photo, in reconstruction."""
    fixed_point: float = 1.0
    """Weight of scale 1 and shift 0 where layouts are equal."""
    matching: float = 1.0
    """Weight of the discriminator's features."""
    patches: float = 1.0
    """Weight of patch coherence."""
    alignment: float = 1.0
    """Weight of the absolute difference to the layout's colours that the segmenter sees."""
    neighbours: int = 5
    """Source patches that a patch is compared with."""
    shallow_patches: int = 10
    """Patches of side 3 that are looked at in the first layer of features."""
    deep_patches: int = 5
    """Patches of side 1 that are looked at in the second."""
    zoom: float = 0.2
    """Most magnification of augmented pairs, beyond 1."""
    warp: float = 0.02
    """Most that a control point moves, as a share of the width."""

    def scale_for(self, longest: int) -> float:
        """`scale`, whatever the photo's size."""
        del longest
        return self.scale


@dataclass(frozen=True)
class Fast(Config):
    """Our own: drafts taught by instant results and the photo's patches, made of the photo's own pixels."""

    longest: int = 256
    """Longest side that the photo is trained at, and that results are drafted at."""
    width: int = 16
    """Half the channels of the generator at a quarter of the size, and a quarter of those at an eighth."""
    discriminator_width: int = 24
    generator_rate: float = 0.001
    discriminator_rate: float = 0.001
    half_life: float = 100.0
    """Of the average of the generator's weights, in images seen."""
    lessons: int = 48
    """Random layouts that the instant engine makes pictures for; each is computed when it first comes up."""
    photos: float = 0.3
    """Share of images that are the photo itself, warped."""
    warp: float = 0.04
    """Most that a control point moves in every image, as a share of the side."""
    warm_up: int = 500
    """Steps until the picture that is learned from has lost most of its weight."""
    decay: int = 4000
    """Images until rates have fallen to a tenth."""
    picture: float = 10.0
    """Weight of the absolute difference to the picture that is learned from, at first."""
    picture_later: float = 1.0
    """That weight after `warm_up`."""
    adversarial: float = 0.3
    """Weight of convincing the discriminator."""
    distribution: float = 1.0
    """Weight of the distance between the patches of each class in the picture and in the photo."""
    patches: float = 0.5
    """Weight of the distance of features to the nearest of the photo's."""
    sampled_patches: int = 1500
    """Patches of a picture whose distribution is compared, at each scale."""
    directions: int = 32
    """Directions along which distributions are compared, anew in each step."""
    searched_patches: int = 256
    """Places of a picture whose nearest features are looked for."""
    target_sign: float = 0.6
    """How sure of real pictures the discriminator may be, 0 to 1, before what it sees is augmented more."""
    adaptation: int = 4000
    """Images in which its augmentation can rise from nothing to full strength."""

    def scale_for(self, longest: int) -> float:
        """Down to `longest`, never up."""
        return min(1.0, self.longest / longest)


RECIPES: Mapping[str, Config] = {"fast": Fast(), "semia": Semia()}
"""Named complete settings."""


def fitted(config: Config, case: Case) -> Config:
    """The config with palette, size, photo and feature network as the case and the weights at hand ask for.

    Raises `InputError` for settings that nothing can be trained with, and `SizeError` for a photo that is too small.
    """
    check_numbers(config)
    height, width = case.labels.shape
    scale = config.scale_for(max(height, width))
    size = (_whole(height * scale), _whole(width * scale))
    if min(size) < _LEAST_SIDE:
        raise SizeError(
            f"the photo would be learned at {size[1]}x{size[0]}; sides of {_LEAST_SIDE} px and more work. Give a "
            "larger photo, or a larger scale."
        )
    colours = tuple((int(red), int(green), int(blue)) for red, green, blue in case.palette)
    photo = hashlib.sha256(case.picture.tobytes() + case.labels.tobytes()).hexdigest()[:16]
    return replace(
        config, palette=colours, size=size, photo=photo, features=config.features or best_features() or "discriminator"
    )


def pace(config: Config) -> Pace:
    """How far to train."""
    return Pace(config.ramp + config.decay) if isinstance(config, Semia) else Pace(1000, batch=4)


def _whole(side: float) -> int:
    """A side that can be halved three times."""
    return round(side) // MULTIPLE * MULTIPLE
