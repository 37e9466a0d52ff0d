"""Frozen networks cut at five depths, to see whether two pictures look alike: VGG-19 or SqueezeNet 1.1."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from sembla.nn.loading import load_weights
from sembla.nn.planes import IMAGENET_DEVIATION, IMAGENET_MEAN
from sembla.nn.shallow import SqueezeNetTaps
from sembla.nn.vgg import VGG19_DEPTHS, VGGFeatures
from sembla.nn.weights import VGG19, find_weights

__all__ = ["Depths", "SqueezeNetDepths", "VGG19Depths", "channels_of", "find_depths", "pixel_pyramid"]

Depths: TypeAlias = Callable[[Tensor], list[Tensor]]
"""Pictures (N, 3, H, W) in -1 to 1 in, planes (N, C, h, w) out, shallow first."""

_LEVELS = 3
_LEAST = 32

_VGG_LAYERS = tuple(f"relu{block}_1" for block in range(1, 6))
_SQUEEZENET_LAYERS = (1, 4, 7, 9, 12)
_SQUEEZENET_MEANS = (14.0, 25.0, 18.0, 21.0, 1.6)  # of these layers, over photos of streets, facades and rooms


class VGG19Depths(nn.Module):
    """relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1 of VGG-19, as in pix2pixHD. Raises as `find_weights` does."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.network = VGGFeatures(VGG19_DEPTHS)
        load_weights(self.network, find_weights(VGG19), ignore=("classifier.",))
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The planes of the layers, of pictures (N, 3, H, W) in -1 to 1, 32 px a side or more."""
        seen = ((pictures.float() + 1) / 2 - self.mean) / self.deviation
        return list(self.network.taps(seen, _VGG_LAYERS).values())


class SqueezeNetDepths(SqueezeNetTaps):
    """The first convolution and the fire modules 3, 5, 6 and 9 of SqueezeNet 1.1, each over its mean in photos."""

    def __init__(self) -> None:
        super().__init__(_SQUEEZENET_LAYERS)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The planes of the layers, of pictures (N, 3, H, W) in -1 to 1, 17 px a side or more."""
        return [planes / mean for planes, mean in zip(super().forward(pictures), _SQUEEZENET_MEANS, strict=True)]


@cache
def find_depths(name: str, device: torch.device) -> Depths:
    """The frozen network of that name, or averages of pixels for "none"; the same one each time."""
    if name not in _NETWORKS:
        return pixel_pyramid
    network = _NETWORKS[name]().to(device).eval().requires_grad_(requires_grad=False)
    return lambda pictures: network(_large(pictures))


_NETWORKS: Mapping[str, Callable[[], nn.Module]] = {
    "vgg19": VGG19Depths,
    "squeezenet": SqueezeNetDepths,
}

_CHANNELS: Mapping[str, tuple[int, ...]] = {"vgg19": (64, 128, 256, 512, 512), "squeezenet": (64, 128, 256, 384, 512)}


def _large(pictures: Tensor) -> Tensor:
    """Deep planes need some pixels to see."""
    if min(pictures.shape[2:]) >= _LEAST:
        return pictures
    return F.interpolate(pictures, scale_factor=float(_LEAST // min(pictures.shape[2:]) + 1), mode="bilinear")


def pixel_pyramid(pictures: Tensor) -> list[Tensor]:
    """Means of 2, 4 and 8 pixels a side, as depths of a network that sees colours alone."""
    return [F.avg_pool2d(pictures, 2 << level) for level in range(_LEVELS)]


def channels_of(name: str) -> tuple[int, ...]:
    """How many planes each depth of that network has; its weights need not be there."""
    return _CHANNELS.get(name, (3,) * _LEVELS)
