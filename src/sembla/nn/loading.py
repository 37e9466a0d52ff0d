"""Weights from a file into a network, with errors that name the file, its hash and the shapes."""

import pickle
from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from sembla.core.errors import InputError
from sembla.nn.weights import WeightsFile, file_hash

__all__ = ["load_weights", "misfits", "read_state"]


def load_weights(network: nn.Module, file: WeightsFile, *, ignore: Collection[str] = ()) -> None:
    """Fill `network` from `file`, freeze it, and put it into evaluation mode.

    The file must hold every tensor of the network in its shape, and nothing else but tensors whose names begin with one
    of `ignore` (a classifier that is not used here). Counters of batches (`num_batches_tracked`) may come or lack.
    Raises `InputError` that names the hash of the file and the first tensors that do not fit.
    """
    state = {name: value for name, value in read_state(file.path).items() if not name.startswith(tuple(ignore))}
    wanted = network.state_dict()
    asked = {name: value for name, value in wanted.items() if name in state or not _is_counter(name)}
    faults = misfits({name: value for name, value in state.items() if name in wanted or not _is_counter(name)}, asked)
    if faults:
        raise InputError(
            f"{file.path} (SHA-256 {file.sha256[:8]}) does not hold the weights of {file.weights.name}: "
            f"{'; '.join(faults[:3])}{' ...' if len(faults) > 3 else ''}. Give {file.weights.files[0]}."
        )
    network.load_state_dict({name: value for name, value in state.items() if name in wanted}, strict=False)
    network.eval().requires_grad_(requires_grad=False)


def misfits(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> list[str]:
    """What keeps `given` from having the names and shapes of `wanted`: a clause for each tensor, its name first."""
    lacking = [f"{name} is missing" for name in wanted if name not in given]
    others = [
        f"{name} has shape {tuple(given[name].shape)} instead of {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in given and given[name].shape != value.shape
    ]
    return [*lacking, *others, *(f"{name} is not part of the network" for name in given if name not in wanted)]


def read_state(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a file, by name, on the CPU: safetensors, or PyTorch's own format without running its pickle.

    Raises `InputError` for a file that is neither.
    """
    try:
        if path.suffix == ".safetensors":
            tensors: Mapping[str, Tensor] = load_file(path)
            return tensors
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, pickle.UnpicklingError, SafetensorError) as error:
        # PyTorch's own words are advice to run whatever code the file holds
        reason = "no plain tensors" if isinstance(error, pickle.UnpicklingError) else _first_line(error)
        raise InputError(
            f"{path} (SHA-256 {file_hash(path)[:8]}) holds no weights ({reason}); give a .safetensors or .pth file."
        ) from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"{path} holds no plain weights (names and tensors); save the network's state_dict.")
    return state


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")
