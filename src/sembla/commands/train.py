"""`sembla train`: data in, a run out, that can be stopped and gone on with."""

import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from sembla.commands.console import say, say_json, training
from sembla.commands.options import File, Flag
from sembla.commands.settings import changed
from sembla.core.errors import InputError

if TYPE_CHECKING:
    from sembla.api import Choices, Trained, TrainingPlan

__all__ = ["Train"]

_Number = Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="")]


@dataclass(frozen=True)
class Train:
    """Train a method; --any.setting VALUE changes one of its recipe, which sembla recipes METHOD lists."""

    method: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="METHOD")]
    """One of those that sembla methods lists."""
    data: Annotated[Path, tyro.conf.arg(metavar="PATH")]
    """What it is trained on: a folder with img.* and label.*, or a set that sembla prepare made."""
    run_folder: Annotated[Path | None, tyro.conf.arg(name="run", metavar="DIR", help_behavior_hint="")] = None
    """A new folder for checkpoints, weights, log, previews and report."""
    recipe: Annotated[str | None, tyro.conf.arg(metavar="NAME", help_behavior_hint="")] = None
    """Settings to begin with. Without: the method's first recipe."""
    config: File = None
    """A YAML file of settings, such as config.yaml of another run."""
    steps: _Number = None
    """Steps in all. Without: as the recipe says."""
    seed: _Number = None
    """Same seed, same weights, on a CPU. Without: 0."""
    batch: _Number = None
    """Images a step, over all processes. Without: as the recipe says."""
    accumulate: _Number = None
    """Parts that a step is computed in, one after another: less memory, same result."""
    precision: Annotated[
        Literal["fp32", "bf16", "fp16"] | None, tyro.conf.arg(metavar="fp32|bf16|fp16", help_behavior_hint="")
    ] = None
    """What networks compute in. Without: fp32."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:NUMBER or mps."""
    channels_last: Flag = False
    """Keep pictures with their channels last in memory: often faster, and not bit-identical."""
    resume: Flag = False
    """Go on with the run in DIR from its last checkpoint; its own settings hold."""
    checkpoint_every: int = 500
    """Steps between checkpoints: the most that a crash can cost."""
    keep: int = 3
    """Checkpoints to keep; the best stays besides."""
    preview_every: int = 500
    """Steps between contact sheets; 0 makes none."""
    log_every: int = 10
    """Steps that a line of the log averages over."""
    plan: Flag = False
    """Train nothing; tell from a step or two what memory and time it will take, and how to split the batch."""
    json: Flag = False
    """Print one JSON object: run, step, steps, images, stopped; or the plan."""
    debug: Flag = False
    """Show where an error came from."""
    settings: Annotated[tuple[str, ...], tyro.conf.Suppress] = ()

    def run(self) -> int:
        """Do it, say what came of it, and return the exit code."""
        from sembla import api  # loads after the options are read: --help stays fast

        if self.run_folder is None and not self.plan:
            raise InputError("--run is missing; name a new folder for the run, or ask for a --plan.")
        choices = self._choices()
        if self.plan:
            plan = api.plan_training(self.method, self.data, choices=choices, device=self.device)
            if self.json:
                say_json(_plan_json(plan))
            else:
                say("\n".join(_plan_lines(plan)))
            return 0
        return self._train(choices, self.run_folder or Path())

    def _choices(self) -> "Choices[Any]":
        from sembla import api

        choices = api.choose(
            self.method,
            recipe=self.recipe,
            steps=self.steps,
            batch=self.batch,
            accumulate=self.accumulate,
            seed=self.seed,
            precision=self.precision,
            config_file=self.config,
            run=self.run_folder if self.resume else None,
        )
        where = f"sembla recipes {self.method} {choices.recipe}"
        return replace(choices, config=changed(choices.config, self.settings, where=where))

    def _train(self, choices: "Choices[Any]", run: Path) -> int:
        from sembla import api

        with api.SignalStop() as stop, training() as on_step:
            trained = api.train(
                self.method,
                self.data,
                run,
                choices=choices,
                device=self.device,
                resume=self.resume,
                channels_last=self.channels_last,
                checkpoint_every=self.checkpoint_every,
                keep=self.keep,
                preview_every=self.preview_every,
                log_every=self.log_every,
                on_step=on_step,
                stop=stop,
            )
        if trained.first:
            self._tell(trained)
        return 128 + (stop.signal or signal.SIGTERM) if trained.stopped else 0

    def _tell(self, trained: "Trained") -> None:
        if self.json:
            told = {"run": str(trained.run), "step": trained.step, "steps": trained.steps, "images": trained.images}
            say_json({**told, "stopped": trained.stopped})
        elif trained.stopped:
            sys.stderr.write(
                f"sembla: note: stopped and saved at step {trained.step:,} of {trained.steps:,}; go on with --resume.\n"
            )
        else:
            say(str(trained.run))


def _plan_json(plan: "TrainingPlan") -> dict[str, object]:
    return {
        "batch": plan.batch,
        "accumulate": plan.plan.accumulate,
        "images_at_once": plan.plan.part,
        "peak_bytes": plan.plan.peak,
        "room_bytes": plan.plan.room,
        "seconds_per_1000_images": plan.plan.seconds_per_1000,
        "steps": plan.steps,
        "seconds": plan.seconds,
    }


def _plan_lines(plan: "TrainingPlan") -> list[str]:
    """The plan in sentences."""
    its = plan.plan
    room = f" of {_bytes(its.room)} that can be had" if its.room is not None else ""
    memory = f"{_bytes(its.peak)}{room}" if its.peak else "not told by this system"
    parts = "in one part" if its.accumulate == 1 else f"in {its.accumulate} parts of {_images(its.part)}"
    return [
        f"Memory at its peak: {memory}, with each step of {_images(plan.batch)} computed {parts}.",
        f"Time: {_duration(its.seconds_per_1000)} for 1000 images; {_duration(plan.seconds)} for {plan.steps:,} steps.",
        f"Train with --batch {plan.batch} --accumulate {its.accumulate}.",
    ]


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count:,} images"


def _bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _duration(seconds: float) -> str:
    """In the two largest units."""
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
