"""Differentiable augmentation of what discriminators see (Zhao et al. 2020): colour, shift, and a square left out."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

__all__ = ["augmented", "recoloured"]

_SHIFT = 0.125
_COVER = 0.4
_BRIGHT, _SATURATED, _CONTRAST = 0.3, (0.5, 1.5), (0.7, 1.3)


def augmented(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W), each changed by chance of its own, from PyTorch's random state; gradients flow through."""
    return _covered(_shifted(recoloured(pictures)))


def _drawn(like: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(len(like), 1, 1, 1, device=like.device).uniform_(low, high)


def recoloured(pictures: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) brighter or darker, paler or more colourful, flatter or harder, by chance."""
    pictures = pictures + _drawn(pictures, -_BRIGHT, _BRIGHT)
    grey = pictures.mean(1, keepdim=True)
    pictures = grey + (pictures - grey) * _drawn(pictures, *_SATURATED)
    middle = pictures.mean((1, 2, 3), keepdim=True)
    return middle + (pictures - middle) * _drawn(pictures, *_CONTRAST)


def _shifted(pictures: Tensor) -> Tensor:
    """Moved by up to an eighth; what comes in is zero."""
    count, _, height, width = pictures.shape
    high, wide = round(height * _SHIFT), round(width * _SHIFT)
    padded = F.pad(pictures, [wide, wide, high, high]).permute(0, 2, 3, 1)
    down = torch.randint(2 * high + 1, (count, 1), device=pictures.device) + torch.arange(
        height, device=pictures.device
    )
    right = torch.randint(2 * wide + 1, (count, 1), device=pictures.device) + torch.arange(
        width, device=pictures.device
    )
    number = torch.arange(count, device=pictures.device)[:, None, None]
    return padded[number, down[:, :, None], right[:, None, :]].permute(0, 3, 1, 2)


def _covered(pictures: Tensor) -> Tensor:
    """A square of two fifths of the side is zero, its middle anywhere."""
    covers = []
    for side in pictures.shape[2:]:
        middles = torch.rand(len(pictures), 1, device=pictures.device) * side
        places = torch.arange(side, device=pictures.device) + 0.5
        covers.append((places - middles).abs() < side * _COVER / 2)
    return pictures * ~(covers[0][:, None, :, None] & covers[1][:, None, None, :])
