"""`sembla scene`: a label map in, a photo out."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import progress, say, say_json
from sembla.commands.options import Flag
from sembla.commands.scene_work import Engine, Finished, Folder, Job, bank_engine, model_engine, read_looks
from sembla.core.errors import InputError, OutputError

if TYPE_CHECKING:
    from sembla.core.tasks import OnPreview

__all__ = ["Scene"]

_log = logging.getLogger("sembla")

_MOST_ROWS = 200
_TOLD = 10  # photos that --credits lists


@dataclass(frozen=True)
class Scene:
    """Make photos of what label maps say: from a bank of labelled photos, or with a trained model.

    A bank needs no training. It copies by design: every pixel is from one of its photos, and --credits says from which.
    """

    labels: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LABELS")]
    """A label map, in ids or in the colours of the classes; or a folder of such."""
    bank: Annotated[Path | None, tyro.conf.arg(metavar="PREPARED_DIR", help_behavior_hint="")] = None
    """Take from the photos of a prepared set (sembla prepare); of one with splits, from "train" alone."""
    model: Annotated[Path | None, tyro.conf.arg(metavar="PACK_OR_RUN", help_behavior_hint="")] = None
    """Let a trained model make the photos: a bundled pack by its name, or the folder of a run of sembla train."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """A file; for a folder of maps a folder, which gets images/ and labels/. Without: LABELS-scene.png here."""
    seed: int = 0
    """Same seed, same picture, bit for bit; another seed begins with another photo of the bank."""
    style: Annotated[Path | None, tyro.conf.arg(metavar="REF", help_behavior_hint="")] = None
    """A photo whose colours and light are wanted."""
    look: Annotated[
        tuple[tuple[str, ...], ...],
        tyro.conf.UseAppendAction,
        tyro.conf.arg(metavar="CLASS=SEED [CLASS=SEED ...]", help_behavior_hint=""),
    ] = ()
    """With --model: classes, by name or id, whose look follows from a seed of their own."""
    instances: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="")] = None
    """With --model: a map of instances, for a model that was trained with edges; for a folder of maps, a folder."""
    variations: int = 1
    """How many different pictures to make of each map, 1 to 64: NAME-1.png, NAME-2.png and so on."""
    credits: Flag = False
    """Say how much of the pictures is from which photo of the bank."""
    exact: Flag = False
    """With --model: compute in fp32 where bf16 would be faster."""
    device: str = "auto"
    """With --model: compute on auto, cpu, cuda, cuda:NUMBER or mps."""
    resume: Flag = False
    """Of a folder: go on where the same command stopped; what is finished stays."""
    force: Flag = False
    """Replace files that exist."""
    json: Flag = False
    """Print one JSON object: out, width, height, seconds, seed, engine; with --credits those too."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was written."""
        self._check()
        from sembla import api

        engine = self._engine()
        api.check_scene(
            engine.made,
            style=self.style is not None,
            looks=bool(self.look),
            instances=self.instances is not None,
            variations=self.variations,
        )
        job = Job(
            engine,
            seed=self.seed,
            style=self.style,
            looks=read_looks([one for given in self.look for one in given], engine.label_set),
            instances=self.instances,
            variations=self.variations,
            force=self.force,
        )
        if self.labels.is_dir():
            self._make_folder(job)
        else:
            self._make_one(job)

    def _check(self) -> None:
        """Refuse options that contradict each other."""
        if (self.bank is None) == (self.model is None):
            came = "neither" if self.bank is None else "both"
            raise InputError(f"--bank or --model say what makes the photo; {came} came. Give one of them.")
        for option, given in (
            ("--exact", self.exact),
            ("--device", self.device != "auto"),
            ("--look", bool(self.look)),
            ("--instances", self.instances is not None),
        ):
            if given and self.model is None:
                raise InputError(f"{option} came without --model; it is for trained models, so leave it out.")
        if self.instances is not None and self.instances.is_dir() != self.labels.is_dir():
            raise InputError(
                f"--instances {self.instances} came for {self.labels}; give a file for a file, a folder for a folder."
            )
        if self.credits and self.bank is None:
            raise InputError("--credits came without --bank; a trained model copies nothing, so leave it out.")
        if self.resume and not self.labels.is_dir():
            raise InputError("--resume came for a single map; it is for folders, so leave it out.")

    def _engine(self) -> Engine:
        if self.bank is not None:
            return bank_engine(self.bank)
        assert self.model is not None
        return model_engine(self.model, exact=self.exact, device=self.device)

    def _make_one(self, job: Job) -> None:
        out = self.out or Path()
        if out.is_dir():
            out = out / f"{self.labels.stem}-scene.png"
        outs = job.numbered(out)
        job.claim(outs, inputs=[self.labels])
        with job.reading(self.labels) as task, progress(self.variations) as on_preview:
            finished = job.write(task, self.labels, outs, on_preview=on_preview)
        self._tell([finished], single=True)

    def _make_folder(self, job: Job) -> None:
        """Make the pairs of this process's share, leave out what cannot be used, and lay a sheet."""
        from sembla import api

        if self.out is None:
            raise InputError("a folder of maps gives a folder of pairs; say where to put it with --out DIR.")
        if self.labels.resolve() in {(self.out / part).resolve() for part in ("", "images", "labels")}:
            raise OutputError(f"--out {self.out} would write among the label maps; give another folder.")
        folder = job.folder(self.out, api.find_pictures(self.labels), resume=self.resume)
        done: list[Finished] = []
        with progress(len(folder.todo) * self.variations) as on_preview:
            left_out = self._make_all(job, folder.todo, done, on_preview)
        if left_out and not done and not folder.finished:
            folder.undo()
            raise left_out[0]
        for error in left_out:
            _log.info("left out: %s", error)
        sheet = folder.first and (bool(done) or not folder.sheet.exists())
        if sheet:
            self._write_sheet(folder)
        self._tell(done, single=False, sheet=folder.sheet if sheet else None, kept=folder.finished)

    @staticmethod
    def _make_all(
        job: Job, todo: list[tuple[Path, tuple[Path, ...]]], done: list[Finished], on_preview: "OnPreview | None"
    ) -> list[InputError]:
        """Make pair after pair; gives back what was wrong with those that were left out."""
        left_out = []
        for labels, outs in todo:
            try:
                with job.reading(labels) as task:
                    done.append(job.write(task, labels, outs, on_preview=on_preview, pairs=True))
            except InputError as error:
                left_out.append(error)
        return left_out

    @staticmethod
    def _write_sheet(folder: Folder) -> None:
        """Of all pairs that there are, whenever they were made."""
        from sembla import api

        rows = [
            [api.thumbnail(api.read_picture(file)) for file in (labels, picture)]
            for picture, labels in folder.pairs(_MOST_ROWS)
        ]
        api.write_picture(folder.sheet, api.contact_sheet(rows, headings=("label map", "photo")), force=True)

    def _tell(self, done: list[Finished], *, single: bool, sheet: Path | None = None, kept: int = 0) -> None:
        """Print what was written, and what it is made of."""
        outs = [str(out) for finished in done for out in finished.outs]
        if self.json:
            told: dict[str, object] = {
                "out": outs[0] if single and len(outs) == 1 else outs,
                "width": done[0].size[0] if done else None,
                "height": done[0].size[1] if done else None,
                "seconds": round(sum(finished.seconds for finished in done), 4),
                "seed": self.seed,
                "engine": str(self.bank or self.model),
            }
            told |= {} if single else {"kept": kept, "sheet": str(sheet) if sheet else None}
            if self.credits:
                told["credits"] = {
                    str(out): dict(one) for f in done for out, one in zip(f.outs, f.credits, strict=True)
                }
            say_json(told)
            return
        for line in (*outs, *([str(sheet)] if sheet else [])):
            say(line)
        if self.credits and done:
            self._say_credits(done)

    @staticmethod
    def _say_credits(done: list[Finished]) -> None:
        """The photos that most pixels of all pictures are from."""
        totals: dict[str, float] = {}
        pictures = [one for finished in done for one in finished.credits]
        for one in pictures:
            for name, share in one.items():
                totals[name] = totals.get(name, 0) + share / len(pictures)
        ordered = sorted(totals.items(), key=lambda entry: -entry[1])
        for name, share in ordered[:_TOLD]:
            say(f"{share:6.1%} {name}")
        if len(ordered) > _TOLD:
            rest = sum(share for _, share in ordered[_TOLD:])
            say(f"{rest:6.1%} from {len(ordered) - _TOLD} more photos")
