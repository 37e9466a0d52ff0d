import json
import math
from dataclasses import replace

import pytest

from sembla.core.errors import InputError
from sembla.metrics.protocol import Protocol, Score, from_json, score_name, to_json, versions

PROTOCOL = Protocol(
    made="runs/a",
    real="camvid",
    count_made=100,
    count_real=101,
    split="val",
    extractor="vgg19:dcbb9e9d",
    weights_sha256="dcbb9e9d" * 8,
    resize="bicubic with antialiasing (Pillow) to 224x224",
    seed=7,
    settings={"subset_size": 100, "kernel": "cubic"},
    versions=versions(),
)
SCORE = Score(
    name="kid[vgg19:dcbb9e9d]",
    value=0.1 + 0.2,
    unit="",
    better="lower",
    protocol=PROTOCOL,
    spread=1e-17,
    spread_of="100 subsets of 100",
    cautions=("few pictures",),
    per_picture={"a/0001": 1 / 3},
)


def test_scores_survive_json_to_the_last_digit() -> None:
    plain = Score(
        name="psnr", value=math.inf, unit="dB", better="higher", protocol=PROTOCOL, per_picture={"a": math.inf}
    )
    text = to_json([SCORE, plain])
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert from_json(text) == [SCORE, plain]
    nothing = from_json(to_json([replace(plain, value=math.nan, per_picture={})]))
    assert math.isnan(nothing[0].value)


def test_names_say_the_extractor_unless_it_is_the_standard_one() -> None:
    assert score_name("kid", "vgg19:dcbb9e9d") == "kid[vgg19:dcbb9e9d]"
    assert score_name("fid", "inception:6726825d", standard=True) == "fid"
    assert score_name("fid", "inception:11111111") == "fid[inception:11111111]"
    assert score_name("psnr") == "psnr"


def test_protocols_tell_what_keeps_scores_apart() -> None:
    other = replace(PROTOCOL, made="runs/b", versions={})
    assert PROTOCOL.differences(other) == ()
    assert PROTOCOL.differences(replace(other, seed=8, split="test")) == ("split", "seed")


def test_what_was_held_against_is_known_by_its_contents_where_both_know_them() -> None:
    known = replace(PROTOCOL, real_sha256="1" * 64)
    assert known.differences(replace(known, real="./camvid/")) == ()
    assert known.differences(replace(known, real_sha256="2" * 64)) == ("real_sha256",)
    assert known.differences(PROTOCOL) == PROTOCOL.differences(known) == ()
    assert known.differences(replace(PROTOCOL, real="other")) == ("real",)
    older = to_json([SCORE]).replace(',\n        "real_sha256": ""', "")
    assert "real_sha256" not in older
    assert from_json(older) == [SCORE]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 2, "scores": []}', '{"format": 1, "scores": [{"name": 1}]}']
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        from_json(text)


def test_versions_name_what_is_installed() -> None:
    assert {"python", "numpy", "sembla"} <= versions().keys()
