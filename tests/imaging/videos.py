"""Small videos, written by PyAV itself."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def colours(count: int = 6, size: tuple[int, int] = (48, 64)) -> list[NDArray[np.uint8]]:
    """Frames whose four quarters have colours of their own, others in each frame."""
    chance = np.random.default_rng(3)
    quarters = chance.integers(30, 225, (count, 2, 2, 3)).astype(np.uint8)
    return [each.repeat(size[0] // 2, axis=0).repeat(size[1] // 2, axis=1) for each in quarters]


def write(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    *,
    times: Sequence[int] | None = None,
    sound: str | None = None,
) -> Path:
    """H.264 with times in milliseconds, else 25 frames a second, and half a second of a tone in a codec."""
    import av  # the extra "video"

    tick = Fraction(1, 1000 if times else 25)
    container: Any
    stream: Any
    tone: Any
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25) if len(frames) else None
        if stream is not None:
            stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], "yuv420p"
            stream.options = {"crf": "10", "bf": "0"}
            stream.codec_context.time_base = tick
        tone = container.add_stream(sound, rate=48000) if sound else None
        for number, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = times[number] if times else number, tick
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
        for begin in range(0, 24000 if tone else 0, 960):
            wave = (np.sin(np.arange(begin, begin + 960) * 0.05) * 9000).astype(np.int16)[None]
            heard = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 48000, begin, Fraction(1, 48000)
            container.mux(tone.encode(heard))
        if tone is not None:
            container.mux(tone.encode())
    return path


def seen(path: Path) -> list[tuple[Fraction, NDArray[np.uint8]]]:
    """Each frame in RGB and when it is shown, in seconds, as PyAV reads it."""
    import av

    container: Any
    with av.open(str(path)) as container:
        return [(frame.pts * frame.time_base, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def heard(path: Path) -> list[tuple[Fraction, bytes]]:
    """Each packet of sound and when it is heard, in seconds."""
    import av

    container: Any
    with av.open(str(path)) as container:
        return [(each.pts * each.time_base, bytes(each)) for each in container.demux(audio=0) if each.size]
