"""`sembla studio` from outside: where it listens, what it says, how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.surfaces.support import Sembla


@contextmanager
def started(
    *arguments: str, folder: Path, program: tuple[str, ...] = ("-m", "sembla", "studio", "--no-open")
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running studio whose temporary files lie in `folder`, and the line that it printed."""
    process = subprocess.Popen(
        [sys.executable, *program, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def address(line: str) -> str:
    """The address in a printed line."""
    found = re.search(r"http://\S+", line)
    assert found is not None, line
    return found[0]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name == "posix" else [])])
def test_it_serves_until_it_is_stopped_and_leaves_nothing(tmp_path: Path, how: signal.Signals) -> None:
    if signal.getsignal(how) is signal.SIG_IGN:
        pytest.skip(f"{how.name} is ignored here (nohup, or a background job), and so it is by what is started")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with started("--port", "0", folder=scratch) as (process, line):
        with urllib.request.urlopen(address(line) + "api/about", timeout=20) as answer:
            assert answer.status == 200
        assert list(scratch.iterdir()) != []
        process.send_signal(how)
        _, told = process.communicate(timeout=30)
    assert process.returncode in {0, -how}
    assert "Traceback" not in told
    assert list(scratch.iterdir()) == []


def test_any_other_address_asks_for_the_token(tmp_path: Path) -> None:
    with started("--host", "0.0.0.0", "--port", "0", folder=tmp_path) as (_, line):
        port, token = re.search(r":(\d+)/\?token=(\S+)", line).groups()  # type: ignore[union-attr]
        local = f"http://127.0.0.1:{port}/"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(local + "api/about", timeout=20)
        with refused.value as answer:
            assert answer.code == 401
        request = urllib.request.Request(local + "api/about", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200


def test_a_port_in_use_is_told_and_the_next_offered(sembla: Sembla) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = sembla("studio", "--no-open", "--port", port).complaint
    assert f"port {port} is in use" in told
    offered = int(re.search(r"--port (\d+)", told)[1])  # type: ignore[index]
    assert port < offered <= port + 20
    with socket.create_server(("127.0.0.1", offered)):
        pass


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "port 70000"),
        (["--port", "-1"], "port -1"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
        (["--host", "192.0.2.7", "--port", "8790"], "192.0.2.7"),
    ],
)
def test_addresses_that_cannot_be_had_are_told(sembla: Sembla, arguments: list[str], words: str) -> None:
    assert words in sembla("studio", "--no-open", *arguments).complaint


CRASHING = """
import sys
from sembla import api, cli

def crash(*arguments, **settings):
    raise ZeroDivisionError("bang")

api.read_picture = crash
sys.exit(cli.main(["studio", "--no-open", "--port", "0"]))
"""


def test_a_crash_stands_in_the_terminal_while_the_server_runs(tmp_path: Path) -> None:
    with started(folder=tmp_path, program=("-c", CRASHING)) as (process, line):
        request = urllib.request.Request(address(line) + "api/photos", data=b"x", method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=60)
        with refused.value as answer:
            assert answer.code == 500
        told: list[str] = []
        assert process.stderr is not None
        while not told or "ZeroDivisionError: bang" not in told[-1]:
            told.append(process.stderr.readline())
            assert told[-1] != "", told
    assert any("Traceback" in words for words in told)
    assert not any("note:" in words for words in told)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows names the folder otherwise")
def test_no_place_for_temporary_files_is_told(sembla: Sembla, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert "TMPDIR" in sembla("studio", "--no-open", "--port", "0").complaint


def test_brackets_around_an_address_are_those_of_urls(tmp_path: Path) -> None:
    with started("--host", "[::1]", "--port", "0", folder=tmp_path) as (_, line):
        assert re.search(r"http://\[::1\]:\d+/ ", line)
