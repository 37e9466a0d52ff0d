"""Pictures and label maps out: whole or not at all, with the settings that made them.

Every file is first written beside its final place under a name of its own and then moved there in one step, so that
neither a crash nor Ctrl-C leaves half a picture. PNGs carry their settings as JSON in the text chunk "sembla".
"""

import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from sembla.core.digest import file_sha256
from sembla.core.errors import ImageError, InputError, LabelError, OutputError
from sembla.core.types import LabelMap, Picture

__all__ = [
    "PICTURE_SUFFIXES",
    "check_output",
    "digest",
    "read_settings",
    "whole_file",
    "write_label_map",
    "write_picture",
]

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
"""What pictures can be written as; all but JPEG keep every pixel as it is."""

_ENCODING: dict[str, tuple[str, dict[str, object]]] = {
    ".png": ("PNG", {"compress_level": 4}),  # a twentieth larger than level 9, in a tenth of its time
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".webp": ("WEBP", {"lossless": True, "method": 0}),
    ".tif": ("TIFF", {"compression": "tiff_deflate"}),
    ".tiff": ("TIFF", {"compression": "tiff_deflate"}),
    ".bmp": ("BMP", {}),
}
_CHUNK = "sembla"


def write_picture(
    path: str | os.PathLike[str],
    picture: Picture,
    *,
    settings: Mapping[str, object] | None = None,
    force: bool = False,
) -> None:
    """Write a picture (H, W, 3) in the format that the suffix names.

    `settings` (anything JSON can hold) goes into the metadata of a PNG; other formats are written without. An existing
    file is replaced only with `force`. Raises `OutputError` where it cannot be written, and `ImageError` for an array
    that is no such picture; then nothing is left behind.
    """
    path = Path(path)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ImageError(f"{path}: dtype {picture.dtype}, shape {picture.shape} came; expected uint8 (H, W, 3).")
    check_output(path, suffixes=PICTURE_SUFFIXES, force=force)
    _save(Image.fromarray(picture), path, settings=settings)


def write_label_map(
    path: str | os.PathLike[str],
    labels: LabelMap,
    *,
    palette: NDArray[np.uint8],
    settings: Mapping[str, object] | None = None,
    force: bool = False,
) -> None:
    """Write class ids (H, W) as a palette PNG: the pixels hold the ids, `palette` (K, 3) gives their colours.

    Otherwise as `write_picture`. Raises `LabelError` for an array that is no such map, or holds an id without a colour.
    """
    path = Path(path)
    if labels.dtype != np.uint8 or labels.ndim != 2:
        raise LabelError(f"{path}: dtype {labels.dtype}, shape {labels.shape} came; expected uint8 ids (H, W).")
    if labels.size and labels.max() >= len(palette):
        raise LabelError(f"{path}: id {labels.max()} came with {len(palette)} colours; give a colour for each id.")
    check_output(path, suffixes=(".png",), force=force)
    image = Image.fromarray(labels)
    image.putpalette(palette.astype(np.uint8).tobytes())
    _save(image, path, settings=settings)


def read_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the settings that `write_picture` put into a PNG. Raises `InputError` where there are none."""
    path = Path(path)
    try:
        with Image.open(path, formats=("PNG",)) as image:
            text = image.info.get(_CHUNK)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"{path} is not a PNG that can be read; only PNGs carry settings.") from error
    try:
        settings = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise InputError(f"{path} carries no Sembla settings; give a PNG as Sembla wrote it, not edited or saved anew.")
    return settings


def digest(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hex: tells later whether it is still the same. Raises `InputError` if it is gone."""
    try:
        return file_sha256(Path(path))
    except OSError as error:
        raise InputError(f"{os.fspath(path)} cannot be read ({error.strerror}); put it back.") from error


def check_output(
    path: str | os.PathLike[str], *, suffixes: tuple[str, ...], force: bool = False, inputs: Sequence[Path] = ()
) -> None:
    """Raise `OutputError` if `path` could not be written, or is one of `inputs`, before any work is done for it."""
    path = Path(path)
    if path.suffix.lower() not in suffixes:
        raise OutputError(f"{path}: cannot write {path.suffix or 'a name without suffix'}; use {', '.join(suffixes)}.")
    with _refusals(path):
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give the name of a file.")
        if path.resolve() in {read.resolve() for read in inputs}:  # not even with force: nobody means to lose those
            raise OutputError(f"{path} is one of the inputs, which are never replaced; choose another name.")
        if path.exists() and not force:
            raise OutputError(f"{path} exists already; choose another name, or replace it with --force (force=True).")
        if not path.parent.is_dir():
            raise OutputError(f"{path}: the folder {path.parent} does not exist; make it first.")
        part = _part(path)  # made and removed: the only question that every file system answers truly
        part.touch()
        part.unlink()


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; move it there when the block ends, remove it when the block fails.

    Raises `OutputError` for what the system refuses (full disk, no permission).
    """
    part = _part(path)
    try:
        with _refusals(path):
            yield part
            part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _part(path: Path) -> Path:
    """A name beside `path` that nobody else uses."""
    return path.with_name(f".{secrets.token_hex(6)}.part")


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn what the system refuses into `OutputError`."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror or error}); choose another place.") from error


def _save(image: Image.Image, path: Path, *, settings: Mapping[str, object] | None) -> None:
    """Encode as the suffix says, with the settings where the format is PNG."""
    encoding, options = _ENCODING[path.suffix.lower()]
    if settings is not None and encoding == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text(_CHUNK, json.dumps(settings, sort_keys=True))
        options = {**options, "pnginfo": chunks}
    with whole_file(path) as part, part.open("wb") as file:
        image.save(file, encoding, **options)
