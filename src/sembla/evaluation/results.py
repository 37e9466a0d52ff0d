"""What an evaluation gives: its scores with their protocols, and the pictures that they were taken of; as JSON too."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from sembla.core.errors import InputError
from sembla.core.types import Picture
from sembla.metrics.protocol import Score, from_json, to_json

__all__ = ["SCORES", "Evaluation", "Judged", "OnProgress", "read_run", "run_json"]

SCORES = "scores.json"
"""The file of a run's folder that holds its scores."""

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with the number of pictures that are done and of all there are, now and then while a run goes on."""


@dataclass(frozen=True)
class Judged:
    """The files of one picture that was scored, for reports to show."""

    made: Path
    real: Path | None = None
    """What it was held against, picture by picture; None where only whole sets were compared."""
    labels: Path | None = None
    """The label map that it was made from."""


@dataclass(frozen=True)
class Evaluation:
    """All scores of one run."""

    kind: str
    """"folders", "cases", "sequences", "variations", or an experiment, e.g. "inpaint completeness"."""
    made: str
    """What was scored, as its user named it."""
    real: str
    """What it was held against; "" for nothing."""
    scores: tuple[Score, ...]
    """The most telling first."""
    pictures: Mapping[str, Judged] = field(default_factory=dict)
    """By the names that `Score.per_picture` uses."""
    notes: tuple[str, ...] = ()
    """What was left out and how to get it, a sentence each."""
    maps: Mapping[str, Picture] = field(default_factory=dict)
    """Pictures that the run computed, e.g. where variations differ; by file name without suffix, e.g. "deviation-3"."""


def run_json(evaluation: Evaluation) -> str:
    """The text of scores.json: that of `metrics.protocol.to_json`, and what else a run is. Paths are absolute."""
    content = json.loads(to_json(evaluation.scores))
    about = {
        "kind": evaluation.kind,
        "made": evaluation.made,
        "real": evaluation.real,
        "notes": list(evaluation.notes),
    }
    pictures = {name: _files(judged) for name, judged in evaluation.pictures.items()}
    return json.dumps({**content, **about, "pictures": pictures}, indent=1, ensure_ascii=False) + "\n"


def read_run(path: Path) -> Evaluation:
    """Read a run from its folder, or from the scores.json in it.

    The pictures that it names need not be there any more. Raises `InputError` for what is no run.
    """
    file = path / SCORES if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no run is here; give a folder that `sembla evaluate ... --out` wrote.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file} cannot be read ({error}); give a folder that `sembla evaluate ... --out` wrote."
        ) from error
    try:
        scores = from_json(text)
        content = json.loads(text)
        return Evaluation(
            kind=str(content["kind"]),
            made=str(content["made"]),
            real=str(content["real"]),
            scores=tuple(scores),
            pictures={name: _judged(files) for name, files in content["pictures"].items()},
            notes=tuple(str(note) for note in content["notes"]),
        )
    except (InputError, KeyError, TypeError, AttributeError) as error:
        told = str(error) if isinstance(error, InputError) else f"it lacks {error}."
        raise InputError(f"{file} is no run of `sembla evaluate`: {told}") from error


def _files(judged: Judged) -> dict[str, str]:
    files = {"made": judged.made, "real": judged.real, "labels": judged.labels}
    return {role: str(path.absolute()) for role, path in files.items() if path is not None}


def _judged(files: Mapping[str, Any]) -> Judged:
    made, real, labels = (Path(files[role]) if files.get(role) else None for role in ("made", "real", "labels"))
    if made is None:
        raise KeyError("made")
    return Judged(made, real, labels)
