"""A run of scores, or several side by side, as plain text for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from sembla.evaluation.comparing import Row, SideBySide
from sembla.evaluation.results import Evaluation
from sembla.evaluation.wording import figures, with_spread
from sembla.metrics.protocol import Score

__all__ = ["plain", "plain_comparison"]


def plain(evaluation: Evaluation) -> str:
    """A line for each score: name, value with spread, unit, which way is better; then counts and cautions."""
    shared = len({_counts(score) for score in evaluation.scores}) == 1
    rows = [(score.name, with_spread(score), score.unit, _about(score, shared=shared)) for score in evaluation.scores]
    lines = [*_aligned(rows)]
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
    return "\n".join([*_aligned([head, *rows]), *(line for row in side.rows for line in _differences(side, row))])


def _differences(side: SideBySide, row: Row) -> Iterator[str]:
    for place, (name, entry) in enumerate(zip(side.names, row.entries, strict=True)):
        yield from (f"! {row.name}: {name} is not comparable: {obstacle}" for obstacle in entry.obstacles)
        found = entry.difference
        if found is not None:
            step, low, high = figures(found.difference, found.low, found.high)
            yield (
                f"{row.name}: {name} less {side.names[0]} is {step}, {found.confidence:.0%} interval {low} to {high} "
                f"over {found.pictures} pictures: {row.verdict(place)}"
            )
    yield from (f"! {row.name}: {note}" for note in row.notes)


def _counts(score: Score) -> str:
    protocol = score.protocol
    return f"{protocol.count_made} pictures" + (f" against {protocol.count_real}" if protocol.count_real else "")


def _about(score: Score, *, shared: bool) -> str:
    """The direction, what the spread is over, and, unless all scores share them, the counts of pictures."""
    over = f"± over {score.spread_of}" if score.spread is not None and score.spread_of else ""
    parts = (f"{score.better} is better", "" if shared else _counts(score), over)
    return "; ".join(part for part in parts if part)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Rows with their columns one below the other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
