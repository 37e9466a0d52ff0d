"""What of the method needs PyTorch, for all recipes."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from sembla.core.method import Graph, Objective, Parts, Player
from sembla.core.tasks import InpaintTask, InventTask, PersonTask
from sembla.data.prepared import Prepared
from sembla.latents.drawing import draw_codes
from sembla.methods.inpaint import synthesis
from sembla.methods.inpaint.batches import FaceBatch, batches
from sembla.methods.inpaint.config import Conditional, Config, Dcgan, Sembla
from sembla.methods.inpaint.light_networks import LightInpainter
from sembla.methods.inpaint.networks import ConditionalGenerator, DcganGenerator, Discriminator, Encoder
from sembla.methods.inpaint.objective import LightObjective, PublishedObjective
from sembla.methods.inpaint.people_synthesis import people
from sembla.nn.baking import baked_twin
from sembla.nn.perceptual import find_depths
from sembla.nn.projected import judged

__all__ = ["PARTS"]

_FADING, _EVERY = 0.8, 5_000_000  # the published rate falls to so much, in so many images
_FULL = 0.6  # share of our training at the full rate


def _networks(config: Config) -> nn.ModuleDict:
    match config:
        case Conditional():
            generator: nn.Module = ConditionalGenerator(config)
        case Dcgan():
            generator = DcganGenerator(config)
        case Sembla():
            judge = judged(config.features, width=config.discriminator_width)
            return nn.ModuleDict({"generator": LightInpainter(config), "discriminator": judge})
        case _:
            raise AssertionError(type(config))
    return nn.ModuleDict({"generator": generator, "discriminator": Discriminator(config), "encoder": Encoder(config)})


def _players(config: Config) -> Mapping[str, Player]:
    betas = config.first_beta, config.second_beta
    players = {
        "generator": Player(config.generator_rate, betas, half_life=config.half_life),
        "discriminator": Player(config.discriminator_rate, betas, teacher=isinstance(config, Sembla)),
    }
    if not isinstance(config, Sembla):
        players["encoder"] = Player(config.encoder_rate, (0.9, 0.999))
    return players


def _rate(config: Config, player: str, images: int) -> float:
    del player
    if isinstance(config, Sembla):
        return min(1.0, max(0.0, (1 - images / config.images) / (1 - _FULL)))
    return float(_FADING ** (images / _EVERY))


def _objective(config: Config, networks: nn.ModuleDict) -> Objective[FaceBatch]:
    depths = find_depths(config.features, next(networks.parameters()).device)
    if isinstance(config, Sembla):
        return LightObjective(config, networks, depths)
    return PublishedObjective(config, networks, depths)


class _Codes(nn.Module):
    """A generator by itself."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, codes: Tensor, maps: Tensor) -> Tensor:
        made: Tensor = self.generator(codes, maps)
        return made


class _CodesAlone(_Codes):
    """One that knows no map."""

    def forward(self, codes: Tensor) -> Tensor:  # type: ignore[override]  # exporters ask by name
        made: Tensor = self.generator(codes)
        return made


def _graph(config: Config, networks: nn.ModuleDict) -> Graph:
    """The generator, of any number of codes and face maps in -1 to 1."""
    twin = baked_twin(networks["generator"], new=_networks(config)["generator"])
    codes = draw_codes(config, 2, like=torch.zeros(()), chance=torch.Generator().manual_seed(0))
    if not config.mapped:
        return Graph(_CodesAlone(twin), {"codes": codes}, ("face",), {"codes": (0,)})
    maps = torch.rand(2, 3, config.side, config.side) * 2 - 1
    return Graph(_Codes(twin), {"codes": codes, "maps": maps}, ("face",), {"codes": (0,), "maps": (0,)})


PARTS: Parts[Config, Prepared, FaceBatch] = Parts(
    networks=_networks,
    players=_players,
    rate=_rate,
    objective=_objective,
    batches=batches,
    previews=synthesis.previews,
    tasks={InpaintTask: synthesis.inpaint, PersonTask: synthesis.recognise, InventTask: people},
    trials=synthesis.trials,
    graph=_graph,
)
"""All recipes, told apart by their configs."""
