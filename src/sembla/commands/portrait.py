"""`sembla portrait`: faces and what is wanted of them in, the faces made anew there out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from sembla.commands.console import begin, counting, progress, say, say_json
from sembla.commands.folders import beside, check_folder, is_video, names_of, note_jpeg, one_each, whole_folder
from sembla.commands.making import told_from
from sembla.commands.options import Flag
from sembla.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from sembla.api import Synthesizer, Video

__all__ = ["Portrait"]


@dataclass(frozen=True)
class Portrait:
    """Make a face anew where another layout of its parts, or another face, asks for it; all else of the photo stays.

    Pixels further than 5 from the edit come back bit for bit, but in a video or JPEG. Parts are called background,
    skin, nose, eye_g (glasses), l_eye, r_eye, l_brow, r_brow, l_ear, r_ear, mouth (between the lips), u_lip, l_lip,
    hair, hat, ear_r (earring), neck_l (necklace), neck and cloth; left and right are the person's own.
    """

    photo: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="PHOTO|FOLDER|VIDEO")]
    """A picture of a face; with --model, also a folder of such, or a video (the extra video)."""
    parsing: Annotated[Path | None, tyro.conf.arg(metavar="MAP|FOLDER", help_behavior_hint="")] = None
    """The map of its parts in the classes of CelebAMask-HQ, ids or colours, of the photo's shape; or a folder of such,
    called as the photos are. Without: seen by the model."""
    layout: Annotated[Path | None, tyro.conf.arg(metavar="NEW_MAP|FOLDER", help_behavior_hint="")] = None
    """The map of the parts as they are wanted: a changed copy of MAP."""
    model: Annotated[Path | None, tyro.conf.arg(metavar="PACK_OR_RUN", help_behavior_hint="")] = None
    """A bundled pack by its name, or the folder of a run of sembla train portrait."""
    engine: Annotated[Literal["instant"] | None, tyro.conf.arg(help_behavior_hint="")] = None
    """How it is made without --model: of the photo itself, which needs --parsing and --layout, and no training."""
    reference: Annotated[Path | None, tyro.conf.arg(metavar="OTHER", help_behavior_hint="")] = None
    """Another face, in whose layout all of the face is made; with --parts, these parts of it, and how they look."""
    reference_parsing: Annotated[Path | None, tyro.conf.arg(metavar="MAP", help_behavior_hint="")] = None
    """The map of its parts. Without: seen by the model."""
    parts: Annotated[tuple[str, ...], tyro.conf.arg(metavar="PART [PART ...]", help_behavior_hint="")] = ()
    """What is taken from OTHER, such as hair."""
    redraw: Annotated[tuple[str, ...], tyro.conf.arg(metavar="PART [PART ...]", help_behavior_hint="")] = ()
    """What gets another look, drawn by chance from the seed."""
    whole: Flag = False
    """Make all of the face of the looks of its parts, and nothing of its pixels: a reconstruction. The background
    stays."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """A file; for a folder or video, a folder, or for a video an .mp4. Without: PHOTO-portrait.png here."""
    seed: int = 0
    """Same seed, same picture, bit for bit."""
    exact: Flag = False
    """With --model: compute in fp32 where bf16 would be faster."""
    device: str = "auto"
    """With --model: compute on auto, cpu, cuda, cuda:NUMBER or mps."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: out, width, height, edited (share of the pixels), seconds, seed, engine; for several, out,
    frames, seconds, seed, engine."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        from sembla import api  # loads after the options are read: --help stays fast

        if self.engine is not None and self.model is not None:
            raise InputError(
                f"--engine {self.engine} and --model came, which are two ways to make it; give one of them."
            )
        if self.reference_parsing is not None and self.reference is None:
            raise InputError("--reference-parsing came without --reference, whose map it is; give both.")
        if self._is_video or self.photo.is_dir():
            self._run_several()
            return
        out = self.out or Path(f"{self.photo.stem}-portrait.png")
        note_jpeg(out)
        api.check_output(out, suffixes=api.PICTURE_SUFFIXES, force=self.force, inputs=self._inputs)
        model = self._opened()
        with progress(1) as on_preview:
            result = api.portrait(
                self.photo,
                model=model,
                parsing=self._map(self.parsing, self.photo),
                layout=self._map(self.layout, self.photo),
                reference=self.reference,
                reference_parsing=self.reference_parsing,
                parts=self.parts,
                redraw=self.redraw,
                whole=self.whole,
                seed=self.seed,
                on_preview=on_preview,
            )
        api.write_picture(
            out, result.picture, settings=self._record(self.photo, told_from(out.parent)), force=self.force
        )
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
                "engine": self._engine,
            }
        )

    def _run_several(self) -> None:
        """A folder of pictures, or the frames of a video."""
        from sembla import api

        if self.model is None:
            raise InputError("a folder or video needs a trained model; give one with --model, or give one photo.")
        if self._is_video and (self.parsing or self.layout):
            raise InputError("maps came for a video, whose frames move; ask with --reference, --parts or --redraw.")
        if self.parsing is not None and not self.parsing.is_dir():
            raise InputError(f"--parsing {self.parsing} is one map, and several photos come; give a folder of maps.")
        given = api.open_video(self.photo) if self._is_video else list(api.find_pictures(self.photo))
        outs = self._outs(given)
        parsings, layouts = (self._maps(kind, given) for kind in (self.parsing, self.layout))
        model = self._opened()
        assert model is not None
        began = time.perf_counter()
        begin()
        with counting("making portraits") as on_count:
            pictures = api.portrait_frames(
                given,
                model=model,
                parsings=parsings,
                layouts=layouts,
                reference=self.reference,
                reference_parsing=self.reference_parsing,
                parts=self.parts,
                redraw=self.redraw,
                whole=self.whole,
                seed=self.seed,
                on_count=on_count,
            )
            if outs[0].suffix == ".mp4":
                assert not isinstance(given, list)
                api.write_video(outs[0], pictures, like=given, force=self.force)
            else:
                told = told_from(outs[0].parent)
                with whole_folder(outs[0].parent) as part:
                    for number, (picture, out) in enumerate(zip(pictures, outs, strict=True)):
                        file = given[number] if isinstance(given, list) else self.photo
                        record = self._record(file, told)
                        api.write_picture(part / out.name, picture, settings=record, force=self.force)
        if not self.json:
            for out in outs:
                say(str(out))
            return
        say_json(
            {
                "out": str(outs[0]) if outs[0].suffix == ".mp4" else [str(out) for out in outs],
                "frames": len(given),
                "seconds": round(time.perf_counter() - began, 4),
                "seed": self.seed,
                "engine": self._engine,
            }
        )

    @cached_property
    def _is_video(self) -> bool:
        return is_video(self.photo)

    @property
    def _engine(self) -> str:
        return "instant" if self.model is None else str(self.model)

    @property
    def _inputs(self) -> list[Path]:
        """The files that are read, which nothing is written over."""
        given = (self.photo, self.parsing, self.layout, self.reference, self.reference_parsing)
        return [path for path in given if path is not None and path.is_file()]

    def _opened(self) -> "Synthesizer | None":
        """The model, where one is given. Raises `InputError` for one that makes no portraits."""
        from sembla import api

        if self.model is None:
            return None
        model = api.load(self.model, exact=self.exact, device=self.device)
        api.check_portrait(model)
        return model

    def _map(self, given: Path | None, photo: Path) -> Path | None:
        """The map that belongs to a photo. Raises `InputError` where a folder lacks it."""
        return None if given is None else _of(given, photo)

    def _maps(self, given: Path | None, photos: "list[Path] | Video") -> list[Path]:
        """The map of each photo, where there are maps. Raises `InputError` where a folder lacks one."""
        return [_of(given, photo) for photo in photos] if given is not None and isinstance(photos, list) else []

    def _outs(self, given: "list[Path] | Video") -> list[Path]:
        """What is written. Raises `InputError` and `OutputError` where that cannot be."""
        from sembla import api

        if isinstance(given, list):
            if self.out is None:
                raise InputError("a folder of photos gives a folder of portraits; say where to put it with --out DIR.")
            out = self.out
        else:
            out = self.out or Path(f"{self.photo.stem}-portrait.mp4")
            if out.suffix.lower() == ".mp4":
                api.check_output(out, suffixes=(".mp4",), force=self.force, inputs=self._inputs)
                api.check_video(out, like=given)
                return [out]
        if out.suffix.lower() in api.PICTURE_SUFFIXES and not out.is_dir():
            raise OutputError(f"--out {out} names a picture, and several come; give a folder, or for a video an .mp4.")
        read = [self.photo, *(folder for folder in (self.parsing, self.layout) if folder is not None)]
        if any(out.resolve() == folder.resolve() for folder in read):
            raise OutputError(f"--out {out} would write among the photos or maps; give another folder.")
        check_folder(out)
        outs = one_each(names_of(given), out, suffix=".png")
        if out.exists():
            for file in outs:
                api.check_output(file, suffixes=api.PICTURE_SUFFIXES, force=self.force, inputs=self._inputs)
        return outs

    def _record(self, photo: Path, told: Callable[[Path], dict[str, str]]) -> dict[str, object]:
        """What a result says of how it was made; `told` is how it tells of files."""
        from sembla import api

        named = {
            "photo": photo,
            "parsing": self._map(self.parsing, photo),
            "layout": self._map(self.layout, photo),
            "reference": self.reference,
            "reference_parsing": self.reference_parsing,
            "model": None if self.model is None else api.model_folder(self.model) / "weights.safetensors",
        }
        files = {name: told(path) for name, path in named.items() if path is not None}
        asked: dict[str, object] = {"parts": list(self.parts), "redraw": list(self.redraw), "whole": self.whole}
        settings: dict[str, object] = {"version": api.__version__, "verb": "portrait", **files}
        if self.model is None:
            return {**settings, "engine": self._engine, "seed": self.seed}
        return {**settings, **asked, "seed": self.seed, "exact": self.exact}


def _of(given: Path, photo: Path) -> Path:
    """The map of a photo: a file, or in a folder the one that is called as it is."""
    from sembla import api

    return beside(given, photo, api.PICTURE_SUFFIXES) if given.is_dir() else given
