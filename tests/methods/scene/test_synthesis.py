"""Photos of label maps: any size, in tiles, the same for the same seed, and other ones in a region alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from numpy.typing import NDArray
from tests.methods.scene.scenery import make_bank
from tests.methods.scene.support import prepared
from torch import nn

from sembla.core import memory
from sembla.core.errors import InputError, LabelError, MemoryNeedError, SizeError
from sembla.core.method import Feed
from sembla.core.tasks import SceneTask
from sembla.core.types import LabelMap
from sembla.data.prepared import open_prepared
from sembla.methods.scene import synthesis
from sembla.methods.scene.batches import batches, layout_planes
from sembla.methods.scene.config import RECIPES, Config, Critic, Sembla, Spade, Ulbp, fitted
from sembla.methods.scene.learned import PARTS
from sembla.methods.scene.synthesis import paint
from sembla.runs.exporting import export

SMALL = {
    "sembla": Sembla(width=4, discriminator_width=4, size=(64, 96)),
    "spade": Spade(width=4, discriminator_width=4, size=(64, 96)),
    "style": Spade(width=4, discriminator_width=4, size=(64, 96), style=True, latent=8),
    "ulbp": Ulbp(width=4, discriminator_width=4, size=(64, 96), texture_width=4, weighted=False),
    "critic": Critic(width=4, discriminator_width=4, size=(64, 96), noise=4),
}


def trained(name: str) -> tuple[Config, nn.ModuleDict]:
    """A recipe with random weights, in use."""
    torch.manual_seed(0)
    config = fitted(SMALL[name], prepared())
    networks = PARTS.networks(config)
    for weight in networks.parameters():
        weight.requires_grad = False
    for buffer_name, looks in networks.named_buffers():
        if buffer_name.endswith("looks"):  # those of photos that were seen
            looks.normal_()
    return config, networks.eval()


def labels(height: int = 70, width: int = 90) -> LabelMap:
    found = np.zeros((height, width), np.uint8)
    found[height // 2 :] = 1
    found[: height // 3, width // 2 :] = 2
    found[:5, :5] = 255
    return found


@pytest.fixture(scope="module", params=SMALL)
def model(request: pytest.FixtureRequest) -> tuple[Config, nn.ModuleDict]:
    return trained(request.param)


def test_a_photo_has_the_label_maps_size_and_follows_from_the_seed(model: tuple[Config, nn.ModuleDict]) -> None:
    task = SceneTask(labels(), seed=3, variations=2)
    result = paint(*model, task)
    assert [picture.shape for picture in result.pictures] == [(70, 90, 3)] * 2
    again = paint(*model, replace(task, variations=1, first_variation=1))
    assert np.array_equal(again.picture, result.pictures[1])


def test_what_chance_decides_differs(model: tuple[Config, nn.ModuleDict]) -> None:
    config, _ = model
    first, other = paint(*model, SceneTask(labels(), variations=2)).pictures
    decided = config == fitted(SMALL["spade"], prepared())
    assert np.array_equal(first, other) == decided


def test_outside_of_a_region_nothing_differs(model: tuple[Config, nn.ModuleDict]) -> None:
    region = np.zeros((70, 90), np.bool_)
    region[10:40, 20:60] = True
    plain = paint(*model, SceneTask(labels())).picture
    other = paint(*model, SceneTask(labels(), first_variation=2, region=region)).picture
    assert np.array_equal(plain[~region], other[~region])
    decided = model[0] == fitted(SMALL["spade"], prepared())
    assert np.array_equal(plain[region], other[region]) == decided
    mirrored = region[:, ::-1]  # a view that runs backwards
    assert np.array_equal(paint(*model, SceneTask(labels(), region=mirrored)).picture, plain)


def test_a_region_of_ours_is_made_anew() -> None:
    region = np.zeros((70, 90), np.bool_)
    region[10:40, 20:60] = True
    model = trained("sembla")
    plain = paint(*model, SceneTask(labels())).picture
    other = paint(*model, SceneTask(labels(), first_variation=2, region=region)).picture
    assert (plain[region] != other[region]).mean() > 0.2


def test_tiles_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A layout of 640 px in tiles of 64 with their surroundings, against one pass; a last bit may round otherwise."""
    model, task = trained("sembla"), SceneTask(labels(160, 640))
    whole = paint(*model, task).picture.astype(int)
    monkeypatch.setattr(synthesis, "_TILE", 64)
    tiled = paint(*model, task).picture.astype(int)
    assert np.abs(whole - tiled).max() <= 1


