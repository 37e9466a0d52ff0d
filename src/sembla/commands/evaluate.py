"""`sembla evaluate`: what can be scored, each kind with options of its own."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from tyro.conf import subcommand

from sembla.commands.evaluate_analogy import EvaluateAnalogy
from sembla.commands.evaluate_cases import EvaluateCases
from sembla.commands.evaluate_compare import EvaluateCompare
from sembla.commands.evaluate_folders import EvaluateFolders
from sembla.commands.evaluate_inpaint import EvaluateInpaint
from sembla.commands.evaluate_sequences import EvaluateSequences
from sembla.commands.evaluate_study import EvaluateAnswers, EvaluateStudy
from sembla.commands.evaluate_variations import EvaluateVariations

__all__ = ["Evaluate", "Kind"]

Kind: TypeAlias = (
    Annotated[EvaluateFolders, subcommand("folders")]
    | Annotated[EvaluateCases, subcommand("cases")]
    | Annotated[EvaluateSequences, subcommand("sequences")]
    | Annotated[EvaluateVariations, subcommand("variations")]
    | Annotated[EvaluateInpaint, subcommand("inpaint")]
    | Annotated[EvaluateAnalogy, subcommand("analogy")]
    | Annotated[EvaluateCompare, subcommand("compare")]
    | Annotated[EvaluateStudy, subcommand("study")]
    | Annotated[EvaluateAnswers, subcommand("answers")]
)


@dataclass(frozen=True)
class Evaluate:
    """Score results (evaluate analogy, folders, cases, sequences, variations, inpaint), compare runs, ask people."""

    kind: Kind

    @property
    def debug(self) -> bool:
        """Whether to show where an error came from."""
        return self.kind.debug

    def run(self) -> None:
        """Do it."""
        self.kind.run()
