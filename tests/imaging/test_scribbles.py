"""Scribbles: what was drawn is read as it was meant, and a few strokes fill the picture."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from sembla.core.errors import ImageError, LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.imaging.scribbles import fill_strokes, read_strokes

Strokes = NDArray[np.int16]
Line = tuple[tuple[float, float], ...]

RED, GREEN, BLUE, GREY = (230, 20, 30), (20, 200, 60), (30, 40, 250), (128, 128, 128)
SIZE = (120, 160)
LINES: dict[tuple[int, int, int], Line] = {
    BLUE: ((20, 20), (70, 35), (60, 12)),
    GREEN: ((100, 15), (140, 50), (90, 60)),
    RED: ((15, 80), (80, 105), (130, 95)),
}
"""Strokes in (x, y), in the order of no palette."""


def photo(height: int = SIZE[0], width: int = SIZE[1]) -> Picture:
    """Something with more than 64 colours."""
    chance = np.random.default_rng(7)
    fields = ndimage.gaussian_filter(chance.normal(0, 1, (height, width, 3)), (6, 6, 0))
    return np.clip(127 + 900 * fields + chance.normal(0, 3, (height, width, 3)), 0, 255).astype(np.uint8)


def coverage(line: Line, thickness: float, *, smooth: bool) -> NDArray[np.float64]:
    """Opacity of a stroke, 0 to 1; smooth edges are made by drawing at eight times the size."""
    scale = 8
    canvas = Image.new("L", (SIZE[1] * scale, SIZE[0] * scale))
    points = [(x * scale, y * scale) for x, y in line]
    ImageDraw.Draw(canvas).line(points, 255, round(thickness * scale), joint="curve")
    opacity = np.asarray(canvas.resize((SIZE[1], SIZE[0]), Image.Resampling.BOX), np.float64) / 255
    return opacity if smooth else np.round(opacity)


def drawn(ground: Picture, thickness: float = 5, *, smooth: bool = False) -> Picture:
    """The lines over a ground."""
    result = ground.astype(np.float64)
    for colour, line in LINES.items():
        opacity = coverage(line, thickness, smooth=smooth)[..., None]
        result = result * (1 - opacity) + np.array(colour) * opacity
    return np.rint(result).astype(np.uint8)


def see_through(thickness: float = 5, *, smooth: bool = False) -> NDArray[np.uint8]:
    """The lines over nothing, RGBA."""
    planes = np.zeros((*SIZE, 4), np.uint8)
    for colour, line in LINES.items():
        opacity = coverage(line, thickness, smooth=smooth)
        planes[opacity > 0] = (*colour, 0)
        planes[..., 3] = np.maximum(planes[..., 3], np.rint(255 * opacity))
    return planes


def plain(colour: tuple[int, int, int]) -> Picture:
    """A canvas."""
    return np.broadcast_to(np.array(colour, np.uint8), (*SIZE, 3)).copy()


def meant(palette: NDArray[np.uint8], thickness: float = 5) -> Strokes:
    """The strokes that were drawn with hard edges, in the ids of a palette."""
    ids = np.full(SIZE, -1, np.int16)
    for colour, line in LINES.items():
        ids[coverage(line, thickness, smooth=False) > 0] = palette.tolist().index(list(colour))
    return ids


def compressed(pixels: Picture, quality: int) -> Picture:
    """Through JPEG, chroma halved."""
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "JPEG", quality=quality, subsampling=2)
    return np.asarray(Image.open(memory).convert("RGB"))


GROUNDS = {"white": plain((255, 255, 255)), "black": plain((0, 0, 0)), "grey": plain(GREY), "photo": photo()}
grounds = pytest.mark.parametrize("ground", list(GROUNDS.values()), ids=list(GROUNDS))


@pytest.mark.parametrize("thickness", [1, 3, 7])
@grounds
def test_hard_strokes_are_read_to_the_pixel(ground: Picture, thickness: float) -> None:
    strokes, palette = read_strokes(drawn(ground, thickness), photo())
    expected = meant(palette, thickness)
    if ground is not GROUNDS["photo"]:
        assert np.array_equal(strokes, expected)
    assert ((strokes == expected) | (strokes == -1)).all()  # where a stroke looks like the photo it cannot be seen
    assert ((strokes >= 0) & (expected >= 0)).sum() > 0.95 * (expected >= 0).sum()
    assert palette.tolist() == sorted(map(list, LINES))
    assert strokes.dtype == np.int16
    assert palette.dtype == np.uint8


def test_hard_strokes_on_nothing_are_read_to_the_pixel() -> None:
    strokes, palette = read_strokes(see_through(), photo())
    assert np.array_equal(strokes, meant(palette))


def right(strokes: Strokes, palette: NDArray[np.uint8], thickness: float, least: float) -> None:
    """As many classes as were drawn; no pixel off its stroke; most of each stroke's middle was read."""
    assert len(palette) == len(LINES)
    for colour, line in LINES.items():
        distance = np.abs(palette.astype(int) - colour).sum(1)
        own = strokes == distance.argmin()
        opacity = coverage(line, thickness, smooth=True)
        assert distance.min() < 60
        assert not (own & (opacity < 0.2)).any()
        assert own[opacity > 0.99].mean() > least


