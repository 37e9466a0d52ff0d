"""Holding out: a share of the pairs by their names, the same whatever else the set holds."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.data.small_set import CLASSES, SMALL, make_source, read, records, write_pair

from sembla.core.errors import InputError, OutputError
from sembla.data.prepare import prepare
from sembla.data.prepared import Prepared, open_prepared, read_pairs
from sembla.data.records import Kind, Record


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_source(tmp_path / "source")


def without_splits(folder: Path) -> list[Record]:
    """All pairs below a folder, of no split."""
    return [replace(record, split="") for record in records(folder)]


WHOLE = Kind("whole", "A set for tests that has no splits.", CLASSES, without_splits, read, "none")


def splits_of(prepared: Prepared) -> dict[str, str]:
    return {pair.name: pair.split for pair in read_pairs(prepared)}


def test_what_is_held_out_stays_so_when_pairs_are_added(tmp_path: Path) -> None:
    source, out = make_source(tmp_path / "source", train=40, val=0), tmp_path / "out"
    prepared = prepare(WHOLE, source, out, size=16, hold_out=25, workers=1).prepared
    before = splits_of(prepared)
    assert dict(prepared.counts) == dict(Counter(before.values()))
    assert set(prepared.counts) == {"train", "val"}
    assert 4 <= prepared.counts["val"] <= 16  # of 40: three standard deviations about 10
    assert open_prepared(out).hold_out == 25
    for number in range(40, 60):
        write_pair(source, f"train/train.{number}", seed=number)
    again = prepare(WHOLE, source, out, size=16, hold_out=25, workers=1)
    after = splits_of(again.prepared)
    assert (again.made, again.kept) == (20, 40)
    assert {name: after[name] for name in before} == before


def test_how_much_is_held_out_is_checked(source: Path, tmp_path: Path) -> None:
    for percent in (0, 100, -3, float("nan")):
        with pytest.raises(InputError, match="between 0 and 100"):
            prepare(WHOLE, source, tmp_path / "out", hold_out=percent, workers=1)
    with pytest.raises(InputError, match=r"splits of its own \(train, val\); leave out --hold-out"):
        prepare(SMALL, source, tmp_path / "out", hold_out=10, workers=1)
    with pytest.raises(InputError, match="leaves 9 for training and 0 held out; hold out more"):
        prepare(WHOLE, source, tmp_path / "out", hold_out=0.001, workers=1)
    assert not (tmp_path / "out").exists()
    prepare(WHOLE, source, tmp_path / "out", hold_out=30, size=16, workers=1)
    with pytest.raises(OutputError, match="made with 30 % held out, not without pairs held out;"):
        prepare(WHOLE, source, tmp_path / "out", size=16, workers=1)
