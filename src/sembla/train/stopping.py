"""Ctrl-C and the wish of a cluster to end a job: the step under way is finished, and the training saved."""

import signal
import time
from types import FrameType
from typing import Any

__all__ = ["SignalStop"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_ONE_WISH = 2.0  # seconds: torchrun passes on to its processes what they have had already, as one group


class SignalStop:
    """Whether SIGINT or SIGTERM has come while this was entered; one that comes later ends the process as ever.

    Called, it answers as `ShouldStop`. Only a main thread can enter it.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        """The one that came; a process that it stopped should exit with 128 more: 130 or 143."""
        self._before: dict[signal.Signals, Any] = {}
        self._came = 0.0

    def __call__(self) -> bool:
        """Whether one has come."""
        return self.signal is not None

    def __enter__(self) -> "SignalStop":
        self._before = {each: signal.signal(each, self._note) for each in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is None:
            self.signal, self._came = number, time.monotonic()
        elif time.monotonic() - self._came > _ONE_WISH:
            self.__exit__()
            signal.raise_signal(number)
