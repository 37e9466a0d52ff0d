"""`sembla scene --model` and `sembla.scene` with a model: looks of classes, instances, what no model can do."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from PIL import Image
from tests.methods.scene.support import prepared
from tests.surfaces.support import Sembla

import sembla as library
from sembla import api
from sembla.core.errors import InputError, LabelError
from sembla.core.tasks import SceneTask
from sembla.imaging.io import read_picture
from sembla.imaging.save import read_settings
from sembla.methods.scene.config import Config, Spade, fitted
from sembla.methods.scene.config import Sembla as Ours
from sembla.methods.scene.learned import PARTS
from sembla.runs.description import Description, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.tensors import named

LAYOUT = np.repeat(np.array([0, 1, 2], np.uint8), 32)[:, None].repeat(64, axis=1)


def written(root: Path, recipe: str, config: Config) -> Path:
    """A run of random weights that remembers random looks."""
    root.mkdir()
    config = fitted(config, prepared())
    torch.manual_seed(0)
    networks = PARTS.networks(config)
    for name, looks in networks.named_buffers():
        if name.endswith("looks"):
            looks.normal_()
    write_description(RunFolder(root), Description("scene", recipe, to_plain(config), seed=0, batch=1))
    write_weights(RunFolder(root), named(dict(networks)), step=1)
    return root


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of `sembla` with edges."""
    config = Ours(width=4, discriminator_width=4, segmenter_width=4, edges=True)
    return written(tmp_path_factory.mktemp("ours") / "run", "sembla", config)


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """Two label maps, and instances beside them."""
    for folder in ("maps", "instances"):
        (tmp_path / folder).mkdir()
    for number in range(2):
        Image.fromarray(LAYOUT).save(tmp_path / "maps" / f"m{number}.png")
        parted = np.zeros(LAYOUT.shape, np.uint16)
        parted[:, 20 * (number + 1) :] = 30_000
        Image.fromarray(parted).save(tmp_path / "instances" / f"m{number}.png")
    return tmp_path / "maps"


def test_a_class_has_a_look_of_its_own(sembla: Sembla, ours: Path, maps: Path) -> None:
    name = library.load(ours).config.label_set.names[1]
    call = ("scene", maps / "m0.png", "--model", ours)
    for number, look in enumerate(((), ("--look", f"{name}=5"), ("--look", "1=5", "2=7"))):
        outcome = sembla(*call, "--out", f"{number}.png", *look)
        assert outcome.code == 0, outcome.err
    plain, named_, both = (read_picture(f"{number}.png") for number in range(3))
    assert (plain != named_).any()
    assert (named_ != both).any()
    assert read_settings("2.png")["looks"] == {"1": 5, "2": 7}
    expected = library.scene(maps / "m0.png", engine=library.load(ours), looks={1: 5}).picture
    assert np.array_equal(named_, expected)


def test_instances_belong_to_their_maps(sembla: Sembla, ours: Path, maps: Path) -> None:
    instances = maps.parent / "instances"
    outcome = sembla("scene", maps, "--model", ours, "--instances", instances, "--out", "made")
    assert outcome.code == 0, outcome.err
    assert (read_picture("made/images/m0.png") != read_picture("made/images/m1.png")).any()
    assert (
        sembla("scene", maps / "m1.png", "--model", ours, "--instances", instances / "m1.png", "--out", "a.png").code
        == 0
    )
    assert np.array_equal(read_picture("a.png"), read_picture("made/images/m1.png"))
    values = np.asarray(Image.open(instances / "m1.png"))
    assert np.array_equal(
        library.scene(LAYOUT, engine=library.load(ours), instances=values.astype(np.int64)).picture,
        read_picture("a.png"),
    )


