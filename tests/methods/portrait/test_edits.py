"""Edits as they are drawn for training."""

import numpy as np
import pytest
from tests.methods.portrait.support import parsing_map

from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.methods.portrait.edits import about, edited, with_parts, without

NAMES = CELEBAMASK_HQ_19.names


def test_edits_follow_from_their_chance_and_are_maps_of_the_same_parts() -> None:
    labels, other = parsing_map(0), parsing_map(1)
    kinds = set()
    for seed in range(40):
        made, again = (edited(labels, other, names=NAMES, chance=np.random.default_rng(seed)) for _ in range(2))
        assert np.array_equal(made, again)
        assert made.dtype == np.uint8
        assert made.shape == labels.shape
        assert set(np.unique(made)) <= set(np.unique(labels)) | set(np.unique(other))
        kinds.add("whole" if np.array_equal(made, other) else "same" if np.array_equal(made, labels) else "some")
    assert {"whole", "some"} <= kinds
    assert np.array_equal(labels, parsing_map(0))


def test_a_part_that_is_taken_away_becomes_what_lies_nearest() -> None:
    labels = np.zeros((4, 6), np.uint8)
    labels[:, 3:] = 1
    labels[1:3, 0] = 5
    gone = without(labels, [5])
    assert not (gone == 5).any()
    assert np.array_equal(gone[:, 1:], labels[:, 1:])
    assert not gone[:, 0].any()
    assert without(labels, [9]) is labels
    assert np.array_equal(without(np.full((3, 3), 5, np.uint8), [5]), np.full((3, 3), 5))


def test_hair_of_another_comes_with_the_head_about_which_it_lies() -> None:
    ids = {".": "background", "s": "skin", "h": "hair", "e": "l_eye", "a": "l_ear"}
    own, other, hair, nose = (
        np.array([[NAMES.index(ids[letter]) for letter in row]], np.uint8)
        for row in ("..hhsesh..", "hssehs..a.", "hssshes.a.", "..hhsesh..")
    )
    assert np.array_equal(with_parts(own, other, [NAMES.index("hair")], names=NAMES), hair)
    assert np.array_equal(with_parts(own, other, [NAMES.index("nose")], names=NAMES), nose)
    own[0, 5] = NAMES.index("l_ear")  # which is shown then, and not once more
    hair[0, 5], hair[0, 8] = NAMES.index("l_ear"), NAMES.index("background")
    assert np.array_equal(with_parts(own, other, [NAMES.index("hair")], names=NAMES), hair)


@pytest.mark.parametrize("seed", range(6))
def test_what_is_made_anew_holds_the_change_and_a_margin(seed: int) -> None:
    changed = np.zeros((64, 64), np.bool_)
    changed[30:34, 10:50] = True
    hole = about(changed, np.random.default_rng(seed))
    assert hole[changed].all()
    rows, columns = np.nonzero(hole)
    assert rows.min() >= 28
    assert columns.max() <= 51
    assert about(np.zeros((8, 8), np.bool_), np.random.default_rng(seed)).all()
