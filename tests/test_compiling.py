"""Compiled kernels and where their machine code is kept."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import numpy as np
import pytest

from sembla import compiling
from sembla.compiling import kernel, parallel_kernel, plain, prange


@kernel
def doubled(values: compiling.Array) -> compiling.Array:
    """Twice the values."""
    return values * 2


@parallel_kernel
def squared(values: compiling.Array, squares: compiling.Array) -> None:
    """Write the squares of the values."""
    for place in prange(values.size):
        squares[place] = values[place] ** 2


def run(code: str, **environment: str) -> str:
    """Run Python code in a fresh process and return what it prints."""
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **environment}
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_kernels_compute_what_they_say() -> None:
    values = np.arange(50.0)
    squares = np.zeros(50)
    squared(values, squares)
    assert np.array_equal(doubled(values), values + values)
    assert np.array_equal(squares, values * values)


def test_plain_copies_only_what_would_be_compiled_anew() -> None:
    array = np.zeros((4, 6), np.uint8)
    assert plain(array) is array
    frozen = array.copy()
    frozen.setflags(write=False)
    for other in (frozen, array[:, ::2], np.asfortranarray(array), array.T):
        made = plain(other)
        assert made.flags.c_contiguous
        assert made.flags.writeable
        assert np.array_equal(made, other)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No cache folder chosen, neither package nor home writable; returns the folder for temporary files."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    monkeypatch.setattr(os, "access", lambda path, _mode: str(path).startswith(str(tmp_path)))
    return tmp_path


def chosen() -> Path:
    """What `_ensure_cache_folder` settles on."""
    compiling._ensure_cache_folder()
    return Path(str(vars(numba.config)["CACHE_DIR"]))


def test_where_nothing_else_can_be_written_a_private_temporary_folder_serves(bare: Path) -> None:
    folder = chosen()
    assert folder.parent == bare
    assert folder.is_dir()
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
    vars(numba.config)["CACHE_DIR"] = ""
    assert chosen() == folder  # the next process finds it again


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
@pytest.mark.usefixtures("bare")
def test_a_folder_that_others_can_write_to_is_not_used() -> None:
    folder = chosen()
    folder.chmod(0o777)
    vars(numba.config)["CACHE_DIR"] = ""
    assert chosen() != folder
    assert chosen().stat().st_mode & 0o077 == 0


def test_a_folder_given_or_writable_is_left_to_numba(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vars(numba.config)["CACHE_DIR"] = "given"
    assert chosen() == Path("given")
    vars(numba.config)["CACHE_DIR"] = ""
    monkeypatch.setenv("XDG_CACHE_HOME", str(bare / "not" / "there" / "yet"))
    assert chosen() == Path()


ARE_CACHED = "import sembla.patches.synthesis; from sembla.compiling import cached; print(cached())"


def test_an_empty_folder_holds_no_kernels(tmp_path: Path) -> None:
    assert run(ARE_CACHED, NUMBA_CACHE_DIR=str(tmp_path)) == "False\n"


@pytest.mark.slow
def test_the_first_run_says_that_it_compiles_and_the_next_does_not(tmp_path: Path) -> None:
    code = """
import logging, sys
logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
from sembla.methods.analogy.instant import warm_up
warm_up()
"""
    assert "compiling" in run(code, NUMBA_CACHE_DIR=str(tmp_path))
    assert run(ARE_CACHED, NUMBA_CACHE_DIR=str(tmp_path)) == "True\n"
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path)) == ""


SIGNATURES = """
import json
import numpy as np
from dataclasses import replace
from tests.patches.support import scene, scene_labels
from sembla.core.tasks import AnalogyTask
from sembla.methods.analogy.instant import synthesize, synthesize_sequence, warm_up
from sembla import compiling

counts = lambda: {item.py_func.__name__: len(item.signatures) for item in compiling._KERNELS}
warm_up()
warm = counts()
picture, labels = scene()
picture.setflags(write=False)
task = AnalogyTask(picture, labels, scene_labels(90))
for size in (None, 60, 260, 450):
    for keep in (True, False):
        synthesize(replace(task, size=size, keep=keep, seed=2**40))
synthesize(replace(task, variations=2))
synthesize(replace(task, layout=np.asfortranarray(scene_labels(90, (128, 96)))))
list(synthesize_sequence(task, [scene_labels(90), scene_labels(100)]))
print(json.dumps([warm, counts()]))
"""


@pytest.mark.slow
def test_the_warm_up_compiles_all_that_any_job_needs() -> None:
    root = str(Path(__file__).parents[1])
    warm, after = json.loads(run(SIGNATURES, PYTHONPATH=root).splitlines()[-1])
    assert after == warm
    assert set(after.values()) <= {0, 1}  # 0: only called, and so compiled, within another