def test_what_cannot_be_is_refused_in_one_line(sembla: Sembla, ours: Path, maps: Path, tmp_path: Path) -> None:
    plain = written(tmp_path / "spade", "spade", Spade(width=4, discriminator_width=4, size=(64, 64)))
    call = ("scene", maps / "m0.png", "--model")
    assert "give CLASS=SEED" in sembla(*call, ours, "--look", "sky").complaint
    assert "the classes are" in sembla(*call, ours, "--look", "unicorn=3").complaint
    assert "recipes sembla and laptop have them" in sembla(*call, plain, "--look", "1=3").complaint
    file = maps.parent / "instances" / "m0.png"
    assert "trained with edges" in sembla(*call, plain, "--instances", file).complaint
    assert "a file for a file" in sembla(*call, ours, "--instances", file.parent).complaint
    assert "no such file" in sembla(*call, ours, "--instances", tmp_path / "none.png").complaint
    Image.fromarray(np.zeros((40, 40), np.uint8)).save(tmp_path / "small.png")
    assert "instances are 40x40" in sembla(*call, ours, "--instances", tmp_path / "small.png").complaint
    assert "another for the same class" in sembla(*call, ours, "--look", "1=3", "1=4").complaint
    assert "give CLASS=SEED" in sembla(*call, ours, "--look", f"1={'9' * 5000}").complaint
    for instances, told in (
        (np.full(LAYOUT.shape, -1), "values -1 to -1"),
        (np.full(LAYOUT.shape, 70_000), "values 70000 to 70000"),
        (np.zeros((0, 0), int), r"int64 \(0, 0\)"),
        ([[1]], "as list"),
    ):
        with pytest.raises(LabelError, match=told):
            library.scene(LAYOUT, engine=library.load(ours), instances=instances)  # type: ignore[arg-type]
    for label in ("left", 1.0, 3, -1, True):
        with pytest.raises(LabelError, match="the ids are 0 to 2"):
            library.scene(LAYOUT, engine=library.load(ours), looks={label: 1})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="seed"):
        library.scene(LAYOUT, engine=library.load(ours), looks={1: -1})


def test_a_folder_is_gone_on_with_by_the_same_call_alone(sembla: Sembla, ours: Path, maps: Path) -> None:
    instances = maps.parent / "instances"
    call = ("scene", maps, "--model", ours, "--out", "made", "--resume")
    assert sembla(*call, "--instances", instances, "--look", "1=3").code == 0
    assert "instances" in sembla(*call, "--look", "1=3").complaint
    assert "looks" in sembla(*call, "--instances", instances, "--look", "1=4").complaint
    (instances / "m0.png").write_bytes((instances / "m1.png").read_bytes())
    assert "instances" in sembla(*call, "--instances", instances, "--look", "1=3").complaint


def test_nothing_is_begun_where_the_model_cannot(sembla: Sembla, maps: Path, tmp_path: Path) -> None:
    plain = written(tmp_path / "spade", "spade", Spade(width=4, discriminator_width=4, size=(64, 64)))
    assert "looks" in sembla("scene", maps, "--model", plain, "--out", "made", "--look", "1=3").complaint
    assert (
        "leaves nothing to chance"
        in sembla("scene", maps, "--model", plain, "--out", "made", "--variations", "2").complaint
    )
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(tmp_path / "style.png")
    assert "no styles" in sembla("scene", maps, "--model", plain, "--out", "made", "--style", "style.png").complaint
    assert not Path("made").exists()
    task = SceneTask(LAYOUT, first_variation=1, region=np.ones(LAYOUT.shape, bool))
    with pytest.raises(InputError, match="leaves nothing to chance"):  # what the studio asks for to make a part anew
        api.run_scene(task, engine=library.load(plain))


def test_what_a_size_leads_to_is_said_once(sembla: Sembla, ours: Path, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    for number in range(2):
        Image.fromarray(LAYOUT[:70, :50]).save(tmp_path / "odd" / f"m{number}.png")
    told = sembla("scene", tmp_path / "odd", "--model", ours, "--out", "made").err
    assert told.count("50x70 is painted as 64x96, the border repeated, and cropped again") == 1
