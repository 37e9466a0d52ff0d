"""`sembla portrait --model`: what changes and what stays, other faces, folders, videos, and what is refused."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from PIL import Image
from scipy import ndimage
from tests.faces.test_shape import SIZE
from tests.methods.portrait.support import parsing_map, untrained
from tests.surfaces.support import Sembla
from tests.surfaces.test_portrait import PARSING, photo, smiling

import sembla as library
from sembla.api import facing, portraits, read_settings
from sembla.core.errors import InputError, LabelError, MissingExtraError, NoFaceError
from sembla.core.labels import Classes
from sembla.core.tasks import ParseResult
from sembla.core.types import LabelMap, Picture
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_19_PARSING, CELEBAMASK_HQ_TO_PARSING
from sembla.examples import load
from sembla.faces.detection import has_faces
from sembla.runs.synthesizer import Synthesizer

NAMES = CELEBAMASK_HQ_19.names
HAIR, GLASSES, SKIN = (NAMES.index(name) for name in ("hair", "eye_g", "skin"))
needs_dlib = pytest.mark.skipif(not has_faces(), reason="needs pip install 'sembla[faces]'")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    return {recipe: untrained(root / recipe, recipe=recipe) for recipe in ("sembla", "pix2pix")}


@pytest.fixture(scope="module")
def model(folders: dict[str, Path]) -> Synthesizer:
    return library.load(folders["sembla"], device="cpu", exact=True)


@pytest.fixture
def no_dlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facing, "has_faces", lambda: False)


def square(number: int, side: int = 96) -> tuple[Picture, LabelMap]:
    """A photo that stands as CelebA-HQ's, and its map."""
    labels = parsing_map(number, side)
    chance = np.random.default_rng(number)
    return (chance.integers(40, 216, (19, 3))[labels] + chance.integers(0, 20, (side, side, 3))).astype(
        np.uint8
    ), labels


def test_only_the_edit_and_five_pixels_about_it_change(model: Synthesizer) -> None:
    result = library.portrait(photo(), parsing=PARSING, layout=smiling(), model=model)
    away = ndimage.distance_transform_edt(smiling() == PARSING)
    np.testing.assert_array_equal(result.edit, away == 0)
    np.testing.assert_array_equal(result.picture[away > 5], photo()[away > 5])
    assert not np.array_equal(result.picture, photo())
    np.testing.assert_array_equal(result.layout, smiling())
    again = library.portrait(photo(), parsing=PARSING, layout=smiling(), model=model)
    np.testing.assert_array_equal(again.picture, result.picture)


def test_a_face_that_stands_elsewhere_is_made_where_it_stands(model: Synthesizer) -> None:
    """A photo with much room about the face: the same face, cut out before, gives nearly the same."""
    wide = np.full((SIZE[0] + 80, SIZE[1] + 100, 3), 90, np.uint8)
    parsing, layout = (np.zeros(wide.shape[:2], np.uint8) for _ in range(2))
    inner = np.s_[60 : 60 + SIZE[0], 30 : 30 + SIZE[1]]
    wide[inner], parsing[inner], layout[inner] = photo(), PARSING, smiling()
    result = library.portrait(wide, parsing=parsing, layout=layout, model=model)
    near = library.portrait(photo(), parsing=PARSING, layout=smiling(), model=model)
    edit = smiling() != PARSING
    assert np.abs(result.picture[inner][edit].astype(int) - near.picture[edit]).mean() < 12


def test_another_face_lends_its_layout_or_parts_of_it(model: Synthesizer) -> None:
    (mine, own), (theirs, other) = square(1), square(3)
    asked: dict[str, Any] = {"parsing": own, "reference": theirs, "reference_parsing": other, "model": model}
    whole = library.portrait(mine, **asked)
    np.testing.assert_array_equal(whole.layout == HAIR, other == HAIR)
    assert (whole.layout == other).mean() > 0.99
    np.testing.assert_array_equal(whole.edit, (own > 0) | (whole.layout > 0))  # all of the face is in the new one
    part = library.portrait(mine, **asked, parts=("eye_g",))
    assert GLASSES not in own
    np.testing.assert_array_equal(part.layout == GLASSES, other == GLASSES)
    np.testing.assert_array_equal(part.layout[other != GLASSES], own[other != GLASSES])
    hair = library.portrait(mine, **asked, parts=("hair",))
    assert hair.edit[hair.layout == HAIR].all()  # its look is another's, too


