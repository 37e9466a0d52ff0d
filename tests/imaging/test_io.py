"""Pictures and maps in: every kind of file that people have, and every kind that cannot be used."""

import io
import logging
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sembla.core.errors import ImageError, InputError, LabelError, SemblaError
from sembla.imaging.io import read_map, read_picture, read_scribbles

Pixels = NDArray[np.uint8]


@pytest.fixture
def photo() -> Pixels:
    """RGB noise, wider than high so that a lost rotation shows."""
    return np.random.default_rng(0).integers(0, 256, (20, 31, 3), np.uint8)


def saved(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


# Kinds that work


def test_a_path_a_pillow_image_and_an_array_are_the_same(photo: Pixels, tmp_path: Path) -> None:
    path = saved(Image.fromarray(photo), tmp_path / "photo.png")
    for source in (path, str(path), Image.open(path), photo):
        assert np.array_equal(read_picture(source), photo)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "ppm", "webp"])
def test_lossless_formats_keep_every_pixel(photo: Pixels, tmp_path: Path, suffix: str) -> None:
    options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
    assert np.array_equal(read_picture(saved(Image.fromarray(photo), tmp_path / f"photo.{suffix}", **options)), photo)


def test_grey_photos_have_three_equal_channels(photo: Pixels, tmp_path: Path) -> None:
    grey = photo[..., 0]
    read = read_picture(saved(Image.fromarray(grey), tmp_path / "grey.png"))
    assert all(np.array_equal(read[..., channel], grey) for channel in range(3))
    assert np.array_equal(read_picture(grey), read)


def test_one_bit_photos_are_black_and_white(photo: Pixels, tmp_path: Path) -> None:
    path = saved(Image.fromarray(photo[..., 0] > 127), tmp_path / "bits.png")
    assert np.array_equal(read_picture(path)[..., 0], np.where(photo[..., 0] > 127, 255, 0))


def test_palette_photos_take_their_colours(photo: Pixels, tmp_path: Path) -> None:
    reduced = Image.fromarray(photo).quantize(16)
    path = saved(reduced, tmp_path / "palette.png")
    assert np.array_equal(read_picture(path), np.asarray(reduced.convert("RGB")))


def test_cmyk_photos_are_converted_as_pillow_does(tmp_path: Path) -> None:
    cyan = Image.new("CMYK", (20, 20), (255, 0, 0, 0))
    assert tuple(read_picture(saved(cyan, tmp_path / "cmyk.tif"))[0, 0]) == (0, 255, 255)


