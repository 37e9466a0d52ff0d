"""What every method and every recipe of it keeps to, whatever it does. A new one is tested here by being there."""

from dataclasses import fields, replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from tests.methods.analogy.support import case
from tests.methods.inpaint.support import faces
from tests.methods.portrait.support import portraits
from tests.methods.scene.support import prepared

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from torch import Tensor

from sembla.core.method import Feed, Method
from sembla.data.case import Case
from sembla.data.prepared import Prepared
from sembla.engine.local import LocalEngine
from sembla.methods import METHODS
from sembla.runs.plain import from_plain, to_plain
from sembla.train.settings import TrainSettings
from sembla.train.trainer import Trainer

BY_NAME = {method.name: method for method in METHODS}
RECIPES = [(name, recipe) for name, method in BY_NAME.items() for recipe in method.recipes]
SMALL = {
    "width": 8,
    "discriminator_width": 8,
    "segmenter_width": 8,
    "lessons": 2,
    "longest": 48,
    "generator_steps": 2,
    "ramp": 4,
    "size": (64, 96),
    "texture_width": 8,
    "constant": 100,
    "side": 32,
    "encoder_width": 8,
    "refiner_width": 8,
    "images": 6,
    "critic_steps": 2,
}
"""Fields of any config that make it small enough to train here."""

AnyTrainer = Trainer[Any, Any, Any]


def source_of(method: Method[Any, Any, Any]) -> Any:
    """Something small of the kind that a method is trained on."""
    own = {"inpaint": faces, "portrait": portraits}  # pictures will not do
    known = {Case: case, Prepared: prepared}
    assert method.source in known, f"say here what a small {method.source.__name__} is"
    return own.get(method.name, known[method.source])()


def small(method: Method[Any, Any, Any], recipe: str) -> Any:
    """A recipe made small, and fitted to the small source."""
    config = method.recipes[recipe]
    known = {field.name for field in fields(config)}
    config = replace(config, **{name: value for name, value in SMALL.items() if name in known})
    return method.fitted(config, source_of(method))


def trainer(name: str, recipe: str, *, steps: int = 6) -> AnyTrainer:
    method = BY_NAME[name]
    settings = TrainSettings(steps=steps, device="cpu", seed=3)
    source = source_of(method)
    return Trainer(method, small(method, recipe), source, settings=settings, engine=LocalEngine(torch.device("cpu")))


@pytest.fixture(scope="module", params=RECIPES, ids="-".join)
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    name, recipe = request.param
    return name, recipe


@pytest.fixture(scope="module")
def trained(place: tuple[str, str]) -> AnyTrainer:
    """After six steps, and what they began from."""
    torch.set_num_threads(1)
    its = trainer(*place)
    its.run()
    return its


def tensors(its: AnyTrainer) -> dict[str, Tensor]:
    """All that is trained: weights, buffers, averages, optimisers."""
    snapshot = its.snapshot()
    parts = {"networks": snapshot.networks, "averages": snapshot.averages, "optimisers": snapshot.optimisers}
    return {f"{part}.{name}": value.clone() for part, its in parts.items() for name, value in its.items()}


def test_its_config_comes_back_from_plain_values(place: tuple[str, str]) -> None:
    method = BY_NAME[place[0]]
    config = small(method, place[1])
    assert from_plain(type(config), to_plain(config)) == config
    assert method.fitted(config, source_of(method)) == config
    assert method.pace(config).steps > 0


def test_a_batch_follows_from_its_numbers_alone(place: tuple[str, str]) -> None:
    method = BY_NAME[place[0]]
    config, source = small(method, place[1]), source_of(method)
    parts = method.load()
    whole = list(islice(parts.batches(config, source, Feed(1, seed=5)), 4))
    torch.manual_seed(0)
    later = next(parts.batches(config, source, Feed(1, seed=5, start=3)))
    pair = next(parts.batches(config, source, Feed(2, seed=5, start=1)))
    other = next(parts.batches(config, source, Feed(1, seed=5, start=1, rank=1, ranks=2)))
    assert pair.count == 2
    for field in fields(later):
        assert torch.equal(getattr(later, field.name), getattr(whole[3], field.name))
        assert torch.equal(getattr(other, field.name), getattr(whole[3], field.name))
        assert torch.equal(getattr(pair, field.name)[1:], getattr(whole[3], field.name))


