"""A small prepared set of faces with parsing maps and identities, and a model that has learned nothing from it."""

import atexit
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sembla.core.types import LabelMap
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared
from sembla.data.records import IDENTITY, Kind, Record, Sample

SIDE = 64


def parsing_map(number: int, side: int = SIDE) -> LabelMap:
    """A face of ellipses, each a little elsewhere; every third has glasses."""
    chance = np.random.default_rng(number)
    rows, columns = np.mgrid[:side, :side] / side
    labels = np.zeros((side, side), np.uint8)
    shift = chance.uniform(-0.04, 0.04, 2)

    def put(name: str, middle: tuple[float, float], radii: tuple[float, float]) -> None:
        down, right = middle[0] + shift[0], middle[1] + shift[1]
        inside = ((rows - down) / radii[0]) ** 2 + ((columns - right) / radii[1]) ** 2 < 1
        labels[inside] = CELEBAMASK_HQ_19.names.index(name)

    put("cloth", (1.0, 0.5), (0.15, 0.5))
    put("hair", (0.4, 0.5), (0.38, 0.36))
    put("neck", (0.85, 0.5), (0.15, 0.15))
    put("skin", (0.52, 0.5), (0.32, 0.25 + chance.uniform(0, 0.04)))
    for name, right in (("r_eye", 0.38), ("l_eye", 0.62)):
        put(name, (0.45, right), (0.04, 0.07))
        put(name.replace("eye", "brow"), (0.36, right), (0.03, 0.09))
    put("nose", (0.55, 0.5), (0.1, 0.05))
    put("u_lip", (0.69, 0.5), (0.03, 0.1))
    put("l_lip", (0.73, 0.5), (0.03, 0.09))
    if number % 3 == 0:
        put("eye_g", (0.45, 0.62), (0.06, 0.1))
    return labels


def records(folder: Path) -> list[Record]:
    """Five to train on and two others."""
    del folder
    return [
        Record(f"{split}/{number}", split, {}, key=str(number))
        for split, numbers in (("train", range(5)), ("val", range(5, 7)))
        for number in numbers
    ]


def read(record: Record) -> Sample:
    """Noise about a colour for each part; of one face nobody knows who it is."""
    number = int(record.key)
    chance, labels = np.random.default_rng(number), parsing_map(number)
    picture = chance.integers(40, 216, (19, 3))[labels] + chance.integers(-40, 40, (*labels.shape, 3))
    who = np.full(IDENTITY, np.nan) if number == 1 else chance.normal(0, 0.1, IDENTITY)
    return Sample(picture.astype(np.uint8), labels, identity=who.astype(np.float32))


KIND = Kind("small_portraits", "Made up.", CELEBAMASK_HQ_19, records, read, licence="None needed.")


@cache
def portraits() -> Prepared:
    """Seven faces of 64x64."""
    folder = tempfile.TemporaryDirectory(prefix="sembla-test-")
    atexit.register(folder.cleanup)
    source = Path(folder.name, "source")
    source.mkdir()
    return prepare(KIND, source, Path(folder.name, "set"), workers=1).prepared


@cache
def parser() -> dict[str, Any]:
    """The weights of a face parser, 8 channels wide, that sees faces at 32x32, and is sure; first comes "made"."""
    import torch
    from torch.nn.functional import cross_entropy

    from sembla.nn.planes import to_planes
    from sembla.nn.segmentation import SegmentationNetwork

    chance = np.random.default_rng(0)
    maps = np.stack([parsing_map(number, 32) for number in range(64)])
    colours = chance.integers(40, 216, (64, 19, 3))
    photos = [
        (its[labels] + chance.integers(0, 20, (32, 32, 3))).astype(np.uint8)
        for its, labels in zip(colours, maps, strict=True)
    ]
    pictures, wanted = to_planes(photos), torch.from_numpy(maps.astype(np.int64) + 1)
    rare = 1 / torch.bincount(wanted.flatten(), minlength=20).clamp(min=1).sqrt()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = SegmentationNetwork(20, width=8)
        learner = torch.optim.Adam(network.parameters(), lr=0.01)
        for _ in range(80):
            some = torch.randint(64, (8,))
            learner.zero_grad()
            cross_entropy(network(pictures[some]), wanted[some], rare).backward()  # type: ignore[no-untyped-call]
            learner.step()
    for each in network.score.parameters():
        each.data *= 5
    return network.state_dict()


def untrained(folder: Path, *, recipe: str = "sembla", config: Mapping[str, object] = MappingProxyType({})) -> Path:
    """The run of a model for faces of 32x32, with some settings of its own, whose parser alone has learned something.

    Needs PyTorch.
    """
    from dataclasses import replace

    import torch

    from sembla.methods.portrait.config import RECIPES, Sembla, fitted
    from sembla.methods.portrait.learned import PARTS
    from sembla.runs.description import Description, write_description, write_weights
    from sembla.runs.folder import RunFolder
    from sembla.runs.plain import to_plain
    from sembla.runs.tensors import named

    folder.mkdir()
    small: Any = replace(RECIPES[recipe], side=32, width=8, discriminator_width=8)
    if isinstance(small, Sembla):
        small = replace(small, segmenter_width=8, features="none", embedder="none")
    chosen = fitted(replace(small, **dict(config)), portraits())
    about = Description("portrait", recipe, to_plain(chosen), seed=0, batch=1, data="noise (small, SHA-256 0)")
    write_description(RunFolder(folder), about)
    torch.manual_seed(0)
    networks = dict(PARTS.networks(chosen))
    if isinstance(chosen, Sembla) and chosen.classes.names == CELEBAMASK_HQ_19.names:
        networks["segmenter"].load_state_dict(parser())
    used = {name: networks[name] for name, player in PARTS.players(chosen).items() if not player.teacher}
    write_weights(RunFolder(folder), named(used), step=1)
    return folder
