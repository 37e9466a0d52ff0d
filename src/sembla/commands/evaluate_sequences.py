"""`sembla evaluate sequences`: frames or versions that should show the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.evaluate_report import flat, score
from sembla.commands.options import Backbone, Flag, Folder, WeightFiles

if TYPE_CHECKING:
    from sembla.api import Evaluation, OnProgress

__all__ = ["EvaluateSequences"]


@dataclass(frozen=True)
class EvaluateSequences:
    """Score how alike the frames or versions of a subject are, and how near to their originals."""

    made: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MADE")]
    """A folder of the frames or versions of one subject, or a folder of such folders."""
    original: Folder = None
    """The pictures as they should be: one for each, by name, or one for each subject."""
    holes: Folder = None
    """Masks by the names of the pictures, white where a picture was filled: score inside them too."""
    lpips: Backbone = None
    """Compare with the originals by LPIPS too."""
    weights: WeightFiles = ()
    """Files of its weights: alexnet=FILE lpips-alex=FILE, and likewise for vgg16 and squeezenet1.1."""
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

        return api.evaluate_sequences(
            self.made,
            original=self.original,
            holes=self.holes,
            lpips=self.lpips,
            weights=flat(self.weights),
            on_progress=on_progress,
        )
