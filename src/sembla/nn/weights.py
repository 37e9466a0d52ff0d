"""Where the weights of a network come from: a file that was named, a folder, or a download whose checksum is known.

Nothing here needs PyTorch; `nn.loading` reads what is found here. Files are known by their SHA-256, never by their name
alone: a score is written with the hash of the file that it rests on.
"""

import logging
import os
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from sembla.core.digest import file_sha256
from sembla.core.errors import InputError
from sembla.core.places import cache_folder

__all__ = [
    "ALEXNET",
    "FACE_PARSING_UNET",
    "FOLDER_VARIABLE",
    "INCEPTION_FID",
    "INCEPTION_TORCHVISION",
    "KNOWN_WEIGHTS",
    "LPIPS_ALEX",
    "LPIPS_SQUEEZE",
    "LPIPS_VGG",
    "MOBILEFACENET",
    "SQUEEZENET",
    "SQUEEZENET_CAFFE",
    "VGG16",
    "VGG19",
    "Embedder",
    "FeatureNetwork",
    "Weights",
    "WeightsFile",
    "best_embedder",
    "best_features",
    "file_hash",
    "find_weights",
    "has_features",
]

FeatureNetwork: TypeAlias = Literal["", "vgg19", "squeezenet", "none"]
"""What a recipe compares pictures through; "" takes the first of these whose weights are there."""

Embedder: TypeAlias = Literal["", "mobilefacenet", "none"]
"""What a recipe tells persons by; "" takes MobileFaceNet where its weights are there."""

FOLDER_VARIABLE = "SEMBLA_WEIGHTS"
"""The environment variable that names the folder of weights."""

_TIMEOUT = 30  # seconds without a byte
_BLOCK = 1 << 20  # bytes read at a time
_TORCH = "https://download.pytorch.org/models/"
_LPIPS = "https://github.com/richzhang/PerceptualSimilarity/raw/master/lpips/weights/v0.1/"

_log = logging.getLogger("sembla")


@dataclass(frozen=True)
class Weights:
    """The published weights of one network."""

    name: str
    """What scores call the network, e.g. "vgg19"."""
    files: tuple[str, ...]
    """Names that the file may have inside the folder of weights; the first is what a download is saved as."""
    sha256: str
    """SHA-256 of the published file, or its first digits (eight or more, as PyTorch names its files)."""
    url: str | None = None
    """Where the published file is; None where it must be brought by hand."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights that exists, and what it was found to be."""

    weights: Weights
    path: Path
    sha256: str
    """SHA-256 of the whole file, 64 hexadecimal digits."""

    @property
    def published(self) -> bool:
        """Whether this is the published file, by its hash."""
        return self.sha256.startswith(self.weights.sha256)

    @property
    def label(self) -> str:
        """What scores are named after: the network and the first eight digits of the hash."""
        return f"{self.weights.name}:{self.sha256[:8]}"


SQUEEZENET = Weights(
    name="squeezenet1.1",
    files=("squeezenet1_1-b8a52dc0.pth",),
    sha256="b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b",
    url=_TORCH + "squeezenet1_1-b8a52dc0.pth",
)
"""SqueezeNet 1.1 of torchvision; input scaled by ImageNet's mean and deviation."""

SQUEEZENET_CAFFE = Weights(
    name="squeezenet1.1-caffe",
    files=("squeezenet1_1_caffe_imagenet.safetensors",),
    sha256="981117582e207087e1e96bf4fb66c3fa5a8c7d00002eeacf94c446ae90dcee9c",
)
"""SqueezeNet 1.1 of its authors (Caffe), converted; input 0 to 255 less the mean colour."""

ALEXNET = Weights(
    name="alexnet",
    files=("alexnet-owt-7be5be79.pth",),
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    url=_TORCH + "alexnet-owt-7be5be79.pth",
)
"""AlexNet of torchvision."""

VGG16 = Weights(
    name="vgg16",
    files=("vgg16-397923af.pth",),
    sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    url=_TORCH + "vgg16-397923af.pth",
)
"""VGG-16 of torchvision."""

VGG19 = Weights(
    name="vgg19",
    files=("vgg19-dcbb9e9d.pth",),
    sha256="dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44",
    url=_TORCH + "vgg19-dcbb9e9d.pth",
)
"""VGG-19 of torchvision."""

INCEPTION_FID = Weights(
    name="inception",
    files=("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth"),
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
    url="https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
)
"""The Inception network of 2015 that the FID is defined on, as converted for pytorch-fid."""

INCEPTION_TORCHVISION = Weights(
    name="inception-torchvision",
    files=("inception_v3_google-0cc3c7bd.pth",),
    sha256="0cc3c7bd",
    url=_TORCH + "inception_v3_google-0cc3c7bd.pth",
)
"""Inception v3 of torchvision, which the published SIFID code uses; no FID is comparable on it."""

MOBILEFACENET = Weights(
    name="mobilefacenet",
    files=("mobilefacenet_foamliu_112.safetensors",),
    sha256="8f8f5dbaebc48133911971c8f1c7f21591b955b5a16d05b54d4b826c5f060789",
)
"""A face embedding, 128 numbers (Chen et al. 2018), of github foamliu/MobileFaceNet, converted."""

FACE_PARSING_UNET = Weights(
    name="face-parsing-unet",
    files=("face_parsing_unet_simonenkel_256.safetensors",),
    sha256="015cca1917bd5bd21de5590c8bd2a6c3049978e579fc4738d8c4e8ec8c87f44e",
)
"""A small face segmenter of github SimonEnkel/lightweight-unet-face-parsing, converted; classes in MaskGAN's order."""

