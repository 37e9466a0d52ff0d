"""Training: the methods there are, what a user chooses, a run, and what it will take.

PyTorch is needed by the functions, and imported inside them; naming methods and recipes does without.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from sembla.api.judging import find_metric
from sembla.api.sources import read_source
from sembla.core.errors import InputError, MissingExtraError
from sembla.core.labels import LabelSet
from sembla.core.method import Method
from sembla.core.tasks import ShouldStop
from sembla.data.case import Case
from sembla.data.prepared import Prepared
from sembla.evaluation.networks import INSTALL_MODELS
from sembla.methods import all_methods, find_method

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sembla.engine.base import Engine, Precision
    from sembla.runs.description import Description
    from sembla.train.choices import Choices
    from sembla.train.plan import Plan
    from sembla.train.settings import TrainSettings
    from sembla.train.trainer import Moment

__all__ = [
    "OnStep",
    "Trained",
    "TrainingPlan",
    "choose",
    "count_parameters",
    "methods",
    "need_models",
    "plan_training",
    "train",
]

C = TypeVar("C")

OnStep: TypeAlias = "Callable[[Moment], object]"
"""Called after every step, in the first process."""

AnyMethod: TypeAlias = Method[Any, Any, Any] | str
"""A method, or its name."""


@dataclass(frozen=True)
class Trained:
    """What a training has come to."""

    run: Path
    step: int
    """Steps done, those of earlier parts of the run included."""
    steps: int
    """Steps to do in all."""
    images: int
    """Images seen."""
    stopped: bool
    """Whether it was asked to stop before its last step; it can be gone on with."""
    first: bool = True
    """Whether this process is the one that wrote the run."""


@dataclass(frozen=True)
class TrainingPlan:
    """What a training will take."""

    batch: int
    """Images a step, over all processes."""
    steps: int
    plan: "Plan"

    @property
    def seconds(self) -> float:
        """Time of all steps."""
        return self.plan.seconds_per_1000 * self.batch * self.steps / 1000


def methods() -> Mapping[str, Method[Any, Any, Any]]:
    """The methods that can be trained, by name: ours and those of other packages."""
    return all_methods()


def choose(
    method: AnyMethod,
    *,
    recipe: str | None = None,
    steps: int | None = None,
    batch: int | None = None,
    accumulate: int | None = None,
    seed: int | None = None,
    precision: "Precision | None" = None,
    config_file: str | os.PathLike[str] | None = None,
    run: str | os.PathLike[str] | None = None,
) -> "Choices[Any]":
    """What to train, from what is given here, then `config_file`, then the `run` to go on with, then the recipe.

    Args:
        method: A method, or its name.
        recipe: One of the method's; None for its first. Given, it stands instead of the config of file and run.
        steps: In all; None as many as the recipe says.
        batch: Images a step, over all processes; None as the recipe says.
        accumulate: Parts that a step is computed in: less memory, same result.
        seed: Same seed, same weights, on a CPU.
        precision: fp32, bf16 or fp16.
        config_file: A YAML file such as `config.yaml` of a run.
        run: A run, whose own choices hold where nothing else is said.

    Raises `InputError` for an unknown method or recipe (with those there are), and for a file that cannot be read or is
    of another method; `MissingExtraError` without the extra `models`.
    """
    method = found(method)
    need_models()
    from sembla.runs.folder import RunFolder
    from sembla.train.choices import Written, filled, read_written, recipe_of

    if recipe is not None:
        recipe_of(method, recipe)
    if run is not None:
        RunFolder(run).check(resume=True)
    path = Path(config_file) if config_file is not None else Path(run, "config.yaml") if run is not None else None
    written = read_written(path) if path else Written(method.name)
    if recipe is not None and (written.recipe is None or recipe != written.recipe):
        written = replace(written, recipe=recipe, config={})
    chosen = filled(method, written, place=path)
    given = {"steps": steps, "batch": batch, "accumulate": accumulate, "seed": seed, "precision": precision}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    return replace(chosen, **changes)


def train(
    method: AnyMethod,
    data: object,
    run: str | os.PathLike[str],
    *,
    choices: "Choices[Any] | None" = None,
    device: str = "auto",
    resume: bool = False,
    channels_last: bool = False,
    checkpoint_every: int = 500,
    keep: int = 3,
    preview_every: int = 500,
    log_every: int = 10,
    on_step: "OnStep | None" = None,
    stop: ShouldStop = lambda: False,
) -> Trained:
    """Train a method on data, into a folder.

    Under torchrun all its processes share the work; each step is what one process would have done.

    Args:
        method: A method, or its name.
        data: Path of what the method is trained on (a case or a prepared set), or that itself.
        run: A new or empty folder; with `resume`, one that this began.
        choices: What `choose` gives; None is the method's first recipe.
        device: auto, cpu, cuda, cuda:NUMBER or mps.
        resume: Go on from the last checkpoint, as if it had never stopped.
        channels_last: Keep pictures with their channels last in memory; often faster, and not bit-identical.
        checkpoint_every: Steps between checkpoints: the most that a crash can cost.
        keep: Checkpoints to keep; the best by score stays besides.
        preview_every: Steps between contact sheets; 0 makes none.
        log_every: Steps that a line of the log averages over.
        on_step: Told after every step where it stands.
        stop: Asked before every step; True saves, and ends the training.

    Raises:
        InputError: Data, settings or the device cannot be used; or the run was begun with other settings (which).
        OutputError: The folder holds something, is in use, or cannot be written.
        DivergedError: A loss is not finite; the last checkpoint is good.
        MemoryNeedError: A step does not fit into memory.
        MissingExtraError: The extra `models` is not installed.
    """
    method = found(method)
    chosen = choices or choose(method)
    from sembla.runs.folder import RunFolder
    from sembla.train.session import train as train_into
    from sembla.train.trainer import Trainer

    folder = RunFolder(run)
    folder.check(resume=resume)  # before data are read, which may take long
    source = read_source(method, data)
    chosen = replace(chosen, config=method.fitted(chosen.config, source))
    settings = replace(
        _settings(method, chosen, device),
        channels_last=channels_last,
        checkpoint_every=checkpoint_every,
        keep=keep,
        preview_every=preview_every,
        log_every=log_every,
    )
    with _engine(settings) as engine:
        settings.part(engine.ranks)
        trainer = Trainer(method, chosen.config, source, settings=settings, engine=engine)
        stopped = train_into(
            trainer,
            engine,
            folder,
            description=_describe(method, chosen, source, batch=settings.batch, data=data),
            resume=resume,
            metric=find_metric(method, chosen.config, source),
            observers=[on_step] if on_step else [],
            stop=stop,
        )
        first = engine.rank == 0
    return Trained(Path(run), trainer.step, settings.steps, trainer.images, stopped, first)


def plan_training(
    method: AnyMethod, data: object, *, choices: "Choices[Any] | None" = None, device: str = "auto"
) -> TrainingPlan:
    """Measure a step or two, and tell the memory and time that `train` would take; nothing is written.

    The arguments are those of `train`. Raises as it does, and `MemoryNeedError` where not even one image fits.
    """
    method = found(method)
    chosen = choices or choose(method)
    from sembla.train.plan import plan

    source = read_source(method, data)
    config = method.fitted(chosen.config, source)
    settings = _settings(method, replace(chosen, config=config), device)
    with _engine(settings) as engine:
        measured = plan(method, config, source, settings=settings, engine=engine)
    return TrainingPlan(settings.batch, settings.steps, measured)


def count_parameters(method: AnyMethod, config: object, *, classes: int) -> Mapping[str, int] | None:
    """Number of weights of each player, by name, for one photo of so many classes (2 to 64).

    None without the extra `models`, and where so many do not fit, or the method learns from more than one photo: then
    only the data tell.
    """
    method = found(method)
    if not has_models() or method.source is not Case:
        return None
    from sembla.train.sizes import count

    ids = np.tile(np.arange(256) * classes // 256, (256, 1)).astype(np.uint8)
    greys = np.arange(classes, dtype=np.uint8)[:, None].repeat(3, axis=1)
    case = Case(greys[ids], ids, greys)
    try:
        return count(method, method.fitted(config, case))
    except InputError:
        return None


def found(method: AnyMethod) -> Method[Any, Any, Any]:
    """The method itself. Raises `InputError` for a name that is unknown."""
    return find_method(method) if isinstance(method, str) else method


def has_models() -> bool:
    """Whether what the extra `models` brings is installed; it is not imported."""
    return all(find_spec(name) is not None for name in ("torch", "safetensors", "yaml"))


def need_models() -> None:
    """Raise `MissingExtraError` unless what the extra `models` brings is installed."""
    if not has_models():
        raise MissingExtraError(f"trained models need PyTorch; install it with: {INSTALL_MODELS}")


def _settings(method: Method[Any, Any, Any], chosen: "Choices[Any]", device: str) -> "TrainSettings":
    """The numbers of a training, the method's own pace where nothing was chosen."""
    from sembla.train.settings import TrainSettings

    pace = method.pace(chosen.config)
    return TrainSettings(
        steps=pace.steps if chosen.steps is None else chosen.steps,
        batch=pace.batch if chosen.batch is None else chosen.batch,
        accumulate=chosen.accumulate,
        seed=chosen.seed,
        precision=chosen.precision,
        device=device,
    )


