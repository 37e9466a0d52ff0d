"""What of the method needs PyTorch, for all recipes."""

from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from sembla.core.method import Graph, Objective, Parts, Player
from sembla.core.tasks import ParseTask, PortraitTask
from sembla.data.prepared import Prepared
from sembla.data.records import IDENTITY
from sembla.methods.portrait import synthesis
from sembla.methods.portrait.batches import PortraitBatch, batches
from sembla.methods.portrait.config import Config, MapHead, Parser, Pix2Pix, Sembla, groups_of
from sembla.methods.portrait.light_networks import LightPortraitist
from sembla.methods.portrait.light_objective import LightObjective, ParserObjective
from sembla.methods.portrait.networks import GROUPS, MapDiscriminator, PortraitUNet, WindowDiscriminator
from sembla.methods.portrait.objective import objective
from sembla.nn.baking import baked_twin
from sembla.nn.embedding import find_embedder
from sembla.nn.perceptual import find_depths
from sembla.nn.planes import one_hot
from sembla.nn.projected import judged
from sembla.nn.segmentation import SegmentationNetwork

__all__ = ["PARTS"]

_PLAIN = (0.9, 0.999)
"""Adam's own decays."""

_FULL = 0.6  # share of our training at the full rate


def _networks(config: Config) -> nn.ModuleDict:
    width = config.discriminator_width
    match config:
        case Sembla():
            return nn.ModuleDict(
                {
                    "generator": LightPortraitist(config),
                    "discriminator": judged(config.features, width=width),
                    "segmenter": SegmentationNetwork(1 + config.count, width=config.segmenter_width),
                }
            )
        case Parser():
            return nn.ModuleDict({"segmenter": SegmentationNetwork(config.count, width=config.width)})
        case MapHead():
            critic: nn.Module = MapDiscriminator(config.side, width=width)
        case _:
            critic = WindowDiscriminator(width=width)
    return nn.ModuleDict({"generator": PortraitUNet(config.side, width=config.width), "discriminator": critic})


def _players(config: Config) -> Mapping[str, Player]:
    betas = config.first_beta, config.second_beta
    if isinstance(config, Parser):
        return {"segmenter": Player(config.generator_rate, betas, half_life=config.half_life)}
    players = {
        "generator": Player(config.generator_rate, betas, half_life=config.half_life),
        "discriminator": Player(config.discriminator_rate, betas, teacher=True),
    }
    if isinstance(config, Sembla):
        players["segmenter"] = Player(config.segmenter_rate, _PLAIN, half_life=config.half_life)
    return players


def _rate(config: Config, player: str, images: int) -> float:
    """That of the published recipes stays; ours falls evenly to nothing in the end."""
    del player
    if isinstance(config, Sembla | Parser):
        return min(1.0, max(0.0, (1 - images / config.images) / (1 - _FULL)))
    return 1.0


def _objective(config: Config, networks: nn.ModuleDict) -> Objective[PortraitBatch]:
    device = next(networks.parameters()).device
    if isinstance(config, Sembla):
        embeds = find_embedder(config.embedder, device)
        return LightObjective(config, networks, find_depths(config.features, device), embeds)
    if isinstance(config, Parser):
        return ParserObjective(config, networks)
    table = torch.from_numpy(groups_of(config).astype(np.int64)).to(device)
    return objective(cast("Pix2Pix", config), networks, table)


class _Looks(nn.Module):
    """A portraitist by itself."""

    def __init__(self, portraitist: LightPortraitist) -> None:
        super().__init__()
        self.portraitist = portraitist

    def forward(
        self, layout: Tensor, looks: Tensor, person: Tensor, photo: Tensor, hole: Tensor, noise: Tensor
    ) -> Tensor:
        made: Tensor = self.portraitist(layout, looks, person=person, photo=photo, hole=hole, noise=noise)
        return made


class _Groups(nn.Module):
    """A published generator by itself."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, groups: Tensor, shown: Tensor, colours: Tensor, identity: Tensor) -> Tensor:
        made: Tensor = self.generator(groups, shown, colours=colours, identity=identity)
        return made


def _graph(config: Config, networks: nn.ModuleDict) -> Graph:
    """The generator, of one face; of a parser, that."""
    if isinstance(config, Parser):
        parser = baked_twin(networks["segmenter"], new=_networks(config)["segmenter"])
        face = torch.rand(1, 3, config.side, config.side) * 2 - 1
        return Graph(parser, {"photo": face}, ("scores",), {"photo": (0,)})
    twin = baked_twin(networks["generator"], new=_networks(config)["generator"])
    side = config.side
    photo = torch.rand(1, 3, side, side) * 2 - 1
    if not isinstance(config, Sembla):
        groups = one_hot(torch.randint(GROUPS, (1, side, side)), GROUPS)
        inputs = {"groups": groups, "shown": photo, "colours": torch.zeros(1, 3 * GROUPS)}
        return Graph(_Groups(twin), {**inputs, "identity": torch.zeros(1, IDENTITY)}, ("face",))
    its = cast("LightPortraitist", twin)
    layout = its.layout(torch.randint(config.count, (1, side, side)))
    inputs = {"layout": layout, "looks": its.looks(photo, layout), "person": its.person(photo), "photo": photo}
    inputs |= {"hole": torch.ones(1, 1, side, side), "noise": its.noise(layout, torch.Generator().manual_seed(0))}
    return Graph(_Looks(its), {name: each.detach().contiguous() for name, each in inputs.items()}, ("face",))


PARTS: Parts[Config, Prepared, PortraitBatch] = Parts(
    networks=_networks,
    players=_players,
    rate=_rate,
    objective=_objective,
    batches=batches,
    previews=synthesis.previews,
    tasks={PortraitTask: synthesis.portray, ParseTask: synthesis.parse},
    trials=synthesis.trials,
    graph=_graph,
)
"""All recipes, told apart by their configs."""
