"""The networks: published counts of parameters, shapes, and how far a pixel reaches."""

from dataclasses import replace
from functools import partial

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.core.labels import Classes
from sembla.methods.scene.config import RECIPES
from sembla.methods.scene.networks import PatternGenerator, SpadeGenerator, StyleEncoder
from sembla.methods.scene.painters import painter
from sembla.nn.light import ClassEncoder, LightGenerator, latent_planes
from sembla.nn.modulation import Guides, MultiFeatureNorm, SpatialNorm


def parameters(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize(
    ("planes", "upsamplings", "spade", "mfade"),
    [(151, 5, 96_492_483, 121_752_387), (36, 6, 93_048_003, 118_307_907), (184, 5, 97_480_899, 122_740_803)],
    ids=["ade20k", "cityscapes", "coco-stuff"],
)
def test_generators_have_as_many_parameters_as_was_published(
    planes: int, upsamplings: int, spade: int, mfade: int
) -> None:
    two = partial(MultiFeatureNorm, label_channels=planes, weighted=False)
    with torch.device("meta"):
        one = SpadeGenerator(planes, partial(SpatialNorm, label_channels=planes), upsamplings=upsamplings)
        other = SpadeGenerator(planes, two, upsamplings=upsamplings)
    assert (parameters(one), parameters(other)) == (spade, mfade)


def test_the_pattern_generator_has_as_many_parameters_as_was_published() -> None:
    with torch.device("meta"):
        assert parameters(PatternGenerator(151)) == 39_302_657


@pytest.mark.parametrize("upsamplings", [5, 6])
@pytest.mark.parametrize("latent", [0, 12])
def test_spade_makes_photos_of_the_layouts_size(upsamplings: int, latent: int) -> None:
    norm = partial(SpatialNorm, label_channels=4)
    network = SpadeGenerator(4, norm, width=4, upsamplings=upsamplings, latent=latent)
    drawn = torch.randn(2, latent) if latent else None
    assert network(Guides(torch.rand(2, 4, 64, 128)), latent=drawn).shape == (2, 3, 64, 128)


def test_a_style_is_read_at_256_pixels() -> None:
    encoder = StyleEncoder(6, width=4)
    mean, log_variance = encoder(torch.randn(2, 3, 50, 70))
    assert mean.shape == log_variance.shape == (2, 6)


@pytest.mark.parametrize("binary", [False, True])
def test_patterns_have_the_layouts_size_whatever_it_is(binary: bool) -> None:
    network = PatternGenerator(5, width=4, binary=binary)
    made = network(torch.rand(2, 5, 60, 300))
    assert made.shape == (2, 1, 60, 300)
    assert made.abs().max() <= 1


def test_the_laptop_recipe_keeps_to_its_limits() -> None:
    """At most 6 M parameters, and 6 GMAC at 256x256 with 12 classes."""
    from torch.utils.flop_counter import FlopCounterMode

    names = tuple("abcdefghijkl")
    classes = Classes(names, tuple((index, 0, 0) for index in range(12)))
    with torch.device("meta"):
        its = painter(replace(RECIPES["laptop"], classes=classes, size=(256, 256)))
        layout = torch.zeros(1, 12, 256, 256)
        with FlopCounterMode(display=False) as counted:
            its(layout, torch.zeros(1, 16, 256, 256), torch.zeros(1, 2, 256, 256))
    assert parameters(its) <= 6_000_000
    assert counted.get_total_flops() / 2 <= 6e9


def light() -> LightGenerator:
    torch.manual_seed(0)
    return LightGenerator(3, width=4, latent=2).eval()


def scene(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.rand(1, count, height, width, generator=generator) for count in (3, 2, 2))  # type: ignore[return-value]


def test_no_pixel_reaches_farther_than_is_said() -> None:
    """What lies beyond the reach of an aligned part changes nothing, to the bit; within half of it, something."""
    network, planes = light(), scene(64, 640)
    plain = network(*planes)
    changed = tuple(each.clone() for each in planes)
    changed[0][..., 320:] += 1
    moved = (network(*changed) - plain).abs().amax((0, 1, 2)) > 0
    assert not moved[: 320 - 256].any()
    assert moved[320 - 64 : 320].any()


def test_one_column_reaches_285_pixels() -> None:
    """From inside of a place of 32 pixels a little farther than from its side; in fp64, for it is very little."""
    network, planes = light().double(), tuple(each.double() for each in scene(64, 704))
    changed = tuple(each.clone() for each in planes)
    changed[0][..., 351:] += 1
    moved = (network(*changed) - network(*planes)).abs().amax((0, 1, 2)) > 0
    assert moved.nonzero()[0].item() >= 351 - 285


def test_latents_are_means_over_a_class() -> None:
    """A photo of one colour a half gives each class the same latent as all of a photo in that colour."""
    torch.manual_seed(0)
    encoder = ClassEncoder(3, width=4, latent=3).eval()

    def read(picture: torch.Tensor, planes: torch.Tensor) -> torch.Tensor:
        return encoder.of_classes(encoder(picture), planes)

    photo = torch.zeros(1, 3, 256, 256)
    photo[..., 128:] = 1.0
    layout = torch.zeros(1, 3, 256, 256)
    layout[:, 0, :, :64], layout[:, 1, :, 192:] = 1, 1  # class 2 does not occur
    mean = read(photo, layout)
    everywhere = torch.ones(1, 3, 256, 256)
    dark, bright = (read(torch.full((1, 3, 256, 256), value), everywhere) for value in (0.0, 1.0))
    assert mean[0, 2].abs().max() == 0
    inner = torch.zeros(1, 1, 256, 256)
    inner[..., 32:-32, 16:48] = 1
    dark_inner, here = read(torch.zeros(1, 3, 256, 256), inner), read(photo, inner)
    torch.testing.assert_close(here, dark_inner)
    torch.testing.assert_close(encoder.of_all(encoder(photo)), read(photo, everywhere)[:, :1])
    assert (mean[0, 0] - dark[0, 0]).norm() < (mean[0, 0] - bright[0, 0]).norm()


def test_each_place_has_the_latent_of_its_class() -> None:
    labels = torch.tensor([[[0, 1], [2, 1]]])
    layout = torch.nn.functional.one_hot(labels, 3).movedim(3, 1).float()
    latents = torch.randn(1, 3, 5)
    assert torch.equal(latent_planes(layout, latents)[0, :, 1, 0], latents[0, 2])
    assert torch.equal(latent_planes(layout, latents)[0, :, 0, 1], latents[0, 1])
