"""`sembla evaluate folders`: made pictures against real ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.evaluate_report import flat, score
from sembla.commands.options import Backbone, File, Flag, Folder, Names, WeightFiles

if TYPE_CHECKING:
    from sembla.api import Evaluation, OnProgress

__all__ = ["EvaluateFolders"]


@dataclass(frozen=True)
class EvaluateFolders:
    """Score a folder of pictures against real ones."""

    made: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MADE")]
    """Folder or prepared set of the pictures to score."""
    real: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="REAL")]
    """Folder or prepared set of real ones; pictures of the same name are compared one by one."""
    split: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """Take this part of REAL alone, e.g. val."""
    extractor: Names = ()
    """Compare the sets as wholes by features: squeezenet1.1, squeezenet1.1-caffe, vgg19, inception, mobilefacenet."""
    lpips: Backbone = None
    """Compare pictures of the same name by LPIPS too."""
    segmenter: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """Segment the pictures and hold the maps against --labels: face-parsing-unet."""
    labels: Folder = None
    """Label maps that the pictures were made from, by their names."""
    real_labels: Folder = None
    """Label maps of the real pictures. Without: --labels."""
    identity: Flag = False
    """Compare faces of the same name by identity."""
    landmarks: File = None
    """Landmarks of the made faces: a CSV file with lines of name,x1,y1,... or a prepared set."""
    real_landmarks: File = None
    """Landmarks of the real faces, or those that were asked for."""
    weights: WeightFiles = ()
    """Files of the networks' weights; NAME where several networks are asked for."""
    fit: Flag = False
    """Scale made pictures to the size of their real ones, and label maps to that of their pictures."""
    nearest: int = 5
    """Neighbours that precision, recall, density and coverage look at."""
    subset_size: int = 1000
    """Pictures in each subset that the spread of KID is taken over."""
    seed: int = 0
    """Decides all that is drawn by chance."""
    batch: int = 4
    """Pictures that a network sees at once."""
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

        return api.evaluate_folders(
            self.made,
            self.real,
            split=self.split,
            extractors=flat(self.extractor),
            lpips=self.lpips,
            segmenter=self.segmenter,
            labels=self.labels,
            real_labels=self.real_labels,
            identity=self.identity,
            landmarks=self.landmarks,
            real_landmarks=self.real_landmarks,
            weights=flat(self.weights),
            fit=self.fit,
            nearest=self.nearest,
            subset_size=self.subset_size,
            seed=self.seed,
            batch=self.batch,
            on_progress=on_progress,
        )
