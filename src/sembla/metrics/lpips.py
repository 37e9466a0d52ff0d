"""LPIPS: a learned perceptual distance of two pictures. Needs PyTorch, and the published weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sembla.core.errors import ImageError, InputError, SizeError
from sembla.core.types import Picture
from sembla.nn.alexnet import AlexNetFeatures
from sembla.nn.features import WeightsPath, imagenet_scaled
from sembla.nn.loading import load_weights, read_state
from sembla.nn.squeezenet import SqueezeNet
from sembla.nn.vgg import VGG16_DEPTHS, VGGFeatures
from sembla.nn.weights import (
    ALEXNET,
    LPIPS_ALEX,
    LPIPS_SQUEEZE,
    LPIPS_VGG,
    SQUEEZENET,
    VGG16,
    Weights,
    WeightsFile,
    find_weights,
)

__all__ = ["ALEX", "BACKBONES", "LPIPS", "SQUEEZE", "VGG", "Backbone", "lpips"]

_SMALLEST = 64  # px: below, AlexNet's deepest layers have no place left
_EPSILON = 1e-10


@dataclass(frozen=True)
class Backbone:
    """A network that LPIPS is published for."""

    name: str
    weights: Weights
    """Of the network."""
    linear: Weights
    """Of LPIPS's own layers over it."""
    network: Callable[[], nn.Module]
    """Builds it; its convolutions are called `features`."""
    layers: tuple[int, ...]
    """Places in `features` whose results are compared."""


ALEX = Backbone("alex", ALEXNET, LPIPS_ALEX, AlexNetFeatures, (1, 4, 7, 9, 11))
"""What the authors advise for judging pictures."""

VGG = Backbone("vgg", VGG16, LPIPS_VGG, lambda: VGGFeatures(VGG16_DEPTHS), (3, 8, 15, 22, 29))
"""What the authors advise as a loss."""

SQUEEZE = Backbone("squeeze", SQUEEZENET, LPIPS_SQUEEZE, SqueezeNet, (1, 4, 7, 9, 10, 11, 12))
"""The smallest."""

BACKBONES: Mapping[str, Backbone] = {backbone.name: backbone for backbone in (ALEX, VGG, SQUEEZE)}
"""By the names that the authors use."""


class LPIPS:
    """Learned perceptual distance (Zhang, Isola, Efros, Shechtman & Wang 2018, eq. 1), version 0.1.

    `features` is the backbone, `linear` the weights (C,) of the channels of each of its `layers`, `label` what the
    score is named after. `lpips` builds it from published weights; any others give another number, not LPIPS.
    """

    def __init__(
        self, features: nn.Module, linear: Sequence[Tensor], *, layers: Sequence[int], label: str = ""
    ) -> None:
        self.label = label
        self._blocks = list(features.children())
        self._linear = dict(zip(layers, linear, strict=True))

    def __call__(self, a: Picture, b: Picture) -> float:
        """Distance of two pictures (H, W, 3) of one size, from 64 px a side; 0 for identical ones, rarely above 1.

        The features of each layer are brought to length one at each place, their squared differences weighted by
        channel, and averaged over places; the layers are added. Raises `ImageError` for what is no picture, and
        `SizeError` when the sizes differ or are too small.
        """
        pixels = torch.from_numpy(np.stack([_checked(a, like=a), _checked(b, like=a)])).permute(0, 3, 1, 2)
        with torch.inference_mode():
            return float(self._distance(imagenet_scaled(pixels)))  # the same scale as LPIPS's own

    def _distance(self, pictures: Tensor) -> Tensor:
        total, planes = torch.zeros(()), pictures
        for place, block in enumerate(self._blocks):
            planes = block(planes)
            if place in self._linear:
                directions = planes / (planes.square().sum(dim=1, keepdim=True).sqrt() + _EPSILON)
                squares = (directions[0] - directions[1]).square()  # (C, h, w)
                total = total + (squares * self._linear[place][:, None, None]).sum(dim=0).mean()
            if place >= max(self._linear):
                break
        return total


def lpips(backbone: Backbone = ALEX, *, weights: WeightsPath = None, linear: WeightsPath = None) -> LPIPS:
    """LPIPS over `backbone`, from files or from where `find_weights` looks.

    Raises `InputError` as `find_weights` does, and for any files but the published ones: the linear layers fit the very
    features that they were trained on, and with others the number is not LPIPS.
    """
    network_file = _published(find_weights(backbone.weights, weights))
    linear_file = _published(find_weights(backbone.linear, linear))
    network = backbone.network()
    load_weights(network, network_file, ignore=("classifier.",) if not hasattr(network, "classifier") else ())
    state = read_state(linear_file.path)
    rows = [state[f"lin{index}.model.1.weight"].flatten() for index in range(len(backbone.layers))]
    features = network.features
    assert isinstance(features, nn.Module)
    return LPIPS(features, rows, layers=backbone.layers, label=network_file.label)


def _published(file: WeightsFile) -> WeightsFile:
    if not file.published:
        raise InputError(
            f"{file.path} (SHA-256 {file.sha256[:8]}) is not the published {file.weights.files[0]} "
            f"({file.weights.sha256[:8]}); LPIPS means nothing on other weights, so it is refused."
        )
    return file


def _checked(picture: Picture, *, like: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ImageError(f"a picture came as {picture.shape} {picture.dtype}; give RGB, (H, W, 3) uint8.")
    if picture.shape != like.shape or min(picture.shape[:2]) < _SMALLEST:
        raise SizeError(
            f"pictures of {like.shape[1]}x{like.shape[0]} and {picture.shape[1]}x{picture.shape[0]} came; LPIPS needs "
            f"one size, {_SMALLEST} px a side or more."
        )
    return picture
