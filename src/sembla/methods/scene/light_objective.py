"""How `sembla` and `laptop` learn: from what SPADE's discriminators see, and from one that names each pixel's class."""

from typing import cast

import torch
from torch import Tensor, nn

from sembla.core.method import Term
from sembla.losses.segmentation import class_weights, segmentation_generator
from sembla.methods.scene.batches import SceneBatch
from sembla.methods.scene.config import Sembla
from sembla.methods.scene.objective import Layers, Made, Terms, Turns, convincing, segmented, told_apart
from sembla.methods.scene.painters import Drawn, LightPainter
from sembla.nn.discriminators import MultiscaleDiscriminator, SegmentationDiscriminator

__all__ = ["LightJudges", "LightObjective"]


class LightJudges(nn.Module):
    """Two discriminators, which learn together: one scores windows, one names the class of each pixel."""

    def __init__(self, config: Sembla) -> None:
        super().__init__()
        self.windows = MultiscaleDiscriminator(config.planes + 3, width=config.discriminator_width)
        self.pixels = SegmentationDiscriminator(config.count, width=config.segmenter_width)


class LightObjective(Turns):
    """Photos are asked for in the look of the batch's photos, so that these can be held against them.

    Looks are read class by class, or, every second time, from the whole photo for all classes, so that a photo without
    a label map can give its look.
    """

    def __init__(self, config: Sembla, networks: nn.ModuleDict, layers: Layers | None) -> None:
        self.config, self.layers = config, layers
        self.painter = cast("LightPainter", networks["generator"])
        judges = cast("LightJudges", networks["discriminator"])
        self.windows, self.pixels = judges.windows, judges.pixels

    def paint(self, batch: SceneBatch, made: Made) -> Terms:
        """Photos that shall be taken for the batch's, and for what their layouts say."""
        photo = self.painter(batch.layout, *self._looks(batch))
        made.keep(batch, photo)
        weights = class_weights(batch.labels, self.config.count)
        named = segmentation_generator(self.pixels(photo), batch.labels, weights)
        terms = {"segmentation": Term(named, self.config.segmentation)}
        return terms | convincing(self.config, self.windows, self.layers, batch=batch, photo=photo)

    def judge(self, batch: SceneBatch, made: Made) -> Terms:
        """The photos against those made, and against mixtures of both."""
        (photo,) = made.take(batch)
        terms = segmented(self.config, self.pixels, batch, photo=photo, mix=self.config.mix)
        return terms | {"windows": Term(told_apart(self.windows, batch.layout, real=batch.photo, made=photo))}

    def _looks(self, batch: SceneBatch) -> Drawn:
        """The photos' own latents, which are remembered."""
        encoder, classes = self.painter.encoder, batch.layout[:, : self.painter.classes]
        found = encoder(batch.photo)
        by_class = encoder.of_classes(found, classes)
        encoder.remember(by_class, classes)
        whole = torch.rand(batch.count, 1, 1, device=batch.photo.device) < 0.5
        latents: Tensor = torch.where(whole, encoder.of_all(found), by_class)
        return self.painter.placed(batch.layout, latents)
