"""What the doctor found, as values, as lines for a terminal, and as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sembla.data.doctor.remedies import Remedy

__all__ = ["MOST_FILES", "Fault", "Report", "as_json", "lines"]

MOST_FILES = 5
"""Most files that a fault names."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a data set."""

    code: str
    """What it is, in a word or two for programs: "off_by_one"."""
    sentence: str
    """What is wrong, in plain words and with the numbers."""
    files: tuple[Path, ...]
    """Where: up to five of the files."""
    advice: str
    """The command that mends it, or what to do by hand."""
    remedies: tuple[Remedy, ...] = field(default=(), repr=False, compare=False)
    """What `repair` does about it; none where no repair is safe."""


@dataclass(frozen=True)
class Report:
    """All that was found in one folder."""

    pairs: int
    """Photos with a label map of their own."""
    faults: tuple[Fault, ...]
    """What is wrong; none for a clean set."""
    kind: str = ""
    """The kind the folder was read as, asked for or recognised; "" for a folder of any other sort."""

    @property
    def can_be_mended(self) -> bool:
        """Whether `repair` would change anything."""
        return any(fault.remedies for fault in self.faults)


def as_json(report: Report) -> dict[str, object]:
    """The report as JSON can hold it: {"pairs": n, "kind", "faults": [{"code", "sentence", "files", "advice"}]}.

    "kind" is None where `Report.kind` is "".
    """
    faults = [
        {"code": f.code, "sentence": f.sentence, "files": [str(path) for path in f.files], "advice": f.advice}
        for f in report.faults
    ]
    return {"pairs": report.pairs, "kind": report.kind or None, "faults": faults}


def lines(report: Report) -> list[str]:
    """The report as lines of plain text for a terminal, one paragraph a fault."""
    read_as = f", read as {report.kind}" if report.kind else ""
    seen = f"{_counted(report.pairs, 'pair')} of photo and label map{read_as}"
    if not report.faults:
        return [f"{seen}: nothing wrong was found."]
    told = [f"{seen}: {_counted(len(report.faults), 'fault')} found."]
    for number, fault in enumerate(report.faults, 1):
        told += ["", f"{number}. {fault.sentence} [{fault.code}]", *_where(fault.files), f"   {fault.advice}"]
    return told


def _where(files: Sequence[Path]) -> list[str]:
    return [f"   - {path}" for path in files]


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
