"""Seamless holes, against the equations solved densely."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sembla.core.errors import SizeError
from sembla.core.types import Picture, Region
from sembla.imaging.blend import Poisson

GREYS = 255


def noise(seed: int, size: tuple[int, int]) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def densely(hole: Region, offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """The difference (H, W) within the hole: each pixel the mean of its neighbours in the picture, by elimination."""
    height, width = hole.shape
    places = [tuple(place) for place in np.argwhere(hole)]
    number = {place: at for at, place in enumerate(places)}
    matrix, right = np.zeros((len(places), len(places))), np.zeros(len(places))
    for at, (row, column) in enumerate(places):
        for near in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if not (0 <= near[0] < height and 0 <= near[1] < width):
                continue
            matrix[at, at] += 1
            if near in number:
                matrix[at, number[near]] -= 1
            else:
                right[at] += offset[near]
    found = np.zeros(hole.shape)
    found[hole] = np.linalg.solve(matrix, right)
    return found


def ellipse(size: tuple[int, int]) -> Region:
    rows, columns = np.mgrid[: size[0], : size[1]]
    inside: Region = ((rows - size[0] / 2) / (size[0] * 0.4)) ** 2 + (
        (columns - size[1] / 2) / (size[1] * 0.3)
    ) ** 2 < 1
    return inside


def holes() -> dict[str, Region]:
    rng, size = np.random.default_rng(3), (23, 30)
    found = {name: np.zeros(size, np.bool_) for name in ("one", "middle", "left", "corner", "across", "two", "ring")}
    found["one"][5, 7] = True
    found["middle"][4:17, 6:25] = True
    found["left"][:, :15] = True
    found["corner"][12:, 20:] = True
    found["across"][8:15] = True
    found["two"][2:9, 3:8] = found["two"][9:20, 8:30] = True  # which touch at a corner
    found["ring"][:] = True
    found["ring"][9:12, 9:20] = False
    grid = np.ones(size, np.bool_)
    grid[::4, ::4] = False
    return {**found, "grid": grid, "dropout": rng.random(size) < 0.6, "ellipse": ellipse(size)}


@pytest.mark.parametrize("name", holes())
def test_the_equations_are_solved(name: str) -> None:
    hole = holes()[name]
    offset = np.random.default_rng(0).normal(0, 80, (2, *hole.shape))
    found = Poisson(hole).difference(offset)
    for plane, its in zip(found, offset, strict=True):
        np.testing.assert_allclose(plane, densely(hole, its), atol=2e-4)
        right = np.pad(np.where(hole, plane, its), 1)
        inside = np.pad(np.ones(hole.shape), 1)
        around = sum(np.roll(right * inside, shift, axis) for axis in (0, 1) for shift in (1, -1))
        count = sum(np.roll(inside, shift, axis) for axis in (0, 1) for shift in (1, -1))
        assert np.abs((count * right - around)[1:-1, 1:-1][hole]).max() <= 1e-6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 20), st.integers(1, 20), st.floats(0.05, 0.95))
def test_any_hole_is_that_of_elimination(seed: int, height: int, width: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    hole = rng.random((height, width)) < share
    hole.flat[int(rng.integers(hole.size))] = False
    offset = rng.normal(0, 80, (1, height, width))
    np.testing.assert_allclose(Poisson(hole).difference(offset)[0], densely(hole, offset[0]), atol=1e-3)


@pytest.mark.parametrize("name", holes())
def test_known_pixels_stay_and_the_hole_s_are_not_looked_at(name: str) -> None:
    hole = holes()[name]
    known, painted = noise(0, hole.shape), noise(1, hole.shape)
    filled = Poisson(hole)(known, painted)
    np.testing.assert_array_equal(filled[~hole], known[~hole])
    other = known.copy()
    other[hole] = 7
    np.testing.assert_array_equal(Poisson(hole)(other, painted), filled)


@pytest.mark.parametrize("name", holes())
def test_what_was_there_already_comes_back(name: str) -> None:
    hole = holes()[name]
    known = noise(0, hole.shape)
    np.testing.assert_array_equal(Poisson(hole)(known, known), known)


@pytest.mark.parametrize("name", holes())
def test_a_shift_in_colour_is_undone(name: str) -> None:
    hole = holes()[name]
    known = noise(0, hole.shape) // 2 + 40
    np.testing.assert_array_equal(Poisson(hole)(known, known + 30), known)


def test_a_hole_that_is_everything_is_what_was_painted() -> None:
    known, painted = noise(0, (8, 9)), noise(1, (8, 9))
    np.testing.assert_array_equal(Poisson(np.ones((8, 9), np.bool_))(known, painted), painted)


def test_no_hole_changes_nothing() -> None:
    known = noise(0, (8, 9))
    np.testing.assert_array_equal(Poisson(np.zeros((8, 9), np.bool_))(known, noise(1, (8, 9))), known)


def test_values_beyond_grey_levels_are_clipped() -> None:
    hole = np.zeros((9, 9), np.bool_)
    hole[3:6, 3:6] = True
    known, painted = np.full((9, 9, 3), GREYS, np.uint8), np.zeros((9, 9, 3), np.uint8)
    painted[4, 4] = GREYS
    assert Poisson(hole)(known, painted)[hole].min() == GREYS


def test_other_sizes_are_refused() -> None:
    with pytest.raises(SizeError, match=r"painted picture is \(8, 8\), the hole \(9, 9\)"):
        Poisson(np.zeros((9, 9), np.bool_))(noise(0, (9, 9)), noise(0, (8, 8)))


@pytest.mark.parametrize("size", [(257, 190), (128, 128)])
def test_large_shapes_keep_to_the_equations(size: tuple[int, int]) -> None:
    hole = ellipse(size) | (np.random.default_rng(0).random(size) < 0.05)
    offset = np.random.default_rng(1).normal(0, 80, (1, *size))
    whole = np.where(hole, Poisson(hole).difference(offset), offset)[0]
    rim = np.pad(whole, 1, mode="edge")  # what lies beyond the border equals what lies at it: nothing flows
    left = 4 * whole - rim[:-2, 1:-1] - rim[2:, 1:-1] - rim[1:-1, :-2] - rim[1:-1, 2:]
    assert np.abs(left[hole]).max() <= 1e-6