def test_a_style_photo_decides() -> None:
    for name in ("sembla", "style"):
        model = trained(name)
        dark, bright = (np.full((50, 60, 3), value, np.uint8) for value in (20, 230))
        one, other = (paint(*model, SceneTask(labels(), style=style)).picture for style in (dark, bright))
        assert not np.array_equal(one, other)
        assert np.array_equal(one, paint(*model, SceneTask(labels(), style=dark)).picture)


def test_the_look_of_a_class_can_be_changed_alone() -> None:
    """Far from that class, nothing changes; its own pixels do."""
    model = trained("sembla")
    wide = np.zeros((64, 800), np.uint8)
    wide[:, 600:] = 1
    plain, other = (paint(*model, SceneTask(wide, looks=looks)).picture for looks in ({}, {1: 5}))
    assert np.array_equal(plain[:, : 600 - 256], other[:, : 600 - 256])
    assert (plain[:, 620:] != other[:, 620:]).mean() > 0.2
    with pytest.raises(LabelError, match="a look of class 3"):
        paint(*model, SceneTask(wide, looks={3: 0}))


def test_ids_that_no_class_has_are_refused() -> None:
    model = trained("sembla")
    strange: NDArray[np.uint8] = labels()
    for wrong in (7, 3):  # 3 stands for "no class" within the model, and 255 outside
        strange[12, 34], strange[60, 60] = wrong, 200
        with pytest.raises(LabelError, match=rf"id {wrong} \(at x=34, y=12\); the set has ids 0 to 2"):
            paint(*model, SceneTask(strange))
    with pytest.raises(SizeError, match="12x9"):
        paint(*model, SceneTask(np.zeros((9, 12), np.uint8)))
    with pytest.raises(SizeError, match="region"):
        paint(*model, SceneTask(labels(), region=np.ones((9, 12), np.bool_)))


def test_pixels_without_a_class_have_a_plane_of_their_own() -> None:
    config, _ = trained("sembla")
    batch = next(batches(replace(config, zoom=1.0, flip=0.0), prepared(), Feed(2)))
    assert batch.layout.shape[1] == 4
    assert torch.equal(batch.layout.argmax(1), batch.labels)
    assert (batch.layout.sum(1) == 1).all()
    assert (batch.labels == 3).any()


def test_batches_grow_where_that_is_wished() -> None:
    config = fitted(replace(SMALL["sembla"], size=(64, 128), half_size=4), prepared())
    sizes = [tuple(batch.photo.shape[2:]) for batch, _ in zip(batches(config, prepared(), Feed(2)), range(4))]  # noqa: B905
    assert sizes == [(32, 64)] * 2 + [(64, 128)] * 2
    first, later = batches(config, prepared(), Feed(2, start=3)), batches(config, prepared(), Feed(2))
    assert torch.equal(next(first).photo, [next(later) for _ in range(4)][3].photo)


def test_a_config_takes_classes_and_size_from_the_data() -> None:
    config = fitted(RECIPES["laptop"], prepared())
    assert config.label_set == prepared().label_set
    assert config.size == (64, 96)
    assert (config.count, config.planes) == (3, 4)
    with pytest.raises(InputError, match="multiples of 32"):
        fitted(replace(RECIPES["laptop"], size=(50, 64)), prepared())
    with pytest.raises(InputError, match="zoom"):
        fitted(replace(RECIPES["laptop"], zoom=0.5), prepared())
    with pytest.raises(InputError, match="truncation 2"):
        fitted(Sembla(truncation=2.0), prepared())
    with pytest.raises(InputError, match="multiples of 64"):
        fitted(Spade(upsamplings=6, size=(64, 96)), prepared())
    for strange, told in (
        (Spade(upsamplings=4), "upsamplings 4"),
        (Ulbp(style=True), "no style"),
        (Ulbp(softness=0.0), "train with --no-soft"),
        (Spade(scales=4), "scales 4 came; give at most 3"),
        (Critic(second_beta=1.0), r"second_beta 1\.0 came; give less than 1"),
        (Sembla(width=0), "1"),
    ):
        with pytest.raises(InputError, match=told):
            fitted(strange, prepared())


