"""Augmentation: one draw for all of a pair, replayable, and every part follows the picture."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from scipy.interpolate import RBFInterpolator
from tests.data.small_set import instances_of, labels_of, landmarks_of, unlike

from sembla.core.errors import InputError, SizeError
from sembla.core.labels import LabelSet
from sembla.data.augment import (
    Augmentation,
    Colour,
    Parameters,
    apply,
    apply_to_ids,
    apply_to_landmarks,
    apply_to_picture,
    centre,
    sample_parameters,
)
from sembla.data.records import Sample
from sembla.data.resize import bicubic
from sembla.data.warp import Warp, blend, pick, source_places

ALL = Augmentation(zoom=(1.0, 1.5), warp=0.06, brightness=0.2, contrast=0.3, saturation=0.4, hue=0.1)
SIDES = LabelSet(("ground", "left", "right"), ((0, 0, 0), (255, 0, 0), (0, 0, 255)), swaps=((1, 2),))
FLIP = Parameters(crop=(0, 0, 31, 20), size=(20, 31), flip=True)

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(16, 90), st.integers(16, 90))


def noise(height: int, width: int, seed: int = 0) -> Sample:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 3, (height, width), np.uint8)
    return Sample(
        picture=generator.integers(0, 256, (height, width, 3), np.uint8),
        labels=labels,
        instances=labels.astype(np.uint16) * 1000,
        landmarks=generator.uniform(0, min(height, width), (5, 2)).astype(np.float32),
    )


def draw(seed: int, source: tuple[int, int], target: tuple[int, int]) -> Parameters:
    return sample_parameters(np.random.default_rng(seed), ALL, source=source, target=target)


@given(seeds, sizes, sizes)
def test_the_same_draw_gives_the_same_parameters_and_json_gives_them_back(
    seed: int, source: tuple[int, int], target: tuple[int, int]
) -> None:
    parameters = draw(seed, source, target)
    assert parameters == draw(seed, source, target)
    assert Parameters.from_json(json.loads(json.dumps(parameters.to_json()))) == parameters


@given(seeds, sizes, sizes)
def test_crops_lie_in_the_picture_and_have_the_shape_of_the_target(
    seed: int, source: tuple[int, int], target: tuple[int, int]
) -> None:
    left, top, width, height = draw(seed, source, target).crop
    assert left >= 0
    assert top >= 0
    assert left + width <= source[1]
    assert top + height <= source[0]
    assert abs(width - height * target[1] / target[0]) <= 0.5 + 0.5 * target[1] / target[0]  # each side is rounded


def test_parameters_replayed_give_the_same_pixels() -> None:
    sample = noise(50, 70)
    parameters = draw(3, (50, 70), (32, 48))
    again = Parameters.from_json(json.loads(json.dumps(parameters.to_json())))
    first, second = (apply(each, sample, label_set=SIDES) for each in (parameters, again))
    assert unlike(first, second) == []
    assert unlike(first, sample) == ["picture", "labels", "instances", "landmarks"]


def test_a_flip_twice_is_the_identity() -> None:
    sample = noise(20, 31)
    swaps = ((0, 1), (3, 4))
    once = apply(FLIP, sample, label_set=SIDES, landmark_swaps=swaps)
    twice = apply(FLIP, once, label_set=SIDES, landmark_swaps=swaps)
    assert unlike(once, sample) == ["picture", "labels", "instances", "landmarks"]
    assert unlike(twice, sample) == []


def test_a_flip_exchanges_left_and_right_in_labels_and_landmarks_but_not_in_instances() -> None:
    sample = noise(20, 31)
    flipped = apply(FLIP, sample, label_set=SIDES, landmark_swaps=((0, 1),))
    assert np.array_equal(labels_of(flipped), np.array([0, 2, 1], np.uint8)[labels_of(sample)][:, ::-1])
    assert np.array_equal(instances_of(flipped), instances_of(sample)[:, ::-1])
    mirrored = landmarks_of(sample)[[1, 0, 2, 3, 4]] * (-1, 1) + (30, 0)
    assert np.allclose(landmarks_of(flipped), mirrored, atol=1e-5)


def test_labels_flip_as_their_label_set_says() -> None:
    labels = labels_of(noise(20, 31))
    assert np.array_equal(apply_to_ids(FLIP, labels, swaps=SIDES.swap_table), SIDES.flip(labels))


def test_a_warp_without_offsets_is_the_identity() -> None:
    sample = noise(40, 33)
    still = Parameters(crop=(0, 0, 33, 40), size=(40, 33), warp=Warp(4, ((0.0, 0.0),) * 16))
    assert unlike(apply(still, sample), sample) == []


def test_a_warp_that_moves_all_alike_is_a_shift() -> None:
    picture = noise(40, 40).picture
    shift = Parameters(crop=(0, 0, 40, 40), size=(40, 40), warp=Warp(3, ((0.05, 0.1),) * 9))  # from 2 right, 4 below
    assert np.abs(apply_to_picture(shift, picture)[:36, :38].astype(int) - picture[4:, 2:]).max() <= 1
    assert np.allclose(apply_to_landmarks(shift, np.array([[10, 12]], np.float32)), [[8, 8]], atol=1e-4)


@pytest.mark.parametrize("size", [(64, 64), (256, 256), (100, 300)])
def test_a_warp_is_the_thin_plate_spline_of_scipy(size: tuple[int, int]) -> None:
    warp = draw(5, size, size).warp
    assert warp is not None
    ticks = np.linspace(0, 1, warp.grid)
    controls = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    spline = RBFInterpolator(controls, np.array(warp.offsets), kernel="thin_plate_spline")
    rows, columns = np.indices(size)
    places = np.stack([(columns + 0.5) / size[1], (rows + 0.5) / size[0]], -1).reshape(-1, 2)
    offsets = spline(places).reshape(*size, 2)
    wanted_rows, wanted_columns = rows + offsets[..., 1] * size[0], columns + offsets[..., 0] * size[1]
    inside = (wanted_rows >= 0) & (wanted_rows <= size[0] - 1) & (wanted_columns >= 0) & (wanted_columns <= size[1] - 1)
    found_rows, found_columns = source_places(warp, size)
    assert inside.mean() > 0.8
    assert np.abs(found_rows - wanted_rows)[inside].max() < 4e-4 * max(size)
    assert np.abs(found_columns - wanted_columns)[inside].max() < 4e-4 * max(size)


@pytest.mark.parametrize("size", [(64, 64), (100, 300), (31, 17)])
def test_a_warped_pair_is_what_scipy_finds_at_the_same_places(size: tuple[int, int]) -> None:
    sample = noise(*size)
    warp = draw(5, size, size).warp
    assert warp is not None
    places = source_places(warp, size)
    assert all(side.min() >= 0 and side.max() <= count - 1 for side, count in zip(places, size, strict=True))
    channels = sample.picture.astype(float).transpose(2, 0, 1)
    exact = np.stack([ndimage.map_coordinates(channel, places, order=1) for channel in channels], 2)
    assert np.abs(blend(sample.picture, places) - exact).max() < 0.5 + 0.25  # rounded, with weights of 10 bits
    nearest = ndimage.map_coordinates(labels_of(sample), np.rint(places), order=0)
    assert np.array_equal(pick(labels_of(sample), places), nearest)


@settings(deadline=None)
@given(seeds, sizes, sizes, st.booleans())
def test_resizing_is_that_of_pillow_to_the_bit(
    seed: int, source: tuple[int, int], target: tuple[int, int], flip: bool
) -> None:
    picture = noise(*source, seed=seed).picture
    left, top, width, height = draw(seed, source, target).crop
    image = Image.fromarray(picture).crop((left, top, left + width, top + height))
    wide = image.resize((target[1], height), Image.Resampling.BICUBIC)  # one side, then the other: the order is told
    wanted = np.asarray(wide.resize(target[::-1], Image.Resampling.BICUBIC))
    assert np.array_equal(
        bicubic(picture, (left, top, width, height), target, flip=flip)[:, :: -1 if flip else 1], wanted
    )


DOTS = ((30, 25), (90, 31), (60, 60), (35, 88), (84, 92))


def dotted(radius: int = 6) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float32]]:
    """A black picture with five dots of one colour each, their label map, and their centres."""
    rows, columns = np.indices((120, 120))
    picture, labels = np.zeros((120, 120, 3), np.uint8), np.zeros((120, 120), np.uint8)
    for number, (x, y) in enumerate(DOTS):
        inside = (columns - x) ** 2 + (rows - y) ** 2 <= radius**2
        picture[inside] = (50 * number + 50, 255, 0)
        labels[inside] = number + 1
    return picture, labels, np.array(DOTS, np.float32)


@pytest.mark.parametrize("seed", range(8))
def test_landmarks_follow_the_dots_planted_in_picture_and_labels(seed: int) -> None:
    picture, labels, points = dotted()
    augmentation = Augmentation(zoom=(1.0, 1.1), warp=0.05)
    generator = np.random.default_rng(seed)
    parameters = sample_parameters(generator, augmentation, source=(120, 120), target=(180, 150))
    done = apply(parameters, Sample(picture=picture, labels=labels, landmarks=points))
    rows, columns = np.indices((180, 150))
    seen = 0
    for number, (x, y) in enumerate(landmarks_of(done)):
        if not (20 <= x < 130 and 20 <= y < 160):  # else a part of the dot may be cut off or mirrored
            continue
        seen += 1
        for weight in (labels_of(done) == number + 1, done.picture[..., 1] * (np.hypot(columns - x, rows - y) < 16.0)):
            middle = [(weight * axis).sum() / weight.sum() for axis in (columns, rows)]
            assert np.hypot(middle[0] - x, middle[1] - y) < 0.8  # a bent dot's mean is a little off its centre
    assert seen >= 2


def test_resizing_by_a_whole_factor_repeats_ids_and_keeps_corners() -> None:
    labels = labels_of(noise(10, 14))
    double = Parameters(crop=(0, 0, 14, 10), size=(20, 28))
    assert np.array_equal(apply_to_ids(double, labels), labels.repeat(2, 0).repeat(2, 1))
    corners = apply_to_landmarks(double, np.array([[-0.5, -0.5], [13.5, 9.5]], np.float32))
    assert corners.tolist() == [[-0.5, -0.5], [27.5, 19.5]]


@given(seeds, sizes, sizes)
def test_no_id_is_invented(seed: int, source: tuple[int, int], target: tuple[int, int]) -> None:
    ids = np.random.default_rng(seed).choice(np.array([3, 70, 65535], np.uint16), source)
    done = apply_to_ids(draw(seed, source, target), ids)
    assert done.shape == target
    assert done.dtype == np.uint16
    assert set(np.unique(done)) <= {3, 70, 65535}


def test_masks_go_the_way_of_labels() -> None:
    labels = labels_of(noise(50, 70))
    parameters = draw(11, (50, 70), (40, 40))
    assert np.array_equal(apply_to_ids(parameters, labels == 1), apply_to_ids(parameters, labels) == 1)


def test_colour_leaves_all_but_the_picture_alone() -> None:
    sample = noise(20, 31)
    plain = Parameters(crop=(0, 0, 31, 20), size=(20, 31))
    done = apply(replace(plain, colour=Colour(1.1, 0.8, 1.2, 0.1)), sample)
    assert unlike(done, sample) == ["picture"]


def test_colour_has_its_closed_forms() -> None:
    picture = noise(20, 31).picture
    plain = Parameters(crop=(0, 0, 31, 20), size=(20, 31))

    def coloured(colour: Colour) -> NDArray[np.float64]:
        return apply_to_picture(replace(plain, colour=colour), picture).astype(float)

    grey = picture @ np.array([0.299, 0.587, 0.114])
    assert np.array_equal(coloured(Colour()), picture)
    assert np.abs(coloured(Colour(brightness=0.5)) - picture / 2).max() <= 0.51
    assert np.abs(coloured(Colour(contrast=0.0)) - 127.5).max() <= 0.51
    assert np.abs(coloured(Colour(saturation=0.0)) - grey[..., None]).max() <= 0.6
    assert np.abs(coloured(Colour(hue=1.0)) - picture).max() <= 1  # a whole turn


def test_the_centre_needs_no_chance() -> None:
    assert centre((40, 60), (20, 20)) == Parameters(crop=(10, 0, 40, 40), size=(20, 20))
    picture = noise(40, 40).picture
    assert np.array_equal(apply_to_picture(centre((40, 40), (40, 40)), picture), picture)


def test_parameters_for_another_size_are_refused() -> None:
    with pytest.raises(SizeError, match="31x20"):
        apply_to_picture(FLIP, noise(20, 30).picture)


@pytest.mark.parametrize("values", [{"flip": 2}, {"warp": 0.2}, {"hue": -0.1}, {"zoom": (0.5, 1)}, {"zoom": (2, 1)}])
def test_ranges_are_checked(values: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        Augmentation(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize("values", [{}, {"crop": [1, 2]}, {"crop": [0, 0, 1, 1], "size": [1, 1], "flip": 0}])
def test_json_that_is_no_parameters_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InputError, match="to_json"):
        Parameters.from_json(values)
