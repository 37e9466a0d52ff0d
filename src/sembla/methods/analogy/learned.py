"""What of the method needs PyTorch, for both recipes."""

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from sembla.core.method import Graph, Objective, Parts
from sembla.core.tasks import UNWATCHED, AnalogyTask, Result, Watch
from sembla.data.case import Case
from sembla.imaging.palette import colourize
from sembla.methods.analogy import batches, fast_batches, fast_objective, objective, synthesis
from sembla.methods.analogy.config import Config, Fast, Semia
from sembla.methods.analogy.copying import GRAIN, Pixels, copied
from sembla.methods.analogy.fast_networks import FastDiscriminator, FastGenerator
from sembla.methods.analogy.networks import Generator, PyramidDiscriminator, Segmenter
from sembla.nn.baking import baked_twin
from sembla.nn.planes import one_hot, to_planes
from sembla.nn.shallow import SqueezeNetLayers, VGG19Layers

__all__ = ["FAST", "PARTS", "SEMIA"]


def _semia_networks(config: Semia) -> nn.ModuleDict:
    return nn.ModuleDict(
        {
            "generator": Generator(config.width, attention=config.attention, skips=config.skips),
            "discriminator": PyramidDiscriminator(config.discriminator_width),
            "segmenter": Segmenter(config.segmenter_width),
        }
    )


def _fast_networks(config: Fast) -> nn.ModuleDict:
    return nn.ModuleDict(
        {
            "generator": FastGenerator(config.classes, width=config.width),
            "discriminator": FastDiscriminator(config.classes, width=config.discriminator_width),
        }
    )


def _semia_make(config: Semia, generator: nn.Module, scene: synthesis.Scene, chance: torch.Generator) -> Tensor:
    """Nothing is left to chance."""
    del chance
    device = next(generator.parameters()).device
    palette = np.asarray(config.palette, np.uint8)
    view = scene.at()
    maps = (colourize(labels, palette) for labels in (view.labels, view.layout))
    made, _ = generator(*(to_planes([each]).to(device) for each in (view.picture, *maps)))
    return cast("Tensor", made)


