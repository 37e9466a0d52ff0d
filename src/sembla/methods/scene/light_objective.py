"""How `sembla` and `laptop` learn: from what SPADE's discriminators see, and from a network that names pixels' classes.

That network learns beside them, from the photos alone, so it plays no game: what is made is asked to be as easily named
as photos are. (The auxiliary classifier of Odena et al. 2017, for each pixel, and without their lesson from what is
made.) The method's page tells how much better it does than OASIS' discriminator in its place.
"""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from sembla.core.method import Term, Turn
from sembla.losses.moves import Made, Terms, Turns
from sembla.losses.segmentation import class_weights, segmentation
from sembla.methods.scene.batches import SceneBatch
from sembla.methods.scene.config import Sembla
from sembla.methods.scene.objective import Layers, convincing, told_apart
from sembla.methods.scene.painters import Drawn, LightPainter
from sembla.nn.discriminators import MultiscaleDiscriminator
from sembla.nn.segmentation import SegmentationNetwork

__all__ = ["LightObjective"]


class LightObjective(Turns[SceneBatch]):
    """Photos are asked for in the look of the batch's photos, so that these can be held against them.

    Looks are read class by class, or, every second time, from the whole photo for all classes, so that a photo without
    a label map can give its look.
    """

    def __init__(self, config: Sembla, networks: nn.ModuleDict, layers: Layers | None) -> None:
        self.config, self.layers = config, layers
        self.painter = cast("LightPainter", networks["generator"])
        self.critic = cast("MultiscaleDiscriminator", networks["discriminator"])
        self.segmenter = cast("SegmentationNetwork", networks["segmenter"])

    def turns(self, step: int) -> Sequence[Turn[SceneBatch]]:
        """The segmenter learns beside the two that play, where it is asked."""
        beside = (Turn("segmenter", self.name),) if self.config.segmentation else ()
        return (*super().turns(step), *beside)

    def paint(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """Photos that shall be taken for the batch's, and for what their layouts say."""
        photo = self.painter(batch.layout, *self._looks(batch))
        made.keep(batch, photo)
        weights = class_weights(batch.labels, self.config.count)
        named = segmentation(self.segmenter(photo), batch.labels, weights)
        terms = {"segmentation": Term(named, self.config.segmentation)}
        return terms | convincing(self.config, self.critic, self.layers, batch=batch, photo=photo)

    def judge(self, batch: SceneBatch, made: Made[SceneBatch]) -> Terms:
        """The photos against those made."""
        (photo,) = made.take(batch)
        return {"adversarial": Term(told_apart(self.critic, batch.layout, real=batch.photo, made=photo))}

    def name(self, batch: SceneBatch) -> Terms:
        """The classes of the photos' pixels; rare ones count more, by the root of what they would to count alike."""
        weights = class_weights(batch.labels, self.config.count).sqrt()
        return {"segmentation": Term(segmentation(self.segmenter(batch.photo), batch.labels, weights))}

    def _looks(self, batch: SceneBatch) -> Drawn:
        """The photos' own latents, which are remembered."""
        encoder, classes = self.painter.encoder, batch.layout[:, : self.painter.classes]
        found = encoder(batch.photo)
        by_class = encoder.of_classes(found, classes)
        encoder.remember(by_class, classes)
        whole = torch.rand(batch.count, 1, 1, device=batch.photo.device) < 0.5
        latents: Tensor = torch.where(whole, encoder.of_all(found), by_class)
        return self.painter.placed(batch.layout, latents)
