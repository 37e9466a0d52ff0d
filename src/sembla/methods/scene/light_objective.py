"""How `sembla` and `laptop` learn: a segmenting discriminator, and photos of the same look where the look is given."""

from typing import cast

import torch
from torch import Tensor, nn

from sembla.core.method import Term
from sembla.losses.perceptual import perceptual
from sembla.losses.regularise import normal_divergence
from sembla.losses.segmentation import class_weights, segmentation_generator
from sembla.methods.scene.batches import SceneBatch
from sembla.methods.scene.config import Sembla
from sembla.methods.scene.objective import Layers, Made, Terms, Turns, segmented
from sembla.methods.scene.painters import Drawn, LightPainter, sampled
from sembla.nn.discriminators import SegmentationDiscriminator

__all__ = ["LightObjective"]


class LightObjective(Turns):
    """Half of the photos are asked for in the look of the photo itself, half in a random one.

    Those of the first half shall also look like the photo to a frozen network. Their latents are read class by class,
    or, every second time, from the whole photo for all classes, so that a photo without a label map can give its look.
    """

    def __init__(self, config: Sembla, networks: nn.ModuleDict, layers: Layers | None) -> None:
        self.config, self.layers = config, layers
        self.painter = cast("LightPainter", networks["generator"])
        self.critic = cast("SegmentationDiscriminator", networks["discriminator"])

    def paint(self, batch: SceneBatch, made: Made) -> Terms:
        """Photos that shall be taken for their layouts, and where they are to, for the batch's photos."""
        own = torch.rand(batch.count, device=batch.photo.device) < 0.5
        drawn, divergence = self._looks(batch, own)
        photo = self.painter(batch.layout, *drawn)
        made.keep(batch, photo)
        weights = class_weights(batch.labels, self.config.count)
        adversarial = segmentation_generator(self.critic(photo), batch.labels, weights)
        terms = {"adversarial": Term(adversarial), "divergence": Term(divergence, self.config.divergence)}
        if self.layers:
            terms["perceptual"] = Term(self._alike(photo, batch, own), self.config.perceptual)
        return terms

    def judge(self, batch: SceneBatch, made: Made) -> Terms:
        """The photos against those made, and against mixtures of both."""
        (photo,) = made.take(batch)
        return segmented(self.config, self.critic, batch, photo=photo, mix=self.config.mix)

    def _looks(self, batch: SceneBatch, own: Tensor) -> tuple[Drawn, Tensor]:
        """The photos' own latents or random ones, and how far the former are from normal, per latent number."""
        whole = torch.rand(batch.count, 1, 1, 1, device=batch.photo.device) < 0.5
        classes = batch.layout[:, : self.painter.classes]
        mean, log_variance = self.painter.encoder(batch.photo, torch.where(whole, 1.0, classes))
        read = sampled(mean, log_variance)
        latents = torch.where(own.view(-1, 1, 1), read, torch.randn_like(read))
        divergence = normal_divergence(mean, log_variance) / mean.shape[1]
        return self.painter.placed(batch.layout, latents), divergence

    def _alike(self, photo: Tensor, batch: SceneBatch, own: Tensor) -> Tensor:
        """The perceptual loss of those asked for in their own look, a mean over all."""
        assert self.layers
        if not own.any():
            return photo.sum() * 0
        with torch.no_grad():
            real = self.layers(batch.photo[own])
        return perceptual(self.layers(photo[own]), real) * own.float().mean()
