import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from sembla.core.errors import InputError
from sembla.evaluation.answers import StudyResult, score_study, study_json, study_plain
from sembla.evaluation.study import KEY_FIELDS
from sembla.metrics.compare import Answer, bradley_terry

FIELDS = ("study", "participant", "participant_id", "question", "left", "right", "side", "seconds")


def write(path: Path, fields: Sequence[str], lines: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows([fields, *lines])
    return path


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Forty questions; a1 is the picture of method "good", b1 of "bad", in question 1."""
    lines = [("s1", n, f"name{n}", f"a{n}", "good", f"b{n}", "bad", "") for n in range(1, 41)]
    write(tmp_path / "key.csv", KEY_FIELDS, lines)
    return tmp_path


def person(which: str) -> str:
    """The number that the page gives to one of several people."""
    return f"p{sha256(which.encode()).hexdigest()[:16]}"


def answer(question: int, side: str, *, who: str = "anna", turned: bool = False, seconds: float = 2) -> list[object]:
    left, right = f"a{question}", f"b{question}"
    if turned:
        left, right = right, left
    return ["s1", who, person(who), question, left, right, side, seconds]


def test_two_methods_have_the_closed_form_whatever_the_sides(study: Path) -> None:
    """Thirty of forty: odds of 3, and the error of the log odds is sqrt(1/30 + 1/10)."""
    lines = []
    for number in range(1, 41):
        turned, good = number % 3 == 0, number <= 30
        lines.append(answer(number, "left" if good != turned else "right", turned=turned))
    result = score_study(study, [write(study / "anna.csv", FIELDS, lines)])
    assert result.strengths is not None
    assert result.strengths.strength["good"] == pytest.approx(math.log(3) / 2)
    assert result.strengths.error["good"] == pytest.approx(math.sqrt(1 / 30 + 1 / 10) / 2)
    assert result.wins == {"good": {"good": 0, "bad": 30}, "bad": {"good": 10, "bad": 0}}
    assert (result.methods, result.participants, result.answers) == (("good", "bad"), 1, 40)
    assert result.share("good") == pytest.approx(0.75)


def test_strengths_are_those_of_the_same_answers_given_by_hand(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    methods = ("x", "y", "z")
    key, given, lines = [], [], []
    for number in range(1, 91):
        one, other = generator.permutation(3)[:2]
        key.append(("s", number, "n", f"p{number}", methods[one], f"q{number}", methods[other], ""))
        side = ("left", "right", "tie")[generator.integers(3)]
        lines.append(["s", "", person(str(number % 4)), number, f"q{number}", f"p{number}", side, 1.5])
        winner, loser = (methods[one], methods[other]) if side == "right" else (methods[other], methods[one])
        given.append(Answer(winner, loser, tie=side == "tie"))
    write(tmp_path / "key.csv", KEY_FIELDS, key)
    result = score_study(tmp_path, [write(tmp_path / "all.csv", FIELDS, lines)])
    wanted = bradley_terry(given)
    assert result.strengths is not None
    assert result.strengths.strength == pytest.approx(wanted.strength)
    assert result.strengths.error == pytest.approx(wanted.error)
    assert result.participants == 4


def test_answers_that_come_twice_count_once(study: Path) -> None:
    half = [answer(1, "left"), answer(2, "right")]
    files = [
        write(study / "half.csv", FIELDS, half),
        write(study / "all.csv", FIELDS, [*half, answer(3, "tie"), answer(4, "left")]),
        write(study / "other.csv", FIELDS, [answer(1, "left", who="ben")]),
    ]
    result = score_study(study, files)
    assert (result.answers, result.participants) == (5, 2)
    assert result.notes == ("Answers that came more than once, counted once: 2.",)
    assert result.wins["good"]["bad"] == 3


def test_two_people_of_one_name_are_two(study: Path) -> None:
    here, there = answer(1, "left"), answer(1, "right")
    there[2] = person("another anna")
    result = score_study(study, [write(study / "1.csv", FIELDS, [here]), write(study / "2.csv", FIELDS, [there])])
    assert (result.answers, result.participants, result.notes) == (2, 2, ())
    renamed = answer(1, "left")
    renamed[1] = "Anna M."
    assert score_study(study, [study / "1.csv", write(study / "3.csv", FIELDS, [renamed])]).participants == 1


def test_the_later_of_two_different_answers_counts_and_is_told(study: Path) -> None:
    files = [
        write(study / "half.csv", FIELDS, [answer(1, "left"), answer(2, "left")]),
        write(study / "all.csv", FIELDS, [answer(1, "right"), answer(2, "left")]),
    ]
    result = score_study(study, files)
    assert result.wins["bad"]["good"] == 1
    assert "that differ, the last one counted: 1" in result.notes[1]


def test_no_difference_is_one_answer_whatever_the_sides(study: Path) -> None:
    files = [
        write(study / "one.csv", FIELDS, [answer(1, "tie"), answer(2, "left")]),
        write(study / "two.csv", FIELDS, [answer(1, "tie", turned=True), answer(3, "right")]),
    ]
    result = score_study(study, files)
    assert result.ties["good"]["bad"] == result.ties["bad"]["good"] == 1
    assert result.notes == ("Answers that came more than once, counted once: 1.",)


def test_a_method_that_never_wins_leaves_the_strengths_open(study: Path) -> None:
    result = score_study(study, [write(study / "a.csv", FIELDS, [answer(1, "left"), answer(2, "left")])])
    assert result.strengths is None
    assert "bad never wins against good" in result.notes[0]
    assert result.methods == ("good", "bad")
    assert "not determined" in study_plain(result)
    assert json.loads(study_json(result))["methods"][0]["strength"] is None


def test_sides_and_times_are_told(study: Path) -> None:
    lines = [
        answer(1, "left", seconds=1),
        answer(2, "left", seconds=9),
        answer(3, "right", seconds=2),
        answer(4, "tie", seconds=4),
    ]
    result = score_study(study, [write(study / "a.csv", FIELDS, lines)])
    assert result.left_share == pytest.approx(2 / 3)
    assert result.seconds == 3


def test_the_table_holds_every_number(study: Path) -> None:
    lines = [*(answer(number, "left") for number in range(1, 8)), answer(8, "right"), answer(9, "tie")]
    text = study_plain(score_study(study, [write(study / "a.csv", FIELDS, lines)]))
    rows = [line.split() for line in text.splitlines()]
    assert ["participants:", "1,", "answers:", "9"] in rows
    good = next(row for row in rows if row[:1] == ["good"])
    assert good[-4:] == ["83.3%", "7", "1", "1"]
    assert ["good", "7", "(1)"] in rows
    assert ["bad", "1", "(1)"] in rows


def test_the_json_is_the_result(study: Path) -> None:
    lines = [answer(1, "left"), answer(2, "right"), answer(3, "tie"), answer(4, "left")]
    result: StudyResult = score_study(study, [write(study / "a.csv", FIELDS, lines)])
    content = json.loads(study_json(result))
    assert result.strengths is not None
    for entry in content["methods"]:
        assert entry["strength"] == result.strengths.strength[entry["method"]]
        assert entry["share"] == result.share(entry["method"])
    assert content["methods"][0]["ties"] == {"good": 0, "bad": 1}


def test_files_saved_by_a_spreadsheet_are_read(study: Path) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";")
    writer.writerows([FIELDS, answer(1, "left"), [*answer(2, "right")[:-1], "3,25"]])
    (study / "a.csv").write_bytes(b"\xef\xbb\xbf" + stream.getvalue().encode() + b"\r\n;;;;;;;\r\n")
    assert score_study(study, [study / "a.csv"]).answers == 2


def _cells(place: int, value: object) -> Callable[[list[object]], list[object]]:
    return lambda line: [*line[:place], value, *line[place + 1 :]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_cells(0, "s2"), "it is of study 's2', the key is of 's1'"),
        (_cells(1, "x" * 201), "a participant's name"),
        (_cells(2, "anna"), "the participant's id is 'anna'"),
        (_cells(3, "41"), "the study has no question '41'"),
        (_cells(4, "b2"), "its pictures are not those of question 2"),
        (_cells(4, "a1"), "its pictures are not those of question 2"),
        (_cells(6, "LEFT"), "the side is 'LEFT'"),
        (_cells(7, "-1"), "the seconds are '-1'"),
        (_cells(7, "nan"), "the seconds are 'nan'"),
        (_cells(7, "soon"), "the seconds are 'soon'"),
        (lambda line: line[:-1], "7 cells came, expected 8"),
        (lambda line: [*line, "more"], "9 cells came, expected 8"),
    ],
)
def test_a_broken_line_is_named_by_file_and_number(
    study: Path, change: Callable[[list[object]], list[object]], told: str
) -> None:
    path = write(study / "ben.csv", FIELDS, [answer(1, "left"), change(answer(2, "left")), answer(3, "left")])
    with pytest.raises(InputError) as caught:
        score_study(study, [path])
    assert f"{path}, line 3: {told}" in str(caught.value)


def test_files_that_are_no_answers_are_refused(study: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no answer files came"):
        score_study(study, [])
    with pytest.raises(InputError, match="no such file"):
        score_study(study, [study / "none.csv"])
    for content, told in (
        (b"", "line 1: expected the columns study, participant"),
        (b"a,b\n1,2\n", "line 1: expected the columns"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (",".join(FIELDS).encode() + b'\n"open', "line 2"),
    ):
        (study / "x.csv").write_bytes(content)
        with pytest.raises(InputError, match=told):
            score_study(study, [study / "x.csv"])
    with pytest.raises(InputError, match="hold no answer"):
        score_study(study, [write(study / "x.csv", FIELDS, [])])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no key\.csv"):
        score_study(tmp_path / "empty", [study / "x.csv"])
