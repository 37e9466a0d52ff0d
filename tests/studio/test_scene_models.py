"""Runs that learned scenes: listed as engines and nowhere else, and their pictures are the model's own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.methods.scene.support import prepared
from tests.studio.support import Server
from tests.studio.test_scenes import answered, asked

from sembla import api
from sembla.core.tasks import SceneTask
from sembla.runs.description import Description, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.tensors import named


def begun(root: Path, recipe: str) -> Path:
    """A run with weights as they are drawn before the first step."""
    method = api.find_method("scene")
    config = method.fitted(replace(method.recipes[recipe], width=4, discriminator_width=4, size=(64, 96)), prepared())
    torch.manual_seed(0)
    parts = method.load()
    networks = parts.networks(config)
    folder = RunFolder(root)
    folder.root.mkdir()
    write_description(folder, Description("scene", recipe, to_plain(config), seed=0, batch=1))
    write_weights(folder, named({name: networks[name] for name in parts.players(config)}), step=1)
    return folder.root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ours."""
    return begun(tmp_path_factory.mktemp("runs") / "street", "sembla")


@pytest.fixture(scope="module")
def studio(server: Server, run: Path) -> Iterator[Server]:
    """It opens after the common one and is closed before it, as notes that both hear need."""
    assert server.server.started
    with Server(runs=run.parent) as running:
        yield running


def test_it_is_listed_with_scenes_alone(studio: Server, run: Path) -> None:
    with studio.client() as client:
        (card,) = client.get("/api/scenes").json()["engines"]
        assert client.get("/api/runs").json()["runs"] == []
    label_set = prepared().label_set
    assert label_set is not None
    assert (card["name"], card["kind"], card["photos"]) == (f"model:{run.name}", "model", 0)
    assert (card["width"], card["height"], card["styled"], card["varies"]) == (96, 64, True, True)
    assert [entry["name"] for entry in card["classes"]] == [*label_set.names, "no class"]


def test_what_a_model_has_not_is_told(server: Server, tmp_path: Path) -> None:
    """SPADE without its encoder has one picture of a layout, and OASIS' noise takes after no photo."""
    assert server.server.started
    for recipe in ("critic", "spade"):
        begun(tmp_path / recipe, recipe)
    with Server(runs=tmp_path) as running, running.client() as client:
        cards = client.get("/api/scenes").json()["engines"]
    assert {(card["title"], card["styled"], card["varies"]) for card in cards} == {
        ("critic", False, True),
        ("spade", False, False),
    }


def test_its_pictures_are_the_models_own(studio: Server, run: Path) -> None:
    labels = np.zeros((64, 96), np.uint8)
    labels[30:] = 1
    labels[:10, :20] = 3  # no class
    rolls = np.zeros_like(labels)
    rolls[8:24, 40:70] = 2
    request = asked(("layout", labels), ("rolls", rolls), engine=f"model:{run.name}", seed=4)
    heard = answered(studio, request)
    assert heard.end["kind"] == "done", heard.end
    known = np.where(labels == 3, np.uint8(255), labels)
    task = SceneTask(known, seed=4, first_variation=2, region=rolls == 2)
    (picture,) = heard.pictures
    np.testing.assert_array_equal(picture.pixels, api.load(run)(task).picture)


def test_a_pack_is_one_more_model(server: Server, run: Path) -> None:
    """It is found by its name, beside a run of the same name."""
    assert server.server.started
    with Server(runs=run.parent, packs={"street": run}) as running:
        with running.client() as client:
            cards = client.get("/api/scenes").json()["engines"]
        assert [(card["name"], card["title"], card["kind"]) for card in cards] == [
            ("model:street", "street", "model"),
            ("pack:street", "street (bundled)", "model"),
        ]
        labels = np.zeros((64, 96), np.uint8)
        heard = answered(running, asked(("layout", labels), engine="pack:street", seed=4))
        assert heard.end["kind"] == "done", heard.end
        (picture,) = heard.pictures
        np.testing.assert_array_equal(picture.pixels, api.load(run)(SceneTask(labels, seed=4)).picture)
        assert (
            "nothing here makes scenes"
            in answered(running, asked(("layout", labels), engine="pack:none", seed=4)).end["message"]
        )
