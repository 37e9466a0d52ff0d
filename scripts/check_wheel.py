"""Build the wheel, install it into a clean environment outside the checkout, and run the main job from there.

usage: .venv/bin/python scripts/check_wheel.py

Needs the extra `dev`. Stops with exit code 1 and one line that says what is wrong.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
LARGEST = 60_000_000
"""Most bytes of the wheel."""

DESCRIBE = """
import importlib.util, pathlib, sembla
print(pathlib.Path(sembla.__file__).parent)
print([name for name in ("torch", "torchvision") if importlib.util.find_spec(name)])
"""

MEASURE = """
import pathlib, sys
from PIL import Image
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.png")):
    with Image.open(path) as image:
        image.load()
        print(path.name, *image.size)
"""


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run a command in a folder that is not the checkout, without its paths; return what it printed."""
    clean = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    report = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    if report.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {report.returncode}:\n{report.stdout}{report.stderr}")
    return report.stdout


def build(folder: Path) -> Path:
    """Build the source archive, the wheel from that archive, and return the wheel."""
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)], folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_contents(wheel: Path) -> None:
    """Require the type marker, the licence and a small size; refuse caches and tests."""
    size = wheel.stat().st_size
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    if size > LARGEST:
        sys.exit(f"{wheel.name} has {size} bytes; the limit is {LARGEST}.")
    if "sembla/py.typed" not in names:
        sys.exit(f"{wheel.name} lacks sembla/py.typed.")
    if not {"LICENSE", "NOTICE"} <= {Path(name).name for name in names if ".dist-info/licenses/" in name}:
        sys.exit(f"{wheel.name} lacks LICENSE or NOTICE.")
    stray = [name for name in names if not name.startswith(("sembla/", "sembla-")) or "__pycache__" in name]
    if stray:
        sys.exit(f"{wheel.name} holds what does not belong there: {stray[:5]}")
    print(f"{wheel.name}: {size / 1e6:.2f} MB, {len(names)} files, typed, licensed")


def install(wheel: Path, folder: Path) -> Path:
    """Make a clean environment in a folder, install the wheel and return the folder of its commands."""
    venv.create(folder, with_pip=True)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    quietly = ["--quiet", "--disable-pip-version-check"]
    pins: Sequence[str | Path] = ["--constraint", ROOT / "constraints.txt"]
    run([commands / "python", "-m", "pip", "install", *quietly, *pins, wheel], folder)
    return commands


def check_environment(commands: Path, folder: Path) -> None:
    """Require that the installed package is the one imported, and that PyTorch is not there."""
    place, learned = run([commands / "python", "-c", DESCRIBE], folder).splitlines()
    if not Path(place).is_relative_to(commands.parent):
        sys.exit(f"sembla was imported from {place}, not from the clean environment.")
    if learned != "[]":
        sys.exit(f"The light core brought {learned}.")
    print("clean environment: sembla imports from it, no torch, no torchvision")


def check_main_job(commands: Path, folder: Path) -> None:
    """Write a bundled example, lay its photo out anew, and require readable pictures and a contact sheet."""
    example, result = folder / "examples", folder / "result"
    run([commands / "sembla", "examples", "coffee", "--out", example], folder)
    run([commands / "sembla", "analogy", example / "coffee", "--out", result], folder)
    pictures = run([commands / "python", "-c", MEASURE, result], folder).splitlines()
    if len(pictures) < 2 or not any(line.startswith("sheet.png ") for line in pictures):
        sys.exit(f"The main job should leave pictures and sheet.png; it left {pictures}.")
    print("main job:", ", ".join(pictures))


def main() -> None:
    """Do all of it in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="sembla-wheel-"))
    try:
        wheel = build(folder)
        check_contents(wheel)
        commands = install(wheel, folder / "clean")
        check_environment(commands, folder)
        check_main_job(commands, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
