"""PatchMatch: what a candidate costs, and that a sweep only ever improves a field."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.patches.support import blobs, clouds, noise, threads

from sembla.core.types import LabelMap, Picture, Region
from sembla.patches.field import (
    MOST_DRAWN,
    UNREACHED,
    Field,
    Weights,
    candidate_cost,
    continued,
    drawn,
    label_pool,
    mix,
    rate,
    sweep,
)
from sembla.patches.layer import PATCH, Layer, layer

PLAIN = Weights(label=2000.0, guide=0.0, position=0.0, usage=0.0, coherence=1.0, margin=0.0)
CHARGED = Weights(label=500.0, guide=0.3, position=400_000.0, usage=1000.0, coherence=0.85, margin=300.0)
NO_USAGE = np.zeros(0, np.float32)
WORD = 2**64


def unmix(state: int) -> int:
    """Undo `mix`, step by step."""
    for factor in (0xC4CEB9FE1A85EC53, 0xFF51AFD7ED558CCD):
        state ^= state >> 33  # its own inverse: 33 is more than half of 64
        state = state * pow(factor, -1, WORD) % WORD
    return state ^ (state >> 33)


@given(st.integers(0, WORD - 1))
def test_mix_can_be_undone(state: int) -> None:
    assert unmix(int(mix(np.uint64(state)))) == state


@given(st.integers(0, WORD - 1), st.integers(1, 2**31))
def test_drawn_scales_the_low_word(state: int, count: int) -> None:
    assert drawn(np.uint64(state), count) == (state % 2**32) * count // 2**32 < count


def test_the_pool_holds_every_pixel_label_by_label() -> None:
    labels = blobs((37, 53), 5)
    pool = label_pool(labels, 6)
    assert np.array_equal(pool.places, np.argsort(labels.reshape(-1), kind="stable"))
    assert np.array_equal(np.diff(pool.starts), np.bincount(labels.reshape(-1), minlength=6))


def test_the_pool_of_a_large_label_is_an_even_selection() -> None:
    labels = np.zeros((500, 400), np.uint8)
    labels[0, 0] = 1
    pool = label_pool(labels, 2)
    large = pool.places[: pool.starts[1]]
    assert MOST_DRAWN <= len(large) <= 2 * MOST_DRAWN
    assert len(np.unique(np.diff(large))) == 1
    assert pool.places[pool.starts[1] :].tolist() == [0]


def guided(size: tuple[int, int], seed: int) -> Layer:
    """A layer with three labels and guidance."""
    guide = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    return layer(noise(size, seed), blobs(size, 3, seed), guide)


def plain_cost(target: Layer, source: Layer, place: tuple[int, int], there: tuple[int, int]) -> float:
    """The cost of a match under `CHARGED` without usage, by the definition."""
    ours, theirs = (
        (part.pixels, part.labels.reshape(part.height + 6, -1), part.guide.reshape(part.height + 6, part.width + 6, -1))
        for part in (target, source)
    )
    (row, column), (y, x) = place, there
    squares = ours[0][row : row + PATCH, column : column + PATCH].astype(np.int64)
    total = float(((squares - theirs[0][y : y + PATCH, x : x + PATCH]) ** 2).sum())
    for down, right in ((0, 0), (0, 6), (6, 0), (6, 6), (3, 3)):
        if ours[1][row + down, column + right] != theirs[1][y + down, x + right]:
            total += CHARGED.label
        apart = ours[2][row + down, column + right].astype(np.int64) - theirs[2][y + down, x + right]
        total += CHARGED.guide * float((apart**2).sum())
    return total + CHARGED.position * (
        (row / target.height - y / source.height) ** 2 + (column / target.width - x / source.width) ** 2
    )


def test_candidate_cost_is_what_its_definition_says() -> None:
    target, source = guided((20, 31), 1), guided((25, 28), 2)
    chance = np.random.default_rng(0)
    for _ in range(60):
        row, column, y, x = (int(chance.integers(side)) for side in (20, 31, 25, 28))
        cost = candidate_cost(target, source, NO_USAGE, CHARGED, row, column, y, x, UNREACHED)
        assert cost == pytest.approx(plain_cost(target, source, (row, column), (y, x)), rel=1e-5)
        usage = np.zeros(25 * 28, np.float32)
        usage[y * 28 + x] = 2.5
        used = candidate_cost(target, source, usage, CHARGED, row, column, y, x, UNREACHED)
        assert used - cost == pytest.approx(2.5 * CHARGED.usage, rel=1e-2)


def test_a_patch_costs_nothing_at_its_own_place() -> None:
    made = guided((20, 31), 1)
    for row, column in ((0, 0), (19, 30), (7, 12)):
        assert candidate_cost(made, made, NO_USAGE, CHARGED, row, column, row, column, UNREACHED) == 0


def test_a_cost_cut_short_does_not_beat_the_bound() -> None:
    target, source = guided((20, 31), 1), guided((25, 28), 2)
    whole = candidate_cost(target, source, NO_USAGE, CHARGED, 5, 5, 9, 9, UNREACHED)
    for share in (0.01, 0.3, 0.9, 0.999):
        bound = np.float32(whole * share)
        assert candidate_cost(target, source, NO_USAGE, CHARGED, 5, 5, 9, 9, bound) >= bound


def test_no_match_outside_the_source_or_of_another_label() -> None:
    made = guided((20, 31), 1)
    labels = made.labels.reshape(26, 37)[3:-3, 3:-3]
    row, column = 4, 4
    other = np.argwhere(labels != labels[row, column])[0]
    for y, x in ((-1, 0), (0, -1), (20, 0), (0, 31), (int(other[0]), int(other[1]))):
        assert continued(made, made, NO_USAGE, PLAIN, row, column, y, x, UNREACHED) == UNREACHED


def chance_field(layout: LabelMap, labels: LabelMap, seed: int = 0) -> Field:
    """For each pixel some source pixel of its label; costs are left at 0."""
    chance = np.random.default_rng(seed)
    rows, columns = np.zeros(layout.shape, np.int32), np.zeros(layout.shape, np.int32)
    for label in np.unique(layout):
        places = np.argwhere(labels == label)
        wanted = layout == label
        picked = places[chance.integers(len(places), size=int(wanted.sum()))]
        rows[wanted], columns[wanted] = picked[:, 0], picked[:, 1]
    return Field(rows, columns, np.zeros(layout.shape, np.float32))


def swept(target: Layer, source: Layer, found: Field, *, labels: LabelMap, open_: Region, passes: int) -> None:
    """Rate and sweep a field in place."""
    pool = label_pool(labels, int(labels.max()) + 1)
    rate(target, source, NO_USAGE, PLAIN, found.rows, found.columns, found.costs, open_)
    for turn in range(passes):
        step = 1 if turn % 2 == 0 else -1
        sweep(
            target,
            source,
            NO_USAGE,
            PLAIN,
            pool,
            found.rows,
            found.columns,
            found.costs,
            open_,
            max(source.height, source.width) // 2,
            2,
            step,
            turn,
        )


def case() -> tuple[Picture, LabelMap, LabelMap, Region]:
    """A picture with its labels, a layout, and which pixels are open."""
    labels, layout = blobs((60, 80), 4, seed=5), blobs((50, 90), 4, seed=6)
    open_ = np.random.default_rng(7).random(layout.shape) < 0.7
    return clouds((60, 80)), labels, layout, open_


def test_sweep_only_improves_and_keeps_labels_and_closed_pixels() -> None:
    picture, labels, layout, open_ = case()
    target, source = layer(clouds((50, 90), 3), layout), layer(picture, labels)
    before = chance_field(layout, labels)
    rate(target, source, NO_USAGE, PLAIN, before.rows, before.columns, before.costs, open_)
    assert (before.costs[~open_] == 0).all()
    after = Field(before.rows.copy(), before.columns.copy(), before.costs.copy())
    swept(target, source, after, labels=labels, open_=open_, passes=2)
    assert (after.costs <= before.costs).all()
    assert after.costs[open_].mean() < 0.5 * before.costs[open_].mean()
    assert np.array_equal(labels[after.rows, after.columns], layout)
    assert np.array_equal(after.rows[~open_], before.rows[~open_])
    assert np.array_equal(after.columns[~open_], before.columns[~open_])
    again = np.zeros_like(after.costs)
    rate(target, source, NO_USAGE, PLAIN, after.rows, after.columns, again, open_)
    assert np.array_equal(again, after.costs)


def test_sweep_gives_the_same_field_on_any_number_of_threads() -> None:
    picture, labels, layout, open_ = case()
    fields = []
    for count in (1, 2):
        with threads(count):
            found = chance_field(layout, labels)
            target, source = layer(clouds((50, 90), 3), layout), layer(picture, labels)
            swept(target, source, found, labels=labels, open_=open_, passes=3)
            fields.append(found)
    assert np.array_equal(fields[0].rows, fields[1].rows)
    assert np.array_equal(fields[0].columns, fields[1].columns)
    assert np.array_equal(fields[0].costs, fields[1].costs)


def test_the_shift_of_a_translated_texture_is_found() -> None:
    whole, down, right = noise((90, 100)), 13, 8
    picture = whole[down : down + 70, right : right + 80]
    source, target = layer(whole, np.zeros((90, 100), np.uint8)), layer(picture, np.zeros((70, 80), np.uint8))
    found = chance_field(np.zeros((70, 80), np.uint8), np.zeros((90, 100), np.uint8))
    everything = np.ones((70, 80), np.bool_)
    swept(target, source, found, labels=np.zeros((90, 100), np.uint8), open_=everything, passes=6)
    rows, columns = np.indices((70, 80))
    exact = (found.rows == rows + down) & (found.columns == columns + right)
    assert exact[4:-4, 4:-4].mean() >= 0.95
