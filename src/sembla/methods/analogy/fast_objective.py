"""How `fast` learns: the discriminator moves, then the generator, which copies lessons first and patches later."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.core.method import Player, Term, Turn
from sembla.losses.adversarial import hinge_discriminator, hinge_generator
from sembla.losses.patches import nearest_rows, patch_coherence, rows_at, sliced_wasserstein
from sembla.methods.analogy.config import Fast
from sembla.methods.analogy.copying import GRAIN, described, reduced
from sembla.methods.analogy.fast_batches import FastBatch
from sembla.methods.analogy.fast_networks import FastDiscriminator, FastGenerator
from sembla.methods.analogy.objective import Layers
from sembla.nn.planes import one_hot

__all__ = ["FastObjective", "players", "rate"]

_BETAS = (0.5, 0.99)
_SIDE = 7  # of the patches whose distributions are compared
_SCALES = 2
_FEWEST = 8  # patches of a class that make a distribution


def players(config: Fast) -> Mapping[str, Player]:
    """Generator and discriminator."""
    return {
        "generator": Player(config.generator_rate, _BETAS, half_life=config.half_life, clip=5.0),
        "discriminator": Player(config.discriminator_rate, _BETAS, teacher=True),
    }


def rate(config: Fast, player: str, images: int) -> float:
    """Linearly down to a tenth."""
    del player
    return 1 - 0.9 * min(1.0, images / config.decay)


class FastObjective:
    """What each player is taught."""

    def __init__(self, config: Fast, networks: nn.ModuleDict, layers: Layers) -> None:
        self.config = config
        self.generate = cast("FastGenerator", networks["generator"])
        self.judge = cast("FastDiscriminator", networks["discriminator"])
        self.layers = layers

    def turns(self, step: int) -> Sequence[Turn[FastBatch]]:
        """The discriminator, then the generator; the weight of copying falls with the steps."""
        done = min(1.0, step / max(1, self.config.warm_up))
        weight = self.config.picture + done * (self.config.picture_later - self.config.picture)
        return (
            Turn("discriminator", self.discriminator),
            Turn("generator", lambda batch: self.generator(batch, weight=weight)),
        )

    def discriminator(self, batch: FastBatch) -> dict[str, Term]:
        """It tells lessons from what the generator makes for their layouts; seeing through that, it sees less."""
        with torch.no_grad():
            made = self._made(batch)
        layout = self._layout(batch)
        real = self.judge(*self._augmented(reduced(batch.picture), layout))
        fake = self.judge(*self._augmented(made, layout))
        self._adapt(real, batch.count)
        return {"adversarial": Term(hinge_discriminator(real, fake))}

    def generator(self, batch: FastBatch, *, weight: float) -> dict[str, Term]:
        """It copies the lesson, takes its patches from the photo, class by class, and convinces."""
        made = self._made(batch)
        scores = self.judge(*self._augmented(made, self._layout(batch)))
        return {
            "picture": Term(F.l1_loss(made, reduced(batch.picture)), weight),
            "adversarial": Term(hinge_generator(scores), self.config.adversarial),
            "distribution": Term(self.distribution(made, batch), self.config.distribution),
            "patches": Term(self.coherence(made, batch), self.config.patches),
        }

    def distribution(self, made: Tensor, batch: FastBatch) -> Tensor:
        """Sliced Wasserstein distance of 7x7 patches, class by class weighted by area, over the scales."""
        directions = torch.randn(self.config.directions, 3 * _SIDE**2, device=made.device)
        directions = F.normalize(directions, dim=1) * _SIDE  # as far as a colour is wide
        pictures = made.float(), reduced(batch.photo)
        maps = [_at(labels, made.shape[2:]) for labels in (batch.layout, batch.labels)]
        distances = []
        for scale in range(_SCALES):
            if scale and min(made.shape[2:]) >> scale < 2 * _SIDE:
                break
            ours, theirs = (F.avg_pool2d(part, 2**scale) for part in pictures)
            wanted, given = (part[:, :: 2**scale, :: 2**scale] for part in maps)
            parts = zip(ours, theirs, wanted, given, strict=True)
            distances += [self._distance(one, other, labels, directions) for one, other, *labels in parts]
        return torch.stack(distances).mean()

    def _distance(self, made: Tensor, photo: Tensor, maps: Sequence[Tensor], directions: Tensor) -> Tensor:
        """Of one picture (3, H, W) and the photo, whose label maps (H, W) are `maps`."""
        rows, labels = self._sampled(made, maps[0])
        with torch.no_grad():
            known, classes = self._sampled(photo, maps[1])
        total = made.sum() * 0
        for label in torch.unique(labels).tolist():
            ours, theirs = rows[labels == label], known[classes == label]
            if min(len(ours), len(theirs)) >= _FEWEST:
                total = total + sliced_wasserstein(ours, theirs, directions) * (len(ours) / len(rows))
        return total

    def _sampled(self, picture: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Random patches of a picture (3, H, W), (N, D), and the labels of their centres (N,)."""
        labelled = labels[_SIDE // 2 : -(_SIDE // 2), _SIDE // 2 : -(_SIDE // 2)].flatten()
        drawn = torch.randperm(len(labelled), device=picture.device)[: self.config.sampled_patches]
        return rows_at(picture, _SIDE, drawn), labelled[drawn]

    def coherence(self, made: Tensor, batch: FastBatch) -> Tensor:
        """How far windows of random places, and their features, are from the nearest ones of the photo in the class."""
        photo = reduced(batch.photo[:1])
        layers = [described(made.float()), *self.layers(made)]
        with torch.no_grad():
            known = [planes[0].float().flatten(1).T for planes in (described(photo), *self.layers(photo))]
        distances = []
        for ours, source in zip(layers, known, strict=True):
            size = ours.shape[2:]
            classes = _at(batch.labels[:1], size).flatten()
            for planes, wanted in zip(ours.float(), _at(batch.layout, size).flatten(1), strict=True):
                drawn = torch.randint(len(wanted), (self.config.searched_patches,), device=wanted.device)
                rows = planes.flatten(1).T[drawn]
                nearest = _nearest_of_class(rows.detach(), wanted[drawn], source, classes)
                distances.append(patch_coherence(rows, source, nearest) / source.std().clamp(min=1e-3))
        return torch.cat(distances).mean()

    def _layout(self, batch: FastBatch) -> Tensor:
        """How much of each place each class has, (N, K, H / 4, W / 4)."""
        return reduced(one_hot(batch.layout, self.config.classes))

    def _made(self, batch: FastBatch) -> Tensor:
        classes = self.config.classes
        height, width = batch.layout.shape[1:]
        noise = torch.randn(batch.count, 1, height // GRAIN, width // GRAIN, device=batch.photo.device)
        made: Tensor = self.generate(
            batch.photo[:1], one_hot(batch.labels[:1], classes), one_hot(batch.layout, classes), noise=noise
        )
        return made

    def _augmented(self, picture: Tensor, layout: Tensor) -> tuple[Tensor, Tensor]:
        """Both mirrored and shifted, the picture recoloured, as often as the strength says (Karras et al. 2020)."""
        chosen = torch.rand(3, device=picture.device) < self.judge.strength
        if chosen[0]:
            picture, layout = picture.flip(3), layout.flip(3)
        if chosen[1]:
            shifts = [int(torch.randint(-(side // 8), side // 8 + 1, ())) for side in picture.shape[2:]]
            picture, layout = (part.roll(shifts, dims=(2, 3)) for part in (picture, layout))
        if chosen[2]:
            picture = picture * (1 + 0.2 * torch.randn((), device=picture.device)) + 0.2 * torch.randn(
                (1, 3, 1, 1), device=picture.device
            )
        return picture, layout

    def _adapt(self, real: Sequence[Tensor], count: int) -> None:
        """Augment more where the discriminator is too sure of real pictures, less where it is not."""
        with torch.no_grad():
            sign = torch.stack([score.float().sign().mean() for score in real]).mean()
            step = torch.sign(sign - self.config.target_sign) * (count / self.config.adaptation)
            self.judge.strength.add_(step).clamp_(0, 0.8)


def _nearest_of_class(rows: Tensor, wanted: Tensor, source: Tensor, classes: Tensor) -> Tensor:
    """The nearest of the rows (M, D) of `source` to each of `rows` (N, D) that has its class: (N, 1).

    For a class that `source` has nothing of, the nearest of all.
    """
    nearest = torch.empty(len(rows), 1, dtype=torch.long, device=rows.device)
    for label in torch.unique(wanted).tolist():
        ours, theirs = wanted == label, (classes == label).nonzero()[:, 0]
        if not len(theirs):
            theirs = torch.arange(len(source), device=rows.device)
        nearest[ours] = theirs[nearest_rows(rows[ours], source[theirs])]
    return nearest


def _at(labels: Tensor, size: Sequence[int]) -> Tensor:
    """Label maps (N, H, W) at another size, by nearest pixels."""
    rows, columns = (
        (torch.arange(new, device=labels.device) * 2 + 1) * old // (2 * new)
        for old, new in zip(labels.shape[1:], size, strict=True)
    )
    return labels[:, rows][:, :, columns]
