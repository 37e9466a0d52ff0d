"""`sembla landmarks`, `sembla.landmarks` and `sembla.draw_landmarks`: where points come from, what is written."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.faces.test_detection import astronaut, needs_dlib
from tests.faces.test_shape import SIZE, face, parsed
from tests.surfaces.support import Sembla

import sembla as library
from sembla.api import pointing
from sembla.core.errors import InputError, SizeError
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_TO_PARSING
from sembla.faces.detection import find_face, landmarks_in, landmarks_of_damaged
from sembla.faces.landmarks import read_landmarks, write_landmarks
from sembla.faces.parsing import landmarks_of_map
from sembla.faces.shape import complete_hidden
from sembla.imaging.holes import draw_hole
from sembla.imaging.io import read_picture

PARTS = parsed(face(1, scale=30, turn=0.05))
ON_MAP = landmarks_of_map(PARTS, CELEBAMASK_HQ_19)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Grey, without a face; beside it a map of the parts of one."""
    write_pair(tmp_path / "photo.png", tmp_path / "map.png")
    return tmp_path / "photo.png"


def write_pair(photo: Path, parts: Path) -> None:
    for path in (photo, parts):
        path.parent.mkdir(exist_ok=True)
    Image.new("RGB", SIZE[::-1], (90, 90, 90)).save(photo)
    Image.fromarray(PARTS).save(parts)


def test_points_are_read_off_a_map_and_inpaint_reads_them(sembla: Sembla, photo: Path, elsewhere: Path) -> None:
    outcome = sembla("landmarks", photo, "--map", photo.with_name("map.png"))
    assert (outcome.code, outcome.out) == (0, "photo.csv\n"), outcome.err
    assert [path.name for path in elsewhere.iterdir()] == ["photo.csv"]
    np.testing.assert_allclose(library.damage(photo, "center", landmarks="photo.csv").landmarks, ON_MAP, atol=1e-3)


def test_maps_are_read_in_every_form() -> None:
    grey = np.full((*SIZE, 3), 90, np.uint8)
    colours = CELEBAMASK_HQ_19.palette[PARTS]
    for form in (PARTS, CELEBAMASK_HQ_TO_PARSING(PARTS), colours):
        np.testing.assert_array_equal(library.landmarks(grey, parsing=form), ON_MAP)


def test_a_map_of_half_the_size_says_the_same() -> None:
    large = np.full((SIZE[0] * 2, SIZE[1] * 2, 3), 90, np.uint8)
    doubled = np.repeat(np.repeat(PARTS, 2, axis=0), 2, axis=1)
    half, whole = (library.landmarks(large, parsing=each) for each in (PARTS, doubled))
    assert np.abs(half - whole).max() < 2
    with pytest.raises(SizeError, match="the parsing map is 120x100, the picture 100x100"):
        library.landmarks(large[:100, :100], parsing=PARTS)


def test_points_in_a_hole_follow_from_the_others(sembla: Sembla, photo: Path) -> None:
    given = ("--map", photo.with_name("map.png"), "--mask", "center", "--out", "face.pts")
    assert sembla("landmarks", photo, *given).code == 0
    expected = complete_hidden(ON_MAP, draw_hole("center", SIZE))
    np.testing.assert_allclose(read_landmarks("face.pts", SIZE), expected, atol=1e-3)
    assert np.abs(expected - ON_MAP).max() > 0.5


def test_a_file_with_gaps_is_completed(sembla: Sembla, photo: Path) -> None:
    which = (36, 45, 33, 48, 54, 8)
    Path("few.json").write_text(json.dumps({number: ON_MAP[number].tolist() for number in which}))
    outcome = sembla("landmarks", photo, "--landmarks", "few.json", "--out", "whole.json")
    assert "62 of the 68 landmarks of few.json are not given, and follow from the others" in outcome.err
    np.testing.assert_allclose(read_landmarks("whole.json", SIZE), read_landmarks("few.json", SIZE), atol=1e-3)


