"""Videos: what is read is what was written, by another hand, and the other way round."""

import struct
import sys
import weakref
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.imaging.videos import colours, heard, seen, write

from sembla.core.errors import Cancelled, ImageError, InputError, MissingExtraError, OutputError, SizeError
from sembla.imaging.video import check_video, open_video, write_video

pytest.importorskip("av", reason="needs the extra [video]")

UNEVEN = [0, 40, 90, 200, 233, 300]
IDENTITY = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
CLOCKWISE = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 48 << 16, 0, 1 << 30)


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.abs(one.astype(int) - other).max())


def middles(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours in the middle of the quarters."""
    height, width = picture.shape[:2]
    return picture[height // 4 :: height // 2, width // 4 :: width // 2]


def test_frames_are_read_one_by_one_and_again(tmp_path: Path) -> None:
    video = open_video(write(tmp_path / "a.mp4", colours(), times=UNEVEN))
    assert (len(video), video.size, video.turns, video.sounds) == (6, (48, 64), 0, ())
    assert [time * video.unit * 1000 for time in video.times] == UNEVEN
    for _ in range(2):
        for frame, wanted in zip(video, colours(), strict=True):
            assert frame.dtype == np.uint8
            assert frame.shape == (48, 64, 3)
            assert apart(middles(frame), middles(wanted)) <= 4


def test_what_is_written_plays_with_the_times_and_the_sound_of_the_other(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp4", colours(), times=UNEVEN, sound="aac")
    frames = [255 - frame for frame in colours()]
    write_video(tmp_path / "b.mp4", frames, like=open_video(source))
    shown = seen(tmp_path / "b.mp4")
    assert [time * 1000 for time, _ in shown] == UNEVEN
    for (_, frame), wanted in zip(shown, frames, strict=True):
        assert apart(middles(frame), middles(wanted)) <= 6
    assert heard(tmp_path / "b.mp4") == heard(source)
    assert len(heard(source)) > 20
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize(("name", "sound"), [("a.mkv", "flac"), ("a.avi", "mp3"), ("a.ts", "aac")])
def test_other_containers_are_read_and_their_sound_kept(tmp_path: Path, name: str, sound: str) -> None:
    source = write(tmp_path / name, colours(), sound=sound)
    video = open_video(source)
    write_video(tmp_path / "b.mp4", video, like=video)
    (first, _), *_ = shown = seen(tmp_path / "b.mp4")
    assert [round((time - first) * 1000) for time, _ in shown] == [40 * number for number in range(6)]
    headers = 7 if name == "a.ts" else 0  # of ADTS, before each packet, which have their place elsewhere in MP4
    assert [data for _, data in heard(tmp_path / "b.mp4")] == [data[headers:] for _, data in heard(source)]
    between = [heard(path)[0][0] - seen(path)[0][0] for path in (source, tmp_path / "b.mp4")]
    assert abs(between[0] - between[1]) < Fraction(1, 1000)
    assert first < Fraction(1, 10)  # a stream of transport begins when it likes


def test_a_video_that_lies_on_its_side_is_read_upright(tmp_path: Path) -> None:
    """As telephones write them: a matrix in the header says how it is to be turned."""
    source = write(tmp_path / "a.mp4", colours(1))
    stored = source.read_bytes()
    place = stored.index(IDENTITY, stored.index(b"tkhd"))
    source.write_bytes(stored[:place] + CLOCKWISE + stored[place + 36 :])
    video = open_video(source)
    assert video.size == (64, 48)
    (upright,) = video
    left, right = middles(colours(1)[0]).transpose(1, 0, 2)
    assert apart(middles(upright), np.stack([left[::-1], right[::-1]])) <= 4
    write_video(tmp_path / "b.mp4", video, like=video)
    ((_, frame),) = seen(tmp_path / "b.mp4")
    assert apart(middles(frame), middles(upright)) <= 6


def test_colours_of_large_videos_are_those_of_bt_709_where_nothing_is_said(tmp_path: Path) -> None:
    import av

    (picture,) = colours(1, (720, 32))
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 720, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))
        container.mux(stream.encode())
    (found,) = open_video(tmp_path / "a.mp4")
    assert apart(middles(found), middles(picture)) <= 6


def test_odd_sides_are_made_even(tmp_path: Path) -> None:
    frame = np.broadcast_to(np.linspace(40, 215, 41)[None, :, None], (33, 41, 3)).astype(np.uint8)
    write_video(tmp_path / "a.mp4", [frame] * 3, fps=12.5)
    shown = seen(tmp_path / "a.mp4")
    assert [time for time, _ in shown] == [0, Fraction(2, 25), Fraction(4, 25)]
    assert shown[0][1].shape == (34, 42, 3)
    assert apart(shown[0][1], np.pad(frame, ((0, 1), (0, 1), (0, 0)), "edge")) <= 6


def test_few_frames_are_kept_while_a_video_is_written(tmp_path: Path) -> None:
    alive = most = 0

    def gone() -> None:
        nonlocal alive
        alive -= 1

    def frames() -> Iterator[NDArray[np.uint8]]:
        nonlocal alive, most
        for number in range(120):
            frame = np.full((48, 64, 3), number, np.uint8)
            weakref.finalize(frame, gone)
            alive += 1
            most = max(most, alive)
            yield frame

    write_video(tmp_path / "a.mp4", frames())
    assert len(seen(tmp_path / "a.mp4")) == 120
    assert most <= 4


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    text, list_, sound = tmp_path / "text.mp4", tmp_path / "list.mp4", tmp_path / "sound.mp4"
    text.write_text("no video")
    write(tmp_path / "a.ts", colours())
    list_.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path / 'a.ts'}\n#EXT-X-ENDLIST\n")
    write(sound, [], sound="aac")
    for path, told in (
        (tmp_path / "gone.mp4", "no such file"),
        (tmp_path, "is a folder"),
        (text, "no video that can be read"),
        (list_, "no video that can be read"),
        (sound, "holds no moving picture"),
    ):
        with pytest.raises(InputError, match=told) as caught:
            open_video(path)
        assert "\n" not in str(caught.value)


def test_a_video_without_frames_is_told(tmp_path: Path) -> None:
    import av  # only here: others do without

    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    with pytest.raises(InputError, match="without a frame"):
        open_video(path)


def test_frames_of_changing_size_are_told(tmp_path: Path) -> None:
    parts = [write(tmp_path / f"{size[0]}.ts", colours(size=size)).read_bytes() for size in ((48, 64), (64, 80))]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(parts))
    with pytest.raises(SizeError, match="changes from 64x48 to 80x64 at frame 7"):
        open_video(joined)
    with pytest.raises(SizeError, match="64x48 and of 80x64"):
        write_video(tmp_path / "b.mp4", [colours()[0], colours(size=(64, 80))[0]])
    assert not (tmp_path / "b.mp4").exists()


def test_frames_too_small_are_told(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="at least 16 px"):
        open_video(write(tmp_path / "a.mp4", colours(size=(8, 32))))


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def frames(count: int) -> Iterator[NDArray[np.uint8]]:
        yield from colours(count)
        raise Cancelled("enough.")

    for count in (0, 5):
        with pytest.raises(Cancelled):
            write_video(tmp_path / "a.mp4", frames(count))
    with pytest.raises(InputError, match="no frame came"):
        write_video(tmp_path / "a.mp4", [])
    with pytest.raises(InputError, match="0 frames a second"):
        write_video(tmp_path / "a.mp4", colours(), fps=0)
    with pytest.raises(OutputError, match=r"use \.mp4"):
        write_video(tmp_path / "a.mkv", colours())
    assert not list(tmp_path.iterdir())


def test_no_input_is_replaced(tmp_path: Path) -> None:
    source = write(tmp_path / "a.mp4", colours())
    before = source.read_bytes()
    video = open_video(source)
    with pytest.raises(InputError, match="more frames came than the 6 of"):
        write_video(tmp_path / "b.mp4", [*video, *video], like=video)
    with pytest.raises(OutputError, match="--force"):
        write_video(source, colours())
    with pytest.raises(OutputError, match="one of the inputs"):
        write_video(source, video, like=video, force=True)
    assert source.read_bytes() == before


def test_sound_that_mp4_cannot_hold_is_told_before_any_work(tmp_path: Path) -> None:
    video = open_video(write(tmp_path / "a.avi", colours(), sound="pcm_u8"))
    with pytest.raises(OutputError, match=r"cannot hold the sound .* pcm_u8"):
        check_video(tmp_path / "b.mp4", like=video)


def test_without_the_extra_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    for use in (lambda: open_video(tmp_path / "a.mp4"), lambda: write_video(tmp_path / "a.mp4", colours())):
        with pytest.raises(MissingExtraError, match=r"pip install 'sembla\[video\]'"):
            use()
    assert not list(tmp_path.iterdir())
