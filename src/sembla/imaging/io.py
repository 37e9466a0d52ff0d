"""Pictures and label maps in: from paths, Pillow images and NumPy arrays to the two shapes of `core.types`.

The one place where files become arrays; `imaging.save` is its twin. What was decided on the reader's behalf (the first
frame of an animation, alpha laid over white) is told through the logger "sembla" at level INFO.
"""

import io
import logging
import os
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from sembla.core.errors import ImageError, InputError, LabelError
from sembla.core.types import MAX_PIXELS, MIN_SIDE, Picture

__all__ = ["SUFFIXES", "MapArray", "Source", "check_size", "read_map", "read_picture", "read_scribbles", "source_name"]

Source: TypeAlias = str | os.PathLike[str] | BinaryIO | Image.Image | NDArray[np.generic]
"""A path, an open file, a Pillow image or a NumPy array."""

Ground: TypeAlias = Literal["white", "black"]
"""What lies below see-through pixels."""

MapArray: TypeAlias = NDArray[np.uint8]
"""A label map as it was given: colours (H, W, 3) or plain values (H, W)."""

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".ppm", ".pgm", ".avif")
"""What the names of picture files end with, in lower case."""

# Only decoders of pixels: Pillow would hand EPS to an interpreter, and takes almost any bytes for a TGA.
# AVIF last: Pillow may lack it, and then raises KeyError when the others have declined.
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF")

# What Pillow's decoders raise on damaged files (found by cutting files and changing bytes of them).
_DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError),
    *(OverflowError, ZeroDivisionError, MemoryError, RuntimeError, struct.error, zlib.error),
)

_MOST_SCANS = 100
"""Most scans of a JPEG. Each is decoded over the whole picture: thousands of empty ones are a file made to stall."""

_MARKER = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
"""A JPEG's marker; within compressed data, 255 is followed by 0 or one of the others."""

_log = logging.getLogger("sembla")


def read_picture(source: Source, *, name: str = "picture", ground: Ground = "white") -> Picture:
    """Read a photo as RGB uint8 (H, W, 3).

    Files and Pillow images: EXIF rotation is applied, grey, palette, CMYK and 16-bit ones are converted, alpha is laid
    over `ground`, of an animation the first frame is taken; embedded colour profiles are not applied. Arrays: (H, W),
    (H, W, 3) or (H, W, 4); uint8, uint16 (0 to 65535) or float (0.0 to 1.0, and nothing outside). `name` is what
    messages call a source that is no file.

    Raises `ImageError` for what is missing, damaged, no picture, under 16 px a side, over 12.5 megapixels, not finite
    or of another dtype or shape.
    """
    name = source_name(source, name)
    if isinstance(source, np.ndarray):
        return _checked(_flatten(_array_to_bytes(source, name), name, ground), name)
    image = _load(source, name)
    if image.mode in {"I", "F"} or image.mode.startswith("I;"):
        return _checked(_flatten(_deep_grey(image, name), name, ground), name)
    return _checked(_flatten(_unpack(image, name), name, ground), name)


def read_map(source: Source, *, name: str = "label map") -> MapArray:
    """Read a label map as it stands: colours (H, W, 3), or values 0 to 255 (H, W) for grey and index maps.

    Palette images become the colours of their palette, unless two entries in use share a colour: then only the indices
    tell the classes apart and are returned. Alpha is dropped: see-through pixels keep the colour stored in them. EXIF
    rotation is applied as for photos, so that a rotated pair stays a pair. Arrays: bool or whole numbers 0 to 255
    (H, W), or uint8 (H, W, 3 or 4). `name` is what messages call a source that is no file.

    Raises `ImageError` as `read_picture` does, and `LabelError` for values outside 0 to 255 or no whole numbers.
    """
    name = source_name(source, name)
    if isinstance(source, np.ndarray):
        return _checked(_map_from_array(source, name), name)
    image = _load(source, name)
    if image.mode == "P":
        return _checked(_from_palette(image, name), name)
    if image.mode in {"1", "L", "I", "F"} or image.mode.startswith("I;"):
        return _checked(_map_from_array(np.asarray(image), name, whole_floats=True), name)
    if image.mode == "LA":
        return _checked(_drop_alpha(np.asarray(image), name)[..., 0], name)
    return _checked(_drop_alpha(_unpack(image, name), name), name)


