"""Pictures out: whole or not at all, never over another file unasked, with their settings."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from sembla.core.errors import ImageError, InputError, LabelError, OutputError
from sembla.imaging.io import read_map, read_picture
from sembla.imaging.save import (
    check_output,
    digest,
    read_settings,
    whole_file,
    write_label_map,
    write_picture,
)

PHOTO: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (20, 31, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".tiff", ".bmp", ".PNG"])
def test_what_is_written_is_read_back_pixel_for_pixel(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"result{suffix}"
    write_picture(path, PHOTO)
    assert np.array_equal(read_picture(path), PHOTO)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
def test_jpeg_stays_near(tmp_path: Path, suffix: str) -> None:
    smooth = np.repeat(np.linspace(0, 255, 64).astype(np.uint8), 3 * 64).reshape(64, 64, 3)
    write_picture(tmp_path / f"result{suffix}", smooth)
    assert np.abs(read_picture(tmp_path / f"result{suffix}").astype(int) - smooth).max() <= 4


def test_files_get_the_permissions_that_others_get(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_picture(tmp_path / "result.png", PHOTO)
    assert (tmp_path / "result.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_settings_come_back(tmp_path: Path) -> None:
    settings = {"seed": 2**62, "keep": True, "size": None, "image": {"path": "Fünf ☂.png"}}
    write_picture(tmp_path / "result.png", PHOTO, settings=settings)
    assert read_settings(tmp_path / "result.png") == settings
    write_picture(tmp_path / "result.webp", PHOTO, settings=settings)
    with pytest.raises(InputError, match="not a PNG"):
        read_settings(tmp_path / "result.webp")


def test_files_without_settings_are_told(tmp_path: Path) -> None:
    write_picture(tmp_path / "plain.png", PHOTO)
    for text in ("no JSON", "[1, 2]"):
        chunks = PngImagePlugin.PngInfo()
        chunks.add_text("sembla", text)
        Image.fromarray(PHOTO).save(tmp_path / f"{len(text)}.png", pnginfo=chunks)
    for path in tmp_path.iterdir():
        with pytest.raises(InputError, match="no Sembla settings"):
            read_settings(path)
    with pytest.raises(InputError, match="no such file"):
        read_settings(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(InputError, match="not a PNG"):
        read_settings(tmp_path / "text.png")


def test_a_label_map_holds_its_ids_and_shows_its_palette(tmp_path: Path) -> None:
    labels = np.random.default_rng(1).integers(0, 3, (20, 31), np.uint8)
    palette = np.array([[255, 0, 0], [0, 99, 0], [0, 0, 7]], np.uint8)
    write_label_map(tmp_path / "labels.png", labels, palette=palette)
    with Image.open(tmp_path / "labels.png") as image:
        assert image.mode == "P"
        assert np.array_equal(np.asarray(image), labels)
    assert np.array_equal(read_map(tmp_path / "labels.png"), palette[labels])
    with pytest.raises(OutputError, match=r"\.png"):
        write_label_map(tmp_path / "labels.jpg", labels, palette=palette)


def test_arrays_that_are_no_picture_and_no_map_are_told(tmp_path: Path) -> None:
    for wrong in (PHOTO / 255.0, PHOTO[..., 0], np.dstack([PHOTO, PHOTO])):
        with pytest.raises(ImageError, match="expected uint8"):
            write_picture(tmp_path / "result.png", wrong)  # type: ignore[arg-type]
    palette = np.zeros((2, 3), np.uint8)
    for ids in (np.zeros((4, 4), np.int64), np.zeros((4, 4, 3), np.uint8)):
        with pytest.raises(LabelError, match="expected uint8"):
            write_label_map(tmp_path / "labels.png", ids, palette=palette)  # type: ignore[arg-type]
    with pytest.raises(LabelError, match="id 2 came with 2 colours"):
        write_label_map(tmp_path / "labels.png", np.full((4, 4), 2, np.uint8), palette=palette)
    assert not list(tmp_path.iterdir())


def test_an_existing_file_needs_force(tmp_path: Path) -> None:
    path = tmp_path / "result.png"
    path.write_text("precious")
    with pytest.raises(OutputError, match="--force"):
        write_picture(path, PHOTO)
    assert path.read_text() == "precious"
    write_picture(path, PHOTO, force=True)
    assert np.array_equal(read_picture(path), PHOTO)


def test_places_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    for name, told in (("a.xyz", r"\.png, "), ("a", "suffix"), ("gone/a.png", "does not exist")):
        with pytest.raises(OutputError, match=told):
            write_picture(tmp_path / name, PHOTO)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write_picture(tmp_path / "folder.png", PHOTO, force=True)
    with pytest.raises(OutputError, match="cannot be written"):
        check_output(tmp_path / f"{'a' * 300}.png", suffixes=(".png",))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is closed to the superuser")
def test_a_closed_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        write_picture(tmp_path / "result.png", PHOTO)


def test_a_system_that_refuses_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        write_picture(tmp_path / "result.png", PHOTO)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, MemoryError, OSError(28, "No space left")])
@pytest.mark.parametrize("before", [None, "the old file"])
def test_an_interrupted_write_leaves_what_was_there(
    tmp_path: Path, interruption: type[BaseException] | BaseException, before: str | None
) -> None:
    path = tmp_path / "result.png"
    if before:
        path.write_text(before)

    def write_half() -> None:
        with whole_file(path) as part:
            part.write_bytes(b"half a pict")
            raise interruption

    kind = interruption if isinstance(interruption, type) else OutputError
    with pytest.raises(kind):
        write_half()
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ([before] if before else [])


def test_a_digest_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()
    with pytest.raises(InputError, match="gone"):
        digest(tmp_path / "gone")
