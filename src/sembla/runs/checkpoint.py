"""Checkpoints: all that a training needs to go on as if it had never stopped, whole or not there at all.

    checkpoints/00000500/networks.safetensors     weights and buffers of the players
    checkpoints/00000500/averages.safetensors     the averages of those that keep one
    checkpoints/00000500/optimisers.safetensors
    checkpoints/00000500/state.json               step, images, seconds, score, the open line of the log

There is no random state: it follows from the seed and the step.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from sembla.core.errors import InputError, OutputError
from sembla.runs.folder import RunFolder, discard, durable_folder
from sembla.runs.plain import from_plain, to_plain
from sembla.runs.tensors import read_tensors, write_tensors

__all__ = ["CHECKPOINT_VERSION", "Score", "Snapshot", "State", "latest", "read_checkpoint", "write_checkpoint"]

CHECKPOINT_VERSION = 1
"""Of this layout; others are refused."""


@dataclass(frozen=True)
class Score:
    """What a checkpoint was judged by."""

    name: str
    value: float
    lower_is_better: bool = True

    @property
    def rank(self) -> float:
        """Smaller is better."""
        return self.value if self.lower_is_better else -self.value


@dataclass(frozen=True)
class State:
    """What of a checkpoint is no tensor."""

    step: int
    images: int
    seconds: float
    score: Score | None = None
    pending: Mapping[str, Any] = field(default_factory=dict)
    """Sums of the line of the log that is not full yet."""
    version: int = CHECKPOINT_VERSION


@dataclass(frozen=True)
class Snapshot:
    """A training at one step, in memory."""

    state: State
    networks: Mapping[str, Tensor]
    averages: Mapping[str, Tensor]
    optimisers: Mapping[str, Tensor]


def write_checkpoint(folder: RunFolder, snapshot: Snapshot, *, keep: int) -> None:
    """Add a checkpoint, then remove all but the last `keep` and the best by score.

    One of this step that is there already stays as it is. Raises `OutputError` where it cannot be written; all earlier
    ones are whole then.
    """
    path = folder.checkpoints / f"{snapshot.state.step:08}"
    if not path.exists():
        try:
            with durable_folder(path) as part:
                write_tensors(part / "networks.safetensors", snapshot.networks)
                write_tensors(part / "averages.safetensors", snapshot.averages)
                write_tensors(part / "optimisers.safetensors", snapshot.optimisers)
                text = json.dumps(to_plain(snapshot.state), indent=1)
                (part / "state.json").write_text(text + "\n", encoding="utf-8")
        except OutputError as error:
            whole = latest(folder)
            told = f"the one of step {int(whole.name)} is whole" if whole else "there is none before it"
            raise OutputError(
                f"no checkpoint of step {snapshot.state.step}: {error} Of the checkpoints, {told}."
            ) from error
    _rotate(folder, keep)


def latest(folder: RunFolder) -> Path | None:
    """The last checkpoint, None where there is none."""
    return max(_all(folder), default=None)


def read_checkpoint(path: Path) -> Snapshot:
    """Read a checkpoint. Raises `InputError` for one that is damaged, or of a newer version."""
    return Snapshot(
        _read_state(path),
        networks=read_tensors(path / "networks.safetensors"),
        averages=read_tensors(path / "averages.safetensors"),
        optimisers=read_tensors(path / "optimisers.safetensors"),
    )


def _read_state(path: Path) -> State:
    file = path / "state.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file} is missing or damaged; remove {path}, and --resume takes the one before.") from error
    version = values.get("version") if isinstance(values, dict) else None
    if version != CHECKPOINT_VERSION:
        raise InputError(f"{file} has version {version}; this Sembla reads {CHECKPOINT_VERSION}. Use the one it is of.")
    return from_plain(State, values, place=str(file))


def _all(folder: RunFolder) -> list[Path]:
    return sorted(path for path in folder.checkpoints.iterdir() if path.name.isdecimal() and path.is_dir())


def _rotate(folder: RunFolder, keep: int) -> None:
    paths = _all(folder)
    if len(paths) <= keep:
        return
    scores = {path: score.rank for path in paths if (score := _read_state(path).score)}
    best = min(scores, key=lambda path: scores[path], default=None)
    for path in paths[:-keep]:
        if path != best:
            discard(path)
