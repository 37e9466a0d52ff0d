"""Networks that name pixels' classes: shapes, what they see, and what they can learn."""

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import nn

from sembla.losses.segmentation import segmentation
from sembla.nn.segmentation import SegmentationDiscriminator, SegmentationNetwork


@pytest.mark.parametrize(("network", "scores"), [(SegmentationDiscriminator, 7), (SegmentationNetwork, 6)])
def test_each_pixel_has_scores(network: type[SegmentationNetwork], scores: int) -> None:
    torch.manual_seed(0)
    named = network(6, width=4).eval()
    pictures = torch.randn(2, 3, 64, 96)
    found = named(pictures)
    assert found.shape == (2, scores, 64, 96)
    changed = pictures.clone()
    changed[0, :, 0, 0] += 5
    moved = (named(changed) - found).abs().sum((0, 1)) > 1e-4
    assert moved[0, 0]
    assert torch.equal(named(changed)[1], found[1])


def test_a_network_sees_its_surroundings() -> None:
    """Classes that only the far half of a picture decides can be told."""
    torch.manual_seed(0)
    network = SegmentationNetwork(2, width=8)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.003)
    for _ in range(60):
        labels = torch.randint(2, (8, 1, 1)).expand(-1, 32, 64)
        pictures = torch.zeros(8, 3, 32, 64)
        pictures[..., 32:] = labels[:, None, :, 32:] * 2.0 - 1
        loss = segmentation(network(pictures), labels, torch.ones(8, 32, 64))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert (network(pictures).argmax(1) == labels)[..., :8].float().mean() > 0.9


def test_only_the_discriminator_is_held_back() -> None:
    """A weight that grows tenfold changes nothing where it is divided by its largest singular value."""
    for network, held in ((SegmentationDiscriminator(3, width=4), True), (SegmentationNetwork(3, width=4), False)):
        convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
        assert [nn.utils.parametrize.is_parametrized(each) for each in convolutions] == [held] * (
            len(convolutions) - 1
        ) + [False]