def _fast_make(config: Fast, generator: nn.Module, scene: synthesis.Scene, chance: torch.Generator) -> Tensor:
    """Drafts at the size that was learned, and pixels of the size that is wanted."""
    device = next(generator.parameters()).device
    view = scene.at()
    large = view if scene.factor == 1 else scene.at(scene.factor)
    height, width = view.layout.shape
    noise = torch.randn(1, 1, height // GRAIN, width // GRAIN, generator=chance)
    maps = (torch.from_numpy(labels)[None].to(device) for labels in (view.labels, view.layout))
    source, target = (one_hot(labels, config.classes) for labels in maps)
    photo = to_planes([view.picture]).to(device)
    ids = (torch.from_numpy(labels)[None, None].to(device).float() for labels in (large.labels, large.layout))
    pixels = Pixels(to_planes([large.picture]).to(device), *ids)
    draft = generator(photo, source, target, noise=noise.to(device))
    return copied(draft, photo, source=source, target=target, pixels=pixels)


def _semia_objective(config: Semia, networks: nn.ModuleDict) -> objective.SemiaObjective:
    judge = cast("PyramidDiscriminator", networks["discriminator"])
    return objective.SemiaObjective(config, networks, _layers(config, networks, lambda seen: judge.features(seen)[:2]))


def _fast_objective(config: Fast, networks: nn.ModuleDict) -> fast_objective.FastObjective:
    judge = cast("FastDiscriminator", networks["discriminator"])

    def own(seen: Tensor) -> Sequence[Tensor]:
        nothing = seen.new_zeros(len(seen), config.classes, *seen.shape[2:])
        return judge.features(seen, nothing)[:2]

    return fast_objective.FastObjective(config, networks, _layers(config, networks, own))


class _SemiaGraph(nn.Module):
    """The generator's picture alone."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, picture: Tensor, source: Tensor, target: Tensor) -> Tensor:
        made, _ = self.generator(picture, source, target)
        return cast("Tensor", made)


class _FastGraph(nn.Module):
    """The generator, with its noise as one input among others; its drafts, for matches flip on what programs round."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, picture: Tensor, source: Tensor, target: Tensor, noise: Tensor) -> Tensor:
        return cast("Tensor", self.generator(picture, source, target, noise=noise))


def _semia_graph(config: Semia, networks: nn.ModuleDict) -> Graph:
    """Pictures in -1 to 1 and layouts in the palette's colours, sides multiples of 8."""
    height, width = config.size
    inputs = {name: torch.rand(1, 3, height, width) * 2 - 1 for name in ("picture", "source", "target")}
    twin = baked_twin(networks["generator"], new=_semia_networks(config)["generator"])
    return Graph(_SemiaGraph(twin), inputs, ("made",), dict.fromkeys(inputs, (2, 3)))


def _fast_graph(config: Fast, networks: nn.ModuleDict) -> Graph:
    """A picture in -1 to 1, layouts one plane a class, sides multiples of 8, and normal noise for each place."""
    height, width = config.size
    maps = one_hot(torch.randint(config.classes, (2, height, width)), config.classes)
    inputs = {
        "picture": torch.rand(1, 3, height, width) * 2 - 1,
        "source": maps[:1],
        "target": maps[1:],
        "noise": torch.randn(1, 1, height // GRAIN, width // GRAIN),
    }
    return Graph(_FastGraph(networks["generator"]), inputs, ("draft",), dict.fromkeys(inputs, (2, 3)))


def _layers(config: Config, networks: nn.ModuleDict, own: objective.Layers) -> objective.Layers:
    """The features that patches are compared by; frozen, and no part of the networks, which are saved."""
    if config.features not in _FEATURES:
        return own
    device = next(networks.parameters()).device
    layers: objective.Layers = _FEATURES[config.features]().to(device)
    return layers


_FEATURES = {"vgg19": VGG19Layers, "squeezenet": SqueezeNetLayers}

SEMIA: Parts[Semia, Case, batches.Batch] = Parts(
    networks=_semia_networks,
    players=objective.players,
    rate=objective.rate,
    objective=_semia_objective,
    batches=batches.batches,
    previews=partial(synthesis.previews, make=_semia_make),
    tasks={AnalogyTask: partial(synthesis.relayout, make=_semia_make)},
    trials=synthesis.trials,
    graph=_semia_graph,
)
"""The recipe `semia`."""

FAST: Parts[Fast, Case, fast_batches.FastBatch] = Parts(
    networks=_fast_networks,
    players=fast_objective.players,
    rate=fast_objective.rate,
    objective=_fast_objective,
    batches=fast_batches.batches,
    previews=partial(synthesis.previews, make=_fast_make),
    tasks={AnalogyTask: partial(synthesis.relayout, make=_fast_make)},
    trials=synthesis.trials,
    graph=_fast_graph,
)
"""The recipe `fast`."""


def _of(config: Config) -> Parts[Any, Case, Any]:
    """The parts of a config's recipe."""
    return FAST if isinstance(config, Fast) else SEMIA


def _any_objective(config: Config, networks: nn.ModuleDict) -> Objective[Any]:
    return _of(config).objective(config, networks)


def _any_graph(config: Config, networks: nn.ModuleDict) -> Graph:
    graph = _of(config).graph
    assert graph
    return graph(config, networks)


def _any_relayout(config: Config, networks: nn.ModuleDict, task: AnalogyTask, *, watch: Watch = UNWATCHED) -> Result:
    return _of(config).tasks[AnalogyTask](config, networks, task, watch=watch)


PARTS: Parts[Config, Case, Any] = Parts(
    networks=lambda config: _of(config).networks(config),
    players=lambda config: _of(config).players(config),
    rate=lambda config, player, images: _of(config).rate(config, player, images),
    objective=_any_objective,
    batches=lambda config, case, feed: _of(config).batches(config, case, feed),
    previews=lambda config, networks, case: _of(config).previews(config, networks, case),
    tasks={AnalogyTask: _any_relayout},
    trials=synthesis.trials,
    graph=_any_graph,
)
"""Both recipes, told apart by their configs."""
