"""Configs: what follows from the data and from the weights at hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.methods.analogy.support import case

from sembla.core.errors import InputError, SizeError
from sembla.data.case import Case
from sembla.methods.analogy.config import RECIPES, Fast, Semia, fitted
from sembla.nn.weights import FOLDER_VARIABLE, SQUEEZENET_CAFFE, VGG19


def of(height: int, width: int) -> Case:
    return Case(np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8), np.zeros((1, 3), np.uint8))


@pytest.mark.parametrize(
    ("config", "size", "expected"),
    [
        (Semia(), (190, 286), (184, 280)),
        (Semia(scale=0.5), (380, 572), (184, 280)),
        (Fast(), (400, 600), (168, 256)),
        (Fast(), (100, 90), (96, 88)),
    ],
)
def test_a_photo_is_learned_at_multiples_of_eight(
    config: Semia | Fast, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fitted(config, of(*size)).size == expected


def test_classes_are_those_of_the_case() -> None:
    for recipe in RECIPES.values():
        assert fitted(recipe, case()).classes == len(case().palette)


def test_a_run_is_of_one_photo() -> None:
    first, other = case(), replace(case(), picture=255 - case().picture)
    assert fitted(Fast(), first) == fitted(Fast(), replace(case(), layouts=()))
    assert fitted(Fast(), first).photo != fitted(Fast(), other).photo
    assert fitted(Fast(), first) == replace(fitted(Fast(), other), photo=fitted(Fast(), first).photo)


def test_a_photo_that_is_too_small_is_refused() -> None:
    with pytest.raises(SizeError, match="24x40"):
        fitted(Semia(), of(40, 30))


def test_features_are_the_best_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert fitted(Fast(), case()).features == "discriminator"
    (tmp_path / SQUEEZENET_CAFFE.files[0]).touch()
    assert fitted(Fast(), case()).features == "squeezenet"
    (tmp_path / VGG19.files[0]).touch()
    assert fitted(Fast(), case()).features == "vgg19"
    assert fitted(replace(Fast(), features="discriminator"), case()).features == "discriminator"


@pytest.mark.parametrize(
    "setting", [{"lessons": 0}, {"decay": 0}, {"width": -1}, {"picture": -1.0}, {"warp": float("nan")}]
)
def test_settings_that_nothing_can_be_trained_with_are_refused(setting: dict[str, Any]) -> None:
    name, value = next(iter(setting.items()))
    with pytest.raises(InputError, match=f"^{name} {value} came; give"):
        fitted(replace(Fast(), **setting), case())
