"""`sembla evaluate cases`: results of `sembla analogy` for a case, or for many."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.evaluate_report import flat, score
from sembla.commands.options import Flag, Folder, WeightFiles

if TYPE_CHECKING:
    from sembla.api import Evaluation, OnProgress

__all__ = ["EvaluateCases"]


@dataclass(frozen=True)
class EvaluateCases:
    """Score the results of analogies against their layouts and their photos."""

    cases: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CASES")]
    """A case (img.*, label.*, cond/*), or a folder of cases."""
    results: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RESULTS")]
    """What `sembla analogy CASE --out` wrote; for a folder of cases, one folder per case, named as it is."""
    extractor: Annotated[
        str | None, tyro.conf.arg(metavar="inception|inception-torchvision", help_behavior_hint="")
    ] = None
    """Take SIFID too, on this network."""
    weights: WeightFiles = ()
    """File of its weights."""
    seed: int = 0
    """Decides the directions that patch distances are taken along."""
    adopt_nearest: Flag = False
    """Read a class of a layout that the label map lacks as the nearest of those in it; give what was given there."""
    out: Folder = None
    """Write scores.json, scores.md, report.html and contact sheets there."""
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

        return api.evaluate_cases(
            self.cases,
            self.results,
            extractor=self.extractor,
            weights=flat(self.weights),
            seed=self.seed,
            adopt_nearest=self.adopt_nearest,
            on_progress=on_progress,
        )
