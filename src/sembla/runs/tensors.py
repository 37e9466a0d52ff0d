"""Tensors in safetensors files: plain numbers under names, which no reader can be made to run."""

import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from sembla.core.errors import InputError
from sembla.nn.loading import misfits

__all__ = ["below", "fill", "fit", "named", "read_notes", "read_tensors", "write_tensors"]


def write_tensors(path: Path, tensors: Mapping[str, Tensor], *, notes: Mapping[str, str] | None = None) -> None:
    """Write tensors of any device; `notes` go into the head of the file. Raises `OSError` where the disk refuses."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    path.touch()
    mode = path.stat().st_mode  # as files are made here; the library's own can be read by their owner alone
    try:
        save_file(plain, path, metadata=dict(notes) if notes else None)
    except SafetensorError as error:  # it wraps what the system said
        number = re.search(r"os error (\d+)", str(error))
        raise OSError(int(number[1]) if number else 0, str(error)) from error
    path.chmod(mode)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, on the CPU. Raises `InputError` for a file that is missing, damaged or no safetensors."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} holds no tensors that can be read ({_first_line(error)}); take another.") from error
    return tensors


def read_notes(path: Path) -> dict[str, str]:
    """What is noted in the head of a file. Raises `InputError` as `read_tensors` does."""
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path} holds no tensors that can be read ({_first_line(error)}); take another.") from error


def fit(given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], *, path: Path) -> None:
    """Raise `InputError`, naming the first tensor at fault, unless `given` has the names and shapes of `wanted`."""
    faults = misfits(given, wanted)
    if faults:
        raise InputError(f"{path} does not fit its config: {faults[0]} ({len(faults)} such); it was changed since.")


def fill(networks: Mapping[str, nn.Module], tensors: Mapping[str, Tensor], *, path: Path) -> None:
    """Give networks the weights and buffers that `named` gave, read from `path`. Raises `InputError` as `fit` does."""
    fit(tensors, named(networks), path=path)
    for name, network in networks.items():
        network.load_state_dict(below(tensors, name))


def named(networks: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    """The weights and buffers of networks, as "NETWORK.TENSOR"."""
    return {f"{name}.{key}": value for name, each in networks.items() for key, value in each.state_dict().items()}


def below(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """The tensors of one network, without its name."""
    return {key.removeprefix(f"{name}."): value for key, value in tensors.items() if key.startswith(f"{name}.")}


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
