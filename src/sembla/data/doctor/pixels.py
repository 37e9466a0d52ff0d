"""What a single file holds: sizes, values, colours, and whether it can be read at all.

What is kept of a file is small (counts, a few numbers, a digest), so that a million files fit into memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sembla.core.labels import LabelSet
from sembla.core.types import MAX_PIXELS
from sembla.data.face_order import detect_celebamask_order
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.imaging.snapping import in_blocks, measure_noise

__all__ = [
    "LabelFacts",
    "PhotoFacts",
    "array_facts",
    "decode",
    "label_facts",
    "label_pixels",
    "mixtures",
    "photo_facts",
    "without_copies",
]

_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError, MemoryError)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "AVIF")
_ORIENTATION = 0x0112  # the EXIF tag
_ACROSS = (5, 6, 7, 8)  # orientations that exchange width and height
_WINDOW = 512  # borders are looked at in the middle of a map, at most this many pixels wide and high
_GREY = 3  # the channels of a grey photo differ no more than this: JPEG and rounding
_MOST_COLOURS = 64
_FEW = 16


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What is to be known of a photo."""

    problem: str
    """Why it cannot be read: "empty", "damaged", "large", "small", or what the reader of its kind says; else ""."""
    size: tuple[int, int] = (0, 0)
    """Width and height as stored."""
    turn: int = 1
    """The EXIF orientation; 1 is upright."""
    grey: bool = False
    digest: bytes = b""
    """Of the pixels."""

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as viewers show it."""
        return (self.size[1], self.size[0]) if self.turn in _ACROSS else self.size


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What is to be known of a label map."""

    problem: str
    """As in `PhotoFacts`."""
    size: tuple[int, int] = (0, 0)
    is_jpeg: bool = False
    alpha: str = ""
    """"opaque" or "see-through" for a map with an alpha channel, else ""."""
    in_colour: bool = False
    """Whether the map shows colours; else it holds values."""
    channels: int = 1
    """Colour channels as stored: 3 for a grey map that was saved as RGB."""
    values: NDArray[np.int32] | None = None
    """The values of a map without colours, ascending, (n,)."""
    colours: NDArray[np.uint8] | None = None
    """The colours of a map that fill areas, the largest first, (n, 3), at most 64."""
    areas: NDArray[np.int64] | None = None
    """Pixels of each value or colour, (n,)."""
    middles: NDArray[np.float32] | None = None
    """Mean x and y of each value, 0 to 1, (n, 2)."""
    mixed: float = 0.0
    """Of the borders between values that are not neighbours: the share with a value between the two on it."""
    stray: float = 0.0
    """Share of the pixels in colours, or values, that fill no area."""
    odd: Mapping[tuple[int, ...], float] = field(default_factory=dict)
    """The colours that fill no area and their shares of the pixels, where they are few: some may have been chosen."""
    ripples: bool = False
    """Whether the strays are those of a JPEG."""
    order: LabelSet | None = None
    """Which order of CelebAMask-HQ the map shows a face in, if any."""

    @property
    def compressed(self) -> bool:
        """Whether the map is a JPEG or was one, which adds false classes."""
        return self.is_jpeg or self.ripples


def decode(path: Path, *, reduce: int = 0) -> tuple[Image.Image, str]:
    """Open and decode a file; the second value is its problem, "empty", "damaged" or "large", or "".

    With `reduce`, a JPEG may come at half, a quarter or an eighth of its size, with no side below that many pixels;
    the size as stored is then in `image.info["stored"]`.
    """
    nothing = Image.new("L", (1, 1))
    try:
        if path.stat().st_size == 0:
            return nothing, "empty"
        with path.open("rb") as file:
            image = Image.open(file, formats=_FORMATS)
            if image.width * image.height > MAX_PIXELS:
                return nothing, "large"
            image.info["stored"] = image.size
            if reduce and min(image.size) >= 2 * reduce:
                image.draft("RGB", (reduce, reduce))
            image.load()
    except _BOMBS:
        return nothing, "large"
    except _DAMAGE:
        return nothing, "damaged"
    return image, ""


