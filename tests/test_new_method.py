"""`docs/new-method.md` says how a sixth method is added: done here as it says, in a copy of the package."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs PyTorch")

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "new-method.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`(src/[\w/.]+)`\n\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(LINES,) = re.findall(r"^```diff\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(COMMANDS,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SCRIPT = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[-1]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package with the method that the page describes."""
    left_out = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "src" / "sembla", tmp_path / "src" / "sembla", ignore=left_out)
    for name, text in FILES:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    file = tmp_path / "src" / "sembla" / "methods" / "__init__.py"
    methods = file.read_text(encoding="utf-8")
    for sign, before, after in re.findall(r"^([- ])(.*\n)\+(.*\n)", LINES, re.MULTILINE):
        assert methods.count(before) == 1, before
        methods = methods.replace(before, after if sign == "-" else before + after)
    file.write_text(methods, encoding="utf-8")
    return tmp_path


def call(copy: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(copy / "src"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_method_is_one_folder_and_two_lines(copy: Path) -> None:
    assert len(FILES) == 6
    assert LINES.count("\n+") == 2
    assert call(copy, "-c", "import sembla; print(sembla.__file__)").startswith(str(copy))
    said = [call(copy, "-m", *command.split()) for command in COMMANDS.splitlines()]
    assert "mosaic: Each class in its colours." in said[0]
    assert "--width 64\n    Channels between the layers." in said[1]
    assert said[3:] == ["mosaic-run\n", "mosaic-run\n"]
    run = copy / "mosaic-run"
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["00000003", "00000006"]
    assert '"layout agreement"' in (run / "log.jsonl").read_text()
    call(copy, "-c", SCRIPT)
    assert (copy / "painted.png").stat().st_size


def test_what_the_page_shows_is_clean(copy: Path) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed; it comes with the extra 'dev'")
    for check in (["check"], ["format", "--check", "--diff"]):
        settings = ("--config", str(ROOT / "pyproject.toml"), "--config", f"src = ['{copy}/src']")
        command = [ruff, *check, "--no-cache", *settings, str(copy / "src" / "sembla" / "methods")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
