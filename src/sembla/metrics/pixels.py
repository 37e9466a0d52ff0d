"""Scores that compare two pictures pixel by pixel, or window by window, over the whole of them or a region."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from skimage import color

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import LabelMap, Picture, Region

__all__ = ["delta_e", "delta_e_by_region", "l1", "ms_ssim", "psnr", "ssim", "ssim_and_ms_ssim"]

_SIDE, _SIGMA = 11, 1.5  # the window of Wang et al. 2004
_BRIGHTNESS, _CONTRAST = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # C1 and C2 of the same
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang, Simoncelli & Bovik 2003
_SMALLEST = _SIDE << (len(_SCALES) - 1)  # px: the coarsest scale must hold a window

_Plane = NDArray[np.float32]


def psnr(a: Picture, b: Picture, *, region: Region | None = None) -> float:
    """Peak signal-to-noise ratio of two pictures of one size, in dB: 10 log10(255^2 / mean squared error).

    Over all pixels, or those of `region` (H, W). Infinity for identical pictures. Raises `SizeError` when the sizes
    differ or the region is empty.
    """
    first, second = _compared(a, b, region)
    difference = first.astype(np.int32) - second.astype(np.int32)
    squares = int((difference.astype(np.int64) ** 2).sum())
    return float(10 * np.log10(255**2 * first.size / squares)) if squares else float("inf")


def l1(a: Picture, b: Picture, *, region: Region | None = None) -> float:
    """Mean absolute difference of two pictures of one size, 0 to 1; 0 is best.

    Over all pixels, or those of `region` (H, W). Raises `SizeError` as `psnr` does.
    """
    first, second = _compared(a, b, region)
    return float(np.abs(first.astype(np.int16) - second).mean(dtype=np.float64) / 255)


def ssim(a: Picture, b: Picture, *, region: Region | None = None) -> float:
    """Structural similarity of two pictures of one size from 11 px a side; -1 to 1, 1 for identical pictures.

    Wang, Bovik, Sheikh & Simoncelli 2004, eq. 13: Gaussian window of 11x11, sigma 1.5, K1 0.01, K2 0.03, each channel
    of RGB by itself, then the mean. Only windows that lie wholly inside count; with a `region` (H, W), those whose
    centre lies in it. Raises `SizeError` as `psnr` does.
    """
    x, y = _planes(a, b, smallest=_SIDE)
    similar, _ = _similarities(x, y)
    if region is None:
        return float(similar.mean(dtype=np.float64))
    margin = _SIDE // 2
    centres = _whole(region, a)[margin:-margin, margin:-margin]
    if not centres.any():
        raise SizeError(f"no pixel of the region lies {margin} px from the border; SSIM needs whole windows.")
    return float(similar[:, centres].mean(dtype=np.float64))


def ms_ssim(a: Picture, b: Picture) -> float:
    """Multi-scale structural similarity of two pictures of one size from 176 px a side; 0 to 1, 1 for identical ones.

    Wang, Simoncelli & Bovik 2003, eq. 7, with its five weights; the windows of `ssim`, each scale the mean of 2x2
    pixels of the one before. A scale on which the pictures are unlike (below 0) counts as 0. Raises `SizeError` as
    `psnr` does.
    """
    return ssim_and_ms_ssim(a, b)[1]


def ssim_and_ms_ssim(a: Picture, b: Picture) -> tuple[float, float]:
    """What `ssim` and `ms_ssim` give, in little more than the time of one: the finest scale is the same."""
    x, y = _planes(a, b, smallest=_SMALLEST)
    means = [_means(x, y)]
    while len(means) < len(_SCALES):
        x, y = _halved(x), _halved(y)
        means.append(_means(x, y))
    factors = [contrast for _, contrast in means[:-1]] + [means[-1][0]]
    return means[0][0], float(np.prod(np.power(np.maximum(factors, 0), _SCALES)))


def delta_e(a: Picture, b: Picture) -> NDArray[np.float64]:
    """Colour difference of each pixel (H, W) by CIEDE2000 (Sharma, Wu & Dalal 2005); 0 is equal, about 1 just seen.

    Pictures are sRGB under D65. Raises `SizeError` when the sizes differ.
    """
    first, second = _compared(a, b, None)
    difference: Callable[..., NDArray[np.float64]] = color.deltaE_ciede2000
    return difference(color.rgb2lab(first), color.rgb2lab(second))


def delta_e_by_region(a: Picture, b: Picture, *, labels: LabelMap) -> Mapping[int, float]:
    """Mean colour difference (`delta_e`) over the pixels of each class in `labels` (H, W), by its id.

    Raises `SizeError` when the sizes differ, and `LabelError` for a map that is not of whole numbers.
    """
    if labels.shape != a.shape[:2]:
        raise SizeError(f"a label map {labels.shape} came for pictures {a.shape[:2]}; give one of their size.")
    if labels.dtype.kind not in "ui":
        raise LabelError(f"a label map came as {labels.dtype}; give class ids, uint8.")
    ids, places = np.unique(labels, return_inverse=True)
    places = places.ravel()
    sums = np.bincount(places, weights=delta_e(a, b).ravel())
    return {int(label): float(mean) for label, mean in zip(ids, sums / np.bincount(places), strict=True)}


def _compared(a: Picture, b: Picture, region: Region | None) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Both pictures, or their pixels (N, 3) in the region."""
    if a.shape != b.shape:
        (height, width), (other_height, other_width) = a.shape[:2], b.shape[:2]
        raise SizeError(
            f"the pictures are {width}x{height} and {other_width}x{other_height}; bring them to one size first."
        )
    for picture in (a, b):
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise ImageError(f"a picture came as {picture.shape} {picture.dtype}; give RGB, (H, W, 3) uint8.")
    if region is None:
        return a, b
    chosen = _whole(region, a)
    return a[chosen], b[chosen]


