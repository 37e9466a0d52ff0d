"""Inception v3 as the Frechet Inception distance uses it, with torchvision's names of tensors."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["InceptionFID", "InceptionStem"]


class InceptionStem(nn.Module):
    """The first five convolutions of Inception v3 (Szegedy et al. 2016), where SIFID takes its features.

    Pictures are (N, 3, H, W) in -1 to 1. `layer64` and `layer192` name the two layers that are in use for SIFID.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Convolution(3, 32, (3, 3), stride=2)
        self.Conv2d_2a_3x3 = _Convolution(32, 32, (3, 3))
        self.Conv2d_2b_3x3 = _Convolution(32, 64, (3, 3), padding=(1, 1))
        self.Conv2d_3b_1x1 = _Convolution(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = _Convolution(80, 192, (3, 3))

    def layer64(self, pictures: Tensor) -> Tensor:
        """Planes (N, 64, h, w) before the first max-pooling, h = (H - 1) // 2 - 2."""
        planes: Tensor = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(pictures)))
        return planes

    def layer192(self, pictures: Tensor) -> Tensor:
        """Planes (N, 192, h, w) before the second max-pooling."""
        planes: Tensor = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(_pool(self.layer64(pictures))))
        return planes


class InceptionFID(InceptionStem):
    """Inception v3 of 2015 with 1008 outputs: the network that the FID is defined on, 23,850,960 parameters.

    It differs from torchvision's in its average pooling, which leaves the padding out of the mean, and in its last
    block, which pools by maximum (both are in the graph that Heusel et al. 2017 used). Pictures are (N, 3, 299, 299) in
    -1 to 1; smaller ones down to 75 px pass, but then no FID is comparable.
    """

    def __init__(self) -> None:
        super().__init__()
        self.Mixed_5b = _BlockA(192, pooled=32)
        self.Mixed_5c = _BlockA(256, pooled=64)
        self.Mixed_5d = _BlockA(288, pooled=64)
        self.Mixed_6a = _ReductionB(288)
        self.Mixed_6b = _BlockC(768, width=128)
        self.Mixed_6c = _BlockC(768, width=160)
        self.Mixed_6d = _BlockC(768, width=160)
        self.Mixed_6e = _BlockC(768, width=192)
        self.Mixed_7a = _ReductionD(768)
        self.Mixed_7b = _BlockE(1280, pool=_average)
        self.Mixed_7c = _BlockE(2048, pool=_maximum)
        self.fc = nn.Linear(2048, 1008)

    def pooled(self, pictures: Tensor) -> Tensor:
        """The last average pooling, (N, 2048): the features of the FID."""
        planes = _pool(self.layer192(pictures))
        planes = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(planes)))
        planes = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(planes)))
        planes = self.Mixed_7a(self.Mixed_6e(self.Mixed_6d(planes)))
        features: Tensor = self.Mixed_7c(self.Mixed_7b(planes))
        return features.mean(dim=(2, 3))

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (N, 1008) before the softmax."""
        scores: Tensor = self.fc(self.pooled(pictures))
        return scores


class _Convolution(nn.Module):
    """A convolution without bias, batch normalisation, ReLU."""

    def __init__(
        self, channels: int, width: int, kernel: tuple[int, int], *, stride: int = 1, padding: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, width, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(width, eps=0.001)

    def forward(self, planes: Tensor) -> Tensor:
        result: Tensor = self.bn(self.conv(planes)).relu()
        return result


class _BlockA(nn.Module):
    """Figure 5 of the paper: 1x1, 5x5, twice 3x3, and pooling, side by side."""

    def __init__(self, channels: int, *, pooled: int) -> None:
        super().__init__()
        self.branch1x1 = _Convolution(channels, 64, (1, 1))
        self.branch5x5_1 = _Convolution(channels, 48, (1, 1))
        self.branch5x5_2 = _Convolution(48, 64, (5, 5), padding=(2, 2))
        self.branch3x3dbl_1 = _Convolution(channels, 64, (1, 1))
        self.branch3x3dbl_2 = _Convolution(64, 96, (3, 3), padding=(1, 1))
        self.branch3x3dbl_3 = _Convolution(96, 96, (3, 3), padding=(1, 1))
        self.branch_pool = _Convolution(channels, pooled, (1, 1))

    def forward(self, planes: Tensor) -> Tensor:
        five = self.branch5x5_2(self.branch5x5_1(planes))
        three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(planes)))
        return torch.cat([self.branch1x1(planes), five, three, self.branch_pool(_average(planes))], dim=1)


class _ReductionB(nn.Module):
    """Halve the plane: 3x3, twice 3x3, and max-pooling, side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3 = _Convolution(channels, 384, (3, 3), stride=2)
        self.branch3x3dbl_1 = _Convolution(channels, 64, (1, 1))
        self.branch3x3dbl_2 = _Convolution(64, 96, (3, 3), padding=(1, 1))
        self.branch3x3dbl_3 = _Convolution(96, 96, (3, 3), stride=2)

    def forward(self, planes: Tensor) -> Tensor:
        three = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(planes)))
        return torch.cat([self.branch3x3(planes), three, _pool(planes)], dim=1)


