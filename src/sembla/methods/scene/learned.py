"""What of the method needs PyTorch, for all recipes."""

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from sembla.core.method import Graph, Objective, Parts, Player
from sembla.core.tasks import SceneTask
from sembla.data.prepared import Prepared
from sembla.methods.scene import synthesis
from sembla.methods.scene.batches import SceneBatch, batches, layout_planes
from sembla.methods.scene.config import Config, Critic, Sembla, Spade, Ulbp
from sembla.methods.scene.light_objective import LightObjective
from sembla.methods.scene.objective import CriticObjective, Judges, Layers, SpadeObjective, UlbpObjective
from sembla.methods.scene.painters import Painter, painter
from sembla.nn.baking import baked_twin
from sembla.nn.discriminators import MultiscaleDiscriminator
from sembla.nn.perceptual import SqueezeNetDepths, VGG19Depths
from sembla.nn.segmentation import SegmentationDiscriminator, SegmentationNetwork

__all__ = ["PARTS"]


_PLAIN = (0.9, 0.999)
"""Adam's own decays."""


def _networks(config: Config) -> nn.ModuleDict:
    networks = nn.ModuleDict({"generator": painter(config), "discriminator": _discriminator(config)})
    if isinstance(config, Sembla):
        networks["segmenter"] = SegmentationNetwork(config.count, width=config.segmenter_width)
    return networks


def _discriminator(config: Config) -> nn.Module:
    match config:
        case Ulbp():
            return Judges(config)
        case Spade():
            width = config.discriminator_width
            return MultiscaleDiscriminator(config.planes + 3, width=width, scales=config.scales)
        case Critic():
            return SegmentationDiscriminator(config.count, width=config.discriminator_width)
        case Sembla():
            return MultiscaleDiscriminator(config.planes + 3, width=config.discriminator_width)
    raise AssertionError(type(config))


def _players(config: Config) -> Mapping[str, Player]:
    betas = config.first_beta, config.second_beta
    players = {
        "generator": Player(config.generator_rate, betas, half_life=config.half_life),
        "discriminator": Player(config.discriminator_rate, betas, teacher=True),
    }
    if isinstance(config, Sembla):
        players["segmenter"] = Player(config.segmenter_rate, _PLAIN, teacher=True)  # it plays no game
    return players


def _rate(config: Config, player: str, images: int) -> float:
    """The full rate, then linearly to nothing; of all players."""
    del player
    return min(1.0, max(0.0, 1 - (images - config.constant) / max(1, config.decay)))


def _objective(config: Config, networks: nn.ModuleDict) -> Objective[SceneBatch]:
    match config:
        case Ulbp():
            return UlbpObjective(config, networks, _layers(config, networks))
        case Spade():
            return SpadeObjective(config, networks, _layers(config, networks))
        case Critic():
            return CriticObjective(config, networks)
        case Sembla():
            return LightObjective(config, networks, _layers(config, networks))
    raise AssertionError(type(config))


def _layers(config: Spade | Sembla, networks: nn.ModuleDict) -> Layers | None:
    """The frozen network of the perceptual loss; no part of the networks, which are saved."""
    if config.features not in _FEATURES or not config.perceptual:
        return None
    network = _FEATURES[config.features]().to(next(networks.parameters()).device)
    layers: Layers = network.eval().requires_grad_(requires_grad=False)
    return layers


_FEATURES = {"vgg19": VGG19Depths, "squeezenet": SqueezeNetDepths}


class _Alone(nn.Module):
    """A painter that leaves nothing to chance."""

    def __init__(self, painter: Painter) -> None:
        super().__init__()
        self.painter = painter

    def forward(self, layout: Tensor) -> Tensor:
        return cast("Tensor", self.painter(layout))


class _Drawing(_Alone):
    """One that is given what chance drew: planes, or a row."""

    def forward(self, layout: Tensor, drawn: Tensor) -> Tensor:  # type: ignore[override]  # exporters ask by name
        return cast("Tensor", self.painter(layout, drawn))


class _Looking(_Alone):
    """One that is given the latents of each place, and noise."""

    def forward(self, layout: Tensor, latents: Tensor, noise: Tensor) -> Tensor:  # type: ignore[override]
        return cast("Tensor", self.painter(layout, latents, noise))


def _graph(config: Config, networks: nn.ModuleDict) -> Graph:
    """Planes of a layout, and of what is left to chance; those of any size, in multiples of what the network needs."""
    twin = baked_twin(networks["generator"], new=painter(config))
    layout = layout_planes(config, torch.randint(config.count, (1, *config.size)))
    drawn = twin.drawn(layout, chance=torch.Generator().manual_seed(0))
    module, *names = ((_Alone,), (_Drawing, "drawn"), (_Looking, "latents", "noise"))[len(drawn)]
    inputs = {"layout": layout, **{name: each.contiguous() for name, each in zip(names, drawn, strict=True)}}
    free = {name: (2, 3) for name, each in inputs.items() if each.dim() == 4}
    return Graph(module(twin), inputs, ("photo",), free)


PARTS: Parts[Config, Prepared, SceneBatch] = Parts(
    networks=_networks,
    players=_players,
    rate=_rate,
    objective=_objective,
    batches=batches,
    previews=synthesis.previews,
    tasks={SceneTask: synthesis.paint},
    trials=synthesis.trials,
    graph=_graph,
)
"""All recipes, told apart by their configs."""
