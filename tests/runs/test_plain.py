import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.runs.plain import differences, from_plain, to_plain


@dataclass(frozen=True)
class Inner:
    weight: float = 1.0
    taps: tuple[str, ...] = ("relu1_1",)


@dataclass(frozen=True)
class Config:
    size: tuple[int, int]
    inner: Inner = field(default_factory=Inner)
    kind: Literal["ls", "hinge"] = "ls"
    clip: float | None = None
    switch: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)


FULL = Config((4, 5), Inner(0.5, ("a", "b")), "hinge", clip=2.0, switch=True, sizes={"x": 3})


@pytest.mark.parametrize("config", [FULL, Config((1, 2))])
def test_a_config_comes_back_through_json(config: Config) -> None:
    assert from_plain(Config, json.loads(json.dumps(to_plain(config)))) == config


def test_a_label_set_comes_back_too() -> None:
    labels = LabelSet(("sky", "left", "right"), ((0, 0, 0), (1, 1, 1), (2, 2, 2)), ignore=255, swaps=((1, 2),))
    assert from_plain(LabelSet, json.loads(json.dumps(to_plain(labels)))) == labels


def test_what_lacks_takes_its_default() -> None:
    assert from_plain(Config, {"size": [4, 5], "inner": {"weight": 2}}) == Config((4, 5), Inner(2.0))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "config.size is missing"),
        ({"size": [4, 5], "colour": 1}, "config.colour came, which this version does not know"),
        ({"size": [4, 5, 6]}, r"config.size \[4, 5, 6\] came; expected 2 values"),
        ({"size": [4, "5"]}, "config.size '5' came; expected int"),
        ({"size": [4, True]}, "config.size True came; expected int"),
        ({"size": 4}, "config.size 4 came"),
        ({"size": [4, 5], "inner": {"weight": "heavy"}}, "config.inner.weight 'heavy' came; expected float"),
        ({"size": [4, 5], "inner": 3}, "config.inner 3 came; expected its fields by name"),
        ({"size": [4, 5], "kind": "ns"}, "config.kind 'ns' came; expected 'ls' or 'hinge'"),
        ({"size": [4, 5], "switch": 1}, "config.switch 1 came; expected bool"),
        ({"size": [4, 5], "clip": "no"}, "config.clip 'no' came"),
        ([1], r"config \[1\] came"),
    ],
)
def test_what_does_not_fit_is_named(values: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        from_plain(Config, values)


def test_changes_are_named_by_their_place() -> None:
    one, other = to_plain(FULL), to_plain(Config((4, 6), Inner(0.5, ("a",)), "hinge", clip=2.0, switch=True))
    assert list(differences(one, other)) == [
        "size is [4, 6], was [4, 5]",
        "inner.taps is ['a'], was ['a', 'b']",
        "sizes.x is None, was 3",
    ]
    assert list(differences(one, one)) == []
    assert list(differences({"a": {"b": [1] * 60}}, {"a": {"b": [2] * 60}})) == ["a.b differs"]  # too long to be told