class _BlockC(nn.Module):
    """Figure 6 of the paper: 7x7 as 1x7 and 7x1, once and twice."""

    def __init__(self, channels: int, *, width: int) -> None:
        super().__init__()
        across, down = (1, 7), (7, 1)
        beside, above = (0, 3), (3, 0)
        self.branch1x1 = _Convolution(channels, 192, (1, 1))
        self.branch7x7_1 = _Convolution(channels, width, (1, 1))
        self.branch7x7_2 = _Convolution(width, width, across, padding=beside)
        self.branch7x7_3 = _Convolution(width, 192, down, padding=above)
        self.branch7x7dbl_1 = _Convolution(channels, width, (1, 1))
        self.branch7x7dbl_2 = _Convolution(width, width, down, padding=above)
        self.branch7x7dbl_3 = _Convolution(width, width, across, padding=beside)
        self.branch7x7dbl_4 = _Convolution(width, width, down, padding=above)
        self.branch7x7dbl_5 = _Convolution(width, 192, across, padding=beside)
        self.branch_pool = _Convolution(channels, 192, (1, 1))

    def forward(self, planes: Tensor) -> Tensor:
        once = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(planes)))
        twice = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(planes)))
        twice = self.branch7x7dbl_5(self.branch7x7dbl_4(twice))
        return torch.cat([self.branch1x1(planes), once, twice, self.branch_pool(_average(planes))], dim=1)


class _ReductionD(nn.Module):
    """Halve the plane: 3x3, 7x7 then 3x3, and max-pooling, side by side."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = _Convolution(channels, 192, (1, 1))
        self.branch3x3_2 = _Convolution(192, 320, (3, 3), stride=2)
        self.branch7x7x3_1 = _Convolution(channels, 192, (1, 1))
        self.branch7x7x3_2 = _Convolution(192, 192, (1, 7), padding=(0, 3))
        self.branch7x7x3_3 = _Convolution(192, 192, (7, 1), padding=(3, 0))
        self.branch7x7x3_4 = _Convolution(192, 192, (3, 3), stride=2)

    def forward(self, planes: Tensor) -> Tensor:
        three = self.branch3x3_2(self.branch3x3_1(planes))
        seven = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(planes))))
        return torch.cat([three, seven, _pool(planes)], dim=1)


class _BlockE(nn.Module):
    """Figure 7 of the paper: branches that fork into 1x3 and 3x1."""

    def __init__(self, channels: int, *, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.pool = pool
        self.branch1x1 = _Convolution(channels, 320, (1, 1))
        self.branch3x3_1 = _Convolution(channels, 384, (1, 1))
        self.branch3x3_2a = _Convolution(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3_2b = _Convolution(384, 384, (3, 1), padding=(1, 0))
        self.branch3x3dbl_1 = _Convolution(channels, 448, (1, 1))
        self.branch3x3dbl_2 = _Convolution(448, 384, (3, 3), padding=(1, 1))
        self.branch3x3dbl_3a = _Convolution(384, 384, (1, 3), padding=(0, 1))
        self.branch3x3dbl_3b = _Convolution(384, 384, (3, 1), padding=(1, 0))
        self.branch_pool = _Convolution(channels, 192, (1, 1))

    def forward(self, planes: Tensor) -> Tensor:
        once = self.branch3x3_1(planes)
        twice = self.branch3x3dbl_2(self.branch3x3dbl_1(planes))
        branches = [
            self.branch1x1(planes),
            *(self.branch3x3_2a(once), self.branch3x3_2b(once)),
            *(self.branch3x3dbl_3a(twice), self.branch3x3dbl_3b(twice)),
            self.branch_pool(self.pool(planes)),
        ]
        return torch.cat(branches, dim=1)


def _pool(planes: Tensor) -> Tensor:
    return F.max_pool2d(planes, 3, stride=2)


def _average(planes: Tensor) -> Tensor:
    return F.avg_pool2d(planes, 3, stride=1, padding=1, count_include_pad=False)


def _maximum(planes: Tensor) -> Tensor:
    return F.max_pool2d(planes, 3, stride=1, padding=1)
