"""The compiled loops of augmentation; `resize`, `warp` and `colour` call them."""

import numpy as np

from sembla.compiling import Array, Integer, Real, kernel, plain

__all__ = ["across", "blend_at", "down", "mix", "pick_at", "places", "plain", "taps"]

_HALF, _ONE, _TWO = np.float32(0.5), np.float32(1), np.float32(2)
_UNIT = np.int32(1 << 10)  # a weight of one; twice its bits and the 8 of a colour fit into 32
_NEXT = np.uint64(1)

_POINT = np.int32(22)  # bits behind the point of the weights of `taps`
_ROUND = np.int32(1 << 21)
_BLACK, _WHITE = np.int32(0), np.int32(255)
_FRACTION = np.int32(16)  # bits behind the point of the matrix of `mix`


@kernel
def places(offsets: Array, rows: Array, columns: Array) -> None:
    """Fill `rows` and `columns`, each float32 (H, W), with where each pixel is taken from; beyond a border, mirrored.

    `offsets` (2, cells + 1, cells + 1) is how far away that is, across and down in shares of the sides, on a lattice.
    """
    height, width = rows.shape
    cells = offsets.shape[1] - 1
    at, shares = np.empty(width, np.uint64), np.empty(width, np.float32)
    for column in range(width):
        at[column], shares[column] = _cell(column, width, cells)
    lines = np.empty((2, cells + 1, width), np.float32)  # the lattice, as fine as the pixels from left to right
    for axis in range(2):
        for line in range(cells + 1):
            for column in range(width):
                one, other = offsets[axis, line, at[column]], offsets[axis, line, at[column] + _NEXT]
                lines[axis, line, column] = _between(one, other, shares[column])
    for row in range(height):
        cell, share = _cell(row, height, cells)
        for column in range(width):
            across = _between(lines[0, cell, column], lines[0, cell + _NEXT, column], share)
            down = _between(lines[1, cell, column], lines[1, cell + _NEXT, column], share)
            columns[row, column] = _mirrored(np.float32(column) + across * np.float32(width), np.float32(width))
            rows[row, column] = _mirrored(np.float32(row) + down * np.float32(height), np.float32(height))


@kernel
def _cell(pixel: Integer, count: Integer, cells: Integer) -> tuple[Integer, Real]:
    """The cell of the lattice in which the centre of a pixel lies, and how far into it, 0 to 1."""
    at = (np.float32(pixel) + _HALF) * np.float32(cells / count)
    cell = min(np.int32(at), np.int32(cells - 1))
    return np.uint64(cell), at - np.float32(cell)  # unsigned: no index is looked at for being negative


@kernel
def _between(one: Real, other: Real, share: Real) -> Real:
    """A mixture of two values, of which the other has this share."""
    return one + share * (other - one)


@kernel
def _mirrored(at: Real, count: Real) -> Real:
    """A place on a line of `count` pixels; what lies beyond its ends is folded back, once."""
    at = -_ONE - at if at < -_HALF else at
    at = _TWO * count - _ONE - at if at > count - _HALF else at
    return min(max(at, np.float32(0)), count - _ONE)


@kernel
def blend_at(picture: Array, rows: Array, columns: Array, out: Array) -> None:
    """Fill `out` (H, W, 3) with the picture at fractional places, bilinear and rounded; weights in steps of 1/1024."""
    height, width = picture.shape[:2]
    for row in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            top, left = np.int32(rows[row, column]), np.int32(columns[row, column])
            down = np.int32(np.rint((rows[row, column] - np.float32(top)) * np.float32(_UNIT)))
            right = np.int32(np.rint((columns[row, column] - np.float32(left)) * np.float32(_UNIT)))
            above, below = np.uint64(top), np.uint64(min(top + 1, height - 1))
            here, beside = np.uint64(left), np.uint64(min(left + 1, width - 1))
            for channel in range(3):
                upper = (_UNIT - right) * picture[above, here, channel] + right * picture[above, beside, channel]
                lower = (_UNIT - right) * picture[below, here, channel] + right * picture[below, beside, channel]
                mixed = (_UNIT - down) * upper + down * lower + (1 << 19)
                out[row, column, channel] = np.uint8(mixed >> 20)


@kernel
def pick_at(ids: Array, rows: Array, columns: Array, out: Array) -> None:
    """Fill `out` (H, W) with the nearest of the ids at fractional places."""
    for row in range(rows.shape[0]):
        for column in range(rows.shape[1]):
            out[row, column] = ids[np.uint64(np.rint(rows[row, column])), np.uint64(np.rint(columns[row, column]))]


