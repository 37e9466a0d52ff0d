"""Videos: frames in, one by one; H.264 out, with the times and the sound of another. Needs the extra "video" (PyAV)."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, MissingExtraError, OutputError, SizeError
from sembla.core.types import Picture
from sembla.imaging.io import check_size
from sembla.imaging.save import check_output, whole_file

__all__ = [
    "VIDEO_SUFFIXES",
    "Video",
    "check_rate",
    "check_video",
    "encode_video",
    "has_video",
    "open_video",
    "write_video",
]

VIDEO_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg"),
    *(".ts", ".mts", ".wmv", ".flv", ".ogv", ".3gp"),
)
"""What the names of video files end with, in lower case."""

# Only containers of streams: a playlist, whatever its name, would have other files opened.
_FORMATS = "mov,matroska,avi,mpeg,mpegts,asf,flv,ogg"
_RATE = Fraction(25)  # where a file does not say
_LARGE = 720  # rows from which on colours that are not said to be otherwise are those of BT.709
_BT709, _UNSAID, _LIMITED = 1, 2, 1  # as H.273 numbers them

Carry: TypeAlias = Callable[[Fraction | None], None]
"""Carries the sound over, up to so many seconds; with None, all that is left."""


@dataclass(frozen=True)
class Video:
    """A video file: its frames (H, W, 3), upright, are read whenever it is gone through, one by one."""

    path: Path
    size: tuple[int, int]
    """Height and width, upright."""
    turns: int
    """Quarter turns, anticlockwise, that bring frames upright as they are stored."""
    times: NDArray[np.int64]
    """(F,): when each frame is shown, in `unit`s from the beginning of the file."""
    unit: Fraction
    """In seconds."""
    rate: Fraction
    """Frames a second, on average."""
    aspect: Fraction
    """Of a pixel: its width in heights."""
    begin: Fraction
    """What clocks in the file show at its beginning, in seconds."""
    sounds: tuple[str, ...]
    """The codec of each stream of sound."""

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[Picture]:
        with _opened(self.path) as (container, stream):
            for frame in container.decode(stream):
                yield np.ascontiguousarray(np.rot90(_pixels(frame), self.turns))


def has_video() -> bool:
    """Whether the extra is installed."""
    return find_spec("av") is not None


def open_video(path: str | os.PathLike[str]) -> Video:
    """Look through a video: how many frames it has, of which size, and when each is shown.

    Raises `InputError` for a file that is missing, damaged, no video or without a frame, `SizeError` for frames of
    changing size, `ImageError` for frames too small or too large, and `MissingExtraError` without the extra `video`.
    """
    path = Path(path)
    times: list[int | None] = []
    with _opened(path) as (container, stream):
        size, turns = (0, 0), 0
        for frame in container.decode(stream):
            its = (frame.height, frame.width)
            if not times:
                check_size(its[::-1], str(path))
                size, turns = its, round(frame.rotation / 90) % 4
            if its != size:
                raise SizeError(
                    f"{path} changes from {size[1]}x{size[0]} to {its[1]}x{its[0]} at frame {len(times) + 1}; save it "
                    "anew in one size."
                )
            times.append(frame.pts)
        rate, unit = Fraction(stream.average_rate or _RATE), Fraction(stream.time_base)
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        begin = max(Fraction(0), Fraction(container.start_time or 0, 1_000_000))
        sounds = tuple(each.codec_context.name if each.codec_context else "unknown" for each in container.streams.audio)
    if not times:
        raise InputError(f"{path} is a video without a frame; give one that plays.")
    if turns % 2:
        size, aspect = size[::-1], 1 / aspect
    shown = _increasing(times)
    if shown is None:
        shown, unit, begin = np.arange(len(times)), 1 / rate, Fraction(0)
    return Video(path, size, turns, shown - round(begin / unit), unit, rate, aspect, begin, sounds)


def check_rate(fps: float) -> None:
    """Raise `InputError` for a rate, in frames a second, that no moving picture here can have."""
    if not 0.1 <= fps <= 100:
        raise InputError(f"{fps:g} frames a second came; expected 0.1 to 100.")


def check_video(path: str | os.PathLike[str], *, like: Video | None = None, fps: float = 25.0) -> None:
    """Raise what `write_video` would raise for this rate, or for the sound of another, before any frame is made."""
    check_rate(fps)
    av = _av(path)
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        lost = [sound for sound in (like.sounds if like else ()) if sound not in container.supported_codecs]
    if like and lost:
        raise OutputError(
            f"{os.fspath(path)}: MP4 cannot hold the sound of {like.path}, which is {lost[0]}; save that with AAC "
            "sound, or ask for a folder of pictures."
        )


def write_video(
    path: str | os.PathLike[str],
    frames: Iterable[Picture],
    *,
    like: Video | None = None,
    fps: float = 25.0,
    force: bool = False,
) -> None:
    """Write frames (H, W, 3), all of one size, as MP4, each as soon as it comes: H.264, which changes pixels slightly.

    With `like`, each is shown when its frame is, and the sound is carried over bit for bit; without, `fps` frames a
    second, 0.1 to 100. Odd sides are made even by repeating the last row or column. Raises `OutputError` where the file
    cannot be written, `SizeError` for frames of changing size, `InputError` for none, and `MissingExtraError` without
    the extra `video`; then nothing is left behind.
    """
    path = Path(path)
    check_output(path, suffixes=(".mp4",), force=force, inputs=[like.path] if like else [])
    check_video(path, like=like, fps=fps)
    with whole_file(path) as part:
        encode_video(part, frames, rate=like.rate if like else Fraction(fps).limit_denominator(1000), like=like)


def encode_video(part: Path, frames: Iterable[Picture], *, rate: Fraction, like: Video | None = None) -> None:
    """Encode into a file as it stands; otherwise as `write_video`."""
    av, left = _av(part), iter(frames)
    first = next(left, None)
    if first is None:
        raise InputError("no frame came; a video needs one.")
    unit = like.unit if like else 1 / rate
    try:
        with av.open(str(part), "w", format="mp4") as out:
            stream = _stream(out, first.shape, rate=rate, unit=unit, aspect=like.aspect if like else Fraction(1))
            carry = _sound(out, like)
            for number, picture in enumerate(chain([first], left)):
                frame = _coded(av, picture, first.shape)
                frame.pts, frame.time_base = number if like is None else _time(like, number), unit
                out.mux(stream.encode(frame))
                carry(frame.pts * unit)
            out.mux(stream.encode())
            carry(None)
    except av.FFmpegError as error:
        raise OutputError(f"the video cannot be written ({error.strerror}); choose another place.") from error


def _av(path: str | os.PathLike[str]) -> Any:
    try:
        import av  # the extra "video"
    except ImportError as error:
        raise MissingExtraError(
            f"{os.fspath(path)}: videos need the extra [video]; run pip install 'sembla[video]', or work with a folder "
            "of pictures."
        ) from error
    return av


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container of a file, and its stream of pictures; what fails meanwhile is told in one line."""
    av = _av(path)
    if not path.is_file():
        raise InputError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}; give the file of a video.")
    try:
        with av.open(str(path), container_options={"format_whitelist": _FORMATS}) as container:
            stream = container.streams.best("video")
            if stream is None:
                raise InputError(f"{path} holds no moving picture; give a video.")
            stream.thread_type = "AUTO"
            yield container, stream
    except av.FFmpegError as error:
        raise InputError(f"{path} is no video that can be read, or is damaged ({error.strerror}).") from error


