"""Contact sheets: rows of pictures side by side, for judging many results at one look."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sembla.core.errors import InputError
from sembla.core.types import MAX_PIXELS, Picture

__all__ = ["contact_sheet", "thumbnail", "tiled"]

_GAP = 8
_HEAD = 20
_MIN_CELL = 32


def contact_sheet(rows: Sequence[Sequence[Picture]], *, headings: Sequence[str], cell: int = 280) -> Picture:
    """Lay pictures out in rows under `headings`, on white.

    `rows` holds pictures (H, W, 3) of any sizes, as many a row as there are headings. Each is scaled to fit a box
    `cell` px wide, and as high as the tallest shape needs. With so many rows that the sheet would pass 12.5 megapixels
    the boxes shrink; `InputError` is raised where they would get too small to see anything, or where there is no row.
    """
    if not rows or any(len(row) != len(headings) for row in rows):
        raise InputError(f"a contact sheet needs rows of {len(headings)} pictures; {[len(row) for row in rows]} came.")
    aspect = min(2.0, max(picture.shape[0] / picture.shape[1] for row in rows for picture in row))
    while _area(cell, aspect=aspect, shape=(len(rows), len(headings))) > MAX_PIXELS:
        cell = cell * 9 // 10
    if cell < _MIN_CELL:
        raise InputError(f"{len(rows)} rows do not fit on one contact sheet; make several.")
    box = (cell, max(1, round(cell * aspect)))
    sheet = Image.new("RGB", _sheet_size(box, shape=(len(rows), len(headings))), "white")
    draw = ImageDraw.Draw(sheet)
    for column, heading in enumerate(headings):
        draw.text((_GAP + column * (cell + _GAP), _GAP // 2), heading, fill="black", font=ImageFont.load_default())
    for index, row in enumerate(rows):
        for column, picture in enumerate(row):
            left, top = _GAP + column * (cell + _GAP), _HEAD + index * (box[1] + _GAP)
            tile = _fit(picture, box)
            sheet.paste(tile, (left + (cell - tile.width) // 2, top + (box[1] - tile.height) // 2))
    return np.asarray(sheet)


def tiled(pictures: Sequence[Picture]) -> Picture:
    """Pictures of one size side by side, without gaps, in rows as near to a square as they go; the rest is black."""
    across = math.ceil(len(pictures) ** 0.5)
    height, width = pictures[0].shape[:2]
    sheet = np.zeros((math.ceil(len(pictures) / across) * height, across * width, 3), np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, across)
        sheet[row * height : (row + 1) * height, column * width : (column + 1) * width] = picture
    return sheet


def thumbnail(picture: Picture, *, longest: int = 560) -> Picture:
    """A picture (H, W, 3) with its longest side reduced to `longest` px: enough for a sheet, and light to keep."""
    if max(picture.shape) <= longest:
        return picture
    return np.asarray(_fit(picture, (longest, longest)))


def _fit(picture: Picture, box: tuple[int, int]) -> Image.Image:
    """Scale a picture to fit a box (width, height); blocks stay blocks when it grows."""
    image = Image.fromarray(picture)
    scale = min(box[0] / image.width, box[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS, reducing_gap=2)


def _sheet_size(box: tuple[int, int], *, shape: tuple[int, int]) -> tuple[int, int]:
    """Size (width, height) of a sheet of `shape` (rows, columns) boxes."""
    return _GAP + shape[1] * (box[0] + _GAP), _HEAD + shape[0] * (box[1] + _GAP)


def _area(cell: int, *, aspect: float, shape: tuple[int, int]) -> int:
    width, height = _sheet_size((cell, max(1, round(cell * aspect))), shape=shape)
    return width * height
