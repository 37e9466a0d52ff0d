"""The answers of a user study, read and scored: who won how often against whom, and Bradley-Terry strengths."""

import csv
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sembla.core.errors import InputError
from sembla.evaluation.study import KEY, KEY_FIELDS
from sembla.evaluation.tables import aligned
from sembla.evaluation.wording import figures
from sembla.metrics.compare import Answer, Strengths, bradley_terry

__all__ = ["StudyResult", "score_study", "study_json", "study_plain"]

_FIELDS = ("study", "participant", "participant_id", "question", "left", "right", "side", "seconds")
_SIDES = ("left", "right", "tie")
_LONGEST = 200  # characters of a participant's name


@dataclass(frozen=True)
class StudyResult:
    """What the participants of a study preferred."""

    methods: tuple[str, ...]
    """The strongest first; by their share of wins where strengths are not determined."""
    strengths: Strengths | None
    """None where they are not determined; a note says why."""
    wins: Mapping[str, Mapping[str, int]]
    """How often the first method was preferred to the second."""
    ties: Mapping[str, Mapping[str, int]]
    """How often no difference was seen between two methods."""
    participants: int
    answers: int
    left_share: float
    """Share of the answers other than ties that took the left side; far from 0.5, somebody did not look."""
    seconds: float
    """Median seconds of an answer."""
    notes: tuple[str, ...] = ()

    def share(self, method: str) -> float:
        """Share of a method's comparisons that it won, 0 to 1, ties as half; NaN where it was in none."""
        ties = sum(self.ties[method].values())
        won = sum(self.wins[method].values())
        lost = sum(self.wins[other][method] for other in self.methods)
        return (won + ties / 2) / (won + lost + ties) if won + lost + ties else math.nan


@dataclass(frozen=True)
class _Given:
    """One line of an answer file."""

    participant: str
    """The random number that the page gave them: two people may have one name."""
    question: str
    answer: Answer
    side: str
    seconds: float


@dataclass(frozen=True)
class _Key:
    study: str
    questions: Mapping[str, Mapping[str, str]]
    """By question, the method of each of its two files."""

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(sorted({method for files in self.questions.values() for method in files.values()}))


def score_study(folder: Path, files: Sequence[Path]) -> StudyResult:
    """Score the answer files of a study that `make_study` wrote to `folder`.

    A question that one participant answered alike in several files (one downloaded halfway, one at the end) counts
    once; where the answers differ, the one of the later file counts, and a note says so.

    Raises `InputError` for a folder without a key, no files, files without a single answer, and a line that cannot be
    read or belongs to another study; the message names file and line.
    """
    if not files:
        raise InputError("no answer files came; give the CSV files that the participants sent.")
    key = _read_key(folder / KEY)
    kept: dict[tuple[str, str], _Given] = {}
    repeated = changed = 0
    for file in files:
        for given in _read_answers(file, key):
            place = (given.participant, given.question)
            before = kept.get(place)
            repeated += before is not None and before.answer == given.answer
            changed += before is not None and before.answer != given.answer
            kept[place] = given
    if not kept:
        raise InputError(f"{' and '.join(map(str, files[:2]))} hold no answer; give files with answers.")
    notes = [f"Answers that came more than once, counted once: {repeated}."] if repeated else []
    if changed:
        notes.append(f"Answers of one participant to one question that differ, the last one counted: {changed}.")
    return _result(key, list(kept.values()), notes)


def study_json(result: StudyResult) -> str:
    """The result as JSON text."""
    methods = [
        {
            "method": method,
            "strength": None if result.strengths is None else result.strengths.strength[method],
            "error": None if result.strengths is None else result.strengths.error[method],
            "share": None if math.isnan(result.share(method)) else result.share(method),
            "wins": dict(result.wins[method]),
            "ties": dict(result.ties[method]),
        }
        for method in result.methods
    ]
    about = {
        "participants": result.participants,
        "answers": result.answers,
        "left_share": None if math.isnan(result.left_share) else result.left_share,
        "seconds": result.seconds,
        "notes": list(result.notes),
    }
    return json.dumps({"format": 1, **about, "methods": methods}, indent=1, ensure_ascii=False) + "\n"


def study_plain(result: StudyResult) -> str:
    """The result for a terminal: the methods with their strengths, and how often each was preferred to each.

    Strengths are logarithms with mean 0: with strengths A and B, the first is preferred with odds of exp(A - B).
    """
    heads = ("method", "strength", "preferred", "won", "tied", "lost")
    wins = [
        (one, *("" if one == other else _met(result, one, other) for other in result.methods)) for one in result.methods
    ]
    left = "" if math.isnan(result.left_share) else f"; the left side was taken in {result.left_share:.0%} of choices"
    parts = (
        f"participants: {result.participants}, answers: {result.answers}",
        "\n".join(aligned([heads, *(_line(result, one) for one in result.methods)])),
        "preferred to (ties in brackets)\n" + "\n".join(aligned([("", *result.methods), *wins])),
        f"median time of an answer: {result.seconds:.1f} s{left}",
        "\n".join(f"! {note}" for note in result.notes),
    )
    return "\n\n".join(part for part in parts if part)


def _line(result: StudyResult, method: str) -> tuple[str, ...]:
    strength = "not determined"
    if result.strengths is not None:
        strength = " ± ".join(figures(result.strengths.strength[method], result.strengths.error[method]))
    share = result.share(method)
    won, tied = sum(result.wins[method].values()), sum(result.ties[method].values())
    lost = sum(result.wins[other][method] for other in result.methods)
    return method, strength, "" if math.isnan(share) else f"{share:.1%}", str(won), str(tied), str(lost)


