"""Faces that were held out, to measure with."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs PyTorch")

from dataclasses import replace

from tests.methods.inpaint.support import faces
from tests.methods.scene.support import prepared as streets

from sembla.core.errors import InputError
from sembla.data.loading import batches_once
from sembla.evaluation.faces import whole_faces


def test_faces_are_the_first_that_are_not_trained_on() -> None:
    found = whole_faces(faces(), side=32, count=2)
    assert (found.names, found.split, found.size) == (("val/val0", "val/val1"), "val", (32, 32))
    wanted = next(batches_once(faces(), "val", batch=2, size=(32, 32)))
    np.testing.assert_array_equal(found.pictures, wanted.pictures)
    np.testing.assert_array_equal(found.landmarks, wanted.landmarks)


def test_faces_are_known_by_what_they_hold() -> None:
    one = whole_faces(faces(), side=32, count=2)
    assert one.sha256 == replace(one, source=str(Path("elsewhere"))).sha256
    assert one.sha256 != whole_faces(faces(), side=64, count=2).sha256
    moved = replace(one, landmarks=one.landmarks + 1)
    assert one.sha256 != moved.sha256


def test_too_few_faces_and_none_at_all_are_told() -> None:
    with pytest.raises(InputError, match="holds 2 faces to measure with; ask for no more, not for 3"):
        whole_faces(faces(), side=32, count=3)
    with pytest.raises(InputError, match="has no 68 landmarks a picture"):
        whole_faces(streets(), side=32, count=1)
