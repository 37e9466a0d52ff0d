"""`sembla evaluate study` and `sembla evaluate answers`: ask people which picture is better, and count the answers."""

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from sembla.commands.console import say, say_json
from sembla.commands.options import Flag, Folder

__all__ = ["EvaluateAnswers", "EvaluateStudy"]

_log = logging.getLogger("sembla")


@dataclass(frozen=True)
class EvaluateStudy:
    """Make a page that asks people which of two methods' pictures is better."""

    folders: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER FOLDER", help_behavior_hint="")
    ]
    """Two or more folders, each a method's pictures, with the same names in all."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")]
    """Where the page and its key go. Hand out DIR/page; keep the key."""
    reference: Folder = None
    """Show the picture of that name from this folder above the two."""
    questions: int = 50
    """Most questions for each participant."""
    prompt: Annotated[str | None, tyro.conf.arg(metavar="TEXT", help_behavior_hint="")] = None
    """The question. Without: which picture looks better, or fits the reference better."""
    seed: int = 0
    """Decides which pictures are asked about."""
    force: Flag = False
    """Replace an earlier study in that folder, with its key."""
    json: Flag = False
    """Print one JSON object: page, key, methods, names, questions."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        from sembla import api  # loads after the options are read: --help stays fast

        study = api.make_study(
            self.folders,
            self.out,
            reference=self.reference,
            questions=self.questions,
            prompt=self.prompt,
            seed=self.seed,
            force=self.force,
        )
        for note in study.notes:
            _log.info("%s", note)
        if self.json:
            about = {"methods": study.methods, "names": study.names, "questions": study.questions}
            say_json({"page": str(study.page), "key": str(study.key), **about})
            return
        say(str(study.page))
        say(str(study.key))


@dataclass(frozen=True)
class EvaluateAnswers:
    """Score the answers of a study."""

    study: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """What `sembla evaluate study --out` wrote."""
    answers: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CSV", help_behavior_hint="")]
    """The files that the participants sent."""
    json: Flag = False
    """Print one JSON object: participants, answers, left_share, seconds, notes, methods."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say who was preferred."""
        from sembla import api  # loads after the options are read: --help stays fast

        result = api.score_study(self.study, self.answers)
        if self.json:
            say_json(json.loads(api.study_json(result)))
            return
        say(api.study_text(result))