@pytest.mark.parametrize("thickness", [2, 3.3, 6.5])
@grounds
def test_smooth_edges_become_no_class(ground: Picture, thickness: float) -> None:
    right(*read_strokes(drawn(ground, thickness, smooth=True), photo()), thickness, least=0.8)


@pytest.mark.parametrize("thickness", [2, 3.3, 6.5])
def test_smooth_edges_on_nothing_become_no_class(thickness: float) -> None:
    right(*read_strokes(see_through(thickness, smooth=True), photo()), thickness, least=0.99)


@pytest.mark.parametrize("quality", [75, 95])
@grounds
def test_ripples_of_jpeg_become_no_class(ground: Picture, quality: int) -> None:
    right(*read_strokes(compressed(drawn(ground, 7, smooth=True), quality), photo()), 7, least=0.6)


def test_a_stroke_that_cannot_be_read_is_not_lost_in_silence() -> None:
    drawing = drawn(GROUNDS["white"], 7, smooth=True)
    faint = coverage(((5, 60), (70, 66)), 1.2, smooth=True)[..., None]
    thin = np.rint(drawing * (1 - faint) + np.array([250, 0, 250]) * faint).astype(np.uint8)
    with pytest.raises(LabelError, match=r"stroke at x=\d+, y=(59|6\d) .*PNG"):
        read_strokes(compressed(thin, 60), photo())


def test_blends_where_two_strokes_cross_become_no_class() -> None:
    planes = see_through(8, smooth=True)
    opacity = coverage(((30, 5), (60, 50)), 8, smooth=True)[..., None]
    planes[..., :3] = np.rint(planes[..., :3] * (1 - opacity) + np.array([250, 220, 0]) * opacity)
    planes[..., 3:] = np.maximum(planes[..., 3:], np.rint(255 * opacity))
    _, palette = read_strokes(planes, photo())
    assert palette.tolist() == sorted([*map(list, LINES), [250, 220, 0]])


def test_ids_do_not_depend_on_how_much_was_drawn() -> None:
    drawing = drawn(GROUNDS["black"])
    more = drawing.copy()
    more[100:118, 2:60] = BLUE
    assert np.array_equal(read_strokes(drawing, photo())[1], read_strokes(more, photo())[1])


def test_strokes_given_as_ids_are_read() -> None:
    ids = np.zeros(SIZE, np.uint8)
    ids[10:14, 10:50], ids[40:44, 10:50], ids[80:84, 10:50] = 1, 2, 3
    strokes, palette = read_strokes(np.repeat(ids[..., None], 3, 2), photo())
    assert np.array_equal(strokes, ids.astype(np.int16) - 1)
    assert palette[:, 0].tolist() == [1, 2, 3]


def test_single_pixels_are_strokes() -> None:
    drawing = plain((255, 255, 255))
    drawing[10, 10], drawing[50, 60], drawing[51, 90] = RED, BLUE, RED
    strokes, palette = read_strokes(drawing, photo())
    assert palette.tolist() == [list(BLUE), list(RED)]
    assert (strokes[10, 10], strokes[50, 60], strokes[51, 90], (strokes >= 0).sum()) == (1, 0, 1, 3)


def test_a_white_canvas_and_a_photo_with_much_white_are_told_apart() -> None:
    white = np.full((*SIZE, 3), 255, np.uint8)
    white[40:90, 50:110] = photo()[40:90, 50:110]
    for ground in (GROUNDS["white"], white):
        strokes, palette = read_strokes(drawn(ground), white)
        assert len(palette) == 3
        assert ((strokes == meant(palette)) | (strokes == -1)).all()


def test_opaque_alpha_says_nothing() -> None:
    drawing = drawn(GROUNDS["white"])
    opaque = np.concatenate([drawing, np.full((*SIZE, 1), 255, np.uint8)], -1)
    assert np.array_equal(read_strokes(opaque, photo())[0], read_strokes(drawing, photo())[0])


