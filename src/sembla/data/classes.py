"""The file in which a folder says what the ids of its label maps mean."""

import json
from pathlib import Path

from sembla.core.errors import LabelError
from sembla.core.labels import LabelSet

__all__ = ["CLASSES", "read_declared", "write_declared"]

CLASSES = "classes.json"
"""What it is called; it holds {"classes": [{"name": "sky", "colour": "#80c0ff"}, ...], "ignore": 255 or null}."""


def read_declared(root: Path) -> LabelSet | None:
    """The label set that a folder declares; None without a file. Raises `LabelError` for one that cannot be used."""
    path = root / CLASSES
    if not path.is_file():
        return None
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        names = tuple(str(entry["name"]) for entry in about["classes"])
        colours = tuple(_colour(entry["colour"]) for entry in about["classes"])
        ignore = about.get("ignore")
        return LabelSet(names, colours, ignore=None if ignore is None else int(ignore))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LabelError(
            f'{path} cannot be used ({error}); expected {{"classes": [{{"name": "sky", "colour": "#80c0ff"}}, ...], '
            '"ignore": 255}.'
        ) from error


def _colour(text: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def write_declared(root: Path, label_set: LabelSet) -> None:
    """Declare the label set of a folder."""
    classes = [
        {"name": name, "colour": "#" + bytes(colour).hex()}
        for name, colour in zip(label_set.names, label_set.colours, strict=True)
    ]
    text = json.dumps({"classes": classes, "ignore": label_set.ignore}, indent=1)
    (root / CLASSES).write_text(text + "\n", encoding="utf-8")
