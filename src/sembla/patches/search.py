"""Exact nearest patches: what scores are measured with, where an approximate field would flatter or blame."""

from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import SizeError
from sembla.core.types import LabelMap, Picture

__all__ = ["NO_PATCH", "PATCH", "at_centres", "nearest_distances", "patches"]

Element = TypeVar("Element", bound=np.generic)

PATCH = 7
"""Side of a patch, in pixels."""

NO_PATCH = np.iinfo(np.int32).max
"""The squared distance that stands for "there is no such patch"."""


def patches(picture: Picture) -> NDArray[np.uint8]:
    """Every whole 7x7 patch of `picture` (H, W, 3): (H - 6, W - 6, 147).

    The patch at (y, x) covers rows y to y + 6 and columns x to x + 6.
    Raises `SizeError` when the picture is smaller than a patch.
    """
    height, width = picture.shape[:2]
    if min(height, width) < PATCH:
        raise SizeError(f"the picture is {width}x{height}, smaller than a {PATCH}x{PATCH} patch; give a larger one.")
    windows = np.lib.stride_tricks.sliding_window_view(picture, (PATCH, PATCH), axis=(0, 1))  # (h, w, 3, 7, 7)
    return windows.reshape(*windows.shape[:2], -1)


def at_centres(plane: NDArray[Element]) -> NDArray[Element]:
    """What `plane` (H, W) holds at the centre of every whole patch: (H - 6, W - 6). A patch's label is found so."""
    rim = PATCH // 2
    return plane[rim:-rim, rim:-rim]


def nearest_distances(
    picture: Picture, wanted: LabelMap, *, source: Picture, labels: LabelMap, apart: int = 0
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Squared distance from each patch to the nearest source patch of its wanted label, and to the nearest of any.

    `picture` (H, W, 3) with the `wanted` labels (H, W), `source` and its `labels` likewise. Both results are
    (H - 6, W - 6) and exact: sums of squares of whole numbers, 0 to 147 * 255^2, the same whatever the thread count.
    `NO_PATCH` stands where no source patch has the label. Source patches whose place differs by less than `apart`
    pixels both ways are passed over; 7 keeps the patches of one picture from meeting those they share a pixel with.

    The whole search is one pass per shift of the picture over the source: squared differences, summed over a
    sliding window (the box filter of McDonnell 1981), so a pair of patches costs a dozen operations and not 441.
    """
    planes, known = (np.ascontiguousarray(image.transpose(2, 0, 1), np.int16) for image in (picture, source))
    asked, given = (at_centres(plane).astype(np.int16) for plane in (wanted, labels))
    workers = numba.get_num_threads()

    def share(first: int) -> NDArray[np.int32]:
        best = np.full((2, *asked.shape), NO_PATCH, np.int32)
        for down in range(PATCH - planes.shape[1] + first, known.shape[1] - PATCH + 1, workers):
            _compare_shifted(planes, asked, known, given, down, apart, best)
        return best

    with ThreadPoolExecutor(workers) as pool:
        to_wanted, to_any = np.minimum.reduce(list(pool.map(share, range(workers))))
    return to_wanted, to_any


@numba.njit(cache=True, nogil=True)
def _compare_shifted(
    picture: NDArray[np.int16],
    wanted: NDArray[np.int16],
    source: NDArray[np.int16],
    labels: NDArray[np.int16],
    down: int,
    apart: int,
    best: NDArray[np.int32],
) -> None:
    """Lower `best` (2, h, w), to the wanted and to any label, by the source patches `down` rows below each patch.

    `picture` (3, H, W) and `source` (3, H', W') in planes; `wanted` and `labels` at the centres of their patches.
    """
    columns = np.empty(picture.shape[2], np.int32)  # squared differences, summed over the last 7 rows
    squares = np.empty((PATCH, picture.shape[2]), np.int32)  # those of each of these rows
    top, bottom = max(0, -down), min(picture.shape[1], source.shape[1] - down)
    for right in range(PATCH - picture.shape[2], source.shape[2] - PATCH + 1):
        if abs(down) < apart and abs(right) < apart:
            continue
        left = max(0, -right)
        width = min(picture.shape[2], source.shape[2] - right) - left
        columns[:] = 0
        squares[:] = 0
        for y in range(top, bottom):
            row = squares[y % PATCH]
            # Rows as slices of their own: so the loops over x have unit strides, and the compiler vectorises them.
            red, other_red = picture[0, y, left:], source[0, y + down, left + right :]
            green, other_green = picture[1, y, left:], source[1, y + down, left + right :]
            blue, other_blue = picture[2, y, left:], source[2, y + down, left + right :]
            for x in range(width):
                square = (
                    (red[x] - other_red[x]) ** 2 + (green[x] - other_green[x]) ** 2 + (blue[x] - other_blue[x]) ** 2
                )
                columns[x] += square - row[x]
                row[x] = square
            corner = y - PATCH + 1
            if corner < top:
                continue
            ask, given = wanted[corner, left:], labels[corner + down, left + right :]
            to_wanted, to_any = best[0, corner, left:], best[1, corner, left:]
            for x in range(width - PATCH + 1):
                distance = columns[x]
                for step in range(1, PATCH):
                    distance += columns[x + step]
                to_any[x] = min(to_any[x], distance)
                to_wanted[x] = min(to_wanted[x], distance if ask[x] == given[x] else NO_PATCH)
