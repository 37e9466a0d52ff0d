"""Settings of portraits that nothing can be trained with."""

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from tests.methods.portrait.support import portraits

from sembla.core.errors import InputError
from sembla.methods.portrait.config import RECIPES, Sembla, fitted


@pytest.mark.parametrize(
    ("recipe", "settings", "told"),
    [
        ("pix2pix", {"side": 96}, "side 96 came; give a power of 2"),
        ("sembla", {"side": 100}, "side 100 came; give a multiple of 32"),
        ("sembla", {"parser_side": 100}, "parser_side 100 came; give 0 or a multiple of 32"),
        ("sembla", {"own": 1.5}, "own 1.5 came"),
        ("pix2pix", {"flip": 2.0}, "flip is at most 1"),
    ],
)
def test_settings_that_nothing_can_be_trained_with(recipe: str, settings: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        fitted(replace(RECIPES[recipe], **settings), portraits())


def test_sides_that_can_be_trained_with() -> None:
    assert fitted(Sembla(side=96, parser_side=64), portraits()).side == 96
