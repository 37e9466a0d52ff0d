"""Changes of the colours of a picture: brightness, contrast, saturation, hue; all of them are one matrix."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sembla.core.types import Picture

__all__ = ["Colour", "recolour"]

_GREY = 127.5
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)


@dataclass(frozen=True)
class Colour:
    """A linear change of the colours: hue and saturation first, then contrast, then brightness."""

    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0
    hue: float = 0.0
    """In turns."""

    @property
    def matrix(self) -> NDArray[np.float64]:
        """What colours 0 to 255 are multiplied with, (3, 4); the last column is added."""
        turn = 2 * math.pi * self.hue
        chroma = self.saturation * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
        change = np.eye(3)
        change[1:, 1:] = chroma
        linear = _FROM_YIQ @ change @ _TO_YIQ * self.contrast
        added = np.full((3, 1), _GREY * (1 - self.contrast))
        return np.hstack([linear, added]) * self.brightness


def recolour(picture: Picture, colour: Colour) -> Picture:
    """Change the colours of a picture (H, W, 3), which stay within 0 to 255."""
    from sembla.data.kernels import mix, plain  # only what is changed waits for the compiler to load

    matrix = np.ldexp(colour.matrix, 16)
    matrix[:, 3] += 1 << 15  # so that what is cut off rounds
    out = np.empty_like(picture, order="C")
    mix(plain(picture).reshape(-1), np.rint(matrix).astype(np.int32), out.reshape(-1))
    return out
