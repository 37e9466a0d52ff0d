"""Bundled models: what our own recipes have learned, each with a card that says from what, how long, and how well.

A pack is a folder with `method.json`, `weights.safetensors` (half precision) and its card, README.md.
"""

from pathlib import Path

__all__ = ["folders"]

_HERE = Path(__file__).parent


def folders() -> dict[str, Path]:
    """The folders of all packs by their names, in alphabetical order."""
    return {path.parent.name: path.parent for path in sorted(_HERE.glob("*/method.json"))}
