"""`sembla doctor`: what is wrong with a folder of photos and label maps, and a mended copy of it."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import counting, say, say_json
from sembla.commands.options import Flag

if TYPE_CHECKING:
    from sembla.api import Mended, Report

__all__ = ["Doctor"]

_log = logging.getLogger("sembla")


@dataclass(frozen=True)
class Doctor:
    """Say what is wrong with photos and their label maps, where, and what mends it.

    Exit code 0: nothing is wrong; 1: faults were found; 2: it could not be examined.
    """

    path: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PATH")]
    """The folder: images/ and labels/, a known data set as downloaded, or any other with photos and maps."""
    as_: Annotated[str | None, tyro.conf.arg(name="as", metavar="KIND", help_behavior_hint="")] = None
    """What it is, one of the kinds of `sembla prepare`; says which ids there may be."""
    fix: Annotated[Path | None, tyro.conf.arg(metavar="OUT", help_behavior_hint="")] = None
    """Write a mended copy to this new folder; PATH itself is never touched. The exit code is then that of the copy:
    0 if nothing is left that is wrong."""
    json: Flag = False
    """Print one JSON object: pairs, kind, and faults, each with code, sentence, files, advice."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> int:
        """Do it, say what was found, and return the exit code."""
        from sembla import api  # loads after the options are read: --help stays fast

        if self.fix:
            api.check_repair(self.path, self.fix)
        report = self._examine(self.path, self.as_)
        if self.json:
            say_json(api.report_json(report))
        else:
            say("\n".join(api.report_lines(report)))
        left = self._mend(report, self.fix) if self.fix else report
        return 1 if left.faults else 0

    def _examine(self, path: Path, kind: str | None) -> "Report":
        from sembla import api

        with counting("examining") as on_pair:
            return api.examine(path, kind, on_pair=on_pair)

    def _mend(self, report: "Report", out: Path) -> "Report":
        """Write the mended copy, if anything can be mended. Returns what is wrong with it, or else with the folder."""
        from sembla import api

        if not report.can_be_mended:
            if report.faults:
                self._tell(f"{out} was not written: nothing of this can be mended without you.")
            return report
        mended = api.repair(self.path, out, report)
        left = self._examine(out, self.as_ or report.kind or None)
        self._tell(_told(out, mended))
        for fault in left.faults:
            self._tell(f"left to you: {fault.sentence} [{fault.code}] {fault.advice}")
        return left

    def _tell(self, sentence: str) -> None:
        """Say what became of the copy; beside JSON, as a note."""
        if self.json:
            _log.info("%s", sentence)
        else:
            say(f"\n{sentence}")


def _told(out: Path, mended: "Mended") -> str:
    pairs = f"{mended.pairs:,} pair{'' if mended.pairs == 1 else 's'}"
    files = f"{mended.files:,} file{' was' if mended.files == 1 else 's were'} mended"
    left_out = f", {mended.left_out:,} pair{' was' if mended.left_out == 1 else 's were'} left out"
    return f"{out} is a mended copy of {pairs}: {files}{left_out if mended.left_out else ''}."
