"""Whatever cannot be used is told in one line, with exit code 2 and nothing written."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.surfaces.support import COLOURS, Sembla, layout

from sembla.core import memory
from sembla.imaging import animate

Inputs = tuple[Path, Path, Path]


@pytest.fixture(autouse=True)
def nothing_is_written(elsewhere: Path) -> Iterator[None]:
    """Hold every test here to that; what a test writes itself lies in the case."""
    yield
    assert not list(elsewhere.iterdir())


def png_header(side: int) -> bytes:
    """A PNG that claims to be square and holds nothing."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    body = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_missing_file(sembla: Sembla, inputs: Inputs, place: int) -> None:
    inputs[place].unlink()
    told = sembla("analogy", *inputs).complaint
    assert str(inputs[place]) in told
    assert "no such file" in told


@pytest.mark.parametrize("place", [0, 1, 2])
def test_not_an_image(sembla: Sembla, inputs: Inputs, place: int) -> None:
    inputs[place].write_text("not an image")
    told = sembla("analogy", *inputs).complaint
    assert str(inputs[place]) in told
    assert "not an image" in told


@pytest.mark.parametrize("place", [0, 1, 2])
def test_truncated_image(sembla: Sembla, inputs: Inputs, place: int) -> None:
    whole = inputs[place].read_bytes()
    inputs[place].write_bytes(whole[: len(whole) - 40])
    told = sembla("analogy", *inputs).complaint
    assert str(inputs[place]) in told
    assert "truncated" in told


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("side", [5_000, 12_000, 50_000])
def test_decompression_bomb(sembla: Sembla, inputs: Inputs, place: int, side: int) -> None:
    inputs[place].write_bytes(png_header(side))
    told = sembla("analogy", *inputs).complaint
    assert str(inputs[place]) in told
    assert "pixels" in told


@pytest.mark.parametrize("place", [0, 1, 2])
def test_under_sixteen_pixels(sembla: Sembla, inputs: Inputs, place: int) -> None:
    Image.new("RGB", (40, 15)).save(inputs[place])
    told = sembla("analogy", *inputs).complaint
    assert str(inputs[place]) in told
    assert "40x15" in told
    assert "16" in told


def test_sizes_of_photo_and_map_differ(sembla: Sembla, inputs: Inputs) -> None:
    Image.fromarray(COLOURS[layout(6)[:40]]).save(inputs[1])
    told = sembla("analogy", *inputs).complaint
    assert "64x48" in told
    assert "64x40" in told
    assert "--resize-labels" in told