def _increasing(times: list[int | None]) -> NDArray[np.int64] | None:
    """Times as they are where each is known and later than the one before."""
    known = np.array([time for time in times if time is not None], np.int64)
    return known if len(known) == len(times) and (np.diff(known) > 0).all() else None


def _pixels(frame: Any) -> Picture:
    """A frame as it is stored, in RGB."""
    large = frame.colorspace == _UNSAID and frame.height >= _LARGE
    pixels: Picture = frame.to_ndarray(format="rgb24", **({"src_colorspace": "ITU709"} if large else {}))
    return pixels


def _stream(out: Any, shape: tuple[int, ...], *, rate: Fraction, unit: Fraction, aspect: Fraction) -> Any:
    """H.264 in yuv420p, the one form that every browser plays; its colours are said to be those of BT.709."""
    stream = out.add_stream("libx264", rate=rate)
    stream.height, stream.width = (side + side % 2 for side in shape[:2])
    stream.pix_fmt, stream.options = "yuv420p", {"crf": "18"}
    codec = stream.codec_context
    codec.time_base, codec.sample_aspect_ratio = unit, aspect
    codec.colorspace = codec.color_primaries = codec.color_trc = _BT709
    codec.color_range = _LIMITED
    return stream


def _time(video: Video, number: int) -> int:
    """When a frame is shown. Raises `InputError` for one too many."""
    if number == len(video):
        raise InputError(f"more frames came than the {number} of {video.path}; give one for each.")
    return int(video.times[number])


def _coded(av: Any, picture: Picture, shape: tuple[int, ...]) -> Any:
    """A frame for the encoder. Raises `SizeError` for another shape."""
    if picture.shape != shape:
        (height, width), (its_height, its_width) = shape[:2], picture.shape[:2]
        raise SizeError(f"frames of {width}x{height} and of {its_width}x{its_height} came; a video has one size.")
    padding = [(0, side % 2) for side in shape[:2]]  # yuv420p halves both sides
    frame = av.VideoFrame.from_ndarray(np.pad(picture, [*padding, (0, 0)], "edge"), format="rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def _sound(out: Any, video: Video | None) -> Carry:
    """Streams of sound beside the pictures; what carries their packets over as they are, in step with the pictures."""
    if video is None or not video.sounds:
        return lambda _: None
    with _opened(video.path) as (container, _):
        streams = {its.index: out.add_stream_from_template(its) for its in container.streams.audio}
    packets = _packets(video)
    waiting = next(packets, None)

    def carry(until: Fraction | None) -> None:
        nonlocal waiting
        while waiting is not None and (until is None or waiting.dts * waiting.time_base <= until):
            waiting.stream = streams[waiting.stream.index]
            out.mux(waiting)
            waiting = next(packets, None)

    return carry


def _packets(video: Video) -> Iterator[Any]:
    """The packets of sound, as they lie in a file, their times from its beginning."""
    with _opened(video.path) as (container, _):
        for packet in container.demux(container.streams.audio):
            if packet.dts is not None:  # else it is the mark of the end
                shift = round(video.begin / packet.time_base)
                packet.pts = (packet.dts if packet.pts is None else packet.pts) - shift
                packet.dts -= shift
                yield packet
