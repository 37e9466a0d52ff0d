"""A method with all that one can have: it learns the colour of each class of a case, and paints layouts with them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  its usual name

from sembla.core.errors import LabelError
from sembla.core.method import Feed, Graph, Method, Pace, Parts, Player, Sheet, Term, Turn
from sembla.core.tasks import UNWATCHED, AnalogyTask, Result, Watch
from sembla.core.types import Picture
from sembla.data.case import Case


@dataclass(frozen=True)
class Depth:
    """A part of the config with fields of its own."""

    width: int = 4
    """Channels between the two layers."""
    norm: bool = False
    """Normalise them."""


@dataclass(frozen=True)
class PainterConfig:
    """Small, for tests."""

    depth: Depth = field(default_factory=Depth)
    """Of the network."""
    learning_rate: float = 0.05
    """Of Adam."""
    noise: float = 0.0
    """Added to what comes out."""
    classes: int = 0
    """Follows from the case."""
    length: int = 6
    """Steps."""


@dataclass(frozen=True)
class Crops:
    """Pictures and one-hot label maps."""

    pictures: Tensor
    """(N, 3, 8, 8), from -1 to 1."""
    planes: Tensor
    """(N, K, 8, 8)."""

    @property
    def count(self) -> int:
        return len(self.pictures)


def planes_of(labels: Any, classes: int) -> Tensor:
    return F.one_hot(torch.from_numpy(np.array(labels)).long(), classes).movedim(-1, 0).float()


def networks(config: PainterConfig) -> nn.ModuleDict:
    width = config.depth.width
    between = nn.BatchNorm2d(width) if config.depth.norm else nn.Identity()
    generator = nn.Sequential(
        nn.Conv2d(config.classes, width, 3, padding=1), between, nn.Tanh(), nn.Conv2d(width, 3, 1), nn.Tanh()
    )
    return nn.ModuleDict({"generator": generator})


class Objective:
    def __init__(self, config: PainterConfig, nets: nn.ModuleDict) -> None:
        self._config, self._nets = config, nets

    def turns(self, step: int) -> Sequence[Turn[Crops]]:
        assert step >= 0
        return (Turn("generator", self.generator),)

    def generator(self, batch: Crops) -> Mapping[str, Term]:
        return {"pixel": Term(F.l1_loss(self._nets["generator"](batch.planes), batch.pictures))}


def batches(config: PainterConfig, case: Case, feed: Feed) -> Iterator[Crops]:
    picture = torch.from_numpy(np.array(case.picture)).movedim(-1, 0) / 127.5 - 1
    planes = planes_of(case.labels, config.classes)
    for numbers in feed.numbers():
        places = [np.random.default_rng((feed.seed, each)).integers(0, 24, 2) for each in numbers]
        cut = [(slice(None), slice(top, top + 8), slice(left, left + 8)) for top, left in places]
        yield Crops(torch.stack([picture[each] for each in cut]), torch.stack([planes[each] for each in cut]))


def paint(config: PainterConfig, nets: nn.ModuleDict, layout: Any) -> Picture:
    made = nets["generator"](planes_of(layout, config.classes)[None])[0].float()
    made = made + config.noise * torch.randn(made.shape)
    picture: Picture = ((made.clamp(-1, 1).movedim(0, -1) + 1) * 127.5).round().byte().numpy()
    return picture


def previews(config: PainterConfig, nets: nn.ModuleDict, case: Case) -> Sheet:
    return Sheet(("photo", "painted"), [[case.picture, paint(config, nets, case.labels)]])


def analogy(config: PainterConfig, nets: nn.ModuleDict, task: AnalogyTask, *, watch: Watch = UNWATCHED) -> Result:
    watch.check()
    return Result((paint(config, nets, task.layout),), seed=task.seed, seconds=0.0)


def trials(config: PainterConfig, case: Case) -> Sequence[AnalogyTask]:
    assert config.classes
    return [AnalogyTask(case.picture, case.labels, layout) for layout in case.layouts[:1]]


def graph(config: PainterConfig, nets: nn.ModuleDict) -> Graph:
    example = torch.rand(1, config.classes, 16, 16, generator=torch.Generator().manual_seed(0))
    return Graph(nets["generator"], {"planes": example}, ("picture",), {"planes": (2, 3)})


def fitted(config: PainterConfig, case: Case) -> PainterConfig:
    if len(case.palette) > 3:
        raise LabelError(f"a case of {len(case.palette)} classes came; the painter has 3 colours.")
    return replace(config, classes=len(case.palette))


def _parts() -> Parts[PainterConfig, Case, Crops]:
    return Parts(
        networks,
        lambda config: {"generator": Player(config.learning_rate, half_life=8)},
        lambda *_: 1.0,
        Objective,
        batches,
        previews,
        tasks={AnalogyTask: analogy},
        trials=trials,
        graph=graph,
    )


PAINTER = Method(
    name="painter",
    summary="The colour of each class.",
    paper="None.",
    recipes={"small": PainterConfig(), "wide": PainterConfig(depth=Depth(width=16))},
    source=Case,
    fitted=fitted,
    pace=lambda config: Pace(steps=config.length, batch=4),
    load=_parts,
)
