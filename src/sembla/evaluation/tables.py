"""Scores as text: aligned for a terminal, or as Markdown with all that must be said beside them."""

import math
from collections.abc import Iterable, Iterator, Sequence

from sembla.evaluation.comparing import Row, SideBySide
from sembla.evaluation.results import Evaluation
from sembla.evaluation.wording import better, counts, figures, pictures, protocol_facts, with_spread
from sembla.metrics.protocol import Score

__all__ = ["aligned", "cell", "code", "markdown", "plain", "plain_comparison", "table"]

_ESCAPES = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]|"} | {"<": "&lt;", ">": "&gt;"})


def plain(evaluation: Evaluation) -> str:
    """A line for each score: name, value with spread, unit, which way is better; then counts and cautions."""
    shared = len({_counts(score) for score in evaluation.scores}) == 1
    rows = [(score.name, with_spread(score), score.unit, _about(score, shared=shared)) for score in evaluation.scores]
    lines = [*aligned(rows)]
    if shared:
        lines.append(f"over {_counts(evaluation.scores[0])}")
    cautions: dict[str, list[str]] = {}
    for score in evaluation.scores:
        for caution in score.cautions:
            cautions.setdefault(caution, []).append(score.name)
    return "\n".join([*lines, *(f"! {', '.join(names)}: {text}" for text, names in cautions.items())])


def plain_comparison(side: SideBySide) -> str:
    """A line for each score with the value of each run; then what the runs differ by, and what keeps them apart."""
    head = ("", *side.names)
    rows = [
        (row.name, *("-" if entry.score is None else with_spread(entry.score) for entry in row.entries))
        for row in side.rows
    ]
    return "\n".join([*aligned([head, *rows]), *(line for row in side.rows for line in _differences(side, row))])


def _differences(side: SideBySide, row: Row) -> Iterator[str]:
    for place, (name, entry) in enumerate(zip(side.names, row.entries, strict=True)):
        yield from (f"! {row.name}: {name} is not comparable: {obstacle}" for obstacle in entry.obstacles)
        found = entry.difference
        if found is not None:
            step, low, high = figures(found.difference, found.low, found.high)
            yield (
                f"{row.name}: {name} less {side.names[0]} is {step}, {found.confidence:.0%} interval {low} to {high} "
                f"over {pictures(found.pictures)}: {row.verdict(place)}"
            )
    yield from (f"! {row.name}: {note}" for note in row.notes)


def _counts(score: Score) -> str:
    protocol = score.protocol
    return pictures(protocol.count_made) + (f" against {protocol.count_real}" if protocol.count_real else "")


def _about(score: Score, *, shared: bool) -> str:
    """The direction, what the spread is over, and, unless all scores share them, the counts of pictures."""
    over = f"± over {score.spread_of}" if score.spread is not None and score.spread_of else ""
    parts = (f"{score.better} is better", "" if shared else _counts(score), over)
    return "; ".join(part for part in parts if part)


def aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows with their columns one below the other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


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
