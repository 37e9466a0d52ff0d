import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from sembla.core.errors import InputError
from sembla.evaluation.comparing import compare
from sembla.evaluation.results import Evaluation
from sembla.metrics.compare import paired_bootstrap
from sembla.metrics.protocol import Protocol, Score

ABOUT = Protocol(made="a", real="real", count_made=40, count_real=40, split="test", settings={"subset_size": 1000})


def values(shift: float, *, seed: int, count: int = 40) -> dict[str, float]:
    hard = np.random.default_rng(0).normal(25, 5, count)
    own = np.random.default_rng(seed).normal(shift, 0.3, count)
    return {f"{place:03}": float(value) for place, value in enumerate(hard + own)}


def psnr(scores: Mapping[str, float], *, better: str = "higher", about: Protocol = ABOUT) -> Score:
    return Score("psnr", float(np.mean(list(scores.values()))), "dB", better, about, per_picture=scores)


def run(made: str, *scores: Score) -> Evaluation:
    return Evaluation("folders", made, "real", tuple(scores))


def test_single_pictures_get_the_paired_interval_to_the_first_run() -> None:
    first, second, third = values(0, seed=1), values(0.5, seed=2), values(-0.5, seed=3)
    side = compare([run("a", psnr(first)), run("b", psnr(second)), run("c", psnr(third))], confidence=0.9, seed=5)
    (row,) = side.rows
    assert row.entries[0].difference is None
    assert row.entries[1].difference == paired_bootstrap(first, second, confidence=0.9, seed=5)
    assert row.entries[2].difference == paired_bootstrap(first, third, confidence=0.9, seed=5)
    assert [row.verdict(place) for place in range(3)] == ["", "better", "worse"]


def test_the_verdict_follows_the_direction_of_the_score() -> None:
    runs = [run("a", psnr(values(0, seed=1), better="lower")), run("b", psnr(values(0.5, seed=2), better="lower"))]
    assert compare(runs).rows[0].verdict(1) == "worse"


def test_runs_that_do_not_differ_have_no_clear_difference() -> None:
    same = psnr(values(0, seed=1))
    side = compare([run("a", same), run("a", same)])
    assert side.rows[0].verdict(1) == "no clear difference"
    assert side.names == ("a (1)", "a (2)")


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(ABOUT, split="val"), "split: val, the first has test"),
        (replace(ABOUT, real="else"), "held against: else, the first has real"),
        (replace(ABOUT, seed=3), "seed: 3, the first has 0"),
        (replace(ABOUT, resize="bilinear"), "resize: bilinear, the first has none"),
        (replace(ABOUT, settings={"subset_size": 500}), "subset size: 500, the first has 1000"),
        (replace(ABOUT, settings={"subset_size": 1000, "k": "x"}), "k: x, the first has none"),
        (replace(ABOUT, weights_sha256="ab" * 32), "weights sha256: abababab, the first has none"),
    ],
)
def test_protocols_that_differ_are_named_and_nothing_is_compared(other: Protocol, told: str) -> None:
    side = compare([run("a", psnr(values(0, seed=1))), run("b", psnr(values(5, seed=2), about=other))])
    entry = side.rows[0].entries[1]
    assert entry.obstacles == (told,)
    assert entry.difference is None
    assert side.rows[0].verdict(1) == ""


def test_other_numbers_of_pictures_are_named_and_the_shared_pictures_still_paired() -> None:
    first, second = values(0, seed=1), values(0.5, seed=2, count=40)
    fewer = {name: value for name, value in second.items() if name < "030"}
    side = compare([run("a", psnr(first)), run("b", psnr(fewer, about=replace(ABOUT, count_made=30)))])
    entry = side.rows[0].entries[1]
    assert entry.obstacles == ("pictures made: 30, the first has 40",)
    assert entry.difference == paired_bootstrap(first, fewer)
    assert entry.difference.pictures == 30


def test_what_was_made_and_the_versions_may_differ() -> None:
    other = replace(ABOUT, made="b", versions={"numpy": "9"})
    side = compare([run("a", psnr(values(0, seed=1))), run("b", psnr(values(0, seed=2), about=other))])
    assert side.rows[0].entries[1].obstacles == ()


def test_the_same_contents_may_have_any_path_and_a_path_other_contents() -> None:
    known = replace(ABOUT, real_sha256="a" * 64)
    for other, obstacles in (
        (replace(known, real="./real"), ()),
        (
            replace(known, real_sha256="b" * 64),
            ("held against: real (SHA-256 bbbbbbbb), the first has real (aaaaaaaa)",),
        ),
        (ABOUT, ()),  # an earlier run, which knows the path alone
        (replace(ABOUT, real="./real"), ("held against: ./real, the first has real",)),
    ):
        first, second = psnr(values(0, seed=1), about=known), psnr(values(5, seed=2), about=other)
        entry = compare([run("a", first), run("b", second)]).rows[0].entries[1]
        assert entry.obstacles == obstacles
        assert (entry.difference is None) == bool(obstacles)


def test_other_units_are_named() -> None:
    share = replace(psnr(values(0, seed=2)), unit="0 to 1")
    entry = compare([run("a", psnr(values(0, seed=1))), run("b", share)]).rows[0].entries[1]
    assert "unit 0 to 1" in entry.obstacles[0]
    assert entry.difference is None


def test_scores_of_whole_sets_have_no_interval() -> None:
    kid = Score("kid[x:1]", 0.1, "", "lower", ABOUT, spread=0.01, spread_of="subsets")
    side = compare([run("a", kid), run("b", replace(kid, value=0.2))])
    assert side.rows[0].entries[1].difference is None
    assert side.rows[0].entries[1].obstacles == ()


def test_a_score_that_only_one_run_has_is_told() -> None:
    here, there = (Score(name, 1.0, "", "lower", ABOUT) for name in ("kid[x:1]", "kid[y:2]"))
    side = compare([run("a", here), run("b", there)])
    assert [(row.name, row.notes) for row in side.rows] == [
        ("kid[x:1]", ("not taken in b",)),
        ("kid[y:2]", ("not taken in a",)),
    ]
    assert side.rows[0].entries[1].score is None


def test_pictures_without_a_finite_score_are_left_out_and_told() -> None:
    first, second = values(0, seed=1), values(0.5, seed=2)
    odd = {**second, "000": math.inf, "001": math.nan}
    side = compare([run("a", psnr({**first, "002": -math.inf})), run("b", psnr(odd))])
    found = side.rows[0].entries[1].difference
    assert found is not None
    assert found.pictures == 37
    assert "b: 3 pictures without a finite score" in side.rows[0].notes[0]


def test_runs_that_share_no_pictures_are_not_paired() -> None:
    second = {f"x{name}": value for name, value in values(0, seed=2).items()}
    entry = compare([run("a", psnr(values(0, seed=1))), run("b", psnr(second))]).rows[0].entries[1]
    assert entry.difference is None


def test_bad_requests_are_refused() -> None:
    one = run("a", psnr(values(0, seed=1)))
    with pytest.raises(InputError, match="two or more"):
        compare([one])
    with pytest.raises(InputError, match="between 0 and 1"):
        compare([one, one], confidence=95)
    with pytest.raises(InputError, match="3 names came for 2 runs"):
        compare([one, one], names=["a", "b", "c"])