def test_points_are_drawn_where_they_are(sembla: Sembla, photo: Path, elsewhere: Path) -> None:
    write_landmarks("face.txt", ON_MAP)
    outcome = sembla("landmarks", photo, "--landmarks", "face.txt", "--draw", "look.png", "--json")
    assert json.loads(outcome.out) == {"out": None, "draw": "look.png"}
    assert sorted(path.name for path in elsewhere.iterdir()) == ["face.txt", "look.png"]
    look = read_picture("look.png")
    factor = look.shape[0] // SIZE[0]
    assert look.shape == (SIZE[0] * factor, SIZE[1] * factor, 3)
    assert factor > 5
    columns, rows = np.rint((ON_MAP + 0.5) * factor - 0.5).astype(int).T
    assert (look[rows, columns] == 255).all(axis=1).mean() > 0.9  # numbers may cover a point or two
    assert (look[:20] == 90).all()


def test_large_pictures_are_not_enlarged() -> None:
    large = np.zeros((2000, 2400, 3), np.uint8)
    assert library.draw_landmarks(large, ON_MAP * 20).shape == large.shape


def test_a_folder_gives_a_folder(sembla: Sembla, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_pair(tmp_path / "frames" / f"{name}.png", tmp_path / "maps" / f"{name}.png")
    given = (tmp_path / "frames", "--map", tmp_path / "maps")
    assert "say where to put it with --out DIR" in sembla("landmarks", *given).complaint
    told = json.loads(sembla("landmarks", *given, "--out", "points", "--draw", "looks", "--json").out)
    assert told == {"out": ["points/a.csv", "points/b.csv"], "draw": ["looks/a.png", "looks/b.png"]}
    np.testing.assert_allclose(read_landmarks("points/b.csv", SIZE), ON_MAP, atol=1e-3)
    assert sembla("landmarks", tmp_path / "frames", "--landmarks", "points", "--out", "again").code == 0
    assert Path("again/a.csv").read_bytes() == Path("points/a.csv").read_bytes()
    (tmp_path / "maps" / "b.png").unlink()
    assert "holds no b.png or" in sembla("landmarks", *given, "--out", "more").complaint
    assert not Path("more").exists()


def test_files_stay_unless_they_shall_not(sembla: Sembla, photo: Path) -> None:
    Path("photo.csv").write_text("mine")
    given = ("landmarks", photo, "--map", photo.with_name("map.png"))
    assert "--force" in sembla(*given).complaint
    assert Path("photo.csv").read_text() == "mine"
    assert sembla(*given, "--force").code == 0
    again = sembla("landmarks", photo, "--landmarks", "photo.csv", "--force")
    assert "one of the inputs" in again.complaint


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--out", "face.npy"), "cannot write .npy; use .json, .pts, .txt, .csv"),
        (("--draw", "face.gif"), "cannot write .gif"),
        (("--landmarks", "face.json"), "a parsing map and landmarks came; give one of them"),
        (("--mask", "centre"), "there are also the kinds center"),
    ],
)
def test_bad_input_is_told_in_one_line(
    sembla: Sembla, photo: Path, elsewhere: Path, given: tuple[str, ...], told: str
) -> None:
    assert told in sembla("landmarks", photo, "--map", photo.with_name("map.png"), *given).complaint
    assert not list(elsewhere.iterdir())


def test_without_the_extra_it_is_told_what_else_helps(
    sembla: Sembla, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pointing, "has_faces", lambda: False)
    complaint = sembla("landmarks", photo).complaint
    for way in ("--landmarks", "--map", "pip install 'sembla[faces]'"):
        assert way in complaint


@needs_dlib
def test_points_are_found(sembla: Sembla, photo: Path, elsewhere: Path) -> None:
    assert "no face was found in" in sembla("landmarks", photo).complaint
    assert not list(elsewhere.iterdir())
    Image.fromarray(astronaut()).save("face.png")
    assert sembla("landmarks", "face.png").code == 0
    expected = landmarks_in(astronaut(), find_face(astronaut()))
    np.testing.assert_allclose(read_landmarks("face.csv", (256, 256)), expected, atol=1e-3)


@needs_dlib
def test_a_damaged_face_is_found_as_inpaint_finds_it() -> None:
    hole = np.zeros((256, 256), np.bool_)
    hole[130:170, 100:160] = True
    expected = landmarks_of_damaged(astronaut(), hole)
    np.testing.assert_array_equal(library.landmarks(astronaut(), mask=hole), expected)
    np.testing.assert_array_equal(library.damage(astronaut(), hole).landmarks, expected)


def test_points_of_two_sources_are_refused() -> None:
    with pytest.raises(InputError, match="give one of them"):
        library.landmarks(np.full((*SIZE, 3), 90, np.uint8), parsing=PARTS, landmarks=face())
