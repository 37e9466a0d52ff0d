"""Who it is that pictures show, as `prepare` notes it."""

from pathlib import Path

import numpy as np
import pytest
from tests.data.small_set import SMALL, make_source
from tests.methods.portrait.support import KIND, parsing_map, portraits

from sembla.core.errors import MissingExtraError, OutputError
from sembla.data import identities
from sembla.data.identities import with_identity
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.data.loading import batches_once
from sembla.data.prepare import prepare
from sembla.data.prepared import read_pairs
from sembla.data.records import Sample
from sembla.examples import load
from sembla.faces.detection import has_faces

needs_dlib = pytest.mark.skipif(not has_faces(), reason="needs pip install 'sembla[faces]'")


def test_identities_are_kept_and_those_of_nobody_are_no_numbers() -> None:
    pairs = {pair.name: pair.identity for pair in read_pairs(portraits())}
    assert pairs["train/1"] == ()
    assert all(identity is not None and len(identity) == 128 for name, identity in pairs.items() if name != "train/1")
    batch = next(batches_once(portraits(), "train", batch=5, size=(32, 32)))
    assert batch.identities is not None
    assert np.isnan(batch.identities).all(axis=1).tolist() == [False, True, False, False, False]
    expected = np.random.default_rng(0)
    expected.integers(40, 216, (19, 3))
    expected.integers(-40, 40, (64, 64, 3))
    np.testing.assert_allclose(batch.identities[0], expected.normal(0, 0.1, 128), atol=1e-5)


def test_pairs_of_which_nobody_asked_say_nothing(tmp_path: Path) -> None:
    made = prepare(SMALL, make_source(tmp_path / "source", train=2, val=1), tmp_path / "set", workers=1)
    assert made.prepared.identities is None
    assert made.unknown == 0
    assert {pair.identity for pair in read_pairs(made.prepared)} == {None}
    assert "identit" not in (tmp_path / "set" / "dataset.json").read_text()
    assert "identit" not in (tmp_path / "set" / "index.jsonl").read_text()


def test_without_dlib_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "has_faces", lambda: False)
    source = make_source(tmp_path / "source", train=2, val=1)
    with pytest.raises(MissingExtraError, match=r"sembla\[faces\]"):
        prepare(SMALL, source, tmp_path / "set", identities="found", workers=1)
    assert not (tmp_path / "set").exists()


def test_faces_that_are_not_found_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "has_faces", lambda: True)
    monkeypatch.setattr(identities, "find_faces", lambda _: [])
    source = make_source(tmp_path / "source", train=3, val=1)
    for shard in (None, 2):
        out = tmp_path / f"set{shard}"
        made = prepare(SMALL, source, out, identities="found", shard=shard, workers=1)
        assert made.unknown == 4  # the maps have no parts of faces
        assert made.prepared.identities == "found"
        again = prepare(SMALL, source, out, identities="found", shard=shard, workers=1)
        assert (again.made, again.unknown) == (0, 4)
        with pytest.raises(OutputError, match="made with identities in boxes that are found, not without identities"):
            prepare(SMALL, source, out, shard=shard, workers=1)


@needs_dlib
def test_a_face_is_known_by_its_box_and_by_its_map() -> None:
    astronaut = load("astronaut").picture
    found, whole = (with_identity(Sample(astronaut), None, box=box).identity for box in ("found", "whole"))
    assert found is not None
    assert whole is not None
    assert not np.array_equal(found, whole)
    drawn = (np.random.default_rng(0).integers(0, 2, (64, 64, 3)) * 9 + 100).astype(np.uint8)
    mapped = with_identity(Sample(drawn, parsing_map(0)), CELEBAMASK_HQ_19, box="found").identity
    assert mapped is not None
    assert np.isfinite(mapped).all()
    assert KIND.label_set == CELEBAMASK_HQ_19
    nobody = with_identity(Sample(drawn), None, box="found").identity
    assert nobody is not None
    assert np.isnan(nobody).all()