def test_one_class_or_none_is_refused() -> None:
    one = plain((255, 255, 255))
    one[10:20, 10:20] = RED
    with pytest.raises(LabelError, match="show 1 clear colour of strokes; draw 2 to 64"):
        read_strokes(one, photo())
    for nothing in (plain((0, 0, 0)), photo(), np.zeros((*SIZE, 4), np.uint8)):
        with pytest.raises(LabelError, match="show 0 clear colours"):
            read_strokes(nothing, photo())


def test_too_many_classes_are_refused() -> None:
    drawing = plain((0, 0, 0))
    for number in range(65):
        row, column = divmod(number, 13)
        drawing[8 + 20 * row : 13 + 20 * row, 4 + 12 * column : 10 + 12 * column] = (
            60 * (number % 4) + 60,
            60 * (number // 4 % 4) + 60,
            45 * (number // 16) + 60,
        )
    with pytest.raises(LabelError, match="show 65 clear colours"):
        read_strokes(drawing, photo())
    drawing[88:93, 4:10] = 0
    assert len(read_strokes(drawing, photo())[1]) == 64


def test_a_drawing_on_something_else_is_refused() -> None:
    with pytest.raises(LabelError, match="neither a plain ground nor the picture"):
        read_strokes(photo()[::-1], photo())


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(SizeError, match=r"150x120.*160x120"):
        read_strokes(drawn(photo())[:, :150], photo())
    for wrong in (np.zeros(SIZE, np.uint8), np.zeros((*SIZE, 2), np.uint8), np.zeros((*SIZE, 3), np.float64)):
        with pytest.raises(ImageError, match="pass uint8"):
            read_strokes(wrong, photo())  # type: ignore[arg-type]


def regions(height: int, width: int) -> LabelMap:
    """Three regions: a disc before a slanting horizon."""
    rows, columns = np.indices((height, width)) / min(height, width)
    below = rows > 0.55 + 0.1 * columns
    disc = (rows - 0.45) ** 2 + (columns - 0.6) ** 2 < 0.3**2
    return np.where(disc, 2, below).astype(np.uint8)


def painted(labels: LabelMap, noise: float = 10) -> Picture:
    """Each region in its colour, with noise."""
    chance = np.random.default_rng(3)
    colours = np.array([[90, 140, 210], [70, 120, 60], [200, 90, 80]])[labels]
    return np.clip(colours + chance.normal(0, noise, colours.shape), 0, 255).astype(np.uint8)


def strokes_inside(labels: LabelMap) -> Strokes:
    """Some pixels deep inside every region."""
    strokes = np.full(labels.shape, -1, np.int16)
    for number in np.unique(labels):
        depth = ndimage.distance_transform_edt(np.pad(labels == number, 1))[1:-1, 1:-1]
        strokes[depth > 0.85 * depth.max()] = number
    return strokes


def off_borders(labels: LabelMap, reach: int) -> NDArray[np.bool_]:
    """Pixels with one label only within reach."""
    size = 2 * reach + 1
    calm: NDArray[np.bool_] = ndimage.maximum_filter(labels, size) == ndimage.minimum_filter(labels, size)
    return calm


@pytest.mark.parametrize("size", [(64, 64), (150, 200), (480, 640)])
@pytest.mark.parametrize("noise", [0, 12])
def test_flat_regions_are_recovered_up_to_a_pixel(size: tuple[int, int], noise: float) -> None:
    truth = regions(*size)
    labels = fill_strokes(painted(truth, noise), strokes_inside(truth))
    assert labels.dtype == np.uint8
    assert np.array_equal(labels[off_borders(truth, 1)], truth[off_borders(truth, 1)])


def test_stripes_are_one_region() -> None:
    rows, columns = np.indices((200, 260))
    truth = ((rows - 100) ** 2 + (columns - 130) ** 2 < 70**2).astype(np.uint8)
    striped = np.where((rows + columns) // 6 % 2, 225, 25)
    picture = np.where(truth, striped, 125 + rows // 40)[..., None].repeat(3, 2).astype(np.uint8)
    strokes = np.full(truth.shape, -1, np.int16)
    strokes[98:102, 90:170] = 1  # across the stripes, in a part of the disc only
    strokes[10:13, 10:250] = 0
    labels = fill_strokes(picture, strokes)
    assert (labels != truth)[off_borders(truth, 6)].mean() < 0.001


def test_a_region_in_two_parts_needs_strokes_in_one_only() -> None:
    truth = np.zeros((120, 200), np.uint8)
    truth[40:90, 20:70] = truth[40:90, 130:180] = 1
    strokes = np.full(truth.shape, -1, np.int16)
    strokes[60:63, 30:60] = 1
    strokes[10:12, 5:195] = 0
    assert np.array_equal(fill_strokes(painted(truth), strokes)[off_borders(truth, 1)], truth[off_borders(truth, 1)])


def test_strokes_along_the_edge_of_the_picture_count() -> None:
    truth = regions(150, 200)
    strokes = np.full(truth.shape, -1, np.int16)
    strokes[0, :], strokes[-1, :], strokes[60:75, 110:130] = 0, 1, 2
    labels = fill_strokes(painted(truth), strokes)
    assert np.array_equal(labels[off_borders(truth, 1)], truth[off_borders(truth, 1)])


@pytest.mark.parametrize("size", [(40, 48), (400, 500)])
def test_one_pixel_a_class_is_enough_on_flat_regions(size: tuple[int, int]) -> None:
    truth = regions(*size)
    strokes = np.full(size, -1, np.int16)
    for number in range(3):
        depth = ndimage.distance_transform_edt(np.pad(truth == number, 1))[1:-1, 1:-1]
        strokes[np.unravel_index(depth.argmax(), size)] = number
    labels = fill_strokes(painted(truth, 4), strokes)
    assert np.array_equal(labels[off_borders(truth, 1)], truth[off_borders(truth, 1)])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_strokes_keep_their_class_and_every_pixel_gets_one(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from([(16, 16), (16, 40), (33, 21), (300, 18), (290, 310)]))
    count = data.draw(st.integers(2, 6))
    chance = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    picture = chance.integers(0, 256, (*size, 3), np.uint8)
    ids = np.sort(chance.choice(64, count, replace=False))
    strokes = np.full(size, -1, np.int16)
    marked = chance.permutation(strokes.size)[: data.draw(st.sampled_from([count, 40, 250, strokes.size]))]
    strokes.ravel()[marked] = np.resize(ids, len(marked))
    before = picture.copy(), strokes.copy()
    labels = fill_strokes(picture, strokes)
    assert np.array_equal(labels[strokes >= 0], strokes[strokes >= 0])
    assert np.array_equal(np.unique(labels), np.unique(strokes[strokes >= 0]))
    assert np.array_equal(picture, before[0])
    assert np.array_equal(strokes, before[1])


def test_classes_whose_strokes_lie_closer_than_the_small_copy_shows_are_kept() -> None:
    strokes = np.full((900, 1200), -1, np.int16)
    strokes[0:2, 0:2] = [[0, 1], [2, 3]]
    strokes[800, 1000] = 4
    labels = fill_strokes(painted(regions(900, 1200)), strokes)
    assert labels[0:2, 0:2].tolist() == [[0, 1], [2, 3]]
    assert labels[800, 1000] == 4


def test_no_crumbs_without_a_stroke_are_left() -> None:
    truth = regions(300, 400)
    picture = painted(truth, 70)  # so noisy that single pixels look like any class
    strokes = strokes_inside(truth)
    labels = fill_strokes(picture, strokes)
    for number in range(3):
        pieces, count = ndimage.label(labels == number)
        areas = np.bincount(pieces.ravel())
        touched = np.unique(pieces[strokes == number])
        assert all(areas[piece] >= 0.002 * truth.size or piece in touched for piece in range(1, count + 1))


def test_the_same_strokes_give_the_same_map() -> None:
    truth = regions(300, 330)
    first, second = (fill_strokes(painted(truth, 40), strokes_inside(truth)) for _ in range(2))
    assert np.array_equal(first, second)


def test_a_plain_picture_is_shared_by_distance() -> None:
    strokes = np.full((60, 101), -1, np.int16)
    strokes[:, 0], strokes[:, -1] = 0, 1
    labels = fill_strokes(np.full((60, 101, 3), 77, np.uint8), strokes)
    assert not labels[:, :50].any()
    assert labels[:, 51:].all()


def test_strokes_that_cannot_be_used_are_refused() -> None:
    picture = painted(regions(40, 50))
    strokes = np.full((40, 50), -1, np.int16)
    with pytest.raises(LabelError, match="0 classes have strokes"):
        fill_strokes(picture, strokes)
    strokes[3, 3] = 5
    with pytest.raises(LabelError, match="1 class has strokes, ids up to 5"):
        fill_strokes(picture, strokes)
    strokes[9, 9] = 64
    with pytest.raises(LabelError, match="ids 0 to 63"):
        fill_strokes(picture, strokes)
    with pytest.raises(SizeError, match=r"50x39.*50x40"):
        fill_strokes(picture, strokes[:39])
