"""`sembla landmarks`: faces in, their 68 points as text out."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import begin, say, say_json
from sembla.commands.folders import beside, check_folder, one_each, whole_folder
from sembla.commands.options import Flag
from sembla.core.errors import InputError

if TYPE_CHECKING:
    from sembla.faces.landmarks import Landmarks as Points

__all__ = ["Landmarks"]


@dataclass(frozen=True)
class Landmarks:
    """Write the 68 points of faces as text, to be moved by hand and given to sembla inpaint.

    They are found (the extra faces), read off a map of the face's parts, or read from a file in which some are missing.
    """

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE|FOLDER")]
    """A picture of a face, or a folder of such."""
    mask: Annotated[str | None, tyro.conf.arg(metavar="KIND|FILE|FOLDER", help_behavior_hint="")] = None
    """What is missing of it, as for sembla inpaint: points there follow from the others."""
    map: Annotated[Path | None, tyro.conf.arg(metavar="FILE|FOLDER", help_behavior_hint="")] = None
    """Read the points off a face-parsing map in the classes of CelebAMask-HQ, ids or colours."""
    landmarks: Annotated[Path | None, tyro.conf.arg(metavar="FILE|FOLDER", help_behavior_hint="")] = None
    """Read the points from .json, .pts, .txt or .csv; those that are nan (null) there follow from the others."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """A file, .csv, .json, .pts or .txt; for a folder, a folder of .csv. Without: IMAGE.csv here, or none where
    --landmarks are only to be drawn."""
    draw: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """Also write the picture, enlarged, with the points and their numbers drawn over it; for a folder, a folder."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: out, draw."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        from sembla import api  # loads after the options are read: --help stays fast

        sources = list(api.find_pictures(self.source)) if self.source.is_dir() else [self.source]
        only_drawn = self.landmarks is not None and self.draw is not None and self.out is None
        outs = [] if only_drawn else self._places(sources, self.out, suffix=".csv", suffixes=api.LANDMARK_SUFFIXES)
        drawings = self._places(sources, self.draw, suffix=".png", suffixes=api.PICTURE_SUFFIXES) if self.draw else []
        found = [self._found(source) for source in sources]
        begin()
        with ExitStack() as stack:
            for out, points in zip(self._parts(outs, stack), found, strict=False):
                api.write_landmarks(out, points, force=self.force)
            for source, points, drawing in zip(sources, found, self._parts(drawings, stack), strict=False):
                api.write_picture(drawing, api.draw_landmarks(source, points), force=self.force)
        if self.json:
            say_json({"out": self._told(outs), "draw": self._told(drawings)})
            return
        for written in (*outs, *drawings):
            say(str(written))

    def _places(self, sources: list[Path], place: Path | None, *, suffix: str, suffixes: tuple[str, ...]) -> list[Path]:
        """Where the files of a kind go. Raises `InputError` for no folder, `OutputError` for what cannot be written."""
        from sembla import api

        given = [Path(path) for path in (self.mask, self.map, self.landmarks) if path is not None]
        if not self.source.is_dir():
            places = [place or Path(f"{self.source.stem}{suffix}")]
        elif place is None:
            raise InputError("a folder of faces gives a folder of points; say where to put it with --out DIR.")
        else:
            check_folder(place)
            places = one_each([source.stem for source in sources], place, suffix=suffix)
        inputs = [*sources, *given, *(file for folder in given if folder.is_dir() for file in folder.iterdir())]
        for file in places:
            if file.parent.exists() or not self.source.is_dir():
                api.check_output(file, suffixes=suffixes, force=self.force, inputs=inputs)
        return places

    def _parts(self, places: list[Path], stack: ExitStack) -> list[Path]:
        """Where files are written: those of a folder in another, and moved there once all of both are whole."""
        if not places or not self.source.is_dir():
            return places
        part = stack.enter_context(whole_folder(places[0].parent))
        return [part / place.name for place in places]

    def _found(self, source: Path) -> "Points":
        """The points of one face. Raises as `sembla.landmarks`, and `InputError` where a folder lacks a file."""
        from sembla import api

        mask, parsing, landmarks = self.mask, self.map, self.landmarks
        if mask is not None and Path(mask).is_dir():
            mask = str(beside(Path(mask), source, api.PICTURE_SUFFIXES))
        if parsing is not None and parsing.is_dir():
            parsing = beside(parsing, source, api.PICTURE_SUFFIXES)
        if landmarks is not None and landmarks.is_dir():
            landmarks = beside(landmarks, source, api.LANDMARK_SUFFIXES)
        return api.landmarks(source, mask=mask, parsing=parsing, landmarks=landmarks)

    def _told(self, files: list[Path]) -> str | list[str] | None:
        if self.source.is_dir():
            return [str(file) for file in files]
        return str(files[0]) if files else None
