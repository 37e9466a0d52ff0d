"""Local binary patterns: of each pixel, which of its eight neighbours are at least as bright (Ojala et al. 2002).

The code of a pixel is a byte: clockwise from the upper left, neighbours count 1, 2, 4, 8, 16, 32, 64 and 128. Beyond
the border the outermost pixels repeat.
"""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["LocalBinaryConvolution", "hard_patterns", "luma", "soft_patterns"]

_AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))  # rows down, columns right
_WEIGHTS = (0.299, 0.587, 0.114)  # of red, green and blue, BT.601


def luma(pictures: Tensor) -> Tensor:
    """Brightness (N, 1, H, W), 0 to 255, of pictures (N, 3, H, W) in -1 to 1."""
    weights = torch.tensor(_WEIGHTS, device=pictures.device).view(1, 3, 1, 1)
    return ((pictures.float() + 1) * 127.5 * weights).sum(1, keepdim=True)


def hard_patterns(pictures: Tensor) -> Tensor:
    """Codes (N, 1, H, W) of pictures (N, 3, H, W) in -1 to 1, as the bytes 0 to 255 on the scale of -1 to 1.

    Brightness is rounded to whole numbers first, as in 8-bit pictures. No gradient flows.
    """
    with torch.no_grad():
        return _coded((_differences(luma(pictures).round()) >= 0).float())


def soft_patterns(pictures: Tensor, *, softness: float = 0.03) -> Tensor:
    """As `hard_patterns`, differentiable: each comparison is a sigmoid of the difference over `softness`.

    A difference of black and white is 1. Equal neighbours count one half.
    """
    return _coded(torch.sigmoid(_differences(luma(pictures)) / (255 * softness)))


def _differences(grey: Tensor) -> Tensor:
    """Neighbours less the pixel, (N, 8, H, W), of brightness (N, 1, H, W)."""
    height, width = grey.shape[2:]
    padded = F.pad(grey, [1] * 4, mode="replicate")
    around = [padded[:, :, 1 + down :, 1 + right :][:, :, :height, :width] for down, right in _AROUND]
    return torch.cat(around, dim=1) - grey


def _coded(bits: Tensor) -> Tensor:
    """Planes (N, 8, H, W) of 0 to 1 as codes (N, 1, H, W) of -1 to 1."""
    weights = (2.0 ** torch.arange(8, device=bits.device)).view(1, 8, 1, 1)
    return (bits * weights).sum(1, keepdim=True) / 127.5 - 1


class LocalBinaryConvolution(nn.Module):
    """Fixed sparse filters of -1, 0 and 1, and learned sums of what they find (Juefei-Xu et al. 2017, eq. 4).

    Of the published parameters, the sparsity (share of zeros) is 0.5 and the bias 0.
    """

    anchors: Tensor
    """The fixed filters, (A, C, k, k)."""

    def __init__(self, channels: int, made: int, *, side: int = 3, stride: int = 1, anchors: int = 64) -> None:
        super().__init__()
        drawn = torch.bernoulli(torch.full((2, anchors, channels, side, side), 0.5))
        self.register_buffer("anchors", drawn[0] * (2 * drawn[1] - 1))
        self.join = nn.Conv2d(anchors, made, 1)
        self.stride, self.padding = stride, (side - 1) // 2

    def forward(self, planes: Tensor) -> Tensor:
        """Planes (N, C, H, W) to (N, made, H / stride, W / stride)."""
        found = F.conv2d(planes, self.anchors.to(planes.dtype), stride=self.stride, padding=self.padding)
        joined: Tensor = self.join(F.relu(found))
        return joined