def test_alpha_is_laid_over_white_and_said(photo: Pixels, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    alpha = np.full(photo.shape[:2], 255, np.uint8)
    alpha[0, :3] = (0, 51, 255)
    pixels = np.dstack([photo, alpha])
    with caplog.at_level(logging.INFO, "sembla"):
        read = read_picture(saved(Image.fromarray(pixels), tmp_path / "alpha.png"))
    assert tuple(read[0, 0]) == (255, 255, 255)
    assert np.abs(read[0, 1] - (photo[0, 1] * 0.2 + 255 * 0.8)).max() <= 0.5
    assert np.array_equal(read[0, 2:], photo[0, 2:])
    assert "white" in caplog.text
    assert np.array_equal(read_picture(pixels), read)


@pytest.mark.parametrize("mode", ["LA", "PA", "RGBa"])
def test_other_kinds_of_transparency_become_white(mode: str) -> None:
    clear = Image.new("RGBA", (20, 20), (10, 20, 30, 0))
    assert (read_picture(clear.convert(mode)) == 255).all()


def test_a_palette_with_a_transparent_entry_is_laid_over_white(tmp_path: Path) -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([1, 2, 3, 4, 5, 6])
    image.putpixel((0, 0), 0)
    read = read_picture(saved(image, tmp_path / "clear.png", transparency=0))
    assert tuple(read[0, 0]) == (255, 255, 255)
    assert tuple(read[5, 5]) == (4, 5, 6)


def test_sixteen_bit_grey_is_scaled_not_cut(tmp_path: Path) -> None:
    deep = np.linspace(0, 65535, 20 * 20).astype(np.uint16).reshape(20, 20)
    for suffix in ("png", "tif"):
        read = read_picture(saved(Image.fromarray(deep), tmp_path / f"deep.{suffix}"))
        assert np.abs(read[..., 0] - deep / 257).max() <= 0.5
    assert np.array_equal(read_picture(deep), read)


def test_a_dark_sixteen_bit_photo_stays_dark(tmp_path: Path) -> None:
    dark = np.full((20, 20), 200, np.uint16)
    assert read_picture(saved(Image.fromarray(dark), tmp_path / "dark.png")).max() == 1


def test_sixteen_bit_colour_is_reduced_to_its_high_bytes(tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (20, 24, 3), np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    path = tmp_path / "deep.png"
    path.write_bytes(_png(24, 20, depth=16, colour=2, rows=rows))
    assert np.abs(read_picture(path).astype(float) - deep / 257).max() <= 1


def test_float_photos_from_zero_to_one_are_scaled(photo: Pixels) -> None:
    assert np.array_equal(read_picture(photo / 255), photo)
    assert np.array_equal(read_picture((photo / 255).astype(np.float32)), photo)


@pytest.mark.parametrize("tag", range(1, 9))
def test_exif_rotation_turns_photo_and_map_alike(photo: Pixels, tmp_path: Path, tag: int) -> None:
    turns: dict[int, Callable[[Pixels], Pixels]] = {
        1: lambda upright: upright,
        2: np.fliplr,
        3: lambda upright: np.rot90(upright, 2),
        4: np.flipud,
        5: lambda upright: upright.swapaxes(0, 1),
        6: lambda upright: np.rot90(upright, -1),
        7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
        8: np.rot90,
    }
    exif = Image.Exif()
    exif[0x0112] = tag
    colour = saved(Image.fromarray(photo), tmp_path / "photo.png", exif=exif)
    index = saved(Image.fromarray(photo[..., 0]), tmp_path / "map.png", exif=exif)
    assert np.array_equal(read_picture(colour), turns[tag](photo))
    assert np.array_equal(read_map(colour), turns[tag](photo))
    assert np.array_equal(read_map(index), turns[tag](photo)[..., 0])
    assert np.array_equal(read_picture(Image.open(colour)), turns[tag](photo))


def test_unreadable_exif_counts_as_none(photo: Pixels, tmp_path: Path) -> None:
    path = saved(Image.fromarray(photo), tmp_path / "photo.png", exif=b"Exif\0\0nonsense")
    assert np.array_equal(read_picture(path), photo)


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_of_many_frames_the_first_is_taken_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, suffix: str
) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
    path = saved(frames[0], tmp_path / f"moving.{suffix}", save_all=True, append_images=frames[1:], **options)
    for read in (read_picture, read_map):
        caplog.clear()
        with caplog.at_level(logging.INFO, "sembla"):
            assert (read(path) == (255, 0, 0)).all()
        assert "several frames" in caplog.text
        assert str(path) in caplog.text


def test_the_frame_that_a_pillow_image_shows_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    with Image.open(saved(frames[0], tmp_path / "two.gif", save_all=True, append_images=frames[1:])) as image:
        image.seek(1)
        assert (read_picture(image) == (0, 0, 255)).all()


# Label maps


def test_a_palette_map_shows_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.tile(np.array([0, 7], np.uint8), (20, 10)))
    image.putpalette([9, 8, 7] + [0] * 18 + [1, 2, 3])
    read = read_map(saved(image, tmp_path / "map.png"))
    assert read.shape == (20, 20, 3)
    assert tuple(read[0, 0]) == (9, 8, 7)
    assert tuple(read[0, 1]) == (1, 2, 3)


def test_a_palette_whose_colours_tell_nothing_gives_indices(tmp_path: Path) -> None:
    ids = np.tile(np.array([0, 1, 2, 3], np.uint8), (20, 5))
    image = Image.fromarray(ids)
    image.putpalette([0, 0, 0] * 4)
    assert np.array_equal(read_map(saved(image, tmp_path / "map.png")), ids)