def test_the_ends_of_hair_that_goes_are_made_anew_too(model: Synthesizer) -> None:
    mine, own = square(1)
    other = np.where(own == HAIR, SKIN, own).astype(np.uint8)
    other[:4] = HAIR
    asked: dict[str, Any] = {"parsing": own, "reference": mine, "reference_parsing": other, "model": model}
    hair = library.portrait(mine, **asked, parts=("hair",))
    gone = (own == HAIR) & (hair.layout != HAIR)
    assert gone.any()
    fringe = ndimage.distance_transform_edt(~gone) <= 2 * len(own) / model.config.side
    np.testing.assert_array_equal(hair.edit, (hair.layout != own) | (hair.layout == HAIR) | fringe)
    away = ndimage.distance_transform_edt(~hair.edit)
    np.testing.assert_array_equal(hair.picture[away > 5], mine[away > 5])


def test_looks_are_drawn_by_seed_and_all_is_made_anew_where_that_is_asked(model: Synthesizer) -> None:
    mine, own = square(1)
    first, same = (library.portrait(mine, parsing=own, redraw=("hair",), seed=1, model=model) for _ in range(2))
    np.testing.assert_array_equal(first.picture, same.picture)
    np.testing.assert_array_equal(first.edit, own == HAIR)
    away = ndimage.distance_transform_edt(own != HAIR)
    np.testing.assert_array_equal(first.picture[away > 5], mine[away > 5])
    whole = library.portrait(mine, parsing=own, whole=True, model=model)
    np.testing.assert_array_equal(whole.edit, own > 0)
    away = ndimage.distance_transform_edt(own == 0)
    np.testing.assert_array_equal(whole.picture[away > 5], mine[away > 5])
    assert (whole.picture == mine)[own > 0].mean() < 0.1


def test_parts_that_nobody_shows_are_told(model: Synthesizer, caplog: pytest.LogCaptureFixture) -> None:
    (mine, own), (_, other) = square(1), square(3)
    layout = np.where(other == GLASSES, GLASSES, own).astype(np.uint8)
    with caplog.at_level(logging.INFO, "sembla"):
        library.portrait(mine, parsing=own, layout=layout, model=model)
    assert "nobody shows eye_g, which is wanted" in caplog.text


@pytest.mark.usefixtures("no_dlib")
def test_without_dlib_a_square_photo_is_parsed_as_it_is(model: Synthesizer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sembla"):
        found = library.parse(square(1)[0], model=model)
    assert "taken to stand as the faces of CelebA-HQ do" in caplog.text
    assert found.labels.shape == (96, 96)
    with pytest.raises(MissingExtraError, match="--parsing"):
        library.parse(photo(), model=model)


@needs_dlib
def test_nobody_is_found_in_noise(model: Synthesizer) -> None:
    with pytest.raises(InputError, match="no face was found"):
        library.parse(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8), model=model)


@needs_dlib
def test_a_face_is_found_and_parsed_where_it_stands(model: Synthesizer) -> None:
    picture = load("astronaut").picture
    found = library.parse(picture, model=model).labels
    assert found.shape == picture.shape[:2]


def test_what_cannot_be_done_is_told(model: Synthesizer) -> None:
    mine, own = square(1)
    cases: list[tuple[dict[str, Any], type[Exception], str]] = [
        ({}, InputError, "nothing is asked for"),
        ({"layout": own}, InputError, "nothing is asked for"),
        ({"parts": ("hair",)}, InputError, "no reference to take them from"),
        ({"redraw": ("beard",)}, InputError, "part 'beard' came; there are background, skin"),
        ({"reference_parsing": own, "whole": True}, InputError, "of a reference came without that"),
        ({"redraw": ("hat",)}, InputError, "hat came, which nobody shows"),
        ({"layout": parsing_map(2, 96), "reference": mine}, InputError, "a layout and a reference came"),
        ({"parsing": np.zeros_like(own), "whole": True}, LabelError, "shows no face"),
        ({"whole": True, "model": None}, InputError, "came without a model"),
        ({"model": None}, InputError, "without a model, the parsing map and the layout"),
    ]
    for asked, error, told in cases:
        with pytest.raises(error, match=told):
            library.portrait(mine, **{"parsing": own, "model": model, **asked})


