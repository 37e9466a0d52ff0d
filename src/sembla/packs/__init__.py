"""Bundled models: what our own recipes have learned, each with a card that says from what, how long, and how well.

A pack is a folder with `method.json`, `weights.safetensors` (half precision) and its card, README.md.
"""

from pathlib import Path

__all__ = ["find", "names"]

_HERE = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Names of all packs, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in _HERE.glob("*/method.json")))


def find(name: str) -> Path | None:
    """The folder of a pack; None where there is none of that name."""
    return _HERE / name if name in names() else None
