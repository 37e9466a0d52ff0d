"""How `semia` learns: two modes, each fifth step a reconstruction, the rest new layouts; ten generator moves a step."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeAlias, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.core.method import Player, Term, Turn
from sembla.losses.adversarial import lsgan_discriminator, lsgan_generator
from sembla.losses.matching import feature_matching
from sembla.losses.patches import nearest_rows_absolute, patch_coherence, patch_count, patch_rows, rows_at
from sembla.methods.analogy.batches import Batch
from sembla.methods.analogy.config import Semia
from sembla.methods.analogy.networks import Generator, Modulation, PyramidDiscriminator, Segmenter

__all__ = ["PATCH_SIDES", "Layers", "Rows", "SemiaObjective", "fixed_point", "players", "rate"]

Layers: TypeAlias = Callable[[Tensor], Sequence[Tensor]]
"""From pictures (N, 3, H, W) in -1 to 1 to the planes of two layers of features, whoever computes them."""

_BETAS = (0.0, 0.9)
PATCH_SIDES = (3, 1)
"""Of a patch in the shallow and in the deeper layer."""

Rows: TypeAlias = tuple[Tensor, Tensor]
"""All patches of a picture, in the shallow and in the deeper layer, each (M, D)."""


def players(config: Semia) -> Mapping[str, Player]:
    """Generator, discriminator and segmenter, each at its own rate (two time scales, Heusel et al. 2017)."""
    rates, betas = (config.rate,) * 3, (0.5, 0.999)
    if config.two_rates:
        rates, betas = (config.generator_rate, config.discriminator_rate, config.segmenter_rate), _BETAS
    return {
        name: Player(rate, betas, teacher=name != "generator")
        for name, rate in zip(("generator", "discriminator", "segmenter"), rates, strict=True)
    }


def rate(config: Semia, player: str, images: int) -> float:
    """The full rate, then linearly to a tenth; the segmenter's stays."""
    if player == "segmenter":
        return 1.0
    return 1 - 0.9 * min(1.0, max(0, images - config.ramp) / config.decay)


