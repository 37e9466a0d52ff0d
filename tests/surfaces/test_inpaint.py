"""`sembla inpaint`, `sembla.damage` and `sembla.inpaint`: every form of the call, what it writes, what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from tests.faces.test_shape import SIZE, face
from tests.surfaces.support import Sembla

pytest.importorskip("torch", reason="needs PyTorch")

from tests.methods.inpaint.support import untrained

import sembla as library
from sembla import api
from sembla.api import pointing
from sembla.core.errors import Cancelled, InputError, MissingExtraError, SizeError
from sembla.imaging.holes import draw_hole
from sembla.imaging.io import read_picture
from sembla.imaging.save import read_settings


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("model") / "run")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write_photo(tmp_path / "photo.png", 0)


def write_photo(path: Path, seed: int, size: tuple[int, int] = SIZE) -> Path:
    """Noise, and beside it the points of a face."""
    path.parent.mkdir(exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    path.with_suffix(".json").write_text(json.dumps(face(seed).tolist()))
    return path


def test_a_hole_is_filled_and_the_rest_stays(sembla: Sembla, photo: Path, run: Path, elsewhere: Path) -> None:
    points = photo.with_suffix(".json")
    outcome = sembla("inpaint", photo, "--mask", "center", "--landmarks", points, "--model", run)
    assert outcome.code == 0, outcome.err
    assert outcome.out == "photo-whole.png\n"
    assert [path.name for path in elsewhere.iterdir()] == ["photo-whole.png"]
    before, after, hole = read_picture(photo), read_picture("photo-whole.png"), draw_hole("center", SIZE)
    np.testing.assert_array_equal(after[~hole], before[~hole])
    assert (after[hole] != before[hole]).any()
    record = read_settings("photo-whole.png")
    assert (record["verb"], record["mask"], record["shared"]) == ("inpaint", "center", False)


def test_a_filling_meets_its_rim(run: Path) -> None:
    """Whatever colour it was made in."""
    photo, hole = np.full((*SIZE, 3), 40, np.uint8), draw_hole("center", SIZE)
    result = library.inpaint(library.damage(photo, hole, landmarks=face()), model=library.load(run))
    rim = hole & ~ndimage.binary_erosion(hole)
    off, was = (np.abs(each.astype(int) - 40).mean() for each in (result.picture[rim], result.made[0]))
    assert was > 30
    assert off < was / 4


def test_what_a_hole_holds_is_never_looked_at(photo: Path, run: Path) -> None:
    hole, model = draw_hole("freehand", SIZE), library.load(run)
    pixels = read_picture(photo)
    other = pixels.copy()
    other[hole] = 255 - other[hole]
    one, same = (
        library.inpaint(library.damage(each, hole, landmarks=face()), model=model).picture for each in (pixels, other)
    )
    np.testing.assert_array_equal(one, same)


def test_masks_may_be_files_and_it_is_what_python_gives(sembla: Sembla, photo: Path, run: Path) -> None:
    Image.fromarray(draw_hole("left", SIZE)).save("mask.png")
    points = photo.with_suffix(".json")
    given = ("inpaint", photo, "--mask", "mask.png", "--landmarks", points, "--model", run)
    assert sembla(*given).code == 0
    assert "JPEG changes all pixels a little" in sembla(*given, "--out", "whole.jpg").err
    damaged = library.damage(photo, "mask.png", landmarks=str(points))
    result = library.inpaint(damaged, model=library.load(run))
    np.testing.assert_array_equal(read_picture("photo-whole.png"), result.picture)


def test_a_folder_is_one_person_s(sembla: Sembla, run: Path, tmp_path: Path) -> None:
    for number in range(3):
        write_photo(tmp_path / "frames" / f"f{number}.png", number)
    given = ("--mask", "center", "--landmarks", tmp_path / "frames", "--model", run)
    outcome = sembla("inpaint", tmp_path / "frames", *given, "--out", "whole", "--json")
    assert outcome.code == 0, outcome.err
    told = json.loads(outcome.out)
    assert told["out"] == [f"whole/f{number}.png" for number in range(3)]
    assert read_settings("whole/f1.png")["shared"] is True
    assert "several come; give a folder" in sembla("inpaint", tmp_path / "frames", *given, "--out", "one.png").complaint
    alone = sembla("inpaint", tmp_path / "frames", *given, "--out", "alone", "--strangers")
    assert alone.code == 0, alone.err
    assert not np.array_equal(read_picture("whole/f1.png"), read_picture("alone/f1.png"))


@pytest.mark.parametrize("search", ["predicted", "searched", "weighted", "released"])
def test_every_way_can_be_asked_for(sembla: Sembla, photo: Path, run: Path, search: str) -> None:
    points = photo.with_suffix(".json")
    given = ("--mask", "center", "--landmarks", points, "--model", run, "--search", search, "--steps", "2")
    assert sembla("inpaint", photo, *given).code == 0


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--mask", "centre"), "no such file; there are also the kinds center"),
        (("--mask", "center", "--steps", "-1"), "steps of predicted -1 came; expected a whole number 0 to 1000"),
        (("--mask", "full"), "is missing by mask full"),
        (("--mask", "center", "--landmarks", "none.json"), "no such file or folder"),
        (("--mask", "center", "--out", "photo.gif"), "cannot write .gif"),
    ],
)
def test_bad_input_is_told_in_one_line(
    sembla: Sembla, photo: Path, run: Path, elsewhere: Path, given: tuple[str, ...], told: str
) -> None:
    points = () if "--landmarks" in given else ("--landmarks", photo.with_suffix(".json"))
    assert told in sembla("inpaint", photo, "--model", run, *points, *given).complaint
    assert not list(elsewhere.iterdir())


def test_a_folder_wants_a_folder(sembla: Sembla, run: Path, tmp_path: Path) -> None:
    write_photo(tmp_path / "frames" / "a.png", 0)
    given = ("--mask", "center", "--landmarks", tmp_path / "frames", "--model", run)
    assert "say where to put it" in sembla("inpaint", tmp_path / "frames", *given).complaint
    assert (
        "among the pictures" in sembla("inpaint", tmp_path / "frames", *given, "--out", tmp_path / "frames").complaint
    )
    (tmp_path / "frames" / "a.json").unlink()
    complaint = sembla("inpaint", tmp_path / "frames", *given, "--out", "whole").complaint
    assert "holds no a.json or .pts or .txt or .csv" in complaint
    assert not Path("whole").exists()


@pytest.mark.parametrize("name", ["f0", "p[1]"])
def test_points_are_told_from_pictures(sembla: Sembla, run: Path, tmp_path: Path, name: str) -> None:
    photo = write_photo(tmp_path / "frames" / f"{name}.png", 0)
    with Image.open(photo) as image:
        image.save(photo.with_suffix(".jpg"))
    photo.unlink()
    given = ("--mask", "center", "--landmarks", photo.parent, "--model", run, "--out", "whole")
    assert sembla("inpaint", photo.parent, *given).code == 0


def test_no_input_is_ever_replaced(sembla: Sembla, photo: Path, run: Path) -> None:
    points = photo.with_suffix(".json")
    Image.fromarray(draw_hole("left", SIZE)).save("mask.png")
    given = ("--mask", "mask.png", "--landmarks", points, "--model", run, "--force")
    assert "one of the inputs" in sembla("inpaint", photo, *given, "--out", "mask.png").complaint
    write_photo(photo.parent / "frames" / "f.png", 0)
    (photo.parent / "masks").mkdir()
    Image.fromarray(draw_hole("left", SIZE)).save(photo.parent / "masks" / "f.png")
    folders = ("--mask", photo.parent / "masks", "--landmarks", photo.parent / "frames", "--model", run, "--force")
    complaint = sembla("inpaint", photo.parent / "frames", *folders, "--out", photo.parent / "masks").complaint
    assert "one of the inputs" in complaint


def test_a_hole_far_from_a_small_face_is_filled_evenly(run: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is painted there but what the rim asks for."""
    grey = np.full((200, 200, 3), 120, np.uint8)
    points = ((face(turn=0) - (60, 50)) * 0.3 + (20, 100)).astype(np.float32)
    damaged = library.damage(grey, "left", landmarks=points)
    with caplog.at_level("INFO", "sembla"):
        filled = library.inpaint(damaged, model=library.load(run)).picture
    assert "of the hole lies beyond the face" in caplog.text
    steps = np.abs(np.diff(filled[:30].astype(int), axis=1)).max()
    assert steps <= 6


