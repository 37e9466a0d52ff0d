"""A segmenter of our own, to see how much of a layout a painted photo shows: trained on the real photos of a set.

A U-Net (Ronneberger et al. 2015, with batch normalisation): none of the networks that a recipe is taught by. Cross
entropy weighted by class, on the training split at the size that is scored. It is kept in runs/segmenters, which git
ignores, named after the set's checksum and how it was trained.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from sembla.core.method import Feed
from sembla.core.types import LabelMap, Picture
from sembla.data.prepared import Prepared
from sembla.losses.segmentation import class_weights, segmentation_generator
from sembla.methods.scene.batches import SceneBatch, batches
from sembla.methods.scene.config import Config
from sembla.nn.planes import to_planes

__all__ = ["SHELF", "Segmenter", "learn", "trained"]

SHELF = Path("runs/segmenters")
STEPS, BATCH, RATE = 800, 8, 0.001


class Segmenter(nn.Module):
    """Scores of classes."""

    def __init__(self, classes: int, *, width: int = 32, levels: int = 4) -> None:
        super().__init__()
        chain = [width * min(8, 1 << level) for level in range(levels + 1)]
        self.first = _pair(3, width)
        self.down = nn.ModuleList(_pair(*both) for both in pairwise(chain))
        self.up = nn.ModuleList(_pair(below + beside, beside) for beside, below in reversed(list(pairwise(chain))))
        self.score = nn.Conv2d(width, classes + 1, 1)

    def forward(self, photos: Tensor) -> Tensor:
        """Scores (N, K + 1, H, W) of photos (N, 3, H, W) in -1 to 1, sides multiples of 16; the first is no class."""
        found = [self.first(photos)]
        for level in self.down:
            found.append(level(F.max_pool2d(found[-1], 2)))
        planes = found.pop()
        for level, beside in zip(self.up, reversed(found), strict=True):
            raised = F.interpolate(planes, scale_factor=2.0, mode="bilinear")
            planes = level(torch.cat([raised, beside], dim=1))
        scores: Tensor = self.score(planes)
        return scores

    def maps(self, pictures: Sequence[Picture]) -> list[LabelMap]:
        """The label map of each picture, all of one size."""
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            scores = self(to_planes(pictures))[:, 1:].float()
        return list(scores.argmax(1).to(torch.uint8).numpy())


def _pair(channels: int, made: int) -> nn.Module:
    """Two convolutions."""
    layers = [
        each
        for given in (channels, made)
        for each in (nn.Conv2d(given, made, 3, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU())
    ]
    return nn.Sequential(*layers)


def trained(config: Config, prepared: Prepared, *, seed: int = 0) -> Segmenter:
    """The segmenter of a set at the size of a config; trained now where it was not before."""
    height, width = config.size
    path = SHELF / f"{prepared.sha256[:12]}-{width}x{height}-{STEPS}x{BATCH}-unet-{seed}.safetensors"
    torch.manual_seed(seed)
    segmenter = Segmenter(config.count)
    if path.is_file():
        segmenter.load_state_dict(load_file(path))
    else:
        plain = Config(classes=config.classes, size=config.size)  # whatever else the recipe does to its photos
        learn(segmenter, plain, batches(plain, prepared, Feed(BATCH, seed)), steps=STEPS)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: each.contiguous() for name, each in segmenter.state_dict().items()}, path)
    return segmenter.eval()


def learn(segmenter: Segmenter, config: Config, feed: Iterable[SceneBatch], *, steps: int) -> None:
    """Train it so many steps; the rate falls to zero as a cosine does."""
    segmenter.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(segmenter.parameters(), lr=RATE)
    for step, batch in zip(range(steps), feed, strict=False):
        optimizer.param_groups[0]["lr"] = RATE * (1 + float(np.cos(np.pi * step / steps))) / 2
        weights = class_weights(batch.labels, config.count).sqrt()
        with torch.autocast("cpu", torch.bfloat16):
            scores = segmenter(batch.photo.to(memory_format=torch.channels_last))
        loss = segmentation_generator(scores, batch.labels, weights)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
