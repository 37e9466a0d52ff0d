"""The random walker: probabilities that agree with closed forms."""

import numpy as np
from numpy.typing import NDArray

from sembla.imaging.walker import likelihood, walk

Known = NDArray[np.intp]


def even(known: Known, count: int) -> NDArray[np.float32]:
    """Looks that favour no class."""
    return np.full((*known.shape, count), 1 / count, np.float32)


def test_along_a_short_plain_line_the_chance_falls_evenly() -> None:
    known = np.full((1, 11), -1)
    known[0, 0], known[0, -1] = 0, 1
    chances = walk(np.full((1, 11, 3), 90, np.uint8), known, even(known, 2))
    # without stops the chances are harmonic, on a line: linear; the rare stops bend it by less than a hundredth
    assert np.abs(chances[0, :, 0] - np.linspace(1, 0, 11)).max() < 0.01


def test_chances_are_probabilities_and_known_pixels_are_sure() -> None:
    chance = np.random.default_rng(0)
    picture = chance.integers(0, 256, (24, 30, 3), np.uint8)
    known = np.where(chance.random((24, 30)) < 0.05, chance.integers(0, 3, (24, 30)), -1)
    chances = walk(picture, known, likelihood(picture, known, 3))
    assert np.allclose(chances.sum(-1), 1, atol=1e-5)
    assert chances.min() >= -1e-6
    assert np.array_equal(chances[known >= 0], np.eye(3, dtype=np.float32)[known[known >= 0]])


def test_nothing_to_find_is_returned_as_known() -> None:
    known = np.indices((16, 16))[0] // 8
    chances = walk(np.zeros((16, 16, 3), np.uint8), known, even(known, 2))
    assert np.array_equal(chances.argmax(-1), known)


def test_an_edge_is_hard_to_cross() -> None:
    picture = np.full((20, 41, 3), 60, np.uint8)
    picture[:, 30:] = 190
    known = np.full((20, 41), -1)
    known[:, 0], known[:, -1] = 0, 1
    labels = walk(picture, known, even(known, 2)).argmax(-1)
    assert np.array_equal(labels, np.broadcast_to(np.arange(41) >= 30, (20, 41)))


def test_looks_decide_where_no_stroke_is_near() -> None:
    picture = np.zeros((60, 90, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 180, 40
    picture[20:40, 60:80] = (40, 40, 180)
    picture[20:40, 5:25] = (40, 40, 180)
    known = np.full((60, 90), -1)
    known[28:32, 10:20] = 1
    known[50:54, 10:80] = 0
    likely = likelihood(picture, known, 2)
    assert np.allclose(likely.sum(-1), 1, atol=1e-5)
    assert likely[30, 70].argmax() == 1
    assert likely[10, 45].argmax() == 0


def test_a_class_without_known_pixels_is_never_likely() -> None:
    known = np.full((20, 20), -1)
    known[2, 2], known[17, 17] = 0, 2
    likely = likelihood(np.random.default_rng(2).integers(0, 256, (20, 20, 3), np.uint8), known, 3)
    assert likely[..., 1].max() < 0.01
