"""The bundled examples: complete, consistent, and small."""

import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sembla import examples
from sembla.core.errors import InputError

FOLDER = Path(str(files("sembla.examples")))
PNGS = sorted(FOLDER.rglob("*.png"))
DRAWER = Path(__file__).parents[1] / "examples" / "draw_maps.py"


@pytest.fixture(params=examples.names())
def example(request: pytest.FixtureRequest) -> examples.Example:
    return examples.load(request.param)


def test_names_are_unique_and_there_are_several() -> None:
    assert len(set(examples.names())) == len(examples.names()) >= 4


def test_every_folder_is_a_named_example_and_every_name_has_a_folder() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/labels.png")} == set(examples.names())


def test_sizes_agree(example: examples.Example) -> None:
    assert example.picture.dtype == np.uint8
    assert example.picture.shape == (*example.labels.shape, 3)
    assert {layout.shape for layout in example.layouts.values()} == {example.labels.shape}


def test_every_class_of_the_set_is_in_the_photo(example: examples.Example) -> None:
    assert np.array_equal(np.unique(example.labels), np.arange(example.label_set.count))


def test_layouts_ask_only_for_classes_of_the_photo(example: examples.Example) -> None:
    for layout in example.layouts.values():
        assert np.isin(layout, example.labels).all()


def test_layouts_are_worth_showing(example: examples.Example) -> None:
    assert len(example.layouts) >= 2
    for layout in example.layouts.values():
        assert np.mean(layout != example.labels) >= 0.005


def test_no_two_layouts_are_the_same(example: examples.Example) -> None:
    assert len({layout.tobytes() for layout in example.layouts.values()}) == len(example.layouts)


def test_credit_names_the_licence(example: examples.Example) -> None:
    assert re.search(r"CC0|public domain", example.credit)
    assert example.credit in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PNGS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_maps_are_palette_pngs_in_the_colours_of_their_label_set(path: Path) -> None:
    example = examples.load(path.relative_to(FOLDER).parts[0])
    with Image.open(path) as image:
        assert image.mode == "P"
        assert image.getpalette() == example.label_set.palette.ravel().tolist()
        # What an image viewer shows is what the label set says.
        assert np.array_equal(np.asarray(image.convert("RGB")), example.label_set.palette[np.asarray(image)])


@pytest.mark.parametrize("name", ["tea", "", "Coffee", "../coffee"])
def test_unknown_name_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError) as caught:
        examples.load(name)
    assert all(known in str(caught.value) for known in examples.names())
    assert "\n" not in str(caught.value)


def test_package_is_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 300_000


def test_listing_the_names_does_not_import_scikit_image() -> None:
    code = "import sys, sembla.examples as e; e.names(); sys.exit('skimage' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not DRAWER.is_file(), reason="the drawing script is not part of the distribution")
def test_drawing_anew_gives_nearly_the_same_maps(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, DRAWER, tmp_path], check=True, env=environment)
    for path in PNGS:
        with Image.open(path) as old, Image.open(tmp_path / path.relative_to(FOLDER)) as new:
            # Other versions of SciPy and scikit-image may move a border pixel.
            assert np.mean(np.asarray(old) != np.asarray(new)) < 0.002, path
