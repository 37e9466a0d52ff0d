"""A training in a run folder: begun or gone on with, recorded, and saved when it ends or is stopped."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from sembla.core.errors import DivergedError
from sembla.core.tasks import ShouldStop
from sembla.engine.base import Engine
from sembla.runs.checkpoint import Snapshot, latest, read_checkpoint
from sembla.runs.description import Description, check_same, read_description, write_description
from sembla.runs.folder import RunFolder
from sembla.runs.log import Log
from sembla.train.choices import write_written
from sembla.train.recording import Desk, Metric, Recorder
from sembla.train.trainer import Observer, Trainer

__all__ = ["train"]


def train(
    trainer: Trainer[Any, Any, Any],
    engine: Engine,
    folder: RunFolder,
    *,
    description: Description,
    resume: bool = False,
    metric: Metric | None = None,
    observers: Sequence[Observer] = (),
    stop: ShouldStop = lambda: False,
) -> bool:
    """Train into a run folder, which all processes can read; gives whether `stop` ended it before its last step.

    Args:
        trainer: New, with the engine given here.
        engine: Of this process.
        folder: New or empty; with `resume` a run, which is gone on with from its last checkpoint.
        description: What is trained.
        resume: Go on; `description` must then say the same as the run's.
        metric: What checkpoints are judged by; the best is kept.
        observers: Called in the first process after each step.
        stop: Asked before each step, in every process.

    Raises:
        InputError: There is no run to go on with, or it was begun with other settings.
        OutputError: The folder holds something, is in use, or cannot be written; earlier checkpoints are whole.
        DivergedError: A loss or gradient is not finite; the last checkpoint is good.
        MemoryNeedError: A step does not fit into memory.
    """
    folder.check(resume=resume)
    snapshot = _last(folder, description, config=type(trainer.config)) if resume else None
    if snapshot:
        trainer.restore(snapshot, path=folder.checkpoints)
    engine.mean({"checked": 1.0})  # none writes before all have read
    with ExitStack() as stack:
        desk = _open(folder, description, stack, trainer=trainer, resume=resume) if engine.rank == 0 else None
        recorder = Recorder(trainer, engine, desk, metric=metric)
        if snapshot:
            recorder.resume(snapshot.state.pending)
        with _told_what_is_left(folder):
            stopped = trainer.run([recorder, *(observers if desk else ())], stop=stop)
        recorder.finish(stopped=stopped)
    return stopped


def _open(
    folder: RunFolder,
    description: Description,
    stack: ExitStack,
    *,
    trainer: Trainer[Any, Any, Any],
    resume: bool,
) -> Desk:
    """Take the folder; it is a run from when the description is there, so that comes last."""
    stack.enter_context(folder)
    folder.check(resume=resume)  # another training may have come and gone meanwhile
    write_written(folder.settings, description, trainer.settings)
    if not resume:
        write_description(folder, description)
    return Desk(folder, description, stack.enter_context(Log(folder.log, step=trainer.step)))


@contextmanager
def _told_what_is_left(folder: RunFolder) -> Iterator[None]:
    """Say of a training that went wrong which checkpoint is good."""
    try:
        yield
    except DivergedError as error:
        path = latest(folder) if folder.checkpoints.is_dir() else None
        left = f"The checkpoint of step {int(path.name)} is good." if path else "There is no checkpoint before it."
        raise DivergedError(f"{error} {left}") from error


def _last(folder: RunFolder, description: Description, *, config: type) -> Snapshot | None:
    """The last checkpoint of a run of the same; None for a run that was stopped before its first."""
    check_same(read_description(folder.root), description, config=config, root=folder.root)
    path = latest(folder)
    return read_checkpoint(path) if path else None
