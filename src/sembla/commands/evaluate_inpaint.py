"""`sembla evaluate inpaint EXPERIMENT`: what a trained model fills, and whom it makes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import tyro
from tyro.conf import subcommand

from sembla.commands.evaluate_report import Evaluate, score, score_each
from sembla.commands.options import Flag, Folder
from sembla.core.ways import FillName, fill_of

if TYPE_CHECKING:
    from sembla.api import Evaluation, OnProgress, Synthesizer
    from sembla.core.ways import Fill

__all__ = ["EvaluateInpaint", "Experiment"]


@dataclass(frozen=True)
class _Measured:
    """What all experiments ask for."""

    model: Annotated[Path, tyro.conf.arg(metavar="PACK_OR_RUN", help_behavior_hint="(required)")]
    """A bundled pack by its name, or the folder of a run of sembla train inpaint."""
    data: Annotated[Path, tyro.conf.arg(metavar="PREPARED", help_behavior_hint="(required)")]
    """A set that sembla prepare faces wrote; its held out faces are taken, the first ones, and their points."""
    seed: int = 0
    """Of codes that are drawn, of searches, and of masks that are drawn."""
    exact: Flag = False
    """Compute in fp32 where bf16 would be faster."""
    device: str = "auto"
    """Compute on auto, cpu, cuda, cuda:NUMBER or mps."""
    out: Folder = None
    """Write scores.json, scores.md, report.html and sheets there; of several searches, a folder each, and compared."""
    force: Flag = False
    """Replace an earlier run in that folder."""
    json: Flag = False
    """Print one JSON object: what scores.json holds; of several searches, a list of these."""
    debug: Flag = False
    """Show where an error came from."""

    @cached_property
    def _model(self) -> "Synthesizer":
        from sembla import api  # loads after the options are read: --help stays fast

        return api.load(self.model, exact=self.exact, device=self.device)


@dataclass(frozen=True)
class _Filled(_Measured):
    """What those that fill holes ask for."""

    search: Annotated[tuple[FillName, ...], tyro.conf.arg(metavar="NAME [NAME ...]")] = ("predicted",)
    """How faces are found: predicted, searched, weighted, released. Several are runs, held against the first."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="COUNT", help_behavior_hint="")] = None
    """Of each search. Without: its own number; predicted has none."""

    def _score(self, evaluate: "Callable[[Fill, OnProgress | None], Evaluation]") -> None:
        """Evaluate every search, and say the scores."""
        ways: dict[str, Evaluate] = {name: partial(evaluate, fill_of(name, self.steps)) for name in self.search}
        score_each(ways, out=self.out, force=self.force, as_json=self.json)


@dataclass(frozen=True)
class Completeness(_Filled):
    """Score how right fillings are: PSNR and SSIM for every kind of mask, before and after seams are blended."""

    masks: Annotated[tuple[str, ...], tyro.conf.arg(metavar="KIND [KIND ...]", help_behavior_hint="")] = ()
    """Kinds of holes. Without: all; full is what is made of a whole face."""
    faces: int = 32
    """How many."""

    def run(self) -> None:
        """Do it, and say the scores."""
        self._score(self._evaluate)

    def _evaluate(self, fill: "Fill", on_progress: "OnProgress | None") -> "Evaluation":
        from sembla import api

        return api.evaluate_inpaint_completeness(
            self._model,
            self.data,
            fill=fill,
            masks=self.masks,
            faces=self.faces,
            seed=self.seed,
            on_progress=on_progress,
        )


@dataclass(frozen=True)
class Consistency(_Filled):
    """Score how alike the fillings of one face under different masks are: mean squared errors of all pairs."""

    alone: Flag = False
    """Find a code for each mask alone, as published. Without: one for all masks of a face, as for a sequence."""
    faces: int = 8
    """How many."""
    masks: int = 8
    """How many for each face: every kind that has a hole in turn, each of its kind by chance."""

    def run(self) -> None:
        """Do it, and say the scores."""
        self._score(self._evaluate)

    def _evaluate(self, fill: "Fill", on_progress: "OnProgress | None") -> "Evaluation":
        from sembla import api

        return api.evaluate_inpaint_consistency(
            self._model,
            self.data,
            fill=fill,
            shared=not self.alone,
            faces=self.faces,
            masks=self.masks,
            seed=self.seed,
            on_progress=on_progress,
        )


@dataclass(frozen=True)
class _Drawn(_Measured):
    """What those that draw people ask for."""

    codes: int = 8
    """How many people are drawn."""
    maps: int = 8
    """How many faces say how to stand."""


@dataclass(frozen=True)
class Maps(_Drawn):
    """Score people of one code each, made by several maps: whether they stay the same, and stand as the maps say."""

    def run(self) -> None:
        """Do it, and say the scores."""
        score(self._evaluate, out=self.out, force=self.force, as_json=self.json)

    def _evaluate(self, _: "OnProgress | None") -> "Evaluation":
        from sembla import api

        return api.evaluate_inpaint_maps(self._model, self.data, codes=self.codes, maps=self.maps, seed=self.seed)


@dataclass(frozen=True)
class Codes(_Drawn):
    """Score people of several codes, made by one map each time: whether they differ, and stand as the map says."""

    def run(self) -> None:
        """Do it, and say the scores."""
        score(self._evaluate, out=self.out, force=self.force, as_json=self.json)

    def _evaluate(self, _: "OnProgress | None") -> "Evaluation":
        from sembla import api

        return api.evaluate_inpaint_codes(self._model, self.data, codes=self.codes, maps=self.maps, seed=self.seed)


Experiment: TypeAlias = (
    Annotated[Completeness, subcommand("completeness")]
    | Annotated[Consistency, subcommand("consistency")]
    | Annotated[Maps, subcommand("maps")]
    | Annotated[Codes, subcommand("codes")]
)


@dataclass(frozen=True)
class EvaluateInpaint:
    """Score a trained model of inpaint by the experiments of its paper (completeness, consistency, maps, codes)."""

    experiment: Experiment

    @property
    def debug(self) -> bool:
        """Whether to show where an error came from."""
        return self.experiment.debug

    def run(self) -> None:
        """Do it."""
        self.experiment.run()
