"""Frozen extractors: pictures in, features as NumPy arrays out, with what a score must say about how they were made."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from sembla.core.errors import ImageError
from sembla.core.types import Picture
from sembla.nn.inception import InceptionFID, InceptionStem
from sembla.nn.loading import load_weights
from sembla.nn.mobilefacenet import MobileFaceNet
from sembla.nn.planes import IMAGENET_DEVIATION, IMAGENET_MEAN
from sembla.nn.squeezenet import SqueezeNet
from sembla.nn.vgg import VGG19_DEPTHS, VGGFeatures
from sembla.nn.weights import (
    INCEPTION_FID,
    INCEPTION_TORCHVISION,
    MOBILEFACENET,
    SQUEEZENET,
    SQUEEZENET_CAFFE,
    VGG19,
    WeightsFile,
    find_weights,
)

__all__ = [
    "EXTRACTORS",
    "SINGLE_IMAGE_EXTRACTORS",
    "Extractor",
    "LocationExtractor",
    "WeightsPath",
    "imagenet_scaled",
    "inception",
    "inception_stem",
    "inception_stem_torchvision",
    "mobilefacenet",
    "squeezenet",
    "squeezenet_caffe",
    "vgg19_features",
]

WeightsPath = str | os.PathLike[str] | None
"""A file of weights, or None to look for the published one."""

_CAFFE_MEAN = (123.0, 117.0, 104.0)


@dataclass(frozen=True)
class Extractor:
    """A frozen network that turns a picture into one row of features."""

    file: WeightsFile
    dimension: int
    """Length D of a row."""
    side: int
    """Pictures are resized to side x side, whatever their shape."""
    resize: str
    """How they are resized, in words: part of the protocol of every score."""
    prepare: Callable[[Sequence[Picture]], Tensor]
    """Pictures of any sizes to the network's input (N, 3, side, side)."""
    network: Callable[[Tensor], Tensor]
    """The network's input to features (N, D)."""

    @property
    def label(self) -> str:
        """What scores are named after: network and hash of its weights, e.g. "vgg19:dcbb9e9d"."""
        return self.file.label

    @property
    def is_standard_inception(self) -> bool:
        """Whether a Frechet distance on these features may be called FID without more words."""
        return self.file.weights is INCEPTION_FID and self.file.published

    def __call__(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """Features (N, D) of pictures (H, W, 3) uint8 of any sizes. Raises `ImageError` for other arrays."""
        if not pictures:
            return np.empty((0, self.dimension), np.float32)
        with torch.inference_mode():
            features = self.network(self.prepare([_checked(picture) for picture in pictures]))
        values: NDArray[np.float32] = features.float().cpu().numpy()
        return values

    def stream(self, pictures: Iterable[Picture], *, batch: int = 32) -> Iterator[NDArray[np.float32]]:
        """Features (up to `batch`, D) of an endless or large stream of pictures; one batch is held at a time."""
        waiting: list[Picture] = []
        for picture in pictures:
            waiting.append(picture)
            if len(waiting) == batch:
                yield self(waiting)
                waiting = []
        if waiting:
            yield self(waiting)


@dataclass(frozen=True)
class LocationExtractor:
    """A frozen network that turns one picture into a row of features for each place of it, at its own size."""

    file: WeightsFile
    dimension: int
    """Length D of a row; also part of the score's name."""
    network: Callable[[Tensor], Tensor]
    """A picture (1, 3, H, W) in -1 to 1 to planes (1, D, h, w)."""

    @property
    def label(self) -> str:
        """What scores are named after: network and hash of its weights."""
        return self.file.label

    def __call__(self, picture: Picture) -> NDArray[np.float32]:
        """Features (h w, D) of a picture of 15 px a side or more. Raises `ImageError` for what is no picture."""
        pixels = torch.from_numpy(np.array(_checked(picture))).permute(2, 0, 1)[None]
        with torch.inference_mode():
            planes = self.network(pixels.float() / 127.5 - 1)
        values: NDArray[np.float32] = planes[0].flatten(1).T.contiguous().numpy()
        return values


def squeezenet(file: WeightsPath = None) -> Extractor:
    """SqueezeNet 1.1 of torchvision: the mean of its last features, 512 numbers. Raises as `find_weights` does."""
    return _squeezenet(find_weights(SQUEEZENET, file), imagenet_scaled)


def squeezenet_caffe(file: WeightsPath = None) -> Extractor:
    """SqueezeNet 1.1 with its authors' weights: 512 numbers, other ones than `squeezenet` gives.

    Raises as `find_weights` does.
    """
    return _squeezenet(find_weights(SQUEEZENET_CAFFE, file), _caffe_scaled)


def vgg19_features(file: WeightsPath = None) -> Extractor:
    """VGG-19: the mean of relu5_4, 512 numbers. Raises as `find_weights` does."""
    found, network = find_weights(VGG19, file), VGGFeatures(VGG19_DEPTHS)
    load_weights(network, found, ignore=("classifier.",))
    return _bicubic(found, network.pooled, scaled=imagenet_scaled, dimension=512)


def inception(file: WeightsPath = None) -> Extractor:
    """The Inception network of the FID: its last pooling, 2048 numbers. Raises as `find_weights` does.

    Pictures are resized as pytorch-fid does it: bilinear, not antialiased, half-pixel centres, on 0 to 1 floats. That
    keeps numbers comparable; it is not the best filter (Parmar, Zhang & Zhu 2022).
    """
    found, network = find_weights(INCEPTION_FID, file), InceptionFID()
    load_weights(network, found)
    return Extractor(
        file=found,
        dimension=2048,
        side=299,
        resize="bilinear without antialiasing to 299x299, as pytorch-fid",
        prepare=_bilinear_299,
        network=network.pooled,
    )


def mobilefacenet(file: WeightsPath = None) -> Extractor:
    """MobileFaceNet: embeddings of face crops, 128 numbers, length one. Raises as `find_weights` does.

    Give crops of the face alone; framing matters (`metrics.identity`).
    """
    found, network = find_weights(MOBILEFACENET, file), MobileFaceNet()
    load_weights(network, found)
    return _bicubic(found, network, scaled=imagenet_scaled, dimension=128, side=112)


def inception_stem(file: WeightsPath = None) -> tuple[LocationExtractor, LocationExtractor]:
    """The two layers of SIFID, 64 and 192 features, of the Inception network of the FID. Raises as `find_weights`."""
    return _stem(find_weights(INCEPTION_FID, file))


def inception_stem_torchvision(file: WeightsPath = None) -> tuple[LocationExtractor, LocationExtractor]:
    """The two layers of SIFID of torchvision's Inception v3, as in SinGAN's published code."""
    return _stem(find_weights(INCEPTION_TORCHVISION, file))


EXTRACTORS: Mapping[str, Callable[[WeightsPath], Extractor]] = {
    SQUEEZENET.name: squeezenet,
    SQUEEZENET_CAFFE.name: squeezenet_caffe,
    VGG19.name: vgg19_features,
    INCEPTION_FID.name: inception,
    MOBILEFACENET.name: mobilefacenet,
}
"""Extractors by name; each takes a file of weights or None."""

SINGLE_IMAGE_EXTRACTORS: Mapping[str, Callable[[WeightsPath], tuple[LocationExtractor, LocationExtractor]]] = {
    INCEPTION_FID.name: inception_stem,
    INCEPTION_TORCHVISION.name: inception_stem_torchvision,
}
"""Extractors of SIFID by name; each gives the layer of 64 and that of 192 features."""


def imagenet_scaled(pixels: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) of 0 to 255 less ImageNet's mean colour, over its deviation, as torchvision trains."""
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) * 255 for values in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    return (pixels.float() - mean) / deviation


