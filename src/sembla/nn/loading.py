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

__all__ = ["load_weights", "read_state"]


def load_weights(network: nn.Module, file: WeightsFile, *, ignore: Collection[str] = ()) -> None:
    """Fill `network` from `file`, freeze it, and put it into evaluation mode.

    The file must hold every tensor of the network in its shape, and nothing else but tensors whose names begin with one
    of `ignore` (a classifier that is not used here). Counters of batches (`num_batches_tracked`) may come or lack.
    Raises `InputError` that names the hash of the file and the first tensors that do not fit.
    """
    state = {name: value for name, value in read_state(file.path).items() if not name.startswith(tuple(ignore))}
    wanted = network.state_dict()
    faults = [*_missing(wanted, state), *_other_shapes(wanted, state), *_unknown(wanted, state)]
    if faults:
        raise InputError(
            f"{file.path} (SHA-256 {file.sha256[:8]}) does not hold the weights of {file.weights.name}: "
            f"{'; '.join(faults[:3])}{' ...' if len(faults) > 3 else ''}. Give {file.weights.files[0]}."
        )
    network.load_state_dict({name: value for name, value in state.items() if name in wanted}, strict=False)
    network.eval().requires_grad_(requires_grad=False)


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


def _missing(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    return [f"{name} is missing" for name in wanted if name not in state and not _is_counter(name)]


def _other_shapes(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    return [
        f"{name} has shape {tuple(state[name].shape)} instead of {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in state and state[name].shape != value.shape
    ]


def _unknown(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    return [f"{name} is not part of the network" for name in state if name not in wanted and not _is_counter(name)]


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")
