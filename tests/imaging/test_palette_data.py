"""The true classes of real label maps, decided by looking at the pictures."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from sembla.core.errors import LabelError
from sembla.imaging.io import read_map
from sembla.imaging.palette import find_palette, read_classes

DATA = Path(__file__).parents[3] / "shared" / "data" / "single_image"

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real images are not at ../shared/data"),
]

Pixels = NDArray[np.uint8]

TRUTH = {
    # Red wall, blue coat, green skin, yellow hair; brows in a yellower green, eyes in grey. Stray greys at one edge.
    "doodle_gogh_portrait": ("ff0000", "0000ff", "00ff00", "ffff00", "c0ff00", "bfbfbf"),
    # White sky, red rock, blue water, green grass, dark red cave.
    "doodle_monet_coastline": ("ffffff", "ff331f", "0000ff", "00ff00", "c00000"),
    # Sky, lawn, houses.
    "semia_building": ("00fdff", "00f900", "ff9300"),
    # Background, skin, hair, nose, lower lip, left brow, upper lip, right brow, right eye, left eye: ten flat colours.
    "semia_face": (
        *("ffffff", "770b20", "64aa1e", "005064", "faaa1e"),
        *("0000e6", "000046", "00008e", "6a00e4", "003c64"),
    ),
    # Sky, mountains, water, and a cyan boat of 560 pixels. The black lines lie between the annotator's polygons.
    "semia_hill": ("907041", "6040a1", "b1b020", "00d0ef"),
    # Sky, grass, mountain, rocks, lake. The black dots are see-through pixels.
    "semia_lake": ("00fdff", "00f900", "942192", "ff9300", "0433ff"),
    # Grass and zebra.
    "semia_zebra": ("00f900", "ff9300"),
    # Sky, hills, tree (white), village. A few spots of darker blue are the edge of a soft brush.
    "starry_mask": ("0000ff", "ff0000", "ffffff", "00ff00"),
}

LACKING = {
    # An ear, lips and a nose of their own; the largest is the ear.
    "doodle_gogh_portrait/cond/Freddie_sem.png": ("00c040", (345, 400), (180, 270)),
    # The open mouth.
    "semia_face/cond/6.png": ("0000c0", (120, 160), (170, 185)),
}
"""Layouts with classes that their label map lacks: the colour, and where it is in x and y."""


@dataclass(frozen=True)
class Case:
    name: str

    @property
    def labels(self) -> Path:
        return next((DATA / self.name).glob("label.*"))

    @property
    def layouts(self) -> list[Path]:
        return sorted(path for path in (DATA / self.name).glob("cond/*") if not path.stem.endswith("_idx"))


CASES = [Case(name) for name in TRUTH]
LAYOUTS = [(case, path) for case in CASES for path in (case.layouts if DATA.is_dir() else ())]


def colours(case: Case) -> Pixels:
    return np.array([list(bytes.fromhex(colour)) for colour in TRUTH[case.name]], np.uint8)


def key(path: Path) -> str:
    return path.relative_to(DATA).as_posix()


def over(path: Path, ground: str) -> Pixels:
    """The colours of a picture with its alpha laid over a ground."""
    image = Image.open(path).convert("RGBA")
    below = Image.new("RGBA", image.size, ground)
    below.alpha_composite(image)
    return np.asarray(below.convert("RGB"))


def solid(colour_map: Pixels, colour: Pixels) -> NDArray[np.bool_]:
    """Pixels in the middle of 5x5 blocks of nearly this colour."""
    near = np.linalg.norm(colour_map.astype(float) - colour, axis=2) <= 8
    return np.asarray(ndimage.binary_erosion(near, np.ones((5, 5), np.bool_)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_finds_the_true_classes(case: Case) -> None:
    found, truth = find_palette(read_map(case.labels)), colours(case)
    assert len(found) == len(truth)
    assert abs(found.astype(int) - truth).max() <= 4  # in the same order: by area, the largest first


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("ground", ["white", "black"])
def test_transparency_changes_no_class(case: Case, ground: str) -> None:
    assert np.array_equal(find_palette(over(case.labels, ground)), find_palette(read_map(case.labels)))


@pytest.mark.parametrize(("case", "path"), LAYOUTS, ids=[key(path) for _, path in LAYOUTS])
def test_reads_every_layout_with_the_palette_of_its_label_map(case: Case, path: Path) -> None:
    names = [case.labels.name, key(path)]
    maps = read_map(case.labels), read_map(path)
    if names[1] in LACKING:
        colour, across, down = LACKING[names[1]]
        with pytest.raises(LabelError) as caught:
            read_classes(maps[0], [maps[1]], names=names)
        place = re.search(rf"#{colour} around x=(\d+), y=(\d+)", str(caught.value))
        assert place is not None
        assert across[0] <= int(place[1]) < across[1]
        assert down[0] <= int(place[2]) < down[1]
    result = read_classes(maps[0], [maps[1]], names=names, adopt_nearest=names[1] in LACKING)
    layout = result.layouts[0]
    if path.stem == "rec":
        assert np.array_equal(layout, result.labels)
    for label, colour_of_label in enumerate(result.palette):
        assert (layout[solid(maps[1], colour_of_label)] == label).all()


def test_the_zebra_in_other_colours_is_the_same_two_classes() -> None:
    folder = DATA / "semia_zebra"
    tinted = read_map(folder / "cond" / "1.png")
    result = read_classes(read_map(folder / "label.png"), [tinted])
    assert "#31ff08" in result.report[1]
    orange = tinted[..., 0] > 160  # halfway between the red of its green and of its orange
    assert np.mean((result.layouts[0] == 1) == orange) > 0.999


def test_the_black_lines_of_the_hills_become_their_surroundings() -> None:
    colour_map = read_map(DATA / "semia_hill" / "label.jpg")
    labels = read_classes(colour_map, []).labels
    inside_mountain = (slice(220, 248), slice(435, 495))  # a black wedge in the purple
    assert (colour_map[inside_mountain].max(2) < 40).sum() > 50
    assert (labels[inside_mountain] == 1).all()
    assert (labels[100:150, :4] == 0).all()  # beside the sky, a black frame of 2 px
    boat = labels == 3
    assert ndimage.label(boat, np.ones((3, 3)))[1] == 1
    assert 420 <= boat.sum() <= 620


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_borders_have_no_specks(case: Case) -> None:
    """Pieces of under 6 pixels are the annotator's own: they hold a pixel of their class's colour."""
    colour_map = read_map(case.labels)
    result = read_classes(colour_map, [])
    own = np.linalg.norm(colour_map.astype(int) - result.palette[result.labels], axis=2) <= 8
    for label in range(len(result.palette)):
        pieces, count = ndimage.label(result.labels == label, np.ones((3, 3)))
        for number in 1 + np.flatnonzero(np.bincount(pieces.ravel(), minlength=count + 1)[1:] < 6):
            assert own[pieces == number].any()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_photo_itself_is_refused(case: Case) -> None:
    photo = next((DATA / case.name).glob("img.*"))
    with pytest.raises(LabelError, match="looks like a photograph"):
        find_palette(read_map(photo))
    with pytest.raises(LabelError, match="looks like a photograph"):
        read_classes(read_map(case.labels), [read_map(photo)])


def test_unlabelled_photos_are_refused() -> None:
    photos = sorted((DATA / "unlabelled_sigd16").glob("*.jpg"))
    assert photos
    for photo in photos:
        with pytest.raises(LabelError, match="looks like a photograph"):
            find_palette(read_map(photo))
