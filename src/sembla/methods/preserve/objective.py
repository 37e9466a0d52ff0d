"""How the published priors learn: BEGAN's balance of an autoencoder's losses, and Wasserstein with gradient penalty."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn

from sembla.core.method import Term, Turn
from sembla.latents.drawing import draw_codes
from sembla.methods.preserve.batches import PhotoBatch
from sembla.methods.preserve.config import Began, Wgan
from sembla.methods.preserve.networks import Autoencoder, WganCritic

__all__ = ["BeganObjective", "WganObjective"]

Terms: TypeAlias = Mapping[str, Term]


class BeganObjective:
    """Berthelot et al. 2017: the autoencoder shall make real pictures anew, and made ones badly, in balance."""

    def __init__(self, config: Began, networks: nn.ModuleDict) -> None:
        self.config, self.generator = config, networks["generator"]
        self.autoencoder = cast("Autoencoder", networks["discriminator"])

    def turns(self, step: int) -> Sequence[Turn[PhotoBatch]]:
        """One turn each."""
        del step
        return (Turn("discriminator", self.tell), Turn("generator", self.make))

    def tell(self, batch: PhotoBatch) -> Terms:
        """Eq. 3: the loss of real pictures, less a share of that of made ones; the share follows their balance."""
        with torch.no_grad():
            made = self.generator(draw_codes(self.config, batch.count, like=batch.photo))
        real, fake = self._loss(batch.photo), self._loss(made)
        balance = self.autoencoder.balance.clone()
        with torch.no_grad():
            drift = self.config.diversity * real.float() - fake.float()
            self.autoencoder.balance.add_(self.config.balance_rate * drift).clamp_(0, 1)
        return {"real": Term(real), "made": Term(-balance * fake)}

    def make(self, batch: PhotoBatch) -> Terms:
        """Pictures that the autoencoder makes anew well."""
        made = self.generator(draw_codes(self.config, batch.count, like=batch.photo))
        return {"made": Term(self._loss(made))}

    def _loss(self, pictures: Tensor) -> Tensor:
        """Eq. 1, absolute differences: the mean."""
        loss: Tensor = (self.autoencoder(pictures) - pictures).abs().mean()
        return loss


class WganObjective:
    """Gulrajani et al. 2017: a critic whose gradient has length one between real and made pictures."""

    def __init__(self, config: Wgan, networks: nn.ModuleDict) -> None:
        self.config, self.generator = config, networks["generator"]
        self.critic = cast("WganCritic", networks["discriminator"])

    def turns(self, step: int) -> Sequence[Turn[PhotoBatch]]:
        """The critic several times, each on a part of the batch of its own, then the generator."""
        del step
        turns = self.config.critic_steps
        tell = tuple(Turn("discriminator", partial(self.tell, part=part)) for part in range(turns))
        return (*tell, Turn("generator", self.make))

    def tell(self, batch: PhotoBatch, *, part: int) -> Terms:
        """Eq. 3."""
        real = self._part(batch, part)
        with torch.no_grad():
            made = self.generator(draw_codes(self.config, len(real), like=real))
        with torch.autocast(real.device.type, enabled=False):  # slopes of slopes
            made = made.float()
            distance = self.critic(made).mean() - self.critic(real).mean()
            return {"distance": Term(distance), "penalty": Term(self._penalty(real, made), self.config.penalty)}

    def make(self, batch: PhotoBatch) -> Terms:
        """Pictures of high scores."""
        count = len(self._part(batch, 0))
        made = self.generator(draw_codes(self.config, count, like=batch.photo))
        return {"made": Term(-self.critic(made).mean())}

    def _part(self, batch: PhotoBatch, part: int) -> Tensor:
        turns = self.config.critic_steps
        first = part * batch.count // turns
        return batch.photo[first : max((part + 1) * batch.count // turns, first + 1)]

    def _penalty(self, real: Tensor, made: Tensor) -> Tensor:
        """How far slopes are from one, at random places between pairs."""
        mixed = torch.lerp(real, made, torch.rand(len(real), 1, 1, 1, device=real.device)).requires_grad_()
        (slopes,) = torch.autograd.grad(self.critic(mixed).sum(), mixed, create_graph=True)
        penalty: Tensor = (slopes.flatten(1).norm(dim=1) - 1).square().mean()
        return penalty
