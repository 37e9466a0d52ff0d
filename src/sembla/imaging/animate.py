"""Frames to one moving picture: WebP, GIF and APNG by Pillow, MP4 with the extra "video"."""

import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from PIL import Image

from sembla.core.errors import MissingExtraError, SizeError
from sembla.core.types import Picture
from sembla.imaging.save import check_output, whole_file
from sembla.imaging.video import check_rate, encode_video, has_video

__all__ = ["ANIMATION_SUFFIXES", "check_animation", "write_animation"]

ANIMATION_SUFFIXES = (".webp", ".gif", ".apng", ".png", ".mp4")
"""What moving pictures can be written as."""

_PILLOW: dict[str, tuple[str, dict[str, object]]] = {
    ".webp": ("WEBP", {"quality": 90, "method": 2}),
    ".gif": ("GIF", {"disposal": 1}),
    ".apng": ("PNG", {"compress_level": 4}),
    ".png": ("PNG", {"compress_level": 4}),
}


def check_animation(path: str | os.PathLike[str], *, fps: float) -> None:
    """Raise what `write_animation` would raise for this format and rate, before any frame is made."""
    check_rate(fps)
    if Path(path).suffix.lower() == ".mp4" and not has_video():
        raise MissingExtraError(
            f"{os.fspath(path)}: MP4 needs the extra [video]; run pip install 'sembla[video]', or write .webp or .gif."
        )


def write_animation(
    path: str | os.PathLike[str], frames: Sequence[Picture], *, fps: float = 12.0, force: bool = False
) -> None:
    """Write frames (H, W, 3), all of one size, as a moving picture that plays for ever.

    The suffix names the format. `fps` is frames a second, 0.1 to 100; formats of Pillow round it to whole milliseconds,
    GIF to hundredths. MP4 is H.264 with sides made even by repeating the last row or column. Raises `OutputError` where
    the file cannot be written, `SizeError` for frames of different sizes, `MissingExtraError` for MP4 without PyAV.
    """
    path = Path(path)
    check_output(path, suffixes=ANIMATION_SUFFIXES, force=force)
    check_animation(path, fps=fps)
    sizes = sorted({(frame.shape[1], frame.shape[0]) for frame in frames})
    if len(sizes) != 1:
        told = " and ".join(f"{width}x{height}" for width, height in sizes[:2]) or "none"
        raise SizeError(f"an animation needs frames of one size; {told} came. Give layouts of one size.")
    with whole_file(path) as part:
        if path.suffix.lower() == ".mp4":
            encode_video(part, frames, rate=Fraction(fps).limit_denominator(1000))
        else:
            _write_by_pillow(part, frames, fps=fps, suffix=path.suffix.lower())


def _write_by_pillow(part: Path, frames: Sequence[Picture], *, fps: float, suffix: str) -> None:
    encoding, options = _PILLOW[suffix]
    first, *rest = [Image.fromarray(frame) for frame in frames]
    with part.open("wb") as file:
        first.save(
            file, encoding, save_all=True, append_images=rest, duration=max(1, round(1000 / fps)), loop=0, **options
        )