def test_edges_of_instances_that_a_set_lacks_are_refused(tmp_path: Path) -> None:
    bank = open_prepared(make_bank(tmp_path))
    with pytest.raises(InputError, match="has no instances; train with --no-edges"):
        fitted(Sembla(edges=True), bank)


def test_edges_are_shown_where_they_are_asked_for() -> None:
    """Those of instances in training; in use, where none are known, those of classes."""
    config = fitted(Sembla(width=4, discriminator_width=4, edges=True), prepared())
    batch = next(batches(config, prepared(), Feed(2)))
    assert batch.layout.shape[1] == 5
    assert batch.layout[:, 4].any()
    torch.manual_seed(0)
    networks = PARTS.networks(config).eval()
    with torch.no_grad():
        assert paint(config, networks, SceneTask(labels())).picture.shape == (70, 90, 3)
    ids = torch.from_numpy(labels().astype(np.int64))[None]
    edges = layout_planes(config, torch.where(ids == 255, 3, ids))[0, 4]
    assert edges[34, 10] == edges[35, 10] == 1
    assert edges[50, 50] == 0


def test_instances_tell_where_edges_are() -> None:
    """Two objects of a class are told apart; a map of classes alone has no edge between them."""
    config = fitted(Sembla(width=4, discriminator_width=4, edges=True), prepared())
    torch.manual_seed(0)
    model = config, PARTS.networks(config).eval()
    flat = np.zeros((64, 96), np.uint8)
    ids = np.zeros((64, 96), np.uint16)
    ids[:, 48:] = 40_000
    with torch.no_grad():
        plain, same, parted = (
            paint(*model, SceneTask(flat, instances=each)).picture for each in (None, np.zeros_like(ids), ids)
        )
    assert np.array_equal(plain, same)
    assert not np.array_equal(plain, parted)
    with pytest.raises(SizeError, match="the instances are 12x9 and the layout 96x64"):
        paint(*model, SceneTask(flat, instances=np.zeros((9, 12), np.uint16)))


@pytest.mark.parametrize("name", SMALL)
def test_what_will_not_fit_is_refused_before_it_begins(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Working memory, not finished pictures: those of this layout take 27 MB."""
    monkeypatch.setattr(memory, "available", lambda: 600_000_000)
    model = trained(name)
    assert paint(*model, SceneTask(labels())).picture.shape == (70, 90, 3)
    with pytest.raises(MemoryNeedError, match=r"3000x3000 needs about .* give a smaller layout, or close"):
        paint(*model, SceneTask(np.zeros((3000, 3000), np.uint8)))


def test_a_region_takes_the_planes_of_two_pictures_more(monkeypatch: pytest.MonkeyPatch) -> None:
    needs: list[int] = []
    monkeypatch.setattr(memory, "require", lambda need, **_: needs.append(need))
    model = trained("sembla")
    for region in (None, np.ones((70, 90), np.bool_)):
        paint(*model, SceneTask(labels(), region=region))
    assert needs[1] - needs[0] == 2 * 4 * (16 + 2) * 70 * 90


@pytest.mark.parametrize("name", SMALL)
def test_it_can_be_given_away_as_onnx(name: str, tmp_path: Path) -> None:
    """The exporter itself holds the file against PyTorch, at this size and at twice of it."""
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason="needs sembla[export]")
    config, networks = trained(name)
    graph = PARTS.graph(config, networks) if PARTS.graph else None
    assert graph
    assert export(graph, "onnx", tmp_path / "its.onnx") <= 1e-4
