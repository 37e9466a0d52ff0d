"""MobileFaceNet: a small embedding of faces, with the names of tensors of foamliu's implementation."""

from torch import Tensor, nn

__all__ = ["MobileFaceNet"]

# Expansion, channels, repetitions, stride of the first (Chen et al. 2018, table 1).
_BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))


class MobileFaceNet(nn.Module):
    """MobileFaceNet (Chen, Liu, Gao & Han 2018) with ReLU6 in place of PReLU, as its public weights were trained.

    Turns faces (N, 3, 112, 112), scaled by ImageNet's mean and deviation, into embeddings (N, 128) of length one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Rectified(3, 64, kernel=3, stride=2)
        self.dw_conv = _Separable(64)
        blocks: list[nn.Module] = []
        channels = 64
        for expansion, width, repetitions, stride in _BOTTLENECKS:
            for repetition in range(repetitions):
                blocks.append(_Bottleneck(channels, width, expansion=expansion, stride=1 if repetition else stride))
                channels = width
        self.features = nn.Sequential(*blocks)
        self.conv2 = _Rectified(128, 512, kernel=1)
        self.gdconv = _GlobalDepthwise(512)
        self.conv3 = nn.Conv2d(512, 128, 1)
        self.bn = nn.BatchNorm2d(128)

    def forward(self, faces: Tensor) -> Tensor:
        """Embeddings (N, 128), each of length one."""
        planes = self.conv2(self.features(self.dw_conv(self.conv1(faces))))  # (N, 512, 7, 7)
        embedding: Tensor = self.bn(self.conv3(self.gdconv(planes))).flatten(1)
        return nn.functional.normalize(embedding)


class _Rectified(nn.Sequential):
    """A convolution without bias, batch normalisation, ReLU6."""

    def __init__(self, channels: int, width: int, *, kernel: int, stride: int = 1, groups: int = 1) -> None:
        convolution = nn.Conv2d(channels, width, kernel, stride, kernel // 2, groups=groups, bias=False)
        super().__init__(convolution, nn.BatchNorm2d(width), nn.ReLU6())


class _Separable(nn.Module):
    """A 3x3 convolution of each channel, then a 1x1 convolution across them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, planes: Tensor) -> Tensor:
        planes = self.bn1(self.depthwise(planes)).relu()
        result: Tensor = self.bn2(self.pointwise(planes)).relu()
        return result


class _Bottleneck(nn.Module):
    """Expand, convolve each channel, project; added to its input where the shapes agree (Sandler et al. 2018)."""

    def __init__(self, channels: int, width: int, *, expansion: int, stride: int) -> None:
        super().__init__()
        hidden = channels * expansion
        self.residual = stride == 1 and channels == width
        self.conv = nn.Sequential(
            _Rectified(channels, hidden, kernel=1),
            _Rectified(hidden, hidden, kernel=3, stride=stride, groups=hidden),
            nn.Conv2d(hidden, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )

    def forward(self, planes: Tensor) -> Tensor:
        result: Tensor = self.conv(planes)
        return planes + result if self.residual else result


class _GlobalDepthwise(nn.Module):
    """A convolution of each channel as large as the plane: a weighted mean in place of the plain one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, planes: Tensor) -> Tensor:
        result: Tensor = self.bn(self.depthwise(planes))
        return result
