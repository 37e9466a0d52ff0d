from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from safetensors.torch import save_file
from skimage import data

from sembla.core.errors import ImageError, InputError, SizeError
from sembla.core.types import Picture
from sembla.metrics.lpips import ALEX, BACKBONES, LPIPS, SQUEEZE, Backbone, lpips
from sembla.nn.loading import read_state
from sembla.nn.weights import FOLDER_VARIABLE

WEIGHTS = Path(__file__).parents[3] / "shared" / "data" / "weights"
needs_data = pytest.mark.skipif(not WEIGHTS.is_dir(), reason="the weights are not at ../shared/data/weights")

ASTRONAUT: Callable[[], Picture] = data.astronaut


def unpublished(backbone: Backbone) -> LPIPS:
    """The structure over random weights: not LPIPS, but the same formula."""
    torch.manual_seed(0)
    features = backbone.network().eval().features
    assert isinstance(features, torch.nn.Module)
    planes, widths = torch.zeros(1, 3, 64, 64), []
    for place, block in enumerate(features.children()):
        planes = block(planes)
        widths += [planes.shape[1]] if place in backbone.layers else []
    return LPIPS(features, [torch.rand(width) for width in widths], layers=backbone.layers)


def by_definition(distance: LPIPS, a: Picture, b: Picture) -> float:
    """Equation 1 in NumPy, from the features of each picture alone."""
    total = 0.0
    planes = []
    for picture in (a, b):
        x = (torch.from_numpy(picture.copy()).permute(2, 0, 1)[None] / 127.5 - 1).float()
        shift, scale = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])  # as published
        x = (x - shift[:, None, None]) / scale[:, None, None]
        found = {}
        with torch.inference_mode():
            for place, block in enumerate(distance._blocks):
                x = block(x)
                found[place] = x[0].double().numpy()
        planes.append(found)
    for place, weight in distance._linear.items():
        first, second = (found[place] / (np.linalg.norm(found[place], axis=0) + 1e-10) for found in planes)
        total += float((weight.double().numpy()[:, None, None] * (first - second) ** 2).sum(axis=0).mean())
    return total


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=BACKBONES)
def test_it_follows_its_equation(backbone: Backbone) -> None:
    distance = unpublished(backbone)
    a, b = ASTRONAUT()[:96, 100:180], ASTRONAUT()[200:296, 100:180]
    assert distance(a, b) == pytest.approx(by_definition(distance, a, b), rel=1e-3)
    assert distance(a, b) == pytest.approx(distance(b, a), rel=1e-5)
    assert distance(a, a) == 0
    slightly = (a * 0.98).astype(np.uint8)
    assert distance(a, slightly) < distance(a, b)


def test_pictures_that_cannot_be_compared_are_refused() -> None:
    distance = unpublished(ALEX)
    with pytest.raises(SizeError, match="64 px"):
        distance(np.zeros((63, 80, 3), np.uint8), np.zeros((63, 80, 3), np.uint8))
    with pytest.raises(SizeError, match="80x64 and 64x64"):
        distance(np.zeros((64, 80, 3), np.uint8), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(ImageError, match="RGB"):
        distance(np.zeros((64, 80), np.uint8), np.zeros((64, 80), np.uint8))


def test_other_weights_than_the_published_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "alexnet.safetensors"
    save_file(ALEX.network().state_dict(), path)
    with pytest.raises(InputError, match=r"not the published alexnet-owt-7be5be79\.pth .*refused"):
        lpips(ALEX, weights=path)


@pytest.mark.data
@needs_data
def test_the_squeezenet_of_caffe_is_refused_by_its_hash() -> None:
    with pytest.raises(InputError, match=r"squeezenet1\.1-caffe"):
        lpips(SQUEEZE, weights=WEIGHTS / "squeezenet1_1_caffe_imagenet.safetensors")


@pytest.mark.data
@needs_data
@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=BACKBONES)
def test_the_published_linear_layers_fit_the_backbones(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(WEIGHTS))
    state = read_state(WEIGHTS / backbone.linear.files[0])
    widths = [len(weight) for weight in unpublished(backbone)._linear.values()]
    assert [state[f"lin{index}.model.1.weight"].numel() for index in range(len(backbone.layers))] == widths
    assert all((value >= 0).all() for value in state.values())
