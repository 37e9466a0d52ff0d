"""A small case as people have it, and what a run of the command line leaves."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLOURS = np.array([[60, 120, 220], [40, 160, 60], [230, 180, 30]], np.uint8)
"""Sky, grass, sun."""


@dataclass(frozen=True)
class Outcome:
    """What a run of the command line left."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The message of a run that failed as it should: exit code 2, one line on stderr, nothing on stdout."""
        assert self.code == 2, (self.out, self.err)
        assert self.out == ""
        assert self.err.startswith("sembla: error: ")
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1
        return self.err.removeprefix("sembla: error: ").rstrip("\n")


Sembla = Callable[..., Outcome]


def run_in_a_terminal(*arguments: object) -> tuple[Any, bytes]:
    """Run the command line with stderr on a pseudo-terminal; the JSON of its stdout, and what the terminal saw."""
    call = [sys.executable, "-m", "sembla", *map(str, arguments)]
    return call_in_a_terminal(call, {**os.environ, "COLUMNS": "80"})


def call_in_a_terminal(call: Sequence[str], environment: Mapping[str, str]) -> tuple[Any, bytes]:
    """The same of any command."""
    import pty  # POSIX only

    ours, theirs = pty.openpty()
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=theirs, env={**environment, "TERM": "xterm"}) as work:
        os.close(theirs)
        seen = b""
        try:
            while chunk := os.read(ours, 65536):
                seen += chunk
        except OSError:  # how Linux says that the other side is closed
            pass
        out, _ = work.communicate()
    os.close(ours)
    assert work.returncode == 0, seen
    return json.loads(out), seen


def layout(sun: int, horizon: int = 30) -> NDArray[np.uint8]:
    """Ids (48, 64): sky above grass, and a sun whose left side is at `sun`."""
    ids = np.zeros((48, 64), np.uint8)
    ids[horizon:] = 1
    ids[6:18, sun : sun + 14] = 2
    return ids


def with_a_foreign_class(ids: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A layout in colours, (48, 64, 3), with a patch of magenta; and the ids if that is read as its nearest class."""
    magenta = np.array([255, 0, 255])
    colours, adopted = COLOURS[ids], ids.copy()
    colours[34:46, 40:60] = magenta
    adopted[34:46, 40:60] = np.linalg.norm(COLOURS - magenta, axis=1).argmin()
    return colours, adopted


def photo() -> NDArray[np.uint8]:
    """A picture (48, 64, 3) of layout(6), each class with a texture of its own."""
    chance = np.random.default_rng(0)
    noise = chance.normal(0, 12, (48, 64, 1)) * np.array([0.2, 1.0, 0.5])[layout(6)][..., None]
    made: NDArray[np.uint8] = np.clip(COLOURS[layout(6)] + noise, 0, 255).astype(np.uint8)
    return made
