"""The label doctor: everything that is wrong with a folder of photos and label maps, in sentences."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from sembla.data.doctor.chart import Chart
from sembla.data.doctor.colours import check_colours
from sembla.data.doctor.expectations import check_kind, expect, expect_of, recognise
from sembla.data.doctor.files import check_files
from sembla.data.doctor.ids import check_ids
from sembla.data.doctor.looking import Look, in_threads, look_at, look_at_labels
from sembla.data.doctor.pairs import Finding, Pair
from sembla.data.doctor.reading import find_pairs
from sembla.data.doctor.report import Report
from sembla.data.doctor.scenes import check_scenes
from sembla.data.prepared import Prepared, is_prepared, open_prepared

__all__ = ["chart_of", "examine"]

_COMPARED = 512  # pairs whose thumbnails are kept, to be compared with their neighbours
_RUN = 32  # pairs in a row of which they are


def examine(
    path: str | os.PathLike[str], kind: str | None = None, *, on_pair: Callable[[int, int], None] | None = None
) -> Report:
    """Look at all pairs below a folder and tell what is wrong.

    `kind` is a name of `catalog.KINDS`: which ids there may be. Without it the layout of any folder is recognised, and
    classes are known from a `classes.json` in it, if there is one. A prepared set says itself, in `dataset.json`, which
    ids there may be, whatever `kind` is. `on_pair` is told after each pair how many were looked at, and of how many.

    Raises `InputError` for an unknown kind, for a folder that is not there, and where no pairs can be found.
    """
    chart = chart_of(Path(path), kind, on_pair=on_pair)
    faults = (*check_files(chart), *check_colours(chart), *check_ids(chart), *check_scenes(chart))
    return Report(len(chart.finding.pairs), faults, chart.kind)


def chart_of(root: Path, kind: str | None, *, on_pair: Callable[[int, int], None] | None = None) -> Chart:
    """Find the pairs and measure each. Raises as `examine` does."""
    check_kind(kind)
    finding = find_pairs(root, kind)
    prepared = open_prepared(root) if is_prepared(root) else None
    kind_found = _kind(finding, kind, prepared)
    looks = []
    for look in in_threads(_look, _with_choice(finding), workers=_workers()):
        looks.append(look)
        if on_pair is not None:
            on_pair(len(looks), len(finding.pairs))
    layouts = tuple(in_threads(look_at_labels, finding.layouts, workers=_workers()))
    expected = expect_of(prepared.label_set) if prepared else expect(root, kind_found, tuple(looks))
    return Chart(
        finding,
        tuple(looks),
        layouts,
        kind=kind_found,
        asked=kind is not None,
        expected=expected,
        prepared=prepared is not None,
    )


def _kind(finding: Finding, asked: str | None, prepared: Prepared | None) -> str:
    """What the set is read as; a prepared one has ids of its own, whatever its files are called."""
    known = prepared.kind if prepared else asked
    if known and known != "folder":
        return known
    return "" if prepared else finding.kind or recognise(finding)


def _workers() -> int:
    """Threads; decoding lets go of the interpreter's lock, the rest does not, so that many bring nothing."""
    return min(4, os.cpu_count() or 1)


def _with_choice(finding: Finding) -> Iterator[tuple[Pair, bool]]:
    """Each pair, and whether to keep its thumbnails: all of a small set, else some runs of neighbours."""
    count = len(finding.pairs)
    runs = _COMPARED // _RUN
    starts = {number * (count - _RUN) // (runs - 1) for number in range(runs)} if count > _COMPARED else {0}
    left = 0
    for number, pair in enumerate(finding.pairs):
        left = _RUN if number in starts else left - 1
        yield pair, not finding.in_cases and (count <= _COMPARED or left > 0)


def _look(chosen: tuple[Pair, bool]) -> Look:
    pair, keep = chosen
    return look_at(pair, keep=keep)
