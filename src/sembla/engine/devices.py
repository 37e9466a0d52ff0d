"""The devices that PyTorch sees, by the names that users give."""

import os
from pathlib import Path

import torch

from sembla.core.errors import InputError

__all__ = ["find_device", "has_bf16"]

_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")  # as Linux tells them for x86 and ARM


def find_device(name: str = "auto") -> torch.device:
    """The device of a name: auto, cpu, cuda, cuda:NUMBER or mps; auto is a GPU where there is one.

    Under torchrun, auto and cuda are the GPU of this process. Raises `InputError` for a name that is none of these, and
    for a device that is not there.
    """
    own = int(os.environ.get("LOCAL_RANK", "0"))
    if name == "auto":
        name = f"cuda:{own}" if torch.cuda.is_available() else "cpu"  # mps lacks operations that methods use
    try:
        device = torch.device(f"cuda:{own}" if name == "cuda" else name)
    except RuntimeError as error:
        raise InputError(f"device {name!r} came; expected auto, cpu, cuda, cuda:NUMBER or mps.") from error
    if device.type not in {"cpu", "cuda", "mps"}:
        raise InputError(f"device {name!r} came; expected auto, cpu, cuda, cuda:NUMBER or mps.")
    if device.type == "cuda":
        _check_gpu(name, device.index or 0)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError("device mps came, which this machine lacks; leave --device out (device='auto').")
    return device


def has_bf16(device: torch.device, *, cpus: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether a device computes bf16 itself, and faster than fp32; of a CPU, where the system tells it in `cpus`."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu" or not cpus.is_file():
        return False
    lines = cpus.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = next((line for line in lines if line.partition(":")[0].strip() in {"flags", "Features"}), "")
    return not set(_INSTRUCTIONS).isdisjoint(flags.split())


def _check_gpu(name: str, index: int) -> None:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if index >= count:
        there = f"it sees {count} GPUs, from cuda:0 on" if count else "it sees no GPU"
        raise InputError(f"device {name} came, but PyTorch cannot use it: {there}; leave --device out (device='auto').")
