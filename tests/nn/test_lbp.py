"""Local binary patterns against a plain loop and scikit-image."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from numpy.typing import NDArray
from skimage.feature import local_binary_pattern
from torch import Tensor

from sembla.nn.lbp import LocalBinaryConvolution, hard_patterns, luma, soft_patterns
from sembla.nn.planes import to_planes


def pictures(*, count: int = 2, size: tuple[int, int] = (9, 13)) -> Tensor:
    generator = np.random.default_rng(0)
    return to_planes(list(generator.integers(0, 256, (count, *size, 3), np.uint8)))


def grey(planes: Tensor) -> NDArray[np.float64]:
    return luma(planes).round()[:, 0].numpy().astype(np.float64)


def codes(planes: Tensor) -> NDArray[np.int64]:
    """The bytes 0 to 255, (N, H, W)."""
    return ((hard_patterns(planes)[:, 0] + 1) * 127.5).round().long().numpy()


def test_codes_are_those_of_a_plain_loop() -> None:
    """Eight comparisons a pixel, clockwise from the upper left; beyond the border the outermost pixels repeat."""
    planes = pictures()
    for found, values in zip(codes(planes), grey(planes), strict=True):
        height, width = values.shape
        for row in range(height):
            for column in range(width):
                expected = 0
                around = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
                for bit, (down, right) in enumerate(around):
                    y, x = min(max(row + down, 0), height - 1), min(max(column + right, 0), width - 1)
                    expected += (values[y, x] >= values[row, column]) << bit
                assert found[row, column] == expected


def test_the_neighbours_that_share_a_side_are_as_in_scikit_image() -> None:
    """Its neighbours lie on a circle, so those at the corners are interpolated; the other four are pixels."""
    planes = pictures(count=1, size=(20, 30))
    byte = grey(planes)[0].astype(np.uint8)
    theirs = local_binary_pattern(byte, 4, 1).astype(int)[1:-1, 1:-1]  # type: ignore[no-untyped-call]
    ours = codes(planes)[0][1:-1, 1:-1]
    for bit, other in zip((3, 1, 7, 5), range(4), strict=True):  # right, above, left, below
        assert np.array_equal((ours >> bit) & 1, (theirs >> other) & 1)


def test_soft_patterns_come_to_hard_ones() -> None:
    """Of a picture without two equal neighbours; at the border a pixel is its own neighbour, which counts one half."""
    values = torch.randperm(64, generator=torch.Generator().manual_seed(0)).view(1, 1, 8, 8) * 4.0
    planes = (values / 127.5 - 1).expand(-1, 3, -1, -1)
    inner = np.s_[:, :, 1:-1, 1:-1]
    torch.testing.assert_close(soft_patterns(planes, softness=1e-4)[inner], hard_patterns(planes)[inner])
    assert (soft_patterns(planes)[inner] != hard_patterns(planes)[inner]).any()


def test_soft_patterns_have_a_gradient() -> None:
    planes = (torch.rand(1, 3, 8, 8) * 0.1).requires_grad_()
    soft_patterns(planes)[0, 0, 3, 3].backward()  # type: ignore[no-untyped-call]
    assert planes.grad is not None
    touched = planes.grad[0].abs().sum(0) > 0
    assert touched[2:5, 2:5].all()
    assert touched.sum() == 9


def test_equal_neighbours() -> None:
    flat = torch.zeros(1, 3, 5, 5)
    assert (hard_patterns(flat) == 1).all()
    torch.testing.assert_close(soft_patterns(flat), torch.zeros(1, 1, 5, 5))


def test_binary_convolutions_learn_sums_of_fixed_filters() -> None:
    torch.manual_seed(0)
    layer = LocalBinaryConvolution(3, 5, stride=2, anchors=200)
    assert {name for name, _ in layer.named_parameters()} == {"join.weight", "join.bias"}
    assert sum(weight.numel() for weight in layer.parameters()) == 5 * 200 + 5
    values, counts = torch.unique(layer.anchors, return_counts=True)
    assert values.tolist() == [-1, 0, 1]
    assert (counts / counts.sum() - torch.tensor([0.25, 0.5, 0.25])).abs().max() < 0.03
    assert layer(torch.randn(2, 3, 8, 12)).shape == (2, 5, 4, 6)
