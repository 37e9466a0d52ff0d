"""What `fast` sees: the photo, and as lessons the instant engine's results for random layouts and the photo bent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from sembla.core.method import Feed
from sembla.core.tasks import AnalogyTask
from sembla.core.types import LabelMap, Picture
from sembla.data.augment import Augmentation, apply_to_ids, apply_to_picture, sample_parameters
from sembla.data.case import Case
from sembla.methods.analogy.config import Fast
from sembla.methods.analogy.instant import synthesize
from sembla.methods.analogy.random_layouts import random_layout
from sembla.nn.planes import to_planes
from sembla.patches.pyramid import resize_labels, resize_picture

__all__ = ["FastBatch", "batches"]

_LESSONS, _IMAGES = 0, 1  # streams of random numbers


@dataclass(frozen=True)
class FastBatch:
    """Lessons, each beside the photo; pictures (N, 3, H, W) in -1 to 1, label maps int64 (N, H, W)."""

    photo: Tensor
    """The same in each."""
    labels: Tensor
    """The photo's label maps."""
    picture: Tensor
    """What could be made for the layout."""
    layout: Tensor
    real: Tensor
    """Whether the picture is the photo, bent, and no work of the instant engine; bool (N,)."""

    @property
    def count(self) -> int:
        """Number of lessons, N."""
        return len(self.photo)


def batches(config: Fast, case: Case, feed: Feed) -> Iterator[FastBatch]:
    """Batches without end. Lessons are made when they first come up, by the instant engine, and kept."""
    scale = config.scale_for(max(case.labels.shape))
    scaled = round(case.labels.shape[0] * scale), round(case.labels.shape[1] * scale)
    height, width = config.size  # the right and lower rest is cropped
    photo = np.ascontiguousarray(resize_picture(case.picture, scaled)[:height, :width])
    labels = np.ascontiguousarray(resize_labels(case.labels, scaled)[:height, :width])

    @lru_cache(maxsize=config.lessons)
    def lesson(number: int) -> tuple[Picture, LabelMap]:
        layout = random_layout(labels, np.random.default_rng((feed.seed, _LESSONS, number)))
        task = AnalogyTask(photo, labels, layout, seed=number, keep=number % 2 == 0)
        return synthesize(task).picture, layout

    def image(number: int) -> tuple[Picture, LabelMap, bool]:
        chance = np.random.default_rng((feed.seed, _IMAGES, number))
        real = bool(chance.random() < config.photos)
        picture, layout = (photo, labels) if real else lesson(int(chance.integers(config.lessons)))
        if chance.random() < 0.25:
            return picture, layout, real
        bend = Augmentation(flip=0.0, zoom=(1.0, 1.15), warp=config.warp)
        drawn = sample_parameters(chance, bend, source=config.size, target=config.size)
        return apply_to_picture(drawn, picture), apply_to_ids(drawn, layout), real

    for numbers in feed.numbers():
        yield _batch(photo, labels, [image(number) for number in numbers])


def _batch(photo: Picture, labels: LabelMap, images: Sequence[tuple[Picture, LabelMap, bool]]) -> FastBatch:
    pictures, layouts, real = zip(*images, strict=True)
    return FastBatch(
        photo=to_planes([photo] * len(images)),
        labels=torch.from_numpy(np.stack([labels] * len(images))).long(),
        picture=to_planes(pictures),
        layout=torch.from_numpy(np.stack(layouts)).long(),
        real=torch.tensor(real),
    )
