"""What portraits are trained on: of the training faces alone, in their own layouts or in others."""

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from tests.methods.portrait.support import SIDE, parsing_map, portraits

from sembla.core.method import Feed
from sembla.methods.portrait.batches import PortraitBatch, batches
from sembla.methods.portrait.config import RECIPES, fitted

TRAIN = [parsing_map(number) for number in range(5)]


def some(recipe: str, **settings: Any) -> list[PortraitBatch]:
    """Ten batches, of faces as they are."""
    plain = {"side": SIDE, "flip": 0.0, "zoom": 1.0, **settings}
    config = fitted(replace(RECIPES[recipe], **plain), portraits())
    return list(islice(batches(config, portraits(), Feed(batch=4, seed=3)), 10))


def which(labels: Any) -> int | None:
    """The training face whose map it is."""
    return next((number for number, its in enumerate(TRAIN) if np.array_equal(its, labels)), None)


def test_held_out_faces_lend_no_layouts() -> None:
    pairs = [
        (which(own.numpy()), which(wanted.numpy()))
        for batch in some("pix2pix")
        for own, wanted in zip(batch.labels, batch.wanted, strict=True)
    ]
    assert {own for own, _ in pairs} == {wanted for _, wanted in pairs} == set(range(5))
    assert any(own != wanted for own, wanted in pairs)


def test_as_many_faces_as_asked_are_wanted_in_their_own_layout() -> None:
    def kept(own: float) -> list[bool]:
        found = some("sembla", own=own)
        return [bool((a == b).all()) for each in found for a, b in zip(each.labels, each.wanted, strict=True)]

    assert all(kept(1.0))
    assert kept(0.0).count(False) > 20
