"""The command line as a process of its own: streams, signals, exit codes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.surfaces.support import run_in_a_terminal

Inputs = tuple[Path, Path, Path]
COMMAND = (sys.executable, "-m", "sembla")


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, check=False)


def test_json_is_exactly_one_object_and_a_pipe_sees_no_bar(inputs: Inputs) -> None:
    outcome = run("analogy", *inputs, "--json")
    assert outcome.returncode == 0
    assert json.loads(outcome.stdout)["out"] == "1-analogy.png"
    assert all(line.startswith("sembla: note: ") for line in outcome.stderr.splitlines())
    assert "\x1b" not in outcome.stdout + outcome.stderr


def test_bad_input_is_one_line_and_exit_code_2(inputs: Inputs) -> None:
    outcome = run("analogy", "gone.png", *inputs[1:], "--json")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == "sembla: error: gone.png: no such file; check the path.\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    with subprocess.Popen([*COMMAND, "examples"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as work:
        assert work.stdout is not None
        assert work.stderr is not None
        work.stdout.close()
        assert work.stderr.read() == b""
    assert work.returncode == 141


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_leaves_no_file_and_says_nothing(inputs: Inputs, elsewhere: Path) -> None:
    call = [*COMMAND, "analogy", *map(str, inputs), "--size", "2000", "--variations", "8", "--out", "a.png"]
    with subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as work:
        assert work.stderr is not None
        assert work.stderr.readline().startswith("sembla: note: ")  # the inputs are read: work begins
        time.sleep(0.5)
        work.send_signal(signal.SIGINT)
        out, err = work.communicate(timeout=120)
    assert work.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert not list(elsewhere.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_a_terminal_sees_a_bar(inputs: Inputs) -> None:
    told, seen = run_in_a_terminal("analogy", *inputs, "--json")
    assert told["classes"] == 3
    assert b"painting" in seen
