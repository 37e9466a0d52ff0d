"""What all priors see: square photos, mirrored and a little magnified."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass

from torch import Tensor

from sembla.core.method import Feed
from sembla.data.augment import Augmentation
from sembla.data.loading import batches as loaded
from sembla.data.prepared import Prepared, part_of
from sembla.data.shards import Share
from sembla.methods.preserve.config import Config
from sembla.nn.planes import to_planes

__all__ = ["PhotoBatch", "batches"]


@dataclass(frozen=True)
class PhotoBatch:
    """Photos (N, 3, H, W) in -1 to 1."""

    photo: Tensor

    @property
    def count(self) -> int:
        """Number of photos, N."""
        return len(self.photo)


def batches(config: Config, prepared: Prepared, feed: Feed) -> Iterator[PhotoBatch]:
    """Batches without end, of the split "train", or of a set without splits; the largest square of each photo."""
    return _batches(config, prepared, feed)


def _batches(config: Config, prepared: Prepared, feed: Feed) -> Generator[PhotoBatch, None, None]:
    found = loaded(
        prepared,
        part_of(prepared, "train"),
        batch=feed.batch,
        size=(config.side, config.side),
        augmentation=Augmentation(flip=config.flip, zoom=(1.0, config.zoom)),
        seed=feed.seed,
        share=Share(feed.rank, feed.ranks),
        start=feed.start,
    )
    with closing(found):
        for each in found:
            yield PhotoBatch(to_planes(list(each.pictures)))
