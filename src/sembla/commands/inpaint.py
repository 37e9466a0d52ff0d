"""`sembla inpaint`: faces with holes in, whole faces out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import progress, say, say_json
from sembla.commands.fills import FillName, fill_of
from sembla.commands.folders import check_folder, make_folder
from sembla.commands.making import seen_from
from sembla.commands.options import Flag
from sembla.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from sembla.core.tasks import InpaintResult

__all__ = ["Inpaint"]


@dataclass(frozen=True)
class Inpaint:
    """Fill holes in faces with a trained model; known pixels stay as they are, bit for bit.

    A folder of pictures is one person's: all are filled alike, in the order of their names. --strangers says otherwise.
    """

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE|FOLDER")]
    """A picture of a face, or a folder of such."""
    mask: Annotated[str, tyro.conf.arg(metavar="KIND|FILE|FOLDER", help_behavior_hint="(required)")]
    """What is missing: center, left, random, grid, checkboard, freehand or strokes, laid over the picture; or a picture
    of its size that is white there; or a folder of such, called as the pictures are."""
    model: Annotated[Path, tyro.conf.arg(metavar="PACK_OR_RUN", help_behavior_hint="(required)")]
    """A bundled pack by its name, or the folder of a run of sembla train inpaint."""
    landmarks: Annotated[Path | None, tyro.conf.arg(metavar="FILE|FOLDER", help_behavior_hint="")] = None
    """The face's 68 points: .json, .pts, .txt or .csv; for a folder, a folder. Without: found (the extra faces)."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """A file; for a folder, a folder. Without: IMAGE-whole.png here."""
    strangers: Flag = False
    """The pictures of the folder show several persons: fill each for itself."""
    search: FillName = "predicted"
    """How the face is found: read by the encoder, searched as published, or as by Yeh et al.: weighted as their paper
    says, released as their code does."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="COUNT", help_behavior_hint="")] = None
    """Of the search. Without: its own number; predicted has none."""
    seed: int = 0
    """Of searches: same seed, same filling."""
    exact: Flag = False
    """Compute in fp32 where bf16 would be faster."""
    device: str = "auto"
    """Compute on auto, cpu, cuda, cuda:NUMBER or mps."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: out, seconds, seed, model."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        fill = fill_of(self.search, self.steps)
        from sembla import api

        sources, outs = self._plan()
        found = [self._found(source) for source in sources]
        self._claim(outs, [*sources, *(file for one in found for file in one.files)])
        faces = [
            api.damage(source, one.mask, landmarks=one.landmarks) for source, one in zip(sources, found, strict=True)
        ]
        model = api.load(self.model, exact=self.exact, device=self.device)
        with progress(1) as on_preview:
            result = api.inpaint(
                faces, model=model, shared=not self.strangers, seed=self.seed, fill=fill, on_preview=on_preview
            )
        self._write(sources, found, outs, result)
        if self.json:
            told = str(outs[0]) if self.source.is_file() else [str(out) for out in outs]
            say_json({"out": told, "seconds": round(result.seconds, 4), "seed": self.seed, "model": str(self.model)})
            return
        for out in outs:
            say(str(out))

    def _plan(self) -> tuple[list[Path], list[Path]]:
        """What is read, and what is written. Raises `OutputError` for what exists or cannot be written."""
        from sembla import api

        if self.source.is_dir():
            if self.out is None:
                raise InputError("a folder of faces gives a folder of faces; say where to put it with --out DIR.")
            sources = list(api.find_pictures(self.source))
            outs = [self.out / f"{source.stem}.png" for source in sources]
            if len(set(outs)) < len(outs):
                raise InputError(f"{self.source} holds pictures of one name with several endings; keep one of each.")
            if self.out.resolve() == self.source.resolve():
                raise OutputError(f"--out {self.out} would write among the pictures; give another folder.")
            return sources, outs
        return [self.source], [self.out or Path(f"{self.source.stem}-whole.png")]

    def _claim(self, outs: list[Path], inputs: list[Path]) -> None:
        """See that files can be written. Raises `OutputError`."""
        from sembla import api

        if self.source.is_dir():
            assert self.out is not None
            check_folder(self.out)
        for out in outs:
            if out.parent.exists() or not self.source.is_dir():
                api.check_output(out, suffixes=api.PICTURE_SUFFIXES, force=self.force, inputs=inputs)

    def _found(self, source: Path) -> "Found":
        """What belongs to a picture. Raises `InputError` where a folder lacks it."""
        from sembla import api

        mask: str | Path = self.mask
        if Path(mask).is_dir():
            mask = _beside(Path(mask), source, api.PICTURE_SUFFIXES)
        points = self.landmarks
        if points is not None and points.is_dir():
            points = _beside(points, source, api.LANDMARK_SUFFIXES)
        return Found(str(mask), points)

    def _write(self, sources: list[Path], found: "list[Found]", outs: list[Path], result: "InpaintResult") -> None:
        from sembla import api

        if self.source.is_dir():
            make_folder(outs[0].parent)
        weights = api.model_folder(self.model) / "weights.safetensors"
        digest = api.digest(weights)
        for source, one, out, picture in zip(sources, found, outs, result.pictures, strict=True):

            def told(file: Path, out: Path = out) -> dict[str, str]:
                return {"path": seen_from(out.parent, file), "sha256": api.digest(file)}

            mask = Path(one.mask)
            settings: dict[str, object] = {
                "version": api.__version__,
                "verb": "inpaint",
                "seed": self.seed,
                "search": self.search,
                "steps": self.steps,
                "exact": self.exact,
                "shared": len(sources) > 1 and not self.strangers,
                "image": told(source),
                "mask": told(mask) if mask.is_file() else one.mask,
                "landmarks": None if one.landmarks is None else told(one.landmarks),
                "model": {"path": seen_from(out.parent, weights), "sha256": digest},
            }
            api.write_picture(out, picture, settings=settings, force=self.force)


@dataclass(frozen=True)
class Found:
    """What belongs to a picture."""

    mask: str
    """A kind, or a file."""
    landmarks: Path | None

    @property
    def files(self) -> list[Path]:
        """Those that are read."""
        return [file for file in (Path(self.mask), self.landmarks) if file is not None and file.is_file()]


def _beside(folder: Path, source: Path, suffixes: tuple[str, ...]) -> Path:
    """The file of a folder that is called as a picture is. Raises `InputError` where there is none."""
    for suffix in suffixes:
        for path in (folder / f"{source.stem}{suffix}", folder / f"{source.stem}{suffix.upper()}"):
            if path.is_file():
                return path
    raise InputError(f"{folder} holds no {source.stem}{' or '.join(suffixes)}; each picture needs one.")
