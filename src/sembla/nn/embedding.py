"""Frozen networks that tell who a face is, for losses: faces in, rows of length one out."""

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sembla.nn.loading import load_weights
from sembla.nn.mobilefacenet import MobileFaceNet
from sembla.nn.planes import IMAGENET_DEVIATION, IMAGENET_MEAN
from sembla.nn.weights import MOBILEFACENET, find_weights

__all__ = ["Embeds", "face_in", "find_embedder"]

Embeds: TypeAlias = Callable[[Tensor], Tensor]
"""Faces (N, 3, H, W) in -1 to 1, aligned as those of CelebA-HQ, to rows (N, D) of length one."""

_SIDE = 112
_MARGIN = 0.09  # of the side of a face aligned as those of CelebA-HQ: what lies beyond, embedding networks do not see


def face_in(pictures: Tensor, side: int) -> Tensor:
    """The faces in pictures (N, 3, H, W) that are aligned as those of CelebA-HQ, at side x side."""
    top, left = (round(length * _MARGIN) for length in pictures.shape[2:])
    inner = pictures[:, :, top : pictures.shape[2] - top, left : pictures.shape[3] - left]
    return F.interpolate(inner.float(), (side, side), mode="bilinear", antialias=True)


@cache
def find_embedder(name: str, device: torch.device) -> Embeds | None:
    """The embedder of that name, None for "none". Raises `InputError` where its weights are not found."""
    if name != "mobilefacenet":
        return None
    network = MobileFaceNet()
    load_weights(network, find_weights(MOBILEFACENET))
    network = network.to(device).eval().requires_grad_(requires_grad=False)
    mean, deviation = (
        torch.tensor(each, device=device).view(1, 3, 1, 1) for each in (IMAGENET_MEAN, IMAGENET_DEVIATION)
    )

    def embed(pictures: Tensor) -> Tensor:
        with torch.autocast(device.type, enabled=False):
            found: Tensor = network(((face_in(pictures, _SIDE) + 1) / 2 - mean) / deviation)
        return found

    return embed
