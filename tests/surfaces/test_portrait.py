"""`sembla portrait` and `sembla.portrait`: what changes, what stays, and which maps are understood."""

import logging
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from tests.faces.test_shape import SIZE, face, parsed
from tests.surfaces.support import Sembla

import sembla as library
from sembla.api import read_settings
from sembla.core.errors import Cancelled, InputError, LabelError, SizeError
from sembla.core.types import LabelMap, Picture, Region
from sembla.data.labelsets import CELEBAMASK_HQ_19, CELEBAMASK_HQ_TO_PARSING
from sembla.imaging.fading import faded

NAMES = CELEBAMASK_HQ_19.names
PARSING = parsed(face(1, scale=30, turn=0.05))


def part(name: str) -> Region:
    """Where the photo shows a part."""
    return np.equal(PARSING, NAMES.index(name))


def photo() -> Picture:
    """Each part in a colour of its own, with a little noise."""
    rng = np.random.default_rng(0)
    colours = rng.integers(40, 215, (len(NAMES), 3))
    return (colours[PARSING] + rng.integers(-8, 9, (*SIZE, 3))).astype(np.uint8)


def smiling() -> LabelMap:
    """Larger lips."""
    layout = PARSING.copy()
    lips = ndimage.binary_dilation(part("l_lip"), iterations=4) & (part("skin"))
    layout[lips] = NAMES.index("l_lip")
    return layout


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """The photo, its map, and the map with larger lips."""
    paths = (tmp_path / "photo.png", tmp_path / "map.png", tmp_path / "new.png")
    for path, pixels in zip(paths, (photo(), PARSING, smiling()), strict=True):
        Image.fromarray(pixels).save(path)
    return paths


def away(layout: LabelMap) -> NDArray[np.float64]:
    """How far each pixel is from the edit, in pixels."""
    distances: NDArray[np.float64] = ndimage.distance_transform_edt(layout == PARSING)
    return distances


def test_only_the_edit_and_five_pixels_about_it_change() -> None:
    result = library.portrait(photo(), parsing=PARSING, layout=smiling())
    distances = away(smiling())
    np.testing.assert_array_equal(result.edit, distances == 0)
    np.testing.assert_array_equal(result.picture[distances > 5], photo()[distances > 5])
    lip = photo()[part("l_lip")].mean(0)
    assert np.abs(result.picture[result.edit].astype(float) - lip).mean() < 12
    again = library.portrait(photo(), parsing=PARSING, layout=smiling())
    np.testing.assert_array_equal(again.picture, result.picture)


def test_maps_are_read_in_every_form(caplog: pytest.LogCaptureFixture) -> None:
    wanted = library.portrait(photo(), parsing=PARSING, layout=smiling()).picture
    forms = (
        (CELEBAMASK_HQ_19.palette[PARSING], CELEBAMASK_HQ_19.palette[smiling()]),
        (CELEBAMASK_HQ_TO_PARSING(PARSING), smiling()),
    )
    for parsing, layout in forms:
        np.testing.assert_array_equal(library.portrait(photo(), parsing=parsing, layout=layout).picture, wanted)
    with caplog.at_level(logging.INFO, "sembla"):
        library.portrait(photo(), parsing=forms[1][0], layout=smiling())
    assert "numbers the parts as face-parsing.PyTorch does" in caplog.text


def test_a_map_of_half_the_size_is_enlarged() -> None:
    large = np.repeat(np.repeat(photo(), 2, axis=0), 2, axis=1)
    result = library.portrait(large, parsing=PARSING, layout=smiling())
    assert result.picture.shape == large.shape
    np.testing.assert_array_equal(result.edit[::2, ::2], smiling() != PARSING)


def test_a_part_that_is_not_shown_is_made_of_its_like(caplog: pytest.LogCaptureFixture) -> None:
    one_eyed = np.where(part("l_eye"), NAMES.index("skin"), PARSING).astype(np.uint8)
    with caplog.at_level(logging.INFO, "sembla"):
        result = library.portrait(photo(), parsing=one_eyed, layout=PARSING)
    assert "shows no l_eye; it is made of its r_eye" in caplog.text
    eye = photo()[part("r_eye")].mean(0)
    middle = ndimage.binary_erosion(result.edit)
    assert np.abs(result.picture[middle].astype(float) - eye).mean() < 15


def test_work_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        library.portrait(photo(), parsing=PARSING, layout=smiling(), on_preview=lambda _: False)


def glasses() -> LabelMap:
    layout = PARSING.copy()
    layout[40:44, 40:80] = NAMES.index("eye_g")
    return layout


@pytest.mark.parametrize(
    ("parsing", "layout", "error", "told"),
    [
        (PARSING, PARSING, InputError, "the layout is the photo's own parsing map"),
        (PARSING, glasses(), LabelError, "asks for eye_g, which the photo does not show"),
        (PARSING[:50], smiling(), SizeError, "parsing map is 120x50, the picture 120x100"),
        (np.zeros_like(PARSING), smiling(), LabelError, "shows no face"),
    ],
)
def test_maps_that_cannot_be_used_are_told(
    parsing: LabelMap, layout: LabelMap, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        library.portrait(photo(), parsing=parsing, layout=layout)


def test_the_verb_does_what_python_does(sembla: Sembla, files: tuple[Path, Path, Path], elsewhere: Path) -> None:
    source, parsing, layout = files
    outcome = sembla("portrait", source, "--parsing", parsing, "--layout", layout, "--seed", 3)
    assert (outcome.code, outcome.out) == (0, "photo-portrait.png\n"), outcome.err
    written = np.asarray(Image.open(elsewhere / "photo-portrait.png"))
    result = library.portrait(source, parsing=parsing, layout=layout, seed=3)
    np.testing.assert_array_equal(written, result.picture)
    about = read_settings(elsewhere / "photo-portrait.png")
    assert (about["verb"], about["engine"], about["seed"]) == ("portrait", "instant", 3)
    again = ("portrait", source, "--parsing", parsing, "--layout", layout)
    assert "exists already" in sembla(*again).complaint
    assert "one of the inputs" in sembla(*again, "--out", source, "--force").complaint
    assert (
        "own parsing map" in sembla("portrait", source, "--parsing", parsing, "--layout", parsing, "--force").complaint
    )
    np.testing.assert_array_equal(np.asarray(Image.open(elsewhere / "photo-portrait.png")), written)


def test_a_change_fades_evenly_and_ends_where_it_is_said() -> None:
    known, painted = np.zeros((1, 20, 3), np.uint8), np.full((1, 20, 3), 120, np.uint8)
    changed = np.zeros((1, 20), np.bool_)
    changed[0, :3] = True
    wanted = [120, 120, 120, 100, 80, 60, 40, 20, *[0] * 12]
    np.testing.assert_array_equal(faded(known, painted, changed, reach=5)[0, :, 0], wanted)
    np.testing.assert_array_equal(faded(known, painted, ~changed & changed, reach=5), known)
