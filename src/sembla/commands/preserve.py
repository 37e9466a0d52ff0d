"""`sembla preserve`: regions in, pictures that mean the same there out."""

import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import tyro

from sembla.commands.console import progress, say, say_json
from sembla.commands.folders import check_folder, whole_folder
from sembla.commands.making import seen_from
from sembla.commands.options import Flag
from sembla.core.errors import InputError
from sembla.core.ways import MEANING, FeaturesName, SearchName, search_of

if TYPE_CHECKING:
    from sembla.core.tasks import Kept, PreserveResult
    from sembla.core.ways import Search
    from sembla.runs.synthesizer import Synthesizer

__all__ = ["Preserve"]

_log = logging.getLogger("sembla")

Several: TypeAlias = Annotated[tuple[str, ...], tyro.conf.UseAppendAction]

_REGION = re.compile(
    r"(?:(?P<file>.+)=)?(?P<place>-?\d{1,9},-?\d{1,9},-?\d{1,9},-?\d{1,9})(?:\*(?P<weight>[\d.]+))?(?P<lock>!)?"
)
_MASK = re.compile(r"(?P<place>.+?)(?:\*(?P<weight>[\d.]+))?(?P<lock>!)?")


@dataclass(frozen=True)
class Given:
    """One region as it was given."""

    picture: Path
    place: tuple[int, int, int, int] | Path
    """A rectangle, or the file of a mask."""
    weight: float
    locked: bool


