"""What all recipes see: photos and label maps of the training split, cropped and mirrored."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from sembla.core.errors import InputError, LabelError
from sembla.core.method import Feed
from sembla.data.augment import Augmentation
from sembla.data.edges import instance_edges
from sembla.data.loading import Batch as Loaded
from sembla.data.loading import batches as loaded
from sembla.data.prepared import Prepared, part_of
from sembla.data.shards import Share
from sembla.methods.scene.config import Config
from sembla.nn.planes import one_hot, to_planes

__all__ = ["SceneBatch", "batches", "layout_planes"]


@dataclass(frozen=True)
class SceneBatch:
    """Photos (N, 3, H, W) in -1 to 1 and what is where in them."""

    photo: Tensor
    labels: Tensor
    """Int64 (N, H, W), 0 to K - 1; K stands for pixels without a class."""
    layout: Tensor
    """The planes (N, planes, H, W) of 0.0 and 1.0 that generators are given: classes, then edges."""

    @property
    def count(self) -> int:
        """Number of photos, N."""
        return len(self.photo)


def batches(config: Config, prepared: Prepared, feed: Feed) -> Iterator[SceneBatch]:
    """Batches without end, of the split "train", or of a set without splits; at first at half the size, if so wished.

    Where size changes, counted in whole batches, is the one thing that depends on how many images make up a batch.
    """
    height, width = config.size
    small = config.half_size // (feed.batch * feed.ranks)
    if feed.start < small:
        with closing(_loaded(config, prepared, feed, size=(height // 2, width // 2))) as found:
            yield from islice(found, small - feed.start)
    yield from _loaded(config, prepared, replace(feed, start=max(feed.start, small)), size=config.size)


def _loaded(
    config: Config, prepared: Prepared, feed: Feed, *, size: tuple[int, int]
) -> Generator[SceneBatch, None, None]:
    found = loaded(
        prepared,
        part_of(prepared, "train"),
        batch=feed.batch,
        size=size,
        augmentation=Augmentation(flip=config.flip, zoom=(1.0, config.zoom)),
        seed=feed.seed,
        share=Share(feed.rank, feed.ranks),
        start=feed.start,
    )
    with closing(found):
        for each in found:
            yield _batch(config, each)


def layout_planes(config: Config, labels: Tensor, edges: Tensor | None = None) -> Tensor:
    """The planes of label maps int64 (N, H, W), in which K stands for no class, and of edges bool (N, H, W).

    Without edges, those between classes are taken: they are edges of instances too.
    """
    classes = one_hot(labels, config.count + (config.classes.ignore is not None))
    if not config.edges:
        return classes
    if edges is None:
        found = [instance_edges(each.astype(np.uint16)) for each in labels.cpu().numpy()]
        edges = torch.from_numpy(np.stack(found)).to(labels.device)
    return torch.cat([classes, edges[:, None].float()], dim=1)


def _batch(config: Config, found: Loaded) -> SceneBatch:
    if found.labels is None:
        raise LabelError(f"{found.names[0]} has no label map; prepare a set of photos and label maps.")
    labels = torch.from_numpy(found.labels).long()
    if config.classes.ignore is not None:
        labels = torch.where(labels == config.classes.ignore, config.count, labels)
    edges = None
    if config.edges:
        if found.instances is None:
            raise InputError(f"{found.names[0]} has no instances; train without edges, or prepare a set that has them.")
        edges = torch.from_numpy(np.stack([instance_edges(each) for each in found.instances]))
    return SceneBatch(to_planes(list(found.pictures)), labels, layout_planes(config, labels, edges))
