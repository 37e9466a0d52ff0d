from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from sembla.core.errors import ImageError, InputError
from sembla.core.types import LabelMap, Picture
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.metrics.agreement import Confusion
from sembla.nn.segmenters import SEGMENTERS, FaceParsingUNet, Segmenter, face_parsing_unet
from sembla.nn.weights import FACE_PARSING_UNET, KNOWN_WEIGHTS, WeightsFile

DATA = Path(__file__).parents[3] / "shared" / "data"
WEIGHTS, FACES = DATA / "weights" / FACE_PARSING_UNET.files[0], DATA / "faces_parsing_celebamaskhq"
needs_data = pytest.mark.skipif(not FACES.is_dir(), reason="the faces are not at ../shared/data")


def by_brightness(pictures: Tensor) -> Tensor:
    """Class 0 where a picture is dark, 1 where it is bright, 2 nowhere."""
    grey = pictures.mean(dim=1)
    return torch.stack([-grey, grey, torch.full_like(grey, -2.0)], dim=1)


def segmenter(side: int = 8) -> Segmenter:
    file = WeightsFile(FACE_PARSING_UNET, Path("none"), "0123456789abcdef")
    return Segmenter(file=file, label_set=CELEBAMASK_HQ_19, side=side, resize="", network=by_brightness)


def halves(height: int, width: int) -> Picture:
    picture = np.full((height, width, 3), 20, np.uint8)
    picture[:, width // 2 :] = 230
    return picture


def test_each_map_has_the_size_of_its_picture() -> None:
    found = segmenter()([halves(40, 64), halves(16, 24), halves(8, 8)])
    assert [ids.shape for ids in found] == [(40, 64), (16, 24), (8, 8)]
    for ids in found:
        assert ids.dtype == np.uint8
        half = ids.shape[1] // 2
        assert (ids[:, :half] == 0).all()
        assert (ids[:, half:] == 1).all()


def test_maps_do_not_depend_on_the_batch() -> None:
    pictures = [halves(40, 64), halves(16, 24)]
    together, alone = segmenter()(pictures), [segmenter()([picture])[0] for picture in pictures]
    assert all(np.array_equal(a, b) for a, b in zip(together, alone, strict=True))
    assert segmenter()([]) == []


@pytest.mark.parametrize("array", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)])
def test_what_is_no_picture_is_refused(array: Picture) -> None:
    with pytest.raises(ImageError, match="RGB"):
        segmenter()([array])


def test_the_network_is_the_one_described() -> None:
    with torch.device("meta"):
        network = FaceParsingUNet()
    assert sum(parameter.numel() for parameter in network.parameters()) == 467_123
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert shapes["bottleneck.2.weight"] == (128, 128, 3, 3)
    assert shapes["up1.weight"] == (128, 64, 2, 2)
    assert shapes["dec1.0.weight"] == (64, 128, 3, 3)
    assert shapes["out.weight"] == (19, 32, 1, 1)


def test_weights_that_do_not_fit_are_told_with_hash_and_shape(tmp_path: Path) -> None:
    file = tmp_path / "own.safetensors"
    save_file({**FaceParsingUNet().state_dict(), "out.bias": torch.zeros(7)}, file)
    with pytest.raises(InputError, match=r"out\.bias has shape \(7,\) instead of \(19,\)") as told:
        face_parsing_unet(file)
    assert "SHA-256" in str(told.value)


def test_names_are_those_of_the_weights(tmp_path: Path) -> None:
    assert set(SEGMENTERS) == {"face-parsing-unet"}
    assert FACE_PARSING_UNET in KNOWN_WEIGHTS
    save_file(FaceParsingUNet().state_dict(), tmp_path / "own.safetensors")
    built = SEGMENTERS["face-parsing-unet"](tmp_path / "own.safetensors")
    assert built.label == f"face-parsing-unet:{built.file.sha256[:8]}"
    assert built.label_set is CELEBAMASK_HQ_19


def upright(wanted: LabelMap, found: LabelMap) -> LabelMap:
    """The map, its sides exchanged where that fits better: some maps of this set name them the other way round."""
    exchanged = CELEBAMASK_HQ_19.swap_table[wanted]
    return exchanged if (exchanged == found).sum() > (wanted == found).sum() else wanted


@pytest.mark.slow
@pytest.mark.data
@needs_data
def test_faces_are_parsed_as_well_as_was_measured_elsewhere() -> None:
    parse, confusion = face_parsing_unet(WEIGHTS), Confusion(19)
    assert parse.label == "face-parsing-unet:015cca19"
    for path in sorted((FACES / "images").iterdir())[-60:]:
        (found,) = parse([np.asarray(Image.open(path).convert("RGB"))])
        wanted = np.asarray(Image.open(FACES / "labels" / f"{path.stem}.png"))
        confusion.add(found, upright(wanted, found))
    assert confusion.pixel_accuracy == pytest.approx(0.88, abs=0.04)  # on 100 other faces
    assert confusion.mean_iou == pytest.approx(0.61, abs=0.05)
    iou = dict(zip(CELEBAMASK_HQ_19.names, confusion.class_iou, strict=True))
    assert min(iou[name] for name in ("skin", "nose", "mouth", "l_eye", "r_eye", "u_lip", "l_lip")) > 0.65
