"""Frozen segmenters: pictures in, label maps out, for scores of agreement (`metrics.agreement`).

A score says which segmenter it went through, for the number depends on it: `miou[face-parsing-unet:015cca19]`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor, nn

from sembla.core.errors import ImageError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.nn.features import WeightsPath
from sembla.nn.loading import load_weights
from sembla.nn.weights import FACE_PARSING_UNET, WeightsFile, find_weights

__all__ = ["SEGMENTERS", "FaceParsingUNet", "Segmenter", "face_parsing_unet"]


@dataclass(frozen=True)
class Segmenter:
    """A frozen network that says of each pixel of a picture which class it is."""

    file: WeightsFile
    label_set: LabelSet
    """What the ids of its label maps mean."""
    side: int
    """The network sees pictures at side x side, whatever their shape."""
    resize: str
    """How pictures get there, and label maps back, in words: part of the protocol of every score."""
    network: Callable[[Tensor], Tensor]
    """Pictures (N, 3, side, side) in -1 to 1 to scores of the classes (N, K, side, side)."""

    @property
    def label(self) -> str:
        """What scores are named after: network and hash of its weights, e.g. "face-parsing-unet:015cca19"."""
        return self.file.label

    def __call__(self, pictures: Sequence[Picture]) -> list[LabelMap]:
        """The label map (H, W) of each picture (H, W, 3) uint8, at the picture's own size.

        All pictures go through the network at once. Raises `ImageError` for other arrays.
        """
        if not pictures:
            return []
        small = np.stack([_resized(_checked(picture), self.side) for picture in pictures])
        with torch.inference_mode():
            scores = self.network(torch.from_numpy(small).permute(0, 3, 1, 2).float() / 127.5 - 1)
        maps = scores.argmax(dim=1).to(torch.uint8).cpu().numpy()  # (N, side, side)
        return [_brought_to(picture, ids) for picture, ids in zip(pictures, maps, strict=True)]


class FaceParsingUNet(nn.Module):
    """A U-Net of three levels for the 19 classes of CelebAMask-HQ (github SimonEnkel/lightweight-unet-face-parsing).

    467,123 parameters. Sides must be multiples of 4.
    """

    def __init__(self, classes: int = 19) -> None:
        super().__init__()
        self.enc1 = _two_convolutions(3, 32)
        self.enc2 = _two_convolutions(32, 64)
        self.bottleneck = _two_convolutions(64, 128)
        self.up1 = nn.ConvTranspose2d(128, 64, 2, stride=2)
        self.dec1 = _two_convolutions(128, 64)
        self.up2 = nn.ConvTranspose2d(64, 32, 2, stride=2)
        self.dec2 = _two_convolutions(64, 32)
        self.out = nn.Conv2d(32, classes, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores (N, classes, H, W) of pictures (N, 3, H, W) in -1 to 1, before the softmax."""
        fine = self.enc1(pictures)  # (N, 32, H, W)
        middle = self.enc2(F.max_pool2d(fine, 2))  # (N, 64, H/2, W/2)
        coarse = self.bottleneck(F.max_pool2d(middle, 2))  # (N, 128, H/4, W/4)
        raised = self.dec1(torch.cat([self.up1(coarse), middle], dim=1))
        scores: Tensor = self.out(self.dec2(torch.cat([self.up2(raised), fine], dim=1)))
        return scores


def face_parsing_unet(file: WeightsPath = None) -> Segmenter:
    """Faces in the 19 classes of CelebAMask-HQ, MaskGAN's order; small, and weak for glasses, hats and jewellery.

    Give aligned faces that fill the picture, as in CelebA-HQ. Raises as `find_weights` does.
    """
    found, network = find_weights(FACE_PARSING_UNET, file), FaceParsingUNet()
    load_weights(network, found)
    return Segmenter(
        file=found,
        label_set=CELEBAMASK_HQ_19,
        side=256,
        resize="bilinear with antialiasing (Pillow) to 256x256; label maps back by nearest pixel",
        network=network,
    )


SEGMENTERS: Mapping[str, Callable[[WeightsPath], Segmenter]] = {FACE_PARSING_UNET.name: face_parsing_unet}
"""Segmenters by name; each takes a file of weights or None."""


def _two_convolutions(channels: int, width: int) -> nn.Sequential:
    """Named by number, as the published file names them."""
    return nn.Sequential(
        *(nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()), *(nn.Conv2d(width, width, 3, padding=1), nn.ReLU())
    )


def _resized(picture: Picture, side: int) -> Picture:
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))


def _brought_to(picture: Picture, ids: LabelMap) -> LabelMap:
    """A label map at the size of its picture, by nearest pixel."""
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(Image.fromarray(ids).resize(size, Image.Resampling.NEAREST))


def _checked(picture: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ImageError(f"a picture came as {picture.shape} {picture.dtype}; give RGB, (H, W, 3) uint8.")
    return picture
