"""Trained methods at work, and as files for other programs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sembla import packs
from sembla.api.training import methods, need_models
from sembla.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from sembla.runs.exporting import Target
    from sembla.runs.synthesizer import Synthesizer

__all__ = ["export", "load", "model_folder", "pack_folders"]


def load(run: str | os.PathLike[str], *, device: str = "auto", exact: bool = False) -> "Synthesizer":
    """Load what was trained: a bundled pack by its name, a run, or a folder with its two files alone.

    Those are `weights.safetensors` and `method.json`; a folder goes before a pack of its name.

    No code of the folder runs, whoever made it. Networks compute in bf16 where the device does so itself; with `exact`,
    and elsewhere, in fp32. Called with a task of one of its `tasks`, the synthesizer gives the result.

    Raises `InputError` for what is damaged, does not fit, or is of an unknown method or a newer version, and for a
    device that is not there; `MissingExtraError` without the extra `models`.
    """
    need_models()
    from sembla.engine.devices import find_device, has_bf16
    from sembla.runs.synthesizer import read_synthesizer

    there = find_device(device)
    return read_synthesizer(model_folder(run), methods(), device=there, half=not exact and has_bf16(there))


def export(
    run: str | os.PathLike[str], out: str | os.PathLike[str], *, to: "Target" = "onnx", force: bool = False
) -> float:
    """Write what was trained as a file for other programs; gives how far its outputs are from PyTorch's at most.

    Raises `InputError`, and leaves no file, where that is more than 1e-4, where the method has nothing to export or the
    format cannot hold it, and as `load` does; `OutputError` for a file that exists, unless `force`;
    `MissingExtraError` without the extra `export`, which ONNX needs.
    """
    need_models()
    from sembla.runs.exporting import SUFFIXES
    from sembla.runs.exporting import export as write

    if to not in SUFFIXES:
        raise InputError(f"format {to!r} came; expected {' or '.join(SUFFIXES)}.")
    path = Path(out)
    if path.suffix != SUFFIXES[to]:
        raise InputError(f"{path} came for {to}; give a name that ends with {SUFFIXES[to]}.")
    if path.exists() and not force:
        raise OutputError(f"{path} exists; replace it with --force (force=True), or choose another name.")
    return write(load(run, device="cpu", exact=True).graph(), to, path)


def pack_folders() -> dict[str, Path]:
    """What `load` knows by name, and where it lies: models that come with Sembla."""
    return packs.folders()


def model_folder(run: str | os.PathLike[str]) -> Path:
    """The folder of a run, or of a pack by its name. Raises `InputError` for a name of neither."""
    path, known = Path(run), packs.folders()
    pack = None if path.exists() else known.get(str(run))
    if pack is None and not path.exists() and path.parent == Path() and known:
        raise InputError(f"{run}: no such folder; give the folder of a run, or a pack: {', '.join(known)}.")
    return pack or path
