"""Networks cut short, against the whole ones."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from safetensors.torch import save_file
from torch import nn

from sembla.nn import perceptual, shallow
from sembla.nn.squeezenet import SqueezeNet
from sembla.nn.vgg import VGG19_DEPTHS, VGGFeatures
from sembla.nn.weights import Weights, WeightsFile


def given(network: nn.Module, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the weights of a network be those that are found."""
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)

    def find(weights: Weights) -> WeightsFile:
        return WeightsFile(weights, path, "0" * 64)

    monkeypatch.setattr(shallow, "find_weights", find)


def test_vgg_gives_its_two_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = VGGFeatures(VGG19_DEPTHS)
    given(whole, tmp_path / "vgg.safetensors", monkeypatch)
    layers = shallow.VGG19Layers()
    pictures = torch.rand(2, 3, 24, 20) * 2 - 1
    found = layers(pictures)
    expected = whole.taps(pictures, ("relu1_1", "relu2_1")).values()
    assert [tuple(part.shape) for part in found] == [(2, 64, 24, 20), (2, 128, 12, 10)]
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    assert sum(weight.numel() for weight in layers.parameters()) == (9 * 3 + 1) * 64 + (9 * 64 + 1) * 192
    assert not any(weight.requires_grad for weight in layers.parameters())


def test_squeezenet_gives_its_two_layers_of_pictures_as_its_authors_scaled_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = SqueezeNet()
    given(whole, tmp_path / "squeezenet.safetensors", monkeypatch)
    pictures = torch.rand(1, 3, 33, 41) * 2 - 1
    shallow_planes, deeper = shallow.SqueezeNetLayers()(pictures)
    scaled = (pictures + 1) * 127.5 - torch.tensor([123.0, 117.0, 104.0]).view(1, 3, 1, 1)
    assert torch.equal(shallow_planes, whole.features[:2](scaled))
    assert torch.equal(deeper, whole.features[:5](scaled))
    assert deeper.shape[1] == 128


def test_networks_cut_at_five_depths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SqueezeNet's layers over their means; VGG-19's of pictures scaled as ImageNet's were."""
    pictures = torch.rand(1, 3, 48, 40) * 2 - 1
    squeeze, vgg = SqueezeNet(), VGGFeatures(VGG19_DEPTHS)
    given(squeeze, tmp_path / "squeezenet.safetensors", monkeypatch)
    found = perceptual.SqueezeNetDepths()(pictures)
    scaled = (pictures + 1) * 127.5 - torch.tensor([123.0, 117.0, 104.0]).view(1, 3, 1, 1)
    for planes, place, mean in zip(found, (1, 4, 7, 9, 12), (14.0, 25.0, 18.0, 21.0, 1.6), strict=True):
        torch.testing.assert_close(planes * mean, squeeze.features[: place + 1](scaled))
    assert perceptual.channels_of("squeezenet") == tuple(planes.shape[1] for planes in found)
    save_file(dict(vgg.state_dict()), tmp_path / "vgg.safetensors")
    monkeypatch.setattr(
        perceptual, "find_weights", lambda each: WeightsFile(each, tmp_path / "vgg.safetensors", "0" * 64)
    )
    centre, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    wanted = vgg.taps(((pictures + 1) / 2 - centre) / deviation, [f"relu{block}_1" for block in range(1, 6)]).values()
    for planes, expected in zip(perceptual.VGG19Depths()(pictures), wanted, strict=True):
        torch.testing.assert_close(planes, expected)
    assert perceptual.channels_of("vgg19") == tuple(planes.shape[1] for planes in perceptual.VGG19Depths()(pictures))
    assert perceptual.channels_of("none") == tuple(planes.shape[1] for planes in perceptual.pixel_pyramid(pictures))
