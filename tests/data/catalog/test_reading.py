"""The stored values of label maps, however a file holds them."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.catalog.support import blocks, photo, save

from sembla.core.errors import LabelError, SizeError
from sembla.data.catalog.reading import fit, numbering, read_values, renumber


@pytest.mark.parametrize("ending", ["png", "bmp", "tif", "gif", "pgm"])
def test_values_are_those_stored(ending: str, tmp_path: Path) -> None:
    ids = blocks(48)
    assert np.array_equal(read_values(save(tmp_path / f"a.{ending}", ids)), ids)


def test_channels_that_are_alike_are_one_and_alpha_is_none(tmp_path: Path) -> None:
    ids = blocks(48)
    alpha = np.full_like(ids, 7)
    for name, channels in (("rgb", [ids] * 3), ("rgba", [*[ids] * 3, alpha]), ("la", [ids, alpha])):
        assert np.array_equal(read_values(save(tmp_path / f"{name}.png", np.stack(channels, 2))), ids)


def test_depths_other_than_a_byte_are_read(tmp_path: Path) -> None:
    ids = blocks(48).astype(np.uint16) * 1000
    assert np.array_equal(read_values(save(tmp_path / "16.png", ids)), ids)
    assert np.array_equal(read_values(save(tmp_path / "32.tif", ids.astype(np.int32))), ids)
    assert np.array_equal(read_values(save(tmp_path / "1.png", ids > 24000)), ids > 24000)


def test_what_is_no_whole_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"a\.png holds colours"):
        read_values(save(tmp_path / "a.png", photo()))
    with pytest.raises(LabelError, match=r"a\.tif holds fractions"):
        read_values(save(tmp_path / "a.tif", blocks(4) / np.float32(2)))
    with pytest.raises(LabelError, match=r"b\.tif holds values -1 to 2"):
        read_values(save(tmp_path / "b.tif", blocks(4).astype(np.int32) - 1))


def test_a_file_that_claims_too_many_pixels_is_never_unpacked(tmp_path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for side in (4000, 10_000, 30_000):
        header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        path = tmp_path / f"{side}.png"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))
        with pytest.raises(SizeError, match=rf"{side}\.png"):
            read_values(path)


def test_values_outside_the_table_are_listed(tmp_path: Path) -> None:
    table = numbering({1: 0, 2: 1, 65535: 255})
    values = np.array([[1, 2, 65535]], np.uint16)
    assert renumber(values, table, tmp_path).tolist() == [[0, 1, 255]]
    with pytest.raises(LabelError, match=r"holds 0, 3, 4, 5, 6, \.\.\., which this data set does not have"):
        renumber(np.arange(9, dtype=np.uint16)[None], table, tmp_path)


def test_a_photo_is_fitted_only_to_maps_of_its_shape(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", photo(size=(101, 67)))
    assert np.array_equal(fit(path, (101, 67)), np.asarray(Image.open(path)))
    assert fit(path, (50, 33)).shape == (50, 33, 3)
    with pytest.raises(SizeError, match="another shape"):
        fit(path, (50, 40))
