"""`sembla portrait`: a face and another layout of its parts in, the face made anew there out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from sembla.commands.console import progress, say, say_json
from sembla.commands.folders import note_jpeg
from sembla.commands.making import seen_from
from sembla.commands.options import Flag

__all__ = ["Portrait"]


@dataclass(frozen=True)
class Portrait:
    """Make a face anew where another layout of its parts asks for it; all else of the photo stays, bit for bit."""

    photo: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PHOTO")]
    """A picture of a face."""
    parsing: Annotated[Path, tyro.conf.arg(metavar="MAP", help_behavior_hint="(required)")]
    """The map of its parts in the classes of CelebAMask-HQ, ids or colours, of the photo's shape."""
    layout: Annotated[Path, tyro.conf.arg(metavar="NEW_MAP", help_behavior_hint="(required)")]
    """The map of the parts as they are wanted: a changed copy of MAP."""
    engine: Literal["instant"] = "instant"
    """How it is made: instant puts it together of the photo itself, without any training."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """A file. Without: PHOTO-portrait.png here."""
    seed: int = 0
    """Same seed, same picture, bit for bit."""
    force: Flag = False
    """Replace a file that exists."""
    json: Flag = False
    """Print one JSON object: out, width, height, edited (share of the pixels), seconds, seed, engine."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        from sembla import api  # loads after the options are read: --help stays fast

        out = self.out or Path(f"{self.photo.stem}-portrait.png")
        inputs = [self.photo, self.parsing, self.layout]
        note_jpeg(out)
        api.check_output(out, suffixes=api.PICTURE_SUFFIXES, force=self.force, inputs=inputs)
        request = api.read_portrait(self.photo, parsing=self.parsing, layout=self.layout, seed=self.seed)
        with progress(1) as on_preview:
            result = api.run_portrait(request, on_preview)
        named = zip(("photo", "parsing", "layout"), inputs, strict=True)
        settings: dict[str, object] = {
            "version": api.__version__,
            "verb": "portrait",
            **{name: {"path": seen_from(out.parent, path), "sha256": api.digest(path)} for name, path in named},
            "engine": self.engine,
            "seed": self.seed,
        }
        api.write_picture(out, result.picture, settings=settings, force=self.force)
        if not self.json:
            say(str(out))
            return
        height, width = result.edit.shape
        say_json(
            {
                "out": str(out),
                "width": width,
                "height": height,
                "edited": round(float(result.edit.mean()), 6),
                "seconds": round(result.seconds, 4),
                "seed": result.seed,
                "engine": self.engine,
            }
        )
