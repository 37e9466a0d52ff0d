"""Ctrl-C and the wish of a cluster to end a job: the step under way is finished, and the training saved."""

import signal
from types import FrameType
from typing import Any

__all__ = ["SignalStop"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class SignalStop:
    """Whether SIGINT or SIGTERM has come while this was entered; a second one ends the process as ever.

    Called, it answers as `ShouldStop`. Only a main thread can enter it.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        """The one that came; a process that it stopped should exit with 128 more: 130 or 143."""
        self._before: dict[signal.Signals, Any] = {}

    def __call__(self) -> bool:
        """Whether one has come."""
        return self.signal is not None

    def __enter__(self) -> "SignalStop":
        self._before = {each: signal.signal(each, self._note) for each in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.signal = number
        self.__exit__()
