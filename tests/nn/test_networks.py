import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor, nn

from sembla.nn.alexnet import AlexNetFeatures
from sembla.nn.inception import InceptionFID, InceptionStem
from sembla.nn.mobilefacenet import MobileFaceNet
from sembla.nn.squeezenet import SqueezeNet
from sembla.nn.vgg import VGG, VGG16_DEPTHS, VGG19_DEPTHS, VGGFeatures


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def pictures(count: int, side: int, *, seed: int = 0) -> Tensor:
    return torch.randn((count, 3, side, side), generator=torch.Generator().manual_seed(seed))


def test_parameter_counts_are_the_published_ones() -> None:
    with torch.device("meta"):  # shapes alone, no memory
        assert parameters(SqueezeNet()) == 1_235_496
        assert parameters(VGG(VGG16_DEPTHS)) == 138_357_544
        assert parameters(VGG(VGG19_DEPTHS)) == 143_667_240
        assert parameters(AlexNetFeatures()) == 61_100_840 - 58_631_144  # without the classifier
        # Torchvision's 27,161,264 with its auxiliary head of 3,326,696; eight classes more of 2048 weights and a bias.
        assert parameters(InceptionFID()) == 27_161_264 - 3_326_696 + 8 * 2049


def test_tensors_have_the_published_names_and_shapes() -> None:
    with torch.device("meta"):
        vgg, inception, squeezenet = shapes(VGG(VGG19_DEPTHS)), shapes(InceptionFID()), shapes(SqueezeNet())
    assert vgg["features.0.weight"] == (64, 3, 3, 3)
    assert vgg["features.34.weight"] == (512, 512, 3, 3)
    assert vgg["classifier.0.weight"] == (4096, 25088)
    assert vgg["classifier.6.bias"] == (1000,)
    assert len(vgg) == 2 * (16 + 3)
    assert len(inception) == 94 * 6 + 2  # 94 convolutions of 1 + 5 tensors, and the classifier
    assert inception["Conv2d_1a_3x3.conv.weight"] == (32, 3, 3, 3)
    assert inception["Mixed_5b.branch_pool.conv.weight"] == (32, 192, 1, 1)
    assert inception["Mixed_6a.branch3x3.conv.weight"] == (384, 288, 3, 3)
    assert inception["Mixed_6c.branch7x7dbl_2.conv.weight"] == (160, 160, 7, 1)
    assert inception["Mixed_7a.branch7x7x3_2.conv.weight"] == (192, 192, 1, 7)
    assert inception["Mixed_7b.branch3x3dbl_3b.bn.running_var"] == (384,)
    assert inception["Mixed_7c.branch1x1.conv.weight"] == (320, 2048, 1, 1)
    assert inception["fc.weight"] == (1008, 2048)
    assert squeezenet["features.12.expand3x3.weight"] == (256, 64, 3, 3)
    assert squeezenet["classifier.1.weight"] == (1000, 512, 1, 1)


def test_layers_are_tapped_after_their_rectifier() -> None:
    network = VGGFeatures((1, 1, 2, 1, 1)).eval()
    assert network.layers == ("relu1_1", "relu2_1", "relu3_1", "relu3_2", "relu4_1", "relu5_1")
    x = pictures(1, 32)
    with torch.inference_mode():
        taps = network.taps(x, ["relu2_1", "relu5_1"])
        assert {name: tuple(planes.shape) for name, planes in taps.items()} == {
            "relu2_1": (1, 128, 16, 16),
            "relu5_1": (1, 512, 2, 2),
        }
        planes = x
        for layer in list(network.features.children())[:5]:  # two convolutions and rectifiers, a pooling
            planes = layer(planes)
        assert torch.equal(taps["relu2_1"], planes)
        assert torch.equal(network.pooled(x), taps["relu5_1"].mean(dim=(2, 3)))
        assert (taps["relu5_1"] >= 0).all()


def test_the_vgg_19_of_torchvision_has_its_layers_where_they_are_known_to_be() -> None:
    with torch.device("meta"):
        network = VGGFeatures(VGG19_DEPTHS)
    assert network.layers[-1] == "relu5_4"
    places = dict(zip(network.layers, rectifiers(network), strict=True))
    assert (places["relu1_2"], places["relu3_1"], places["relu4_1"], places["relu5_1"]) == (3, 11, 20, 29)


def rectifiers(network: VGGFeatures) -> list[int]:
    return [index for index, layer in enumerate(network.features) if isinstance(layer, nn.ReLU)]


def test_the_stem_has_the_sizes_of_its_convolutions() -> None:
    """Valid 3x3 of stride 2, valid 3x3, same 3x3; then pooling of stride 2, 1x1, valid 3x3."""
    stem = InceptionStem().eval()
    with torch.inference_mode():
        planes = stem.layer64(torch.zeros(1, 3, 50, 71))
        assert tuple(planes.shape) == (1, 64, (50 - 1) // 2 - 2, (71 - 1) // 2 - 2)
        assert tuple(stem.layer192(torch.zeros(1, 3, 50, 71)).shape) == (1, 192, 8, 14)


def test_inception_pools_without_padding_in_its_means() -> None:
    """The mean of a constant plane is the constant at its border too; torchvision's own gives 4/9 in a corner."""
    from sembla.nn.inception import _average

    assert torch.equal(_average(torch.ones(1, 1, 5, 5)), torch.ones(1, 1, 5, 5))


@pytest.mark.parametrize(
    ("build", "side", "width"),
    [
        pytest.param(InceptionFID, 299, 2048, id="inception", marks=pytest.mark.slow),
        pytest.param(SqueezeNet, 64, 512, id="squeezenet"),
    ],
)
def test_features_do_not_depend_on_what_else_is_in_the_batch(
    build: type[InceptionFID | SqueezeNet], side: int, width: int
) -> None:
    torch.manual_seed(0)
    network = build().eval()
    x = pictures(3, side)
    with torch.inference_mode():
        together, alone = network.pooled(x), torch.cat([network.pooled(x[i : i + 1]) for i in range(3)])
    assert tuple(together.shape) == (3, width)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    with torch.inference_mode():
        assert torch.equal(network.pooled(x), together)


def test_face_embeddings_have_length_one() -> None:
    network = MobileFaceNet().eval()
    with torch.inference_mode():
        embeddings = network(pictures(2, 112))
    assert tuple(embeddings.shape) == (2, 128)
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))
