"""A run as Markdown: a table of its scores, with all that must be said beside them."""

import math
from collections.abc import Iterable, Sequence

from sembla.evaluation.results import Evaluation
from sembla.evaluation.wording import better, counts, protocol_facts, with_spread
from sembla.metrics.protocol import Score

__all__ = ["cell", "code", "markdown", "table"]

_ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]|"} | {"<": "&lt;", ">": "&gt;"})


def markdown(evaluation: Evaluation) -> str:
    """All scores of a run as a table, then cautions, notes, and the protocol of each score."""
    against = f" against {cell(evaluation.real)}" if evaluation.real else ""
    parts = [
        f"# Scores of {cell(evaluation.made)}{against}",
        table(("score", "value", "unit", "better", "spread over", "made / real"), map(_row, evaluation.scores)),
        "Cautions:" if any(score.cautions for score in evaluation.scores) else "",
        _items(f"{code(score.name)}: {cell(text)}" for score in evaluation.scores for text in score.cautions),
        "Notes:" if evaluation.notes else "",
        _items(cell(note) for note in evaluation.notes),
        "## Protocol" if evaluation.scores else "",
        *(_protocol(scores) for scores in _of_one_protocol(evaluation.scores)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; cells must have come through `cell` where their text is not ours."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """Text that cannot end a cell or become markup."""
    return " ".join(text.translate(_ESCAPES).split())


def code(text: str) -> str:
    """A name set as code, which it cannot end."""
    flat = " ".join(text.translate({ord("`"): "'", ord("|"): "/"}).split())
    return f"`{flat}`"


def _row(score: Score) -> tuple[str, ...]:
    over = score.spread_of if score.spread is not None and math.isfinite(score.spread) else ""
    return code(score.name), with_spread(score), cell(score.unit), better(score), cell(over), counts(score.protocol)


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _protocol(scores: Sequence[Score]) -> str:
    names = ", ".join(code(score.name) for score in scores)
    return f"{names}\n\n" + _items(f"{name}: {cell(text)}" for name, text in protocol_facts(scores[0]))


def _of_one_protocol(scores: Sequence[Score]) -> list[list[Score]]:
    """Scores that were taken in the same way, together."""
    groups: list[list[Score]] = []
    for score in scores:
        same = (group for group in groups if list(protocol_facts(group[0])) == list(protocol_facts(score)))
        found = next(same, None)
        if found is None:
            groups.append([score])
        else:
            found.append(score)
    return groups
