"""How far a training is, by the measuring floor: scores of the tasks that its method gives as trials."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sembla.core.method import Method
from sembla.core.tasks import AnalogyTask, Result

if TYPE_CHECKING:
    from torch import nn

    from sembla.train.recording import Metric

__all__ = ["find_metric"]


@dataclass(frozen=True)
class Judge:
    """Scores one result of a task."""

    best: str
    """The score that decides which checkpoint is best."""
    lower_is_better: bool
    score: Callable[[Any, Result], Mapping[str, float]]


def find_metric(method: Method[Any, Any, Any], config: Any, source: Any) -> "Metric | None":
    """The metric of a training; None where its method has no trials, or nothing measures them."""
    from sembla.train.recording import Metric

    parts = method.load()
    trials: Sequence[Any] = parts.trials(config, source) if parts.trials else ()
    judge = _JUDGES.get(type(trials[0])) if trials else None
    if judge is None:
        return None

    def measure(networks: "nn.ModuleDict") -> Mapping[str, float]:
        """Means over all trials."""
        told = [judge.score(trial, parts.tasks[type(trial)](config, networks, trial)) for trial in trials]
        return {name: float(np.mean([scores[name] for scores in told])) for name in told[0]}

    return Metric(judge.best, measure, lower_is_better=judge.lower_is_better)


def _score_analogy(task: AnalogyTask, result: Result) -> Mapping[str, float]:
    from sembla.metrics import single_image  # SciPy takes longer to load than --help may last

    made, layout, source, labels = result.picture, task.layout, task.picture, task.labels
    return {
        "layout agreement": single_image.layout_agreement(made, layout, source=source, labels=labels),
        "patch distance": single_image.patch_distance(made, layout, source=source, labels=labels),
    }


_JUDGES: Mapping[type, Judge] = {AnalogyTask: Judge("layout agreement", lower_is_better=False, score=_score_analogy)}
"""By the type of task."""
