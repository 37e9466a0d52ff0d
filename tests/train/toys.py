"""Two methods of two tiny players, small enough to know every number: oracles for engine, runs and train."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  its usual name

from sembla.core.method import Feed, Method, Pace, Parts, Player, Sheet, Term, Turn


@dataclass(frozen=True)
class Points:
    """A batch of points and of latent codes."""

    points: Tensor
    """(N, 2)."""
    latents: Tensor
    """(N, 2)."""

    @property
    def count(self) -> int:
        return len(self.points)


@dataclass(frozen=True)
class Cloud:
    """What the toys train on: points about a centre."""

    centre: tuple[float, float] = (2.0, -1.0)


@dataclass(frozen=True)
class Depth:
    """A part of the config with fields of its own."""

    width: int = 8
    norm: bool = False


@dataclass(frozen=True)
class ToyConfig:
    """Settings of the toy."""

    depth: Depth = field(default_factory=Depth)
    rates: tuple[float, float] = (0.001, 0.004)
    """Of the generator and the discriminator."""
    half_life: float = 64.0
    clip: float | None = None
    own_noise: bool = True
    """Latent codes are drawn in the lesson, from PyTorch's random state; else they come with the batch."""
    decay: int = 0
    """Images over which the rates fall to nothing; 0 keeps them."""
    poison: int = -1
    """The step in which the generator's loss is spoilt."""


def networks(config: ToyConfig) -> nn.ModuleDict:
    width = config.depth.width
    between = nn.BatchNorm1d(width) if config.depth.norm else nn.Identity()
    generator = nn.Sequential(nn.Linear(2, width), between, nn.Tanh(), nn.Linear(width, 2))
    discriminator = nn.Sequential(nn.Linear(2, width), nn.LeakyReLU(0.2), nn.Linear(width, 1))
    helper = nn.Linear(2, 2, bias=False)
    nn.init.eye_(helper.weight)
    return nn.ModuleDict({"generator": generator, "discriminator": discriminator, "helper": helper})


def players(config: ToyConfig) -> Mapping[str, Player]:
    slow, fast = config.rates
    return {
        "generator": Player(slow, half_life=config.half_life, clip=config.clip),
        "discriminator": Player(fast, betas=(0.5, 0.9)),
    }


def rate(config: ToyConfig, player: str, images: int) -> float:
    assert player in {"generator", "discriminator"}
    return 1.0 if not config.decay else max(0.0, 1 - images / config.decay)


class ToyObjective:
    """A GAN with the hinge loss; the generator moves twice."""

    def __init__(self, config: ToyConfig, nets: nn.ModuleDict) -> None:
        self._config, self._nets = config, nets

    def turns(self, step: int) -> Sequence[Turn[Points]]:
        lesson = Turn("generator", partial(self.generator, spoilt=step == self._config.poison))
        return (Turn("discriminator", self.discriminator), lesson, lesson)

    def _fakes(self, batch: Points) -> Tensor:
        latents = torch.randn_like(batch.latents) if self._config.own_noise else batch.latents
        fakes: Tensor = self._nets["helper"](self._nets["generator"](latents))
        return fakes

    def discriminator(self, batch: Points) -> Mapping[str, Term]:
        judge = self._nets["discriminator"]
        real, fake = judge(batch.points), judge(self._fakes(batch))
        return {"real": Term(F.relu(1 - real).mean()), "fake": Term(F.relu(1 + fake).mean())}

    def generator(self, batch: Points, *, spoilt: bool) -> Mapping[str, Term]:
        fakes = self._fakes(batch)
        return {
            "adversarial": Term(-self._nets["discriminator"](fakes).mean() * (torch.inf if spoilt else 1.0)),
            "size": Term(fakes.square().mean(), 0.01),
            "told": Term(fakes.detach().mean(), 0.0),
        }


def batches(config: ToyConfig, source: Cloud, feed: Feed) -> Iterator[Points]:
    del config
    for numbers in feed.numbers():
        drawn = np.stack([np.random.default_rng((feed.seed, number)).normal(size=4) for number in numbers])
        values = torch.tensor(drawn, dtype=torch.float32)
        yield Points(values[:, :2] + torch.tensor(source.centre), values[:, 2:])


def previews(config: ToyConfig, nets: nn.ModuleDict, source: Cloud) -> Sheet:
    del config, source
    assert not nets.training
    points = nets["generator"](torch.randn(64, 2))
    picture = np.full((32, 32, 3), 255, np.uint8)
    places = (points * 4 + 16).clamp(0, 31).long().numpy()
    picture[places[:, 1], places[:, 0]] = 0
    return Sheet(("points",), [[picture]])


def fitted(config: ToyConfig, source: Cloud) -> ToyConfig:
    del source
    return config


def _parts() -> Parts[ToyConfig, Cloud, Points]:
    return Parts(networks, players, rate, ToyObjective, batches, previews)


GAN = Method(
    name="toy",
    summary="A cloud of points, learned.",
    paper="None.",
    recipes={"small": ToyConfig()},
    source=Cloud,
    fitted=fitted,
    pace=lambda config: Pace(steps=20, batch=config.depth.width),
    load=_parts,
)
