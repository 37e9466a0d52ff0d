"""Jobs, one at a time, the clients in turn.

One thread runs them all: numba's threads may not be started from two threads at once, and one picture at a time is
done soonest. Each job gets a question to ask, "shall I stop?"; how it answers is its own affair.
"""

import os
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Generic, TypeAlias, TypeVar

from sembla.core.errors import SemblaError
from sembla.core.tasks import ShouldStop

__all__ = ["BusyError", "Job", "Jobs", "Work"]

Result = TypeVar("Result")

Work: TypeAlias = Callable[[ShouldStop], Result]
"""What a job does; the argument tells whether to stop, which raises `Cancelled`."""

_NICER = 5


class BusyError(SemblaError):
    """Too many jobs wait."""


class Job(Generic[Result]):
    """Something to do, and what came of it."""

    def __init__(self, jobs: "Jobs", client: Hashable, work: Work[Result]) -> None:
        self.client = client
        self.future: Future[Result] = Future()
        """The outcome. Stopped while it waited: `cancelled()` is true. Stopped while it ran: its exception says so."""
        self._jobs = jobs
        self._work = work
        self._stop = threading.Event()

    def cancel(self) -> None:
        """Take the job off the queue, or ask it to stop where it runs already. From any thread."""
        self._stop.set()
        self._jobs.forget(self)
        self.future.cancel()

    def run(self) -> None:
        """Do it, on this thread. Raises nothing: whatever happens becomes the future's outcome."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self._work(self._stop.is_set))
        except Exception as error:  # noqa: BLE001 - the next job must run, whatever this one did
            self.future.set_exception(error)
        except BaseException as error:  # noqa: BLE001 - an event loop would end itself on receiving one of these
            self.future.set_exception(RuntimeError(f"{type(error).__name__}: {error}"))
        finally:
            # The error's traceback holds this frame, and the future holds the error: a circle that would keep the
            # job's arrays in memory until the next sweep of the garbage collector.
            del self


class Jobs:
    """The worker thread and its queue: waiting clients are served in turn, each client's jobs in their order."""

    def __init__(self, name: str = "worker", *, most_waiting: int = 64, most_each: int = 8) -> None:
        """`name` is the thread's; at most `most_waiting` jobs wait, `most_each` of one client."""
        self._most_waiting = most_waiting
        self._most_each = most_each
        self._queues: OrderedDict[Hashable, deque[Job[Any]]] = OrderedDict()
        self._running: Job[Any] | None = None
        self._closing = False
        self._change = threading.Condition()
        self._thread = threading.Thread(target=self._serve, name=f"sembla-{name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, client: Hashable, work: Work[Result]) -> Job[Result]:
        """Queue a job. Raises `BusyError` where too many wait already, or the worker is closing."""
        job = Job(self, client, work)
        with self._change:
            if self._closing:
                raise BusyError("the server is shutting down; start it again.")
            if sum(map(len, self._queues.values())) >= self._most_waiting:
                raise BusyError(f"{self._most_waiting} jobs wait already; try again in a while.")
            if len(self._queues.get(client, ())) >= self._most_each:
                raise BusyError(f"{self._most_each} jobs of yours wait already; try again when they are done.")
            self._queues.setdefault(client, deque()).append(job)
            self._change.notify()
        return job

    def forget(self, job: Job[Any]) -> None:
        """Take a job off the queue where it still waits."""
        with self._change:
            queue = self._queues.get(job.client)
            if queue is None or job not in queue:
                return
            queue.remove(job)
            if not queue:
                del self._queues[job.client]

    def close(self, *, patience: float = 5.0) -> bool:
        """Cancel everything and wait at most `patience` seconds for the running job. True where it has ended."""
        with self._change:
            self._closing = True
            left = [job for queue in self._queues.values() for job in queue]
            running = self._running
            self._change.notify()
        for job in (*left, *filter(None, [running])):
            job.cancel()
        if self._thread.ident is not None:
            self._thread.join(patience)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        _give_way()
        while (job := self._next()) is not None:
            job.run()
            with self._change:
                self._running = None
            del job  # it would keep its photo and maps in memory until the next one comes

    def _next(self) -> Job[Any] | None:
        """The first job of the client whose turn it is; None when the worker is to end."""
        with self._change:
            self._change.wait_for(lambda: self._queues or self._closing)
            if not self._queues:
                return None
            client, queue = self._queues.popitem(last=False)
            self._running = queue.popleft()
            if queue:
                self._queues[client] = queue  # behind everybody else
            return self._running


def _give_way() -> None:
    """Lower the priority of this thread, and of those that numba starts from it.

    The page runs on the same machine as a rule, and must follow the pen while every core computes.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # some sandboxes forbid it; then it is slower to follow, and nothing else
            os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + _NICER))
