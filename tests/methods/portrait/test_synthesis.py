"""What trained portrait models make of tasks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

import torch
from tests.methods.portrait.support import parsing_map, untrained

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.tasks import Donor, ParseResult, ParseTask, PortraitMade, PortraitTask
from sembla.core.types import Picture
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.methods import METHODS
from sembla.runs.synthesizer import Synthesizer, read_synthesizer

BY_NAME: Mapping[str, object] = {method.name: method for method in METHODS}
HAIR, GLASSES = (CELEBAMASK_HQ_19.names.index(name) for name in ("hair", "eye_g"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Synthesizer]:
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("models")
    names = ("sembla", "pix2pix", "reconstruction", "parser")
    return {
        name: read_synthesizer(
            untrained(root / name, recipe=name),
            {method.name: method for method in METHODS},
            device=torch.device("cpu"),
            half=False,
        )
        for name in names
    }


def photo(number: int) -> Picture:
    return np.random.default_rng(number).integers(0, 256, (32, 32, 3), np.uint8)


def portray(model: Synthesizer, task: PortraitTask) -> PortraitMade:
    made = model(task)
    assert isinstance(made, PortraitMade)
    return made


@pytest.mark.parametrize("recipe", ["sembla", "pix2pix", "reconstruction"])
def test_all_beside_the_region_stays_as_it_is(models: dict[str, Synthesizer], recipe: str) -> None:
    labels, layout = parsing_map(1, 32), parsing_map(2, 32)
    region = labels != layout
    made = portray(models[recipe], PortraitTask(photo(0), labels, layout, region))
    assert np.array_equal(made.picture[~region], photo(0)[~region])
    assert np.array_equal(made.picture[region], made.made[region])
    assert not np.array_equal(made.picture, photo(0))


def test_a_part_that_nobody_shows_is_told(models: dict[str, Synthesizer]) -> None:
    labels, layout = parsing_map(1, 32), parsing_map(0, 32)
    assert GLASSES in layout
    assert GLASSES not in labels
    made = portray(models["sembla"], PortraitTask(photo(0), labels, layout))
    assert made.usual == (GLASSES,)
    donor = Donor(photo(1), layout, (GLASSES,))
    assert portray(models["sembla"], PortraitTask(photo(0), labels, layout, donor=donor)).usual == ()


def test_a_donor_lends_the_looks_of_its_parts_alone(models: dict[str, Synthesizer]) -> None:
    labels, model = parsing_map(1, 32), models["sembla"]
    plain = portray(model, PortraitTask(photo(0), labels, labels)).picture
    lent = portray(model, PortraitTask(photo(0), labels, labels, donor=Donor(photo(1), parsing_map(2, 32), (HAIR,))))
    assert not np.array_equal(plain, lent.picture)
    none = portray(model, PortraitTask(photo(0), labels, labels, donor=Donor(photo(1), parsing_map(2, 32), (GLASSES,))))
    assert np.array_equal(plain, none.picture)  # the donor has none


@pytest.mark.parametrize("recipe", ["sembla", "parser"])
def test_parses_alike_each_time_and_mirrored(models: dict[str, Synthesizer], recipe: str) -> None:
    found, mirrored = (models[recipe](ParseTask(each)) for each in (photo(3), photo(3)[:, ::-1].copy()))
    assert isinstance(found, ParseResult)
    assert isinstance(mirrored, ParseResult)
    assert found.labels.shape == (32, 32)
    assert 0 < found.sureness <= 1
    assert (CELEBAMASK_HQ_19.flip(mirrored.labels) == found.labels).mean() > 0.99


def test_what_a_model_cannot_do_is_said(models: dict[str, Synthesizer]) -> None:
    labels = parsing_map(1, 32)
    with pytest.raises(SizeError, match="makes 32x32"):
        models["sembla"](PortraitTask(photo(0), parsing_map(1), parsing_map(1)))
    with pytest.raises(LabelError, match="part 40 came"):
        models["sembla"](PortraitTask(photo(0), labels, np.full_like(labels, 40)))
    with pytest.raises(LabelError, match="part 19 came"):
        models["sembla"](PortraitTask(photo(0), labels, labels, looks={19: 0}))
    with pytest.raises(InputError, match="looks of parts"):
        models["pix2pix"](PortraitTask(photo(0), labels, labels, looks={HAIR: 1}))
    with pytest.raises(InputError, match="no face parser"):
        models["pix2pix"](ParseTask(photo(0)))
    with pytest.raises(InputError, match="makes none"):
        models["parser"](PortraitTask(photo(0), labels, labels))


def test_looks_follow_from_the_seeds_of_their_parts(models: dict[str, Synthesizer]) -> None:
    labels = parsing_map(1, 32)
    remembered = cast(
        "Any", models["sembla"]._networks["generator"]
    ).encoder.looks  # a model that has learned something has such
    remembered.normal_(generator=torch.Generator().manual_seed(0)).tanh_()

    def made(looks: Mapping[int, int]) -> Picture:
        return portray(models["sembla"], PortraitTask(photo(0), labels, labels, looks=looks)).picture

    try:
        assert np.array_equal(made({HAIR: 1, 1: 2}), made({1: 2, HAIR: 1}))
        assert not np.array_equal(made({HAIR: 1}), made({HAIR: 5}))
        assert not np.array_equal(made({HAIR: 1}), made({}))
    finally:
        remembered.zero_()


def test_identity_counts_for_the_published_model(models: dict[str, Synthesizer]) -> None:
    labels = parsing_map(1, 32)
    faces = [
        portray(models["pix2pix"], PortraitTask(photo(0), labels, labels, identity=identity)).picture
        for identity in (None, np.full(128, np.nan, np.float32), np.ones(128, np.float32))
    ]
    assert np.array_equal(faces[0], faces[1])
    assert not np.array_equal(faces[0], faces[2])


def test_a_parser_that_was_trained_apart_sees_faces_at_its_own_size(tmp_path: Path) -> None:
    root = untrained(tmp_path / "run", config={"parser_side": 64})
    model = read_synthesizer(root, {method.name: method for method in METHODS}, device=torch.device("cpu"), half=False)
    found = model(ParseTask(np.zeros((64, 64, 3), np.uint8)))
    assert isinstance(found, ParseResult)
    assert found.labels.shape == (64, 64)
    with pytest.raises(SizeError, match="makes 64x64"):
        model(ParseTask(photo(0)))
    assert portray(model, PortraitTask(photo(0), parsing_map(1, 32), parsing_map(1, 32))).picture.shape == (32, 32, 3)
