from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from PIL import Image
from safetensors.torch import save_file
from skimage import data
from torch import nn

from sembla.core.errors import ImageError, InputError
from sembla.core.types import Picture
from sembla.nn.features import (
    EXTRACTORS,
    Extractor,
    inception,
    inception_stem,
    inception_stem_torchvision,
    mobilefacenet,
    squeezenet,
    squeezenet_caffe,
    vgg19_features,
)
from sembla.nn.inception import InceptionFID
from sembla.nn.squeezenet import SqueezeNet
from sembla.nn.vgg import VGG19_DEPTHS, VGGFeatures

DATA = Path(__file__).parents[3] / "shared" / "data"
WEIGHTS = DATA / "weights"
needs_data = pytest.mark.skipif(not WEIGHTS.is_dir(), reason="the weights are not at ../shared/data/weights")

ASTRONAUT: Callable[[], Picture] = data.astronaut
CHELSEA: Callable[[], Picture] = data.chelsea
COFFEE: Callable[[], Picture] = data.coffee


def photos() -> list[Picture]:
    """Of three sizes, one of them a view that is not contiguous."""
    return [ASTRONAUT(), CHELSEA()[:, ::-1], COFFEE()[::2, ::2]]


def saved(network: nn.Module, path: Path) -> Path:
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of each structure."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights")
    saved(SqueezeNet(), path / "squeezenet.safetensors")
    saved(VGGFeatures(VGG19_DEPTHS), path / "vgg19.safetensors")
    saved(InceptionFID(), path / "inception.safetensors")
    return path


@pytest.fixture(scope="module")
def extractors(folder: Path) -> list[Extractor]:
    return [
        squeezenet(folder / "squeezenet.safetensors"),
        squeezenet_caffe(folder / "squeezenet.safetensors"),
        vgg19_features(folder / "vgg19.safetensors"),
        inception(folder / "inception.safetensors"),
    ]


def test_features_are_rows_that_do_not_depend_on_the_batch(extractors: list[Extractor]) -> None:
    pictures = photos()
    for extractor in extractors:
        together = extractor(pictures)
        assert together.shape == (3, extractor.dimension)
        assert together.dtype == np.float32
        assert np.isfinite(together).all()
        streamed = np.concatenate(list(extractor.stream(iter(pictures), batch=2)))
        np.testing.assert_allclose(streamed, together, rtol=1e-4, atol=1e-4 * np.abs(together).max())
        assert extractor([]).shape == (0, extractor.dimension)


def test_labels_say_network_and_hash_and_only_published_inception_is_standard(extractors: list[Extractor]) -> None:
    for extractor in extractors:
        assert extractor.label == f"{extractor.file.weights.name}:{extractor.file.sha256[:8]}"
        assert str(extractor.side) in extractor.resize
        assert not extractor.is_standard_inception
    assert EXTRACTORS.keys() == {"squeezenet1.1", "squeezenet1.1-caffe", "vgg19", "inception", "mobilefacenet"}


def test_pictures_are_resized_and_scaled_as_said(extractors: list[Extractor]) -> None:
    picture = ASTRONAUT()
    small = np.asarray(Image.fromarray(picture).resize((224, 224), Image.Resampling.BICUBIC), np.float64)
    torchvision, caffe, _, fid = (extractor.prepare([picture])[0].permute(1, 2, 0).numpy() for extractor in extractors)
    scaled = (small / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    np.testing.assert_allclose(torchvision, scaled, atol=1e-5)
    np.testing.assert_allclose(caffe, small - (123, 117, 104))
    assert fid.shape == (299, 299, 3)
    assert -1 <= fid.min() < fid.max() <= 1
    flat = extractors[3].prepare([np.full((40, 60, 3), 204, np.uint8)])
    np.testing.assert_allclose(flat.numpy(), 204 / 127.5 - 1, atol=1e-6)


def test_the_standard_resize_takes_half_pixel_centres_without_smoothing(extractors: list[Extractor]) -> None:
    """A ramp keeps its slope, and its ends are those of the first and last pixel."""
    ramp = np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(10, axis=0)
    columns = (np.arange(299) + 0.5) * 200 / 299 - 0.5
    found = (extractors[3].prepare([ramp])[0, 0, 0].numpy() + 1) * 127.5
    np.testing.assert_allclose(found, columns.clip(0, 199), atol=1e-3)


def test_the_stem_gives_one_row_a_place(folder: Path) -> None:
    first, second = inception_stem(folder / "inception.safetensors")
    picture = CHELSEA()[:61, :80]
    with torch.inference_mode():
        planes = first.network(torch.from_numpy(picture.copy()).permute(2, 0, 1)[None] / 127.5 - 1)[0].numpy()
    rows = first(picture)
    assert rows.shape == (28 * 37, 64)
    np.testing.assert_allclose(rows.reshape(28, 37, 64), planes.transpose(1, 2, 0), atol=1e-5)
    assert second(picture).shape[1] == 192
    assert (first.dimension, second.dimension) == (64, 192)
    assert first.label == second.label


def test_the_stem_of_torchvision_ignores_the_rest_of_the_network(folder: Path) -> None:
    network = inception_stem_torchvision(folder / "inception.safetensors")[0]
    same = inception_stem(folder / "inception.safetensors")[0]
    picture = CHELSEA()[:40, :40]
    assert np.array_equal(network(picture), same(picture))
    assert network.label != same.label


def test_what_is_no_picture_is_refused(extractors: list[Extractor]) -> None:
    for wrong in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)):
        with pytest.raises(ImageError, match="RGB"):
            extractors[0]([wrong])  # type: ignore[list-item]


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match=r"features\.0\.weight is missing|has shape"):
        squeezenet(folder / "inception.safetensors")


@pytest.mark.data
@needs_data
def test_squeezenet_knows_a_cat() -> None:
    extractor = squeezenet_caffe(WEIGHTS / "squeezenet1_1_caffe_imagenet.safetensors")
    network = SqueezeNet().eval()
    from sembla.nn.loading import load_weights

    load_weights(network, extractor.file)
    with torch.inference_mode():
        scores = network(extractor.prepare([CHELSEA()]))[0]
    assert int(scores.argmax()) in {281, 282, 283, 285}  # cats of ImageNet


@pytest.mark.data
@needs_data
def test_embeddings_tell_people_apart() -> None:
    """Each face and its mirror image are nearer than two people."""
    extractor = mobilefacenet(WEIGHTS / "mobilefacenet_foamliu_112.safetensors")
    paths = sorted((DATA / "faces_aligned" / "lfw_deepfunneled_128").glob("*.jpg"))[:40]
    faces = [np.asarray(Image.open(path).convert("RGB"))[20:108, 20:108] for path in paths]
    one, mirrored = extractor(faces), extractor([face[:, ::-1] for face in faces])
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-5)
    cosines = one @ mirrored.T
    same, different = cosines.diagonal(), cosines[~np.eye(len(faces), dtype=np.bool_)]
    assert (cosines.argmax(axis=1) == np.arange(len(faces))).all()
    assert same.mean() > 0.8
    assert abs(different.mean()) < 0.15
