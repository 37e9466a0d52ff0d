"""The log of a run: one JSON object a line, and TensorBoard's events where TensorBoard is installed."""

import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sembla.runs.folder import durable_file, refusals

__all__ = ["Log", "read_log"]


class Log:
    """A log that is open for writing, after the line of step `step`; what came later is dropped.

    Used as a context. Raises `OutputError` where it cannot be written.
    """

    def __init__(self, path: Path, *, step: int = 0) -> None:
        self._path = path
        kept = [line for line in read_log(path) if line["step"] <= step]
        with durable_file(path) as part:
            part.write_text("".join(map(_line, kept)), encoding="utf-8")
        with refusals(path):
            self._file = path.open("a", encoding="utf-8")
        self._board = _board(path.parent / "tensorboard", step)

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._board:
            self._board.close()

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a line; it is there for others at once."""
        with refusals(self._path):
            self._file.write(_line({"step": step, **values}))
            self._file.flush()
        if self._board:
            for name, value in values.items():
                self._board.add_scalar(name, value, step)


def read_log(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log, in their order; one that was cut off is left out, and so is a log that is not there."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                values = json.loads(line)
            except ValueError:
                continue
            if isinstance(values, dict) and isinstance(values.get("step"), int):
                yield values


def _line(values: Mapping[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":")) + "\n"


def _board(folder: Path, step: int) -> Any:
    """A writer of TensorBoard's events; None where it is not installed."""
    if find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(folder, purge_step=step + 1)