def _engine(settings: "TrainSettings") -> "AbstractContextManager[Engine]":
    """The engine of this process: one of many under torchrun."""
    from sembla.engine.opening import open_engine

    return open_engine(settings.device, precision=settings.precision, channels_last=settings.channels_last)


def _describe(
    method: Method[Any, Any, Any], chosen: "Choices[Any]", source: object, *, batch: int, data: object
) -> "Description":
    """What is trained, as `method.json` tells it."""
    from sembla.runs.description import Description
    from sembla.runs.plain import to_plain

    prepared = source if isinstance(source, Prepared) else None
    told = str(data) if isinstance(data, str | os.PathLike) else type(data).__name__
    return Description(
        method.name,
        chosen.recipe,
        to_plain(chosen.config),
        seed=chosen.seed,
        batch=batch,
        label_set=_label_set(source),
        data=f"{told} ({prepared.kind}, SHA-256 {prepared.sha256})" if prepared else told,
        licence=f"of the data: {prepared.licence}" if prepared and prepared.licence else "",
    )


def _label_set(source: object) -> LabelSet | None:
    """The classes of the data, those of a case named by their colours; None where they are not known."""
    if isinstance(source, Prepared):
        return source.label_set
    if not isinstance(source, Case):
        return None
    colours = [(int(red), int(green), int(blue)) for red, green, blue in source.palette]
    return LabelSet(tuple(f"#{bytes(colour).hex()}" for colour in colours), tuple(colours))
