"""`sembla inpaint` of videos and long folders, `sembla.damage_frames` and `sembla.inpaint_frames`."""

import json
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.faces.test_shape import face
from tests.imaging.videos import heard, seen, write
from tests.surfaces.support import Sembla

pytest.importorskip("torch", reason="needs PyTorch")

from tests.methods.inpaint.support import untrained

import sembla as library
from sembla.api import inpainting
from sembla.core.errors import Cancelled, InputError
from sembla.core.types import Picture, Region
from sembla.faces.landmarks import Landmarks
from sembla.imaging.holes import draw_hole
from sembla.imaging.io import read_picture
from sembla.imaging.save import read_settings

SIZE = (96, 112)
COUNT = 5


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("model") / "run")


def track(count: int = COUNT) -> NDArray[np.float32]:
    """Points of a face that goes to the right."""
    middle = face(turn=0) - face(turn=0).mean(axis=0)
    return np.stack([middle * 0.8 + (52 + number, 50) for number in range(count)]).astype(np.float32)


def frames(count: int = COUNT) -> list[Picture]:
    """Smooth ones, which a codec keeps."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return [np.stack([rows + 60, columns + 9 * number, 200 - rows], axis=2).astype(np.uint8) for number in range(count)]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    pytest.importorskip("av", reason="needs the extra [video]")
    np.save(tmp_path / "clip.npy", track())
    return write(tmp_path / "clip.mp4", frames(), times=[0, 40, 90, 200, 233], sound="aac")


def as_folder(folder: Path, pictures: Sequence[NDArray[np.uint8]]) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number}.png")
    return folder


def test_a_video_becomes_a_video_with_its_times_and_its_sound(
    sembla: Sembla, clip: Path, run: Path, elsewhere: Path
) -> None:
    given = ("--mask", "center", "--landmarks", clip.with_suffix(".npy"), "--model", run)
    outcome = sembla("inpaint", clip, *given, "--json")
    assert outcome.code == 0, outcome.err
    told = json.loads(outcome.out)
    assert (told["out"], told["frames"]) == ("clip-whole.mp4", COUNT)
    assert [path.name for path in elsewhere.iterdir()] == ["clip-whole.mp4"]
    hole, after = draw_hole("center", SIZE), seen(Path("clip-whole.mp4"))
    assert [time for time, _ in after] == [time for time, _ in seen(clip)]
    assert heard(Path("clip-whole.mp4")) == heard(clip)
    for (_, whole), (_, frame) in zip(after, seen(clip), strict=True):
        apart = np.abs(whole.astype(int) - frame)
        assert apart[~hole].mean() < 2
        assert apart[hole].mean() > 4


def test_a_video_becomes_pictures_whose_known_pixels_are_its_own(sembla: Sembla, clip: Path, run: Path) -> None:
    given = ("--mask", "center", "--landmarks", clip.with_suffix(".npy"), "--model", run)
    outcome = sembla("inpaint", clip, *given, "--out", "whole")
    assert outcome.code == 0, outcome.err
    assert outcome.out.split() == [f"whole/{number:06d}.png" for number in range(1, COUNT + 1)]
    hole, pictures = draw_hole("center", SIZE), [frame for _, frame in seen(clip)]
    record = read_settings("whole/000002.png")
    assert (record["frame"], record["shared"], Path("whole", record["image"]["path"]).resolve()) == (2, True, clip)
    folder = as_folder(clip.parent / "frames", pictures)
    assert sembla("inpaint", folder, *given, "--out", "same").code == 0
    for number, picture in enumerate(pictures):
        whole = read_picture(f"whole/{number + 1:06d}.png")
        np.testing.assert_array_equal(whole[~hole], picture[~hole])
        assert (whole[hole] != picture[hole]).any()
        np.testing.assert_array_equal(read_picture(f"same/{number}.png"), whole)


def test_a_folder_becomes_a_video(sembla: Sembla, clip: Path, run: Path) -> None:
    folder = as_folder(clip.parent / "frames", frames())
    given = ("--mask", "left", "--landmarks", clip.with_suffix(".npy"), "--model", run)
    assert sembla("inpaint", folder, *given, "--out", "whole.mp4", "--fps", "10").code == 0
    assert [time * 10 for time, _ in seen(Path("whole.mp4"))] == list(range(COUNT))


def test_each_frame_may_have_a_mask(sembla: Sembla, clip: Path, run: Path) -> None:
    """Of which one hides nothing."""
    holes = [np.zeros(SIZE, np.bool_) for _ in range(COUNT)]
    for number in range(1, COUNT):
        holes[number][30:60, 10 * number : 10 * number + 30] = True
    white = [np.repeat(hole[..., None], 3, axis=2) * np.uint8(255) for hole in holes]
    given = ("--landmarks", clip.with_suffix(".npy"), "--model", run)
    masks = as_folder(clip.parent / "masks", white)
    assert sembla("inpaint", clip, "--mask", masks, *given, "--out", "one").code == 0
    moving = write(clip.parent / "masks.mp4", white)
    assert sembla("inpaint", clip, "--mask", moving, *given, "--out", "two").code == 0
    for number, ((_, picture), hole) in enumerate(zip(seen(clip), holes, strict=True), 1):
        one, two = (read_picture(f"{name}/{number:06d}.png") for name in ("one", "two"))
        np.testing.assert_array_equal(one[~hole], picture[~hole])
        assert (one != two).any(axis=2).mean() < 0.1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--mask", "full"), "nothing of the frames is missing by mask full"),
        (("--landmarks", "four.npy"), f"4 sets of landmarks came for {COUNT} frames"),
        (("--landmarks", "points.json"), "one file, .npy or .npz"),
        (("--landmarks", "none.npy"), "the landmarks are of no frame"),
        (("--mask", "masks"), f"2 masks came for {COUNT} frames"),
        (("--out", "whole.mov"), "cannot write .mov"),
        (("--out", "whole.mp4", "--fps", "0"), "0 frames a second came"),
        (("--model", "facades"), "which fills no holes"),
    ],
)
def test_bad_input_is_told_in_one_line(
    sembla: Sembla, clip: Path, run: Path, given: tuple[str, ...], told: str
) -> None:
    np.save("four.npy", track(4))
    np.save("none.npy", np.full((COUNT, 68, 2), np.nan))
    as_folder(Path("masks"), [np.full((*SIZE, 3), 255, np.uint8)] * 2)
    before = sorted(path.name for path in Path().iterdir())
    usual = {"--mask": "center", "--landmarks": str(clip.with_suffix(".npy")), "--model": str(run)}
    usual |= dict(zip(given[::2], given[1::2], strict=True))
    complaint = sembla("inpaint", clip, *(word for pair in usual.items() for word in pair)).complaint
    assert told in complaint
    assert sorted(path.name for path in Path().iterdir()) == before


def test_a_file_that_is_no_video_is_told(sembla: Sembla, run: Path, tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs the extra [video]")
    (tmp_path / "clip.mkv").write_text("nothing that moves")
    assert (
        "no video that can be read"
        in sembla("inpaint", tmp_path / "clip.mkv", "--mask", "left", "--model", run).complaint
    )


class Read(Sequence[Picture]):
    """Pictures that are made when they are asked for; counts how many are alive."""

    def __init__(self, count: int) -> None:
        self.length, self.alive, self.most = count, 0, 0

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, number: int) -> Picture: ...
    @overload
    def __getitem__(self, number: slice) -> "Read": ...
    def __getitem__(self, number: "int | slice") -> "Picture | Read":
        assert isinstance(number, int)
        if number >= self.length:
            raise IndexError(number)
        picture = np.full((*SIZE, 3), number, np.uint8)
        weakref.finalize(picture, self._gone)
        self.alive += 1
        self.most = max(self.most, self.alive)
        return picture

    def _gone(self) -> None:
        self.alive -= 1


def test_of_many_frames_few_are_kept(run: Path) -> None:
    pictures = Read(60)
    counted: list[tuple[int, int]] = []
    damaged = library.damage_frames(pictures, "center", landmarks=track(1).repeat(60, axis=0))
    made = library.inpaint_frames(damaged, model=library.load(run), on_count=lambda *count: counted.append(count))
    assert sum(1 for _ in made) == 60
    assert pictures.most <= 40
    assert counted[59] == counted[-1] == (60, 60)


def test_frames_without_a_face_have_points_between_their_neighbours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    points = track()
    lost: tuple[int, ...] = (1, 4)

    def find(picture: Picture, _: Region, *, name: str) -> Landmarks:
        number = int(picture[0, 0, 1]) // 9
        if number in lost:
            raise InputError(f"no face was found in {name}.")
        its: Landmarks = points[number]
        return its

    monkeypatch.setattr(inpainting, "has_faces", lambda: True)
    monkeypatch.setattr(inpainting, "landmarks_of_damaged", find)
    with caplog.at_level("WARNING", "sembla"):
        found = library.damage_frames(frames(), "center")
    assert "in 2 of 5 frames there is no face to be found" in caplog.text
    np.testing.assert_allclose(found.track[:4], points[:4], atol=1e-4)
    np.testing.assert_array_equal(found.track[4], points[3])
    known = points.copy()
    known[list(lost)] = np.nan
    np.testing.assert_array_equal(library.damage_frames(frames(), "center", landmarks=known).track, found.track)
    with pytest.raises(InputError, match="no face was found in frame 2"):
        library.damage_frames(frames(), "center", shared=False)
    lost = (0, 1, 2, 3, 4)
    with pytest.raises(InputError, match="no face was found in frame 1"):
        library.damage_frames(frames(), "center")


def test_work_that_is_stopped_leaves_nothing(run: Path, clip: Path) -> None:
    video, model = library.open_video(clip), library.load(run)
    damaged = library.damage_frames(video, "center", landmarks=clip.with_suffix(".npy"))

    def stopped(after: int) -> Iterator[Picture]:
        asked = iter(range(1000))
        return library.inpaint_frames(damaged, model=model, stop=lambda: next(asked) >= after)

    for after in (0, 3, 2 * COUNT + 6):
        with pytest.raises(Cancelled):
            library.write_video("whole.mp4", stopped(after), like=video)
        assert not list(Path().iterdir())
    assert len(list(stopped(1000))) == COUNT


def test_a_folder_that_fails_half_way_is_not_left(
    sembla: Sembla, clip: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = library.write_picture
    written: list[Path] = []

    def write_some(path: Path, picture: Picture, **options: object) -> None:
        if len(written) == 3:
            raise library.OutputError("the disk is full.")
        written.append(path)
        real(path, picture, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("sembla.api.write_picture", write_some)
    given = ("--mask", "center", "--landmarks", clip.with_suffix(".npy"), "--model", run, "--out", "whole")
    assert "disk is full" in sembla("inpaint", clip, *given).complaint
    assert written
    assert not list(Path().iterdir())
