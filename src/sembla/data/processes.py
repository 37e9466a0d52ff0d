"""Work in worker processes, which say nothing and end at once when their caller does, or is interrupted."""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from sembla.core.errors import SemblaError

__all__ = ["in_processes"]

Thing = TypeVar("Thing")
Answer = TypeVar("Answer")


def in_processes(
    act: Callable[[Thing], Answer], things: Sequence[Thing], workers: int
) -> Generator[Answer, None, None]:
    """Yield act(thing) for each, in order, worked out some ahead of what has been taken; one worker is this process.

    Raises `SemblaError` where a worker is killed. When the generator is closed, or Ctrl-C comes, what is at work is
    dropped: `act` must leave nothing half done that matters.
    """
    if workers <= 1:
        yield from map(act, things)
        return
    # Started anew, not forked: a fork of a process with threads may hang.
    context = multiprocessing.get_context("spawn")
    told, tell = context.Pipe(duplex=False)  # closing our end tells the workers to stop
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker, initargs=(told,))
    try:
        ahead: deque[Future[Answer]] = deque()
        for thing in things:
            with _undisturbed():
                ahead.append(pool.submit(act, thing))
            if len(ahead) > 4 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
        pool.shutdown()
    except BrokenProcessPool as error:
        raise SemblaError(
            "a worker process ended unasked, perhaps for want of memory; run it again with fewer workers "
            '(a script must call prepare from under if __name__ == "__main__").'
        ) from error
    finally:
        tell.close()
        pool.shutdown(cancel_futures=True)
        told.close()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back while a process starts: it would leave one half started, which complains.

    The process that starts inherits that it is held back, until `_begin_worker`; ours gets what came at the end.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # Ctrl-C interrupts no other
        yield
        return
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    before = _block() if sys.platform != "win32" else set()
    try:
        yield
    finally:
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler or signal.SIG_DFL)
    if came:
        signal.raise_signal(signal.SIGINT)


def _block() -> set[int]:
    """Block Ctrl-C in this thread, and return what was blocked before."""
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # it would let signals through when it starts
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}))


def _begin_worker(told: Connection) -> None:
    """Leave Ctrl-C to the main process, and end when that says so, or is gone, even killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent:
        threading.Thread(target=_end_with, args=(parent.sentinel, told), daemon=True).start()


def _end_with(parent: int, told: Connection) -> None:
    wait([parent, told])
    os._exit(1)
