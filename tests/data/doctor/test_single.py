"""What is said of one pair as it is opened: each fault alone, nothing of a clean pair."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.data.doctor.support import COLOURS, blobs, photo_of

from sembla import api, examples
from sembla.core.errors import LabelError
from sembla.data.doctor import examine_pair

SIDE = 192
RNG = np.random.default_rng(12)
LABELS = blobs(RNG, side=SIDE)
PHOTO = photo_of(LABELS, RNG)

Map = NDArray[np.uint8]


def as_jpeg(ids: Map) -> Map:
    file = io.BytesIO()
    Image.fromarray(COLOURS[ids]).save(file, "JPEG", quality=80)
    return np.asarray(Image.open(file))


def softened(ids: Map) -> Map:
    small = Image.fromarray(COLOURS[ids]).resize((150, 150), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def blurred(ids: Map) -> Map:
    small = Image.fromarray(ids).resize((140, 140), Image.Resampling.BILINEAR)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.NEAREST))


def with_a_mark(ids: Map) -> Map:
    return np.where(np.arange(SIDE)[:, None] < 6, np.uint8(255), ids)


def nearly_empty(ids: Map) -> Map:
    few = np.zeros_like(ids)
    few[:2, :20] = 1
    return few


FAULTS: dict[str, tuple[str, Callable[[Map], Map]]] = {
    "a JPEG": ("jpeg_noise", as_jpeg),
    "soft colours": ("anti_aliased", softened),
    "blurred ids": ("blurred_labels", blurred),
    "255 among ids": ("ignore_value", with_a_mark),
    "one class": ("one_class", nearly_empty),
    "mirrored": ("mirrored", lambda ids: COLOURS[ids[:, ::-1]]),
    "upside down": ("exif_rotation", lambda ids: COLOURS[ids[::-1, ::-1]]),
    "on its side": ("exif_rotation", np.rot90),
    "small": ("sizes_differ", lambda ids: ids[::2, ::2]),
}


@pytest.mark.parametrize("shown", [LABELS, COLOURS[LABELS], np.repeat(LABELS[..., None], 3, 2)])
def test_nothing_is_said_of_a_clean_pair(shown: Map) -> None:
    assert examine_pair(PHOTO, shown) == ()


@pytest.mark.parametrize("name", examples.names())
def test_nothing_is_said_of_the_examples(name: str) -> None:
    example = examples.load(name)
    assert examine_pair(example.picture, example.label_set.palette[example.labels]) == ()


@pytest.mark.parametrize(("code", "plant"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_told_alone_by_the_name_of_the_map(code: str, plant: Callable[[Map], Map]) -> None:
    (fault,) = examine_pair(PHOTO, plant(LABELS), name="sun.map")
    assert fault.code == code
    assert "sun.map" in fault.sentence
    assert fault.advice
    assert "\n" not in fault.sentence


def test_masks_of_black_and_white_are_classes_like_others() -> None:
    assert examine_pair(PHOTO, np.where(LABELS < 3, 0, 255).astype(np.uint8)) == ()


def test_large_maps_are_looked_at_in_the_middle() -> None:
    large = LABELS.repeat(12, 0).repeat(12, 1)  # 2304 px
    photo = PHOTO.repeat(12, 0).repeat(12, 1)
    assert examine_pair(photo, COLOURS[large]) == ()
    large[0, 0] = 255  # ids are counted everywhere
    assert [fault.code for fault in examine_pair(photo, large)] == ["ignore_value"]


def test_files_and_arrays_are_taken_alike() -> None:
    file = io.BytesIO()
    Image.fromarray(as_jpeg(LABELS)).save(file, "PNG")
    (fault,) = api.examine_pair(PHOTO, file)
    assert (fault.code, fault.sentence.startswith("the label map shows")) == ("jpeg_noise", True)
    with pytest.raises(LabelError, match="0 to 3000"):
        api.examine_pair(PHOTO, LABELS.astype(np.uint16) * 600)
