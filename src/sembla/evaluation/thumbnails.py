"""Small pictures for reports, read one at a time; what cannot be read is shown as missing, for scores outlive files."""

import base64
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sembla.core.errors import SemblaError
from sembla.core.types import Picture
from sembla.imaging.io import read_map, read_picture
from sembla.imaging.sheet import thumbnail

__all__ = ["Thumbnails", "address_of", "caption"]

_LONGEST = 280  # px: what a cell of a contact sheet shows

# A colour for every id, for maps that bring none; odd factors, so that no two are alike.
_COLOURS = (np.arange(256)[:, None] * (37, 91, 151) % 256).astype(np.uint8)


class Thumbnails:
    """Small pictures by file, encoded; each file is decoded once."""

    def __init__(self) -> None:
        self._encoded: dict[tuple[Path, bool], bytes | None] = {}

    def picture(self, path: Path, *, labels: bool = False) -> Picture | None:
        """A picture, or a label map in colours, at most 280 px a side; None where the file cannot be read."""
        encoded = self._bytes(path, labels=labels)
        return None if encoded is None else np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB"))

    def address(self, path: Path, *, labels: bool = False) -> str | None:
        """The same as a data: address; None where the file cannot be read."""
        encoded = self._bytes(path, labels=labels)
        return None if encoded is None else _address(encoded)

    def _bytes(self, path: Path, *, labels: bool) -> bytes | None:
        if (path, labels) not in self._encoded:
            self._encoded[path, labels] = _encode(path, labels=labels)
        return self._encoded[path, labels]


def address_of(picture: Picture) -> str:
    """A picture (H, W, 3), made small, as a data: address."""
    return _address(_webp(thumbnail(picture, longest=_LONGEST)))


def caption(lines: tuple[str, ...]) -> Picture:
    """A white tile with lines of text, for a contact sheet."""
    tile = Image.new("RGB", (_LONGEST, 16 + 18 * len(lines)), "white")
    draw = ImageDraw.Draw(tile)
    for number, line in enumerate(lines):
        text = line.encode("latin-1", "replace").decode("latin-1")  # what every built-in font of Pillow can draw
        draw.text((8, 8 + 18 * number), text, fill="black", font=ImageFont.load_default())
    return np.asarray(tile)


def _encode(path: Path, *, labels: bool) -> bytes | None:
    """A file as a small WebP; label maps without loss."""
    try:
        if labels:
            return _webp(_colours(read_map(path)), lossless=True)
        return _webp(thumbnail(read_picture(path), longest=_LONGEST))
    except SemblaError:
        return None


def _webp(small: Picture, *, lossless: bool = False) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(small).save(stream, "WEBP", quality=82, lossless=lossless)
    return stream.getvalue()


def _address(webp: bytes) -> str:
    return "data:image/webp;base64," + base64.b64encode(webp).decode("ascii")


def _colours(labels: NDArray[np.uint8]) -> Picture:
    """A label map as it was read, ids (H, W) or colours (H, W, 3), small and in colours."""
    image = Image.fromarray(labels if labels.ndim == 3 else _COLOURS[labels])
    scale = min(1.0, _LONGEST / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return np.asarray(image.resize(size, Image.Resampling.NEAREST))