def _met(result: StudyResult, one: str, other: str) -> str:
    tied = result.ties[one][other]
    return f"{result.wins[one][other]} ({tied})" if tied else str(result.wins[one][other])


def _result(key: _Key, kept: Sequence[_Given], notes: list[str]) -> StudyResult:
    methods = key.methods
    wins = {one: dict.fromkeys(methods, 0) for one in methods}
    ties = {one: dict.fromkeys(methods, 0) for one in methods}
    for given in kept:
        one, other = given.answer.winner, given.answer.loser
        if given.answer.tie:
            ties[one][other] += 1
            ties[other][one] += 1
        else:
            wins[one][other] += 1
    strengths = _strengths([given.answer for given in kept], methods, notes)
    sides = [given.side for given in kept if given.side != "tie"]
    seconds = sorted(given.seconds for given in kept)
    result = StudyResult(
        methods=methods,
        strengths=strengths,
        wins=wins,
        ties=ties,
        participants=len({given.participant for given in kept}),
        answers=len(kept),
        left_share=sides.count("left") / len(sides) if sides else math.nan,
        seconds=(seconds[(len(seconds) - 1) // 2] + seconds[len(seconds) // 2]) / 2,
        notes=tuple(notes),
    )
    return _strongest_first(result)


def _strengths(answers: Sequence[Answer], methods: Sequence[str], notes: list[str]) -> Strengths | None:
    """Strengths of all methods; None, with a note, where the answers do not determine them."""
    unseen = set(methods) - {name for answer in answers for name in (answer.winner, answer.loser)}
    if unseen:
        notes.append(f"No answer shows {', '.join(sorted(unseen))}, so the strengths are not determined.")
        return None
    try:
        return bradley_terry(answers)
    except InputError as error:
        notes.append(f"Strengths: {error}")
        return None


def _strongest_first(result: StudyResult) -> StudyResult:
    found = result.strengths
    worth = {one: result.share(one) if found is None else found.strength[one] for one in result.methods}
    order = sorted(result.methods, key=lambda one: (math.isnan(worth[one]), -worth[one], one))
    return replace(result, methods=tuple(order))


def _read_key(path: Path) -> _Key:
    questions: dict[str, dict[str, str]] = {}
    study = ""
    if not path.is_file():
        raise InputError(f"{path.parent} holds no {KEY}; give the folder that `sembla evaluate study` wrote.")
    for _, row in _rows(path, KEY_FIELDS):
        study = row["study"]
        questions[row["question"]] = {row["a"]: row["method_a"], row["b"]: row["method_b"]}
    if not questions:
        raise InputError(f"{path} holds no question; give the folder that `sembla evaluate study` wrote.")
    return _Key(study, questions)


def _read_answers(path: Path, key: _Key) -> Iterator[_Given]:
    """The answers of a file; a broken line is an error that names it."""
    for number, row in _rows(path, _FIELDS):
        fault = next(_faults(row, key), None)
        if fault is not None:
            raise InputError(f"{path}, line {number}: {fault}; mend the line, or take it out.")
        files = key.questions[row["question"]]
        chosen, other = (row["right"], row["left"]) if row["side"] == "right" else (row["left"], row["right"])
        tie = row["side"] == "tie"
        first, second = sorted((files[chosen], files[other])) if tie else (files[chosen], files[other])
        answer = Answer(first, second, tie=tie)
        yield _Given(row["participant_id"], row["question"], answer, row["side"], _seconds(row["seconds"]))


def _faults(row: Mapping[str, str], key: _Key) -> Iterator[str]:
    """What is wrong with a line of answers; nothing for a sound one."""
    files = key.questions.get(row["question"])
    if row["study"] != key.study:
        yield f"it is of study {row['study'][:40]!r}, the key is of {key.study!r}"
    if len(row["participant"]) > _LONGEST:
        yield f"a participant's name has at most {_LONGEST} characters"
    if not re.fullmatch("p[0-9a-f]{16}", row["participant_id"]):
        yield f"the participant's id is {row['participant_id'][:40]!r}, expected p and 16 digits of 0 to 9 and a to f"
    if files is None:
        yield f"the study has no question {row['question'][:40]!r}"
    elif {row["left"], row["right"]} != files.keys():
        yield f"its pictures are not those of question {row['question']}"
    if row["side"] not in _SIDES:
        yield f"the side is {row['side'][:40]!r}, expected left, right or tie"
    if math.isnan(_seconds(row["seconds"])):
        yield f"the seconds are {row['seconds'][:40]!r}, expected a number from 0"


def _seconds(text: str) -> float:
    """A time as a number, with a point or with the comma of some spreadsheets; NaN for what is no time."""
    try:
        seconds = float(text.replace(",", "."))
    except ValueError:
        return math.nan
    return seconds if 0 <= seconds < math.inf else math.nan


def _rows(path: Path, fields: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a CSV file with their numbers; commas or, as some spreadsheets write, semicolons between the cells."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            reader = csv.reader(stream, delimiter=";" if ";" in first else ",", strict=True)
            if next(reader, None) != list(fields):
                raise InputError(
                    f"{path}, line 1: expected the columns {', '.join(fields)}; give the file as it was made."
                )
            for cells in reader:
                if not any(cells):
                    continue
                if len(cells) != len(fields):
                    raise InputError(
                        f"{path}, line {reader.line_num}: {len(cells)} cells came, expected {len(fields)}; mend the "
                        "line, or take it out."
                    )
                yield reader.line_num, dict(zip(fields, cells, strict=True))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; check the path.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text; give the CSV file as it was made.") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}; mend the line, or take it out.") from error
