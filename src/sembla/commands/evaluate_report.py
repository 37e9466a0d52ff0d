"""What the verbs that score a set share: the bar, the report and what is said of it."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sembla.commands.console import counting, say, say_json

if TYPE_CHECKING:
    from sembla.api import Evaluation, OnProgress

__all__ = ["flat", "score"]

_log = logging.getLogger("sembla")


def score(
    evaluate: "Callable[[OnProgress | None], Evaluation]", *, out: Path | None, force: bool, as_json: bool
) -> None:
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


def flat(groups: tuple[tuple[str, ...], ...]) -> tuple[str, ...]:
    """What an option that may come several times holds in all."""
    return tuple(value for group in groups for value in group)
