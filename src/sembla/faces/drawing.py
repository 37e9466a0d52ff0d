"""The 68 points of a face, drawn over its picture with their numbers."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sembla.core.types import Picture
from sembla.faces.landmarks import Landmarks

__all__ = ["draw_points"]

_FACE = 700  # px that a face is enlarged to, so that numbers do not cover one another
_LONGEST = 3000  # px of the longest side, beyond which nothing is enlarged
_LINE, _DOT, _NUMBER = (0, 200, 255), (255, 255, 255), (255, 230, 0)


def draw_points(picture: Picture, points: Landmarks, *, parts: Sequence[range]) -> Picture:
    """A picture (H, W, 3) enlarged by a whole number, with lines along the parts of a face, and points with numbers."""
    most = _LONGEST // max(picture.shape[:2])
    factor = max(1, min(most, round(_FACE / max(1.0, float(np.ptp(points, axis=0).max())))))
    image = Image.fromarray(picture)
    sheet = image.resize((image.width * factor, image.height * factor), Image.Resampling.BICUBIC)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default()
    places = [(float(x), float(y)) for x, y in (points + 0.5) * factor - 0.5]
    for part in parts:
        draw.line([places[number] for number in part], fill=_LINE)
    for number, (x, y) in enumerate(places):
        draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=_DOT)
        draw.text((x + 3, y - 5), str(number), fill=_NUMBER, font=font)
    return np.asarray(sheet)
