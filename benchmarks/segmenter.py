"""A segmenter of our own, to see how much of a layout a painted photo shows: trained on the real photos of a set.

Dilated convolutions at full size (the context network of Yu & Koltun 2016, with batch normalisation), taught by cross
entropy of all pixels alike and the Dice overlap of classes (Milletari et al. 2016). Recipes `sembla` and `laptop` are
taught by a segmentation network too: a U-Net with other norms, under a weighted cross entropy, which knows nothing of
this one. Both learned from the same photos all the same, which favours these recipes' mIoU. The segmenter is kept in
runs/segmenters, which git ignores, named after the set's checksum and how it was trained.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from sembla.core.method import Feed
from sembla.core.types import LabelMap, Picture
from sembla.data.prepared import Prepared
from sembla.methods.scene.batches import SceneBatch, batches
from sembla.methods.scene.config import Config
from sembla.nn.planes import to_planes

__all__ = ["SHELF", "Segmenter", "learn", "trained"]

SHELF = Path("runs/segmenters")
STEPS, BATCH, RATE = 800, 8, 0.003
DILATIONS = (1, 1, 2, 4, 8, 16, 2, 1)


class Segmenter(nn.Module):
    """Scores of classes."""

    def __init__(self, classes: int, *, width: int = 40) -> None:
        super().__init__()
        self.first = _step(3, width, 1)
        self.context = nn.ModuleList(_step(width, width, dilation) for dilation in DILATIONS)
        self.score = nn.Conv2d(width, classes, 1)

    def forward(self, photos: Tensor) -> Tensor:
        """Scores (N, K, H, W) of photos (N, 3, H, W) in -1 to 1."""
        planes = self.first(photos)
        for step in self.context:
            planes = planes + step(planes)
        scores: Tensor = self.score(planes)
        return scores

    def maps(self, pictures: Sequence[Picture]) -> list[LabelMap]:
        """The label map of each picture, all of one size."""
        with torch.no_grad():
            scores = self(to_planes(pictures))
        return list(scores.argmax(1).to(torch.uint8).numpy())


def _step(channels: int, made: int, dilation: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, made, 3, padding=dilation, dilation=dilation, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(made), nn.ReLU())


def trained(config: Config, prepared: Prepared, *, seed: int = 0) -> Segmenter:
    """The segmenter of a set at the size of a config; trained now where it was not before."""
    height, width = config.size
    path = SHELF / f"{prepared.sha256[:12]}-{width}x{height}-{STEPS}x{BATCH}-dilated-{seed}.safetensors"
    torch.manual_seed(seed)
    segmenter = Segmenter(config.count)
    if path.is_file():
        segmenter.load_state_dict(load_file(path))
    else:
        plain = Config(classes=config.classes, size=config.size)  # whatever else the recipe does to its photos
        learn(segmenter, batches(plain, prepared, Feed(BATCH, seed)), steps=STEPS)
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: each.contiguous() for name, each in segmenter.state_dict().items()}, path)
    return segmenter.eval()


def learn(segmenter: Segmenter, feed: Iterable[SceneBatch], *, steps: int) -> None:
    """Train it so many steps in fp32; the rate falls to zero as a cosine does.

    In bf16, PyTorch 2.13 crashes now and then in the backward pass of dilated convolutions of 40 channels on the CPU.
    """
    segmenter.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(segmenter.parameters(), lr=RATE)
    for step, batch in zip(range(steps), feed, strict=False):
        optimizer.param_groups[0]["lr"] = RATE * (1 + float(np.cos(np.pi * step / steps))) / 2
        scores = segmenter(batch.photo.to(memory_format=torch.channels_last))
        loss = _lost(scores, batch.labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _lost(scores: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy, and what classes lack of full overlap; pixels without a class are passed over."""
    known = labels < scores.shape[1]
    entropy = F.cross_entropy(scores, torch.where(known, labels, -100))
    chances = scores.softmax(1) * known[:, None]
    wanted = F.one_hot(torch.where(known, labels, 0), scores.shape[1]).movedim(3, 1) * known[:, None]
    sums = (chances + wanted).sum((0, 2, 3))
    overlap = (2 * (chances * wanted).sum((0, 2, 3)) + 1) / (sums + 1)
    return entropy + 1 - overlap.mean()