@pytest.mark.usefixtures("no_dlib")
def test_the_published_recipe_makes_portraits_too(folders: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    published = library.load(folders["pix2pix"], device="cpu", exact=True)
    (mine, own), (_, other) = square(1), square(2)
    with caplog.at_level(logging.INFO, "sembla"):
        result = library.portrait(mine, parsing=own, layout=other, model=published)
    assert "it guesses" in caplog.text
    away = ndimage.distance_transform_edt(own == other)
    np.testing.assert_array_equal(result.picture[away > 5], mine[away > 5])
    with pytest.raises(InputError, match="no face parser"):
        library.portrait(mine[:90, :90], layout=other, model=published)


def files(folder: Path, *numbers: int) -> Path:
    """Photos and maps in photos/, maps/ and wanted/."""
    for number in numbers:
        picture, labels = square(number)
        for kind, pixels in (("photos", picture), ("maps", labels), ("wanted", parsing_map(number + 1, 96))):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / kind / f"face{number}.png")
    return folder


def test_the_verb_makes_one_or_a_folder(
    sembla: Sembla, folders: dict[str, Path], tmp_path: Path, elsewhere: Path
) -> None:
    place = files(tmp_path / "in", 1, 2)
    one = ("portrait", place / "photos" / "face1.png", "--model", folders["sembla"], "--exact", "--device", "cpu")
    maps = ("--parsing", place / "maps" / "face1.png", "--layout", place / "wanted" / "face1.png")
    outcome = sembla(*one, *maps, "--seed", 2)
    assert (outcome.code, outcome.out) == (0, "face1-portrait.png\n"), outcome.err
    written = np.asarray(Image.open(elsewhere / "face1-portrait.png"))
    about = read_settings(elsewhere / "face1-portrait.png")
    assert (about["verb"], about["seed"], about["whole"]) == ("portrait", 2, False)
    assert "engine" not in about
    assert about["model"]["sha256"] == library.api.digest(folders["sembla"] / "weights.safetensors")
    several = ("portrait", place / "photos", *one[2:], "--parsing", place / "maps", "--layout", place / "wanted")
    outcome = sembla(*several, "--seed", 2, "--out", "made")
    assert (outcome.code, outcome.out) == (0, "made/face1.png\nmade/face2.png\n"), outcome.err
    np.testing.assert_array_equal(np.asarray(Image.open(elsewhere / "made" / "face1.png")), written)
    assert "exists already" in sembla(*several, "--out", "made").complaint
    assert "say where to put it" in sembla(*several).complaint
    for folder in ("photos", "maps", "wanted"):
        assert "would write among the photos" in sembla(*several, "--out", place / folder, "--force").complaint
    assert "needs a trained model" in sembla("portrait", place / "photos", "--out", "other").complaint
    assert "is one map, and several photos come" in sembla(*several[:-4], *maps, "--out", "third").complaint
    asked = ("--whole", "--reference-parsing", place / "maps" / "face1.png")
    for photos in (one, several[:-4]):
        assert "--reference-parsing came without --reference" in sembla(*photos, *asked, "--out", "third").complaint
    assert "two ways to make it" in sembla(*one, *maps, "--engine", "instant", "--out", "third.png").complaint
    hatless = sembla(*several[:-4], "--parsing", place / "maps", "--redraw", "hat", "--out", "third")
    assert "2 of 2 pictures show nothing of what is asked for" in hatless.complaint
    (place / "maps" / "face2.png").unlink()
    assert "holds no face2.png" in sembla(*several, "--out", "third").complaint
    assert not (elsewhere / "third").exists()


