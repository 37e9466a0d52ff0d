"""The painter of `tests.train.painter` as a package of its own, which adds a method to Sembla by an entry point."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def install(site: Path, value: str = "tests.train.painter:PAINTER") -> Path:
    """Write what an installed package leaves in `site`, and give that folder."""
    about = site / "sembla_painter-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sembla-painter\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[sembla.methods]\npainter = {value}\n")
    return site


def environment(site: Path) -> dict[str, str]:
    """For processes that are to find it; with one thread each."""
    paths = [str(ROOT / "src"), str(ROOT), str(site)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}


def command(*arguments: object) -> list[str]:
    """`sembla ...` as a process."""
    return [sys.executable, "-m", "sembla", *map(str, arguments)]
