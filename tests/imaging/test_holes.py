"""Holes: their shares of the picture as published, and files of them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla.core.errors import InputError, SizeError
from sembla.imaging.holes import HOLES, POLYGONS, draw_hole, read_hole, read_mask, rectangle

SHARES = {"center": 0.25, "left": 0.5, "grid": 15 / 16, "checkboard": 0.5, "freehand": 0.243, "full": 0.0}


@pytest.mark.parametrize("size", [(64, 64), (128, 128)])
@pytest.mark.parametrize("name", SHARES)
def test_shares_are_those_published(name: str, size: tuple[int, int]) -> None:
    assert draw_hole(name, size).mean() == pytest.approx(SHARES[name], abs=0.004)


@pytest.mark.parametrize(("name", "share"), [("A", 0.243), ("B", 0.243), ("C", 0.175), ("D", 0.175)])
def test_polygons_have_the_areas_published(name: str, share: float) -> None:
    x, y = np.array(POLYGONS[name], float).T
    assert abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2 / 64**2 == pytest.approx(share, abs=0.001)


@pytest.mark.parametrize("name", HOLES)
def test_a_hole_fits_any_size_and_follows_its_chance(name: str) -> None:
    size = (48, 70)
    one, again = (draw_hole(name, size, np.random.default_rng(1)) for _ in range(2))
    assert one.shape == size
    assert one.dtype == np.bool_
    np.testing.assert_array_equal(one, again)
    assert not one.all()
    assert one.any() == (name != "full")


@pytest.mark.parametrize("name", ["center", "random", "checkboard", "freehand", "strokes"])
def test_by_chance_there_are_several(name: str) -> None:
    rng = np.random.default_rng(0)
    assert len({draw_hole(name, (64, 64), rng).tobytes() for _ in range(12)}) > 1


def test_the_jitter_of_the_center_is_that_published() -> None:
    rng = np.random.default_rng(0)
    sides = [np.sqrt(draw_hole("center", (200, 200), rng).mean()) for _ in range(200)]
    assert 0.4 <= min(sides) < 0.42
    assert 0.58 < max(sides) <= 0.6


def test_an_unknown_kind_is_told() -> None:
    with pytest.raises(InputError, match="hole 'centre' came; there are center, left"):
        draw_hole("centre", (8, 8))


def test_a_file_says_what_is_missing(tmp_path: Path) -> None:
    hole = draw_hole("freehand", (40, 50))
    Image.fromarray(hole).save(tmp_path / "hole.png")
    np.testing.assert_array_equal(read_hole(tmp_path / "hole.png", (40, 50)), hole)


@pytest.mark.parametrize(
    ("mask", "size", "told"),
    [
        (np.zeros((40, 50), np.uint8), (40, 50), "nothing is missing"),
        (np.full((40, 50), 255, np.uint8), (40, 50), "nothing is known"),
        (np.zeros((40, 50), np.uint8), (41, 50), "is 50x40; the picture is 50x41"),
    ],
)
def test_masks_that_cannot_be_used_are_told(
    mask: np.ndarray[tuple[int, int], np.dtype[np.uint8]], size: tuple[int, int], told: str, tmp_path: Path
) -> None:
    Image.fromarray(mask).save(tmp_path / "hole.png")
    with pytest.raises((InputError, SizeError), match=told):
        read_hole(tmp_path / "hole.png", size)


def test_a_mask_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file; there are also the kinds center"):
        read_hole(tmp_path / "centre", (8, 8))


def test_a_rectangle_selects_its_pixels() -> None:
    region = rectangle((10, 12), left=3, top=2, width=4, height=5)
    assert region.sum() == 20
    assert region[2:7, 3:7].all()


@pytest.mark.parametrize("given", [(0, 0, 0, 3), (-1, 0, 3, 3), (9, 0, 4, 3), (0, 8, 3, 3)])
def test_rectangles_outside_or_empty_are_told(given: tuple[int, int, int, int]) -> None:
    left, top, width, height = given
    with pytest.raises(SizeError, match="must lie within the picture, 12x10"):
        rectangle((10, 12), left=left, top=top, width=width, height=height)


def test_what_is_see_through_in_a_mask_is_not_white() -> None:
    strokes = np.full((20, 30, 4), 255, np.uint8)
    strokes[..., 3] = 0
    strokes[5:8, 10:20, 3] = 255
    np.testing.assert_array_equal(read_mask(strokes, (20, 30)), strokes[..., 3] > 0)
