"""How the published recipes learn; what differs from the original is said where it does."""

from typing import cast

import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.core.method import Term
from sembla.losses.moves import Made, Terms, Turns
from sembla.methods.portrait.batches import PortraitBatch
from sembla.methods.portrait.config import MapHead, Pix2Pix, Reconstruction
from sembla.methods.portrait.networks import MapDiscriminator, PortraitUNet, WindowDiscriminator
from sembla.methods.portrait.painted import Painted, grouped, mean_colours, painted

__all__ = ["objective", "shown_to"]

_NEAR, _FAR = 0.04, 0.08  # between these lies what is pushed away from the photo, with colours from 0 to 1


class _Published(Turns[PortraitBatch]):
    """What they share: the generator, and faces whose background is black."""

    def __init__(self, config: Pix2Pix, networks: nn.ModuleDict, table: Tensor) -> None:
        self.config, self.table = config, table
        self.generator = cast("PortraitUNet", networks["generator"])
        self.critic = networks["discriminator"]

    def seen(self, batch: PortraitBatch) -> tuple[Painted, Tensor]:
        """The photos' own maps, and the colours of their groups (N, 7, 3)."""
        colours = mean_colours(batch.photo, grouped(batch.labels, self.table))
        return painted(batch.labels, self.table, colours), colours

    def face(self, its: Painted, colours: Tensor, identity: Tensor) -> Tensor:
        """What is made of a map."""
        made: Tensor = self.generator(its.groups, its.coloured, colours=colours.flatten(1), identity=identity)
        return made.float()


class Pix2PixObjective(_Published):
    """The first version: reconstruction, and manipulation that is the photo where both maps agree, and not elsewhere.

    Unlike in the original, pictures lie in -1 to 1 as what is made does, layouts are those of training faces alone, and
    groups exclude one another. The weight of 100 is that of pix2pix, whose pictures lie in -1 to 1; the bounds of what
    is pushed away are the published ones, of colours from 0 to 1.
    """

    def paint(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """Reconstructions and manipulations that shall be taken for photos."""
        own, colours = self.seen(batch)
        other = painted(batch.wanted, self.table, colours)
        again, moved = (self.face(its, colours, batch.identity) for its in (own, other))
        made.keep(batch, again, moved)
        photo, weight = _on_black(batch.photo, own), self.config.reconstruction
        same = (own.groups * other.groups).sum(1, keepdim=True)
        apart = ((1 - same) * (batch.photo - moved)).abs() / 2
        critic = cast("WindowDiscriminator", self.critic)
        return {
            "again": Term(_taken(critic(own.groups, again), real=True)),
            "moved": Term(_taken(critic(other.groups, moved), real=True)),
            "reconstruction": Term((photo - again).abs().mean(), weight),
            "same": Term((same * (photo - moved)).abs().mean(), weight),
            "different": Term((_FAR - apart).clamp(_NEAR, _FAR).mean(), weight),
        }

    def judge(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """Photos from both, without the usual half."""
        again, moved = made.take(batch)
        own, colours = self.seen(batch)
        other = painted(batch.wanted, self.table, colours)
        critic = cast("WindowDiscriminator", self.critic)
        return {
            "real": Term(_taken(critic(own.groups, _on_black(batch.photo, own)), real=True)),
            "again": Term(_taken(critic(own.groups, again), real=False)),
            "moved": Term(_taken(critic(other.groups, moved), real=False)),
        }


class MapHeadObjective(_Published):
    """The second version. Unlike in the original, its scores are not put through two sigmoids."""

    def paint(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """Reconstructions taken for photos, and manipulations that show the colours asked for."""
        own, colours = self.seen(batch)
        other = painted(batch.wanted, self.table, colours)
        again, moved = (self.face(its, colours, batch.identity) for its in (own, other))
        made.keep(batch, again, moved)
        critic, weight = cast("MapDiscriminator", self.critic), self.config.reconstruction
        told = critic(other.coloured, moved)[1]
        return {
            "again": Term(_taken(critic(own.coloured, again)[0], real=True), weight),
            "reconstruction": Term((_on_black(batch.photo, own) - again).abs().mean(), weight),
            "map": Term((told.float() - _small(other.coloured, told)).abs().mean(), weight),
        }

    def judge(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """Photos from both, and the map of the photos' colours."""
        again, moved = made.take(batch)
        own, colours = self.seen(batch)
        other = painted(batch.wanted, self.table, colours)
        critic, weight = cast("MapDiscriminator", self.critic), self.config.reconstruction
        score, told = critic(own.coloured, _on_black(batch.photo, own))
        return {
            "real": Term(_taken(score, real=True), weight),
            "again": Term(_taken(critic(own.coloured, again)[0], real=False), weight),
            "moved": Term(_taken(critic(other.coloured, moved)[0], real=False), weight),
            "map": Term((told.float() - _small(own.coloured, told)).abs().mean(), weight),
        }


class ReconstructionObjective(_Published):
    """The third version: photos, background and all, from colours or from themselves."""

    def paint(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """Reconstructions that shall be taken for photos."""
        own, colours = self.seen(batch)
        again = self.face(shown_to(cast("Reconstruction", self.config), own, batch.photo), colours, batch.identity)
        made.keep(batch, again)
        critic = cast("WindowDiscriminator", self.critic)
        return {
            "again": Term(_taken(critic(own.groups, again), real=True)),
            "reconstruction": Term((batch.photo - again).abs().mean(), self.config.reconstruction),
        }

    def judge(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """Photos from those."""
        (again,) = made.take(batch)
        own, _ = self.seen(batch)
        critic = cast("WindowDiscriminator", self.critic)
        return {
            "real": Term(_taken(critic(own.groups, batch.photo), real=True)),
            "again": Term(_taken(critic(own.groups, again), real=False)),
        }


def shown_to(config: Pix2Pix, its: Painted, photo: Tensor) -> Painted:
    """What the generator is shown: with the condition "photograph", that in the place of colours."""
    if isinstance(config, Reconstruction) and config.condition == "photograph":
        return Painted(its.groups, photo)
    return its


def objective(config: Pix2Pix, networks: nn.ModuleDict, table: Tensor) -> _Published:
    """How a recipe learns."""
    match config:
        case MapHead():
            return MapHeadObjective(config, networks, table)
        case Reconstruction():
            return ReconstructionObjective(config, networks, table)
        case _:
            return Pix2PixObjective(config, networks, table)


def _on_black(photo: Tensor, its: Painted) -> Tensor:
    return photo * its.inside - (1 - its.inside)


def _taken(scores: Tensor, *, real: bool) -> Tensor:
    """The cross entropy of scores, which shall say that."""
    return F.softplus(-scores.float() if real else scores.float()).mean()


def _small(coloured: Tensor, like: Tensor) -> Tensor:
    """Maps of colours at the size of others."""
    return F.interpolate(coloured, like.shape[2:], mode="bilinear", antialias=True)
