"""`sembla examples`: the photos, label maps and layouts that come with Sembla."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import say, say_json
from sembla.commands.folders import make_folder
from sembla.commands.options import Flag

if TYPE_CHECKING:
    from sembla.api import Example

__all__ = ["Examples"]

_log = logging.getLogger("sembla")


@dataclass(frozen=True)
class Examples:
    """List the bundled examples, or write one as a folder for `sembla analogy`."""

    name: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """The example to write. Without: their names are listed."""
    out: Annotated[Path, tyro.conf.arg(metavar="DIR", help_behavior_hint="")] = Path()
    """Where the folder NAME is made; without, in the current folder."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: examples, or out."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what is there or was written."""
        from sembla import api  # loads after the options are read: --help stays fast

        if self.name is None:
            names = api.example_names()
            if self.json:
                say_json({"examples": names})
            else:
                say("\n".join(names))
            return
        example = api.load_example(self.name)
        folder = self.out / example.name
        _write(example, folder, force=self.force)
        _log.info("%s: %s", example.name, example.credit)
        if self.json:
            say_json({"out": str(folder)})
        else:
            say(str(folder))


def _write(example: "Example", folder: Path, *, force: bool) -> None:
    """Write img.png, label.png and cond/*.png."""
    from sembla import api

    make_folder(folder, parts=("cond",))
    maps = {folder / "label.png": example.labels}
    maps |= {folder / "cond" / f"{name}.png": layout for name, layout in example.layouts.items()}
    for path in (folder / "img.png", *maps):
        api.check_output(path, suffixes=(".png",), force=force)
    api.write_picture(folder / "img.png", example.picture, force=force)
    for path, labels in maps.items():
        api.write_label_map(path, labels, palette=example.label_set.palette, force=force)
