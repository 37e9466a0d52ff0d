"""The one door of this package to the networks: names and files in, frozen networks out, without PyTorch one sentence.

PyTorch is imported inside the functions, so that everything else here runs on the light core.
"""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sembla.core.errors import InputError, MissingExtraError
from sembla.nn.weights import (
    ALEXNET,
    LPIPS_ALEX,
    LPIPS_SQUEEZE,
    LPIPS_VGG,
    SQUEEZENET,
    VGG16,
    Weights,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from sembla.metrics.lpips import LPIPS
    from sembla.nn.features import Extractor, LocationExtractor
    from sembla.nn.segmenters import Segmenter

__all__ = [
    "INSTALL_MODELS",
    "LPIPS_NETWORKS",
    "features",
    "has_torch",
    "load_extractor",
    "load_lpips",
    "load_segmenter",
    "load_stem",
    "lpips_names",
    "weights_by_name",
]

INSTALL_MODELS = "pip install 'sembla[models]'"
"""What brings PyTorch."""

LPIPS_NETWORKS: Mapping[str, tuple[Weights, Weights]] = {
    "alex": (ALEXNET, LPIPS_ALEX),
    "vgg": (VGG16, LPIPS_VGG),
    "squeeze": (SQUEEZENET, LPIPS_SQUEEZE),
}
"""The two files of LPIPS over each backbone: the network's own, and LPIPS's layers over it."""

_T = TypeVar("_T")


def has_torch() -> bool:
    """Whether PyTorch is installed; it is not imported."""
    return importlib.util.find_spec("torch") is not None


def load_extractor(name: str, weights: Mapping[str, Path]) -> "Extractor":
    """Load the extractor of that name, with the file that `weights` names for it or the published one.

    Raises `MissingExtraError` without PyTorch, `InputError` for an unknown name and as `find_weights` does.
    """
    with _needing_torch(f"the extractor {name}"):
        from sembla.nn.features import EXTRACTORS
    return _known(EXTRACTORS, name, "extractor")(weights.get(name))


def features(extractor: "Extractor", inputs: "Sequence[Tensor]") -> "NDArray[np.float32]":
    """Features (N, D) of pictures that `extractor.prepare` has made ready one by one, (1, 3, side, side) each.

    So the reading and resizing can be done in threads while the network computes.
    """
    import torch

    with torch.inference_mode():
        rows: NDArray[np.float32] = extractor.network(torch.cat(list(inputs))).float().cpu().numpy()
    return rows


def load_stem(name: str, weights: Mapping[str, Path]) -> "tuple[LocationExtractor, LocationExtractor]":
    """Load the two layers of SIFID, 64 and 192 features, of the Inception network of that name.

    Raises as `load_extractor` does.
    """
    with _needing_torch(f"SIFID on {name}"):
        from sembla.nn.features import SINGLE_IMAGE_EXTRACTORS
    return _known(SINGLE_IMAGE_EXTRACTORS, name, "extractor of SIFID")(weights.get(name))


def load_lpips(name: str, weights: Mapping[str, Path]) -> "LPIPS":
    """Load LPIPS over "alex", "vgg" or "squeeze"; `weights` may name both of its files (`lpips_names`).

    Raises as `load_extractor` does, and `InputError` for any but the published weights.
    """
    network, linear = lpips_names(name)
    with _needing_torch(f"LPIPS over {name}"):
        from sembla.metrics.lpips import BACKBONES, lpips
    return lpips(BACKBONES[name], weights=weights.get(network), linear=weights.get(linear))


def lpips_names(name: str) -> tuple[str, str]:
    """What `--weights` calls the two files of LPIPS over a backbone: ("alexnet", "lpips-alex").

    Raises `InputError` for an unknown backbone.
    """
    network, linear = _known(LPIPS_NETWORKS, name, "backbone of LPIPS")
    return network.name, linear.name


def load_segmenter(name: str, weights: Mapping[str, Path]) -> "Segmenter":
    """Load the segmenter of that name. Raises as `load_extractor` does."""
    with _needing_torch(f"the segmenter {name}"):
        from sembla.nn.segmenters import SEGMENTERS
    return _known(SEGMENTERS, name, "segmenter")(weights.get(name))


def weights_by_name(files: Sequence[str], asked: Sequence[str]) -> dict[str, Path]:
    """Files of weights by network from "[NAME=]FILE"; `asked` are the networks that were asked for.

    A plain FILE goes to the one network that was asked for. Raises `InputError` where there are several or none, for a
    NAME that was not asked for, and for two files for one.
    """
    names = tuple(dict.fromkeys(asked))
    found: dict[str, Path] = {}
    for text in files:
        name, path = _parsed(text, names)
        if name in found:
            raise InputError(f"two files came as weights of {name}: {found[name]} and {path}; give one.")
        found[name] = path
    return found


def _parsed(text: str, names: Sequence[str]) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    told = ", ".join(names)
    if equals and name in names:
        return name, Path(path)
    if not names:
        raise InputError(f"weights came ({text}), but no network was asked for; add --extractor NAME or --lpips NAME.")
    if equals and not Path(text).exists():
        raise InputError(f"weights came for {name!r}, which was not asked for; asked for: {told}.")
    if len(names) > 1:
        raise InputError(f"{text} came as weights for one of {told}; say which, as --weights {names[0]}={text}.")
    return names[0], Path(text)


def _known(there: Mapping[str, _T], name: str, what: str) -> _T:
    if name not in there:
        raise InputError(f"{name!r} is no {what}; there are {', '.join(there)}.")
    return there[name]


@contextmanager
def _needing_torch(what: str) -> Iterator[None]:
    """Turn the failed import of PyTorch or of what comes with it into a sentence."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in {"torch", "safetensors"}:
            raise MissingExtraError(f"{what} needs PyTorch; install it with: {INSTALL_MODELS}") from error
        raise
