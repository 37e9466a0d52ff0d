"""Pictures and label maps as tensors, and back: the one conversion in, and the one out."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sembla.core.types import Picture

__all__ = ["IMAGENET_DEVIATION", "IMAGENET_MEAN", "one_hot", "to_picture", "to_planes"]

IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the colours of ImageNet, from 0 to 1, by which torchvision's networks see pictures scaled."""


def to_planes(pictures: Sequence[Picture]) -> Tensor:
    """Pictures (H, W, 3) of 0 to 255, all of one size, as (N, 3, H, W) in -1 to 1."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_picture(planes: Tensor) -> Picture:
    """Planes (3, H, W) in -1 to 1 as a picture; what lies beyond is clipped."""
    values = (planes.float().clamp(-1, 1) + 1) * 127.5
    picture: Picture = values.round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return picture


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Label maps (N, H, W) of ids as planes (N, classes, H, W) of 0.0 and 1.0; other ids have no plane."""
    ids = torch.arange(classes, device=labels.device).view(1, -1, 1, 1)
    return (labels[:, None] == ids).float()
