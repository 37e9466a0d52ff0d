"""`sembla evaluate analogy`: how well a result keeps to its layout and to its source."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import tyro

from sembla.commands.console import say, say_json
from sembla.commands.options import Flag

__all__ = ["EvaluateAnalogy"]


@dataclass(frozen=True)
class EvaluateAnalogy:
    """Score a result against its layout and its source."""

    image: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE")]
    """The photo."""
    labels: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LABELS")]
    """Its label map."""
    layout: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LAYOUT")]
    """The label map that was wanted."""
    result: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RESULT")]
    """The picture that was made for it."""
    resize_labels: Flag = False
    """Scale a label map that has another size than its photo."""
    adopt_nearest: Flag = False
    """Read a class of LAYOUT that LABELS lacks as the nearest of those in LABELS, instead of refusing it."""
    json: Flag = False
    """Print one JSON object: layout_agreement, source_agreement, patch_distance."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say the scores."""
        from sembla import api  # loads after the options are read: --help stays fast

        scores = api.evaluate_analogy(
            self.image,
            self.labels,
            self.layout,
            result=self.result,
            resize_labels=self.resize_labels,
            adopt_nearest=self.adopt_nearest,
        )
        if self.json:
            say_json(asdict(scores))
            return
        own = f"the photo itself: {scores.source_agreement:.4f}"
        say(f"layout agreement  {scores.layout_agreement:.4f}  (1 is best; {own})")
        say(f"patch distance    {scores.patch_distance:.4f}  (0 is best)")
