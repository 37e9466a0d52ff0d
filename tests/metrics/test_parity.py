"""The same numbers as torchmetrics on the same features and pictures."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="needs PyTorch")
pytest.importorskip("torchmetrics", reason="needs torchmetrics, the oracle")

import torch
from skimage import data
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy, MulticlassJaccardIndex
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from sembla.core.types import Picture
from sembla.metrics.agreement import Confusion
from sembla.metrics.frechet import frechet_distance, moments
from sembla.metrics.kernel import kernel_distance
from sembla.metrics.pixels import ms_ssim, psnr, ssim

pytestmark = pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save:UserWarning")

ASTRONAUT: Callable[[], Picture] = data.astronaut


class Shared(nn.Module):
    """A frozen extractor that both sides use."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Conv2d(3, 96, 8, stride=4), nn.ReLU()).eval()
        self.num_features = 96

    def forward(self, pictures: Tensor) -> Tensor:
        with torch.inference_mode():
            planes: Tensor = self.network(pictures.float() / 12.75 - 10)
            return planes.amax(dim=(2, 3))


@pytest.fixture(scope="module")
def extractor() -> Shared:
    return Shared()


def crops(count: int, *, seed: int, dark: float = 1.0) -> Tensor:
    """Parts (count, 3, 48, 48) of a photo, of varied brightness."""
    generator = np.random.default_rng(seed)
    photo = ASTRONAUT()
    found = []
    for top, left in generator.integers(0, 512 - 48, (count, 2)):
        crop = photo[top : top + 48, left : left + 48] * (generator.uniform(0.5, 1) * dark)
        found.append(crop.astype(np.uint8).transpose(2, 0, 1))
    return torch.from_numpy(np.stack(found))


def rows(extractor: Shared, pictures: Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = extractor(pictures).numpy()
    return found


@pytest.fixture(scope="module")
def sets() -> tuple[Tensor, Tensor]:
    return crops(700, seed=1), crops(600, seed=2, dark=0.7)


def test_the_frechet_distance(extractor: Shared, sets: tuple[Tensor, Tensor]) -> None:
    real, made = sets
    oracle = FrechetInceptionDistance(feature=extractor, input_img_size=(3, 48, 48))
    for batch in torch.tensor_split(real, 11):
        oracle.update(batch, real=True)
    for batch in torch.tensor_split(made, 10):
        oracle.update(batch, real=False)
    ours = frechet_distance(moments(rows(extractor, made)), moments(rows(extractor, real)))
    assert ours == pytest.approx(float(oracle.compute()), rel=1e-3)


def test_the_kernel_distance(extractor: Shared, sets: tuple[Tensor, Tensor]) -> None:
    real, made = sets[0][:600], sets[1]
    oracle = KernelInceptionDistance(feature=extractor, subsets=1, subset_size=600)
    oracle.update(real, real=True)
    oracle.update(made, real=False)
    ours = kernel_distance(rows(extractor, made), rows(extractor, real))
    assert ours.value == pytest.approx(float(oracle.compute()[0]), rel=1e-3)


def test_the_spread_of_the_kernel_distance(extractor: Shared, sets: tuple[Tensor, Tensor]) -> None:
    torch.manual_seed(0)
    oracle = KernelInceptionDistance(feature=extractor, subsets=200, subset_size=100)
    oracle.update(sets[0], real=True)
    oracle.update(sets[1], real=False)
    mean, spread = (float(value) for value in oracle.compute())
    ours = kernel_distance(rows(extractor, sets[1]), rows(extractor, sets[0]), subsets=200, subset_size=100)
    assert abs(ours.value - mean) < 4 * spread / np.sqrt(200)
    assert ours.spread == pytest.approx(spread, rel=0.25)


def planes(picture: Picture) -> Tensor:
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].double()


def variants() -> list[tuple[Picture, Picture]]:
    photo = ASTRONAUT()[100:300, 50:310]
    noise = np.random.default_rng(0).normal(0, 25, photo.shape)
    return [(photo, (photo + noise).clip(0, 255).astype(np.uint8)), (photo, (photo * 0.6).astype(np.uint8))]


def test_psnr_and_ssim() -> None:
    """Torchmetrics also counts windows that hang over the border; they are cut off its map, as Wang's code does."""
    for a, b in variants():
        expected = peak_signal_noise_ratio(planes(b), planes(a), data_range=255.0)
        assert psnr(a, b) == pytest.approx(float(expected), abs=1e-5)
        _, full = structural_similarity_index_measure(planes(b), planes(a), data_range=255.0, return_full_image=True)
        assert isinstance(full, Tensor)
        assert ssim(a, b) == pytest.approx(float(full[..., 5:-5, 5:-5].mean()), abs=1e-5)


def test_ms_ssim() -> None:
    """Torchmetrics counts the border on the coarsest scale alone: its share there is exchanged for ours."""
    for a, b in variants():
        x, y = planes(a), planes(b)
        oracle = float(multiscale_structural_similarity_index_measure(y, x, data_range=255.0))
        for _ in range(4):
            x, y = (torch.nn.functional.avg_pool2d(p, 2) for p in (x, y))
        _, full = structural_similarity_index_measure(y, x, data_range=255.0, return_full_image=True)
        assert isinstance(full, Tensor)
        inner = full[..., 5:-5, 5:-5].mean() / full.mean()
        assert ms_ssim(a, b) == pytest.approx(oracle * float(inner) ** 0.1333, abs=1e-5)


def test_agreement() -> None:
    generator = np.random.default_rng(3)
    wanted = generator.integers(0, 7, (50, 60), dtype=np.uint8)
    predicted = np.where(generator.random(wanted.shape) < 0.5, wanted, generator.integers(0, 7, wanted.shape))
    wanted[:5] = 255
    ours = Confusion(7, ignore=255)
    ours.add(predicted.astype(np.uint8), wanted)
    target, guess = torch.from_numpy(wanted.astype(np.int64)), torch.from_numpy(predicted.astype(np.int64))
    iou = MulticlassJaccardIndex(num_classes=7, ignore_index=255)(guess, target)
    accuracy = MulticlassAccuracy(num_classes=7, ignore_index=255, average="micro")(guess, target)
    assert ours.mean_iou == pytest.approx(float(iou), rel=1e-6)
    assert ours.pixel_accuracy == pytest.approx(float(accuracy), rel=1e-6)
