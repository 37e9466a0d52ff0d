"""Losses between generator and discriminator, in numbers worked out by hand."""

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch

from sembla.losses.adversarial import (
    hinge_discriminator,
    hinge_generator,
    lsgan_discriminator,
    lsgan_generator,
)
from sembla.losses.matching import feature_matching


def scores(*values: float) -> torch.Tensor:
    return torch.tensor([float(value) for value in values]).view(1, 1, 1, -1)


def test_least_squares_in_numbers() -> None:
    """(1 - 1)² and (3 - 1)² make 2 at one scale, (0 - 1)² makes 1 at the other; made: (4 + 0) / 2 and 9."""
    real, made = [scores(1, 3), scores(0)], [scores(2, 0), scores(3)]
    assert float(lsgan_discriminator(real, made)) == (2 + 1) / 2 + (2 + 9) / 2
    assert float(lsgan_generator(made)) == (1 + 4) / 2


def test_least_squares_are_least_where_all_is_told_apart() -> None:
    assert float(lsgan_discriminator([scores(1, 1)], [scores(0, 0)])) == 0
    assert float(lsgan_generator([scores(1, 1)])) == 0


def test_the_hinge_in_numbers() -> None:
    real, made = [scores(2, 0), scores(-1)], [scores(-2, 1), scores(0)]
    assert float(hinge_discriminator(real, made)) == (0.5 + 2) / 2 + (1 + 1) / 2
    assert float(hinge_generator(made)) == (0.5 + 0) / 2


def test_matching_is_the_mean_over_layers_and_teaches_what_was_made() -> None:
    made = [torch.zeros(1, 2, 2, 2, requires_grad=True), torch.zeros(1, 1, 1, 1, requires_grad=True)]
    real = [torch.full((1, 2, 2, 2), 3.0, requires_grad=True), torch.full((1, 1, 1, 1), -1.0, requires_grad=True)]
    loss = feature_matching(made, real)
    torch.autograd.backward(loss)
    assert loss.item() == 2
    assert made[0].grad is not None
    assert real[0].grad is None