@dataclass(frozen=True)
class Preserve:
    """Keep what a region means and make the rest anew, many times over, with a trained prior.

    Regions may come from several pictures. The model sees the middle square of each, at its own size.
    """

    reference: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="REF")]
    """A picture; regions are of it unless they name another file."""
    model: Annotated[Path, tyro.conf.arg(metavar="PACK_OR_RUN", help_behavior_hint="(required)")]
    """A bundled pack by its name, or the folder of a run of sembla train preserve."""
    region: Annotated[Several, tyro.conf.arg(metavar="[FILE=]X,Y,W,H[*WEIGHT][!]", help_behavior_hint="")] = ()
    """A rectangle to keep: left, top, width, height in pixels; ! locks it. May be given several times; later ones lie
    on top."""
    mask: Annotated[Several, tyro.conf.arg(metavar="[FILE=]MASK[*WEIGHT][!]", help_behavior_hint="")] = ()
    """A picture of the size of REF (or FILE) that is white where it is to be kept; ! locks it. May be given
    several times."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="")] = None
    """A folder for what is written. Without: REF-preserve here."""
    seed: int = 0
    """Same seed, same pictures."""
    candidates: int = 36
    """How many are looked for together, 1 to 256."""
    shown: int = 9
    """How many of them are chosen and written one by one, 1 to 256."""
    diverse: Flag = False
    """Choose good ones that differ, and not the best."""
    lock: Flag = False
    """Lock all regions: bring back their very pixels; what is around them shifts to meet them."""
    search: SearchName = "steered"
    """Ours, or the published ones for faces and for bedrooms, or pixels alone (iGAN)."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="COUNT", help_behavior_hint="")] = None
    """Of the search. Without: its own number."""
    meaning: float = MEANING
    """Of the search steered: what counts, from 0 (colours, pixel by pixel) to 1 (what a network sees deepest)."""
    gram: Flag = False
    """Of the searches faces and bedrooms: compare how alike places are to one another, and not what is there."""
    hard: Flag = False
    """Of the search faces: only cells of the network's planes count that lie within a region wholly."""
    features: FeaturesName = ""
    """Compare through vgg19, squeezenet, the critic of a model that was trained so, or none, for colours. Without: what
    the model learned with, or else the best at hand."""
    exact: Flag = False
    """Compute in fp32 where bf16 would be faster."""
    device: str = "auto"
    """Compute on auto, cpu, cuda, cuda:NUMBER or mps."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: out, pictures, distances, strangeness, seconds, seed, model."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        given = self._regions()
        search = self._search
        from sembla import api

        out = self.out or Path(f"{self.reference.stem}-preserve")
        files = self._files(out)
        self._claim(out, files, given)
        model = api.load(self.model, exact=self.exact, device=self.device)
        kept = [self._kept(one, model) for one in given]
        with progress(1) as on_preview:
            result = api.preserve(
                kept,
                model=model,
                seed=self.seed,
                candidates=self.candidates,
                shown=self.shown,
                diverse=self.diverse,
                search=search,
                features=self.features,
                on_preview=on_preview,
            )
        if api.is_strange(result):
            _log.warning("%s", api.strangeness_note(result, self.model))
        self._write(out, result, given)
        self._tell(out, result)

    def _regions(self) -> list[Given]:
        """All regions, rectangles first. Raises `InputError` for what is none, and where there is none."""
        if not self.region and not self.mask:
            raise InputError("no region came; say what is to be kept with --region X,Y,W,H or --mask FILE.")
        found = []
        for text in self.region:
            match = _REGION.fullmatch(text)
            if match is None:
                raise InputError(f"--region {text} came; expected X,Y,W,H in pixels, such as 20,30,40,24.")
            left, top, width, height = map(int, match["place"].split(","))
            found.append(
                Given(
                    self._picture(match["file"]), (left, top, width, height), _weight(match, text), self._locked(match)
                )
            )
        for text in self.mask:
            if Path(text).is_file():  # whatever signs its name holds
                found.append(Given(self.reference, Path(text), 1.0, self.lock))
                continue
            match = _MASK.fullmatch(text)
            if match is None:
                raise InputError(f"--mask {text!r} came; give the file of a mask.")
            file, sign, place = match["place"].rpartition("=")
            if not sign or Path(match["place"]).is_file():
                file, place = "", match["place"]
            found.append(Given(self._picture(file), Path(place), _weight(match, text), self._locked(match)))
        return found

    def _picture(self, file: str | None) -> Path:
        return Path(file) if file else self.reference

    def _locked(self, match: "re.Match[str]") -> bool:
        return self.lock or match["lock"] is not None

    @cached_property
    def _search(self) -> "Search":
        """Raises `InputError` for steps and settings of no use."""
        if not 0 <= self.meaning <= 1:
            raise InputError(f"--meaning {self.meaning} came; give 0 to 1.")
        if self.meaning != MEANING and self.search != "steered":
            raise InputError(f"--meaning came with --search {self.search}; it is for steered, so leave it out.")
        return search_of(self.search, self.steps, meaning=self.meaning, gram=self.gram, hard=self.hard)

    def _files(self, out: Path) -> list[Path]:
        from sembla import api

        count = max(0, min(self.shown, self.candidates))
        names = [*api.VIEWS, *(f"{number:02d}" for number in range(1, count + 1))]
        return [out / f"{name}.png" for name in names]

    def _claim(self, out: Path, files: list[Path], given: list[Given]) -> None:
        """See that files can be written. Raises `OutputError`."""
        from sembla import api

        inputs = [
            self.reference,
            *(one.picture for one in given),
            *(p.place for p in given if isinstance(p.place, Path)),
        ]
        check_folder(out)
        for file in files:
            if out.exists():
                api.check_output(file, suffixes=api.PICTURE_SUFFIXES, force=self.force, inputs=inputs)

    def _kept(self, one: Given, model: "Synthesizer") -> "Kept":
        from sembla import api

        if isinstance(one.place, Path):
            return api.keep(one.picture, model=model, mask=one.place, weight=one.weight, locked=one.locked)
        return api.keep(one.picture, model=model, region=one.place, weight=one.weight, locked=one.locked)

    def _write(self, out: Path, result: "PreserveResult", given: list[Given]) -> None:
        from sembla import api

        views = [*api.views_of(result).values(), *result.pictures]
        weights = api.model_folder(self.model) / "weights.safetensors"
        settings: dict[str, object] = {
            "version": api.__version__,
            "verb": "preserve",
            "seed": self.seed,
            "candidates": self.candidates,
            "diverse": self.diverse,
            "search": self.search,
            "steps": self._search.steps,
            "meaning": self.meaning,
            "gram": self.gram,
            "hard": self.hard,
            "features": self.features,
            "exact": self.exact,
            "regions": [_told(out, one) for one in given],
            "model": {"path": seen_from(out, weights), "sha256": api.digest(weights)},
        }
        with whole_folder(out) as part:
            for file, picture in zip(self._files(part), views, strict=True):
                api.write_picture(file, picture, settings=settings)
        self._clear(out, len(result.pictures))

    def _clear(self, out: Path, count: int) -> None:
        """Of a folder whose files were replaced, take away those that an earlier run chose beyond so many."""
        from sembla import api

        for file in out.glob("[0-9][0-9]*.png") if self.force else ():
            with suppress(InputError):  # a picture of somebody else's
                if file.stem.isdigit() and int(file.stem) > count and api.read_settings(file)["verb"] == "preserve":
                    file.unlink()

    def _tell(self, out: Path, result: "PreserveResult") -> None:
        chosen = [str(file) for file in self._files(out)[-len(result.pictures) :]]
        if not self.json:
            say(str(out / "all.png"))
            for file in chosen:
                say(file)
            return
        say_json(
            {
                "out": str(out),
                "pictures": chosen,
                "distances": [round(one, 6) for one in result.distances],
                "strangeness": round(result.strangeness, 3),
                "seconds": round(result.seconds, 4),
                "seed": result.seed,
                "model": str(self.model),
            }
        )


def _weight(match: "re.Match[str]", text: str) -> float:
    """Raises `InputError` for what is no number above 0."""
    try:
        weight = float(match["weight"] or 1)
    except ValueError:
        weight = 0.0
    if not weight > 0:
        raise InputError(f"{text} came; a weight is a number above 0.")
    return weight


def _told(out: Path, one: Given) -> dict[str, object]:
    """A region as it is recorded."""
    from sembla import api

    place: object = {"path": seen_from(out, one.place)} if isinstance(one.place, Path) else list(one.place)
    return {
        "picture": {"path": seen_from(out, one.picture), "sha256": api.digest(one.picture)},
        "place": place,
        "weight": one.weight,
        "locked": one.locked,
    }
