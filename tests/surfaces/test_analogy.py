"""`sembla analogy`: every form of the call, what it writes, what it prints."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from tests.surfaces.support import COLOURS, Sembla, layout, photo, with_a_foreign_class

import sembla as library
from sembla.imaging.io import read_picture
from sembla.imaging.save import read_settings

Inputs = tuple[Path, Path, Path]


def test_one_layout_goes_beside_the_caller(sembla: Sembla, inputs: Inputs, elsewhere: Path) -> None:
    outcome = sembla("analogy", *inputs)
    assert outcome.code == 0
    assert outcome.out == "1-analogy.png\n"
    assert [path.name for path in elsewhere.iterdir()] == ["1-analogy.png"]
    assert np.array_equal(read_picture("1-analogy.png"), library.analogy(*inputs).picture)


def test_out_names_a_file_or_a_folder(sembla: Sembla, inputs: Inputs, tmp_path: Path) -> None:
    assert sembla("analogy", *inputs, "--out", tmp_path / "a.webp").code == 0
    assert sembla("analogy", *inputs, "--out", tmp_path).out == f"{tmp_path / '1-analogy.png'}\n"
    assert np.array_equal(read_picture(tmp_path / "a.webp"), read_picture(tmp_path / "1-analogy.png"))


def test_json_is_one_object_with_the_facts(sembla: Sembla, inputs: Inputs) -> None:
    outcome = sembla("analogy", *inputs, "--json", "--seed", "5", "--size", "32")
    told = json.loads(outcome.out)
    assert set(told) == {"out", "width", "height", "seconds", "preview_seconds", "classes", "seed", "engine"}
    assert (told["out"], told["width"], told["height"]) == ("1-analogy.png", 32, 24)
    assert (told["classes"], told["seed"]) == (3, 5)
    assert 0 <= told["preview_seconds"] <= told["seconds"] < 600
    assert read_picture(told["out"]).shape == (24, 32, 3)


def test_options_reach_the_engine(sembla: Sembla, inputs: Inputs) -> None:
    assert sembla("analogy", *inputs, "--seed", "7", "--no-keep", "--size", "48", "--out", "a.png").code == 0
    expected = library.analogy(*inputs, seed=7, keep=False, size=48).picture
    assert np.array_equal(read_picture("a.png"), expected)


def test_the_unchanged_layout_gives_the_photo(sembla: Sembla, inputs: Inputs) -> None:
    assert sembla("analogy", inputs[0], inputs[1], inputs[1], "--out", "same.png").code == 0
    assert np.array_equal(read_picture("same.png"), photo())


def test_variations_are_numbered_and_differ(sembla: Sembla, inputs: Inputs) -> None:
    told = json.loads(sembla("analogy", *inputs, "--variations", "2", "--out", "a.png", "--json").out)
    assert told["out"] == ["a-1.png", "a-2.png"]
    first, second = (read_picture(path) for path in told["out"])
    assert not np.array_equal(first, second)


def test_a_case_folder_gives_a_result_a_layout_and_a_sheet(sembla: Sembla, case: Path) -> None:
    told = json.loads(sembla("analogy", case, "--out", "results", "--json").out)
    assert told["out"] == [str(Path("results") / name) for name in ("1.png", "2.png", "10.png")]
    assert told["sheet"] == str(Path("results/sheet.png"))
    assert {path.name for path in Path("results").iterdir()} == {"1.png", "2.png", "10.png", "sheet.png"}
    sheet = read_picture("results/sheet.png")
    for colour in COLOURS:
        assert (sheet == colour).all(axis=2).any()
    alone = library.analogy(case / "img.png", case / "label.png", case / "cond" / "10.png")
    assert np.array_equal(read_picture("results/10.png"), alone.picture)


def test_a_folder_of_layouts_does_the_same(sembla: Sembla, case: Path, inputs: Inputs) -> None:
    assert sembla("analogy", case, "--out", "a").code == 0
    assert sembla("analogy", *inputs[:2], case / "cond", "--out", "b/c").code == 0
    for path in Path("a").iterdir():
        assert np.array_equal(read_picture(path), read_picture(Path("b/c") / path.name))


def test_maps_that_do_not_fit_are_left_out_of_a_folder_and_named(sembla: Sembla, case: Path) -> None:
    Image.new("RGB", (64, 48), "magenta").save(case / "cond" / "mask.png")
    outcome = sembla("analogy", case, "--out", "results")
    assert outcome.code == 0
    assert outcome.err.count("mask.png") == 1
    assert "sembla: note: left out: " in outcome.err
    assert len(outcome.out.splitlines()) == 4


def test_names_that_would_collide_keep_their_suffix(sembla: Sembla, case: Path) -> None:
    with Image.open(case / "cond" / "1.png") as image:
        image.save(case / "cond" / "1.bmp")
        image.save(case / "cond" / "sheet.png")
    told = json.loads(sembla("analogy", case, "--out", "results", "--json").out)
    names = [Path(out).name for out in told["out"]]
    assert names == ["1-bmp.png", "1-png.png", "2.png", "10.png", "sheet-png.png"]
    assert {path.name for path in Path("results").iterdir()} == {*names, "sheet.png"}


def test_a_sequence_can_be_animated(sembla: Sembla, case: Path, inputs: Inputs) -> None:
    call = ("analogy", *inputs[:2], case / "cond", "--out", "frames", "--sequence", "--animate", "a.apng", "--json")
    told = json.loads(sembla(*call).out)
    assert told["animation"] == "a.apng"
    frames = [read_picture(out) for out in told["out"]]
    results = library.analogy_sequence(*inputs[:2], [case / "cond" / f"{name}.png" for name in ("1", "2", "10")])
    for frame, result in zip(frames, results, strict=True):
        assert np.array_equal(frame, result.picture)
    with Image.open("a.apng") as moving:
        shown = [np.asarray(image.convert("RGB")) for image in ImageSequence.Iterator(moving)]
    assert np.array_equal(shown, frames)


def test_an_animation_may_lie_in_the_folder_of_its_frames(sembla: Sembla, case: Path) -> None:
    assert sembla("analogy", case, "--out", "frames", "--animate", "frames/moving.apng").code == 0
    with Image.open("frames/moving.apng") as moving:
        assert getattr(moving, "n_frames", 1) == 3


def test_results_are_replaced_with_force_only(sembla: Sembla, inputs: Inputs) -> None:
    assert sembla("analogy", *inputs).code == 0
    assert "--force" in sembla("analogy", *inputs).complaint
    assert sembla("analogy", *inputs, "--force").code == 0


def test_a_map_of_another_size_can_be_resized(sembla: Sembla, inputs: Inputs) -> None:
    Image.fromarray(np.kron(layout(6), np.ones((2, 2), np.uint8))).save(inputs[1])
    Image.fromarray(layout(14)).save(inputs[2])
    assert sembla("analogy", *inputs, "--resize-labels", "--out", "resized.png").code == 0
    Image.fromarray(layout(6)).save(inputs[1])
    assert sembla("analogy", *inputs, "--out", "plain.png").code == 0
    assert np.array_equal(read_picture("resized.png"), read_picture("plain.png"))


def test_a_class_that_the_map_lacks_can_be_adopted(sembla: Sembla, inputs: Inputs) -> None:
    foreign, adopted = with_a_foreign_class(layout(14))
    Image.fromarray(foreign).save(inputs[2])
    outcome = sembla("analogy", *inputs, "--adopt-nearest", "--out", "adopted.png")
    assert outcome.code == 0
    assert "#ff00ff (240 pixels) was read as" in outcome.err
    assert read_settings("adopted.png")["adopt_nearest"] is True
    assert np.array_equal(read_picture("adopted.png"), library.analogy(*inputs[:2], COLOURS[adopted]).picture)
    assert sembla("analogy", "--redo", "adopted.png").code == 0
    assert np.array_equal(read_picture("adopted.png"), read_picture("adopted-redo.png"))
    assert read_settings("adopted.png") == read_settings("adopted-redo.png")


@pytest.mark.parametrize("extra", [(), ("--sequence",)])
def test_a_folder_can_adopt_too(sembla: Sembla, case: Path, extra: tuple[str, ...]) -> None:
    foreign, adopted = with_a_foreign_class(layout(30))
    Image.fromarray(foreign).save(case / "cond" / "2.png")
    outcome = sembla("analogy", case, "--adopt-nearest", *extra, "--out", "adopted")
    assert outcome.code == 0
    assert "left out" not in outcome.err
    Image.fromarray(COLOURS[adopted]).save(case / "cond" / "2.png")
    assert sembla("analogy", case, *extra, "--out", "plain").code == 0
    for name in ("1.png", "2.png", "10.png", "sheet.png"):
        assert np.array_equal(read_picture(f"adopted/{name}"), read_picture(f"plain/{name}"))


def test_a_rotated_photo_with_its_rotated_map_is_upright(sembla: Sembla, inputs: Inputs) -> None:
    upright = library.analogy(*inputs).picture
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: turn clockwise to look at it
    for path in inputs[:2]:
        with Image.open(path) as image:
            turned = image.transpose(Image.Transpose.ROTATE_90)
        turned.save(path, exif=exif)
    assert sembla("analogy", *inputs, "--out", "a.png").code == 0
    assert np.array_equal(read_picture("a.png"), upright)


def test_an_animated_layout_gives_its_first_frame_and_a_note(sembla: Sembla, inputs: Inputs, tmp_path: Path) -> None:
    frames = [Image.fromarray(COLOURS[layout(sun)]) for sun in (14, 40)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    outcome = sembla("analogy", *inputs[:2], tmp_path / "moving.gif", "--out", "a.png")
    assert outcome.code == 0
    assert "sembla: note: " in outcome.err
    assert "several frames" in outcome.err
    assert np.array_equal(read_picture("a.png"), library.analogy(*inputs).picture)


@pytest.mark.parametrize("kind", ["alpha", "16-bit", "grey", "CMYK", "palette"])
def test_unusual_photos_work(sembla: Sembla, inputs: Inputs, kind: str, tmp_path: Path) -> None:
    colour = Image.fromarray(photo())
    image = {
        "alpha": colour.convert("RGBA"),
        "16-bit": Image.fromarray(photo()[..., 0].astype(np.uint16) * 257),
        "grey": colour.convert("L"),
        "CMYK": colour.convert("CMYK"),
        "palette": colour.quantize(64),
    }[kind]
    image.save(tmp_path / "photo.tif")
    outcome = sembla("analogy", tmp_path / "photo.tif", *inputs[1:], "--out", "a.png")
    assert outcome.code == 0, outcome.err
    assert read_picture("a.png").shape == (48, 64, 3)


# --redo


def test_redo_repeats_a_result(sembla: Sembla, inputs: Inputs) -> None:
    sembla("analogy", *inputs, "--seed", "9", "--no-keep", "--size", "40", "--out", "a.png")
    told = json.loads(sembla("analogy", "--redo", "a.png", "--json").out)
    assert (told["out"], told["seed"], told["width"]) == ("a-redo.png", 9, 40)
    assert np.array_equal(read_picture("a.png"), read_picture("a-redo.png"))
    assert read_settings("a.png") == read_settings("a-redo.png")
    assert sembla("analogy", "--redo", "a-redo.png", "--out", "b.png").code == 0
    assert np.array_equal(read_picture("a.png"), read_picture("b.png"))
    assert "--force" in sembla("analogy", "--redo", "a.png").complaint


def test_redo_repeats_one_variation(sembla: Sembla, inputs: Inputs) -> None:
    sembla("analogy", *inputs, "--variations", "2", "--out", "a.png")
    assert sembla("analogy", "--redo", "a-2.png").out == "a-2-redo.png\n"
    assert np.array_equal(read_picture("a-2.png"), read_picture("a-2-redo.png"))


def test_redo_repeats_a_frame_of_a_sequence(sembla: Sembla, case: Path, inputs: Inputs) -> None:
    sembla("analogy", *inputs[:2], case / "cond", "--out", "frames", "--sequence")
    assert sembla("analogy", "--redo", "frames/2.png", "--out", "again.png").code == 0
    assert np.array_equal(read_picture("frames/2.png"), read_picture("again.png"))


def test_redo_works_after_the_project_moved(sembla: Sembla, case: Path, tmp_path: Path) -> None:
    sembla("analogy", case, "--out", case / "results")
    shutil.move(case, tmp_path / "moved")
    moved = tmp_path / "moved" / "results"
    assert sembla("analogy", "--redo", moved / "2.png").code == 0
    assert np.array_equal(read_picture(moved / "2.png"), read_picture(moved / "2-redo.png"))


def test_redo_tells_what_is_gone_or_has_changed(sembla: Sembla, inputs: Inputs) -> None:
    sembla("analogy", *inputs, "--out", "a.png")
    Image.fromarray(COLOURS[layout(20)]).save(inputs[2])
    told = sembla("analogy", "--redo", "a.png").complaint
    assert str(inputs[2]) in told
    assert "changed" in told
    inputs[0].unlink()
    told = sembla("analogy", "--redo", "a.png").complaint
    assert str(inputs[0]) in told
    assert "gone" in told


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "label"},
        {"image": 5},
        {"layouts": []},
        {"variation": 2},
        {"variation": "x"},
        {"seed": "x"},
        {"size": {}},
    ],
)
def test_a_record_that_was_tampered_with_is_told(sembla: Sembla, inputs: Inputs, change: dict[str, object]) -> None:
    sembla("analogy", *inputs, "--out", "a.png")
    changed = {**read_settings("a.png"), **change}
    library.write_picture("a.png", read_picture("a.png"), settings=changed, force=True)
    assert sembla("analogy", "--redo", "a.png").complaint
    library.write_picture("a.png", read_picture("a.png"), settings={"verb": "analogy"}, force=True)
    assert sembla("analogy", "--redo", "a.png").complaint


def test_a_result_of_another_version_is_repeated_with_a_note(sembla: Sembla, inputs: Inputs) -> None:
    sembla("analogy", *inputs, "--out", "a.png")
    changed = {**read_settings("a.png"), "version": "0.0.1"}
    library.write_picture("a.png", read_picture("a.png"), settings=changed, force=True)
    outcome = sembla("analogy", "--redo", "a.png")
    assert outcome.code == 0
    assert "0.0.1" in outcome.err
