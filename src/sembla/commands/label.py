"""`sembla label`: a label map for a photo that has none."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from sembla.commands.console import say, say_json
from sembla.commands.options import Flag
from sembla.core.errors import InputError

__all__ = ["Label"]


@dataclass(frozen=True)
class Label:
    """Make a label map from a few strokes a class, or propose regions, or name the parts of a face."""

    photo: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PHOTO")]
    """The photo to label."""
    scribbles: Annotated[
        Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="SCRIBBLES", help_behavior_hint="")
    ] = None
    """Strokes in one colour a class: over the photo itself, on a plain ground, or on a transparent one."""
    segments: Annotated[int | None, tyro.conf.arg(metavar="COUNT", help_behavior_hint="")] = None
    """Instead of scribbles: propose about this many regions, 2 to 64, to be joined and named."""
    model: Annotated[Path | None, tyro.conf.arg(metavar="PACK_OR_RUN", help_behavior_hint="")] = None
    """Instead of scribbles: name the parts of a face, in the 19 classes of CelebAMask-HQ, by the parser of a model of
    portrait, such as the pack portrait-128."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PNG", help_behavior_hint="")] = None
    """Where the label map goes, a palette PNG. Without: PHOTO-labels.png in the current folder."""
    force: Flag = False
    """Replace a file that exists."""
    json: Flag = False
    """Print one JSON object: out, width, height, seconds, classes."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        from sembla import api  # loads after the options are read: --help stays fast

        given = [each for each in (self.scribbles, self.segments, self.model) if each is not None]
        if len(given) != 1:
            raise InputError(
                f"SCRIBBLES, --segments or --model say how to label {self.photo}; {len(given) or 'none'} came. Give "
                "one of them."
            )
        out = self.out or Path(f"{self.photo.stem}-labels.png")
        inputs = [path for path in (self.photo, self.scribbles) if path]
        api.check_output(out, suffixes=(".png",), force=self.force, inputs=inputs)
        if self.scribbles is not None:
            made = api.label(self.photo, self.scribbles)
        elif self.model is not None:
            made = api.parse(self.photo, model=api.load(self.model))
        else:
            made = api.segments(self.photo, self.segments or 0)
        api.write_label_map(out, made.labels, palette=made.palette, force=self.force)
        if self.json:
            height, width = made.labels.shape
            facts = {"width": width, "height": height, "seconds": round(made.seconds, 4), "classes": len(made.palette)}
            say_json({"out": str(out), **facts})
        else:
            say(str(out))
