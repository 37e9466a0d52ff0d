"""The published networks have the published sizes, and ours keeps what it promises."""

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.methods.portrait.support import portraits
from torch import nn

from sembla.methods.portrait.config import Sembla, fitted
from sembla.methods.portrait.light_networks import LightPortraitist
from sembla.methods.portrait.networks import GROUPS, MapDiscriminator, PortraitUNet, WindowDiscriminator
from sembla.methods.portrait.painted import mean_colours, painted


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def test_the_published_networks_have_their_published_number_of_parameters() -> None:
    assert count(PortraitUNet(256)) == 14_222_659
    assert count(WindowDiscriminator()) == 2_772_737


def test_the_window_discriminator_scores_900_windows_of_70_pixels() -> None:
    critic = WindowDiscriminator(width=4).eval()
    faces = torch.zeros(1, 3, 256, 256, requires_grad=True)
    scores = critic(torch.zeros(1, GROUPS, 256, 256), faces)
    assert scores.shape == (1, 1, 30, 30)
    scores[0, 0, 15, 15].backward()
    assert faces.grad is not None
    seen = faces.grad[0].abs().sum(0).nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [70, 70]


def test_the_map_discriminator_tells_a_map_of_32_pixels() -> None:
    scores, told = MapDiscriminator(256, width=4)(torch.zeros(2, 3, 256, 256), torch.zeros(2, 3, 256, 256))
    assert scores.shape == (2, 1)
    assert told.shape == (2, 3, 32, 32)


@pytest.mark.parametrize("side", [32, 64, 256])
def test_the_u_net_goes_down_to_one_place(side: int) -> None:
    network = PortraitUNet(side, width=4).eval()
    maps = torch.zeros(1, GROUPS, side, side), torch.zeros(1, 3, side, side)
    face = network(*maps, colours=torch.zeros(1, 21), identity=torch.zeros(1, 128))
    assert face.shape == (1, 3, side, side)
    other = network(*maps, colours=torch.zeros(1, 21), identity=torch.ones(1, 128))
    assert not torch.equal(face, other)


def test_dropout_and_statistics_rest_when_it_is_used() -> None:
    network = PortraitUNet(32, width=4).eval()
    maps = torch.rand(3, GROUPS, 32, 32), torch.rand(3, 3, 32, 32)
    numbers = {"colours": torch.rand(3, 21), "identity": torch.rand(3, 128)}
    alone = network(*(each[:1] for each in maps), **{name: each[:1] for name, each in numbers.items()})
    assert torch.allclose(network(*maps, **numbers)[:1], alone, atol=1e-5)


def test_mean_colours_and_maps_painted_with_them() -> None:
    labels = torch.tensor([[[0, 0], [1, 2]]])
    table = torch.tensor([0, 3, GROUPS])  # the third class is background
    photo = torch.tensor([[[0.2, 0.4], [-1.0, 1.0]]]).expand(3, 2, 2)[None].clone()
    groups = painted(labels, table, torch.zeros(1, GROUPS, 3)).groups
    colours = mean_colours(photo, groups)
    assert torch.allclose(colours[0, 0], torch.full((3,), 0.3), atol=1e-4)
    assert torch.allclose(colours[0, 3], torch.full((3,), -1.0), atol=1e-3)
    assert not colours[0, [1, 2, 4, 5, 6]].any()
    its = painted(labels, table, colours)
    assert torch.equal(its.inside[0, 0], torch.tensor([[1.0, 1.0], [1.0, 0.0]]))
    assert torch.allclose(its.coloured[0, 0], torch.tensor([[0.3, 0.3], [-1.0, -1.0]]), atol=1e-3)


def ours() -> LightPortraitist:
    torch.manual_seed(0)
    config = fitted(Sembla(side=64, width=8, features="none", embedder="none"), portraits())
    assert isinstance(config, Sembla)
    return LightPortraitist(config).eval()


def test_ours_does_not_look_into_the_hole() -> None:
    its = ours()
    labels = torch.randint(19, (1, 64, 64))
    layout, photo = its.layout(labels), torch.rand(1, 3, 64, 64) * 2 - 1
    looks, beside = its.looks(photo, layout), {"person": its.person(photo), "noise": its.noise(layout)}
    hole = torch.zeros(1, 1, 64, 64)
    hole[..., 20:40, 20:40] = 1
    changed = torch.where(hole > 0, torch.rand_like(photo), photo)
    same = [its(layout, looks, photo=each, hole=hole, **beside) for each in (photo, changed)]
    assert torch.equal(*same)
    assert not torch.equal(its(layout, looks, photo=changed, hole=torch.zeros_like(hole), **beside), same[0])


def test_parts_that_were_never_seen_have_the_usual_look() -> None:
    its = ours()
    assert not its.usual().any()
    layout = its.layout(torch.tensor([[[1] * 64] * 32 + [[2] * 64] * 32]))
    first, second = torch.rand(2, 1, 3, 64, 64)
    for photo in (first, second):
        its.encoder.remember(its.looks(photo, layout), layout)
    looks = [its.looks(photo, layout)[0, 1] for photo in (first, second)]
    places = len(its.encoder.looks)  # all of them hold the first until others come
    assert torch.allclose(its.usual()[1], (looks[0] * (places - 1) + looks[1]) / places, atol=1e-6)
    given = torch.zeros(1, 19, its.encoder.last.out_channels)
    given[0, 2] = 0.5
    whole = its.completed(given)
    assert torch.equal(whole[0, 1], its.usual()[1])
    assert torch.equal(whole[0, 2], given[0, 2])
    drawn = its.drawn_look(1, torch.Generator().manual_seed(0))
    assert any(torch.allclose(drawn, look) for look in looks)