class SemiaObjective:
    """What each player is taught."""

    def __init__(self, config: Semia, networks: nn.ModuleDict, layers: Layers) -> None:
        self.config = config
        self.generator = cast("Generator", networks["generator"])
        self.critic = cast("PyramidDiscriminator", networks["discriminator"])
        self.segment = cast("Segmenter", networks["segmenter"])
        self.layers = layers

    def turns(self, step: int) -> Sequence[Turn[Batch]]:
        """The discriminator before and after the generator's moves; the segmenter where there is a true layout."""
        if step % self.config.reconstruct_every == 0:
            judge = Turn("discriminator", self.judge_reconstruction)
            moves = (Turn("generator", self.reconstruct),) * self.config.generator_steps
            return (judge, Turn("segmenter", self.read_layout), *moves, judge)
        judge = Turn("discriminator", self.judge_sample)
        move = Turn("generator", partial(self.sample, known=_Known(self.layers)))
        return (judge, *(move,) * self.config.generator_steps, judge)

    def judge_reconstruction(self, batch: Batch) -> dict[str, Term]:
        """The discriminator tells the augmented photo from its reconstruction."""
        with torch.no_grad():
            made, _ = self.generator(batch.other, batch.other_layout, batch.other_layout)
        return self._judged(batch.other, made)

    def judge_sample(self, batch: Batch) -> dict[str, Term]:
        """The discriminator tells a photo from one made for its layout."""
        picture, source, real, target = _ordered(batch)
        with torch.no_grad():
            made, _ = self.generator(picture, source, target)
        return self._judged(real, made)

    def read_layout(self, batch: Batch) -> dict[str, Term]:
        """The segmenter learns the colours of the augmented layout."""
        return {"layout": Term(F.l1_loss(self.segment(batch.other), batch.other_layout))}

    def reconstruct(self, batch: Batch) -> dict[str, Term]:
        """The generator makes the augmented photo for its own layout; nothing is to change."""
        made, modulation = self.generator(batch.other, batch.other_layout, batch.other_layout)
        return {
            **self._convincing(made, batch.other),
            "reconstruction": Term(F.l1_loss(made, batch.other), self.config.reconstruction),
            "fixed_point": Term(fixed_point(modulation), self.config.fixed_point),
        }

    def sample(self, batch: Batch, *, known: "_Known") -> dict[str, Term]:
        """The generator makes one photo of the pair for the layout of the other."""
        picture, source, real, target = _ordered(batch)
        made, _ = self.generator(picture, source, target)
        return {
            **self._convincing(made, real),
            "patches": Term(self.coherence(made, known.rows(batch, picture)), self.config.patches),
            "alignment": Term(self.alignment(made, target), self.config.alignment),
        }

    def alignment(self, made: Tensor, layout: Tensor) -> Tensor:
        """How far the layout that the segmenter sees in `made` is from the one asked for.

        The released code takes no gradient here, so that the term teaches nothing; `paper_bugs` does the same.
        """
        if self.config.paper_bugs:
            with torch.no_grad():
                return F.l1_loss(self.segment(made), layout)
        return F.l1_loss(self.segment(made), layout)

    def coherence(self, made: Tensor, known: "Sequence[Rows]") -> Tensor:
        """How far random patches of `made` are from the patches of the source nearest to them, in both layers.

        `known` holds the source's patches of each picture of `made`. The mean over all patches that are looked at.
        """
        counts = (self.config.shallow_patches, self.config.deep_patches)
        distances = []
        for planes, side, count, place in zip(self.layers(made), PATCH_SIDES, counts, (0, 1), strict=True):
            for one, source in zip(planes.float(), known, strict=True):
                rows = rows_at(one, side, torch.randint(patch_count(one, side), (count,), device=one.device))
                nearest = nearest_rows_absolute(rows, source[place], count=self.config.neighbours)
                distances.append(patch_coherence(rows, source[place], nearest))
        return torch.cat(distances).mean()

    def _judged(self, real: Tensor, made: Tensor) -> dict[str, Term]:
        return {"adversarial": Term(lsgan_discriminator(self.critic(real)[0], self.critic(made)[0]))}

    def _convincing(self, made: Tensor, real: Tensor) -> dict[str, Term]:
        scores, taps = self.critic(made)
        with torch.no_grad():
            wanted = self.critic.taps(real)
        return {
            "adversarial": Term(lsgan_generator(scores)),
            "matching": Term(feature_matching(taps, wanted), self.config.matching),
        }


class _Known:
    """The patches of the photos that one step begins from, computed once for all moves of its generator."""

    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._found: dict[int, list[Rows]] = {}

    def rows(self, batch: Batch, picture: Tensor) -> Sequence[Rows]:
        """Of each photo of a batch; `picture` (N, 3, H, W) is the same at each call for one batch."""
        if id(batch) not in self._found:  # a step holds on to its batches, so that no other has this identity
            with torch.no_grad():
                shallow, deeper = (planes.float() for planes in self._layers(picture))
            pairs = zip(shallow, deeper, strict=True)
            self._found[id(batch)] = [
                (patch_rows(fine, PATCH_SIDES[0]), patch_rows(coarse, PATCH_SIDES[1])) for fine, coarse in pairs
            ]
        return self._found[id(batch)]


def fixed_point(modulation: Modulation) -> Tensor:
    """How far the modulation is from changing nothing: scale 1 and shift 0, means of each level, summed."""
    scales = [(scale - 1).abs().mean() for scale in modulation.scales]
    return torch.stack([*scales, *(shift.abs().mean() for shift in modulation.shifts)]).sum()


def _ordered(batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The picture to begin with and its layout, the picture that is wanted and its layout."""
    swapped = batch.swapped[:, None, None, None]
    return (
        torch.where(swapped, batch.other, batch.photo),
        torch.where(swapped, batch.other_layout, batch.layout),
        torch.where(swapped, batch.photo, batch.other),
        torch.where(swapped, batch.layout, batch.other_layout),
    )