def read_scribbles(source: Source, *, name: str = "scribbles") -> NDArray[np.uint8]:
    """Read strokes as RGB or RGBA uint8 (H, W, 3 or 4); alpha is kept, for it may say where the strokes are.

    Raises `ImageError` as `read_picture` does.
    """
    name = source_name(source, name)
    pixels = _array_to_bytes(source, name) if isinstance(source, np.ndarray) else _unpack(_load(source, name), name)
    return _checked(pixels, name)


def source_name(source: Source, otherwise: str) -> str:
    """What a message calls a source: its path, or `otherwise` where it has none."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    return str(getattr(source, "filename", "") or otherwise)


def _load(source: str | os.PathLike[str] | BinaryIO | Image.Image, name: str) -> Image.Image:
    """Open and decode one frame, upright."""
    if isinstance(source, Image.Image):
        return _upright(_decoded(source, name, first=False))
    if not isinstance(source, (str, os.PathLike, io.IOBase)):
        raise InputError(f"{name}: a {type(source).__name__} came; give a path, a Pillow image or a NumPy array.")
    try:
        with Image.open(source, formats=_FORMATS) as image:
            return _upright(_decoded(image, name, first=True))
    except FileNotFoundError as error:
        raise ImageError(f"{name}: no such file; check the path.") from error
    except (IsADirectoryError, PermissionError) as error:
        what = "is a folder" if Path(name).is_dir() else "may not be read"
        raise ImageError(f"{name} {what}; an image file was expected.") from error
    except (UnidentifiedImageError, KeyError) as error:
        raise ImageError(f"{name} is not an image that can be read; give a PNG, JPEG, WebP, TIFF or BMP.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"{name} claims more pixels than any picture taken here; shrink it first.") from error
    except _DAMAGE as error:
        raise ImageError(f"{name} cannot be read or is damaged ({error}); check the path, or save it anew.") from error


def _decoded(image: Image.Image, name: str, *, first: bool) -> Image.Image:
    """Decode the frame at hand, or the `first`; sizes are checked before, so that a bomb is never unpacked."""
    check_size(image.size, name)
    try:
        # A phone's MPO holds a depth map or a thumbnail behind the photo. Frames are not counted: it can take long.
        if first and image.format != "MPO" and getattr(image, "is_animated", False):
            _log.info("%s holds several frames; took the first.", name)
            image.seek(0)
        _check_scans(image, name)
        image.load()
    except _DAMAGE as error:
        raise ImageError(f"{name} is truncated or damaged ({error}); save it anew.") from error
    return image


def _check_scans(image: Image.Image, name: str) -> None:
    """Raise `ImageError` for a JPEG with far more scans than any program writes; a progressive one has about 10."""
    if image.format not in {"JPEG", "MPO"} or not isinstance(image, ImageFile.ImageFile) or image.fp is None:
        return
    place = image.fp.tell()
    image.fp.seek(0)
    scans = _count_scans(image.fp.read())
    image.fp.seek(place)
    if scans > _MOST_SCANS:
        raise ImageError(f"{name} is a JPEG of more than {_MOST_SCANS} scans, which no program writes; save it anew.")


def _count_scans(jpeg: bytes) -> int:
    """Scans of a JPEG up to its end marker (a phone may keep a film behind it); counting stops past the limit."""
    scans = place = 0
    while scans <= _MOST_SCANS and (marker := _MARKER.search(jpeg, place)) and marker[0] != b"\xff\xd9":
        place = marker.end()
        if marker[0] != b"\xff\xd8":  # every other marker is followed by the length of its segment
            scans += marker[0] == b"\xff\xda"
            place += int.from_bytes(jpeg[place : place + 2], "big")
    return scans


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF rotation; unreadable EXIF counts as none."""
    try:
        return ImageOps.exif_transpose(image)
    except _DAMAGE:
        return image.copy()


