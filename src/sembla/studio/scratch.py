"""The folder for temporary files: one a server, removed when the server ends, or by the next one if it was killed."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

__all__ = ["remove_stale", "scratch_folder"]

_PREFIX = "sembla-studio-"
_LOCK = "lock"
_STARTING_SECONDS = 3600
"""A folder that has no lock after this long never gets one."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder that is this process's alone, while the context lasts."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = _claim(folder)
    try:
        yield folder
    finally:
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)


def remove_stale() -> None:
    """Remove the folders of servers that were killed. A live server's lock says that its folder is in use."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another server may be removing it too
            if _is_mine(folder) and _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_mine(folder: Path) -> bool:
    return sys.platform == "win32" or folder.lstat().st_uid == os.getuid()


if sys.platform == "win32":

    def _claim(folder: Path) -> IO[bytes]:
        """Windows deletes no file that is open."""
        return (folder / _LOCK).open("wb")

    def _is_abandoned(folder: Path) -> bool:
        try:
            (folder / _LOCK).unlink()
        except OSError:
            return False
        return True

else:
    import fcntl

    def _claim(folder: Path) -> IO[bytes]:
        """The kernel lets go of the lock when the process ends, however it ends."""
        unnamed = folder / "lock.new"
        lock = unnamed.open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        unnamed.rename(folder / _LOCK)  # locked before it can be found: nobody sees it free
        return lock

    def _opened(lock: Path) -> int:
        """The lock's descriptor. Neither a link nor a pipe that somebody put in its place is waited for."""
        return os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)

    def _is_abandoned(folder: Path) -> bool:
        try:
            opened = _opened(folder / _LOCK)
        except FileNotFoundError:  # a server that has just been started, or was killed just then
            began = min(folder.lstat().st_mtime, time.time())
            return time.time() - began > _STARTING_SECONDS
        with os.fdopen(opened) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True
