"""Moving pictures: the frames that went in are those that play."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from sembla.core.errors import InputError, MissingExtraError, OutputError, SizeError
from sembla.imaging import animate
from sembla.imaging.animate import check_animation, write_animation


def frames(height: int = 33, width: int = 41) -> list[NDArray[np.uint8]]:
    """Three smooth frames of three colours; odd sides, which H.264 cannot hold."""
    ramp = np.linspace(40, 215, width).astype(np.uint8)
    made = []
    for channel in range(3):
        frame = np.full((height, width, 3), 60, np.uint8)
        frame[..., channel] = ramp
        made.append(frame)
    return made


@pytest.mark.parametrize(("suffix", "tolerance"), [("webp", 25), ("gif", 12), ("apng", 0), ("png", 0)])
def test_pillow_plays_the_frames_at_their_rate(tmp_path: Path, suffix: str, tolerance: int) -> None:
    path = tmp_path / f"moving.{suffix}"
    write_animation(path, frames(), fps=10)
    with Image.open(path) as moving:
        assert moving.info.get("loop") == 0
        for shown, frame in zip(ImageSequence.Iterator(moving), frames(), strict=True):
            assert np.abs(np.asarray(shown.convert("RGB")).astype(int) - frame).mean() <= tolerance / 4
            assert np.abs(np.asarray(shown.convert("RGB")).astype(int) - frame).max() <= tolerance
            assert shown.info["duration"] == 100
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_mp4_plays_the_frames(tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="needs the extra [video]")
    path = tmp_path / "moving.mp4"
    write_animation(path, frames(), fps=12.5)
    with av.open(str(path)) as moving:
        stream = moving.streams.video[0]
        assert float(stream.average_rate) == 12.5
        assert (stream.width, stream.height, stream.pix_fmt) == (42, 34, "yuv420p")
        shown = [frame.to_ndarray(format="rgb24") for frame in moving.decode(stream)]
    assert len(shown) == 3
    for picture, frame in zip(shown, frames(), strict=True):
        assert np.abs(picture[:33, :41].astype(int) - frame).mean() <= 6


def test_mp4_without_its_extra_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animate, "has_video", lambda: False)
    with pytest.raises(MissingExtraError, match=r"sembla\[video\]"):
        check_animation(tmp_path / "moving.mp4", fps=12)


def test_what_cannot_be_animated_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SizeError, match="40x30 and 41x33"):
        write_animation(tmp_path / "a.gif", [*frames(), np.zeros((30, 40, 3), np.uint8)])
    with pytest.raises(SizeError, match="none"):
        write_animation(tmp_path / "a.gif", [])
    with pytest.raises(OutputError, match=r"\.mp4"):
        write_animation(tmp_path / "a.mov", frames())
    for rate in (0, -1, 1000, float("nan")):
        with pytest.raises(InputError, match="frames a second"):
            write_animation(tmp_path / "a.gif", frames(), fps=rate)
    assert not list(tmp_path.iterdir())
    (tmp_path / "a.gif").touch()
    with pytest.raises(OutputError, match="--force"):
        write_animation(tmp_path / "a.gif", frames())
    write_animation(tmp_path / "a.gif", frames(), force=True)
