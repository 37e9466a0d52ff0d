"""A studio of its own, and a browser that looks at it."""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

NO_RUNS = Path(tempfile.gettempdir(), "no-such-folder", "runs")
"""In place of the user's own folder of trained models."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Studio:
    """A running `sembla studio`."""

    process: subprocess.Popen[str]
    address: str
    """With a closing slash."""

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rstrip("/").rpartition(":")[2])

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """End it; gives the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.communicate(timeout=20)
        return self.process.returncode


def start_studio(port: int = 0, *, runs: Path = NO_RUNS, banks: Sequence[Path] = ()) -> Studio:
    """Start `sembla studio` and wait until it says where it is."""
    command = [sys.executable, "-m", "sembla", "studio", "--no-open", "--port", str(port), "--runs", str(runs)]
    command += [word for bank in banks for word in ("--bank", str(bank))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    if found is None:
        out, err = process.communicate(timeout=20)
        raise AssertionError(f"sembla studio said {line + out!r} and {err!r}")
    return Studio(process, found[0])


@contextmanager
def running_studio(port: int = 0, *, runs: Path = NO_RUNS, banks: Sequence[Path] = ()) -> Iterator[Studio]:
    """A studio that is ended with the block."""
    studio = start_studio(port, runs=runs, banks=banks)
    try:
        yield studio
    finally:
        studio.stop()


def browser_path() -> Path | None:
    """Where a browser of the Chromium family is, if there is one."""
    return next((Path(found) for name in BROWSERS if (found := shutil.which(name))), None)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless browser that asks no other host."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