def _whole(region: Region, picture: Picture) -> Region:
    if region.shape != picture.shape[:2] or not region.any():
        raise SizeError(
            f"a region {region.shape} came for pictures {picture.shape[:2]}; give one of their size, not empty."
        )
    return region


def _planes(a: Picture, b: Picture, *, smallest: int) -> tuple[_Plane, _Plane]:
    """Both pictures as (3, H, W) about 0, which keeps single precision exact enough (variances do not change)."""
    first, second = _compared(a, b, None)
    if min(first.shape[:2]) < smallest:
        raise SizeError(
            f"the pictures are {first.shape[1]}x{first.shape[0]}; this score needs {smallest} px a side or more."
        )
    x, y = (np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32) - 128 for picture in (first, second))
    return x, y


def _similarities(x: _Plane, y: _Plane) -> tuple[_Plane, _Plane]:
    """SSIM and its contrast-structure part at each whole window, both (3, H - 10, W - 10)."""
    mean_x, mean_y, squares, products = _blurred(np.stack([x, y, x * x + y * y, x * y]))
    variances = squares - (mean_x * mean_x + mean_y * mean_y)  # so that equal pictures give exactly 1
    covariance = products - mean_x * mean_y
    contrast: _Plane = (2 * covariance + _CONTRAST) / (variances + _CONTRAST)
    bright_x, bright_y = mean_x + 128, mean_y + 128
    brightness: _Plane = (2 * bright_x * bright_y + _BRIGHTNESS) / (
        bright_x * bright_x + bright_y * bright_y + _BRIGHTNESS
    )
    similar: _Plane = contrast * brightness
    return similar, contrast


def _means(x: _Plane, y: _Plane) -> tuple[float, float]:
    """Means of SSIM and of its contrast-structure part over all windows."""
    similar, contrast = _similarities(x, y)
    return float(similar.mean(dtype=np.float64)), float(contrast.mean(dtype=np.float64))


def _blurred(planes: _Plane) -> _Plane:
    """Gaussian means (..., H - 10, W - 10) of the whole windows of planes (..., H, W)."""
    return _blurred_along(_blurred_along(planes, -2), -1)


def _blurred_along(planes: _Plane, axis: int) -> _Plane:
    """Weighted sums of neighbours along one axis; equal weights are added first."""
    length = planes.shape[axis] - _SIDE + 1
    lines = np.moveaxis(planes, axis, -1)
    result: _Plane = _WINDOW[_SIDE // 2] * lines[..., _SIDE // 2 : _SIDE // 2 + length]
    for place in range(_SIDE // 2):
        opposite = _SIDE - 1 - place
        pair = lines[..., place : place + length] + lines[..., opposite : opposite + length]
        pair *= _WINDOW[place]
        result += pair
    return np.moveaxis(result, -1, axis)


def _halved(planes: _Plane) -> _Plane:
    """Means of 2x2 pixels; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in planes.shape[1:])
    whole = planes[:, :height, :width]
    quads = whole[:, ::2, ::2] + whole[:, 1::2, ::2] + whole[:, ::2, 1::2] + whole[:, 1::2, 1::2]
    return np.asarray(quads / 4, np.float32)


def _window() -> NDArray[np.float32]:
    steps = np.arange(_SIDE) - _SIDE // 2
    weights = np.exp(-(steps**2) / (2 * _SIGMA**2))
    return np.asarray(weights / weights.sum(), np.float32)


_WINDOW = _window()
