"""Patches as rows, the nearest of them, and how far two clouds of them are apart."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from scipy.stats import wasserstein_distance

from sembla.losses.patches import (
    nearest_rows,
    nearest_rows_absolute,
    patch_coherence,
    patch_count,
    patch_rows,
    rows_at,
    sliced_wasserstein,
)


def planes(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_rows_are_the_patches_in_order() -> None:
    picture = planes(2, 5, 6)
    rows = patch_rows(picture, 3)
    assert rows.shape == (3 * 4, 2 * 9)
    assert patch_count(picture, 3) == 3 * 4
    for row in range(3):
        for column in range(4):
            patch = picture[:, row : row + 3, column : column + 3].flatten()
            assert torch.equal(rows[row * 4 + column], patch)


def test_rows_at_places_are_those_rows() -> None:
    picture = planes(3, 9, 8)
    places = torch.tensor([0, 5, 5, 13, 29])
    assert torch.equal(rows_at(picture, 4, places), patch_rows(picture, 4)[places])


@pytest.mark.parametrize("power", [1, 2])
def test_the_nearest_rows_are_those_of_an_exhaustive_loop(power: int) -> None:
    rows, source = planes(7, 12), planes(40, 12, seed=1)
    search = {1: nearest_rows_absolute, 2: nearest_rows}[power]
    found = search(rows, source, count=3)
    for row, nearest in zip(rows, found, strict=True):
        distances = [float(((row - other).abs() ** power).sum()) for other in source]
        assert nearest.tolist() == np.argsort(distances)[:3].tolist()


def test_searching_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, source = planes(50, 6), planes(30, 6, seed=1)
    whole = nearest_rows(rows, source, count=2)
    monkeypatch.setattr("sembla.losses.patches._CHUNK", 100)
    assert torch.equal(nearest_rows(rows, source, count=2), whole)


def test_patch_coherence_is_that_of_a_loop_over_all_patches() -> None:
    """As published: the five nearest by absolute difference, the mean difference to these, the mean over patches."""
    made, source = planes(4, 8, 9), planes(4, 10, 7, seed=1)
    rows, known = patch_rows(made, 3), patch_rows(source, 3)
    found = patch_coherence(rows, known, nearest_rows_absolute(rows, known, count=5))
    expected = []
    for y in range(6):
        for x in range(7):
            patch = made[:, y : y + 3, x : x + 3]
            others = [source[:, v : v + 3, u : u + 3] for v in range(8) for u in range(5)]
            distances = sorted(float((patch - other).abs().mean()) for other in others)
            expected.append(np.mean(distances[:5]))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)


def test_patches_of_the_source_itself_are_no_distance_away() -> None:
    rows = patch_rows(planes(3, 12, 12), 3)
    assert patch_coherence(rows[::7], rows, nearest_rows_absolute(rows[::7], rows)).max() == 0


def test_the_gradient_flows_into_what_was_made_alone() -> None:
    made, source = planes(5, 6).requires_grad_(), planes(9, 6, seed=1).requires_grad_()
    torch.autograd.backward(patch_coherence(made, source, nearest_rows(made, source)).sum())
    assert made.grad is not None
    assert made.grad.abs().min() > 0
    assert source.grad is None


def test_the_sliced_distance_of_two_clouds_is_that_of_their_projections() -> None:
    made, real, directions = planes(60, 5), planes(60, 5, seed=1) + 1, planes(4, 5, seed=2)
    expected = [wasserstein_distance(made @ axis, real @ axis) for axis in directions]
    assert float(sliced_wasserstein(made, real, directions)) == pytest.approx(np.mean(expected), rel=1e-5)


def test_a_cloud_against_its_own_doubled_self_is_no_distance() -> None:
    cloud, directions = planes(60, 5), planes(4, 5, seed=2)
    assert float(sliced_wasserstein(cloud, cloud.repeat(2, 1), directions)) == 0


def test_a_shift_moves_every_point_the_same() -> None:
    made = planes(30, 3).requires_grad_()
    direction = torch.tensor([[1.0, 0, 0]])
    loss = sliced_wasserstein(made, made.detach() + torch.tensor([2.0, 5, 5]), direction)
    torch.autograd.backward(loss)
    assert loss.item() == pytest.approx(2, rel=1e-5)
    assert made.grad is not None
    torch.testing.assert_close(made.grad, torch.tensor([-1 / 30, 0, 0]).expand(30, 3))
