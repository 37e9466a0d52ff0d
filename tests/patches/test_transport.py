"""Completeness: patches moved towards the distribution of the source's."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from tests.patches.support import blobs, clouds, noise, threads

from sembla.core.types import LabelMap, Picture
from sembla.patches.sliced import sliced_wasserstein
from sembla.patches.transport import FEWEST, RELAXATION, transported

SIZE = (34, 46)


def mirrored(picture: Picture) -> NDArray[np.float64]:
    """Every pixel's 7x7 patch, (H, W, 147), rims mirrored."""
    wide = np.pad(picture.astype(np.float64), ((3, 3), (3, 3), (0, 0)), mode="symmetric")
    windows = sliding_window_view(wide, (7, 7), axis=(0, 1)).transpose(0, 1, 3, 4, 2)
    return windows.reshape(*picture.shape[:2], 147)


def by_definition(
    picture: Picture, layout: LabelMap, *, source: Picture, labels: LabelMap, directions: int, seed: int
) -> NDArray[np.float64]:
    """The same step with whole matrices of patches."""
    axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(147, directions)))[0]
    here, there = mirrored(picture) @ axes, mirrored(source) @ axes
    moves = np.zeros((*layout.shape, directions))
    for label in np.unique(layout):
        own, model = here[layout == label], np.sort(there[labels == label], axis=0)
        if len(model) >= FEWEST:
            ranks = own.argsort(axis=0).argsort(axis=0)
            wanted = np.take_along_axis(model, ((ranks + 0.5) * len(model) / len(own)).astype(int), axis=0)
            moves[layout == label] = wanted - own
    patches = (moves @ axes.T * (RELAXATION * 147 / directions)).reshape(*layout.shape, 7, 7, 3)
    total = np.zeros((layout.shape[0] + 6, layout.shape[1] + 6, 3))
    for down in range(7):
        for right in range(7):
            total[down : down + layout.shape[0], right : right + layout.shape[1]] += patches[:, :, down, right]
    return np.clip(picture + total[3:-3, 3:-3] / 49, 0, 255)


def test_a_step_is_the_one_of_the_definition() -> None:
    picture, layout, source, labels = noise(SIZE), blobs(SIZE, 3, 1), clouds((40, 30), 2), blobs((40, 30), 3, 3)
    made = transported(picture, layout, source=source, labels=labels, directions=12, seed=4)
    expected = by_definition(picture, layout, source=source, labels=labels, directions=12, seed=4)
    assert np.abs(made - expected).mean() < 0.3  # rounding; a pair of equal ranks may swap
    assert (np.abs(made - expected) < 1).mean() > 0.99


def test_the_source_itself_stays_as_it_is() -> None:
    picture, labels = clouds(SIZE), blobs(SIZE, 3)
    assert np.array_equal(transported(picture, labels, source=picture, labels=labels, directions=16, seed=0), picture)


def test_a_label_with_few_source_patches_is_left_alone() -> None:
    picture, source = noise(SIZE), clouds(SIZE)
    labels, layout = np.zeros(SIZE, np.uint8), np.ones(SIZE, np.uint8)
    labels[0, : FEWEST - 1] = 1
    assert np.array_equal(transported(picture, layout, source=source, labels=labels, directions=8, seed=0), picture)


def test_steps_bring_patches_closer_to_the_source() -> None:
    source = clouds((48, 48), 2, blur=1.2)
    blank = np.zeros((48, 48), np.uint8)
    picture = np.clip(clouds((48, 48), 3, blur=4.0) * 0.5 + 90, 0, 255).astype(np.uint8)

    def distance(made: Picture) -> float:
        return sliced_wasserstein(mirrored(made).reshape(-1, 147), mirrored(source).reshape(-1, 147), projections=64)

    start = distance(picture)
    for seed in range(5):
        picture = transported(picture, blank, source=source, labels=blank, directions=16, seed=seed)
    assert distance(picture) < 0.5 * start


def test_the_same_on_any_number_of_threads() -> None:
    picture, layout, source = noise(SIZE), blobs(SIZE, 3, 1), clouds(SIZE, 2)
    results = []
    for count in (1, 2):
        with threads(count):
            results.append(transported(picture, layout, source=source, labels=layout, directions=16, seed=0))
    assert np.array_equal(results[0], results[1])
