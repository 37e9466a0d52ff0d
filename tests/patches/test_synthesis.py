"""Synthesis, coarse to fine."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.patches.support import blobs, clouds, disk, noise, scene, scene_labels, threads

from sembla.core.types import LabelMap, Picture
from sembla.patches.pyramid import level_sizes
from sembla.patches.synthesis import Given, Job, Settled, solve


def job() -> Job:
    """The ball of a scene moved to the right."""
    picture, labels = scene()
    return Job(picture, labels, scene_labels(90), 3)


def last(work: Job) -> Settled:
    """The finished level."""
    return list(solve(work))[-1]


def test_levels_come_coarse_to_fine_and_end_at_the_layouts_size() -> None:
    work = replace(job(), layout=blobs((150, 180), 3, blur=9.0))
    levels = list(solve(work))
    assert [settled.picture.shape[:2] for settled in levels] == level_sizes((150, 180))
    assert [settled.level for settled in levels] == list(range(len(levels)))
    assert {settled.levels for settled in levels} == {len(levels)}
    for settled in levels:
        assert settled.rows.shape == settled.columns.shape == settled.picture.shape[:2]


def test_the_finished_field_keeps_to_the_labels() -> None:
    work = replace(job(), layout=blobs((90, 110), 3, blur=9.0))
    settled = last(work)
    assert np.array_equal(work.labels[settled.rows, settled.columns], work.layout)


def test_colours_stay_within_their_labels() -> None:
    colours = noise((1, 3), seed=6)[0]
    labels, layout = scene_labels(40), blobs((70, 120), 3, blur=6.0)
    assert np.array_equal(last(Job(colours[labels], labels, layout, 3)).picture, colours[layout])


def test_what_is_not_open_is_the_source() -> None:
    work = job()
    open_ = disk(work.layout.shape, (50, 60), 20)
    settled = last(replace(work, open=open_, distrusted=open_))
    assert np.array_equal(settled.picture[~open_], work.picture[~open_])


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads() -> None:
    results = []
    for count in (1, 2, 1):
        with threads(count):
            results.append(last(replace(job(), seed=11)))
    for other in results[1:]:
        assert other.picture.tobytes() == results[0].picture.tobytes()
        assert np.array_equal(other.rows, results[0].rows)
        assert np.array_equal(other.columns, results[0].columns)


def test_another_seed_gives_another_picture() -> None:
    assert not np.array_equal(last(job()).picture, last(replace(job(), seed=1)).picture)


def labels_of(size: tuple[int, int], count: int) -> tuple[Picture, LabelMap, LabelMap]:
    """A picture with its labels and a layout of the same classes."""
    return clouds(size), blobs(size, count, seed=1, blur=1.0), blobs(size, count, seed=2, blur=1.0)


@pytest.mark.parametrize("size", [(16, 16), (16, 300), (300, 16), (37, 38), (130, 60)])
@pytest.mark.parametrize("count", [1, 2, 64])
def test_any_size_and_number_of_labels(size: tuple[int, int], count: int) -> None:
    picture, labels, layout = labels_of(size, count)
    settled = last(Job(picture, labels, layout, count))
    assert settled.picture.shape == picture.shape
    assert np.array_equal(labels[settled.rows, settled.columns], layout)


@pytest.mark.parametrize("size", [(40, 200), (150, 30), (16, 16), (200, 240)])
def test_the_layout_may_have_another_size_than_the_source(size: tuple[int, int]) -> None:
    picture, labels = scene()
    layout = blobs(size, 3, blur=4.0)
    settled = last(Job(picture, labels, layout, 3))
    assert settled.picture.shape == (*size, 3)
    assert np.array_equal(labels[settled.rows, settled.columns], layout)


def test_a_label_too_small_for_the_coarse_levels_comes_back() -> None:
    picture, labels = scene((160, 160))
    dotted, layout = labels.copy(), labels.copy()
    dotted[20, 140] = 3
    layout[30, 20:22] = 3
    settled = last(Job(picture, dotted, layout, 4))
    assert (settled.rows[layout == 3] == 20).all()
    assert (settled.columns[layout == 3] == 140).all()
    assert (settled.picture[layout == 3] == picture[20, 140]).all()


def test_what_is_given_and_not_open_is_taken_as_it_is() -> None:
    picture, labels = scene()
    other = picture[:, ::-1].copy()
    size = labels.shape
    own: NDArray[np.int32] = np.indices(size, np.int32)
    pages = np.where(own[1] < 40, 0, 1).astype(np.int32)
    given = Given(pages, own[0], np.where(own[1] < 40, own[1], size[1] - 1 - own[1]).astype(np.int32))
    job = Job(
        np.concatenate([picture, other]),
        np.concatenate([labels, labels[:, ::-1]]),
        labels,
        4,
        open=np.zeros(size, np.bool_),
        pages=2,
        given=given,
        complete=False,
    )
    assert np.array_equal(last(job).picture, picture)


def test_a_label_is_taken_from_the_page_that_has_it() -> None:
    picture, labels = scene()
    without_ball = np.where(labels == 2, 0, labels).astype(np.uint8)
    empty = np.zeros_like(picture)
    job = Job(np.concatenate([empty, picture]), np.concatenate([without_ball, labels]), labels, 4, pages=2)
    found = last(job)
    assert (found.rows[labels == 2] >= labels.shape[0]).all()
    assert found.picture[labels == 2].max(axis=1).min() > 0
