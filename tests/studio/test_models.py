"""Trained models on live requests: the pictures are those of `api.load`, however the page numbers its classes."""

import gc
import os
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from tests.studio.support import PATIENCE, Server, page, png, request, small_task
from tests.studio.test_runs import ENTRIES, added
from tests.surfaces.support import layout, photo

pytest.importorskip("torch", reason="needs PyTorch")

import torch

from sembla import api
from sembla.core.errors import MissingExtraError
from sembla.core.tasks import AnalogyTask
from sembla.data.case import read_case
from sembla.runs.description import Description, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.tensors import named
from sembla.studio.models import Models
from sembla.studio.runs import Run, RunStore
from sembla.studio.wire import LiveModel


def write_untrained(run: Run, *, seed: int = 0) -> None:
    """Weights as they are drawn before the first step: they make pictures, and those of two seeds differ."""
    method = api.find_method("analogy")
    config = method.fitted(replace(method.recipes["fast"], width=8), read_case(run.case))
    torch.manual_seed(seed)
    parts = method.load()
    networks = parts.networks(config)
    folder = RunFolder(run.root)
    folder.root.mkdir(exist_ok=True)
    write_description(folder, Description("analogy", "fast", to_plain(config), seed=0, batch=1))
    write_weights(folder, named({name: networks[name] for name in parts.players(config)}), step=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    return RunStore(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def run(store: RunStore) -> Run:
    run = added(store)
    write_untrained(run)
    return run


@pytest.fixture(scope="module")
def studio(run: Run) -> Iterator[Server]:
    with Server(runs=run.folder.parent) as running:
        yield running


@pytest.fixture
def held(studio: Server) -> str:
    with studio.client() as client:
        return str(client.post("/api/photos", content=png(photo())).json()["id"])


def learned(run: Run, task: AnalogyTask) -> AnalogyTask:
    """The task in the ids that the model learned, by its file of labels and not by what the studio noted."""
    labels = read_case(run.case).labels
    table = np.zeros(256, np.uint8)
    for number in np.unique(layout(6)):
        (table[number],) = np.unique(labels[layout(6) == number])
    return replace(task, labels=table[task.labels], layout=table[task.layout])


def model(run: Run, entries: Any = ENTRIES) -> dict[str, Any]:
    return {"run": run.name, "classes": entries}


def test_every_variation_is_the_models_own(studio: Server, run: Run, held: str) -> None:
    with page(studio) as opened:
        opened.send(request(held, small_task(), variations=3, seed=5, model=model(run)))
        heard = opened.listen(1)
    assert heard.end["kind"] == "done"
    expected = api.load(run.root)(learned(run, small_task(variations=3, seed=5))).pictures
    assert [frame.header["variation"] for frame in heard.pictures] == [0, 1, 2]
    for frame, pixels in zip(heard.pictures, expected, strict=True):
        assert np.array_equal(frame.pixels, pixels)
    assert not np.array_equal(expected[0], expected[1])
    assert not np.array_equal(expected[0], studio.expected(small_task(seed=5))[0])


def test_settings_and_quick_looks_are_the_models_too(studio: Server, run: Run, held: str) -> None:
    with page(studio) as opened:
        opened.send(request(held, small_task(), size=40, keep=False, draft=True, model=model(run)))
        (frame,) = opened.listen(1).pictures
    task = learned(run, small_task(size=40, keep=False))
    assert np.array_equal(frame.pixels, api.load(run.root)(task).picture)
    assert (frame.header["level"], frame.header["levels"]) == (0, 1)


def test_classes_are_found_by_name_and_else_by_colour(studio: Server, run: Run, held: str) -> None:
    """The page numbers its classes anew: sun, sky, grass; one is recoloured, one renamed."""
    entries = [ENTRIES[2], {**ENTRIES[0], "colour": "#123456"}, {**ENTRIES[1], "name": "meadow"}]
    turned = np.array([1, 2, 0], np.uint8)
    task = replace(small_task(), labels=turned[layout(6)], layout=turned[layout(30)])
    with page(studio) as opened:
        opened.send(request(held, task, model=model(run, entries)))
        (frame,) = opened.listen(1).pictures
    assert np.array_equal(frame.pixels, api.load(run.root)(learned(run, small_task())).picture)


def ending(studio: Server, message: bytes) -> dict[str, Any]:
    with page(studio) as opened:
        opened.send(message)
        return opened.listen(1).end


def test_what_the_model_has_not_learned_is_named(studio: Server, run: Run, held: str) -> None:
    entries = [*ENTRIES[:2], {"name": "moon", "colour": "#abcdef"}]
    end = ending(studio, request(held, small_task(), model=model(run, entries)))
    assert end["kind"] == "failed"
    assert "“moon”" in end["message"]
    assert "sun" in end["message"]
    assert "class 3" in ending(studio, request(held, small_task(), model=model(run, ENTRIES[:2])))["message"]


@pytest.mark.parametrize("name", ["none", "..", "../models", "/etc"])
def test_a_run_that_is_not_there_is_told(studio: Server, held: str, name: str) -> None:
    end = ending(studio, request(held, small_task(), model={"run": name, "classes": ENTRIES}))
    assert "no run" in end["message"]


def test_a_run_without_weights_is_told(studio: Server, store: RunStore, held: str) -> None:
    end = ending(studio, request(held, small_task(), model=model(added(store))))
    assert "no weights yet" in end["message"]


def test_damaged_weights_are_told(studio: Server, store: RunStore, held: str) -> None:
    run = added(store)
    write_untrained(run)
    (run.root / "weights.safetensors").write_bytes(b"nothing")
    end = ending(studio, request(held, small_task(), model=model(run)))
    assert end["kind"] == "failed"
    assert "weights.safetensors" in end["message"]


def test_without_pytorch_it_is_said_what_to_install(store: RunStore, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sembla.api.training.has_models", lambda: False)
    with pytest.raises(MissingExtraError, match=r"sembla\[models\]"):
        Models(store).run(LiveModel.model_validate(model(run)), small_task())


def test_two_models_stay_loaded_and_the_one_used_longest_ago_goes(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    runs = [added(store) for _ in range(3)]
    for seed, run in enumerate(runs):
        write_untrained(run, seed=seed)
    models = Models(store)
    loaded = []
    for run in (runs[0], runs[1], runs[0], runs[2]):
        models.run(LiveModel.model_validate(model(run)), small_task())
        loaded.append(weakref.ref(next(reversed(models._loaded.values()))))
    gc.collect()
    assert [each() is None for each in loaded] == [False, True, False, False]
    assert loaded[0]() is loaded[2]()


def test_weights_that_were_trained_further_are_read_again(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    run = added(store)
    models, wanted = Models(store), LiveModel.model_validate(model(run))
    write_untrained(run, seed=1)
    before = models.run(wanted, small_task()).picture
    write_untrained(run, seed=2)
    os.utime(run.root / "weights.safetensors", ns=(1, 1))
    after = models.run(wanted, small_task()).picture
    assert not np.array_equal(before, after)
    assert np.array_equal(after, api.load(run.root)(learned(run, small_task())).picture)


def test_a_newer_request_takes_the_place_of_one_that_a_model_works_on(studio: Server, run: Run, held: str) -> None:
    with page(studio) as opened:
        opened.send(request(held, small_task(), number=1, variations=64, model=model(run)))
        assert opened.words() == {"number": 1, "kind": "started"}
        opened.send(request(held, small_task(20), number=2))
        assert opened.listen(2).end["kind"] == "done"
    with page(studio) as opened:
        opened.send(request(held, small_task(), number=3, variations=64, model=model(run)))
        assert opened.words()["kind"] == "started"
        opened.send('{"cancel": 3}')
        assert opened.listen(3).end["kind"] == "cancelled"


def test_the_list_says_that_it_can_be_used(studio: Server, run: Run) -> None:
    with httpx.Client(base_url=studio.url, timeout=PATIENCE, trust_env=False) as client:
        (card,) = [card for card in client.get("/api/runs").json()["runs"] if card["name"] == run.name]
    assert (card["usable"], card["title"]) == (True, "My photo.JPG")