def test_grey_and_index_maps_keep_their_values(tmp_path: Path) -> None:
    ids = np.tile(np.arange(20, dtype=np.uint8), (20, 1))
    for dtype in (np.uint8, np.uint16, np.int32, np.float32):
        path = saved(Image.fromarray(ids.astype(dtype)), tmp_path / f"{dtype.__name__}.tif")
        assert np.array_equal(read_map(path), ids)
    bits = saved(Image.fromarray(ids > 9), tmp_path / "bits.png")
    assert np.array_equal(read_map(bits), ids > 9)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.int64, np.uint32])
def test_arrays_of_whole_numbers_are_maps(dtype: type[np.generic]) -> None:
    ids = np.tile(np.array([0, 1], np.uint8), (20, 10))
    read = read_map(ids.astype(dtype))
    assert read.dtype == np.uint8
    assert np.array_equal(read, ids)


def test_see_through_pixels_of_a_map_keep_their_colour_and_it_is_said(
    photo: Pixels, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pixels = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
    with caplog.at_level(logging.INFO, "sembla"):
        assert np.array_equal(read_map(saved(Image.fromarray(pixels), tmp_path / "map.png")), photo)
    assert "see-through" in caplog.text
    grey = Image.fromarray(np.dstack([photo[..., 0], photo[..., 1]]))
    assert np.array_equal(read_map(saved(grey, tmp_path / "grey.png")), photo[..., 0])


def test_scribbles_keep_their_alpha(photo: Pixels, tmp_path: Path) -> None:
    pixels = np.dstack([photo, photo[..., 0]])
    assert np.array_equal(read_scribbles(saved(Image.fromarray(pixels), tmp_path / "strokes.png")), pixels)
    assert np.array_equal(read_scribbles(photo), photo)


# What cannot be used: one line that says what came, and which


def complaint(read: Callable[..., object], source: object, *, kind: type[SemblaError] = ImageError) -> str:
    with pytest.raises(kind) as caught:
        read(source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


readers = pytest.mark.parametrize("read", [read_picture, read_map, read_scribbles])


@readers
def test_missing_files_folders_and_text(read: Callable[..., object], tmp_path: Path) -> None:
    assert "no such file" in complaint(read, tmp_path / "gone.png")
    assert "folder" in complaint(read, tmp_path)
    (tmp_path / "text.png").write_text("this is text")
    assert "not an image" in complaint(read, tmp_path / "text.png")
    (tmp_path / "empty.png").touch()
    assert "not an image" in complaint(read, tmp_path / "empty.png")
    assert "int" in complaint(read, 7, kind=InputError)


@readers
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "gif", "bmp"])
def test_a_file_cut_short_is_told(read: Callable[..., object], photo: Pixels, tmp_path: Path, suffix: str) -> None:
    path = saved(Image.fromarray(photo), tmp_path / f"photo.{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    told = complaint(read, path)
    assert str(path) in told
    assert "truncated" in told or "damaged" in told or "not an image" in told


@readers
def test_a_bomb_is_refused_before_it_is_unpacked(read: Callable[..., object], tmp_path: Path) -> None:
    for side in (4_000, 12_000, 60_000):  # ours; Pillow's warning; Pillow's error
        path = tmp_path / f"{side}.png"
        path.write_bytes(_png(side, side, depth=8, colour=0, rows=b""))
        assert "pixels" in complaint(read, path)


@readers
def test_sides_under_sixteen_pixels_are_refused(read: Callable[..., object], tmp_path: Path) -> None:
    small = np.zeros((40, 15, 3), np.uint8)
    assert "15x40" in complaint(read, small)
    assert "16 px" in complaint(read, saved(Image.fromarray(small), tmp_path / "small.png"))


def test_arrays_that_are_no_photo() -> None:
    good = np.full((20, 20, 3), 0.5)
    for value in (np.nan, np.inf):
        bad = good.copy()
        bad[3, 4, 1] = value
        assert "NaN" in complaint(read_picture, bad)
    assert "0.0 to 1.0" in complaint(read_picture, good * 255)
    assert "0.0 to 1.0" in complaint(read_picture, -good)
    assert "int64" in complaint(read_picture, np.zeros((20, 20, 3), np.int64))
    assert "complex" in complaint(read_picture, good.astype(complex))
    assert "object" in complaint(read_picture, good.astype(object))
    for shape in ((3, 20, 20), (1, 20, 20, 3), (20,), (20, 20, 2), (0, 20, 3)):
        assert str(shape) in complaint(read_picture, np.zeros(shape, np.uint8))


def test_arrays_and_files_that_are_no_map(tmp_path: Path) -> None:
    ids = np.zeros((20, 20))
    assert "float64" in complaint(read_map, ids, kind=LabelError)
    assert "float64" in complaint(read_map, np.full((20, 20), np.nan), kind=LabelError)
    assert "-1" in complaint(read_map, ids.astype(int) - 1, kind=LabelError)
    assert "300" in complaint(read_map, ids.astype(int) + 300, kind=LabelError)
    assert "(20, 20, 1)" in complaint(read_map, np.zeros((20, 20, 1), np.uint8), kind=LabelError)
    deep = saved(Image.fromarray(np.full((20, 20), 300, np.uint16)), tmp_path / "deep.png")
    assert "300" in complaint(read_map, deep, kind=LabelError)
    broken = saved(Image.fromarray(np.full((20, 20), 0.5, np.float32)), tmp_path / "broken.tif")
    assert "float32" in complaint(read_map, broken, kind=LabelError)


def test_values_that_have_no_depth_are_refused(tmp_path: Path) -> None:
    wide = saved(Image.fromarray(np.full((20, 20), 70_000, np.int32)), tmp_path / "wide.tif")
    assert "70000" in complaint(read_picture, wide)
    floats = saved(Image.fromarray(np.full((20, 20), np.nan, np.float32)), tmp_path / "nan.tif")
    assert "NaN" in complaint(read_picture, floats)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "gif", "bmp"])
