"""A run written down: its scores as JSON, as a Markdown table, and as a page with the best and the worst pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sembla.core.types import Picture
from sembla.evaluation.galleries import Thumbnails, address_of, caption, extremes, gallery, tile
from sembla.evaluation.markup import histogram, page, slugs, text
from sembla.evaluation.results import SCORES, Evaluation, Judged, run_json
from sembla.evaluation.tables import markdown
from sembla.evaluation.wording import better, counts, measured, protocol_facts, with_parts, with_spread
from sembla.evaluation.writing import ANY_NAME, Kind, check_folder, whole_folder
from sembla.imaging.save import write_picture
from sembla.imaging.sheet import contact_sheet
from sembla.metrics.protocol import Score

__all__ = ["check_run", "write_run"]

_RUN = Kind(
    name="run of scores",
    mark=SCORES,
    keys=frozenset({"format", "scores", "kind", "made", "pictures"}),
    files=(SCORES, "scores.md", "report.html", "sheets/*.png", "maps/*.png"),
)
_HEADINGS = ("Score", "Value", "Unit", "Better", "Pictures", "Single pictures")


@dataclass(frozen=True)
class _Case:
    """One picture to show for one score."""

    name: str
    said: str
    judged: Judged

    @property
    def parts(self) -> Iterator[tuple[str, Path]]:
        """Its files by their roles."""
        yield "made", self.judged.made
        if self.judged.real is not None:
            yield "real", self.judged.real
        if self.judged.labels is not None:
            yield "labels", self.judged.labels


def check_run(out: Path, *, force: bool = False) -> None:
    """Raise `OutputError` if a run could not be written to `out`, before the work for it is done."""
    check_folder(out, _RUN, force=force)


def write_run(evaluation: Evaluation, out: Path, *, force: bool = False) -> None:
    """Write scores.json, scores.md, report.html, sheets/*.png and maps/*.png into a folder, all or nothing.

    The sheets show up to five best and five worst pictures by each score that has values of single pictures; no other
    picture is opened. `out` must be new or empty; with `force` an earlier run is replaced, but no other folder.

    Raises `OutputError` where the folder cannot be written.
    """
    small = Thumbnails()
    with whole_folder(out, _RUN, force=force) as folder:
        (folder / SCORES).write_text(run_json(evaluation), encoding="utf-8", errors=ANY_NAME)
        (folder / "scores.md").write_text(markdown(evaluation), encoding="utf-8", errors=ANY_NAME)
        (folder / "report.html").write_text(_report(evaluation, small), encoding="utf-8", errors=ANY_NAME)
        _write_sheets(evaluation, folder / "sheets", small)
        names = slugs(evaluation.maps)
        for name, picture in evaluation.maps.items():
            (folder / "maps").mkdir(exist_ok=True)
            write_picture(folder / "maps" / f"{names[name]}.png", picture)


def _report(evaluation: Evaluation, small: Thumbnails) -> str:
    against = f" against {evaluation.real}" if evaluation.real else ""
    title = f"Scores of {evaluation.made}{against}"
    lead = f'<p class="lead">held against <b>{text(evaluation.real)}</b></p>' if evaluation.real else ""
    notes = "".join(f"<li>{text(note)}</li>" for note in evaluation.notes)
    head = "".join(f'<th scope="col">{text(heading)}</th>' for heading in _HEADINGS)
    rows = "\n".join(_rows(score, parts) for score, parts in with_parts(evaluation.scores))
    galleries = "\n".join(_section(evaluation, score, small) for score in evaluation.scores)
    computed = [(name, "", [tile(address_of(picture), "")]) for name, picture in evaluation.maps.items()]
    maps = f"<section><h2>Maps</h2>\n{gallery('', computed)}</section>" if computed else ""
    return page(
        title,
        f"<header><h1>Scores of <b>{text(evaluation.made)}</b></h1>{lead}</header>\n"
        + (f'<ul class="notes">{notes}</ul>\n' if notes else "")
        + f'<table class="scores"><thead><tr>{head}</tr></thead>\n{rows}\n</table>\n'
        + galleries
        + maps,
    )


def _rows(score: Score, parts: Sequence[Score]) -> str:
    """A score as a body of the table: its numbers, its cautions, its parts and its protocol folded."""
    over = f"<small>over {text(score.spread_of)}</small>" if score.spread is not None and score.spread_of else ""
    cells = (
        f'<span class="value">{text(with_spread(score))}</span>{over}',
        text(score.unit),
        text(better(score)),
        text(counts(score.protocol)),
        histogram(score.per_picture),
    )
    shown = "".join(
        f'<td data-label="{text(heading)}">{cell}</td>' for heading, cell in zip(_HEADINGS[1:], cells, strict=True)
    )
    cautions = "".join(f'<p class="caution">{text(caution)}</p>' for caution in score.cautions)
    facts = "".join(f"<dt>{text(name)}</dt><dd>{text(told)}</dd>" for name, told in protocol_facts(score))
    return (
        f'<tbody><tr><th scope="row">{text(score.name)}</th>{shown}</tr>\n'
        f'<tr class="more"><td colspan="{len(_HEADINGS)}">{cautions}{_folded(parts)}'
        f"<details><summary>protocol</summary><dl>{facts}</dl></details></td></tr></tbody>"
    )


def _folded(parts: Sequence[Score]) -> str:
    """The parts of a score as a table of their own."""
    rows = "".join(
        f'<tr><th scope="row">{text(part.name)}</th><td>{text(with_spread(part))} {text(part.unit)}'
        f"{''.join(f'<small>{text(caution)}</small>' for caution in part.cautions)}</td>"
        f"<td>{text(better(part))}</td><td>{text(counts(part.protocol))}</td></tr>"
        for part in parts
    )
    return (
        f'<details><summary>by class or region ({len(parts)})</summary><table class="parts">{rows}</table></details>'
        if rows
        else ""
    )


def _section(evaluation: Evaluation, score: Score, small: Thumbnails) -> str:
    best, worst = _cases(evaluation, score)
    if not best:
        return ""
    shown = [
        gallery(heading, [(case.name, case.said, _tiles(case, small)) for case in cases])
        for heading, cases in (("Best", best), ("Worst", worst))
    ]
    return f"<section><h2>{text(score.name)}</h2>\n{''.join(shown)}</section>"


def _tiles(case: _Case, small: Thumbnails) -> list[str]:
    return [tile(small.address(path, labels=role == "labels"), role) for role, path in case.parts]


def _cases(evaluation: Evaluation, score: Score) -> tuple[list[_Case], list[_Case]]:
    """The best and the worst pictures by a score, of those whose files are known; none where all are alike."""
    values = {name: value for name, value in score.per_picture.items() if name in evaluation.pictures}
    if len(values) > 1 and len(set(values.values())) == 1:
        return [], []
    ends = extremes(values, lower=score.better == "lower")
    best, worst = (
        [_Case(name, measured(values[name], unit=score.unit), evaluation.pictures[name]) for name in names]
        for names in (ends.best, ends.worst)
    )
    return best, worst


def _write_sheets(evaluation: Evaluation, folder: Path, small: Thumbnails) -> None:
    """One contact sheet for each end of each score."""
    names = slugs(score.name for score in evaluation.scores)
    for score in evaluation.scores:
        for end, cases in zip(("best", "worst"), _cases(evaluation, score), strict=True):
            if cases:
                folder.mkdir(exist_ok=True)
                file = folder / f"{names[score.name]}-{end}.png"
                write_picture(file, _sheet(f"{score.name}: {end}", cases, small))


def _sheet(heading: str, cases: Sequence[_Case], small: Thumbnails) -> Picture:
    roles = list(dict.fromkeys(role for case in cases for role, _ in case.parts))
    rows = []
    for case in cases:
        parts = dict(case.parts)
        shown = [small.picture(parts[role], labels=role == "labels") if role in parts else None for role in roles]
        gone = caption(("not found",))
        rows.append([caption((case.name, case.said)), *(gone if one is None else one for one in shown)])
    return contact_sheet(rows, headings=(heading, *roles))