def test_a_model_of_another_method_is_told(sembla: Sembla, photo: Path) -> None:
    given = ("--mask", "center", "--landmarks", photo.with_suffix(".json"), "--model", "facades")
    assert "of method scene, which fills no holes" in sembla("inpaint", photo, *given).complaint


def test_without_points_and_the_extra_it_is_told(photo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointing, "has_faces", lambda: False)
    with pytest.raises(MissingExtraError, match=r"--landmarks .* pip install 'sembla\[faces\]'"):
        library.damage(photo, "center")


def test_frames_of_changing_size_are_told(run: Path, tmp_path: Path) -> None:
    frames = [
        library.damage(write_photo(tmp_path / f"{number}.png", number, size), "center", landmarks=face(number))
        for number, size in enumerate([SIZE, (110, 130)])
    ]
    with pytest.raises(SizeError, match="frames of changing size came"):
        library.inpaint(frames, model=library.load(run))
    assert len(library.inpaint(frames, model=library.load(run), shared=False).pictures) == 2


@pytest.mark.parametrize(
    ("fill", "told"),
    [
        (library.Weighted(window=4), "window 4 came; give an odd number"),
        (library.Weighted(window=1), "window 1 came; expected a whole number 3 to 31"),
        (library.Searched(steps=0), "steps 0 came"),
        (library.Searched(realism=-1), "realism -1 came"),
    ],
)
def test_settings_out_of_their_ranges_are_told(photo: Path, run: Path, fill: api.Searched, told: str) -> None:
    damaged = library.damage(photo, "center", landmarks=face())
    with pytest.raises(InputError, match=told):
        library.inpaint(damaged, model=library.load(run), fill=fill)


def test_no_frame_is_told(run: Path) -> None:
    with pytest.raises(InputError, match="no frame came"):
        library.inpaint([], model=library.load(run))


def test_work_can_be_stopped(photo: Path, run: Path) -> None:
    damaged = library.damage(photo, "center", landmarks=face())
    with pytest.raises(Cancelled):
        api.run_inpaint([damaged], engine=library.load(run), stop=lambda: True)
    with pytest.raises(Cancelled):
        library.inpaint(damaged, model=library.load(run), fill=library.Searched(5), on_preview=lambda _: False)
