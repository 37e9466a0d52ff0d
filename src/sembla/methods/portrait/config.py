"""The settings of all recipes: the published face reconstruction and its variants, and our own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sembla.core.config import check_numbers
from sembla.core.errors import InputError, LabelError
from sembla.core.labels import NO_CLASSES, Classes, LabelSet
from sembla.core.method import Pace
from sembla.data.labelsets import (
    CELEBAMASK_HQ_19,
    CELEBAMASK_HQ_19_PARSING,
    CELEBAMASK_HQ_TO_PORTRAIT,
    PARSING_TO_PORTRAIT,
    PORTRAIT_7,
)
from sembla.data.loading import pairs_once
from sembla.data.prepared import Prepared, part_of
from sembla.nn.weights import Embedder, FeatureNetwork, best_embedder, best_features

__all__ = [
    "NOTES",
    "RECIPES",
    "Config",
    "MapHead",
    "Parser",
    "Pix2Pix",
    "Reconstruction",
    "Sembla",
    "fitted",
    "groups_of",
    "pace",
]


@dataclass(frozen=True)
class Config:
    """What all recipes have; the classes follow from the data."""

    classes: Classes = NO_CLASSES
    side: int = 256
    """Pixels of the pictures' sides."""
    width: int = 32
    """Channels of the generator at full size."""
    discriminator_width: int = 64
    flip: float = 0.5
    """Chance that a face and its map are mirrored, 0 to 1."""
    zoom: float = 1.0
    """Most magnification of what is trained on, a random part being cropped; 1 shows all of it."""
    generator_rate: float = 0.0002
    discriminator_rate: float = 0.0002
    first_beta: float = 0.5
    """Decay of Adam's mean of gradients, of generator and discriminator."""
    second_beta: float = 0.999
    """Decay of Adam's mean of their squares."""
    half_life: float = 0.0
    """Of the average of the generator's weights, in images seen; 0 keeps none."""
    batch_size: int = 16
    """Images a step."""
    images: int = 3_600_000
    """How many are shown in all."""

    @property
    def label_set(self) -> LabelSet:
        """What ids mean."""
        return self.classes.label_set

    @property
    def count(self) -> int:
        """Number of classes of the data, K, which also stands for pixels without one."""
        return len(self.classes.names)

    @property
    def parses_at(self) -> int:
        """Pixels of the sides of the faces whose parts it names."""
        return self.side

    @property
    def asks_identity(self) -> bool:
        """Whether faces come with dlib's numbers of who they are."""
        return False


@dataclass(frozen=True)
class Pix2Pix(Config):
    """The published system: a U-Net of seven groups of parts, their mean colours, and dlib's numbers of who it is.

    One generator reconstructs a face and makes the same person in another's layout.
    """

    flip: float = 0.0
    reconstruction: float = 100.0
    """Weight of absolute differences of pixels, beside the game's 1."""

    @property
    def asks_identity(self) -> bool:
        """At the bottleneck."""
        return True


@dataclass(frozen=True)
class MapHead(Pix2Pix):
    """Its second version: the discriminator also tells the map of colours, which what is made is asked to have."""


@dataclass(frozen=True)
class Reconstruction(Pix2Pix):
    """Its third: reconstruction alone."""

    condition: Literal["colours", "photograph"] = "colours"
    """What is shown beside the groups: their mean colours, or the photograph itself, which is another task: scores of
    the two say nothing about one another."""


@dataclass(frozen=True)
class Sembla(Config):
    """Ours: looks of regions, identity and what is known of the photo modulate a generator that fills what changes."""

    width: int = 64
    latent: int = 32
    """Numbers of each region's look."""
    identity_numbers: int = 16
    """That an encoder of ours reads in the face, for all of the picture."""
    segmenter_width: int = 64
    """Channels of the face parser, which learns from photos, and to tell what was made."""
    parser_side: int = 0
    """Pixels of the sides of what it sees when it is used; 0 is `side`, at which it learns. Packs may have one that was
    trained apart, at a larger size."""
    zoom: float = 1.15
    generator_rate: float = 0.0004
    discriminator_rate: float = 0.0004
    segmenter_rate: float = 0.001
    first_beta: float = 0.0
    second_beta: float = 0.99
    half_life: float = 2000.0
    batch_size: int = 8
    images: int = 400_000
    whole: float = 0.45
    """Share of pictures that are made whole; of the others a part is, as an edit would ask, the rest being known."""
    own: float = 0.65
    """Share of pictures that are made in their own layout, and so must be the photo; the others follow an edit."""
    features: FeatureNetwork = ""
    """What the discriminator and the perceptual loss look through: VGG-19 where its weights are found, else SqueezeNet
    1.1, else means of pixels."""
    embedder: Embedder = ""
    """What tells who it is: MobileFaceNet where its weights are found, else nothing."""
    adversarial: float = 1.0
    """Weight of the game against the discriminator of photos."""
    pixels: float = 20.0
    """Weight of absolute differences of pixels, where a photo is asked for."""
    perceptual: float = 10.0
    """Weight of the frozen network's features there."""
    segmentation: float = 2.0
    """Weight of the parts that pictures shall be taken for."""
    identity: float = 4.0
    """Weight of who it shall be."""
    colours: float = 5.0
    """Weight of the mean colours of regions, which are to be the photo's in any layout."""

    @property
    def parses_at(self) -> int:
        """As its parser was trained."""
        return self.parser_side or self.side