def photo_facts(image: Image.Image, problem: str, thumbnail: NDArray[np.uint8]) -> PhotoFacts:
    """The facts of a decoded photo; its `thumbnail` (h, w, 3) tells whether it is grey."""
    if problem:
        return PhotoFacts(problem)
    digest = blake2b(image.tobytes(), digest_size=12).digest()
    spread = int((thumbnail.max(2) - thumbnail.min(2)).max())
    return PhotoFacts("", image.info["stored"], _orientation(image), spread <= _GREY, digest)


def label_pixels(image: Image.Image) -> NDArray[Any]:
    """The pixels of a decoded label map without alpha: values (H, W), or colours (H, W, 3) where it shows any."""
    if image.mode in {"1", "L", "P", "I", "F"} or image.mode.startswith("I;"):
        return np.asarray(image).astype(np.uint8) if image.mode == "1" else np.asarray(image)
    if image.mode in {"LA", "PA"}:
        return np.asarray(image)[..., 0]
    return without_copies(np.asarray(image if image.mode in {"RGB", "RGBA"} else image.convert("RGB"))[..., :3])


def without_copies(colours: NDArray[Any]) -> NDArray[Any]:
    """Colours (H, W, 3) as values (H, W) where the three channels are alike."""
    is_grey = np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 0], colours[..., 2])
    return colours[..., 0] if is_grey else colours


def label_facts(image: Image.Image, problem: str, pixels: NDArray[Any]) -> LabelFacts:
    """The facts of a decoded label map and its `label_pixels`."""
    if problem:
        return LabelFacts(problem)
    known = image.format == "JPEG"  # then its ripples need not be looked for, which takes long
    channels = 3 if image.mode in {"RGB", "RGBA", "CMYK", "YCbCr"} else 1
    return replace(array_facts(pixels, known=known), is_jpeg=known, alpha=_alpha(image), channels=channels)


