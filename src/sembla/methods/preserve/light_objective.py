"""How `sembla` learns: a projected GAN, and beside it the encoder that search begins with."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn

from sembla.core.method import Term, Turn
from sembla.latents.drawing import draw_codes
from sembla.losses.adversarial import hinge_discriminator, hinge_generator
from sembla.methods.preserve.batches import PhotoBatch
from sembla.methods.preserve.config import Sembla
from sembla.methods.preserve.light_networks import RegionEncoder, of_one_length
from sembla.nn.augmenting import augmented
from sembla.nn.frozen import still
from sembla.nn.perceptual import Depths
from sembla.nn.projected import Judged

__all__ = ["LightObjective"]

Terms: TypeAlias = Mapping[str, Term]

_REGION = (0.15, 0.7)


class LightObjective:
    """The game is Sauer et al. 2021's; then the encoder learns from what the generator makes, whose codes are known."""

    def __init__(self, config: Sembla, networks: nn.ModuleDict, depths: Depths) -> None:
        self.config, self.depths = config, depths
        self.generator, self.judge = networks["generator"], cast("Judged", networks["discriminator"])
        self.encoder = cast("RegionEncoder", networks["encoder"])

    def turns(self, step: int) -> Sequence[Turn[PhotoBatch]]:
        """All; by their rates the encoder waits until the game is over, when the generator is its own average."""
        del step
        return (Turn("discriminator", self.tell), Turn("generator", self.make), Turn("encoder", self.encode))

    def tell(self, batch: PhotoBatch) -> Terms:
        """Photos from what is made."""
        with torch.no_grad():
            made = self.generator(draw_codes(self.config, batch.count, like=batch.photo))
        return {"adversarial": Term(hinge_discriminator(self._scores(batch.photo), self._scores(made)))}

    def make(self, batch: PhotoBatch) -> Terms:
        """Pictures that shall be taken for photos."""
        made = self.generator(draw_codes(self.config, batch.count, like=batch.photo))
        return {"adversarial": Term(hinge_generator(self._scores(made)))}

    def encode(self, batch: PhotoBatch) -> Terms:
        """The code of a picture that was made, by what a region of it shows: how unlikely it is held."""
        codes = draw_codes(self.config, batch.count, like=batch.photo)
        with torch.no_grad(), still(self.generator):
            made = self.generator(codes).float()
        means, unsure = self.encoder(made, _regions(made))
        apart = (of_one_length(codes) - means).square()
        return {"codes": Term((apart * (-unsure).exp() + unsure).mean() / 2)}

    def _scores(self, pictures: Tensor) -> list[Tensor]:
        seen = augmented(pictures) if self.config.augment else pictures
        scores: list[Tensor] = self.judge(seen, self.depths)
        return scores


def _regions(photos: Tensor) -> Tensor:
    """A rectangle in each photo (N, 3, H, W), as (N, 1, H, W) of 0.0 and 1.0."""
    inside = []
    for side in photos.shape[2:]:
        share = torch.empty(len(photos), 1, device=photos.device).uniform_(*_REGION)
        first = torch.rand(len(photos), 1, device=photos.device) * (1 - share)
        places = (torch.arange(side, device=photos.device) + 0.5) / side
        inside.append((places >= first) & (places < first + share))
    return (inside[0][:, None, :, None] & inside[1][:, None, None, :]).to(photos.dtype)
