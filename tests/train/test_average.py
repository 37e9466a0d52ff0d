import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.train.average import Average


def weight(network: nn.Module) -> Tensor:
    return network.get_parameter("weight")


def test_the_average_is_the_mean_in_which_a_step_halves_every_half_life() -> None:
    network = nn.Linear(3, 2)
    average = Average(network, half_life=10)
    history = []
    for step in range(1, 31):
        with torch.no_grad():
            network.weight.copy_(torch.randn(2, 3, generator=torch.Generator().manual_seed(step)))
        history.append(network.weight.detach().double().clone())
        average.update(4, seen=4 * step)
    ages = torch.arange(29, -1, -1, dtype=torch.float64) * 4
    shares = 0.5 ** (ages / 10)
    expected = torch.einsum("t,tij->ij", shares / shares.sum(), torch.stack(history))
    torch.testing.assert_close(weight(average.network).double(), expected, rtol=1e-5, atol=1e-6)


def test_the_weights_before_training_have_no_part_in_it() -> None:
    network = nn.Linear(3, 2)
    average = Average(network, half_life=1e9)
    with torch.no_grad():
        network.weight.fill_(5.0)
    average.update(1, seen=1)
    assert torch.equal(weight(average.network), network.weight)


def test_half_the_batch_twice_is_as_much_as_the_batch_once() -> None:
    one, two = nn.Linear(1, 1), nn.Linear(1, 1)
    whole, halves = Average(one, half_life=6), Average(two, half_life=6)
    for step in range(1, 6):
        for network in (one, two):
            nn.init.constant_(network.weight, float(step))
        whole.update(4, seen=4 * step)
        halves.update(2, seen=4 * step - 2)
        halves.update(2, seen=4 * step)
    assert weight(whole.network).item() == pytest.approx(weight(halves.network).item(), rel=1e-6)


def test_running_statistics_are_those_of_now() -> None:
    network = nn.BatchNorm1d(2)
    average = Average(network, half_life=100)
    network(torch.randn(8, 2) + 3)
    average.update(8, seen=8)
    kept = dict(average.network.named_buffers())
    assert all(torch.equal(kept[name], value) for name, value in network.named_buffers())
    assert kept["num_batches_tracked"] == 1
