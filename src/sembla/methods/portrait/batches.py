"""What all recipes see: faces, their parsing maps, the maps that are wanted, and who they are."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sembla.core.errors import LabelError
from sembla.core.method import Feed
from sembla.core.types import LabelMap, Region
from sembla.data.augment import Augmentation
from sembla.data.loading import Batch as Loaded
from sembla.data.loading import batches as loaded
from sembla.data.prepared import Prepared, part_of
from sembla.data.records import IDENTITY
from sembla.data.shards import Share
from sembla.methods.portrait.config import Config, Parser, Sembla
from sembla.methods.portrait.edits import about, edited
from sembla.nn.planes import to_planes

__all__ = ["PortraitBatch", "batches", "labels_of"]

_OTHERS = 104_729  # added to the seed for the order of the faces whose layouts are lent


@dataclass(frozen=True)
class PortraitBatch:
    """Faces (N, 3, H, W) in -1 to 1 and what is wanted in their place."""

    photo: Tensor
    labels: Tensor
    """Their parts, int64 (N, H, W), 0 to K - 1; K stands for pixels without a class."""
    wanted: Tensor
    """The parts that are wanted, as `labels`."""
    hole: Tensor
    """Where the photo is made anew, (N, 1, H, W), 0.0 and 1.0."""
    identity: Tensor
    """Who they are by dlib, (N, 128); zeros where that is not known."""

    @property
    def count(self) -> int:
        """Number of faces, N."""
        return len(self.photo)


def batches(config: Config, prepared: Prepared, feed: Feed) -> Iterator[PortraitBatch]:
    """Batches without end, of the split "train", or of a set without splits; wanted layouts are of its faces too."""
    return _batches(config, prepared, feed)


def _batches(config: Config, prepared: Prepared, feed: Feed) -> Generator[PortraitBatch, None, None]:
    with closing(_loaded(config, prepared, feed, seed=feed.seed)) as found:
        if isinstance(config, Parser):
            for each in found:
                own = labels_of(config, each)
                yield _batch(each, own, own, holes=list(np.ones(own.shape, np.bool_)))
            return
        with closing(_loaded(config, prepared, feed, seed=feed.seed + _OTHERS)) as others:
            for each, lent, numbers in zip(found, others, feed.numbers(), strict=False):
                own, other = labels_of(config, each), labels_of(config, lent)
                wanted, holes = other, list(np.ones(other.shape, np.bool_))
                if isinstance(config, Sembla):
                    chances = [np.random.default_rng((feed.seed, number, 1)) for number in numbers]
                    drawn = [_drawn(config, *pair) for pair in zip(own, other, chances, strict=True)]
                    wanted, holes = np.stack([labels for labels, _ in drawn]), [hole for _, hole in drawn]
                yield _batch(each, own, wanted, holes=holes)


def _batch(found: Loaded, own: LabelMap, wanted: LabelMap, *, holes: list[Region]) -> PortraitBatch:
    return PortraitBatch(
        to_planes(list(found.pictures)),
        torch.from_numpy(own.astype(np.int64)),
        torch.from_numpy(wanted.astype(np.int64)),
        torch.from_numpy(np.stack(holes))[:, None].float(),
        _identities(found),
    )


def _loaded(config: Config, prepared: Prepared, feed: Feed, *, seed: int) -> Generator[Loaded, None, None]:
    return loaded(
        prepared,
        part_of(prepared, "train"),
        batch=feed.batch,
        size=(config.side, config.side),
        augmentation=Augmentation(
            flip=config.flip, zoom=(1.0, config.zoom), warp=config.warp if isinstance(config, Parser) else 0.0
        ),
        seed=seed,
        share=Share(feed.rank, feed.ranks),
        start=feed.start,
    )


def labels_of(config: Config, found: Loaded) -> LabelMap:
    """The parsing maps (N, H, W) of a batch; K stands for pixels without a class. Raises `LabelError` without maps."""
    if found.labels is None:
        raise LabelError(f"{found.names[0]} has no parsing map; prepare faces with parsing maps.")
    return np.minimum(found.labels, config.count)


def _drawn(config: Sembla, labels: LabelMap, other: LabelMap, chance: np.random.Generator) -> tuple[LabelMap, Region]:
    """What is wanted of a face, and where it is made anew."""
    wanted = edited(labels, other, names=config.classes.names, chance=chance)
    hole = about(wanted != labels, chance)
    if chance.random() < config.whole:
        hole = np.ones_like(hole)
    return (labels if chance.random() < config.own else wanted), hole


def _identities(found: Loaded) -> Tensor:
    if found.identities is None:
        return torch.zeros(len(found.names), IDENTITY)
    return torch.from_numpy(np.nan_to_num(found.identities))