def array_facts(pixels: NDArray[Any], *, known: bool = False) -> LabelFacts:
    """The facts of `label_pixels` alone; `known` says that they are of a JPEG."""
    height, width = pixels.shape[:2]
    window = pixels[max(0, (height - _WINDOW) // 2) :, max(0, (width - _WINDOW) // 2) :][:_WINDOW, :_WINDOW]
    in_colour = pixels.ndim == 3
    facts = _colour_facts(pixels, known=known) if in_colour else _value_facts(pixels, window, known=known)
    return LabelFacts("", size=(width, height), in_colour=in_colour, **facts)


def mixtures(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels of a map (H, W) whose value lies strictly between those of their two neighbours in a row or column."""
    found = np.zeros(values.shape, np.bool_)
    for across, view in ((values, found), (values.T, found.T)):
        before, here, after = across[:, :-2], across[:, 1:-1], across[:, 2:]
        view[:, 1:-1] |= ((before < here) & (here < after)) | ((before > here) & (here > after))
    return found


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; unreadable EXIF counts as none."""
    if "exif" not in image.info:
        return 1
    try:
        turn = int(image.getexif().get(_ORIENTATION, 1))
    except _DAMAGE:
        return 1
    return turn if 1 <= turn <= 8 else 1


def _alpha(image: Image.Image) -> str:
    """Whether a map has an alpha channel, and whether that hides anything."""
    if image.mode in {"RGBA", "LA", "PA"}:
        return "see-through" if (np.asarray(image.getchannel("A")) < 255).any() else "opaque"
    clear = image.info.get("transparency")
    if image.mode == "P" and clear is not None:
        used = np.flatnonzero(image.histogram())
        opacity = np.full(256, 255)
        if isinstance(clear, bytes):
            opacity[: len(clear)] = np.frombuffer(clear, np.uint8)
        else:
            opacity[clear] = 0
        return "see-through" if (opacity[used] < 255).any() else ""
    return ""


def _value_facts(values: NDArray[Any], window: NDArray[Any], *, known: bool) -> dict[str, Any]:
    """Counts, places and mixtures of the values of a map."""
    if values.dtype != np.uint8:
        values, window = (np.clip(np.nan_to_num(part), 0, 65535).astype(np.uint16) for part in (values, window))
    counts = np.bincount(values.ravel())
    present = np.flatnonzero(counts)
    stray = float(counts[present][counts[present] < 9].sum() / values.size) if len(present) > 32 else 0.0
    ripples = False
    if len(present) > 24 and values.dtype == np.uint8:
        still = in_blocks(window, 3)
        solid = np.bincount(window[still], minlength=256) > 0
        stray = float(np.count_nonzero(~solid[window]) / window.size)
        # Ripples repeat every grey somewhere, so strays alone do not show them: few pixels are still.
        if not known and (stray > 0.01 or still.mean() < 0.5):
            ripples = bool(measure_noise(window[..., None], still).level)
    return {
        "values": present.astype(np.int32),
        "areas": counts[present],
        "middles": _middles(values, present),
        "mixed": _mixed_share(window),
        "stray": stray,
        "ripples": ripples,
        "order": _face_order(values, present),
    }


def _face_order(values: NDArray[Any], present: NDArray[np.intp]) -> LabelSet | None:
    """The order of CelebAMask-HQ in which a map shows a face, if it surely does."""
    if len(present) < 8 or present[-1] >= CELEBAMASK_HQ_19.count:
        return None
    step = max(1, len(values) // 128)
    guess = detect_celebamask_order([values[::step, ::step].astype(np.uint8)])
    return guess.label_set if guess.confidence > 0.2 else None


def _middles(values: NDArray[Any], present: NDArray[np.intp]) -> NDArray[np.float32]:
    """Mean x and y of each value, from every second or so pixel."""
    step = max(1, min(values.shape) // 96)
    part = values[::step, ::step]
    rank = np.searchsorted(present, part).ravel()
    y, x = np.indices(part.shape, np.float32).reshape(2, -1)
    mass = np.maximum(np.bincount(rank, minlength=len(present)), 1)
    across, down = (np.bincount(rank, place, len(present)) / mass for place in (x, y))
    return np.stack([across / part.shape[1], down / part.shape[0]], 1).astype(np.float32)


def _mixed_share(values: NDArray[Any]) -> float:
    """How many of the borders between values at least two apart carry a value between those of their sides.

    A border that was blurred does nearly everywhere, a sharp one hardly ever. A few borders tell nothing.
    """
    soft = sharp = 0
    wide = values.astype(np.int32)
    for across in (wide, wide.T):
        change = np.diff(across, axis=1)
        before, here, after = change[:, :-2], change[:, 1:-1], change[:, 2:]
        sharp += int(np.count_nonzero((before == 0) & (after == 0) & (abs(here) >= 2)))
        soft += int(np.count_nonzero(change[:, :-1] * change[:, 1:] > 0))
    return soft / (soft + sharp) if soft + sharp >= max(50, 0.003 * values.size) else 0.0


def _colour_facts(colours: NDArray[np.uint8], *, known: bool) -> dict[str, Any]:
    """The colours that fill areas, and how much of a map shows others."""
    wide = colours.astype(np.int32)
    codes = wide[..., 0] | wide[..., 1] << 8 | wide[..., 2] << 16
    still = in_blocks(codes, 3)
    part = codes[::2, ::2]  # a block of 3x3 pixels holds one of these
    solid, areas = np.unique(part[still[::2, ::2]], return_counts=True)
    stray, odd = _strays(part, solid)
    smeared = stray > 0.002 or len(solid) > _MOST_COLOURS
    ripples = not known and smeared and bool(measure_noise(colours, still).level)
    largest = np.argsort(-areas, kind="stable")[:_MOST_COLOURS]
    kept = solid[largest]
    return {
        "colours": _unpacked(kept),
        "areas": areas[largest] * 4,
        "stray": stray,
        "odd": odd,
        "ripples": ripples,
    }


def _strays(part: NDArray[np.int32], solid: NDArray[np.int32]) -> tuple[float, dict[tuple[int, ...], float]]:
    """Share of the pixels in colours (packed) that are not among the solid ones, which fill areas; and those colours.

    None are named where they are many, as blends are.
    """
    if not len(solid):
        return 1.0, {}
    place = np.searchsorted(solid, part).clip(max=len(solid) - 1)
    others = part[solid[place] != part]
    colours, counts = np.unique(others, return_counts=True)
    if len(colours) > _FEW:
        return others.size / part.size, {}
    odd = zip(_unpacked(colours).tolist(), (counts / part.size).tolist(), strict=True)
    return others.size / part.size, {tuple(colour): share for colour, share in odd}


def _unpacked(codes: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Packed colours as (n, 3)."""
    return np.stack([codes & 255, codes >> 8 & 255, codes >> 16], 1).astype(np.uint8)
