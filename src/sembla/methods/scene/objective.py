"""How the baselines learn: SPADE, ULBPGAN, and SPADE's generator under a segmenting discriminator."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils import parametrize

from sembla.core.method import Term
from sembla.losses.adversarial import hinge_discriminator, hinge_generator
from sembla.losses.matching import feature_matching
from sembla.losses.moves import Made, Terms, Turns
from sembla.losses.perceptual import perceptual
from sembla.losses.regularise import normal_divergence
from sembla.losses.segmentation import (
    class_weights,
    label_mix,
    mixed_consistency,
    segmentation_discriminator,
    segmentation_generator,
)
from sembla.methods.scene.batches import SceneBatch
from sembla.methods.scene.config import Critic, Sembla, Spade, Ulbp
from sembla.methods.scene.painters import CriticPainter, SpadePainter, UlbpPainter, sampled
from sembla.nn.discriminators import MultiscaleDiscriminator
from sembla.nn.lbp import hard_patterns, soft_patterns
from sembla.nn.segmentation import SegmentationDiscriminator

__all__ = [
    "CriticObjective",
    "Judges",
    "Layers",
    "SpadeObjective",
    "UlbpObjective",
    "convincing",
    "told_apart",
]

Layers: TypeAlias = Callable[[Tensor], Sequence[Tensor]]
"""From pictures in -1 to 1 to the planes of a frozen network's layers."""


