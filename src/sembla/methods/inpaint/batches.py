"""What all recipes see: faces, the maps of their points, and holes."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sembla.core.errors import InputError
from sembla.core.method import Feed
from sembla.core.types import Region
from sembla.data.augment import Augmentation
from sembla.data.loading import Batch as Loaded
from sembla.data.loading import batches as loaded
from sembla.data.prepared import Prepared, part_of
from sembla.data.shards import Share
from sembla.faces.face_map import face_map
from sembla.imaging.holes import HOLES, draw_hole
from sembla.methods.inpaint.config import Config
from sembla.nn.planes import to_planes

__all__ = ["FaceBatch", "batches", "faces_of"]

_KINDS = tuple(name for name in HOLES if name not in {"full", "grid", "random"})
_SCATTERED = ("grid", "random", "full")
_SELDOM = 0.15  # chance of a hole that is scattered over the whole face, or of none


@dataclass(frozen=True)
class FaceBatch:
    """Faces (N, 3, H, W) and their maps (N, 3, H, W), in -1 to 1, and holes (N, 1, H, W) of 0.0 and 1.0."""

    photo: Tensor
    maps: Tensor
    holes: Tensor

    @property
    def count(self) -> int:
        """Number of faces, N."""
        return len(self.photo)


def batches(config: Config, prepared: Prepared, feed: Feed) -> Iterator[FaceBatch]:
    """Batches without end, of the split "train", or of a set without splits."""
    return _batches(config, prepared, feed)


def _batches(config: Config, prepared: Prepared, feed: Feed) -> Generator[FaceBatch, None, None]:
    found = loaded(
        prepared,
        part_of(prepared, "train"),
        batch=feed.batch,
        size=(config.side, config.side),
        augmentation=Augmentation(flip=config.flip),
        seed=feed.seed,
        share=Share(feed.rank, feed.ranks),
        start=feed.start,
    )
    with closing(found):
        for each, numbers in zip(found, feed.numbers(), strict=False):
            chances = [np.random.default_rng((feed.seed, number, 1)) for number in numbers]
            yield faces_of(each, [_hole(config.side, chance) for chance in chances])


def faces_of(found: Loaded, holes: list[Region]) -> FaceBatch:
    """A batch as tensors. Raises `InputError` for faces without points."""
    if found.landmarks is None:
        raise InputError(f"{found.names[0]} has no landmarks; make the set with: sembla prepare faces.")
    size = (found.pictures.shape[1], found.pictures.shape[2])
    maps = [face_map(points, size) for points in found.landmarks]
    missing = torch.from_numpy(np.stack(holes))[:, None].float()
    return FaceBatch(to_planes(list(found.pictures)), to_planes(maps), missing)


def _hole(side: int, chance: np.random.Generator) -> Region:
    names = _SCATTERED if chance.random() < _SELDOM else _KINDS
    return draw_hole(str(chance.choice(names)), (side, side), chance)
