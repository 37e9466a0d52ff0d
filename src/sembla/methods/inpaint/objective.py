"""How the recipes learn: the published game, the encoder beside it, and ours, where both are one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.core.method import Term, Turn
from sembla.latents.drawing import draw_codes
from sembla.losses.adversarial import hinge_discriminator, hinge_generator
from sembla.losses.regularise import normal_divergence
from sembla.methods.inpaint.batches import FaceBatch
from sembla.methods.inpaint.config import Config, Sembla
from sembla.methods.inpaint.light_networks import LightInpainter
from sembla.nn.augmenting import augmented
from sembla.nn.frozen import still
from sembla.nn.perceptual import Depths
from sembla.nn.projected import Judged

__all__ = ["LightObjective", "PublishedObjective"]

Terms: TypeAlias = Mapping[str, Term]


class PublishedObjective:
    """Goodfellow et al. 2014 with the generator's loss that does not saturate; the encoder learns beside.

    The original shows each player a batch of its own; here both see one, with codes of their own.
    """

    def __init__(self, config: Config, networks: nn.ModuleDict, depths: Depths) -> None:
        self.config, self.depths = config, depths
        self.generator, self.judge = networks["generator"], networks["discriminator"]
        self.encoder = networks["encoder"]

    def turns(self, step: int) -> Sequence[Turn[FaceBatch]]:
        """One turn each."""
        del step
        return (
            Turn("discriminator", self.tell),
            Turn("generator", self.make),
            Turn("encoder", self.encode),
        )

    def tell(self, batch: FaceBatch) -> Terms:
        """Faces from what is made of the same maps."""
        with torch.no_grad():
            made = self._made(batch)
        real, fake = (self.judge(faces, batch.maps).float() for faces in (batch.photo, made))
        return {"real": Term(F.softplus(-real).mean()), "made": Term(F.softplus(fake).mean())}

    def make(self, batch: FaceBatch) -> Terms:
        """Faces that shall be taken for real ones."""
        return {"made": Term(F.softplus(-self.judge(self._made(batch), batch.maps).float()).mean())}

    def encode(self, batch: FaceBatch) -> Terms:
        """Codes of damaged faces, whose pictures shall be the whole faces."""
        codes, unsure = self.encoder(batch.photo, batch.holes, batch.maps)
        with still(self.generator):
            made = self.generator(_around(codes, unsure), batch.maps)
        made = made.float()
        return {
            "pixels": Term((made - batch.photo).abs().mean()),
            **perceived(self.config, self.depths, made=made, photo=batch.photo),
            "divergence": Term(_sureness(unsure), _SURE),
        }

    def _made(self, batch: FaceBatch) -> Tensor:
        made: Tensor = self.generator(draw_codes(self.config, batch.count, like=batch.photo), batch.maps)
        return made


_SURE = 0.001
_KNOWN = 0.1  # how much refined pixels count that are known, beside 1.1 in holes


def _around(codes: Tensor, unsure: Tensor) -> Tensor:
    """Codes drawn about those that were read, as far off as the encoder says it may be."""
    return codes + torch.randn_like(codes) * (unsure / 2).exp()


def _sureness(unsure: Tensor) -> Tensor:
    """What keeps an encoder from being sure of everything: the divergence of widths alone."""
    return (unsure.exp() - 1 - unsure).sum(1).mean() / 2


def perceived(config: Config, depths: Depths, *, made: Tensor, photo: Tensor) -> dict[str, Term]:
    """The mean absolute difference of pictures (N, 3, H, W) at the depths of a frozen network, if that counts."""
    if not config.perceptual:
        return {}
    with torch.no_grad():
        wanted = depths(photo)
    apart = [(one - other).abs().mean() for one, other in zip(depths(made), wanted, strict=True)]
    return {"perceptual": Term(torch.stack(apart).mean(), config.perceptual)}


class LightObjective:
    """Faces that are made of codes read in damaged faces shall be the whole faces; of drawn codes, look like faces.

    Larsen et al. 2016 (an autoencoder beside a game), with codes that are read in part of a picture. What the refiner
    makes of half of those is looked at in place of what it was given, in the hole that it was made for.
    """

    def __init__(self, config: Sembla, networks: nn.ModuleDict, depths: Depths) -> None:
        self.config, self.depths = config, depths
        self.inpainter = cast("LightInpainter", networks["generator"])
        self.judge = cast("Judged", networks["discriminator"])

    def turns(self, step: int) -> Sequence[Turn[FaceBatch]]:
        """One turn each."""
        del step
        return (Turn("discriminator", self.tell), Turn("generator", self.make))

    def tell(self, batch: FaceBatch) -> Terms:
        """Faces from what is made of codes that were read, and of drawn ones."""
        with torch.no_grad():
            made = self._made(batch).shown
        scores = [self._scores(faces) for faces in (batch.photo, made)]
        return {"adversarial": Term(hinge_discriminator(*scores))}

    def make(self, batch: FaceBatch) -> Terms:
        """Faces that shall be taken for real ones, and be the batch's where their codes were read."""
        its = self._made(batch)
        read, refined = len(its.codes), len(its.refined)
        alike = {"pixels": Term((its.made[:read] - batch.photo[:read]).abs().mean())}
        if refined:
            weights = _KNOWN + batch.holes[:refined]
            alike["refined"] = Term((weights * (its.refined - batch.photo[:refined]).abs()).mean())
        alike |= perceived(self.config, self.depths, made=its.shown[:read], photo=batch.photo[:read])
        return {
            "adversarial": Term(hinge_generator(self._scores(its.shown))),
            "divergence": Term(normal_divergence(its.codes, its.unsure), self.config.divergence),
            **{name: Term(term.value, term.weight * self.config.reconstruction) for name, term in alike.items()},
        }

    def _made(self, batch: FaceBatch) -> "_Made":
        """Of the codes of the batch, of which the first three quarters are read, the others drawn."""
        count = max(1, 3 * batch.count // 4)
        photo, holes = batch.photo[:count], batch.holes[:count]
        codes, unsure = self.inpainter.read(photo, holes, batch.maps[:count])
        drawn = draw_codes(self.config, batch.count - count, like=batch.photo)
        made = self.inpainter(torch.cat([_around(codes, unsure), drawn]), batch.maps).float()
        half = (count + 1) // 2 if self.config.refiner_width else 0
        photo, holes = photo[:half], holes[:half]
        refined = self.inpainter.refine(photo, holes, made[:half].detach()).float()
        shown = torch.cat([photo + holes * (refined - photo), made[half:]])
        return _Made(codes, unsure, made, refined, shown)

    def _scores(self, faces: Tensor) -> list[Tensor]:
        """Of faces alone: that they keep to their maps is asked by what they shall be."""
        scores: list[Tensor] = self.judge(augmented(faces.float()), self.depths)
        return scores


@dataclass(frozen=True)
class _Made:
    """What became of a batch of N."""

    codes: Tensor
    """Those that were read, (R, L)."""
    unsure: Tensor
    made: Tensor
    """(N, 3, H, W), the first R of codes that were read."""
    refined: Tensor
    """What became of the first of them, (M, 3, H, W)."""
    shown: Tensor
    """`made`, but the first M of the batch, with their holes filled by what was refined, (N, 3, H, W)."""
