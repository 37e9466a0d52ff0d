"""Colour maps to ids and back: drawn maps whose truth is known, and everything that must be refused."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from sembla import examples
from sembla.core.errors import LabelError
from sembla.imaging.palette import ClassMaps, colourize, find_palette, match_palette, read_classes, read_known, snap

Pixels = NDArray[np.uint8]

RED, GREEN, BLUE, YELLOW = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)
PURPLE = (128, 0, 128)  # half red, half blue
FOUR_TIMES = 4  # drawn so much larger, then reduced


# Drawn maps


@dataclass(frozen=True)
class Drawing:
    """A label map whose truth is known."""

    ids: Pixels
    """The truth, (H, W)."""
    large: Pixels
    """The same four times as large."""
    palette: Pixels
    """Colour of each id."""

    @property
    def clean(self) -> Pixels:
        return colourize(self.ids, self.palette)

    @property
    def soft(self) -> Pixels:
        """Anti-aliased: drawn large, then reduced by a box."""
        height, width = self.ids.shape
        large = self.palette[self.large].reshape(height, FOUR_TIMES, width, FOUR_TIMES, 3)
        soft: Pixels = np.rint(large.mean((1, 3))).astype(np.uint8)
        return soft


def reduced(large: Pixels) -> Pixels:
    return large[FOUR_TIMES // 2 :: FOUR_TIMES, FOUR_TIMES // 2 :: FOUR_TIMES]


def far_colours(rng: np.random.Generator, count: int, apart: float = 90) -> Pixels:
    colours: list[NDArray[np.int64]] = []
    while len(colours) < count:
        colour = rng.integers(0, 256, 3)
        if all(np.linalg.norm(colour - other) >= apart for other in colours):
            colours.append(colour)
    return np.array(colours, np.uint8)


def draw(seed: int) -> Drawing:
    """Random polygons of 2 to 10 classes; each class covers 0.1 % at least and a square of 9x9 pixels somewhere."""
    rng = np.random.default_rng(seed)
    count, size = int(rng.integers(2, 11)), int(rng.choice([200, 256, 320]))
    while True:
        image = Image.new("L", (size * FOUR_TIMES, size * FOUR_TIMES))
        pen = ImageDraw.Draw(image)
        for label in range(1, count):
            angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 8)))
            radii = rng.uniform(0.08, 0.35) * rng.uniform(0.5, 1, len(angles))
            corners = rng.uniform(0.1, 0.9, 2) + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
            pen.polygon([(x, y) for x, y in (corners * size * FOUR_TIMES).tolist()], fill=label)
        large = np.asarray(image)
        ids = reduced(large)
        if all(np.mean(ids == label) > 0.001 and inner_radius(ids == label) >= 5 for label in range(count)):
            return Drawing(ids, large, far_colours(rng, count))


def inner_radius(region: NDArray[np.bool_]) -> int:
    return int(ndimage.distance_transform_cdt(np.pad(region, 1)).max())


def jpeg(picture: Pixels, quality: int, **options: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality, **options)
    return np.asarray(Image.open(file))


def resized(picture: Pixels, side: int) -> Pixels:
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))


def border_distance(ids: Pixels) -> NDArray[np.float64]:
    """Distance of every pixel from the nearest pixel that has a neighbour of another class."""
    border = (ndimage.maximum_filter(ids, 3) != ids) | (ndimage.minimum_filter(ids, 3) != ids)
    distance: NDArray[np.float64] = ndimage.distance_transform_edt(~border)
    return distance


def assert_recovers(colour_map: Pixels, ids: Pixels, palette: Pixels) -> None:
    """As many classes as there are, 99 % right beyond 2 px from a border, all right beyond 6 px."""
    result = read_classes(colour_map, [])
    assert len(result.palette) == len(palette)
    distance = np.linalg.norm(result.palette[:, None].astype(float) - palette, axis=2)
    assert sorted(distance.argmin(1)) == list(range(len(palette)))
    right = distance.argmin(1)[result.labels] == ids
    away = border_distance(ids)
    assert right[away > 2].mean() >= 0.99
    assert right[away > 6].all()


@pytest.mark.parametrize("seed", range(8))
def test_finds_the_classes_of_anti_aliased_maps(seed: int) -> None:
    drawing = draw(seed)
    assert_recovers(drawing.soft, drawing.ids, drawing.palette)
    assert {*map(tuple, find_palette(drawing.soft).tolist())} == {*map(tuple, drawing.palette.tolist())}


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("quality", [60, 75, 90, 95])
@pytest.mark.parametrize("seed", [10, 11, 12])
def test_finds_the_classes_of_jpegs(seed: int, quality: int, subsampling: int) -> None:
    drawing = draw(seed)
    for picture in (drawing.clean, drawing.soft):
        assert_recovers(jpeg(picture, quality, subsampling=subsampling), drawing.ids, drawing.palette)


@pytest.mark.parametrize("factor", [0.8, 1.5, 2.3, 4.0])
@pytest.mark.parametrize("seed", [20, 21, 22])
def test_finds_the_classes_of_resized_maps(seed: int, factor: float) -> None:
    drawing = draw(seed)
    side = round(len(drawing.ids) * factor)
    truth = np.asarray(Image.fromarray(drawing.large).resize((side, side), Image.Resampling.NEAREST))
    for picture in (drawing.clean, drawing.soft):
        assert_recovers(resized(picture, side), truth, drawing.palette)


@pytest.mark.parametrize("seed", [30, 31])
def test_finds_the_classes_after_other_treatments(seed: int) -> None:
    drawing = draw(seed)
    image = Image.fromarray(drawing.soft)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=60)
    grain = np.random.default_rng(seed).normal(0, 3, drawing.clean.shape)
    treated = {
        "webp": np.asarray(Image.open(file)),
        "dithered": np.asarray(image.quantize(48).convert("RGB")),
        "grain": np.rint(np.clip(drawing.clean + grain, 0, 255)).astype(np.uint8),
        "twice a jpeg": jpeg(jpeg(drawing.soft, 70), 85),
    }
    for picture in treated.values():
        assert_recovers(picture, drawing.ids, drawing.palette)


def test_finds_small_classes() -> None:
    """A lip of 60 pixels in 256x256: thin and anti-aliased, or a blob."""
    for box in [(100, 100, 119, 102), (100.5, 60.5, 108.25, 67.5)]:
        image = Image.new("RGB", (1024, 1024), (119, 11, 32))
        ImageDraw.Draw(image).ellipse((80, 40, 400, 300), fill=(100, 170, 30))
        ImageDraw.Draw(image).rectangle([round(4 * side) for side in box], fill=(0, 0, 70))
        soft = np.asarray(image.reduce(4))
        assert (0, 0, 70) in {*map(tuple, find_palette(soft).tolist())}


def test_largest_class_comes_first_and_greys_ascend() -> None:
    colours = np.zeros((64, 64, 3), np.uint8)
    colours[:] = BLUE
    colours[:40] = RED
    colours[:30] = GREEN
    assert find_palette(colours).tolist() == [list(GREEN), list(BLUE), list(RED)]
    greys = np.repeat(np.array([200, 10, 90], np.uint8), [20, 30, 14])[:, None].repeat(64, 1)
    assert find_palette(greys)[:, 0].tolist() == [10, 90, 200]


# Exact maps


@settings(deadline=None)
@given(
    ids=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=24)).map(
        lambda values: np.where(values % 17 == 16, 255, values % 17).astype(np.uint8)
    )
)
def test_maps_of_ids_are_taken_as_they_are(ids: Pixels) -> None:
    present = np.unique(ids)
    if len(present) == 1:
        with pytest.raises(LabelError, match="one class"):
            read_classes(ids, [])
        return
    for given_map in (ids, ids.astype(np.int64), np.repeat(ids[:, :, None], 3, 2)):
        result = read_classes(given_map, [given_map])
        assert result.palette[:, 0].tolist() == present.tolist()
        assert np.array_equal(present[result.labels], ids)
        assert np.array_equal(result.layouts[0], result.labels)


@settings(max_examples=40, deadline=None)
@given(
    blocks=arrays.arrays(np.uint8, (5, 6), elements=st.integers(0, 7)),
    palette=arrays.arrays(np.uint8, (8, 3)).filter(lambda colours: len(np.unique(colours, axis=0)) == 8),
)
def test_flat_colours_are_classes_however_close(blocks: Pixels, palette: Pixels) -> None:
    ids = blocks.repeat(4, 0).repeat(4, 1)
    if len(np.unique(blocks)) > 1:
        result = read_classes(palette[ids], [palette[ids[::-1]]])
        assert len(result.palette) == len(np.unique(blocks))
        assert np.array_equal(result.palette[result.labels], palette[ids])
        assert np.array_equal(result.layouts[0], result.labels[::-1])


@pytest.mark.parametrize("levels", [(0, 128, 255), (0, 1, 2), tuple(range(19)), (0, 7, 255), (3, 40, 41), (0, 255)])
def test_grey_levels_and_ids(levels: tuple[int, ...]) -> None:
    values = np.array(levels, np.uint8).repeat(12)[:, None].repeat(40, 1)
    result = read_classes(values, [values[::-1]])
    assert result.palette.tolist() == [[level] * 3 for level in levels]
    assert np.array_equal(result.palette[result.labels][..., 0], values)
    assert np.array_equal(result.layouts[0], result.labels[::-1])


def test_anti_aliased_greys_are_three_classes() -> None:
    values = np.zeros((256, 256), np.uint8)
    values[:, 80:] = 128
    values[100:, 120:] = 255
    soft = np.asarray(Image.fromarray(values).rotate(10, Image.Resampling.BICUBIC, expand=True).reduce(2))
    assert find_palette(soft[30:120, 30:120]).tolist() == [[0] * 3, [128] * 3, [255] * 3]


@pytest.mark.parametrize("name", examples.names())
def test_bundled_examples_are_read_exactly(name: str) -> None:
    example = examples.load(name)
    palette = example.label_set.palette
    result = read_classes(palette[example.labels], [palette[layout] for layout in example.layouts.values()])
    assert np.array_equal(result.palette[result.labels], palette[example.labels])
    for read, layout in zip(result.layouts, example.layouts.values(), strict=True):
        assert np.array_equal(result.palette[read], palette[layout])


# Borders


def disc(centre: tuple[int, int], radius: float, side: int = 200) -> NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side]
    return np.asarray(np.hypot(x - centre[0], y - centre[1]) <= radius)


def soft_discs(**colours: tuple[int, int, int]) -> tuple[Pixels, Pixels]:
    """A disc on a ground and, far away, one of a third colour: the anti-aliased map and its true ids 0, 1, 2."""
    ids = np.zeros((800, 800), np.uint8)
    ids[disc((280, 280), 200, 800)] = 1
    ids[disc((640, 640), 100, 800)] = 2
    palette = np.array([colours["ground"], colours["disc"], colours["other"]], np.uint8)
    return Drawing(reduced(ids), ids, palette).soft, reduced(ids)


@pytest.mark.parametrize("treat", [lambda x: x, lambda x: jpeg(x, 75)], ids=["clean", "jpeg"])
def test_blends_of_two_classes_do_not_become_a_third(treat: Callable[[Pixels], Pixels]) -> None:
    """Half red and half blue is purple, and purple is a class; but only where the purple disc is."""
    soft, ids = soft_discs(ground=RED, disc=BLUE, other=PURPLE)
    result = read_classes(treat(soft), [])
    assert len(result.palette) == 3
    other = np.linalg.norm(result.palette.astype(int) - PURPLE, axis=1).argmin()
    assert not (result.labels == other)[disc((70, 70), 60)].any()
    assert np.mean((result.labels == other) == (ids == 2)) > 0.998


def test_a_border_pixel_goes_to_the_class_that_covers_most_of_it() -> None:
    soft, _ = soft_discs(ground=RED, disc=BLUE, other=PURPLE)
    result = read_classes(soft, [])
    near = disc((70, 70), 60)
    blue_share = soft[..., 2] / 255
    decided = near & (abs(blue_share - 0.5) > 0.02)
    assert ((blue_share > 0.02) & (blue_share < 0.98) & near).sum() > 100
    blue = [tuple(colour) for colour in result.palette.tolist()].index(BLUE)
    assert np.array_equal((result.labels == blue)[decided], (blue_share > 0.5)[decided])


def test_dark_lines_and_frames_go_to_their_surroundings() -> None:
    """What annotation tools leave between polygons and around the picture is no class."""
    labels = np.zeros((120, 160, 3), np.uint8)
    labels[:] = (144, 112, 65)
    labels[60:] = (96, 64, 161)
    clean = labels.copy()
    for column in range(160):
        labels[58 + column // 60 : 60 + column // 60, column] = 0
    labels[:, 0] = labels[-1] = 0
    noisy = jpeg(labels, 95)
    result = read_classes(noisy, [])
    assert len(result.palette) == 2
    difference = abs(colourize(result.labels, result.palette).astype(int) - clean).max(2)
    y = np.arange(120)[:, None].repeat(160, 1)
    assert (difference[abs(y - 60) > 4] <= 8).all()


def test_thin_lines_of_a_class_survive() -> None:
    image = Image.new("RGB", (800, 800), BLUE)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 200, 800), fill=RED)
    pen.rectangle((400, 400, 700, 700), fill=GREEN)
    pen.line((300, 80, 740, 300), fill=GREEN, width=8)  # 2 px when reduced
    result = read_classes(np.asarray(image.reduce(4)), [])
    assert len(result.palette) == 3
    green = [tuple(colour) for colour in result.palette.tolist()].index(GREEN)
    pieces, count = ndimage.label(result.labels[:90] == green, np.ones((3, 3)))
    assert count == 1
    assert np.ptp(np.nonzero(pieces)[1]) > 100


def test_specks_go_to_their_surroundings_unless_the_map_is_exact() -> None:
    soft, ids = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    dotted = soft.copy()
    dotted[70, 60:62] = GREEN
    assert not np.isin(read_classes(dotted, []).labels[70, 60:62], read_classes(soft, []).labels[160, 160]).any()
    exact = np.array([RED, BLUE, GREEN], np.uint8)[ids]
    exact[70, 60:62] = GREEN
    result = read_classes(exact, [])
    assert np.array_equal(result.palette[result.labels], exact)


# Layouts


def test_layouts_use_the_palette_of_the_label_map() -> None:
    soft, ids = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    alone = np.full((50, 70, 3), GREEN, np.uint8)
    result = read_classes(soft, [soft[::-1], jpeg(soft, 80), alone, soft[:30, :30]])
    assert np.array_equal(result.layouts[0], result.labels[::-1])
    assert np.mean(result.layouts[1] == result.labels) > 0.995
    assert np.unique(result.palette[result.layouts[2]].reshape(-1, 3), axis=0).tolist() == [list(GREEN)]
    assert np.array_equal(result.layouts[3], result.labels[:30, :30])
    assert [layout.shape for layout in result.layouts] == [(200, 200), (200, 200), (50, 70), (30, 30)]
    assert len(np.unique(ids)) == len(result.palette) == 3


def test_a_tinted_layout_is_matched_class_by_class() -> None:
    soft, _ = soft_discs(ground=(0, 249, 0), disc=(255, 147, 0), other=BLUE)
    tinted, _ = soft_discs(ground=(49, 255, 8), disc=(253, 144, 10), other=BLUE)
    result = read_classes(soft, [tinted], names=["label.png", "cond/1.png"])
    assert np.mean(result.layouts[0] == result.labels) > 0.998
    assert "#31ff08" in result.report[1]
    assert "#00f900" in result.report[1]


def test_a_shade_beside_its_class_is_no_tint() -> None:
    """Where the class itself is in the layout, a colour like it is another class."""
    labels = np.full((60, 60, 3), (0, 249, 0), np.uint8)
    labels[:30] = BLUE
    layout = labels.copy()
    layout[40:50, 20:45] = (49, 255, 8)
    with pytest.raises(LabelError, match="#31ff08"):
        read_classes(labels, [layout])


def missing_class() -> tuple[Pixels, Pixels]:
    soft, _ = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    layout = soft.copy()
    layout[150:160, 20:50] = YELLOW
    layout[10:13, 10:13] = YELLOW
    return soft, layout


def test_a_class_that_the_label_map_lacks_is_named_with_its_place() -> None:
    soft, layout = missing_class()
    with pytest.raises(LabelError) as caught:
        read_classes(soft, [soft, layout], names=["label.png", "1.png", "2.png"])
    message = str(caught.value)
    assert "\n" not in message
    assert "2.png" in message
    assert "label.png" in message
    assert "1.png" not in message
    assert "309 pixels of #ffff00" in message
    assert re.search(r"nearest is #(ff0000|00ff00)", message)
    assert message.endswith("or pass --adopt-nearest (adopt_nearest=True).")
    place = re.search(r"x=(\d+), y=(\d+)", message)
    assert place is not None
    x, y = map(int, place.groups())
    assert 24 <= x <= 45
    assert 153 <= y <= 156


def test_a_missing_class_can_be_read_as_its_nearest() -> None:
    soft, layout = missing_class()
    result = read_classes(soft, [layout], adopt_nearest=True)
    read = result.palette[result.layouts[0]][152:158, 22:48].reshape(-1, 3)
    assert len(np.unique(read, axis=0)) == 1
    assert tuple(read[0].tolist()) in {RED, GREEN}
    assert "#ffff00 (309 pixels) was read as" in result.report[1]


def test_ids_that_the_label_map_lacks_are_missing_however_close() -> None:
    ids = np.repeat(np.arange(6, dtype=np.uint8), 10)[:, None].repeat(60, 1)
    with pytest.raises(LabelError, match="600 pixels of #050505"):
        read_classes(np.minimum(ids, 4), [ids])


def test_colours_and_ids_do_not_mix() -> None:
    ids = np.repeat(np.arange(3, dtype=np.uint8), 20)[:, None].repeat(60, 1)
    colours = np.array([(0, 0, 0), RED, BLUE], np.uint8)[ids]
    for labels, layout in ((colours, ids), (ids, colours)):
        with pytest.raises(LabelError, match="save both in the same way"):
            read_classes(labels, [layout])
    black_and_white = np.array([(0, 0, 0), (255, 255, 255), RED], np.uint8)[ids]
    result = read_classes(black_and_white, [np.where(ids == 1, 255, 0)])
    assert np.array_equal(result.palette[result.layouts[0]][..., 0], np.where(ids == 1, 255, 0))


def test_the_report_tells_what_was_done() -> None:
    soft, ids = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    exact = np.array([RED, BLUE, GREEN], np.uint8)[ids]
    report = read_classes(soft, [exact], names=["labels.png"]).report
    colours = len(np.unique(soft.reshape(-1, 3), axis=0))
    snapped = np.mean([tuple(colour) not in {RED, BLUE, GREEN} for colour in soft.reshape(-1, 3).tolist()])
    assert report[0] == f"labels.png: {colours} colours became 3 classes; {snapped:.1%} of the pixels were snapped."
    assert report[1] == "layout 1: 3 classes, taken as they are."


# What is refused


def photo_of(name: str) -> Pixels:
    photo: Pixels = getattr(skimage.data, name)()
    return photo


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket", "camera", "coins", "moon", "brick"])
@pytest.mark.parametrize("quality", [None, 20, 75])
def test_photographs_are_refused(name: str, quality: int | None) -> None:
    photo = photo_of(name)
    photo = photo if quality is None else jpeg(photo, quality)
    for picture in (photo, np.asarray(Image.fromarray(photo).convert("L"))):
        with pytest.raises(LabelError, match=r"mountain\.jpg looks like a photograph"):
            find_palette(picture, name="mountain.jpg")


@pytest.mark.parametrize("shape", [(16, 16, 3), (48, 64, 3), (300, 200, 3), (48, 64), (300, 200)])
def test_noise_is_refused_as_a_photograph(shape: tuple[int, ...]) -> None:
    """Nothing in it could be a class, not even a wrong one."""
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with pytest.raises(LabelError, match="label map looks like a photograph"):
        find_palette(noise)
    soft, _ = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    with pytest.raises(LabelError, match="layout 1 looks like a photograph"):
        read_classes(soft, [noise], adopt_nearest=True)


def test_a_photograph_as_layout_is_refused() -> None:
    soft, _ = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    with pytest.raises(LabelError, match="layout 2 looks like a photograph"):
        read_classes(soft, [soft, photo_of("astronaut")])


@pytest.mark.parametrize("as_ids", [True, False])
def test_more_than_64_classes_are_refused(as_ids: bool) -> None:
    ids = np.arange(65, dtype=np.uint8).reshape(5, 13).repeat(10, 0).repeat(10, 1)
    colours = np.stack(np.meshgrid(*[np.arange(0, 250, 60)] * 3), -1).reshape(-1, 3).astype(np.uint8)
    with pytest.raises(LabelError, match="65 classes; at most 64"):
        find_palette(ids if as_ids else colours[ids])
    assert len(find_palette(np.minimum(ids, 63) if as_ids else colours[np.minimum(ids, 63)])) == 64


def test_one_class_is_refused_as_label_map() -> None:
    with pytest.raises(LabelError, match="#00ff00 everywhere, one class"):
        read_classes(np.full((40, 40, 3), GREEN, np.uint8), [])


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8)),
        np.full((8, 8), 256),
        np.full((8, 8), -1),
        np.zeros((0, 8), np.uint8),
        np.zeros(8, np.uint8),
    ],
    ids=lambda values: f"{values.dtype}{values.shape}",
)
def test_other_arrays_are_refused(values: Pixels) -> None:
    with pytest.raises(LabelError, match="expected"):
        find_palette(values, name="labels")
    with pytest.raises(LabelError, match="expected"):
        read_classes(np.eye(20, dtype=np.uint8), [values])


# Single functions


@settings(deadline=None)
@given(ids=arrays.arrays(np.uint8, (7, 9), elements=st.integers(0, 5)))
def test_snap_undoes_colourize(ids: Pixels) -> None:
    palette = np.array([RED, GREEN, BLUE, YELLOW, (1, 0, 0), (0, 0, 0)], np.uint8)
    assert np.array_equal(snap(colourize(ids, palette), palette), ids)


def test_snap_agrees_with_read_classes() -> None:
    soft, _ = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    result: ClassMaps = read_classes(soft, [])
    assert np.array_equal(snap(soft, result.palette), result.labels)


def test_snap_gives_an_unknown_colour_to_its_surroundings() -> None:
    soft, ids = soft_discs(ground=RED, disc=BLUE, other=GREEN)
    palette = np.array([RED, BLUE], np.uint8)
    assert np.array_equal(snap(soft, palette)[ids == 2], np.zeros((ids == 2).sum()))


def test_palettes_of_a_wrong_size_are_refused() -> None:
    with pytest.raises(LabelError, match="65 colours"):
        snap(np.zeros((20, 20, 3), np.uint8), np.zeros((65, 3), np.uint8))
    with pytest.raises(LabelError, match="id 3"):
        colourize(np.full((4, 4), 3, np.uint8), np.zeros((3, 3), np.uint8))


def test_colours_are_matched_that_another_encoding_gives() -> None:
    known = np.array([RED, GREEN, BLUE], np.uint8)
    given = np.array([(3, 2, 250), (255, 0, 1), (250, 60, 0), (252, 3, 4)], np.uint8)
    assert match_palette(given, known).tolist() == [2, 0, -1, -1]  # red is one class, and so is not both
    ids = np.arange(6, dtype=np.uint8)[:, None].repeat(3, axis=1)
    assert match_palette(ids[[4, 0, 5]], ids[:5]).tolist() == [4, 0, -1]  # greys that stand for ids are told apart


def test_a_map_is_read_in_the_colours_of_a_known_set() -> None:
    palette = np.array([[0, 0, 0], [200, 10, 10], [10, 200, 10], [10, 10, 200]], np.uint8)
    ids = np.kron(np.array([[3, 1], [1, 2]], np.uint8), np.ones((20, 20), np.uint8))
    assert np.array_equal(read_known(palette[ids], palette), ids)
    assert np.array_equal(read_known(palette[ids] + np.uint8(3), palette), ids)
    foreign = palette[ids].copy()
    foreign[:20, :20] = (250, 250, 10)
    with pytest.raises(LabelError, match=r"mine: 400 pixels of #fafa0a are no class"):
        read_known(foreign, palette, name="mine")