def _unpack(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Any 8-bit mode as RGB or, where there is transparency, RGBA."""
    see_through = image.mode in {"LA", "PA", "RGBA", "RGBa"} or "transparency" in image.info
    try:
        return np.array(image.convert("RGBA" if see_through else "RGB"))
    except ValueError as error:
        raise ImageError(f"{name} is in colour mode {image.mode}, which cannot be read; convert it to RGB.") from error


def _deep_grey(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """16-bit, 32-bit and float grey as 8-bit grey (H, W)."""
    values = np.asarray(image)
    if image.mode == "F":
        return _array_to_bytes(values, name)
    if values.min() < 0 or values.max() > 65535:
        raise ImageError(f"{name} holds values {values.min()} to {values.max()}; 8 or 16 bits a channel are read.")
    # Mode "I" does not tell its depth: small numbers are 8-bit values that somebody widened.
    if image.mode == "I" and values.max() <= 255:
        return values.astype(np.uint8)
    return _array_to_bytes(values.astype(np.uint16), name)


def _array_to_bytes(array: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    """An array from outside as uint8 (H, W), (H, W, 3) or (H, W, 4)."""
    if array.ndim not in {2, 3} or (array.ndim == 3 and array.shape[2] not in {3, 4}) or 0 in array.shape:
        raise ImageError(f"{name}: an array of shape {array.shape} came; expected (H, W), (H, W, 3) or (H, W, 4).")
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array, np.uint8)
    if array.dtype == np.uint16:
        return np.rint(array.astype(np.float32) / 257).astype(np.uint8)  # 65535 / 255 = 257
    if not np.issubdtype(array.dtype, np.floating):
        raise ImageError(f"{name}: dtype {array.dtype} came; expected uint8, uint16, or floats 0.0 to 1.0.")
    if not np.isfinite(array).all():
        raise ImageError(f"{name}: NaN or infinite values came; expected floats 0.0 to 1.0. Fill them first.")
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        raise ImageError(f"{name}: floats {low:g} to {high:g} came; expected 0.0 to 1.0. Scale them, or pass uint8.")
    return np.rint(array.astype(np.float64) * 255).astype(np.uint8)


def _flatten(pixels: NDArray[np.uint8], name: str, ground: Ground) -> Picture:
    """Grey to three channels; alpha over white or black."""
    if pixels.ndim == 2:
        return np.repeat(pixels[..., None], 3, axis=2)
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    if alpha.min() == 255:
        return np.ascontiguousarray(pixels[..., :3])
    _log.info("%s has see-through pixels; laid over %s.", name, ground)
    below = 255 if ground == "white" else 0
    return ((pixels[..., :3] * alpha + below * (255 - alpha) + 127) // 255).astype(np.uint8)


def _map_from_array(array: NDArray[np.generic], name: str, *, whole_floats: bool = False) -> MapArray:
    """An array from outside as colours (H, W, 3) or values (H, W)."""
    if array.ndim == 3 and array.shape[2] in {3, 4} and array.dtype == np.uint8:
        return _drop_alpha(np.asarray(array, np.uint8), name)
    if array.ndim != 2 or array.size == 0:
        raise LabelError(
            f"{name}: an array of shape {array.shape} and dtype {array.dtype} came; "
            "expected whole numbers (H, W) or uint8 colours (H, W, 3)."
        )
    if array.dtype.kind == "f" and whole_floats and np.array_equal(array, np.rint(array)):
        array = array.astype(np.int64)
    if array.dtype.kind not in "biu":
        raise LabelError(f"{name}: dtype {array.dtype} came; expected whole numbers 0 to 255, e.g. uint8.")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 255:
        raise LabelError(f"{name} holds values {low} to {high}; expected class values 0 to 255. Renumber them.")
    return array.astype(np.uint8)


def _from_palette(image: Image.Image, name: str) -> MapArray:
    """The colours of a palette image, or its indices where two of those in use look the same."""
    indices = np.array(image)
    palette = np.asarray(image.convert("RGBA"))
    used, first = np.unique(indices, return_index=True)
    if len(np.unique(palette.reshape(-1, 4)[first, :3], axis=0)) < len(used):
        return indices
    return _drop_alpha(palette, name)


def _drop_alpha(pixels: NDArray[np.uint8], name: str) -> MapArray:
    """The channels before alpha; see-through pixels keep the colour stored in them."""
    has_alpha = pixels.shape[2] in {2, 4}
    if has_alpha and pixels[..., -1].min() < 255:
        _log.info("%s has see-through pixels; took the colours stored in them.", name)
    return np.ascontiguousarray(pixels[..., :-1] if has_alpha else pixels)


def _checked(pixels: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """The array itself, once its size is known to be usable; for arrays this is the first look at it."""
    height, width = pixels.shape[:2]
    check_size((width, height), name)
    return pixels


def check_size(size: tuple[int, int], name: str) -> None:
    """Raise `ImageError` for sizes (width, height) outside what is supported."""
    width, height = size
    if min(width, height) < MIN_SIDE:
        raise ImageError(f"{name} is {width}x{height}; both sides must have at least {MIN_SIDE} px. Give a bigger one.")
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} is {width}x{height} ({width * height / 1e6:.1f} megapixels); "
            f"at most {MAX_PIXELS / 1e6:.1f} megapixels are taken. Shrink it first."
        )
