import math

import numpy as np
import pytest

from sembla.core.errors import SizeError
from sembla.metrics.pixels import psnr


@pytest.mark.parametrize("step", [1, 10, 255])
def test_a_constant_difference_has_the_closed_form(step: int) -> None:
    a = np.zeros((5, 8, 3), np.uint8)
    b = a + np.uint8(step)
    assert psnr(a, b) == pytest.approx(20 * math.log10(255 / step))
    assert psnr(b, a) == psnr(a, b)


def test_one_wrong_pixel_counts_by_its_share() -> None:
    a = np.full((10, 10, 3), 200, np.uint8)
    b = a.copy()
    b[3, 4] -= 100
    assert psnr(a, b) == pytest.approx(10 * math.log10(255**2 / (100**2 / 100)))


def test_identical_pictures_are_infinitely_alike() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    assert psnr(picture, picture.copy()) == math.inf


def test_other_sizes_are_refused() -> None:
    with pytest.raises(SizeError, match="8x5 and 8x6"):
        psnr(np.zeros((5, 8, 3), np.uint8), np.zeros((6, 8, 3), np.uint8))
