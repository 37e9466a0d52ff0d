import math

import numpy as np
import pytest

from sembla.core.errors import InputError
from sembla.metrics.compare import Answer, bradley_terry, paired_bootstrap


def runs(count: int, *, seed: int, step: float = 0.0) -> tuple[dict[str, float], dict[str, float]]:
    """Scores that vary much between pictures and little between runs."""
    generator = np.random.default_rng(seed)
    hard = generator.normal(30, 5, count)
    first = hard + generator.normal(0, 0.5, count)
    second = hard + step + generator.normal(0, 0.5, count)
    names = [f"{index:04}" for index in range(count)]
    return dict(zip(names, first.tolist(), strict=True)), dict(zip(names, second.tolist(), strict=True))


def test_the_interval_is_that_of_the_central_limit() -> None:
    first, second = runs(400, seed=0, step=0.3)
    differences = np.array([second[name] - first[name] for name in first])
    found = paired_bootstrap(first, second)
    half = 1.96 * differences.std() / math.sqrt(400)
    assert found.difference == pytest.approx(differences.mean())
    assert found.low == pytest.approx(differences.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(differences.mean() + half, abs=0.1 * half)
    assert found.is_clear
    assert found.pictures == 400


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """300 experiments; 90 % intervals hold 0.2 in 270 of them, within three deviations of a binomial."""
    held = 0
    for seed in range(300):
        found = paired_bootstrap(*runs(60, seed=seed, step=0.2), confidence=0.9, draws=1000)
        held += found.low <= 0.2 <= found.high
    assert abs(held - 270) <= 3 * math.sqrt(300 * 0.9 * 0.1)


def test_order_and_pictures_of_one_run_only_are_of_no_consequence() -> None:
    first, second = runs(50, seed=1)
    turned = dict(reversed(first.items())) | {"only here": 99.0}
    assert paired_bootstrap(turned, second) == paired_bootstrap(first, second)


def test_a_run_with_itself_does_not_differ() -> None:
    first, _ = runs(20, seed=2)
    found = paired_bootstrap(first, first)
    assert (found.difference, found.low, found.high) == (0, 0, 0)
    assert not found.is_clear


def test_runs_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="share 1 pictures"):
        paired_bootstrap({"a": 1.0, "b": 2.0}, {"a": 1.0, "c": 2.0})
    with pytest.raises(InputError, match="first that of b"):
        paired_bootstrap({"a": 1.0, "b": math.inf}, {"a": 1.0, "b": 2.0})
    with pytest.raises(InputError, match="confidence is 95"):
        paired_bootstrap({"a": 1.0, "b": 2.0}, {"a": 1.0, "b": 2.0}, confidence=95)


def test_two_methods_have_the_closed_form() -> None:
    """A wins 30 of 40: the odds are 3, and the error of the log odds is sqrt(1/30 + 1/10)."""
    found = bradley_terry([Answer("a", "b")] * 30 + [Answer("b", "a")] * 10)
    assert found.strength["a"] - found.strength["b"] == pytest.approx(math.log(3), abs=1e-8)
    assert found.strength["a"] + found.strength["b"] == pytest.approx(0, abs=1e-12)
    assert found.chance("a", "b") == pytest.approx(0.75)
    assert 2 * found.error["a"] == pytest.approx(math.sqrt(1 / 30 + 1 / 10))
    assert found.answers == 40


def test_ties_are_half_a_win_for_each() -> None:
    tied = bradley_terry([Answer("a", "b")] * 3 + [Answer("a", "b", tie=True)] * 2)
    assert tied.chance("a", "b") == pytest.approx(4 / 5)


def test_the_truth_is_found_in_simulated_answers() -> None:
    truth = {"a": 1.0, "b": 0.3, "c": -0.2, "d": -1.1}
    generator = np.random.default_rng(0)
    names, answers = list(truth), []
    for _ in range(6000):
        one, other = generator.choice(names, 2, replace=False)
        won = generator.random() < 1 / (1 + math.exp(truth[other] - truth[one]))
        answers.append(Answer(one, other) if won else Answer(other, one))
    found = bradley_terry(answers)
    for name, strength in truth.items():
        assert abs(found.strength[name] - strength) < 4 * found.error[name]
        assert found.error[name] < 0.06


def test_methods_that_never_met_are_compared_by_way_of_others() -> None:
    answers = [*[Answer("a", "b")] * 2, Answer("b", "a"), *[Answer("b", "c")] * 2, Answer("c", "b")]
    found = bradley_terry(answers)
    assert found.strength["a"] - found.strength["c"] == pytest.approx(2 * math.log(2), abs=1e-8)


def test_answers_that_determine_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="no answers"):
        bradley_terry([])
    with pytest.raises(InputError, match="b never wins against a"):
        bradley_terry([Answer("a", "b")] * 5)
    with pytest.raises(InputError, match="with itself"):
        bradley_terry([Answer("a", "a")])
