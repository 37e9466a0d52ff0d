"""How `sembla` learns: photos are made of their own maps, whole or in part, and edits of them that nobody has seen."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from sembla.core.method import Term, Turn
from sembla.losses.adversarial import hinge_discriminator, hinge_generator
from sembla.losses.moves import Made, Terms, Turns
from sembla.losses.segmentation import class_weights, segmentation, segmentation_generator
from sembla.methods.portrait.batches import PortraitBatch
from sembla.methods.portrait.config import Parser, Sembla
from sembla.methods.portrait.light_networks import LightPortraitist
from sembla.nn.augmenting import augmented, recoloured
from sembla.nn.embedding import Embeds
from sembla.nn.perceptual import Depths
from sembla.nn.projected import Judged
from sembla.nn.segmentation import SegmentationNetwork

__all__ = ["LightObjective", "ParserObjective"]

_FEW = 0.001  # share of a picture's pixels that a region must have for its mean colour to count

_KNOWN = 0.05  # how much pixels count that are known, beside 1.05 where the photo is made anew


class LightObjective(Turns[PortraitBatch]):
    """Where a map is the photo's own, its pixels are asked for; edits are asked to look like photos of that person.

    They shall be taken for the parts that were asked for, and have the photo's colours, region by region. The parser
    plays too, as the discriminator of OASIS does (Schonfeld et al. 2021): of photos it shall name the parts, and of
    what was made in a hole that it was made. Unlike there, it is held back by no norm, and sees both in any light; the
    game of whole pictures is that of another discriminator.
    """

    def __init__(self, config: Sembla, networks: nn.ModuleDict, depths: Depths, embeds: Embeds | None) -> None:
        self.config, self.depths, self.embeds = config, depths, embeds
        self.portraitist = cast("LightPortraitist", networks["generator"])
        self.critic = cast("Judged", networks["discriminator"])
        self.parser = cast("SegmentationNetwork", networks["segmenter"])

    def moves(self, made: Made[PortraitBatch]) -> Sequence[Turn[PortraitBatch]]:
        """The parser's comes last."""
        return (*super().moves(made), Turn("segmenter", lambda batch: self.name(batch, made)))

    def paint(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """Faces that are the batch's where their own maps are asked for, and faces everywhere."""
        its, config = self.portraitist, self.config
        layout, wanted = its.layout(batch.labels), its.layout(batch.wanted)
        looks = its.looks(batch.photo, layout)
        its.encoder.remember(looks, layout)
        face = its(
            wanted,
            its.completed(looks),
            person=its.person(batch.photo),
            photo=batch.photo,
            hole=batch.hole,
            noise=its.noise(layout),
        ).float()
        shown = batch.photo + batch.hole * (face - batch.photo)
        made.keep(batch, shown)
        own = (batch.wanted == batch.labels).flatten(1).all(1)
        terms = {"adversarial": Term(hinge_generator(self._scores(shown)), config.adversarial)}
        terms |= self._alike(face, batch, own)
        terms["colours"] = Term(_colours_apart(face, wanted, batch.photo, layout), config.colours)
        weights = class_weights(batch.wanted, config.count)
        terms["segmentation"] = Term(
            segmentation_generator(self.parser(shown), batch.wanted, weights), config.segmentation
        )
        if self.embeds and config.identity:
            with torch.no_grad():
                persons = self.embeds(batch.photo)
            cosines = (self.embeds(shown) * persons).sum(1)
            terms["identity"] = Term(1 - cosines.mean(), config.identity)
        return terms

    def judge(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """The photos against those made."""
        (shown,) = made.take(batch)
        made.keep(batch, shown)
        return {"adversarial": Term(hinge_discriminator(self._scores(batch.photo), self._scores(shown)))}

    def name(self, batch: PortraitBatch, made: Made[PortraitBatch]) -> Terms:
        """The parts of the photos' pixels, and which of the others' were made."""
        (shown,) = made.take(batch)
        fakes = segmentation(self.parser(recoloured(shown)), torch.zeros_like(batch.labels), batch.hole[:, 0])
        return {**_named(self.parser, batch, self.config.count, first=1), "made": Term(fakes)}

    def _alike(self, face: Tensor, batch: PortraitBatch, own: Tensor) -> Terms:
        """How far faces are from the photos, those of the batch alone that are asked to be."""
        counted = own.float()
        made = _KNOWN + batch.hole
        near = ((face - batch.photo).abs() * made / made.mean((1, 2, 3), keepdim=True)).mean((1, 2, 3))
        with torch.no_grad():
            wanted = self.depths(batch.photo)
        apart = [
            (one.float() - other.float()).abs().mean((1, 2, 3))
            for one, other in zip(self.depths(face), wanted, strict=True)
        ]
        return {
            "pixels": Term((counted * near).mean(), self.config.pixels),
            "perceptual": Term((counted * torch.stack(apart).mean(0)).mean(), self.config.perceptual),
        }

    def _scores(self, faces: Tensor) -> list[Tensor]:
        scores: list[Tensor] = self.critic(augmented(faces), self.depths)
        return scores


class ParserObjective:
    """A parser by itself."""

    def __init__(self, config: Parser, networks: nn.ModuleDict) -> None:
        self.config = config
        self.parser = cast("SegmentationNetwork", networks["segmenter"])

    def turns(self, step: int) -> Sequence[Turn[PortraitBatch]]:
        """One."""
        del step
        return (Turn("segmenter", lambda batch: _named(self.parser, batch, self.config.count)),)


def _named(parser: SegmentationNetwork, batch: PortraitBatch, count: int, *, first: int = 0) -> Terms:
    """The parts of the photos' pixels, in any light; `first` is the score of the first of them.

    Rare ones count more, by the root of what they would to count alike.
    """
    weights = class_weights(batch.labels, count).sqrt()
    return {"segmentation": Term(segmentation(parser(recoloured(batch.photo)), batch.labels + first, weights))}


def _colours_apart(face: Tensor, wanted: Tensor, photo: Tensor, layout: Tensor) -> Tensor:
    """The mean absolute difference of the mean colours of regions that both have, one in `wanted`, one in `layout`."""
    (ours, mine), (theirs, yours) = _means(face, wanted), _means(photo, layout)
    both = (mine > _FEW) & (yours > _FEW)
    return ((ours - theirs).abs().mean(2) * both).sum() / both.sum().clamp(min=1)


def _means(pictures: Tensor, layout: Tensor) -> tuple[Tensor, Tensor]:
    """The mean colour of each region, (N, K, 3), and its share of the picture, (N, K)."""
    shares = layout.mean((2, 3))
    sums = torch.einsum("nkhw,nchw->nkc", layout.float(), pictures.float()) / layout[0, 0].numel()
    return sums / shares[:, :, None].clamp(min=_FEW), shares