def test_every_weight_learns(place: tuple[str, str], trained: AnyTrainer) -> None:
    before = trainer(*place)
    still = [
        f"{player}.{name}"
        for player in before.learners
        for (name, was), now in zip(
            before.networks[player].named_parameters(), trained.networks[player].parameters(), strict=True
        )
        if torch.equal(was, now)
    ]
    assert still == [name for name in still if name.startswith(UNUSED.get(place, ("nothing",)))]
    assert all(value.isfinite().all() for value in tensors(trained).values())


CONSTANTS = tuple(f"discriminator.{name}.bias" for name in ("score", "blocks.2.skip", "blocks.2.second"))
ALONE = ("generator.down.4.weight", "generator.down_norms.3.weight")  # one value, in a batch of one, is normalised to 0
PUBLISHED = [recipe for recipe in BY_NAME["portrait"].recipes if recipe.startswith(("pix2pix", "reconstruction"))]
UNUSED = {
    **{("portrait", recipe): ALONE for recipe in PUBLISHED},
    ("analogy", "semia"): ("generator.layout_encoder.tail.",),
    ("preserve", "wgan"): CONSTANTS,  # what is added to all scores is of no account
    ("preserve", "wgan-small"): CONSTANTS,
}
"""Weights that a published network has and never uses, or not here."""


def test_stopping_and_going_on_changes_nothing(place: tuple[str, str], trained: AnyTrainer) -> None:
    first = trainer(*place)
    for _ in range(3):
        first.advance()
    snapshot = first.snapshot()
    second = trainer(*place)
    torch.manual_seed(123)
    second.restore(snapshot, path=None)  # type: ignore[arg-type]  # nothing is read
    second.run()
    expected, found = tensors(trained), tensors(second)
    assert [name for name in expected if not torch.equal(expected[name], found[name])] == []


def test_its_previews_are_pictures_and_change_nothing(trained: AnyTrainer) -> None:
    before = tensors(trained)
    with trained.shown() as networks:
        sheet, again = (trained.parts.previews(trained.config, networks, trained.source) for _ in range(2))
    assert len(sheet.rows) > 1
    for row, same in zip(sheet.rows, again.rows, strict=True):
        assert len(row) == len(sheet.headings)
        for picture, other in zip(row, same, strict=True):
            assert picture.dtype == np.uint8
            assert picture.shape[2:] == (3,)
            assert np.array_equal(picture, other)
    assert all(torch.equal(value, before[name]) for name, value in tensors(trained).items())


def test_its_trials_are_answered_alike_each_time(trained: AnyTrainer) -> None:
    parts = trained.parts
    assert parts.trials
    with trained.shown() as networks:
        for task in parts.trials(trained.config, trained.source):
            answer, again = (parts.tasks[type(task)](trained.config, networks, task) for _ in range(2))
            assert np.array_equal(answer.picture, again.picture)


def test_what_it_exports_is_what_it_makes(trained: AnyTrainer) -> None:
    parts = trained.parts
    if parts.graph is None:
        pytest.skip("nothing can be exported")
    before = tensors(trained)
    with trained.shown() as networks:
        graph = parts.graph(trained.config, networks)
        made = graph.module(*graph.inputs.values())
        given = next(iter(graph.inputs.values()))
        assert made.shape[0] == given.shape[0]
        assert made.isfinite().all()
        longer = {name: value.clone() for name, value in graph.inputs.items()}
        for name, axes in graph.free.items():
            for axis in axes:
                longer[name] = torch.cat([longer[name]] * 2, dim=axis)
        assert graph.module(*longer.values()).isfinite().all()
    assert all(torch.equal(value, before[name]) for name, value in tensors(trained).items())
