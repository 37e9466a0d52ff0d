"""Discriminators: published counts of parameters, and what they look at."""

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch

from sembla.nn.discriminators import MultiscaleDiscriminator


def test_it_has_as_many_parameters_as_was_published() -> None:
    """ADE20K: 151 planes of classes and 3 of the photo."""
    judge = MultiscaleDiscriminator(154)
    assert sum(weight.numel() for weight in judge.parameters()) == 5_836_930


def test_each_scale_has_its_features_and_scores() -> None:
    found = MultiscaleDiscriminator(5, width=4)(torch.randn(2, 2, 64, 96), torch.randn(2, 3, 64, 96))
    assert [len(scale) for scale in found] == [5, 5]
    assert found[0][-1].shape == (2, 1, 11, 15)
    assert found[0][0].shape == (2, 4, 33, 49)
    assert found[1][0].shape == (2, 4, 17, 25)


def test_the_second_scale_sees_half_the_picture() -> None:
    judge = MultiscaleDiscriminator(4, width=4).eval()
    judge.scales[1].load_state_dict(judge.scales[0].state_dict())
    planes = torch.randn(1, 4, 64, 64)
    half = torch.nn.functional.avg_pool2d(planes, 3, stride=2, padding=1, count_include_pad=False)
    whole, again = judge(planes[:, :1], planes[:, 1:]), judge(half[:, :1], half[:, 1:])
    torch.testing.assert_close(whole[1][-1], again[0][-1])
