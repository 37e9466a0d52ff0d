"""`sembla analogy`: a new layout in, a new picture out."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import progress, say, say_json
from sembla.commands.making import Engine, Record, Settings, make, open_engine, read_usable, report
from sembla.commands.options import Flag
from sembla.commands.plan import Plan, plan_analogy
from sembla.commands.redo import redo
from sembla.core.errors import InputError, SizeError

if TYPE_CHECKING:
    from sembla.api import AnalogyRequest
    from sembla.core.tasks import AnalogyResult

__all__ = ["Analogy"]

_log = logging.getLogger("sembla")

_HEADINGS = ("photo", "its map", "layout", "result")
_MOST_ROWS = 200


@dataclass(frozen=True)
class Analogy:
    """Make a photo anew from a changed label map."""

    inputs: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE LABELS LAYOUT", help_behavior_hint="")
    ] = ()
    """Photo, its label map, and the wanted map or a folder of such; or one folder with img.*, label.*, cond/*."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """A file, or for many layouts a folder, which gets a contact sheet too. Without: LAYOUT-analogy.png here."""
    size: Annotated[int | None, tyro.conf.arg(metavar="PIXELS", help_behavior_hint="")] = None
    """Longest side of the result. Without: as large as the layout."""
    seed: int = 0
    """Same seed, same picture, bit for bit."""
    keep: bool = True
    """Leave pixels far from any changed label exactly as they are in the photo."""
    variations: int = 1
    """How many different pictures to make of each layout, 1 to 64: NAME-1.png, NAME-2.png and so on."""
    resize_labels: Flag = False
    """Scale a label map that has another size than its photo."""
    adopt_nearest: Flag = False
    """Read a class of a layout that LABELS lacks as the nearest of those in LABELS, instead of refusing it."""
    sequence: Flag = False
    """The layouts are the frames of a moving picture: let each start from the last, so that nothing flickers."""
    animate: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """Write the results as one moving picture too: .webp, .gif, .apng, or .mp4 with the extra [video]."""
    fps: float = 12.0
    """Frames a second of --animate."""
    engine: Annotated[Path | None, tyro.conf.arg(metavar="RUN", help_behavior_hint="")] = None
    """Let a trained model make the results: the folder of a run of sembla train. Without: the instant engine."""
    exact: Flag = False
    """Let the model compute in fp32 where bf16 would be faster."""
    device: str = "auto"
    """Where the model computes: auto, cpu, cuda, cuda:NUMBER or mps."""
    redo: Annotated[Path | None, tyro.conf.arg(metavar="PNG", help_behavior_hint="")] = None
    """Repeat a result from the record it carries, to --out or NAME-redo.png beside it. Takes no inputs."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: out, width, height, seconds, preview_seconds, classes, seed, engine."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        told = self._make() if self.redo is None else self._repeat(self.redo)
        if self.json:
            say_json(told)
            return
        outs = told["out"] if isinstance(told["out"], list) else [told["out"]]
        for out in (*outs, *(told[key] for key in ("sheet", "animation") if key in told)):
            say(str(out))

    def _repeat(self, png: Path) -> dict[str, object]:
        """See that nothing was asked for that the record decides, and follow the record."""
        free = {"redo", "out", "device", "force", "json", "debug"}
        for field in fields(self):
            if field.name not in free and getattr(self, field.name) != field.default:
                given = "inputs" if field.name == "inputs" else f"--{field.name.replace('_', '-')}"
                raise InputError(f"--redo takes inputs and settings from {png} itself; leave out {given}.")
        return redo(png, self.out, device=self.device, force=self.force)

    def _make(self) -> dict[str, object]:
        """Read everything, see that everything can be written, then make one result after the other."""
        from sembla import api  # loads after the options are read: --help stays fast

        plan = plan_analogy(self.inputs, self.out, variations=self.variations)
        plan, request = read_usable(plan, self._settings())
        self._check_moving(plan, request)
        engine = self._engine()
        if engine:
            request = api.for_engine(request, engine.model)
        plan.claim(force=self.force, animation=self.animate)
        results = self._write_results(plan, request, engine)
        told = report(plan, results, size=api.output_size(request.tasks[0]), engine=engine)
        if plan.sheet:
            told["sheet"] = str(plan.sheet)
            _write_sheet(plan.sheet, request, results, force=self.force)
        if self.animate:
            told["animation"] = str(self.animate)
            frames = [result.picture for result in results]
            api.write_animation(self.animate, frames, fps=self.fps, force=self.force)
        return told

    def _engine(self) -> Engine | None:
        """The trained model that was asked for. Raises `InputError` for options that would do nothing without one."""
        if self.engine is not None:
            return open_engine(self.engine, exact=self.exact, device=self.device)
        for option, given in (("--exact", self.exact), ("--device", self.device != "auto")):
            if given:
                raise InputError(
                    f"{option} came without --engine; it is for trained models, so name a run or leave it out."
                )
        return None

    def _write_results(self, plan: Plan, request: "AnalogyRequest", engine: Engine | None) -> list["AnalogyResult"]:
        """Make and write every result; of each, give back the first picture, small unless frames are wanted."""
        from sembla import api

        settings, results = self._settings(), []
        record = Record.start(plan, settings, engine)
        with progress(len(request.tasks) * settings.variations) as on_preview:
            for index, result in enumerate(make(request, settings, on_preview, engine=engine)):
                for number, (out, picture) in enumerate(zip(plan.outs[index], result.pictures, strict=True), 1):
                    about = record.of(out, index=index, variation=number)
                    api.write_picture(out, picture, settings=about, force=self.force)
                shown = result.picture if self.animate else api.thumbnail(result.picture)
                results.append(replace(result, pictures=(shown,)))
        return results

    def _settings(self) -> Settings:
        return Settings(
            seed=self.seed,
            keep=self.keep,
            size=self.size,
            variations=self.variations,
            resize_labels=self.resize_labels,
            adopt_nearest=self.adopt_nearest,
            sequence=self.sequence,
        )

    def _check_moving(self, plan: Plan, request: "AnalogyRequest") -> None:
        """Raise before any work what would spoil a sequence or an animation after it."""
        from sembla import api

        if plan.folder is None and (self.sequence or self.animate):
            raise InputError("--sequence and --animate need many layouts; give a folder of them instead of one file.")
        if self.sequence and self.variations != 1:
            raise InputError(f"--variations {self.variations} came with --sequence; make one, and more by --seed.")
        if self.animate:
            api.check_animation(self.animate, fps=self.fps)
            sizes = sorted({api.output_size(task) for task in request.tasks})
            if len(sizes) > 1:
                told = " and ".join(f"{width}x{height}" for width, height in sizes[:2])
                raise SizeError(f"--animate needs results of one size; {told} would come. Give layouts of one size.")


def _write_sheet(sheet: Path, request: "AnalogyRequest", results: Sequence["AnalogyResult"], *, force: bool) -> None:
    """One row a layout: the photo, its map, the layout, the result."""
    from sembla import api

    if len(results) > _MOST_ROWS:
        _log.info("%s shows the first %d of %d results.", sheet, _MOST_ROWS, len(results))
    source = request.tasks[0]
    left = [api.thumbnail(source.picture), api.thumbnail(api.colourize(source.labels, request.palette))]
    rows = [
        [*left, api.thumbnail(api.colourize(task.layout, request.palette)), api.thumbnail(result.picture)]
        for task, result in zip(request.tasks[:_MOST_ROWS], results[:_MOST_ROWS], strict=True)
    ]
    api.write_picture(sheet, api.contact_sheet(rows, headings=_HEADINGS), force=force)
