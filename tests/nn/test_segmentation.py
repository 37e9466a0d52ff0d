"""Networks that name pixels' classes: shapes, what they see, and what they can learn."""

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import nn

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


def test_a_pixel_sees_far_around() -> None:
    """Without norms, which carry a mean to all places, a pixel's scores still follow from pixels 60 to all sides."""
    torch.manual_seed(0)
    network = SegmentationNetwork(2, width=4)
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.GroupNorm):
                setattr(module, name, nn.Identity())
    pictures = torch.randn(1, 3, 256, 256, requires_grad=True)
    network(pictures)[0, :, 128, 128].sum().backward()
    assert pictures.grad is not None
    rows = pictures.grad[0].abs().sum((0, 2)).nonzero()
    assert rows.min() <= 128 - 60
    assert rows.max() >= 128 + 60


def test_only_the_discriminator_is_held_back() -> None:
    """A weight that grows tenfold changes nothing where it is divided by its largest singular value."""
    pictures = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for network, held in ((SegmentationDiscriminator(3, width=4), True), (SegmentationNetwork(3, width=4), False)):
        before = network.eval()(pictures)
        with torch.no_grad():
            for name, weight in network.named_parameters():
                if weight.dim() == 4 and not name.startswith("score"):
                    weight.mul_(10)
        assert torch.allclose(network(pictures), before, rtol=1e-3, atol=1e-4) == held
