"""What the verbs that score a set share: the bar, the report and what is said of it."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from sembla.commands.console import counting, say, say_json
from sembla.commands.folders import check_folder, make_folder

if TYPE_CHECKING:
    from sembla.api import Evaluation, OnProgress

__all__ = ["Evaluate", "flat", "score", "score_each"]

Evaluate: TypeAlias = "Callable[[OnProgress | None], Evaluation]"
"""Does an evaluation, and tells how far it is."""

_COMPARED = "compared"

_log = logging.getLogger("sembla")


def score(evaluate: Evaluate, *, out: Path | None, force: bool, as_json: bool) -> None:
    """Evaluate under a bar, write the report to `out`, and say the scores."""
    from sembla import api  # loads after the options are read: --help stays fast

    if out is not None:
        api.check_run(out, force=force)
    with counting("scoring") as on_progress:
        evaluation = evaluate(on_progress)
    if out is not None:
        api.write_run(evaluation, out, force=force)
    for note in evaluation.notes:
        _log.info("%s", note)
    if as_json:
        say_json({**json.loads(api.run_json(evaluation)), "out": None if out is None else str(out)})
        return
    say(api.run_text(evaluation))
    if out is not None:
        say(str(out / "report.html"))


def score_each(ways: Mapping[str, Evaluate], *, out: Path | None, force: bool, as_json: bool) -> None:
    """As `score` for one way; of several, each is a run in a folder of `out`, and all are held against the first."""
    from sembla import api

    if len(ways) == 1:
        score(*ways.values(), out=out, force=force, as_json=as_json)
        return
    if out is not None:
        check_folder(out)
        if out.exists():
            for name in ways:
                api.check_run(out / name, force=force)
            api.check_comparison(out / _COMPARED, force=force)
        make_folder(out)
    runs = {}
    for name, evaluate in ways.items():
        with counting(f"scoring {name}") as on_progress:
            runs[name] = evaluate(on_progress)
        if out is not None:  # each may take hours
            api.write_run(runs[name], out / name, force=force)
    side = api.compare_runs(list(runs.values()))
    if out is not None:
        api.write_comparison(side, out / _COMPARED, force=force)
    if as_json:
        told = [json.loads(api.run_json(run)) for run in runs.values()]
        say_json({"runs": told, "out": None if out is None else str(out)})
        return
    say(api.comparison_text(side))
    if out is not None:
        say(str(out / _COMPARED / "comparison.html"))


def flat(groups: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """What an option that may come several times holds in all."""
    return tuple(value for group in groups for value in group)