def _caffe_scaled(pixels: Tensor) -> Tensor:
    return pixels.float() - torch.tensor(_CAFFE_MEAN).view(1, 3, 1, 1)


def _squeezenet(found: WeightsFile, scaled: Callable[[Tensor], Tensor]) -> Extractor:
    network = SqueezeNet()
    load_weights(network, found)
    return _bicubic(found, network.pooled, scaled=scaled, dimension=512)


def _stem(found: WeightsFile) -> tuple[LocationExtractor, LocationExtractor]:
    network = InceptionStem()
    load_weights(network, found, ignore=("Mixed_", "AuxLogits.", "fc."))
    return LocationExtractor(found, 64, network.layer64), LocationExtractor(found, 192, network.layer192)


def _bicubic(
    found: WeightsFile,
    network: Callable[[Tensor], Tensor],
    *,
    scaled: Callable[[Tensor], Tensor],
    dimension: int,
    side: int = 224,
) -> Extractor:
    """An extractor over pictures that Pillow has resized."""

    def prepare(pictures: Sequence[Picture]) -> Tensor:
        small = np.stack([_resized(picture, side) for picture in pictures])
        return scaled(torch.from_numpy(small).permute(0, 3, 1, 2))

    resize = f"bicubic with antialiasing (Pillow) to {side}x{side}"
    return Extractor(file=found, dimension=dimension, side=side, resize=resize, prepare=prepare, network=network)


def _resized(picture: Picture, side: int) -> Picture:
    if picture.shape[:2] == (side, side):
        return picture
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def _bilinear_299(pictures: Sequence[Picture]) -> Tensor:
    planes = [torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255 for picture in pictures]
    return torch.cat([F.interpolate(plane, size=(299, 299), mode="bilinear") for plane in planes]) * 2 - 1


def _checked(picture: Picture) -> Picture:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or not picture.size:
        raise ImageError(f"a picture came as {picture.shape} {picture.dtype}; give RGB, (H, W, 3) uint8.")
    return picture
