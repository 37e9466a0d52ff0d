"""A comparison written down: as JSON, as Markdown, and as a page with the pictures where the runs differ most."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sembla.core.types import Picture
from sembla.evaluation.comparing import Entry, Row, SideBySide
from sembla.evaluation.galleries import Thumbnails, caption, gallery, ranking, tile
from sembla.evaluation.markup import page, slugs, text
from sembla.evaluation.results import Judged
from sembla.evaluation.tables import cell, code, table
from sembla.evaluation.wording import figures, measured, pictures, with_parts, with_spread
from sembla.evaluation.writing import ANY_NAME, Kind, check_folder, whole_folder
from sembla.imaging.save import write_picture
from sembla.imaging.sheet import contact_sheet

__all__ = ["check_comparison", "comparison_json", "comparison_markdown", "write_comparison"]

_COMPARISON = Kind(
    name="comparison",
    mark="comparison.json",
    keys=frozenset({"runs", "rows", "confidence"}),
    files=("comparison.json", "comparison.md", "comparison.html", "sheets/*.png"),
)
_MOST = 5  # pictures of a group


@dataclass(frozen=True)
class _Case:
    """One picture of two runs that differ in it."""

    name: str
    said: str
    judged: tuple[Judged, Judged]

    @property
    def parts(self) -> Iterator[tuple[int, Path]]:
        """Its files by column: labels, real, the first run's, the other's."""
        one, other = self.judged
        for column, path in enumerate((one.labels or other.labels, one.real or other.real, one.made, other.made)):
            if path is not None:
                yield column, path


@dataclass(frozen=True)
class _Group:
    """Pictures in which one run is ahead of another."""

    ahead: str
    behind: str
    place: int
    """Of the run that is beside the first."""
    columns: tuple[str, ...]
    """What the columns of `_Case.parts` show."""
    cases: Sequence[_Case]


def check_comparison(out: Path, *, force: bool = False) -> None:
    """Raise `OutputError` if a comparison could not be written to `out`."""
    check_folder(out, _COMPARISON, force=force)


def write_comparison(side: SideBySide, out: Path, *, force: bool = False) -> None:
    """Write comparison.json, comparison.md, comparison.html and sheets/*.png into a folder, all or nothing.

    The sheets show up to five pictures where the first run is ahead most, and five where the other is, by each score
    of single pictures: psnr-run-2-ahead.png shows where the second run is ahead of the first. `out` must be new or
    empty; with `force` an earlier comparison is replaced, but no other folder.

    Raises `OutputError` where the folder cannot be written.
    """
    small = Thumbnails()
    with whole_folder(out, _COMPARISON, force=force) as folder:
        (folder / "comparison.json").write_text(comparison_json(side), encoding="utf-8", errors=ANY_NAME)
        (folder / "comparison.md").write_text(comparison_markdown(side), encoding="utf-8", errors=ANY_NAME)
        (folder / "comparison.html").write_text(_page(side, small), encoding="utf-8", errors=ANY_NAME)
        _write_sheets(side, folder / "sheets", small)


def comparison_json(side: SideBySide) -> str:
    """A comparison as JSON text: for each score, each run's value, what keeps it from being compared, the interval."""
    runs = [
        {"name": name, "made": run.made, "real": run.real, "kind": run.kind}
        for name, run in zip(side.names, side.runs, strict=True)
    ]
    rows = [
        {
            "name": row.name,
            "unit": row.unit,
            "better": row.better,
            "notes": list(row.notes),
            "entries": [_plain(row, place) for place in range(len(row.entries))],
        }
        for row in side.rows
    ]
    content = {"format": 1, "confidence": side.confidence, "seed": side.seed, "runs": runs, "rows": rows}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def comparison_markdown(side: SideBySide) -> str:
    """A comparison as a Markdown table, with what may not be compared below it."""
    rows = []
    for row in side.rows:
        values = [_value(entry) + (" (not comparable)" if entry.obstacles else "") for entry in row.entries]
        differences = [_difference(row, place) for place in range(1, len(row.entries))]
        rows.append((code(row.name), cell(row.unit), row.better, *values, *map(cell, differences)))
    names = [cell(name) for name in side.names]
    headings = ("score", "unit", "better", *names, *(f"{name} less {names[0]}" for name in names[1:]))
    remarks = [f"- {code(row.name)}: {cell(remark)}" for row in side.rows for remark in _remarks(side, row)]
    parts = (f"# {' and '.join(names)}", table(headings, rows), _explanation(side), "\n".join(remarks))
    return "\n\n".join(part for part in parts if part) + "\n"


def _page(side: SideBySide, small: Thumbnails) -> str:
    names = " and ".join(f"<b>{text(name)}</b>" for name in side.names)
    head = "".join(f'<th scope="col">{text(heading)}</th>' for heading in ("Score", *side.names))
    rows = "\n".join(_html_row(side, row, parts) for row, parts in with_parts(side.rows))
    galleries = "\n".join(_section(side, row, small) for row in side.rows)
    return page(
        " and ".join(side.names),
        f'<header><h1>{names}</h1><p class="lead">{text(_explanation(side))}</p></header>\n'
        f'<table class="scores"><thead><tr>{head}</tr></thead>\n{rows}\n</table>\n{galleries}',
    )


def _html_row(side: SideBySide, row: Row, parts: Sequence[Row]) -> str:
    """A score as a body of the table: a cell for each run, what must be said, its parts folded."""
    arrow = {"higher": "↑ higher is better", "lower": "↓ lower is better"}.get(row.better, row.better)
    unit = f"{row.unit}, {arrow}" if row.unit else arrow
    cells = "".join(
        f'<td data-label="{text(name)}">{_html_entry(row, place)}</td>' for place, name in enumerate(side.names)
    )
    remarks = "".join(f'<p class="caution">{text(remark)}</p>' for remark in _remarks(side, row))
    more = f'<tr class="more"><td colspan="{len(side.names) + 1}">{remarks}{_folded(side, parts)}</td></tr>'
    return f'<tbody><tr><th scope="row">{text(row.name)}<small>{text(unit)}</small></th>{cells}</tr>{more}</tbody>'


def _folded(side: SideBySide, parts: Sequence[Row]) -> str:
    """The parts of a score, e.g. its classes, as a table of their own."""
    if not parts:
        return ""
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in ("", *side.names))
    rows = "".join(
        f'<tr><th scope="row">{text(row.name)}{_said(side, row)}</th>'
        f"{''.join(f'<td>{_html_entry(row, place)}</td>' for place in range(len(side.names)))}</tr>"
        for row in parts
    )
    return (
        f"<details><summary>by class or region ({len(parts)})</summary>"
        f'<table class="parts"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details>'
    )


def _said(side: SideBySide, row: Row) -> str:
    return "".join(f"<small>{text(remark)}</small>" for remark in _remarks(side, row))


def _html_entry(row: Row, place: int) -> str:
    entry = row.entries[place]
    told = [f'<span class="value">{text(_value(entry))}</span>']
    if entry.obstacles:
        told.append('<small class="refused">not comparable</small>')
    if entry.difference is not None:
        name = "clear" if entry.difference.is_clear else "open"
        told.append(f'<small class="{name}">{text(_difference(row, place))}</small>')
    return "".join(told)


def _explanation(side: SideBySide) -> str:
    interval = f"the {side.confidence * 100:.4g} % interval of the paired bootstrap (seed {side.seed})"
    return (
        f"Differences are to {side.names[0]}, over the pictures that both runs have, with {interval}. A difference is "
        "clear where its interval leaves out 0. Scores of whole sets have no such interval."
    )


def _value(entry: Entry) -> str:
    return "not taken" if entry.score is None else with_spread(entry.score)


def _difference(row: Row, place: int) -> str:
    """Difference, interval and verdict: "+0.31 [0.12, 0.50], better, 100 pictures"; "" where not paired."""
    found = row.entries[place].difference
    if found is None:
        return ""
    value, low, high = figures(found.difference, found.low, found.high)
    sign = "+" if found.difference > 0 else ""
    return f"{sign}{value} [{low}, {high}], {row.verdict(place)}, {pictures(found.pictures)}"


def _remarks(side: SideBySide, row: Row) -> Iterator[str]:
    for name, entry in zip(side.names, row.entries, strict=True):
        if entry.obstacles:
            yield f"{name} is not comparable with {side.names[0]}: {'; '.join(entry.obstacles)}"
    yield from row.notes
    said = {
        name: entry.score.cautions
        for name, entry in zip(side.names, row.entries, strict=True)
        if entry.score is not None
    }
    if len(said) == len(side.names) and len(set(said.values())) == 1:
        yield from next(iter(said.values()))
    else:
        yield from (f"{name}: {caution}" for name, cautions in said.items() for caution in cautions)


def _plain(row: Row, place: int) -> dict[str, object]:
    entry = row.entries[place]
    score, difference = entry.score, entry.difference
    return {
        "value": None if score is None else _number(score.value),
        "spread": None if score is None or score.spread is None else _number(score.spread),
        "spread_of": "" if score is None else score.spread_of,
        "comparable": score is not None and not entry.obstacles,
        "obstacles": list(entry.obstacles),
        "cautions": [] if score is None else list(score.cautions),
        "difference": None if difference is None else {**asdict(difference), "verdict": row.verdict(place)},
    }


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _section(side: SideBySide, row: Row, small: Thumbnails) -> str:
    shown = [
        gallery(
            f"{group.ahead} ahead of {group.behind}",
            [(case.name, case.said, [_tile(group, part, small) for part in case.parts]) for case in group.cases],
        )
        for group in _groups(side, row)
    ]
    return f"<section><h2>{text(row.name)}</h2>\n{''.join(shown)}</section>" if shown else ""


def _tile(group: _Group, part: tuple[int, Path], small: Thumbnails) -> str:
    column, path = part
    return tile(small.address(path, labels=column == 0), group.columns[column])


def _groups(side: SideBySide, row: Row) -> Iterator[_Group]:
    """For each other run, the pictures where it is ahead of the first most, and those where the first is."""
    for place in range(1, len(side.runs)):
        gains = _gains(row, place)
        first, other = side.names[0], side.names[place]
        columns = ("labels", "real", first, other)
        won = ranking({name: gain for name, gain in gains.items() if gain > 0}, lower=False)[:_MOST]
        lost = ranking({name: gain for name, gain in gains.items() if gain < 0}, lower=True)[:_MOST]
        for ahead, behind, names in ((other, first, won), (first, other, lost)):
            cases = [_case(side, row, name=name, place=place) for name in names if _is_known(side, name, place)]
            if cases:
                yield _Group(ahead, behind, place, columns, cases)


def _gains(row: Row, place: int) -> dict[str, float]:
    """How far a run is ahead of the first in each picture that both have."""
    entry = row.entries[place]
    first = row.entries[0].score
    if first is None or entry.score is None or entry.difference is None:
        return {}
    one, other = first.per_picture, entry.score.per_picture
    sign = -1 if row.better == "lower" else 1
    gains = {name: sign * (other[name] - one[name]) for name in one.keys() & other.keys()}
    return {name: gain for name, gain in gains.items() if math.isfinite(gain)}


def _is_known(side: SideBySide, name: str, place: int) -> bool:
    return name in side.runs[0].pictures and name in side.runs[place].pictures


def _case(side: SideBySide, row: Row, *, name: str, place: int) -> _Case:
    values = [entry.score.per_picture[name] for entry in (row.entries[0], row.entries[place]) if entry.score]
    return _Case(name, measured(*values, unit=row.unit), (side.runs[0].pictures[name], side.runs[place].pictures[name]))


def _write_sheets(side: SideBySide, folder: Path, small: Thumbnails) -> None:
    names = slugs(row.name for row in side.rows)
    for row in side.rows:
        for group in _groups(side, row):
            folder.mkdir(exist_ok=True)
            other, end = group.place + 1, "ahead" if group.ahead == side.names[group.place] else "behind"
            file = folder / f"{names[row.name]}-run-{other}-{end}.png"
            write_picture(file, _sheet(f"{row.name}: {group.ahead} ahead", group, small))


def _sheet(heading: str, group: _Group, small: Thumbnails) -> Picture:
    used = sorted({column for case in group.cases for column, _ in case.parts})
    gone = caption(("not found",))
    rows = []
    for case in group.cases:
        parts = dict(case.parts)
        shown = [small.picture(parts[at], labels=at == 0) if at in parts else None for at in used]
        rows.append([caption((case.name, case.said)), *(gone if one is None else one for one in shown)])
    return contact_sheet(rows, headings=(heading, *(group.columns[at] for at in used)))
