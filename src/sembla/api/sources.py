"""What a method is trained on, read from a path; where it cannot be read, what the label doctor makes of it."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sembla.core.errors import InputError
from sembla.core.method import Method
from sembla.data.case import Case, read_case
from sembla.data.doctor.examine import examine
from sembla.data.doctor.expectations import recognise
from sembla.data.doctor.reading import find_pairs
from sembla.data.prepared import Prepared, open_prepared

__all__ = ["read_source"]

_EXAMINED = 64  # most pairs that are looked into; more would take long


def read_source(method: Method[Any, Any, Any], data: object) -> Any:
    """What a method is trained on: `data` itself where it is that already, else what lies at that path.

    Raises `InputError` for a path at which it does not lie, and that says what does.
    """
    if isinstance(data, method.source):
        return data
    read = _READERS.get(method.source)
    if read is None or not isinstance(data, str | os.PathLike):
        raise InputError(f"a {type(data).__name__} came; {method.name} is trained on a {method.source.__name__}.")
    return read(Path(data))


def _read_prepared(path: Path) -> Prepared:
    try:
        return open_prepared(path)
    except InputError as error:
        if not path.is_dir() or (path / "dataset.json").exists():
            raise
        raise InputError(f"{path} is no prepared set: {_diagnosis(path)}") from error


def _diagnosis(path: Path) -> str:
    """What lies in a folder, and what to do about it."""
    try:
        finding = find_pairs(path, None)
        kind = finding.kind or recognise(finding)
        report = examine(path) if not kind and len(finding.pairs) <= _EXAMINED else None
    except InputError as error:
        return str(error)
    prepare = f"prepare it with: sembla prepare {kind or 'folder'} {path} OUT"
    if report and report.faults:
        fault = report.faults[0]
        return f"{fault.sentence} [{fault.code}] {fault.advice} Then {prepare}"
    return f"it holds {len(finding.pairs):,} pairs{f' of {kind}' if kind else ''}; {prepare}"


_READERS: Mapping[type, Callable[[Path], Any]] = {Case: read_case, Prepared: _read_prepared}
"""By the type that a method is trained on."""
