"""Modulation by place: normalise, then scale and shift each place as maps of what is where ask for."""

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

__all__ = ["Guide", "Guides", "ModulatedBlock", "MultiFeatureNorm", "Norm", "SpatialNorm"]

SLOPE = 0.2
"""Of leaky rectifiers."""

_HIDDEN = 128


class Guide:
    """Planes (N, C, H, W) that tell what is where, at any size; each size is computed once."""

    def __init__(self, planes: Tensor, *, smooth: bool = False) -> None:
        """`smooth` reduces planes by means; else each place takes one pixel's values, as label maps need."""
        self._planes, self._smooth = planes, smooth
        self.full = _size(planes)
        """Height and width of what was given."""
        self._sized = [planes]  # and not by size: an exporter's sizes are symbols, which no dictionary takes

    def at(self, size: tuple[int, int]) -> Tensor:
        """The planes at that height and width."""
        known = next((planes for planes in self._sized if _size(planes) == size), None)
        if known is not None:
            return known
        if self._smooth:
            made = F.adaptive_avg_pool2d(self._planes, size)
        else:
            made = F.interpolate(self._planes, size, mode="nearest")
        self._sized.append(made)
        return made


class Guides:
    """What a generator is guided by."""

    def __init__(self, labels: Tensor, texture: Tensor | None = None) -> None:
        """Planes of classes (N, K, H, W), and of texture (N, 1, H, W) where there are such."""
        self.labels = Guide(labels)
        self.texture = None if texture is None else Guide(texture, smooth=True)


class SpatialNorm(nn.Module):
    """Spatially-adaptive normalisation, SPADE (Park et al. 2019, eqs. 1 to 3): the label map scales and shifts.

    The normalisation itself is by batch and has no weights.
    """

    def __init__(self, channels: int, label_channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.labels = _Branch(channels, label_channels)

    def forward(self, planes: Tensor, guides: Guides) -> Tensor:
        """Planes (N, C, h, w), modulated."""
        scale, shift = self.labels(guides.labels.at(_size(planes)))
        return torch.addcmul(shift, self.norm(planes), 1 + scale)


class MultiFeatureNorm(nn.Module):
    """Multi-feature adaptive denormalisation, MFADE (MEDI 2023): label map and texture scale and shift together.

    The published diagram shows two branches whose scales and shifts are added. Normalisation, the one in `1 + scale`
    and the hidden layer are SPADE's. With `weighted`, each branch has a learned weight, at first 1 for the label map
    and 0 for the texture, so that training begins as SPADE.
    """

    def __init__(self, channels: int, label_channels: int, *, weighted: bool = True) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.labels, self.texture = _Branch(channels, label_channels), _Branch(channels, 1)
        self.weights = nn.Parameter(torch.tensor([1.0, 0.0])) if weighted else None

    def forward(self, planes: Tensor, guides: Guides) -> Tensor:
        """Planes (N, C, h, w), modulated. The guides must have a texture."""
        size = _size(planes)
        assert guides.texture
        (scale, shift), (other_scale, other_shift) = (
            self.labels(guides.labels.at(size)),
            self.texture(guides.texture.at(size)),
        )
        if self.weights is not None:
            own, other = self.weights.unbind()
            scale, shift, other_scale, other_shift = scale * own, shift * own, other_scale * other, other_shift * other
        return torch.addcmul(shift + other_shift, self.norm(planes), 1 + scale + other_scale)


Norm = Callable[[int], nn.Module]
"""Makes a modulated normalisation of so many channels; it is called with planes and `Guides`."""


class ModulatedBlock(nn.Module):
    """The residual block of SPADE (Park et al. 2019, figure 4a), with any modulated normalisation."""

    def __init__(self, channels: int, made: int, *, norm: Norm) -> None:
        super().__init__()
        between = min(channels, made)
        self.norms = nn.ModuleList([norm(channels), norm(between)])
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(*pair, 3, padding=1)) for pair in ((channels, between), (between, made))
        )
        self.beside = nn.ModuleList()
        if channels != made:
            self.beside.extend([norm(channels), spectral_norm(nn.Conv2d(channels, made, 1, bias=False))])

    def forward(self, planes: Tensor, guides: Guides) -> Tensor:
        """Planes (N, C, h, w) to (N, made, h, w)."""
        found = planes
        for norm, convolution in zip(self.norms, self.convolutions, strict=True):
            found = convolution(F.leaky_relu(norm(found, guides), SLOPE))
        if self.beside:
            norm, convolution = self.beside
            planes = convolution(norm(planes, guides))
        return planes + found


class _Branch(nn.Module):
    """From a map to a scale and a shift."""

    def __init__(self, channels: int, guide_channels: int) -> None:
        super().__init__()
        self.hidden = nn.Conv2d(guide_channels, _HIDDEN, 3, padding=1)
        self.both = nn.Conv2d(_HIDDEN, 2 * channels, 3, padding=1)

    def forward(self, guide: Tensor) -> tuple[Tensor, Tensor]:
        scale, shift = self.both(F.relu(self.hidden(guide))).chunk(2, dim=1)
        return scale, shift


def _size(planes: Tensor) -> tuple[int, int]:
    return planes.shape[2], planes.shape[3]
