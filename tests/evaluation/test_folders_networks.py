"""Scores of two folders through networks: parity with torchmetrics, independence of batches, and bad input."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.evaluation.photo_folders import brighter, crop, halves, write, write_pair
from torch import Tensor, nn

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.types import Picture
from sembla.evaluation.folders import FolderSettings, evaluate_folders
from sembla.evaluation.measures import Sources
from sembla.evaluation.reading import contents, open_set
from sembla.evaluation.segmenting import Agreement
from sembla.metrics.lpips import LPIPS
from sembla.metrics.protocol import Protocol, Score, from_json, to_json
from sembla.nn.features import Extractor
from sembla.nn.segmenters import Segmenter
from sembla.nn.weights import INCEPTION_FID, SQUEEZENET, SQUEEZENET_CAFFE, WeightsFile

DATA = Path(__file__).parents[3] / "shared" / "data"
WEIGHTS = DATA / "weights"
needs_data = pytest.mark.skipif(not WEIGHTS.is_dir(), reason="the weights are not at ../shared/data/weights")

SIDE, FEATURES = 32, 24
SETTINGS = FolderSettings(extractors=("tiny",), subset_size=20, nearest=3)


class Tiny(nn.Module):  # type: ignore[misc,unused-ignore]
    """A network that torchmetrics can use as well: bytes (N, 3, 32, 32) in, features (N, 24) out."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.network = nn.Sequential(nn.Conv2d(3, FEATURES, 8, stride=4), nn.ReLU()).eval()
        self.num_features = FEATURES

    def forward(self, pictures: Tensor) -> Tensor:
        with torch.inference_mode():
            planes: Tensor = self.network(pictures.float() / 12.75 - 10)
            return planes.amax(dim=(2, 3))


def prepared_for_tiny(pictures: list[Picture]) -> Tensor:
    """Resized with Pillow, as bytes (N, 3, 32, 32)."""
    small = [
        np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for picture in pictures
    ]
    return torch.from_numpy(np.stack(small)).permute(0, 3, 1, 2)


def tiny(file: WeightsFile | None = None) -> Extractor:
    return Extractor(
        file=file or WeightsFile(SQUEEZENET, Path("tiny.pth"), "0123456789abcdef" * 4),
        dimension=FEATURES,
        side=SIDE,
        resize="bicubic to 32x32",
        prepare=prepared_for_tiny,  # type: ignore[arg-type]
        network=Tiny(),
    )


@pytest.fixture
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every extractor is the tiny one."""
    monkeypatch.setattr("sembla.evaluation.folders.load_extractor", lambda name, weights: tiny())  # noqa: ARG005


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Sixty crops and fifty others, darker."""
    root = tmp_path_factory.mktemp("pictures")
    for number in range(60):
        write(root / "real" / f"{number}.png", crop(number))
    for number in range(50):
        write(root / "made" / f"{number}.png", (crop(1000 + number) * 0.8).astype(np.uint8))
    return root / "made", root / "real"


def scored(made: Path, real: Path, settings: FolderSettings = SETTINGS) -> dict[str, Score]:
    return {score.name.partition("[")[0]: score for score in evaluate_folders(made, real, settings).scores}


def read_all(folder: Path) -> list[Picture]:
    return [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.rglob("*.*"))]


@pytest.mark.usefixtures("_tiny")
@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save:UserWarning")
def test_the_whole_path_gives_what_torchmetrics_gives(tmp_path: Path) -> None:
    pytest.importorskip("torchmetrics", reason="needs torchmetrics, the oracle")
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    folders = write_pair(tmp_path, 50, change=lambda picture: (picture * 0.8).astype(np.uint8))
    made, real = (prepared_for_tiny(read_all(folder)) for folder in folders)
    frechet = FrechetInceptionDistance(feature=Tiny(), input_img_size=(3, SIDE, SIDE))
    kernel = KernelInceptionDistance(feature=Tiny(), subsets=1, subset_size=50)
    for oracle in (frechet, kernel):
        oracle.update(real, real=True)
        oracle.update(made, real=False)
    found = scored(*folders)
    assert found["frechet"].value == pytest.approx(float(frechet.compute()), rel=1e-3)
    assert found["kid"].value == pytest.approx(float(kernel.compute()[0]), rel=1e-3)


