"""Losses of the segmenting discriminator, and the smaller ones, in closed form."""

import math

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch.distributions import Normal, kl_divergence

from sembla.losses.perceptual import perceptual
from sembla.losses.regularise import normal_divergence
from sembla.losses.segmentation import (
    class_weights,
    label_mix,
    mixed_consistency,
    segmentation,
    segmentation_discriminator,
    segmentation_generator,
)

LABELS = torch.tensor([[[0, 0, 0], [1, 1, 3]]])  # of 3 classes, the last pixel has none


def test_a_class_weighs_as_its_share_is_small() -> None:
    """Shares 3/5 and 2/5 of two classes that occur: 1 / (2 * 3/5) and 1 / (2 * 2/5)."""
    weights = class_weights(LABELS, 3)
    torch.testing.assert_close(weights, torch.tensor([[[5 / 6] * 3, [5 / 4, 5 / 4, 0.0]]]))
    assert weights[LABELS < 3].mean().item() == pytest.approx(1)


def test_cross_entropies_are_pytorchs_own() -> None:
    scores, weights = torch.randn(1, 4, 2, 3), class_weights(LABELS, 3)
    rows = scores.movedim(1, 3).reshape(-1, 4).log_softmax(1)
    wanted = -(rows[torch.arange(6), (LABELS + 1).clamp(max=3).flatten()] * weights.flatten()).mean()
    torch.testing.assert_close(segmentation_generator(scores, LABELS, weights), wanted)
    torch.testing.assert_close(segmentation(scores[:, 1:], LABELS, weights), _plain(scores[:, 1:], weights))
    made = torch.randn(1, 4, 2, 3)
    fakes = -made.movedim(1, 3).reshape(-1, 4).log_softmax(1)[:, 0].mean()
    torch.testing.assert_close(segmentation_discriminator(scores, made, LABELS, weights=weights), wanted + fakes)


def _plain(scores: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """By PyTorch's own weights of classes, each pixel without a class passed over."""
    found = [torch.eq(LABELS, label) for label in range(3)]
    of_classes = torch.tensor([float(weights[its].mean()) if its.any() else 0.0 for its in found])
    losses = torch.nn.functional.cross_entropy(scores, LABELS, weight=of_classes, ignore_index=3, reduction="sum")
    return losses / LABELS.numel()


def test_a_discriminator_that_knows_nothing_pays_the_logarithm() -> None:
    flat = torch.zeros(1, 4, 2, 3)
    weights = class_weights(LABELS, 3)
    assert segmentation_generator(flat, LABELS, weights).item() == pytest.approx(math.log(4) * 5 / 6)


def test_a_mix_follows_the_classes() -> None:
    torch.manual_seed(0)
    labels = torch.randint(5, (4, 8, 8))
    mask = label_mix(labels, 4)
    assert mask.shape == (4, 1, 8, 8)
    for image, its in zip(mask[:, 0], labels, strict=True):
        for label in range(5):
            assert image[its == label].unique().numel() == 1
    assert 0 < mask.mean() < 1


def test_a_mix_of_scores_is_wanted() -> None:
    real, made = torch.randn(2, 4, 4, 4), torch.randn(2, 4, 4, 4)
    mask = (torch.rand(2, 1, 4, 4) < 0.5).float()
    mixed = real * mask + made * (1 - mask)
    assert mixed_consistency(mixed, real, made, mask=mask).item() == pytest.approx(0)
    assert mixed_consistency(mixed + 2, real, made, mask=mask).item() == pytest.approx(4)


def test_the_divergence_is_that_of_distributions() -> None:
    mean, log_variance = torch.randn(3, 5), torch.randn(3, 5)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(normal_divergence(mean, log_variance), expected)


def test_deeper_layers_count_more() -> None:
    zeros = [torch.zeros(1, 2, 3, 3)] * 5
    for layer, weight in enumerate((1 / 32, 1 / 16, 1 / 8, 1 / 4, 1)):
        made = [planes + (3.0 if place == layer else 0.0) for place, planes in enumerate(zeros)]
        assert perceptual(made, zeros).item() == pytest.approx(3 * weight)
