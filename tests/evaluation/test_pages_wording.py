import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sembla.core.errors import InputError
from sembla.evaluation.galleries import extremes
from sembla.evaluation.wording import distinct_names, figure, figures, measured, pictures


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (28.13456, "28.13"),
        (0.033912, "0.03391"),
        (143.72, "143.7"),
        (123456.7, "123457"),
        (0.0, "0"),
        (1.0, "1.000"),
        (9.99996, "10.000"),
        (-0.5, "-0.5000"),
        (0.000012344, "0.00001234"),
        (2.5e-9, "2.500e-09"),
        (math.inf, "infinite"),
        (-math.inf, "-infinite"),
        (math.nan, "not a number"),
    ],
)
def test_figures_have_four_digits(value: float, shown: str) -> None:
    assert figure(value) == shown


def test_figures_that_belong_together_have_as_many_decimals() -> None:
    assert figures(28.1346, 3.4219) == ("28.13", "3.42")
    assert figures(-0.0000012, 0.0021) == ("-0.000001", "0.002100")
    assert figures(math.inf, 2.0) == ("infinite", "2.000")


def test_units_are_said_where_they_are_no_ranges() -> None:
    assert measured(22.43, 36.054, unit="dB") == "22.43 → 36.05 dB"
    assert measured(0.5, unit="0 to 1") == measured(0.5, unit="") == "0.5000"


@given(st.floats(1e-4, 1e9), st.floats(-1, 1))
def test_rounding_is_to_a_thousandth_of_the_largest(largest: float, share: float) -> None:
    values = (largest, largest * share)
    for value, shown in zip(values, figures(*values), strict=True):
        assert abs(float(shown) - value) <= largest / 1000 + 1e-8


def test_folders_are_named_by_what_tells_them_apart() -> None:
    paths = [Path("/a/one/results"), Path("/a/two/results")]
    assert distinct_names(paths) == ("one/results", "two/results")
    assert distinct_names([Path("/a/x"), Path("/b/y")]) == ("x", "y")
    assert distinct_names([Path("/x"), Path("/b/x")]) == ("x", "b/x")


def test_a_folder_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="came twice"):
        distinct_names([tmp_path, tmp_path / ".." / tmp_path.name])


@given(st.dictionaries(st.text(max_size=3), st.floats(), max_size=20), st.booleans(), st.integers(1, 6))
def test_both_ends_are_the_ends_of_the_ranking(values: dict[str, float], lower: bool, most: int) -> None:
    ends = extremes(values, lower=lower, most=most)
    kept = {name: value for name, value in values.items() if not math.isnan(value)}
    assert not set(ends.best) & set(ends.worst)
    assert len(ends.best) + len(ends.worst) == min(len(kept), 2 * most) or len(kept) < 2 * most
    ranked = sorted(kept.values(), reverse=not lower)
    assert [kept[name] for name in ends.best] == ranked[: len(ends.best)]
    assert [kept[name] for name in reversed(ends.worst)] == ranked[len(ranked) - len(ends.worst) :]


def test_one_picture_is_one_picture() -> None:
    assert [pictures(count) for count in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