@pytest.mark.filterwarnings("ignore")  # Pillow's own remarks about damaged files
def test_damage_never_escapes_as_another_error(photo: Pixels, tmp_path: Path, suffix: str) -> None:
    path = saved(Image.fromarray(photo), tmp_path / f"photo.{suffix}")
    whole, chance = path.read_bytes(), np.random.default_rng(2)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in chance.integers(0, len(damaged), 4):
            damaged[place] = chance.integers(0, 256)
        path.write_bytes(bytes(damaged[: chance.integers(1, len(damaged) + 1)]))
        for read in (read_picture, read_map, read_scribbles):
            try:
                read(path)
            except InputError as error:
                assert str(path) in str(error)  # noqa: PT017 (either outcome is right)


def _png(width: int, height: int, *, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG of any header, its rows already filtered."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"".join(
        (b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    )


# Files made to stall


def progressive(photo: Pixels, *, more_scans: int, tail: bytes = b"") -> io.BytesIO:
    """A progressive JPEG whose last scan comes `more_scans` times more."""
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", progressive=True)
    content = file.getvalue()
    last, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    return io.BytesIO(content[:end] + content[last:end] * more_scans + content[end:] + tail)


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    start = time.perf_counter()
    with pytest.raises(ImageError, match="100 scans"):
        read_picture(progressive(np.zeros((2000, 2000, 3), np.uint8), more_scans=2000))
    assert time.perf_counter() - start < 2


def test_a_progressive_jpeg_is_read_also_with_a_film_behind_it(photo: Pixels) -> None:
    plain = read_picture(progressive(photo, more_scans=0))
    assert plain.shape == photo.shape
    film = b"\xff\xda\x00\x02" * 1000
    assert np.array_equal(read_picture(progressive(photo, more_scans=0, tail=film)), plain)
    with pytest.raises(ImageError, match="scans"):
        read_picture(progressive(photo, more_scans=100))


def test_a_tiff_of_thousands_of_frames_is_not_counted() -> None:
    """Directories of one entry each, all of them chained: counting them takes quadratic time."""
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(file, "TIFF")
    content = bytearray(file.getvalue())
    (first,) = struct.unpack_from("<I", content, 4)
    (entries,) = struct.unpack_from("<H", content, first)
    directory = bytes(content[first : first + 2 + 12 * entries])
    struct.pack_into("<I", content, first + len(directory), len(content))
    for index in range(8000):
        following = len(content) + len(directory) + 4 if index < 7999 else 0
        content += directory + struct.pack("<I", following)
    start = time.perf_counter()
    assert (read_picture(io.BytesIO(bytes(content))) == (255, 0, 0)).all()
    assert time.perf_counter() - start < 1
