"""Modulation by place, in closed form."""

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sembla.nn.modulation import Guide, Guides, ModulatedBlock, MultiFeatureNorm, SpatialNorm

CLASSES = 3


def layout(size: int = 8) -> Tensor:
    labels = torch.arange(size * size).view(1, size, size) % CLASSES
    return F.one_hot(labels, CLASSES).movedim(3, 1).float()


def test_a_guide_takes_one_pixel_of_labels_and_means_of_texture() -> None:
    ramp = torch.arange(16.0).view(1, 1, 4, 4)
    assert torch.equal(Guide(ramp).at((2, 2)), ramp[:, :, ::2, ::2])
    small = Guide(ramp, smooth=True).at((1, 1))
    assert small.item() == pytest.approx(7.5)
    guide = Guide(ramp)
    assert guide.at((2, 2)) is guide.at((2, 2))
    assert guide.at((4, 4)) is ramp


def test_a_norm_without_weights_normalises_and_the_shift_is_by_place() -> None:
    """SPADE: (x - mean) / deviation of the batch, times 1 + scale, plus shift; here scale 0, and shift 2 in places."""
    norm = SpatialNorm(4, CLASSES)
    with torch.no_grad():
        for weight in norm.parameters():
            weight.zero_()
    planes = torch.randn(5, 4, 8, 8) * 3 + 7
    plain = norm(planes, Guides(layout().expand(5, -1, -1, -1)))
    expected = (planes - planes.mean((0, 2, 3), keepdim=True)) / planes.var(
        (0, 2, 3), unbiased=False, keepdim=True
    ).add(1e-5).sqrt()
    torch.testing.assert_close(plain, expected, atol=1e-4, rtol=1e-4)
    with torch.no_grad():
        norm.labels.hidden.weight[0, 1, 1, 1] = 1.0  # sees class 1 at the place itself
        norm.labels.both.weight[4:, 0, 1, 1] = 2.0  # and shifts all channels
    shifted = norm(planes, Guides(layout().expand(5, -1, -1, -1)))
    torch.testing.assert_close(shifted, expected + 2 * layout()[:, 1:2], atol=1e-4, rtol=1e-4)


def test_two_features_begin_as_the_label_map_alone() -> None:
    one, two = SpatialNorm(4, CLASSES), MultiFeatureNorm(4, CLASSES)
    two.labels.load_state_dict(one.labels.state_dict())
    planes, guides = torch.randn(2, 4, 8, 8), Guides(layout().expand(2, -1, -1, -1), torch.randn(2, 1, 8, 8))
    torch.testing.assert_close(two(planes, guides), one(planes, guides))
    assert two.weights is not None
    two(planes, guides).sum().backward()
    assert two.weights.grad is not None
    assert (two.weights.grad != 0).all()


def test_branches_are_added() -> None:
    """With the texture's branch made the label branch's twin on one input, its scale and shift count twice."""
    torch.manual_seed(0)
    norm = MultiFeatureNorm(4, 1, weighted=False)
    norm.texture.load_state_dict(norm.labels.state_dict())
    single = SpatialNorm(4, 1)
    single.labels.load_state_dict(norm.labels.state_dict())
    planes, guide = torch.randn(2, 4, 8, 8), torch.rand(2, 1, 8, 8)
    both, one = norm(planes, Guides(guide, guide)), single(planes, Guides(guide))
    torch.testing.assert_close(both, 2 * one - norm.norm(planes), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("made", [4, 6])
def test_a_block_keeps_the_size_and_learns_a_way_beside_where_channels_change(made: int) -> None:
    block = ModulatedBlock(4, made, norm=lambda channels: SpatialNorm(channels, CLASSES))
    assert block(torch.randn(2, 4, 8, 8), Guides(layout().expand(2, -1, -1, -1))).shape == (2, made, 8, 8)
    assert len(block.beside) == (0 if made == 4 else 2)
