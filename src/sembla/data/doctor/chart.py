"""What the checks read: one set of pairs, what was measured of each, and what its maps may hold."""

import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sembla.core.labels import LabelSet
from sembla.data.doctor.looking import Look
from sembla.data.doctor.pairs import Finding
from sembla.data.doctor.pixels import LabelFacts
from sembla.data.doctor.remedies import Remedy
from sembla.data.doctor.report import MOST_FILES, Fault

__all__ = ["MEND_THE_SOURCE", "Chart", "Expected", "counted", "listed"]

MEND_THE_SOURCE = "Mend what this set was made from (sembla doctor SOURCE --as KIND), and run sembla prepare again."
"""The advice for prepared sets."""


@dataclass(frozen=True)
class Expected:
    """Which values the files of a set may hold."""

    classes: range
    """The values that are classes."""
    others: frozenset[int] = frozenset()
    """Values that are no class and allowed: void, unlabelled."""
    label_set: LabelSet | None = None
    """Names and colours, where known."""
    drawn: LabelSet | None = None
    """For sets whose makers publish colour maps: what the colours mean."""

    @property
    def allowed(self) -> frozenset[int]:
        """All values that may occur."""
        return self.others | frozenset(self.classes)


@dataclass(frozen=True)
class Chart:
    """One set of pairs and all that was measured."""

    finding: Finding
    looks: tuple[Look, ...]
    """One a pair."""
    layouts: tuple[LabelFacts, ...] = ()
    """One for each of `finding.layouts`."""
    kind: str = ""
    asked: bool = False
    """Whether the kind was asked for, not recognised."""
    expected: Expected | None = None
    """None for a folder whose classes nobody wrote down."""
    prepared: bool = False
    """Whether this is a prepared set, which is mended by way of what it was made from."""

    def where(self, test: Callable[[Look], bool]) -> list[int]:
        """Numbers of the pairs whose files can be read and that pass a test."""
        return [number for number, look in enumerate(self.looks) if look.is_whole and test(look)]

    @property
    def whole(self) -> int:
        """How many pairs can be read."""
        return sum(look.is_whole for look in self.looks)

    def labels_of(self, numbers: Iterable[int]) -> list[Path]:
        """Label maps of these pairs."""
        return [self.finding.pairs[number].labels for number in numbers]

    def images_of(self, numbers: Iterable[int]) -> list[Path]:
        """Photos of these pairs."""
        return [self.finding.pairs[number].image for number in numbers]

    def fault(
        self, code: str, sentence: str, files: Sequence[Path], *, advice: str, remedies: Sequence[Remedy] = ()
    ) -> Fault:
        """A fault; where there are remedies, the advice says what the copy will be like."""
        if remedies and self.prepared:
            advice, remedies = MEND_THE_SOURCE, ()
        if remedies:
            advice = f"{self.command} writes a copy in which {advice}"
        sentence = sentence[0].upper() + sentence[1:]
        return Fault(code, sentence, tuple(files[:MOST_FILES]), advice, tuple(remedies))

    @property
    def command(self) -> str:
        """The command that mends this set."""
        given = ["--as", self.kind] if self.asked and self.kind else []
        return shlex.join(
            ["sembla", "doctor", str(self.finding.root), *given, "--fix", str(_beside(self.finding.root))]
        )


def _beside(root: Path) -> Path:
    """A name beside a folder that is not taken."""
    home = root.parent if root.name not in {"", ".."} else root / ".."
    name = f"{root.resolve().name}-mended"
    names = (name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next((home / name for name in names if not os.path.lexists(home / name)), home / name)


def counted(number: int, of: int, thing: str) -> str:
    """Say "3 of 20 label maps", "all 20 label maps" or "the label map"."""
    if of == 1:
        return f"the {thing}"
    return f"all {of:,} {thing}s" if number == of else f"{number:,} of {of:,} {thing}s"


def listed(values: Iterable[object], most: int = 8) -> str:
    """Say "1, 2, 3 and 7", or "1, 2, 3, ... 7" for many."""
    told = [str(value) for value in values]
    if len(told) > most:
        return f"{', '.join(told[: most - 1])}, ... {told[-1]}"
    return " and ".join(filter(None, [", ".join(told[:-1]), told[-1]])) if told else "none"
