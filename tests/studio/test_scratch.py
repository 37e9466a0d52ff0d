"""The temporary folder: gone when the server ends, and after it was killed gone when the next one starts."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from sembla.studio.scratch import remove_stale, scratch_folder

HOLD_A_FOLDER = """
import tempfile, sys
tempfile.tempdir = sys.argv[1]
from sembla.studio.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "photo.npy").write_bytes(b"x")
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_goes_with_its_context() -> None:
    with scratch_folder() as folder:
        (folder / "photo.npy").write_bytes(b"x")
        assert folder.name.startswith("sembla-studio-")
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0, "others may look into it"
    assert not folder.exists()


def test_the_folder_of_a_killed_server_goes_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD_A_FOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        remove_stale()
        assert (folder / "photo.npy").exists()
        other.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
        other.wait(10)
        assert folder.exists()
        remove_stale()
        assert not folder.exists()


def test_what_is_none_of_ours_stays(tmp_path: Path) -> None:
    foreign, begun = tmp_path / "something-else", tmp_path / "sembla-studio-begun"
    for folder in (foreign, begun):
        folder.mkdir()
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "lock").touch()
    link = tmp_path / "sembla-studio-link"
    link.symlink_to(kept)
    with scratch_folder() as mine:
        remove_stale()
        assert mine.exists()
    assert foreign.exists()
    assert begun.exists(), "a server that is just starting has no lock yet"
    assert kept.exists()


@pytest.mark.skipif(os.name != "posix", reason="on Windows each user has a temporary folder")
def test_what_belongs_to_somebody_else_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "sembla-studio-theirs"
    folder.mkdir()
    (folder / "lock").touch()
    owner = os.getuid()
    with monkeypatch.context() as patched:
        patched.setattr(os, "getuid", lambda: owner + 1)
        remove_stale()
    assert folder.exists()
    remove_stale()
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows has neither lock files to wait for nor old folders without one")
def test_a_folder_that_never_got_its_lock_goes_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    killed, pipe = tmp_path / "sembla-studio-killed", tmp_path / "sembla-studio-pipe"
    killed.mkdir()
    (killed / "lock.new").touch()
    os.utime(killed, (0, time.time() - 7200))
    pipe.mkdir()
    os.mkfifo(pipe / "lock")
    remove_stale()
    assert not killed.exists()
