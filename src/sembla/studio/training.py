"""Training on a photo: a process of its own, one at a time, that the page can stop and go on with.

The server only starts `sembla train`, reads what that writes, and asks it to end as Ctrl-C does. Whatever happens to a
training, out of memory included, the server goes on.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from sembla.core.errors import InputError, SemblaError
from sembla.studio.runs import Run, RunStore
from sembla.studio.wire import RunCard, RunState

__all__ = ["METHOD", "RECIPE", "Training", "TrainingBusyError", "command"]

METHOD, RECIPE = "analogy", "fast"

_NICER = 10


class TrainingBusyError(SemblaError):
    """A training is at work, so that this cannot be done now."""


class Training:
    """The training process, if there is one. Any thread may call."""

    def __init__(self, runs: RunStore) -> None:
        self._runs = runs
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._name = ""
        self._stopping = False
        self._closed = False

    def begin(self, make: Callable[[], Run]) -> Run:
        """Train the run that `make` gives, from its start or from where it stands.

        Raises `TrainingBusyError` while another is trained, `InputError` for one that cannot be gone on with, and what
        `make` raises.
        """
        with self._lock:
            self._check_free()
            run = make()
            if run.record is None:
                raise InputError(f"{run.name} was not begun here; go on with: sembla train --resume --run {run.root}")
            self._name, self._stopping = run.name, False
            self._process = _start(run)
            threading.Thread(target=_watch, args=(self._process, run), name="sembla-training", daemon=True).start()
        return run

    def stop(self, run: Run) -> None:
        """Ask the training of a run to save and end; nothing where it is not at work."""
        with self._lock:
            if self._at_work(run.name) and not self._stopping:  # a second time would end it at once, unsaved
                self._stopping = True
                _interrupt(self._process)

    def remove(self, run: Run) -> None:
        """Delete a run. Raises `TrainingBusyError` while it is trained."""
        with self._lock:
            if self._at_work(run.name) or run.busy():
                raise TrainingBusyError(f"{run.name} is being trained; stop that first.")
            self._runs.remove(run)

    def close(self, *, patience: float = 10.0) -> None:
        """Ask the training to save and end, and wait for at most `patience` seconds; it may take longer by itself."""
        with self._lock:
            self._closed = True
            process = self._process
            if process is None or process.poll() is not None:
                return
            if not self._stopping:
                self._stopping = True
                _interrupt(process)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)

    def card(self, run: Run) -> RunCard:
        """What the page is told of a run."""
        record, state = run.record, self._state(run)
        speed = run.speed() if state in {"training", "elsewhere"} else None
        step, steps = run.step, record.steps if record else None
        return RunCard(
            name=run.name,
            title=record.title if record else run.name,
            recipe=record.recipe if record else str(run.described("recipe", "")),
            made=run.made,
            state=state,
            step=step,
            steps=steps,
            seconds_left=speed[0] * (steps - step) if speed and steps else None,
            images_per_second=speed[1] if speed else None,
            usable=run.usable,
            photo=record.photo if record else None,
            labels=record.labels if record else None,
            preview=run.preview,
            thumbnail=(run.folder / "photo.jpg").is_file(),
            message=run.complaint() if state == "failed" else "",
        )

    def _state(self, run: Run) -> RunState:
        with self._lock:
            if self._at_work(run.name):
                return "stopping" if self._stopping else "training"
        if run.busy():
            return "elsewhere"
        if run.record is None or (run.usable and run.step >= run.record.steps):
            return "done"
        return "failed" if run.complaint() else "stopped"

    def _at_work(self, name: str) -> bool:
        return self._process is not None and self._process.poll() is None and self._name == name

    def _check_free(self) -> None:
        """Raise `TrainingBusyError` where a training is at work, also one of another server in the same folder."""
        if self._closed:
            raise TrainingBusyError("the server is shutting down; start it again.")
        busy = self._name if self._at_work(self._name) else ""
        busy = busy or next((run.name for run in self._runs.all() if run.record and run.busy()), "")
        if busy:
            raise TrainingBusyError(f"{busy} is being trained, and one training at a time is; wait for it, or stop it.")


def command(run: Run) -> list[str]:
    """What trains a run, from its start or from where it stands."""
    assert run.record
    steps = run.record.steps
    often = {"--log-every": min(5, -(-steps // 100)), "--preview-every": min(50, -(-steps // 30))}
    pace = {"--steps": steps, **often, "--checkpoint-every": min(250, max(50, steps // 6))}
    paths = {"--recipe": run.record.recipe, "--data": run.case, "--run": run.root}
    options = [str(part) for pair in {**paths, **pace}.items() for part in pair]
    return [sys.executable, "-m", "sembla", "train", METHOD, *options, *(["--resume"] if run.begun else [])]


def _start(run: Run) -> "subprocess.Popen[bytes]":
    with run.said.open("wb") as said:
        process = subprocess.Popen(
            command(run),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,  # else Ctrl-C in the server's terminal came to it too, and twice ends it unsaved
        )
    if sys.platform != "win32":
        with suppress(OSError):  # before it has threads, which inherit it
            os.setpriority(os.PRIO_PROCESS, process.pid, min(19, os.getpriority(os.PRIO_PROCESS, 0) + _NICER))
    return process


def _interrupt(process: "subprocess.Popen[bytes] | None") -> None:
    if process is not None:
        with suppress(OSError):  # it has just ended
            process.send_signal(signal.SIGTERM)  # SIGINT is ignored by what a background job starts


def _watch(process: "subprocess.Popen[bytes]", run: Run) -> None:
    """Wait for the end of a training, and write down what it cannot say itself."""
    code, why = process.wait(), ""
    if code < 0 and -code != signal.SIGTERM:
        cause = "memory may have run out; close other programs" if -code == 9 else "see the log of the system"
        why = f"the system ended the training (signal {-code}): {cause}, then go on."
    elif code == 1:  # what `sembla train` foresees it tells, and ends with 2
        why = f"the training crashed; {run.said} says where."
    if why:
        with suppress(OSError), run.said.open("a", encoding="utf-8") as said:
            said.write(f"\nsembla: error: {why}\n")
