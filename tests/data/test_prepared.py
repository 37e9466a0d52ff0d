"""The layout on disk: what is written is read back, and damage is told."""

import dataclasses
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.data.small_set import CLASSES, SMALL, make_source, read, records, unlike

from sembla.core.errors import ImageError, InputError, LabelError, SizeError
from sembla.data.pairs import Packed, Pair, check_name, encode, pack
from sembla.data.prepare import prepare
from sembla.data.prepared import (
    JOURNAL,
    Prepared,
    Shard,
    held_out,
    open_prepared,
    part_of,
    read_pairs,
    read_shards,
)
from sembla.data.records import Record, Sample

RECORD = Record("a/b.c", "train", {})


def sample(height: int = 24, width: int = 36) -> Sample:
    generator = np.random.default_rng(1)
    return Sample(
        picture=generator.integers(0, 256, (height, width, 3), np.uint8),
        labels=generator.choice(np.array([0, 1, 2, 255], np.uint8), (height, width)),
        instances=generator.integers(0, 65536, (height, width), np.uint16),
        landmarks=generator.normal(10, 20, (68, 2)).astype(np.float32),
        attributes={"Smiling": True, "Young": False},
    )


@pytest.fixture
def made(tmp_path: Path) -> Prepared:
    return prepare(SMALL, make_source(tmp_path / "source"), tmp_path / "out", workers=1).prepared


def test_a_sample_comes_back_bit_for_bit() -> None:
    given = sample()
    pair, blobs = encode(given, RECORD, label_set=CLASSES)
    line = json.loads(json.dumps(pair.to_json()))
    assert Pair.from_json(line) == pair
    taken = Packed(Pair.from_json(line), blobs.__getitem__).decode()
    for part in ("picture", "labels", "instances", "landmarks"):
        assert np.array_equal(getattr(taken, part), getattr(given, part)), part
        assert getattr(taken, part).dtype == getattr(given, part).dtype
    assert taken.attributes == given.attributes
    assert pair.ids == (0, 1, 2, 255)


def test_a_picture_alone_is_enough() -> None:
    pair, blobs = encode(Sample(picture=sample().picture), RECORD, label_set=None)
    taken = Packed(pair, blobs.__getitem__).decode()
    assert taken.labels is None
    assert taken.instances is None
    assert taken.landmarks is None
    assert taken.attributes == {}


def test_what_is_held_out_is_no_other_split_than_one_that_is_learned_from(made: Prepared) -> None:
    assert (part_of(made, "train"), held_out(made)) == ("train", "val")
    without = dataclasses.replace(made, counts={"train": 7})
    assert held_out(without) == "train"
    whole = dataclasses.replace(made, counts={"": 7})
    assert part_of(whole, "train") == held_out(whole) == ""
    tests = dataclasses.replace(made, counts={"test": 7})
    for ask in (held_out, lambda each: part_of(each, "train")):
        with pytest.raises(InputError, match="has no split 'train'; it has test"):
            ask(tests)


def test_label_maps_look_like_their_classes(made: Prepared) -> None:
    pair = read_pairs(made)[0]
    with Image.open(made.root / pair.files["labels"].file) as image:
        ids, colours = np.asarray(image), np.asarray(image.convert("RGB"))
    for label, colour in enumerate(CLASSES.colours):
        assert (colours[ids == label] == colour).all()


def test_the_set_comes_back_as_it_was_read(made: Prepared, tmp_path: Path) -> None:
    by_name = {record.name: read(record) for record in records(tmp_path / "source")}
    pairs = read_pairs(made)
    assert [pair.name for pair in pairs] == list(by_name)
    for pair in pairs:
        packed = pickle.loads(pickle.dumps(pack(made.root, pair)))
        taken = packed.decode()
        assert unlike(taken, by_name[pair.name]) == []


def test_the_header_says_what_it_is(made: Prepared) -> None:
    assert open_prepared(made.root) == made
    assert made.kind == "small"
    assert made.label_set == CLASSES
    assert made.counts == {"train": 7, "val": 2}
    assert made.total == 9
    assert made.ids == (0, 1, 2, 255)
    assert len(read_pairs(made, "val")) == 2


def test_a_split_that_is_not_there_is_told(made: Prepared) -> None:
    with pytest.raises(InputError, match=r"'test'.*'train', 'val'"):
        read_pairs(made, "test")


def test_single_files_and_tars_are_told_apart(made: Prepared, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="prepare it with shards"):
        read_shards(made)
    tars = prepare(SMALL, tmp_path / "source", tmp_path / "tars", shard=4, workers=1).prepared
    with pytest.raises(InputError, match="in tars"):
        read_pairs(tars)
    shards = read_shards(tars)
    assert [Shard.from_json(json.loads(json.dumps(shard.to_json()))) for shard in shards] == list(shards)


def test_what_is_no_set_is_told(tmp_path: Path, made: Prepared) -> None:
    with pytest.raises(InputError, match="no prepared set"):
        open_prepared(tmp_path)
    with pytest.raises(InputError, match="no prepared set"):
        open_prepared(tmp_path / "nowhere")
    (made.root / JOURNAL).touch()
    with pytest.raises(InputError, match="half made"):
        open_prepared(made.root)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1}', '{"version": 1, "kind'])
def test_a_damaged_header_is_told(made: Prepared, text: str) -> None:
    (made.root / "dataset.json").write_text(text)
    with pytest.raises(InputError, match=r"dataset\.json is damaged"):
        open_prepared(made.root)


def test_another_layout_is_told(made: Prepared) -> None:
    values = json.loads((made.root / "dataset.json").read_text())
    (made.root / "dataset.json").write_text(json.dumps(values | {"version": 99}))
    with pytest.raises(InputError, match="layout 99"):
        open_prepared(made.root)


def test_a_changed_index_is_told(made: Prepared) -> None:
    with (made.root / "index.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(InputError, match="not the index"):
        open_prepared(made.root)


def test_damaged_and_missing_files_are_told(made: Prepared) -> None:
    first, second, third, *_ = read_pairs(made)
    picture = made.root / first.files["image"].file
    picture.write_bytes(picture.read_bytes()[:100])
    with pytest.raises(ImageError, match=r"train\.0\.webp is damaged"):
        pack(made.root, first).decode()
    (made.root / second.files["labels"].file).unlink()
    with pytest.raises(InputError, match="cannot be read"):
        pack(made.root, second).decode()
    Image.new("L", (5, 5)).save(made.root / third.files["labels"].file)
    with pytest.raises(ImageError, match="not the file"):
        pack(made.root, third).decode()


def test_ids_beyond_the_label_set_are_refused() -> None:
    strange = Sample(picture=sample().picture, labels=np.full((24, 36), 3, np.uint8))
    with pytest.raises(LabelError, match="id 3; the set has ids 0 to 2"):
        encode(strange, RECORD, label_set=CLASSES)
    assert encode(strange, RECORD, label_set=None)[0].ids == (3,)


@pytest.mark.parametrize("name", ["../up", "/root", "a/../../b", "a\\b", "a\0b", "", "caf\udce9"])
def test_names_that_lead_elsewhere_or_are_no_text_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot name a file"):
        check_name(name)
    for good in ("a", "a/b.c", "a b%", "caf\u00e9", "..a"):
        check_name(good)


def test_pictures_too_wide_for_the_format_are_refused() -> None:
    with pytest.raises(SizeError, match="16383"):
        encode(Sample(picture=np.zeros((16, 16384, 3), np.uint8)), RECORD, label_set=None)