def test_the_verb_label_names_the_parts(
    sembla: Sembla, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facing, "has_faces", lambda: False)
    place = files(tmp_path / "in", 1)
    outcome = sembla(
        "label", place / "photos" / "face1.png", "--model", folders["sembla"], "--out", tmp_path / "map.png"
    )
    assert outcome.code == 0, outcome.err
    with Image.open(tmp_path / "map.png") as image:
        assert image.mode == "P"
        assert image.size == (96, 96)


@pytest.mark.usefixtures("no_dlib")
def test_frames_of_a_video(sembla: Sembla, folders: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs pip install 'sembla[video]'")
    picture, labels = square(1)
    library.write_video(tmp_path / "clip.mp4", [picture, picture])
    Image.fromarray(square(2)[0]).save(tmp_path / "other.png")
    Image.fromarray(square(2)[1]).save(tmp_path / "other-map.png")
    asked = ("portrait", tmp_path / "clip.mp4", "--model", folders["sembla"])
    other = ("--reference", tmp_path / "other.png", "--reference-parsing", tmp_path / "other-map.png")
    outcome = sembla(*asked, *other, "--out", tmp_path / "made.mp4")
    assert (outcome.code, outcome.out) == (0, f"{tmp_path / 'made.mp4'}\n"), outcome.err
    assert len(library.open_video(tmp_path / "made.mp4")) == 2
    outcome = sembla(*asked, *other, "--out", tmp_path / "frames")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in (tmp_path / "frames").iterdir()) == ["000001.png", "000002.png"]
    assert "maps came for a video" in sembla(*asked, "--layout", tmp_path / "other-map.png").complaint
    assert labels.shape == picture.shape[:2]


def test_what_lies_beyond_the_model_s_square_stays_and_is_told(
    model: Synthesizer, caplog: pytest.LogCaptureFixture
) -> None:
    wide = np.full((SIZE[0] + 300, SIZE[1] + 300, 3), 90, np.uint8)
    parsing = np.zeros(wide.shape[:2], np.uint8)
    wide[: SIZE[0], : SIZE[1]], parsing[: SIZE[0], : SIZE[1]] = photo(), PARSING
    layout = parsing.copy()
    layout[350:370, 100:390] = HAIR
    layout[30:50, 60:390] = HAIR
    with caplog.at_level(logging.INFO, "sembla"):
        result = library.portrait(wide, parsing=parsing, layout=layout, model=model)
    assert "lies beyond the square about the face" in caplog.text
    np.testing.assert_array_equal(result.picture[340:], wide[340:])
    assert not result.edit[340:].any()
    assert result.edit[40, 60:90].all()
    flat = np.full_like(wide, 90)
    plain = library.portrait(flat, parsing=parsing, layout=layout, model=model).picture.astype(int)
    border = np.flatnonzero(result.edit[40])[-1]
    assert np.abs(np.diff(plain[40, border - 5 : border + 3, 0])).max() < 60  # it passes into the photo


