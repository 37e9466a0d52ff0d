"""The worker: one job at a time, the clients in turn, and nothing that a job does ends it."""

import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from sembla.core.errors import Cancelled
from sembla.core.tasks import ShouldStop
from sembla.studio.jobs import BusyError, Job, Jobs, Work


class Blocker:
    """Keeps the worker busy until it is let go."""

    def __init__(self, jobs: Jobs) -> None:
        self.begun, self.gone = threading.Event(), threading.Event()
        self.job = jobs.submit("blocker", self._work)
        assert self.begun.wait(10)

    def _work(self, _: ShouldStop) -> None:
        self.begun.set()
        assert self.gone.wait(10)


def noting(name: str, order: list[str]) -> Work[None]:
    """A job that only leaves its name."""
    return lambda _: order.append(name)


def until_stopped(stop: ShouldStop) -> None:
    while not stop():
        time.sleep(0.001)
    raise Cancelled("told to")


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    working = Jobs(most_waiting=10)
    working.start()
    yield working
    assert working.close()


def test_clients_are_served_in_turn_and_each_in_its_order(jobs: Jobs) -> None:
    blocker, order = Blocker(jobs), list[str]()
    names = ["a1", "a2", "a3", "b1", "c1", "b2", "a4"]
    waiting = [jobs.submit(name[0], noting(name, order)) for name in names]
    blocker.gone.set()
    for job in waiting:
        job.future.result(10)
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_a_client_that_asks_again_goes_behind_the_others(jobs: Jobs) -> None:
    order, ends = list[str](), list[Future[None]]()

    def first(_: ShouldStop) -> None:
        order.append("a1")
        ends.extend(jobs.submit(name[0], noting(name, order)).future for name in ("b1", "a2", "b2"))

    jobs.submit("a", first).future.result(10)
    for end in ends:
        end.result(10)
    assert order == ["a1", "b1", "a2", "b2"]


def test_jobs_run_on_one_thread_of_lower_priority(jobs: Jobs) -> None:
    def look(_: ShouldStop) -> tuple[int, int]:
        priority = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) if sys.platform == "linux" else 5
        return threading.get_ident(), priority

    seen = {jobs.submit(client, look).future.result(10) for client in range(4)}
    assert len(seen) == 1
    ((thread, priority),) = seen
    assert thread != threading.get_ident()
    if sys.platform == "linux":
        assert priority == min(19, os.getpriority(os.PRIO_PROCESS, threading.main_thread().native_id or 0) + 5)


def test_a_waiting_job_is_never_begun_once_cancelled(jobs: Jobs) -> None:
    blocker, begun = Blocker(jobs), list[str]()
    waiting = [jobs.submit("a", noting(name, begun)) for name in "012"]
    waiting[1].cancel()
    assert waiting[1].future.cancelled()
    blocker.gone.set()
    waiting[2].future.result(10)
    assert begun == ["0", "2"]


def test_a_running_job_is_asked_to_stop(jobs: Jobs) -> None:
    begun = threading.Event()

    def work(stop: ShouldStop) -> None:
        begun.set()
        until_stopped(stop)

    job = jobs.submit("a", work)
    assert begun.wait(10)
    job.cancel()
    assert isinstance(job.future.exception(10), Cancelled)
    assert jobs.submit("a", lambda stop: stop()).future.result(10) is False, "the next job is told to stop too"


@pytest.mark.parametrize("error", [ValueError("x"), MemoryError(), KeyboardInterrupt(), SystemExit(1), GeneratorExit()])
def test_the_worker_survives(jobs: Jobs, error: BaseException) -> None:
    def fail(_: ShouldStop) -> None:
        raise error

    outcome = jobs.submit("a", fail).future.exception(10)
    # What is no Exception would end the event loop that awaits it.
    assert isinstance(outcome, Exception)
    assert type(error).__name__ in repr(outcome)
    assert jobs.submit("a", lambda _: 7).future.result(10) == 7


def test_too_many_are_refused_and_cancelled_ones_make_room(jobs: Jobs) -> None:
    blocker = Blocker(jobs)
    waiting = [jobs.submit(number, lambda _: None) for number in range(10)]
    with pytest.raises(BusyError, match="10 jobs wait"):
        jobs.submit("late", lambda _: None)
    waiting[4].cancel()
    late = jobs.submit("late", lambda _: 5)
    blocker.gone.set()
    assert late.future.result(10) == 5


def test_one_client_may_not_fill_the_queue() -> None:
    jobs = Jobs(most_each=2)
    jobs.start()
    blocker = Blocker(jobs)
    for _ in range(2):
        jobs.submit("greedy", lambda _: None)
    with pytest.raises(BusyError, match="2 jobs of yours"):
        jobs.submit("greedy", lambda _: None)
    modest = jobs.submit("modest", lambda _: 3)
    blocker.gone.set()
    assert modest.future.result(10) == 3
    assert jobs.close()


def test_a_system_that_forbids_priorities_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbid, raising=False)
    jobs = Jobs()
    jobs.start()
    assert jobs.submit("a", lambda _: 4).future.result(10) == 4
    assert jobs.close()


def test_closing_ends_everything() -> None:
    jobs = Jobs()
    jobs.start()
    begun = threading.Event()

    def work(stop: ShouldStop) -> None:
        begun.set()
        until_stopped(stop)

    running = jobs.submit("a", work)
    assert begun.wait(10)
    waiting: Job[Any] = jobs.submit("a", lambda _: None)
    assert jobs.close()
    assert isinstance(running.future.exception(0), Cancelled)
    assert waiting.future.cancelled()
    with pytest.raises(BusyError, match="shutting down"):
        jobs.submit("a", lambda _: None)


def test_closing_does_not_wait_for_what_cannot_be_stopped() -> None:
    jobs = Jobs()
    jobs.start()
    blocker = Blocker(jobs)
    start = time.monotonic()
    assert not jobs.close(patience=0.1)
    assert time.monotonic() - start < 5
    blocker.gone.set()
    assert jobs.close()


class Owner:
    """Something that can be seen to go."""


def test_a_stopped_job_leaves_no_memory_behind(jobs: Jobs) -> None:
    kept = list[weakref.ref[Owner]]()

    def work(_: ShouldStop) -> None:
        owner = Owner()
        kept.append(weakref.ref(owner))
        raise Cancelled("told to")

    gc.disable()  # an array does not make the garbage collector come any sooner
    try:
        job = jobs.submit("a", work)
        assert isinstance(job.future.exception(10), Cancelled)
        del job
        wait_until(lambda: kept[0]() is None)
    finally:
        gc.enable()


def test_an_idle_worker_holds_on_to_nothing(jobs: Jobs) -> None:
    owner = Owner()
    kept = weakref.ref(owner)

    def work(_: ShouldStop, held: Owner = owner) -> int:
        return id(held)

    jobs.submit("a", work).future.result(10)
    del owner, work
    wait_until(lambda: kept() is None)


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.001)
