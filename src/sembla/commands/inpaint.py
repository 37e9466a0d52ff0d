"""`sembla inpaint`: faces with holes in, whole faces out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from sembla.commands.console import begin, counting, progress, say, say_json
from sembla.commands.folders import beside, check_folder, is_video, names_of, note_jpeg, one_each, whole_folder
from sembla.commands.making import told_from
from sembla.commands.options import Flag
from sembla.core.errors import InputError, OutputError
from sembla.core.ways import FillName, fill_of

if TYPE_CHECKING:
    from sembla.api import Video
    from sembla.core.tasks import OnCount, OnPreview
    from sembla.core.types import Picture
    from sembla.core.ways import Fill

__all__ = ["Inpaint"]


@dataclass(frozen=True)
class Inpaint:
    """Fill holes in faces with a trained model; known pixels stay as they are, bit for bit, but in a video or JPEG.

    The pictures of a folder or video are of one person: all are filled alike, in the order of their names. --strangers
    says otherwise.
    """

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE|FOLDER|VIDEO")]
    """A picture of a face, a folder of such, or a video (the extra video)."""
    mask: Annotated[str, tyro.conf.arg(metavar="KIND|FILE|FOLDER|VIDEO", help_behavior_hint="(required)")]
    """What is missing: center, left, random, grid, checkboard, freehand or strokes, laid over the picture; or a picture
    of its size that is white there; or a folder of such, called as the pictures are, or in the order of a video's
    frames; or a video of such."""
    model: Annotated[Path, tyro.conf.arg(metavar="PACK_OR_RUN", help_behavior_hint="(required)")]
    """A bundled pack by its name, or the folder of a run of sembla train inpaint."""
    landmarks: Annotated[Path | None, tyro.conf.arg(metavar="FILE|FOLDER", help_behavior_hint="")] = None
    """The face's 68 points: .json, .pts, .txt or .csv; for a folder, a folder of them; for a folder or video, those of
    all frames in one file too: .npy or .npz. Without: found (the extra faces)."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """A file; for a folder or video, a folder, or an .mp4 with the sound of the video. Without: IMAGE-whole.png or
    VIDEO-whole.mp4 here."""
    fps: float = 25.0
    """Frames a second of an .mp4 of a folder, 0.1 to 100; that of a video has the times of its frames."""
    strangers: Flag = False
    """The pictures show several persons: fill each for itself."""
    search: FillName = "predicted"
    """How the face is found: read by the encoder, searched as published, or as by Yeh et al.: weighted as their paper
    says, released as their code does."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="COUNT", help_behavior_hint="")] = None
    """Of the search. Without: its own number; that of predicted is 0, and some bring it nearer."""
    seed: int = 0
    """Of searches: same seed, same filling."""
    exact: Flag = False
    """Compute in fp32 where bf16 would be faster."""
    device: str = "auto"
    """Compute on auto, cpu, cuda, cuda:NUMBER or mps."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: out, frames, seconds, seed, model."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        fill = self._fill
        from sembla import api

        given = self._given()
        outs = self._outs(given)
        self._claim(outs, given)
        model = api.load(self.model, exact=self.exact, device=self.device)
        api.check_inpaint(model)
        with counting("looking at frames") as on_count:
            frames = api.damage_frames(
                given.pictures, given.mask, landmarks=given.landmarks, shared=not self.strangers, on_count=on_count
            )
        began = time.perf_counter()
        with _following(len(frames)) as (on_preview, on_count):
            pictures = api.inpaint_frames(
                frames, model=model, seed=self.seed, fill=fill, on_preview=on_preview, on_count=on_count
            )
            self._write(pictures, outs, given)
        self._tell(outs, frames=len(frames), seconds=time.perf_counter() - began)

    @cached_property
    def _fill(self) -> "Fill":
        """Raises `InputError` for steps of no use."""
        return fill_of(self.search, self.steps)

    def _given(self) -> "Given":
        """What is read. Raises `InputError` for what is not there."""
        from sembla import api

        if is_video(self.source):
            return Given(api.open_video(self.source), self._masks(None), self._points(None))
        pictures = list(api.find_pictures(self.source)) if self.source.is_dir() else [self.source]
        return Given(pictures, self._masks(pictures), self._points(pictures))

    def _masks(self, pictures: list[Path] | None) -> "str | list[Path] | Video":
        """One for all, or one for each of pictures; None is a video."""
        from sembla import api

        folder = Path(self.mask)
        if is_video(folder):
            return api.open_video(folder)
        if not folder.is_dir():
            return self.mask
        if pictures is None:
            return list(api.find_pictures(folder))
        return [beside(folder, picture, api.PICTURE_SUFFIXES) for picture in pictures]

    def _points(self, pictures: list[Path] | None) -> Path | list[Path] | None:
        """The file of all, or one for each of pictures; None is a video."""
        from sembla import api

        if self.landmarks is None or self.landmarks.suffix.lower() in api.TRACK_SUFFIXES:
            return self.landmarks
        if pictures is None:
            raise InputError(
                f"--landmarks {self.landmarks}: the points of a video's frames are one file, .npy or .npz."
            )
        if not self.landmarks.exists():
            raise InputError(f"--landmarks {self.landmarks}: no such file or folder; check the path.")
        if self.landmarks.is_dir():
            return [beside(self.landmarks, picture, api.LANDMARK_SUFFIXES) for picture in pictures]
        return [self.landmarks] * len(pictures)

    @property
    def _alone(self) -> bool:
        """Whether there is one picture."""
        return not self.source.is_dir() and not is_video(self.source)

    @property
    def _to_video(self) -> bool:
        """Whether a video is written."""
        return not self._alone and is_video(self.source if self.out is None else self.out)

    @property
    def _to_folder(self) -> bool:
        """Whether a file is written for each picture."""
        return not self._alone and not self._to_video

    def _outs(self, given: "Given") -> list[Path]:
        """What is written: one file, or one a picture. Raises `InputError` and `OutputError` where that cannot be."""
        from sembla import api

        if self._alone:
            out = self.out or Path(f"{self.source.stem}-whole.png")
            note_jpeg(out)
            return [out]
        if self.out is None and self.source.is_dir():
            raise InputError("a folder of faces gives a folder of faces; say where to put it with --out DIR.")
        out = self.out or Path(f"{self.source.stem}-whole.mp4")
        if self._to_video:
            return [out]
        if out.suffix.lower() in api.PICTURE_SUFFIXES and not out.is_dir():
            raise OutputError(f"--out {out} names a picture, and several come; give a folder, or an .mp4.")
        outs = one_each(names_of(given.pictures), out, suffix=".png")
        if out.resolve() == self.source.resolve():
            raise OutputError(f"--out {out} would write among the pictures; give another folder.")
        return outs

    def _claim(self, outs: list[Path], given: "Given") -> None:
        """See that files can be written. Raises `OutputError`."""
        from sembla import api

        suffixes: tuple[str, ...] = api.PICTURE_SUFFIXES
        if self._to_video:
            suffixes = (".mp4",)
            api.check_video(outs[0], like=given.video, fps=self.fps)
        elif self._to_folder:
            check_folder(outs[0].parent)
        for out in outs:
            if out.parent.exists() or not self._to_folder:
                inputs = given.files if out.exists() else []
                api.check_output(out, suffixes=suffixes, force=self.force, inputs=inputs)

    def _write(self, pictures: "Iterator[Picture]", outs: list[Path], given: "Given") -> None:
        from sembla import api

        if self._to_video:
            api.write_video(outs[0], pictures, like=given.video, fps=self.fps, force=self.force)
        elif self._to_folder:
            with whole_folder(outs[0].parent) as part:
                self._write_pictures(pictures, outs, given, into=part)
        else:
            self._write_pictures(pictures, outs, given, into=outs[0].parent)

    def _write_pictures(self, pictures: "Iterator[Picture]", outs: list[Path], given: "Given", *, into: Path) -> None:
        """Write each into a folder that is, or becomes, that of `outs`."""
        from sembla import api

        weights, told = api.model_folder(self.model) / "weights.safetensors", told_from(outs[0].parent)
        for number, (picture, out) in enumerate(zip(pictures, outs, strict=True)):
            settings: dict[str, object] = {
                "version": api.__version__,
                "verb": "inpaint",
                "seed": self.seed,
                "search": self.search,
                "steps": self._fill.steps,
                "exact": self.exact,
                "shared": len(outs) > 1 and not self.strangers,
                "frame": number + 1,
                "model": told(weights),
                **{name: told(its) if isinstance(its, Path) else its for name, its in given.of(number).items()},
            }
            api.write_picture(into / out.name, picture, settings=settings, force=self.force)

    def _tell(self, outs: list[Path], *, frames: int, seconds: float) -> None:
        if not self.json:
            for out in outs:
                say(str(out))
            return
        say_json(
            {
                "out": [str(out) for out in outs] if self._to_folder else str(outs[0]),
                "frames": frames,
                "seconds": round(seconds, 4),
                "seed": self.seed,
                "model": str(self.model),
            }
        )


@dataclass(frozen=True)
class Given:
    """What is read."""

    pictures: "list[Path] | Video"
    mask: "str | list[Path] | Video"
    """A kind or a file; or one for each."""
    landmarks: Path | list[Path] | None
    """A file of all; or one for each."""

    @property
    def video(self) -> "Video | None":
        """The pictures, where they are a video."""
        return None if isinstance(self.pictures, list) else self.pictures

    def of(self, number: int) -> dict[str, Path | str | None]:
        """What belongs to a picture: files, or the kind of its mask."""
        mask = _one(self.mask, number)
        return {
            "image": _one(self.pictures, number),
            "mask": Path(mask) if Path(mask).is_file() else mask,
            "landmarks": _one(self.landmarks, number),
        }

    @property
    def files(self) -> list[Path]:
        """Those that are read."""
        every: list[Any] = []
        for things in (self.pictures, self.mask, self.landmarks):
            every += things if isinstance(things, list) else [_one(things, 0)]
        return [Path(its) for its in every if its is not None and Path(its).is_file()]


@contextmanager
def _following(count: int) -> "Iterator[tuple[OnPreview | None, OnCount | None]]":
    """A bar for one picture, or for frames."""
    if count == 1:
        with progress(1) as on_preview:
            yield on_preview, None
        return
    begin()
    with counting("filling frames") as on_count:
        yield None, on_count


def _one(things: "Path | str | list[Path] | Video | None", number: int) -> Any:
    """What belongs to a picture, of one for all or one for each; a video is its file."""
    if isinstance(things, list):
        return things[number]
    return things if things is None or isinstance(things, (Path, str)) else things.path
