"""`sembla evaluate compare`: runs side by side."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from sembla.commands.console import say, say_json
from sembla.commands.options import Flag, Folder

__all__ = ["EvaluateCompare"]


@dataclass(frozen=True)
class EvaluateCompare:
    """Put runs side by side, and say how surely one is better; `sembla evaluate --compare` is the same."""

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN RUN", help_behavior_hint="")]
    """Two or more folders that `sembla evaluate ... --out` wrote; all are held against the first."""
    confidence: float = 0.95
    """Share of the intervals that hold the true difference."""
    seed: int = 0
    """Of the bootstrap that gives them."""
    out: Folder = None
    """Write comparison.json, comparison.md, comparison.html and contact sheets there."""
    force: Flag = False
    """Replace an earlier comparison in that folder."""
    json: Flag = False
    """Print one JSON object: runs, rows, confidence, seed."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what differs."""
        from sembla import api  # loads after the options are read: --help stays fast

        if self.out is not None:
            api.check_comparison(self.out, force=self.force)
        side = api.compare_runs(self.runs, confidence=self.confidence, seed=self.seed)
        if self.out is not None:
            api.write_comparison(side, self.out, force=self.force)
        if self.json:
            say_json({**json.loads(api.comparison_json(side)), "out": None if self.out is None else str(self.out)})
            return
        say(api.comparison_text(side))
        if self.out is not None:
            say(str(self.out / "comparison.html"))
