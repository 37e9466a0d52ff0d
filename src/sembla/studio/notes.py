"""What the library notes while it reads a file, heard by the request that caused it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["audible", "heard"]

_library = logging.getLogger("sembla")


class _Listener(logging.Handler):
    """Keeps what this very thread notes: others read files at the same time."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.thread = threading.get_ident()
        self.notes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self.thread and record.levelno == logging.INFO:
            self.notes.append(" ".join(record.getMessage().split()))


@contextmanager
def audible() -> Iterator[None]:
    """While the context lasts, the library's notes can be heard; afterwards its level is what it was."""
    level = _library.level
    if not _library.isEnabledFor(logging.INFO):
        _library.setLevel(logging.INFO)
    try:
        yield
    finally:
        _library.setLevel(level)


@contextmanager
def heard() -> Iterator[list[str]]:
    """A list that fills with what this thread notes while the context lasts, where notes are `audible`."""
    listener = _Listener()
    _library.addHandler(listener)
    try:
        yield listener.notes
    finally:
        _library.removeHandler(listener)
