"""The pictures that reports show: which are worth a look, how they are made small, and figures of them.

Files are read one at a time; what cannot be read is shown as missing, for scores outlive files.
"""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sembla.core.errors import SemblaError
from sembla.core.types import Picture
from sembla.evaluation.markup import text
from sembla.imaging.io import read_map, read_picture
from sembla.imaging.sheet import thumbnail

__all__ = ["Ranked", "Thumbnails", "address_of", "caption", "extremes", "gallery", "ranking", "tile"]

_LONGEST = 280  # px: what a cell of a contact sheet shows

# A colour for every id, for maps that bring none; odd factors, so that no two are alike.
_COLOURS = (np.arange(256)[:, None] * (37, 91, 151) % 256).astype(np.uint8)


@dataclass(frozen=True)
class Ranked:
    """The names of the pictures at both ends, the most extreme first; none stands in both."""

    best: tuple[str, ...]
    worst: tuple[str, ...]


def extremes(values: Mapping[str, float], *, lower: bool, most: int = 5) -> Ranked:
    """Up to `most` names at each end; `lower` says that small values are best. Equal values by name; NaNs left out."""
    ranked = ranking(values, lower=lower)
    worst = min(most, len(ranked) // 2)
    best = min(most, len(ranked) - worst)
    return Ranked(ranked[:best], ranked[len(ranked) - worst :][::-1])


def ranking(values: Mapping[str, float], *, lower: bool) -> tuple[str, ...]:
    """Names from the best value to the worst; equal values by name, NaNs left out."""
    kept = [name for name, value in values.items() if not math.isnan(value)]
    return tuple(sorted(kept, key=lambda name: (values[name] if lower else -values[name], name)))


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
        shown = line.encode("latin-1", "replace").decode("latin-1")  # what every built-in font of Pillow can draw
        draw.text((8, 8 + 18 * number), shown, fill="black", font=ImageFont.load_default())
    return np.asarray(tile)


def tile(address: str | None, role: str) -> str:
    """One picture of a figure with its role below, or a placeholder for one that is gone."""
    shown = f'<img src="{address}" alt="{text(role)}">' if address else '<span class="gone">not found</span>'
    named = f'<span class="role">{text(role)}</span>' if role else ""
    return f'<span class="tile">{shown}{named}</span>'


def gallery(heading: str, cases: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    """Figures under a heading: name, what is said of it, and its tiles."""
    shown = "\n".join(
        f'<figure><div class="tiles">{"".join(tiles)}</div>'
        f"<figcaption><b>{text(name)}</b> {text(said)}</figcaption></figure>"
        for name, said, tiles in cases
    )
    head = f"<h3>{text(heading)}</h3>\n" if heading else ""
    return f'<div class="gallery">{head}<div class="figures">{shown}</div></div>' if cases else ""


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