@dataclass(frozen=True)
class Parser(Config):
    """A face parser alone, which names the parts of faces; it can be put into a pack of `sembla`."""

    width: int = 32
    zoom: float = 1.3
    warp: float = 0.03
    """Most that faces are bent, as a share of the side."""
    generator_rate: float = 0.001
    first_beta: float = 0.9
    half_life: float = 4000.0
    batch_size: int = 8
    images: int = 100_000


RECIPES: Mapping[str, Config] = {
    "sembla": Sembla(),
    "pix2pix": Pix2Pix(),
    "pix2pix-maphead": MapHead(),
    "reconstruction": Reconstruction(),
    "parser": Parser(),
    "sembla-small": Sembla(side=128, width=20, segmenter_width=20, discriminator_width=48),
    "pix2pix-small": Pix2Pix(side=128, width=16, discriminator_width=32),
    "pix2pix-maphead-small": MapHead(side=128, width=16, discriminator_width=32),
    "reconstruction-small": Reconstruction(side=128, width=16, discriminator_width=32),
    "parser-small": Parser(width=20),
}
"""Named complete settings."""

NOTES: Mapping[str, str] = {
    name: f"As {name.removesuffix('-small')}, with fewer channels and at 128x128."
    for name in RECIPES
    if name.endswith("-small")
} | {"parser-small": "As parser, with fewer channels."}
"""A sentence on recipes whose class does not say it."""

_MULTIPLE = 32


def fitted(config: Config, prepared: Prepared) -> Config:
    """The config with the classes of a prepared set, and the frozen networks whose weights are there.

    Raises `InputError` for settings that nothing can be trained with, for a set without identities where they are
    needed, and `LabelError` for a set without label maps, or with none that the seven groups follow from.
    """
    check_numbers(config, from_zero={"parser_side"})
    if config.side % _MULTIPLE or (isinstance(config, Pix2Pix) and config.side & (config.side - 1)):
        asked = f"a multiple of {_MULTIPLE}" if not isinstance(config, Pix2Pix) else "a power of 2, 32 or more"
        raise InputError(f"side {config.side} came; give {asked}.")
    if max(config.first_beta, config.second_beta) >= 1 or config.flip > 1 or config.zoom < 1:
        raise InputError("first_beta and second_beta lie below 1, flip is at most 1, zoom 1 or more; give such.")
    if prepared.label_set is None:
        raise LabelError(f"{prepared.root} has no label maps; prepare faces with parsing maps.")
    config = replace(config, classes=Classes.of(prepared.label_set))
    if isinstance(config, Sembla):
        if max(config.whole, config.own) > 1:
            raise InputError(f"whole {config.whole} and own {config.own} came; give at most 1.")
        if config.parser_side % _MULTIPLE:
            raise InputError(f"parser_side {config.parser_side} came; give 0 or a multiple of {_MULTIPLE}.")
        return replace(
            config,
            features=config.features or best_features() or "none",
            embedder=config.embedder or best_embedder() or "none",
        )
    if isinstance(config, Parser):
        return config
    groups_of(config)
    if next(pairs_once(prepared, part_of(prepared, "train"))).pair.identity is None:
        raise InputError(f"{prepared.root} has no identities; prepare it with: --identities found.")
    return config


def pace(config: Config) -> Pace:
    """How far to train."""
    return Pace(max(1, config.images // config.batch_size), batch=config.batch_size)


def groups_of(config: Config) -> NDArray[np.uint8]:
    """The group (0 to 6) of each class, or 7 for the background, (K + 1,). Raises `LabelError` for other classes."""
    known = {
        CELEBAMASK_HQ_19: CELEBAMASK_HQ_TO_PORTRAIT.ids,
        CELEBAMASK_HQ_19_PARSING: PARSING_TO_PORTRAIT.ids,
        PORTRAIT_7: tuple(range(PORTRAIT_7.count)),
    }
    if config.label_set not in known:
        raise LabelError(
            "the published recipes know seven groups of parts, which follow from the classes of CelebAMask-HQ; prepare "
            "such a set, or train sembla."
        )
    ids = np.array([*known[config.label_set][: config.count], PORTRAIT_7.count])
    groups: NDArray[np.uint8] = np.minimum(ids, PORTRAIT_7.count).astype(np.uint8)
    return groups
