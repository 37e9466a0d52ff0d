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


def test_running_statistics_are_averaged_as_the_weights_are() -> None:
    """Of activations that grow with the weights, they then fit the averaged weights."""
    network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1, momentum=1.0))
    average = Average(network, half_life=8)
    for step in range(1, 21):
        nn.init.constant_(network[0].weight, float(step % 7))  # type: ignore[arg-type]
        network(torch.full((4, 1), 2.0) + torch.tensor([[-1.0], [1.0], [-1.0], [1.0]]))
        average.update(4, seen=4 * step)
    kept = dict(average.network.named_buffers())
    assert float(kept["1.running_mean"]) == pytest.approx(
        2 * average.network.get_parameter("0.weight").item(), rel=1e-5
    )
    assert kept["1.num_batches_tracked"] == 20


def test_other_buffers_are_those_of_now() -> None:
    network = nn.Linear(2, 2)
    network.register_buffer("seen", torch.zeros(3))
    average = Average(network, half_life=100)
    for step in range(1, 4):
        network.get_buffer("seen").fill_(float(step))
        average.update(8, seen=8 * step)
    assert average.network.get_buffer("seen").tolist() == [3.0, 3.0, 3.0]
