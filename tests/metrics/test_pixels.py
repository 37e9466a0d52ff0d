import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage, signal
from skimage import data, metrics

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import Picture
from sembla.metrics.pixels import delta_e, delta_e_by_region, l1, ms_ssim, psnr, ssim

Plane = NDArray[np.float64]

ASTRONAUT: Callable[[], Picture] = data.astronaut
PEAK_RATIO: Callable[..., float] = metrics.peak_signal_noise_ratio
SIMILARITY: Callable[..., float] = metrics.structural_similarity


def noisy(picture: Picture, amount: float, *, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, amount, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


def blurred(picture: Picture) -> Picture:
    return np.asarray(ndimage.gaussian_filter(picture, (2, 2, 0)))


@pytest.fixture(scope="module")
def photo() -> Picture:
    return np.asarray(ASTRONAUT()[100:300, 60:320])


@pytest.mark.parametrize("step", [1, 10, 255])
def test_a_constant_difference_has_the_closed_form(step: int) -> None:
    a = np.zeros((5, 8, 3), np.uint8)
    b = a + np.uint8(step)
    assert psnr(a, b) == pytest.approx(20 * math.log10(255 / step))
    assert psnr(b, a) == psnr(a, b)
    assert l1(a, b) == pytest.approx(step / 255)


def test_one_wrong_pixel_counts_by_its_share() -> None:
    a = np.full((10, 10, 3), 200, np.uint8)
    b = a.copy()
    b[3, 4] -= 100
    assert psnr(a, b) == pytest.approx(10 * math.log10(255**2 / (100**2 / 100)))
    assert l1(a, b) == pytest.approx(100 / 255 / 100)
    around = np.zeros((10, 10), np.bool_)
    around[3, 4:6] = True
    assert psnr(a, b, region=around) == pytest.approx(10 * math.log10(255**2 / (100**2 / 2)))
    assert l1(a, b, region=around) == pytest.approx(100 / 255 / 2)
    assert l1(a, b, region=~around) == 0


def test_identical_pictures_are_infinitely_alike(photo: Picture) -> None:
    assert psnr(photo, photo.copy()) == math.inf
    assert l1(photo, photo) == 0
    assert ssim(photo, photo) == 1
    assert ms_ssim(photo, photo) == 1
    assert not delta_e(photo, photo).any()


def test_psnr_and_ssim_are_those_of_scikit_image(photo: Picture) -> None:
    for other in (noisy(photo, 3), noisy(photo, 40), blurred(photo), photo[::-1], 255 - photo):
        peak = PEAK_RATIO(photo, other, data_range=255)
        assert psnr(photo, np.ascontiguousarray(other)) == pytest.approx(peak, abs=1e-5)
        similar = SIMILARITY(
            *(photo, other),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=2,
        )
        assert ssim(photo, other) == pytest.approx(similar, abs=1e-5)


def test_ssim_of_flat_pictures_has_the_closed_form() -> None:
    """Without contrast only the brightness term is left: (2 x y + C1) / (x^2 + y^2 + C1)."""
    a, b = np.full((20, 30, 3), 50, np.uint8), np.full((20, 30, 3), 150, np.uint8)
    brightness = (0.01 * 255) ** 2
    assert ssim(a, b) == pytest.approx((2 * 50 * 150 + brightness) / (50**2 + 150**2 + brightness), abs=1e-5)


def test_ssim_of_a_region_is_that_of_its_windows(photo: Picture) -> None:
    other = photo.copy()
    other[:, 150:] = noisy(photo, 60)[:, 150:]
    left = np.zeros(photo.shape[:2], np.bool_)
    left[:, :140] = True
    assert ssim(photo, other, region=left) == 1
    assert ssim(photo, other, region=~left) < ssim(photo, other) < 1
    rim = np.zeros_like(left)
    rim[:3] = True
    with pytest.raises(SizeError, match="whole windows"):
        ssim(photo, other, region=rim)


def similarities(x: Plane, y: Plane) -> tuple[float, float]:
    """Mean similarity and its contrast part of one channel, by Wang's formulas and plain 2-D convolutions."""
    window = np.outer(*[signal.windows.gaussian(11, 1.5)] * 2)
    window /= window.sum()

    def mean(plane: Plane) -> Plane:
        return np.asarray(signal.convolve2d(plane, window, mode="valid"))

    brightness, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_x, mean_y = mean(x), mean(y)
    covariance = mean(x * y) - mean_x * mean_y
    spread = mean(x * x) - mean_x**2 + mean(y * y) - mean_y**2
    structure = (2 * covariance + contrast) / (spread + contrast)
    return float((structure * (2 * mean_x * mean_y + brightness) / (mean_x**2 + mean_y**2 + brightness)).mean()), float(
        structure.mean()
    )


def test_ms_ssim_follows_its_definition(photo: Picture) -> None:
    other = noisy(blurred(photo), 10)
    x, y = photo.astype(np.float64), other.astype(np.float64)
    expected = 1.0
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        if scale > 0:
            whole = (slice(x.shape[0] // 2 * 2), slice(x.shape[1] // 2 * 2))
            x, y = (signal.convolve(p[whole], np.full((2, 2, 1), 0.25), mode="valid")[::2, ::2] for p in (x, y))
        parts = np.mean([similarities(x[..., c], y[..., c]) for c in range(3)], axis=0)
        expected *= (parts[0] if scale == 4 else parts[1]) ** weight
    assert ms_ssim(photo, other) == pytest.approx(expected, abs=1e-5)


def test_pictures_that_oppose_each_other_score_no_more_than_zero(photo: Picture) -> None:
    assert ms_ssim(photo, 255 - photo) == 0
    assert ssim(photo, 255 - photo) < 0


def test_delta_e_of_published_colours() -> None:
    """White to black is 100; the greys' formula is |dL| / SL with SL of Sharma, Wu & Dalal 2005, eq. 15."""
    black, white = np.zeros((2, 2, 3), np.uint8), np.full((2, 2, 3), 255, np.uint8)
    np.testing.assert_allclose(delta_e(black, white), 100, atol=0.01)
    a, b = np.full((1, 1, 3), 119, np.uint8), np.full((1, 1, 3), 140, np.uint8)
    lightness = [116 * ((((v / 255) + 0.055) / 1.055) ** 2.4) ** (1 / 3) - 16 for v in (119, 140)]
    middle = (sum(lightness) / 2 - 50) ** 2
    expected = (lightness[1] - lightness[0]) / (1 + 0.015 * middle / math.sqrt(20 + middle))
    assert delta_e(a, b)[0, 0] == pytest.approx(expected, abs=0.01)


def test_delta_e_by_region_is_the_mean_over_each(photo: Picture) -> None:
    labels = np.zeros(photo.shape[:2], np.uint8)
    labels[50:, 100:] = 7
    other = photo.copy()
    other[50:, 100:] = noisy(photo, 20)[50:, 100:]
    found = delta_e_by_region(photo, other, labels=labels)
    assert found == {0: 0.0, 7: pytest.approx(delta_e(photo, other)[50:, 100:].mean())}


def test_other_sizes_are_refused() -> None:
    a, b = np.zeros((5, 8, 3), np.uint8), np.zeros((6, 8, 3), np.uint8)
    for score in (psnr, l1, ssim, ms_ssim, delta_e):
        with pytest.raises(SizeError, match="8x5 and 8x6"):
            score(a, b)
    with pytest.raises(SizeError, match="11 px"):
        ssim(a, a)
    with pytest.raises(SizeError, match="176 px"):
        ms_ssim(np.zeros((175, 300, 3), np.uint8), np.zeros((175, 300, 3), np.uint8))
    with pytest.raises(SizeError, match="region"):
        psnr(a, a, region=np.zeros((5, 8), np.bool_))
    with pytest.raises(SizeError, match="label map"):
        delta_e_by_region(a, a, labels=np.zeros((4, 8), np.uint8))
    with pytest.raises(LabelError, match="float"):
        delta_e_by_region(a, a, labels=np.zeros((5, 8)))  # type: ignore[arg-type]
    with pytest.raises(ImageError, match="RGB"):
        psnr(a[..., 0], a[..., 0])