LPIPS_ALEX = Weights(
    name="lpips-alex",
    files=("lpips_linear/v0.1_alex.pth", "lpips_alex.pth"),
    sha256="df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0",
    url=_LPIPS + "alex.pth",
)
"""The linear layers of LPIPS 0.1 over AlexNet."""

LPIPS_VGG = Weights(
    name="lpips-vgg",
    files=("lpips_linear/v0.1_vgg.pth", "lpips_vgg.pth"),
    sha256="a78928a0af1e5f0fcb1f3b9e8f8c3a2a5a3de244d830ad5c1feddc79b8432868",
    url=_LPIPS + "vgg.pth",
)
"""The linear layers of LPIPS 0.1 over VGG-16."""

LPIPS_SQUEEZE = Weights(
    name="lpips-squeeze",
    files=("lpips_linear/v0.1_squeeze.pth", "lpips_squeeze.pth"),
    sha256="4a5350f23600cb79923ce65bb07cbf57dca461329894153e05a1346bd531cf76",
    url=_LPIPS + "squeeze.pth",
)
"""The linear layers of LPIPS 0.1 over SqueezeNet 1.1."""

KNOWN_WEIGHTS = (
    *(SQUEEZENET, SQUEEZENET_CAFFE, ALEXNET, VGG16, VGG19, INCEPTION_FID, INCEPTION_TORCHVISION, MOBILEFACENET),
    FACE_PARSING_UNET,
    *(LPIPS_ALEX, LPIPS_VGG, LPIPS_SQUEEZE),
)
"""All of the above; a file of one that is given for another is recognised."""


def find_weights(weights: Weights, file: str | os.PathLike[str] | None = None) -> WeightsFile:
    """Find a network's weights: `file` where it is named, else the folder in `SEMBLA_WEIGHTS`, else by download.

    A file that is named is taken whatever its hash is, for it may be trained anew, unless the hash is that of another
    network's published weights. Files in the folder and downloads must be the published ones. A download is kept in
    the folder, or where none is named in the user's cache (`~/.cache/sembla/weights`), and found there from then on.

    Raises `InputError` for a missing or wrong file, and where neither file, folder nor network has the weights.
    """
    if file is not None:
        return _named(weights, Path(file))
    folder = _folder()
    for name in weights.files:
        path = folder / name
        if path.is_file():
            return _published(weights, path)
    if weights.url is None:
        raise InputError(f"the weights of {weights.name} are missing, and there is no download: {_ways(weights)}.")
    path = folder / weights.files[0]
    _download(weights, weights.url, path)
    return _published(weights, path)


def best_features() -> Literal["vgg19", "squeezenet"] | None:
    """The better feature network of those whose weights `find_weights` finds without a download, if there is one."""
    if has_features("vgg19"):
        return "vgg19"
    return "squeezenet" if has_features("squeezenet") else None


def has_features(name: str) -> bool:
    """Whether the weights of a feature network are found without a download; "none" needs none."""
    needed = {"vgg19": VGG19, "squeezenet": SQUEEZENET_CAFFE}.get(name)
    return needed is None or _are_here(needed)


def best_embedder() -> Literal["mobilefacenet"] | None:
    """The embedder whose weights `find_weights` finds without a download, if there is one."""
    return "mobilefacenet" if _are_here(MOBILEFACENET) else None


def _are_here(weights: Weights) -> bool:
    return any((_folder() / file).is_file() for file in weights.files)


def file_hash(path: Path) -> str:
    """SHA-256 of a file, 64 hexadecimal digits. Raises `InputError` for a file that cannot be read."""
    try:
        return file_sha256(path)
    except OSError as error:
        raise InputError(f"{path}: the weights cannot be read ({error.strerror}); check the path.") from error


def _folder() -> Path:
    """The folder of weights: the user's own, or the cache."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else cache_folder("weights")


def _named(weights: Weights, path: Path) -> WeightsFile:
    found = WeightsFile(weights, path, file_hash(path))
    for other in KNOWN_WEIGHTS:
        if other is not weights and found.sha256.startswith(other.sha256):
            raise InputError(
                f"{path} holds the weights of {other.name} (SHA-256 {found.sha256[:8]}), not of {weights.name}; "
                f"give {weights.files[0]}, or ask for {other.name}."
            )
    return found


def _published(weights: Weights, path: Path) -> WeightsFile:
    found = WeightsFile(weights, path, file_hash(path))
    if not found.published:
        raise InputError(
            f"{path} has SHA-256 {found.sha256[:8]}, the published weights of {weights.name} have "
            f"{weights.sha256[:8]}; replace the file, or pass it with --weights (to evaluate) if you mean it."
        )
    return found


def _ways(weights: Weights) -> str:
    """The three ways to bring weights, for messages."""
    get = f"download {weights.url}" if weights.url else "bring the file from another machine"
    folder = f"put {weights.files[0]} into the folder named by {FOLDER_VARIABLE}"
    return f"{folder}, pass --weights FILE (to evaluate), or {get}"


def _download(weights: Weights, url: str, target: Path) -> None:
    """Fetch a file beside its target, and move it there once its checksum is right."""
    _log.info("downloading the weights of %s from %s", weights.name, url)
    part = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(url, timeout=_TIMEOUT) as source,
            tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as stream,
        ):
            part = Path(stream.name)
            while block := source.read(_BLOCK):
                stream.write(block)
        received = file_hash(part)
        if not received.startswith(weights.sha256):
            raise InputError(
                f"the download of {weights.name} has SHA-256 {received[:8]} instead of {weights.sha256[:8]} and was "
                f"dropped; try again, or {_ways(weights)}."
            )
        part.replace(target)
    except (OSError, ValueError) as error:  # URLError is an OSError; ValueError is a broken reply
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise InputError(
            f"the weights of {weights.name} are missing and could not be downloaded ({reason}): {_ways(weights)}."
        ) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
