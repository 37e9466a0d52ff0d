"""Packed maps and framed messages: what goes in comes out, and nothing claims more than it may."""

import json
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.studio.support import message, packed

from sembla.core.errors import InputError
from sembla.studio.wire import PackedMap, crash_message, frame, inflate, pack, split_frame, unpack


@given(width=st.integers(16, 40), height=st.integers(16, 40), seed=st.integers(0, 2**32 - 1))
def test_a_label_map_survives_packing(width: int, height: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    assert np.array_equal(unpack(PackedMap.model_validate(json.loads(json.dumps(packed(labels)))), "map"), labels)
    turned = np.asfortranarray(labels)
    assert np.array_equal(unpack(pack(turned), "map"), labels)
    assert np.array_equal(unpack(pack(labels[:, ::-1]), "map"), labels[:, ::-1])


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(200_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="more ids came for 64x48; expected 3072"):
            inflate(bomb, (64, 48), name="layout")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_map_whose_checksum_is_missing_is_refused() -> None:
    whole = zlib.compress(bytes(64 * 48))
    assert not inflate(whole, (64, 48), name="layout").any()
    with pytest.raises(InputError, match="layout"):
        inflate(whole[:-4], (64, 48), name="layout")


def test_bytes_behind_a_map_are_refused() -> None:
    whole = zlib.compress(bytes(64 * 48))
    with pytest.raises(InputError, match="3 bytes came behind"):
        inflate(whole + b"abc", (64, 48), name="layout")


class Note(BaseModel):
    text: str


@given(text=st.text(), parts=st.lists(st.binary(max_size=20), max_size=3))
def test_a_framed_message_is_split_where_it_was_joined(text: str, parts: list[bytes]) -> None:
    header, rest = split_frame(frame(Note(text=text), *parts))
    assert Note.model_validate_json(header).text == text
    assert bytes(rest) == b"".join(parts)


@pytest.mark.parametrize("length", range(12))
def test_a_message_that_is_cut_short_is_refused(length: int) -> None:
    whole = message(b'{"a": 1}')
    assert len(whole) == 12
    with pytest.raises(InputError):
        split_frame(whole[:length])


def test_a_crash_is_told_in_one_line() -> None:
    assert "\n" not in crash_message(ValueError("a\nb\r\nc"))
    assert "ValueError: a b c" in crash_message(ValueError("a\nb\r\nc"))
