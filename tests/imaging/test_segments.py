"""Proposed regions: as many as asked for, connected, along the edges; and the tools that scribbles share."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from sembla.core.errors import LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.imaging.segments import (
    describe,
    merge_pieces,
    number_pieces,
    propose_segments,
    refine_borders,
    shrink,
)

COLOURS = np.array([[200, 60, 50], [70, 150, 70], [60, 70, 190], [220, 210, 90]], np.uint8)


def quarters(height: int, width: int) -> LabelMap:
    """Four regions that meet at a point, with borders that are not straight."""
    rows, columns = np.indices((height, width))
    lower = rows > height * (0.5 + 0.15 * np.sin(columns * 6.0 / width))
    right = columns > width * (0.5 + 0.15 * np.cos(rows * 5.0 / height))
    return (2 * lower + right).astype(np.uint8)


def painted(labels: LabelMap, noise: float = 8.0) -> Picture:
    """Each region in its colour, with noise."""
    chance = np.random.default_rng(0)
    return np.clip(COLOURS[labels] + chance.normal(0, noise, (*labels.shape, 3)), 0, 255).astype(np.uint8)


def pieces_of(mask: NDArray[np.bool_]) -> int:
    """Number of pieces connected over sides."""
    return int(ndimage.label(mask)[1])


def off_borders(labels: LabelMap, reach: int) -> NDArray[np.bool_]:
    """Pixels with one label only within reach."""
    size = 2 * reach + 1
    calm: NDArray[np.bool_] = ndimage.maximum_filter(labels, size) == ndimage.minimum_filter(labels, size)
    return calm


@pytest.mark.parametrize("count", [2, 5, 16, 64])
@pytest.mark.parametrize("size", [(64, 96), (300, 410)])
def test_as_many_regions_as_asked_for_each_connected_the_largest_first(count: int, size: tuple[int, int]) -> None:
    labels = propose_segments(painted(quarters(*size), noise=30), count)
    areas = np.bincount(labels.ravel())
    assert labels.shape == size
    assert labels.dtype == np.uint8
    assert len(areas) == count
    assert (areas[:-1] >= areas[1:]).all()
    assert [pieces_of(labels == number) for number in range(count)] == [1] * count


@pytest.mark.parametrize("size", [(64, 96), (150, 512), (480, 360)])
def test_four_colours_are_four_regions_up_to_a_pixel(size: tuple[int, int]) -> None:
    truth = quarters(*size)
    labels = propose_segments(painted(truth), 4)
    meant = np.array([np.bincount(truth[labels == number]).argmax() for number in range(4)])
    wrong = meant[labels] != truth
    assert sorted(meant) == [0, 1, 2, 3]
    assert (wrong & off_borders(truth, 1)).mean() < 0.0005
    assert not (wrong & off_borders(truth, 3)).any()


def test_more_regions_still_follow_the_edges() -> None:
    truth = quarters(300, 400)
    labels = propose_segments(painted(truth), 20)
    table = np.zeros((20, 4))
    np.add.at(table, (labels.ravel(), truth.ravel()), 1)
    assert table.max(1).sum() > 0.998 * truth.size


def test_the_same_picture_gives_the_same_regions() -> None:
    picture = painted(quarters(120, 160), noise=25)
    kept = picture.copy()
    assert np.array_equal(propose_segments(picture, 9), propose_segments(picture, 9))
    assert np.array_equal(picture, kept)


@pytest.mark.parametrize("size", [(16, 16), (16, 900), (700, 17), (257, 16)])
def test_small_and_narrow_pictures(size: tuple[int, int]) -> None:
    chance = np.random.default_rng(1)
    for picture in (np.full((*size, 3), 128, np.uint8), chance.integers(0, 256, (*size, 3), np.uint8)):
        for count in (2, 64):
            labels = propose_segments(picture, count)
            present = np.unique(labels)
            assert labels.shape == size
            assert 2 <= len(present) <= count
            assert present[-1] == len(present) - 1
            assert all(pieces_of(labels == number) == 1 for number in present)


@pytest.mark.parametrize("count", [-1, 0, 1, 65])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(LabelError, match="2 to 64"):
        propose_segments(painted(quarters(32, 32)), count)


def test_refined_borders_lie_on_the_edge_of_the_picture() -> None:
    truth = quarters(384, 512)
    rows, columns = np.indices((96, 128)) * 4 + 2
    shaken = ndimage.map_coordinates(truth, [rows + 4.0, columns - 4.0], order=0, mode="nearest")  # a coarse pixel off
    enlarged = np.kron(shaken, np.ones((4, 4), np.uint8))
    wrong = refine_borders(shaken, painted(truth)) != truth
    assert (enlarged != truth).mean() > 0.01
    assert wrong.mean() < 0.002
    assert (wrong & off_borders(truth, 4)).mean() < 0.0001


def test_refining_keeps_what_is_fixed_and_leaves_its_input_alone() -> None:
    small = np.zeros((20, 30), np.uint8)
    fixed = (np.array([3, 70, 79]), np.array([5, 0, 119]), np.array([2, 1, 1], np.uint8))
    refined = refine_borders(small, np.full((80, 120, 3), 90, np.uint8), fixed)
    assert refined[fixed[0], fixed[1]].tolist() == [2, 1, 1]
    assert not small.any()
    assert refined.sum() < 40  # three pixels do not spread over a plain picture


def test_refining_at_full_size_changes_nothing() -> None:
    truth = quarters(40, 40)
    refined = refine_borders(truth, painted(truth))
    assert np.array_equal(refined, truth)
    assert refined is not truth


def test_a_map_larger_than_its_picture_is_refused() -> None:
    with pytest.raises(SizeError, match=r"41x40.*30x40"):
        refine_borders(np.zeros((40, 41), np.uint8), np.zeros((40, 30, 3), np.uint8))


def test_pieces_go_to_the_neighbour_they_share_most_with() -> None:
    labels = np.zeros((9, 12), np.uint8)
    labels[:, 6:] = 1
    labels[3:6, 4:7] = 2  # 2 columns in region 0, 1 in region 1
    labels[4, 5] = 3  # inside that piece: reached only when the piece around it has gone
    pieces = number_pieces(labels)
    keep = np.isin(np.arange(pieces.max() + 1), pieces[[0, 0], [0, 11]])
    merged = merge_pieces(labels, pieces, keep)
    expected = np.where(labels > 1, 0, labels)
    assert np.array_equal(merged, expected)
    assert (labels == 3).sum() == 1


def test_merging_needs_a_piece_to_keep() -> None:
    labels = np.zeros((4, 4), np.uint8)
    with pytest.raises(LabelError, match="keep at least one"):
        merge_pieces(labels, number_pieces(labels), np.zeros(1, np.bool_))


def test_pieces_are_connected_over_sides_only() -> None:
    labels = np.array([[0, 1], [1, 0]], np.uint8)
    assert sorted(number_pieces(labels).ravel().tolist()) == [0, 1, 2, 3]


def test_shrinking_averages_and_never_enlarges() -> None:
    picture = np.kron(COLOURS[quarters(10, 20)], np.ones((4, 4, 1), np.uint8))
    assert np.array_equal(shrink(picture, 20), COLOURS[quarters(10, 20)])
    assert shrink(picture, 80) is picture


def test_texture_is_told_by_direction() -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[::4] = stripes[1::4] = 200  # lightness changes along y only
    along_y, along_x = describe(stripes)[32, 32, 6:8]
    assert along_y > 1
    assert along_x < 1e-3
