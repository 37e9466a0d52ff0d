"""What of the method needs PyTorch, for all recipes."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sembla.core.method import Graph, Objective, Parts, Player
from sembla.core.tasks import PreserveTask
from sembla.data.prepared import Prepared
from sembla.latents.drawing import draw_codes
from sembla.methods.preserve import synthesis
from sembla.methods.preserve.batches import PhotoBatch, batches
from sembla.methods.preserve.config import Began, Config, Sembla, Wgan, uses_critic
from sembla.methods.preserve.light_networks import LightGenerator, RegionEncoder
from sembla.methods.preserve.light_objective import LightObjective
from sembla.methods.preserve.networks import Autoencoder, BeganGenerator, WganCritic, WganGenerator
from sembla.methods.preserve.objective import BeganObjective, WganObjective
from sembla.nn.baking import baked_twin
from sembla.nn.perceptual import find_depths
from sembla.nn.projected import judged

__all__ = ["PARTS"]

_LEAST_RATE = 0.25


def _networks(config: Config) -> nn.ModuleDict:
    match config:
        case Began():
            return nn.ModuleDict({"generator": BeganGenerator(config), "discriminator": Autoencoder(config)})
        case Wgan():
            return nn.ModuleDict({"generator": WganGenerator(config), "discriminator": WganCritic(config)})
        case Sembla():
            judge = judged(config.features, width=config.discriminator_width)
            return nn.ModuleDict(
                {"generator": LightGenerator(config), "discriminator": judge, "encoder": RegionEncoder(config)}
            )
    raise AssertionError(type(config))


def _players(config: Config) -> Mapping[str, Player]:
    betas = config.first_beta, config.second_beta
    players = {
        "generator": Player(config.generator_rate, betas, half_life=config.half_life),
        "discriminator": Player(config.discriminator_rate, betas, teacher=not uses_critic(config)),
    }
    if isinstance(config, Sembla):
        players["encoder"] = Player(config.encoder_rate, (0.9, 0.999))
    return players


def _rate(config: Config, player: str, images: int) -> float:
    match config:
        case Began():
            return float(max(_LEAST_RATE, 0.5 ** (images // config.halving)))
        case Sembla():
            if player == "encoder":
                begun = images - config.game
                return max(0.0, 1 - begun / (config.images - config.game)) if begun >= 0 else 0.0
            return min(1.0, max(0.0, (config.game - images) / max(1, config.game - config.settled)))
    return 1.0


def _objective(config: Config, networks: nn.ModuleDict) -> Objective[PhotoBatch]:
    match config:
        case Began():
            return BeganObjective(config, networks)
        case Wgan():
            return WganObjective(config, networks)
        case Sembla():
            device = next(networks.parameters()).device
            return LightObjective(config, networks, find_depths(config.features, device))
    raise AssertionError(type(config))


class _Codes(nn.Module):
    """A generator by itself."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, codes: Tensor) -> Tensor:
        made: Tensor = self.generator(codes)
        return made


def _graph(config: Config, networks: nn.ModuleDict) -> Graph:
    """The generator, of any number of codes."""
    twin = baked_twin(networks["generator"], new=_networks(config)["generator"])
    codes = draw_codes(config, 2, like=torch.zeros(()), chance=torch.Generator().manual_seed(0))
    return Graph(_Codes(twin), {"codes": codes}, ("picture",), {"codes": (0,)})


PARTS: Parts[Config, Prepared, PhotoBatch] = Parts(
    networks=_networks,
    players=_players,
    rate=_rate,
    objective=_objective,
    batches=batches,
    previews=synthesis.previews,
    tasks={PreserveTask: synthesis.preserve},
    trials=synthesis.trials,
    graph=_graph,
)
"""All recipes, told apart by their configs."""
