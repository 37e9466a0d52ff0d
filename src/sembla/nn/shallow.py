"""Frozen networks cut short: two shallow layers of VGG-19 or of SqueezeNet 1.1, to compare patches of pictures by."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sembla.nn.loading import load_weights
from sembla.nn.squeezenet import SqueezeNet
from sembla.nn.vgg import VGG19_DEPTHS, VGGFeatures
from sembla.nn.weights import SQUEEZENET_CAFFE, VGG19, find_weights

__all__ = ["SqueezeNetLayers", "SqueezeNetTaps", "VGG19Layers"]

_CAFFE_MEAN = (123.0, 117.0, 104.0)


class VGG19Layers(nn.Module):
    """relu1_1 (64 planes, at full size) and relu2_1 (128, at a half) of VGG-19. Raises as `find_weights` does.

    Pictures enter in -1 to 1, not scaled as ImageNet's were, as in SemIA.
    """

    def __init__(self) -> None:
        super().__init__()
        network = VGGFeatures(VGG19_DEPTHS)
        load_weights(network, find_weights(VGG19), ignore=("classifier.",))
        del network.features[7:]  # 96 % of the weights, of no use here
        self.network = network

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The planes of both layers, of pictures (N, 3, H, W) in -1 to 1."""
        return list(self.network.taps(pictures, ("relu1_1", "relu2_1")).values())


class SqueezeNetTaps(nn.Module):
    """SqueezeNet 1.1 as far as the last of some of its layers, by their numbers in `features`.

    The authors' weights, whose input is 0 to 255 less the mean colour. Raises as `find_weights` does.
    """

    mean: Tensor

    def __init__(self, places: Sequence[int]) -> None:
        super().__init__()
        network = SqueezeNet()
        load_weights(network, find_weights(SQUEEZENET_CAFFE))
        self.places = tuple(places)
        self.features = nn.Sequential(*list(network.features)[: max(places) + 1])
        self.register_buffer("mean", torch.tensor(_CAFFE_MEAN).view(1, 3, 1, 1), persistent=False)

    def forward(self, pictures: Tensor) -> list[Tensor]:
        """The planes of the layers, of pictures (N, 3, H, W) in -1 to 1, 17 px a side or more."""
        planes = (pictures.float() + 1) * 127.5 - self.mean
        found: list[Tensor] = []
        for place, layer in enumerate(self.features):
            planes = layer(planes)
            if place in self.places:
                found.append(planes)
        return found


class SqueezeNetLayers(SqueezeNetTaps):
    """The first convolution (64 planes, at a half) and the second fire module (128, at a quarter) of SqueezeNet 1.1."""

    def __init__(self) -> None:
        super().__init__((1, 4))
