"""What a method is trained on, read from a path; and what the label doctor makes of what lies there."""

import logging
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
from sembla.data.doctor.single import examine_pair
from sembla.data.prepared import DATASET, Prepared, open_prepared
from sembla.imaging.folders import find_case, find_pictures
from sembla.imaging.io import read_map

__all__ = ["read_source"]

_log = logging.getLogger("sembla")

_EXAMINED = 64  # most pairs that are looked into; more would take long
_CASE = "a case is a folder with one photo img.* and its label map label.*; layouts to try lie in cond/, if any"


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


def _read_case(path: Path) -> Case:
    """A case; what the doctor finds at its label map is noted."""
    try:
        case, files = read_case(path), find_case(path, wanted=False)
    except InputError as error:
        told = _instead_of_case(path)
        if told is None:
            raise
        raise InputError(f"{path} is no case: {told}.") from error
    for fault in examine_pair(case.picture, read_map(files.labels), name=str(files.labels)):
        _log.info("%s %s", fault.sentence, fault.advice)
    return case


def _instead_of_case(path: Path) -> str | None:
    """What lies where a case was expected, and what to do; None where it is a case, or nothing at all."""
    if not path.is_dir():
        return f"it is a file, and {_CASE}" if path.is_file() else None
    photos, maps = (sorted(path.glob(f"{stem}.*")) for stem in ("img", "label"))
    if maps:
        return None if photos else f"it has a label map and no photo; {_CASE}"
    if photos:
        out = photos[0].with_name("label.png")
        return (
            f"it has no label map; paint one in sembla studio and save it as {out}, or begin with: "
            f"sembla label {photos[0]} --segments 20 --out {out}"
        )
    cases = sorted(each.parent for each in path.glob("*/img.*"))
    told = f"holds {len(cases):,} of them; give one, such as {cases[0]}" if cases else f"{_holding(path)}; {_CASE}"
    return f"it {told}"


def _holding(path: Path) -> str:
    """What a folder holds, in a few words."""
    if (path / DATASET).exists():
        return "is a prepared set of many photos, and this method learns from one"
    try:
        return f"holds {len(find_pairs(path, None).pairs):,} pairs of photo and label map"
    except InputError:
        pass
    try:
        return f"holds pictures by other names ({find_pictures(path)[0].name}, ...)"
    except InputError:
        return "holds no picture"


def _read_prepared(path: Path) -> Prepared:
    try:
        return open_prepared(path)
    except InputError as error:
        if not path.is_dir() or (path / DATASET).exists():
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


_READERS: Mapping[type, Callable[[Path], Any]] = {Case: _read_case, Prepared: _read_prepared}
"""By the type that a method is trained on."""