def test_frames_without_a_face_or_what_is_asked_for_stay(
    model: Synthesizer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (mine, own), (_, other) = square(1), square(2)
    bald = np.where(other == HAIR, SKIN, other).astype(np.uint8)
    faces = iter([own, None, bald])

    def look(picture: Picture, _parsing: object, *, model: Synthesizer, name: str = "") -> facing.FacePhoto:
        labels = next(faces)
        if labels is None:
            raise NoFaceError(f"no face was found in {name}.")
        return facing.labelled_face(picture, labels, model=model)

    monkeypatch.setattr(portraits, "face_photo", look)
    with caplog.at_level(logging.INFO, "sembla"):
        made = list(library.portrait_frames([mine] * 3, model=model, redraw=("hair",)))
    assert [np.array_equal(frame, mine) for frame in made] == [False, True, True]
    assert "1 of 3 pictures show no face that is found" in caplog.text
    assert "1 of 3 pictures show nothing of what is asked for" in caplog.text
    faces = iter([bald, bald])
    with pytest.raises(InputError, match="2 of 2 pictures show nothing of what is asked for"):
        list(library.portrait_frames([mine] * 2, model=model, redraw=("hair",)))
    with pytest.raises(InputError, match="nothing is asked for"):
        next(library.portrait_frames([mine], model=model))


def test_a_model_without_a_parser_is_told_and_no_frame_passed_over(folders: dict[str, Path]) -> None:
    published = library.load(folders["pix2pix"], device="cpu", exact=True)
    with pytest.raises(InputError, match=r"no face parser|cannot be looked for|no face was found"):
        next(library.portrait_frames([square(1)[0]], model=published, whole=True))


def test_what_is_made_has_the_photo_s_colour_where_a_part_goes_on(model: Synthesizer) -> None:
    _, own = square(1)
    flat = np.full((96, 96, 3), 220, np.uint8)
    nose = own == NAMES.index("nose")
    layout = np.where(nose, SKIN, own).astype(np.uint8)
    made = library.portrait(flat, parsing=own, layout=layout, model=model).picture
    assert np.abs(made[nose].mean(axis=0) - 220).max() < 12  # an untrained network makes grey


def test_what_is_lent_is_cut_out_with_its_own_map(model: Synthesizer) -> None:
    (mine, own), (theirs, other) = square(1), square(3)
    face, lender = (facing.labelled_face(*each, model=model) for each in ((mine, own), (theirs, other)))
    asked = portraits.portrait_of(face, own, model=model, other=lender, lent=[HAIR])
    assert asked.task.donor is not None
    np.testing.assert_array_equal(asked.task.donor.labels, lender.place.cut_map(other))
    np.testing.assert_array_equal(asked.task.donor.picture, lender.place.cut(theirs))
    assert asked.task.donor.parts == (HAIR,)


@pytest.mark.parametrize("dlib", [False, True])
def test_what_shows_no_face_is_told(
    model: Synthesizer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, dlib: bool
) -> None:
    """A face that dlib found may be hard to see; a square that nobody looked at shows none, then."""
    monkeypatch.setattr(facing, "has_faces", lambda: dlib)
    monkeypatch.setattr(facing, "_found", lambda *_, **__: facing._all_of(96, 32))
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    flat = np.full((96, 96, 3), 128, np.uint8)
    monkeypatch.setattr(facing, "_UNSURE", 0.999)
    for picture in (noise, flat):
        with caplog.at_level(logging.INFO, "sembla"):
            if dlib:
                library.parse(picture, model=model)
                assert "are unsure" in caplog.text
            else:
                with pytest.raises(NoFaceError, match="no face is seen in the photo"):
                    library.parse(picture, model=model)
    monkeypatch.setattr(facing, "_UNSURE", 0.0)
    monkeypatch.setattr(facing, "_shows_face", lambda _: False)
    if not dlib:
        with pytest.raises(NoFaceError, match="no face is seen in the photo"):
            library.parse(flat, model=model)


@pytest.mark.usefixtures("no_dlib")
def test_a_parser_of_the_other_order_is_read_in_ours(model: Synthesizer, monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(labels: LabelMap) -> LabelMap:
        result = ParseResult((square(1)[0],), 0, 0.0, labels, 1.0)
        monkeypatch.setattr(Synthesizer, "__call__", lambda *_, **__: result)
        return library.parse(square(1)[0], model=model).labels

    labels = parsing_map(1, 32)
    ours = seen(labels)
    monkeypatch.setattr(model, "config", replace(model.config, classes=Classes.of(CELEBAMASK_HQ_19_PARSING)))
    np.testing.assert_array_equal(seen(CELEBAMASK_HQ_TO_PARSING(labels)), ours)


def test_another_s_layout_ends_where_its_photo_ends(model: Synthesizer) -> None:
    (mine, own), (theirs, other) = square(1), square(3)
    cut = 20  # of the other photo, which shows no hair above that
    face, low = facing.labelled_face(mine, own, model=model), facing.labelled_face(theirs, other, model=model)
    place = replace(low.place, shift=low.place.shift + np.array([0, cut * low.place.turn[0, 0]]))
    carried = facing.layout_from(facing.FacePhoto(theirs[cut:], other[cut:], place), face, own)
    np.testing.assert_array_equal(carried[: cut - 1], own[: cut - 1])
    np.testing.assert_array_equal(carried[cut + 1 :], other[cut + 1 :])