def test_more_than_64_classes(sembla: Sembla, inputs: Inputs) -> None:
    ids = np.kron(np.arange(72).reshape(8, 9), np.ones((16, 16), int))
    levels = np.array([0, 60, 120, 180, 240])
    many = np.stack([levels[ids % 5], levels[ids // 5 % 5], levels[ids // 25]], axis=-1).astype(np.uint8)
    Image.fromarray(many).save(inputs[1])
    Image.new("RGB", (9 * 16, 8 * 16)).save(inputs[0])
    told = sembla("analogy", *inputs).complaint
    assert "72" in told
    assert "64" in told


def test_one_class_only(sembla: Sembla, inputs: Inputs) -> None:
    Image.new("RGB", (64, 48), "red").save(inputs[1])
    told = sembla("analogy", *inputs).complaint
    assert "one class" in told
    assert str(inputs[1]) in told


def test_a_target_class_that_the_source_lacks(sembla: Sembla, inputs: Inputs) -> None:
    wanted = COLOURS[layout(14)]
    wanted[34:46, 40:60] = (255, 0, 255)
    Image.fromarray(wanted).save(inputs[2])
    told = sembla("analogy", *inputs).complaint
    assert str(inputs[2]) in told
    assert "#ff00ff" in told
    assert "x=" in told
    assert "nearest is" in told
    assert "--adopt-nearest" in told


def test_a_photo_given_as_map(sembla: Sembla, inputs: Inputs) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(inputs[1])
    told = sembla("analogy", *inputs).complaint
    assert str(inputs[1]) in told
    assert "looks like a photograph" in told


def test_folder_without_maps(sembla: Sembla, inputs: Inputs, case: Path) -> None:
    (case / "empty").mkdir()
    told = sembla("analogy", *inputs[:2], case / "empty", "--out", "results").complaint
    assert "no picture" in told
    for path in (case / "cond").iterdir():
        path.unlink()
    assert "no picture" in sembla("analogy", case, "--out", "results").complaint
    (case / "cond").rmdir()
    assert "cond" in sembla("analogy", case, "--out", "results").complaint
    assert "no such folder" in sembla("analogy", "gone", "--out", "results").complaint


def test_a_folder_of_maps_none_of_which_fits(sembla: Sembla, case: Path) -> None:
    for path in (case / "cond").iterdir():
        path.write_text("not an image")
    assert "not an image" in sembla("analogy", case, "--out", "results").complaint


def test_a_frame_of_a_sequence_may_not_lack(sembla: Sembla, inputs: Inputs, case: Path) -> None:
    (case / "cond" / "2.png").write_text("not an image")
    call = ("analogy", *inputs[:2], case / "cond", "--out", "results", "--sequence")
    assert "2.png" in sembla(*call).complaint


def test_results_of_a_folder_need_a_place(sembla: Sembla, inputs: Inputs, case: Path) -> None:
    assert "--out" in sembla("analogy", case).complaint
    assert "--out" in sembla("analogy", *inputs[:2], case / "cond").complaint


def test_output_exists(sembla: Sembla, inputs: Inputs, case: Path) -> None:
    (case / "result.png").write_text("precious")
    told = sembla("analogy", *inputs, "--out", case / "result.png").complaint
    assert "--force" in told
    assert (case / "result.png").read_text() == "precious"
    for taken in ("2.png", "sheet.png"):
        results = case / f"with-{taken}"
        results.mkdir()
        (results / taken).write_text("precious")
        assert taken in sembla("analogy", case, "--out", results).complaint
        assert [path.name for path in results.iterdir()] == [taken]


def test_inputs_are_never_replaced(sembla: Sembla, inputs: Inputs, case: Path) -> None:
    before = {path: path.read_bytes() for path in case.rglob("*.png")}
    for path in inputs:
        assert "one of the inputs" in sembla("analogy", *inputs, "--out", path, "--force").complaint
    folder = ("analogy", *inputs[:2], case / "cond", "--force")
    assert "one of the inputs" in sembla(*folder, "--out", case / "cond").complaint
    assert "one of the inputs" in sembla(*folder, "--out", "results", "--animate", inputs[0]).complaint
    assert "one of the inputs" in sembla("label", inputs[0], "--segments", "3", "--out", inputs[0], "--force").complaint
    assert {path: path.read_bytes() for path in case.rglob("*.png")} == before


def test_an_animation_may_not_take_the_place_of_a_result(sembla: Sembla, case: Path) -> None:
    for taken in ("2.png", "sheet.png"):
        told = sembla("analogy", case, "--out", "results", "--animate", f"results/{taken}", "--force").complaint
        assert taken in told
        assert "2 times" in told


def test_names_that_the_system_refuses(sembla: Sembla, inputs: Inputs) -> None:
    name = "a" * 300 + ".png"
    assert name in sembla("analogy", *inputs, "--out", name).complaint
    assert name in sembla("analogy", *inputs[:2], name).complaint
    assert name in sembla("analogy", name, "--out", "results").complaint


def test_unwritable_output(sembla: Sembla, inputs: Inputs, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not exist" in sembla("analogy", *inputs, "--out", "gone/result.png").complaint
    assert ".png" in sembla("analogy", *inputs, "--out", "result.xyz").complaint
    assert "cannot be made" in sembla("analogy", case, "--out", inputs[0] / "results").complaint

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "touch", refuse)
    assert "Permission denied" in sembla("analogy", *inputs, "--out", "result.png").complaint


def test_out_of_memory_is_predicted(sembla: Sembla, inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1000)
    told = sembla("analogy", *inputs, "--out", "result.png").complaint
    assert "64x48" in told
    assert "GiB" in told


def test_out_of_memory_after_all(sembla: Sembla, inputs: Inputs, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise MemoryError

    monkeypatch.setattr(memory, "available", fail)
    assert "--size" in sembla("analogy", *inputs).complaint


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--seed", "-1"),
        ("--seed", str(2**63)),
        ("--size", "15"),
        ("--size", "0"),
        ("--size", "20000"),
        ("--variations", "0"),
        ("--variations", "65"),
    ],
)
def test_numbers_out_of_range(sembla: Sembla, inputs: Inputs, option: str, value: str) -> None:
    told = sembla("analogy", *inputs, option, value).complaint
    assert option[2:] in told
    assert value in told


def test_a_size_that_leaves_a_side_too_short(sembla: Sembla, inputs: Inputs) -> None:
    told = sembla("analogy", *inputs, "--size", "20").complaint
    assert "size 20" in told
    assert "between 22 and " in told


@pytest.mark.parametrize("count", [0, 2, 4])
def test_a_wrong_number_of_inputs(sembla: Sembla, inputs: Inputs, count: int) -> None:
    files = [*inputs, inputs[2]][:count]
    assert "IMAGE LABELS LAYOUT" in sembla("analogy", *files).complaint


@pytest.mark.parametrize(
    ("call", "verb"),
    [
        ((), "sembla"),
        (("bogus",), "sembla"),
        (("evaluate",), "sembla evaluate"),
        (("evaluate", "bogus"), "sembla evaluate"),
        (("evaluate", "analogy", "a", "b", "c"), "sembla evaluate analogy"),
        (("evaluate", "--compare", "--bogus"), "sembla evaluate compare"),
        (("label",), "sembla label"),
        (("analogy", "a", "b", "c", "--bogus"), "sembla analogy"),
        (("analogy", "a", "b", "c", "--out"), "sembla analogy"),
        (("analogy", "a", "b", "c", "--seed", "x"), "sembla analogy"),
        (("analogy", "a", "b", "c", "--size", "1.5"), "sembla analogy"),
    ],
)
def test_wrong_use_points_to_the_help_of_its_verb(sembla: Sembla, call: tuple[str, ...], verb: str) -> None:
    assert sembla(*call).complaint.endswith(f"See {verb} --help.")


def test_moving_pictures_need_a_folder_of_one_size(
    sembla: Sembla, inputs: Inputs, case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "folder" in sembla("analogy", *inputs, "--sequence").complaint
    assert "folder" in sembla("analogy", *inputs, "--animate", "a.webp").complaint
    folder = ("analogy", *inputs[:2], case / "cond", "--out", "results")
    assert "--variations" in sembla(*folder, "--sequence", "--variations", "2").complaint
    assert ".mp4" in sembla(*folder, "--animate", "a.mov").complaint
    assert "frames a second" in sembla(*folder, "--animate", "a.webp", "--fps", "0").complaint
    monkeypatch.setattr(animate, "has_video", lambda: False)
    assert "sembla[video]" in sembla(*folder, "--animate", "a.mp4").complaint
    Image.fromarray(COLOURS[layout(20)][:, :60]).save(case / "cond" / "2.png")
    told = sembla(*folder, "--animate", "a.webp").complaint
    assert "60x48" in told
    assert "64x48" in told


def test_redo_of_what_cannot_be_repeated(sembla: Sembla, inputs: Inputs) -> None:
    assert "no such file" in sembla("analogy", "--redo", "gone.png").complaint
    assert "no Sembla settings" in sembla("analogy", "--redo", inputs[0]).complaint
    assert "leave out inputs" in sembla("analogy", *inputs, "--redo", inputs[0]).complaint
    for extra in (("--seed", "1"), ("--no-keep",), ("--size", "64"), ("--sequence",), ("--adopt-nearest",)):
        assert extra[0].replace("no-", "") in sembla("analogy", "--redo", inputs[0], *extra).complaint


def test_label_needs_one_way_to_label(sembla: Sembla, inputs: Inputs) -> None:
    assert "none came" in sembla("label", inputs[0]).complaint
    assert "2 came" in sembla("label", *inputs[:2], "--segments", "3").complaint
    assert "segments 1 came" in sembla("label", inputs[0], "--segments", "1").complaint
    assert "segments 65 came" in sembla("label", inputs[0], "--segments", "65").complaint
    assert "no such file" in sembla("label", "gone.png", "--segments", "3").complaint
    assert "no such file" in sembla("label", inputs[0], "gone.png").complaint
    assert ".png" in sembla("label", *inputs[:2], "--out", "labels.jpg").complaint


def test_scribbles_of_another_size(sembla: Sembla, inputs: Inputs) -> None:
    Image.new("RGB", (32, 48)).save(inputs[1])
    told = sembla("label", *inputs[:2]).complaint
    assert "64x48" in told
    assert "32x48" in told


def test_evaluation_of_what_is_not_there(sembla: Sembla, inputs: Inputs) -> None:
    assert "gone.png" in sembla("evaluate", "analogy", *inputs, "gone.png").complaint
    Image.fromarray(COLOURS[layout(6)[:40]]).save(inputs[1])
    assert "--resize-labels" in sembla("evaluate", "analogy", *inputs, inputs[0]).complaint


def test_examples_that_are_not_there(sembla: Sembla, inputs: Inputs) -> None:
    assert "coffee" in sembla("examples", "tea").complaint
    assert "cannot be made" in sembla("examples", "coffee", "--out", inputs[0]).complaint


def test_a_name_with_a_line_break_stays_one_line(sembla: Sembla, inputs: Inputs) -> None:
    assert "no such file" in sembla("analogy", "two\nlines.png", *inputs[1:]).complaint


def test_debug_shows_where_an_error_came_from(sembla: Sembla, inputs: Inputs) -> None:
    outcome = sembla("analogy", "gone.png", *inputs[1:], "--debug")
    assert outcome.code == 2
    assert "Traceback" in outcome.err
    assert outcome.err.splitlines()[-1].startswith("sembla: error: gone.png")
