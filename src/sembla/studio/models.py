"""Trained models at work on live requests: the latest few stay loaded."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError, LabelError
from sembla.core.tasks import AnalogyTask, Result
from sembla.studio.runs import RunStore
from sembla.studio.wire import ClassEntry, LiveModel

if TYPE_CHECKING:
    from sembla.api import Synthesizer

__all__ = ["Models"]


class Models:
    """The models of a folder of runs. Only the worker's thread may ask."""

    def __init__(self, runs: RunStore, *, most: int = 2) -> None:
        """At most `most` models stay in memory."""
        self._runs = runs
        self._most = most
        self._loaded: OrderedDict[tuple[str, int], Synthesizer] = OrderedDict()
        """By name of the run and age of its weights, least recently used first."""

    def run(self, model: LiveModel, task: AnalogyTask) -> Result:
        """Do a task with a trained model; the ids of its maps are numbers of `model.classes`.

        Raises `UnknownRunError`, `LabelError` for classes that the model did not learn, and what `api.load` does.
        """
        run = self._runs.find(model.run)
        if not run.usable:
            raise InputError(f"{run.name} has no weights yet; they come with its first checkpoint.")
        ids = np.union1d(task.labels, task.layout)
        table = _table(model.classes, run.classes(), ids)
        task = replace(task, labels=table[task.labels], layout=table[task.layout])
        return self.load(run.name, run.root)(task)

    def load(self, name: str, root: Path) -> "Synthesizer":
        """The model of a run called `name` that lies in `root`. Raises what `api.load` does."""
        from sembla import api  # loads PyTorch, which takes seconds

        key = (name, (root / "weights.safetensors").stat().st_mtime_ns)
        if key not in self._loaded:
            for other in [other for other in self._loaded if other[0] == name]:
                del self._loaded[other]  # it has been trained further
            self._loaded[key] = api.load(root)
        self._loaded.move_to_end(key)
        while len(self._loaded) > self._most:
            self._loaded.popitem(last=False)
        return self._loaded[key]


def _table(given: Sequence[ClassEntry], learned: Sequence[ClassEntry], ids: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The model's id for each of the page's `ids`: classes are found again by name, else by colour."""
    names = {entry.name: number for number, entry in enumerate(learned) if entry.name}
    colours = {entry.colour: number for number, entry in enumerate(learned)}
    table = np.zeros(256, np.uint8)
    for number in ids.tolist():
        entry = given[number] if number < len(given) else ClassEntry(name=f"class {number + 1}", colour="#000000")
        found = names.get(entry.name, colours.get(entry.colour))
        if found is None:
            told = ", ".join(entry.name or entry.colour for entry in learned) or "none"
            raise LabelError(
                f"the model has not learned “{entry.name}”; it knows {told}. Train on this photo, or take another."
            )
        table[number] = found
    return table