@pytest.mark.usefixtures("_tiny")
def test_batches_order_and_names_are_of_no_consequence(folders: tuple[Path, Path], tmp_path: Path) -> None:
    expected = scored(*folders)
    for number, path in enumerate(sorted(folders[0].iterdir(), reverse=True)):
        (tmp_path / "made" / "other").mkdir(parents=True, exist_ok=True)
        Image.open(path).save(tmp_path / "made" / "other" / f"{number}.webp", lossless=True)
    for made, batch in ((folders[0], 1), (folders[0], 7), (tmp_path / "made", 64)):
        found = scored(made, folders[1], replace(SETTINGS, batch=batch))
        for name in ("frechet", "kid", "precision", "recall", "density", "coverage"):
            assert found[name].value == pytest.approx(expected[name].value, rel=1e-5), (name, batch)


@pytest.mark.usefixtures("_tiny")
def test_a_sample_of_many_rows_does_not_depend_on_batches(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sembla.evaluation.sets.MOST_ROWS", 20)
    samples = [scored(*folders, replace(SETTINGS, batch=batch)) for batch in (1, 9)]
    assert samples[0]["kid"].value == pytest.approx(samples[1]["kid"].value, rel=1e-5)
    assert samples[0]["kid"].protocol.settings["most_rows"] == 20
    other = scored(*folders, replace(SETTINGS, seed=1))
    assert other["kid"].value != pytest.approx(samples[0]["kid"].value, rel=1e-3)
    assert other["frechet"].value == pytest.approx(samples[0]["frechet"].value, rel=1e-9)


@pytest.mark.usefixtures("_tiny")
def test_every_score_carries_its_protocol(folders: tuple[Path, Path]) -> None:
    evaluation = evaluate_folders(*folders, replace(SETTINGS, seed=3))
    by_name = {score.name: score for score in evaluation.scores}
    for metric in ("frechet", "kid", "precision", "recall", "density", "coverage"):
        protocol = by_name[f"{metric}[squeezenet1.1:01234567]"].protocol
        assert (protocol.count_made, protocol.count_real, protocol.seed) == (50, 60, 3)
        assert protocol.weights_sha256 == "0123456789abcdef" * 4
        assert (protocol.extractor, protocol.resize) == ("squeezenet1.1:01234567", "bicubic to 32x32")
    kid = by_name["kid[squeezenet1.1:01234567]"]
    assert kid.protocol.settings == {"subsets": 100, "subset_size": 20, "most_rows": 10_000}
    assert kid.spread is not None
    assert kid.spread > 0
    assert kid.spread_of == "100 subsets of 20"
    assert by_name["recall[squeezenet1.1:01234567]"].protocol.settings["nearest"] == 3
    assert from_json(to_json(evaluation.scores)) == list(evaluation.scores)


def test_only_the_standard_network_makes_a_fid(folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    published = WeightsFile(INCEPTION_FID, Path("inception.pth"), INCEPTION_FID.sha256)
    retrained = WeightsFile(INCEPTION_FID, Path("inception.pth"), "00" * 32)
    for file, names in (
        (published, ("fid", "kid", "precision[inception:6726825d]")),
        (retrained, ("frechet[inception:00000000]", "kid[inception:00000000]", "precision[inception:00000000]")),
    ):
        monkeypatch.setattr("sembla.evaluation.folders.load_extractor", lambda *_, file=file: tiny(file))
        found = [score.name for score in evaluate_folders(*folders, SETTINGS).scores]
        assert tuple(found[:3]) == names


@pytest.mark.usefixtures("_tiny")
def test_few_pictures_are_told_of(folders: tuple[Path, Path], tmp_path: Path) -> None:
    made, real = write_pair(tmp_path, 3, change=brighter)
    evaluation = evaluate_folders(made, real, SETTINGS)
    by_name = {score.name.partition("[")[0]: score for score in evaluation.scores}
    assert "only 3 pictures for 24 features" in by_name["frechet"].cautions[0]
    assert by_name["kid"].spread is None
    assert "--subset-size" in by_name["kid"].cautions[0]
    assert "precision" not in by_name
    assert any("more than 3 pictures" in note and "--nearest" in note for note in evaluation.notes)
    assert not scored(*folders)["frechet"].cautions


@pytest.mark.usefixtures("_tiny")
def test_one_picture_is_no_distribution(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="made holds one picture; a distribution needs two"):
        evaluate_folders(*write_pair(tmp_path, 1, change=brighter), SETTINGS)


@pytest.mark.usefixtures("_tiny")
def test_sets_of_other_names_and_sizes_can_be_compared_as_sets(folders: tuple[Path, Path], tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"sample {number}.png", crop(number, side=64))
    evaluation = evaluate_folders(tmp_path, folders[1], SETTINGS)
    assert evaluation.scores[0].protocol.count_made == 6
    assert any("no picture is named alike" in note for note in evaluation.notes)
    assert not any("psnr" in score.name for score in evaluation.scores)


def test_features_that_are_no_numbers_name_the_picture(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(pictures: Tensor) -> Tensor:
        rows: Tensor = Tiny()(pictures)
        black = pictures.flatten(1).amax(1) == 0
        rows = rows.clone()
        rows[black] = float("nan")
        return rows

    extractor = replace(tiny(), network=broken)
    monkeypatch.setattr("sembla.evaluation.folders.load_extractor", lambda *_: extractor)
    evaluate_folders(*folders, SETTINGS)
    path = write(folders[0] / "x17.png", np.zeros((48, 48, 3), np.uint8))
    try:
        with pytest.raises(InputError, match=r"features of x17 hold NaN.*squeezenet1\.1:01234567"):
            evaluate_folders(*folders, SETTINGS)
    finally:
        path.unlink()


def by_colour(scores: Tensor) -> Tensor:
    """A segmenter (N, 3, H, W): the strongest of red, green and blue."""
    return scores


RGB = LabelSet(("red", "green", "blue"), ((255, 0, 0), (0, 255, 0), (0, 0, 255)), ignore=9)


def segmenter() -> Segmenter:
    file = WeightsFile(SQUEEZENET_CAFFE, Path("colours.pth"), "fe" * 32)
    return Segmenter(file=file, label_set=RGB, side=48, resize="none", network=by_colour)


@pytest.fixture
def _segmenter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sembla.evaluation.folders.load_segmenter", lambda *_: segmenter())


def coloured(labels: np.ndarray) -> Picture:
    """What `by_colour` reads as these ids."""
    return np.asarray(RGB.palette[labels.clip(max=2)], np.uint8)


def write_coloured(root: Path, maps: dict[str, tuple[np.ndarray, np.ndarray]]) -> tuple[Path, Path, Path]:
    """Made pictures that show the first map of each pair, label maps with the second."""
    for name, (shown, wanted) in maps.items():
        write(root / "made" / f"{name}.png", coloured(shown))
        write(root / "real" / f"{name}.png", coloured(wanted))
        write(root / "labels" / f"{name}.png", wanted)
    return root / "made", root / "real", root / "labels"


@pytest.mark.usefixtures("_segmenter")
@pytest.mark.parametrize("batch", [1, 2, 8])
def test_agreement_through_a_segmenter(tmp_path: Path, batch: int) -> None:
    """A quarter of one picture shows green for red, the other is right but for a row to ignore."""
    wanted = np.zeros((48, 48), np.uint8)
    shown = wanted.copy()
    shown[:24, :24] = 1
    ignored = wanted.copy()
    ignored[0] = 9
    made, real, labels = write_coloured(tmp_path, {"a": (shown, wanted), "b": (np.full_like(wanted, 0), ignored)})
    settings = FolderSettings(segmenter="colours", labels=labels, batch=batch)
    found = {score.name: score for score in evaluate_folders(made, real, settings).scores}
    label = "[squeezenet1.1-caffe:fefefefe]"
    wrong, counted = 24 * 24, 48 * 48 + 47 * 48
    assert found[f"pixel_accuracy{label}"].value == pytest.approx(1 - wrong / counted)
    assert found[f"iou.red{label}"].value == pytest.approx(1 - wrong / counted)
    assert found[f"iou.green{label}"].value == 0
    assert f"iou.blue{label}" not in found
    assert found[f"miou{label}"].value == pytest.approx((1 - wrong / counted) / 2)
    protocol = found[f"miou{label}"].protocol
    wanted_settings = {
        "classes": "red, green, blue",
        "ignored_id": 9,
        "labels_sha256": contents({name: labels / f"{name}.png" for name in "ab"}),
    }
    assert protocol.settings == wanted_settings
    assert (protocol.count_made, protocol.weights_sha256, protocol.resize) == (2, "fe" * 32, "none")
    assert "delta_e.red" in found


@pytest.mark.usefixtures("_segmenter")
def test_ids_that_the_segmenter_does_not_tell_are_refused(tmp_path: Path) -> None:
    made, real, labels = write_coloured(tmp_path, {"a/1": (halves(), np.full((48, 48), 30, np.uint8))})
    with pytest.raises(
        LabelError, match=r"label map of a/1 holds id 30.*squeezenet1\.1-caffe:fefefefe.*3 classes \(red"
    ):
        evaluate_folders(made, real, FolderSettings(segmenter="colours", labels=labels))


def test_a_label_set_in_another_order_is_refused_with_both_named(tmp_path: Path) -> None:
    made, real, labels = write_coloured(tmp_path, {"a": (halves(), halves())})
    sources = Sources(open_set(made), open_set(real), labels={"a": labels / "a.png"})
    about = Protocol("made", "real", 1, 1)
    other = LabelSet(("red", "blue", "green"), RGB.colours)
    with pytest.raises(LabelError, match=r"tells 3 classes \(red, green, blue\).*hold 3 classes \(red, blue, green\)"):
        Agreement(segmenter(), sources, about, label_set=other, batch=1)
    Agreement(segmenter(), sources, about, label_set=RGB, batch=1)


def mean_difference(made: Picture, real: Picture) -> float:
    return float(np.abs(made.astype(float) - real).mean())


class Distance(LPIPS):
    """Stands for LPIPS, whose parity is tested with the metric."""

    def __init__(self) -> None:
        self.label = "alexnet:7be5be79"

    def __call__(self, a: Picture, b: Picture) -> float:
        if min(a.shape[:2]) < 40:
            raise SizeError("pictures are too small.")
        return mean_difference(a, b)


def test_lpips_of_each_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sembla.evaluation.folders.load_lpips", lambda *_: Distance())
    made, real = write_pair(tmp_path, 3, change=brighter)
    score = scored(made, real, FolderSettings(lpips="alex"))["lpips"]
    values = [mean_difference(brighter(crop(number)), crop(number)) for number in range(3)]
    assert score.name == "lpips[alexnet:7be5be79]"
    assert list(score.per_picture.values()) == pytest.approx(values)
    assert score.protocol.weights_sha256.startswith("7be5be79")
    assert score.protocol.settings["version"] == "0.1"
    for folder in (made, real):
        write(folder / "part" / "9.png", crop(0, side=36))
    with pytest.raises(SizeError, match=r"^part/9: .*Leave out --lpips"):
        evaluate_folders(made, real, FolderSettings(lpips="alex"))


@pytest.mark.parametrize("batch", [1, 2, 32])
@pytest.mark.usefixtures("_tiny")
def test_identity_is_the_cosine_of_each_pair(tmp_path: Path, batch: int) -> None:
    made, real = write_pair(tmp_path, 5, change=brighter)
    score = scored(made, real, FolderSettings(identity=True, batch=batch))["identity"]
    for number, name in enumerate(("8", "part/9", "part/10", "part/11", "part/12")):
        a, b = (tiny()([picture])[0].astype(float) for picture in (brighter(crop(number)), crop(number)))
        assert score.per_picture[name] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), abs=1e-6)
    assert any("crops of the face" in caution for caution in score.cautions)


def test_a_face_without_an_embedding_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extractor = replace(tiny(), network=lambda pictures: torch.zeros(len(pictures), FEATURES))
    monkeypatch.setattr("sembla.evaluation.folders.load_extractor", lambda *_: extractor)
    with pytest.raises(InputError, match="8 gives no embedding"):
        evaluate_folders(*write_pair(tmp_path, 2, change=brighter), FolderSettings(identity=True))


def test_a_wrong_file_of_weights_is_refused_before_any_picture_is_read(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*_: object) -> None:
        raise AssertionError("a picture was read")

    monkeypatch.setattr("sembla.evaluation.reading.read_picture", unread)
    torch.save({"features.0.weight": torch.zeros(1, 2)}, tmp_path / "other.pth")
    settings = FolderSettings(extractors=("squeezenet1.1",), weights=(str(tmp_path / "other.pth"),))
    with pytest.raises(InputError, match=r"other\.pth \(SHA-256 [0-9a-f]{8}\).*features\.0\."):
        evaluate_folders(*folders, settings)
    with pytest.raises(InputError, match=r"gone\.pth"):
        evaluate_folders(*folders, FolderSettings(extractors=("vgg19",), weights=("vgg19=gone.pth",)))


@pytest.mark.data
@needs_data
def test_lpips_on_other_weights_is_refused(folders: tuple[Path, Path]) -> None:
    file = WEIGHTS / "squeezenet1_1_caffe_imagenet.safetensors"
    with pytest.raises(InputError, match=r"squeezenet1\.1-caffe"):
        evaluate_folders(*folders, FolderSettings(lpips="squeeze", weights=(f"squeezenet1.1={file}",)))


@pytest.mark.data
@needs_data
def test_real_networks_from_the_folder_of_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMBLA_WEIGHTS", str(WEIGHTS))
    root = DATA / "faces_parsing_celebamaskhq"
    for path in sorted((root / "images").iterdir())[:8]:
        photo = np.asarray(Image.open(path).convert("RGB").resize((128, 128)))
        write(tmp_path / "real" / f"{path.stem}.png", photo)
        write(tmp_path / "made" / f"{path.stem}.png", brighter(photo))
        ids = Image.open(root / "labels" / f"{path.stem}.png").resize((128, 128), Image.Resampling.NEAREST)
        write(tmp_path / "labels" / f"{path.stem}.png", np.asarray(ids))
    settings = FolderSettings(
        extractors=("squeezenet1.1-caffe",),
        segmenter="face-parsing-unet",
        labels=tmp_path / "labels",
        identity=True,
    )
    found = {score.name: score for score in evaluate_folders(tmp_path / "made", tmp_path / "real", settings).scores}
    assert found["identity[mobilefacenet:8f8f5dba]"].value > 0.9
    agreement = next(score for name, score in found.items() if name.startswith("pixel_accuracy"))
    assert 0.6 < agreement.value < 1
    assert "delta_e.hair" in found
    assert "frechet[squeezenet1.1-caffe:98111758]" in found
