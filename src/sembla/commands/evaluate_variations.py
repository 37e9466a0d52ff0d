"""`sembla evaluate variations`: how much the answers to one request differ."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.evaluate_report import flat, score
from sembla.commands.options import Backbone, Flag, Folder, WeightFiles

if TYPE_CHECKING:
    from sembla.api import Evaluation, OnProgress

__all__ = ["EvaluateVariations"]


@dataclass(frozen=True)
class EvaluateVariations:
    """Score how much the variations of an answer differ, and where."""

    made: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MADE")]
    """A folder of the variations of one answer, or a folder of such folders; NAME-1, NAME-2, ... are told apart."""
    regions: Folder = None
    """Label maps or masks by the names of the requests, or one file for all: score each region by itself."""
    lpips: Backbone = None
    """Compare pairs by LPIPS too."""
    weights: WeightFiles = ()
    """Files of its weights: alexnet=FILE lpips-alex=FILE, and likewise for vgg16 and squeezenet1.1."""
    out: Folder = None
    """Write scores.json, scores.md, report.html, contact sheets and maps of the differences there."""
    force: Flag = False
    """Replace an earlier run in that folder."""
    json: Flag = False
    """Print one JSON object: what scores.json holds."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say the scores."""
        score(self._evaluate, out=self.out, force=self.force, as_json=self.json)

    def _evaluate(self, on_progress: "OnProgress | None") -> "Evaluation":
        from sembla import api  # loads after the options are read: --help stays fast

        return api.evaluate_variations(
            self.made, regions=self.regions, lpips=self.lpips, weights=flat(self.weights), on_progress=on_progress
        )
