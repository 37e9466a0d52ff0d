"""SqueezeNet 1.1, with torchvision's names of tensors."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

__all__ = ["SqueezeNet"]


class SqueezeNet(nn.Module):
    """SqueezeNet 1.1 (Iandola et al. 2016; version 1.1 of the authors' repository), 1,235,496 parameters.

    `features` turns pictures (N, 3, H, W), sides of 17 px or more, into planes (N, 512, H/16, W/16).
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2),
            nn.ReLU(),
            _pool(),
            _Fire(64, squeeze=16, expand=64),
            _Fire(128, squeeze=16, expand=64),
            _pool(),
            _Fire(128, squeeze=32, expand=128),
            _Fire(256, squeeze=32, expand=128),
            _pool(),
            _Fire(256, squeeze=48, expand=192),
            _Fire(384, squeeze=48, expand=192),
            _Fire(384, squeeze=64, expand=256),
            _Fire(512, squeeze=64, expand=256),
        )
        self.classifier = nn.Sequential(OrderedDict([("1", nn.Conv2d(512, 1000, 1))]))

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (N, 1000) of the ImageNet classes, before the softmax."""
        planes: Tensor = self.classifier(self.features(pictures)).relu()
        return planes.mean(dim=(2, 3))

    def pooled(self, pictures: Tensor) -> Tensor:
        """The mean over all places of the last features, (N, 512)."""
        planes: Tensor = self.features(pictures)
        return planes.mean(dim=(2, 3))


class _Fire(nn.Module):
    """Reduce the channels, then expand them by a 1x1 and a 3x3 convolution side by side."""

    def __init__(self, channels: int, *, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, planes: Tensor) -> Tensor:
        squeezed = self.squeeze(planes).relu()
        return torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], dim=1).relu()


def _pool() -> nn.Module:
    return nn.MaxPool2d(3, stride=2, ceil_mode=True)