@kernel
def mix(flat: Array, matrix: Array, out: Array) -> None:
    """Fill `out` (N * 3,) with colours that are multiplied with a matrix, cut to 0 to 255.

    The matrix (3, 4) is int32, in units of 1/65536; its last column is added.
    """
    for pixel in range(len(flat) // 3):
        at, after, last = np.uint64(3 * pixel), np.uint64(3 * pixel + 1), np.uint64(3 * pixel + 2)
        red, green, blue = np.int32(flat[at]), np.int32(flat[after]), np.int32(flat[last])
        out[at] = _byte(matrix[0, 0] * red + matrix[0, 1] * green + matrix[0, 2] * blue + matrix[0, 3])
        out[after] = _byte(matrix[1, 0] * red + matrix[1, 1] * green + matrix[1, 2] * blue + matrix[1, 3])
        out[last] = _byte(matrix[2, 0] * red + matrix[2, 1] * green + matrix[2, 2] * blue + matrix[2, 3])


@kernel
def _byte(total: Integer) -> Integer:
    """A level in units of 1/65536 as a whole one, cut to 0 to 255; in 32 bits, of which processors add many at once."""
    return np.uint8(min(max(np.int32(np.int32(total) >> _FRACTION), _BLACK), _WHITE))


@kernel
def taps(length: Integer, count: Integer) -> tuple[Array, Array]:
    """Of a line of `length` pixels that is resized to `count`: which pixels each is made of, and with which weights.

    Returns the first of them (count,) and the weights (count, n) as int32; of no weight are those that do not count.
    """
    scale = length / count
    stretch = max(scale, 1.0)
    shrink = 1 / stretch  # as Pillow rounds
    most = int(np.ceil(2 * stretch)) * 2 + 1
    starts, weights = np.zeros(count, np.int32), np.zeros((count, most), np.int32)
    line = np.empty(most)
    for pixel in range(count):
        centre = (pixel + 0.5) * scale
        first = max(int(centre - 2 * stretch + 0.5), 0)
        number = min(int(centre + 2 * stretch + 0.5), length) - first
        total = 0.0
        for tap in range(number):
            line[tap] = _keys((tap + first - centre + 0.5) * shrink)
            total += line[tap]
        for tap in range(number):
            weight = line[tap] / total * (1 << 22)
            weights[pixel, tap] = int(weight + (0.5 if weight > 0 else -0.5))
        starts[pixel] = first
    return starts, weights


@kernel
def _keys(at: Real) -> Real:
    """The cubic convolution kernel (Keys 1981, eq. 4 with a = -1/2)."""
    at = abs(at)
    if at < 1:
        return (1.5 * at - 2.5) * at * at + 1
    return (((at - 5) * at + 8) * at - 4) * -0.5 if at < 2 else 0.0


@kernel
def _level(total: Integer) -> Integer:
    """A sum of weighted levels as a level, rounded and clipped."""
    return np.uint8(min(max(np.int32(total >> _POINT), _BLACK), _WHITE))


@kernel
def across(flat: Array, starts: Array, weights: Array, out: Array) -> None:
    """Resize the rows of a picture (H, W * 3) into `out` (H, W', 3)."""
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            red = green = blue = _ROUND
            at = np.uint64(3 * starts[column])
            for tap in range(weights.shape[1]):
                weight = weights[column, tap]
                if weight != 0:
                    red = np.int32(red + weight * np.int32(flat[row, at]))
                    green = np.int32(green + weight * np.int32(flat[row, at + _NEXT]))
                    blue = np.int32(blue + weight * np.int32(flat[row, at + _NEXT + _NEXT]))
                at += np.uint64(3)
            out[row, column, 0], out[row, column, 1], out[row, column, 2] = _level(red), _level(green), _level(blue)


@kernel
def down(flat: Array, starts: Array, weights: Array, out: Array) -> None:
    """Resize the columns of a picture (H, W * 3) into `out` (H', W * 3)."""
    line = np.empty(out.shape[1], np.int32)
    for row in range(out.shape[0]):
        line[:] = _ROUND
        for tap in range(weights.shape[1]):
            weight = weights[row, tap]
            if weight != 0:
                source = flat[starts[row] + tap]
                for place in range(len(line)):
                    line[place] += weight * np.int32(source[place])
        for place in range(len(line)):
            out[row, place] = _level(line[place])
