"""What `semia` sees: the photo with its layout, and beside it the same pair augmented, ever more strongly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sembla.core.method import Feed
from sembla.core.types import Picture
from sembla.data.augment import Parameters, apply_to_picture
from sembla.data.case import Case
from sembla.data.warp import Warp
from sembla.imaging.palette import colourize
from sembla.methods.analogy.config import Semia
from sembla.nn.planes import to_planes
from sembla.patches.pyramid import resize_labels, resize_picture

__all__ = ["Batch", "augmentation", "batches", "strength"]

_GRID, _MOVING = 5, 3  # 3x3 control points move; those around them hold the border
_NOISE = 1 / 255


@dataclass(frozen=True)
class Batch:
    """Pairs of a picture, (N, 3, H, W) in -1 to 1, and its layout as a picture in colours of the palette."""

    photo: Tensor
    layout: Tensor
    other: Tensor
    """The photo, augmented."""
    other_layout: Tensor
    """The layout, augmented alike."""
    swapped: Tensor
    """Whether the photo is to be made from the other and not the other from the photo, bool (N,)."""

    @property
    def count(self) -> int:
        """Number of photos, N."""
        return len(self.photo)


def batches(config: Semia, case: Case, feed: Feed) -> Iterator[Batch]:
    """Batches without end."""
    scaled = tuple(round(side * config.scale) for side in case.labels.shape)
    height, width = config.size  # the right and lower rest is cropped
    photo = resize_picture(case.picture, scaled)[:height, :width]
    layout = colourize(resize_labels(case.labels, scaled)[:height, :width], np.asarray(config.palette, np.uint8))
    for numbers in feed.numbers():
        yield _batch(config, photo, layout, seed=feed.seed, numbers=numbers)


def strength(images: int, ramp: int) -> float:
    """How far augmentation may go after so many images, 0 to 1, in hundredths."""
    return min(1.0, round(100 * images / ramp) / 100)


def augmentation(config: Semia, generator: np.random.Generator, amount: float) -> Parameters:
    """Draw a flip, a warp and a zoom about the centre; at strength 1 every second is flipped, and so warped at any."""
    height, width = config.size
    flip = bool(generator.random() < 0.5 * amount)
    warp = _warp(generator, config.warp * amount, height / width) if generator.random() < 0.5 else None
    zoom = generator.uniform(1, 1 + config.zoom * amount)
    rows, columns = round(height / zoom), round(width / zoom)
    crop = ((width - columns) // 2, (height - rows) // 2, columns, rows)
    return Parameters(crop=crop, size=(height, width), flip=flip, warp=warp)


def _warp(generator: np.random.Generator, most: float, shape: float) -> Warp:
    """A thin-plate spline; `most` is a share of the width, `shape` the height over the width."""
    offsets = np.zeros((_GRID, _GRID, 2))
    offsets[1:-1, 1:-1] = generator.uniform(-most, most, (_MOVING, _MOVING, 2)) * (1, 1 / shape)
    return Warp(_GRID, tuple((float(across), float(down)) for across, down in offsets.reshape(-1, 2)))


def _batch(config: Semia, photo: Picture, layout: Picture, *, seed: int, numbers: Sequence[int]) -> Batch:
    others, swapped, noise = [], [], []
    for number in numbers:
        generator = np.random.default_rng((seed, number))
        drawn = augmentation(config, generator, strength(number, config.ramp))
        others.append((apply_to_picture(drawn, photo), apply_to_picture(drawn, layout)))
        swapped.append(generator.random() < 0.5)
        noise.append(generator.uniform(-_NOISE, _NOISE, (2, 3, *config.size)).astype(np.float32))
    grain = torch.from_numpy(np.stack(noise))
    count = len(numbers)
    return Batch(
        photo=to_planes([photo] * count) + grain[:, 0],
        layout=to_planes([layout] * count),
        other=to_planes([pair[0] for pair in others]) + grain[:, 1],
        other_layout=to_planes([pair[1] for pair in others]),
        swapped=torch.tensor(swapped),
    )
