"""Bundled models: found by name, whole in half precision, each with a card."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from safetensors.torch import load_file
from scripts import make_pack
from tests.methods.scene.support import prepared

from sembla import api, packs
from sembla.core.errors import InputError
from sembla.core.tasks import Damaged, InpaintTask, Kept, PortraitTask, PreserveTask, SceneTask
from sembla.core.ways import Steered
from sembla.faces.shape import shape_model
from sembla.imaging.holes import draw_hole
from sembla.methods.scene.config import Sembla, fitted
from sembla.methods.scene.learned import PARTS
from sembla.runs.description import Description, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.synthesizer import Synthesizer
from sembla.runs.tensors import named

MOST_BYTES = 12_000_000


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packs with one in it, made of a run."""
    run, shelf = tmp_path / "run", tmp_path / "packs"
    run.mkdir()
    shelf.mkdir()
    config = fitted(Sembla(width=4, discriminator_width=4), prepared())
    about = Description("scene", "sembla", to_plain(config), seed=0, batch=1, data=f"{tmp_path}/set (small, SHA-256 0)")
    write_description(RunFolder(run), about)
    torch.manual_seed(0)
    write_weights(RunFolder(run), named(dict(PARTS.networks(config))), step=1)
    for module in (packs, make_pack):
        monkeypatch.setattr(module, "_HERE" if module is packs else "PACKS", shelf)
    make_pack.main(run, "street")
    return shelf


def test_a_pack_is_found_by_its_name_and_paints_as_its_run_does(shelf: Path, tmp_path: Path) -> None:
    assert api.pack_folders() == {"street": shelf / "street"}
    task = SceneTask(np.zeros((64, 64), np.uint8))
    pack, run = api.load("street", exact=True), api.load(tmp_path / "run", exact=True)
    made, expected = (model(task).picture.astype(int) for model in (pack, run))
    assert np.abs(made - expected).max() <= 2  # weights in half precision
    assert str(tmp_path) not in pack.description.data
    assert pack.description.data == "set (small, SHA-256 0)"
    tensors = load_file(shelf / "street" / "weights.safetensors")
    assert {name.partition(".")[0] for name in tensors} == {"generator"}
    assert all(each.dtype != torch.float32 for each in tensors.values())


@pytest.mark.usefixtures("shelf")
def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="harbour: no such folder; give the folder of a run, or a pack: street"):
        api.load("harbour")
    with pytest.raises(InputError, match="no such folder; give the folder of a run"):
        api.load("./runs/harbour")


@pytest.mark.usefixtures("shelf")
def test_a_folder_goes_before_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("street").mkdir()
    with pytest.raises(InputError, match="street holds no trained model"):
        api.load("street")


def test_every_pack_works_is_small_and_has_a_card() -> None:
    assert list(packs.folders()) == ["bedrooms-64", "camvid", "facades", "face-map-64", "faces-64", "portrait-128"]
    for name, folder in packs.folders().items():
        assert (folder / "README.md").is_file()
        assert (folder / "weights.safetensors").stat().st_size <= MOST_BYTES
        model = api.load(name)
        task = _task(model)
        picture = model(task).picture
        assert picture.shape[2] == 3
        assert picture[task.frames[0].hole if isinstance(task, InpaintTask) else ...].std() > 0
        assert "/" not in model.description.data
        assert "Your own" not in model.description.licence


def _task(model: Synthesizer) -> SceneTask | PreserveTask | InpaintTask | PortraitTask:
    """The smallest that a model can be asked."""
    if SceneTask in model.tasks:
        return SceneTask(np.zeros((64, 96), np.uint8))
    side = model.config.side
    photo = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    middle = draw_hole("center", (side, side))
    if PortraitTask in model.tasks:
        labels = middle.astype(np.uint8)
        return PortraitTask(photo, labels, labels, middle)
    if PreserveTask in model.tasks:
        return PreserveTask((Kept(photo, middle),), candidates=2, shown=1, search=Steered(1))
    points = (shape_model().mean * side / 4 + side / 2).astype(np.float32)
    return InpaintTask((Damaged(photo, middle, points),))
