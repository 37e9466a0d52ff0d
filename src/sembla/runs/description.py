"""What a run is of, and its weights: `method.json` and `weights.safetensors`, enough to make a synthesizer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from torch import Tensor

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.runs.folder import RunFolder, durable_file
from sembla.runs.plain import differences, from_plain, to_plain
from sembla.runs.tensors import read_tensors, write_tensors

__all__ = [
    "FORMAT",
    "Description",
    "check_same",
    "read_description",
    "read_weights",
    "write_description",
    "write_weights",
]

FORMAT = 1
"""Of `method.json`; newer ones are refused."""


@dataclass(frozen=True)
class Description:
    """What `method.json` says."""

    method: str
    recipe: str
    """The one that it began from; its type is that of the config."""
    config: Mapping[str, Any]
    """As `plain.to_plain` gives it."""
    seed: int
    batch: int
    """Images a step."""
    label_set: LabelSet | None = None
    """The classes that its label maps are made of."""
    size: tuple[int, int] | None = None
    """Height and width that it was trained at."""
    data: str = ""
    """What it was trained on, and where that is from."""
    licence: str = ""
    """Of the weights."""
    version: str = installed("sembla")
    """Of Sembla."""
    format: int = FORMAT


def write_description(folder: RunFolder, description: Description) -> None:
    """Write `method.json`. Raises `OutputError` where it cannot be written."""
    with durable_file(folder.description) as part:
        part.write_text(json.dumps(to_plain(description), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read_description(root: Path) -> Description:
    """Read `method.json` of a run. Raises `InputError` where there is none, for a damaged one, and for a newer one."""
    file = root / "method.json"
    if not root.exists():
        raise InputError(f"{root}: no such folder; give the folder of a run.")
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{root} holds no trained model ({file.name} is missing); give the folder of a run."
        ) from error
    except ValueError as error:
        raise InputError(f"{file} is damaged; take it from a copy of the run.") from error
    found = values.get("format") if isinstance(values, dict) else None
    if not isinstance(found, int) or found > FORMAT:
        made = values.get("version") if isinstance(values, dict) else None
        raise InputError(f"{file} has format {found} (Sembla {made}); this one reads up to {FORMAT}. Update Sembla.")
    return from_plain(Description, values, place=str(file))


def check_same(before: Description, now: Description, *, config: type, root: Path) -> None:
    """Raise `InputError`, naming all fields that differ, unless a run can go on as it began.

    Settings that `before` lacks, which came with a later version, are the defaults of the dataclass `config`, as they
    are where its weights are read.
    """
    if before.method != now.method:
        raise InputError(f"{root} is a run of method {before.method}, not {now.method}; choose another folder.")
    known: object = from_plain(config, before.config, place=f"{root}: config")
    before = replace(before, config=to_plain(known))
    one, other = (_decisive(each) for each in (before, now))
    changed = [each.removeprefix("config.") for each in differences(one, other)]
    if changed:
        raise InputError(
            f"{root} was begun with other settings: {'; '.join(changed)}. Give those, or begin another run."
        )


def _decisive(description: Description) -> dict[str, Any]:
    """The fields that decide what is trained."""
    return to_plain(replace(description, version="", format=0, data="", licence=""))


def write_weights(folder: RunFolder, tensors: Mapping[str, Tensor], *, step: int) -> None:
    """Write `weights.safetensors`: all players as they are to be used. Raises `OutputError`."""
    with durable_file(folder.weights) as part:
        write_tensors(part, tensors, notes={"step": str(step)})


def read_weights(root: Path) -> dict[str, Tensor]:
    """The weights of a run. Raises `InputError` where there are none, or damaged ones."""
    path = root / "weights.safetensors"
    if not path.is_file():
        raise InputError(f"{root} has no weights yet; they come with its first checkpoint.")
    return read_tensors(path)
