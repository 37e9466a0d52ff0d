"""From a field to a picture."""

import numpy as np
from numpy.typing import NDArray
from tests.patches.support import blobs, noise, threads

from sembla.core.types import LabelMap, Region
from sembla.patches.layer import Layer, layer
from sembla.patches.vote import FAINT, vote

SIZE = (40, 50)
EVERYTHING = np.ones(SIZE, np.bool_)
Matches = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]


def black(layout: LabelMap) -> Layer:
    """A target whose colours are still to be voted on."""
    return layer(np.zeros((*layout.shape, 3), np.uint8), layout)


def matches(layout: LabelMap, labels: LabelMap) -> Matches:
    """A field of chance that keeps to the labels, with costs of chance."""
    chance = np.random.default_rng(2)
    rows, columns = np.zeros(layout.shape, np.int32), np.zeros(layout.shape, np.int32)
    for label in np.unique(layout):
        places, wanted = np.argwhere(labels == label), layout == label
        picked = places[chance.integers(len(places), size=int(wanted.sum()))]
        rows[wanted], columns[wanted] = picked[:, 0], picked[:, 1]
    return rows, columns, chance.uniform(0, 4000, layout.shape).astype(np.float32)


def voted(layout: LabelMap, source: Layer, found: Matches, *, open_: Region = EVERYTHING, radius: int = 3) -> Layer:
    """The target after a vote."""
    target = black(layout)
    vote(target, source, *found, open_, radius, 1000.0)
    return target


def test_the_identity_gives_the_source() -> None:
    labels, picture = blobs(SIZE, 4), noise(SIZE)
    rows, columns = np.indices(SIZE, np.int32)
    costs = np.random.default_rng(0).uniform(0, 1e6, SIZE).astype(np.float32)
    for radius in (0, 1, 3):
        target = voted(labels, layer(picture, labels), (rows.copy(), columns.copy(), costs), radius=radius)
        assert np.array_equal(target.picture, picture)


def test_votes_never_mix_labels() -> None:
    colours = noise((1, 4), seed=9)[0]
    labels, layout = blobs((60, 30), 4, seed=1), blobs(SIZE, 4, seed=2)
    target = voted(layout, layer(colours[labels], labels), matches(layout, labels))
    assert np.array_equal(target.picture, colours[layout])


def test_radius_zero_copies() -> None:
    picture, labels, layout = noise((60, 30)), blobs((60, 30), 4, seed=1), blobs(SIZE, 4, seed=2)
    found = matches(layout, labels)
    assert np.array_equal(voted(layout, layer(picture, labels), found, radius=0).picture, picture[found[0], found[1]])


def test_a_pixel_is_the_mean_of_the_patches_over_it_weighted_by_confidence() -> None:
    picture, labels, layout = noise((60, 30)), blobs((60, 30), 4, seed=1), blobs(SIZE, 4, seed=2)
    found = rows, columns, costs = matches(layout, labels)
    result = voted(layout, layer(picture, labels), found, radius=2).picture
    for row, column in ((0, 0), (20, 25), (39, 49), (11, 3)):
        colours, weights = [], []
        for up in range(max(row - 2, 0), min(row + 3, SIZE[0])):
            for side in range(max(column - 2, 0), min(column + 3, SIZE[1])):
                y, x = rows[up, side] + row - up, columns[up, side] + column - side
                inside = layout[up, side] == layout[row, column] and 0 <= y < 60 and 0 <= x < 30
                if inside and labels[y, x] == layout[row, column]:
                    colours.append(picture[y, x])
                    weights.append(float(np.exp(-costs[up, side] / 1000) + FAINT))
        expected = np.average(np.array(colours, np.float64), axis=0, weights=weights)
        assert np.abs(result[row, column] - expected).max() <= 0.51


def test_only_open_pixels_are_written() -> None:
    picture, labels, layout = noise((60, 30)), blobs((60, 30), 4, seed=1), blobs(SIZE, 4, seed=2)
    open_ = np.random.default_rng(0).random(SIZE) < 0.5
    found = matches(layout, labels)
    half, whole = (voted(layout, layer(picture, labels), found, open_=chosen) for chosen in (open_, EVERYTHING))
    assert np.array_equal(half.picture[open_], whole.picture[open_])
    assert (half.picture[~open_] == 0).all()


def test_a_vote_is_the_same_on_any_number_of_threads() -> None:
    picture, labels, layout = noise((60, 30)), blobs((60, 30), 4, seed=1), blobs(SIZE, 4, seed=2)
    found, results = matches(layout, labels), []
    for count in (1, 2):
        with threads(count):
            results.append(voted(layout, layer(picture, labels), found).picture)
    assert np.array_equal(results[0], results[1])