class SpadeObjective(Turns[SceneBatch]):
    """Hinge loss, feature matching, perceptual loss, and the divergence of the style's latent."""

    def __init__(self, config: Spade, networks: nn.ModuleDict, layers: Layers | None) -> None:
        self.config, self.layers = config, layers
        self.painter = cast("SpadePainter", networks["generator"])
        self.critic = cast("MultiscaleDiscriminator", networks["discriminator"])

    def paint(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """Photos for the layouts of a batch, in its photos' own style where there is an encoder."""
        drawn, terms = _style(self.config, self.painter, batch)
        photo = self.painter(batch.layout, *drawn)
        made.keep(batch, photo)
        return terms | convincing(self.config, self.critic, self.layers, batch=batch, photo=photo)

    def judge(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """The photos against those made."""
        (photo,) = made.take(batch)
        return {"adversarial": Term(told_apart(self.critic, batch.layout, real=batch.photo, made=photo))}


class Judges(nn.Module):
    """ULBPGAN's two discriminators, of photos and of patterns; they learn together, as its generators do."""

    def __init__(self, config: Ulbp) -> None:
        super().__init__()
        width, scales = config.discriminator_width, config.scales
        self.photos = MultiscaleDiscriminator(config.planes + 3, width=width, scales=scales)
        self.patterns = MultiscaleDiscriminator(config.planes + 1, width=width, scales=scales)


class UlbpObjective(SpadeObjective):
    """SPADE's losses for the photo, and for the patterns a game, feature matching and the photo's own patterns.

    With `unified`, the discriminator of patterns also sees those of the generated photo; soft ones let it teach the
    photo's generator about texture.
    """

    def __init__(self, config: Ulbp, networks: nn.ModuleDict, layers: Layers | None) -> None:
        judges = cast("Judges", networks["discriminator"])
        super().__init__(config, nn.ModuleDict({**networks, "discriminator": judges.photos}), layers)
        self.ours, self.both, self.patterns = config, cast("UlbpPainter", networks["generator"]), judges.patterns

    def paint(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """Patterns and photo, which learn together."""
        config = self.ours
        photo, patterns = self.both.both(batch.layout, *self.both.drawn(batch.layout))
        wanted, own = self._patterns(batch.photo), self._patterns(photo)
        made.keep(batch, photo, patterns, own, wanted)
        adversarial, matching = _game(self.patterns, batch.layout, patterns, wanted)
        terms = {
            "texture": Term(F.l1_loss(patterns, wanted), config.texture),
            "texture_adversarial": Term(adversarial, config.texture_adversarial),
            "texture_matching": Term(matching, config.texture_matching),
            "coupling": Term(F.l1_loss(own, patterns.detach()), config.coupling if config.soft else 0.0),
        }
        if config.unified and config.soft:
            seen = self.patterns(batch.layout, own)
            fooling = hinge_generator([features[-1].float() for features in seen])
            terms["unified"] = Term(fooling, config.unified_adversarial)
        return terms | convincing(config, self.critic, self.layers, batch=batch, photo=photo)

    def judge(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """Photos against photos, patterns against patterns."""
        photo, patterns, own, wanted = made.take(batch)
        fakes = [patterns, own] if self.ours.unified else [patterns]
        losses = [told_apart(self.patterns, batch.layout, real=wanted, made=fake) for fake in fakes]
        return {
            "adversarial": Term(told_apart(self.critic, batch.layout, real=batch.photo, made=photo)),
            "texture": Term(torch.stack(losses).mean()),
        }

    def _patterns(self, photo: Tensor) -> Tensor:
        return soft_patterns(photo, softness=self.ours.softness) if self.ours.soft else hard_patterns(photo)


class CriticObjective(Turns[SceneBatch]):
    """The discriminator names each pixel's class, or says that it is made; no frozen network."""

    def __init__(self, config: Critic, networks: nn.ModuleDict) -> None:
        self.config = config
        self.painter = cast("CriticPainter", networks["generator"])
        self.critic = cast("SegmentationDiscriminator", networks["discriminator"])

    def paint(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """Photos that shall be taken for their layouts."""
        photo = self.painter(batch.layout, *self.painter.drawn(batch.layout))
        made.keep(batch, photo)
        weights = class_weights(batch.labels, self.config.count)
        return {"adversarial": Term(segmentation_generator(self.critic(photo), batch.labels, weights))}

    def judge(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """The photos against those made, and against mixtures of both."""
        (photo,) = made.take(batch)
        mask = label_mix(batch.labels, self.config.count)
        mixed = torch.where(mask > 0, batch.photo, photo)
        real, fake, both = self.critic(torch.cat([batch.photo, photo, mixed])).chunk(3)
        weights = class_weights(batch.labels, self.config.count)
        consistency = mixed_consistency(both.float(), real.float(), fake.float(), mask=mask)
        return {
            "adversarial": Term(segmentation_discriminator(real, fake, batch.labels, weights=weights)),
            "mix": Term(consistency, self.config.mix),
        }


def convincing(
    config: Spade | Sembla, critic: MultiscaleDiscriminator, layers: Layers | None, *, batch: SceneBatch, photo: Tensor
) -> Terms:
    """SPADE's losses of a photo made for a batch: the game, and features as the batch's photo has them."""
    adversarial, matching = _game(critic, batch.layout, photo, batch.photo)
    found = {"adversarial": Term(adversarial, config.adversarial), "matching": Term(matching, config.matching)}
    if layers:
        with torch.no_grad():
            real = layers(batch.photo)
        found["perceptual"] = Term(perceptual(layers(photo), real), config.perceptual)
    return found


def _style(config: Spade, painter: SpadePainter, batch: SceneBatch) -> tuple[tuple[Tensor, ...], Terms]:
    """The latent that the encoder reads in the batch's photos, and how far it is from normal; or nothing."""
    if painter.encoder is None:
        return (), {}
    mean, log_variance = painter.encoder(batch.photo)
    divergence = normal_divergence(mean.float(), log_variance.float())
    return (sampled(mean, log_variance),), {"divergence": Term(divergence, config.divergence)}


def _game(critic: MultiscaleDiscriminator, layout: Tensor, made: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """The generator's side: hinge loss, and the distance of features, summed over layers, a mean over scales."""
    with parametrize.cached():
        with torch.no_grad():
            wanted = critic(layout, real)
        found = critic(layout, made)
    pairs = list(zip(found, wanted, strict=True))
    matching = [feature_matching(ours[:-1], theirs[:-1]) * (len(ours) - 1) for ours, theirs in pairs]
    return hinge_generator([features[-1].float() for features in found]), torch.stack(matching).mean()


def told_apart(critic: MultiscaleDiscriminator, layout: Tensor, *, real: Tensor, made: Tensor) -> Tensor:
    """The discriminator's side, in one pass of both."""
    found = critic(torch.cat([layout, layout]), torch.cat([real.to(made.dtype), made]))
    scores = [features[-1].float().chunk(2) for features in found]
    return hinge_discriminator([pair[0] for pair in scores], [pair[1] for pair in scores])
