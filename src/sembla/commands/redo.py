"""`sembla analogy --redo`: repeat a result from the record that it carries."""

import logging
import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from sembla.commands.console import progress
from sembla.commands.making import Engine, Record, Settings, make, open_engine, read, report
from sembla.commands.plan import Plan
from sembla.core.errors import InputError

__all__ = ["redo"]

_log = logging.getLogger("sembla")


def redo(png: Path, out: Path | None, *, device: str, force: bool) -> dict[str, object]:
    """Make the result in `png` again from its inputs, write it to `out` or NAME-redo.png beside it, and report.

    A trained model works on `device`. Raises `InputError` where the PNG carries no record, or its inputs or the model's
    weights are gone or have changed.
    """
    from sembla import api  # loads after the options are read: --help stays fast

    recorded = api.read_settings(png)
    out = out or png.with_name(f"{png.stem}-redo.png")
    plan, settings, variation = _understood(recorded, png, out=out)
    if recorded["version"] != api.__version__:
        _log.info("%s was made by Sembla %s, this is %s.", png, recorded["version"], api.__version__)
    plan.claim(force=force)
    alone = replace(settings, variations=1)
    request = read(plan, alone)
    engine = _recorded_engine(recorded, png, device=device)
    if engine:
        request = api.for_engine(request, engine.model)
    tasks = tuple(replace(task, first_variation=variation - 1) for task in request.tasks)
    with progress(len(tasks)) as on_preview:
        *_, result = make(replace(request, tasks=tasks), alone, on_preview, engine=engine)
    again = Record.start(plan, settings, engine).of(out, index=len(plan.layouts) - 1, variation=variation)
    api.write_picture(out, result.picture, settings=again, force=force)
    return report(plan, [result], size=api.output_size(request.tasks[-1]), engine=engine)


def _recorded_engine(recorded: Mapping[str, Any], png: Path, *, device: str) -> Engine | None:
    """The trained model that made the result, found to be what it was; None for the instant engine."""
    its = recorded.get("engine")  # older records have none
    if its is None:
        return None
    try:
        weights, exact = _unchanged(its, png), bool(its["exact"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{png} carries a record that cannot be read ({error!r}); make the result anew.") from error
    engine = open_engine(weights.parent, exact=exact, device=device)
    if engine.exact != exact:
        _log.info("%s was made in bf16, and this machine computes in fp32: the pictures may differ a little.", png)
    return engine


def _understood(recorded: Mapping[str, Any], png: Path, *, out: Path) -> tuple[Plan, Settings, int]:
    """The record as plan, settings and number of the variation, its inputs found to be what they were."""
    if recorded.get("verb") != "analogy":
        raise InputError(f"{png} was not made by `sembla analogy`; only its results can be repeated.")
    try:
        files = [_unchanged(file, png) for file in (recorded["image"], recorded["labels"], *recorded["layouts"])]
        settings = Settings(**{field.name: recorded[field.name] for field in fields(Settings)})
        variation = int(recorded["variation"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{png} carries a record that cannot be read ({error!r}); make the result anew.") from error
    image, labels, *layouts = files
    if not layouts or not 1 <= variation <= settings.variations:
        raise InputError(f"{png} carries a record that contradicts itself; make the result anew.")
    return Plan(image, labels, tuple(layouts), ((out,),)), settings, variation


def _unchanged(file: Mapping[str, str], png: Path) -> Path:
    """Where an input lies, if it is still there and the same. Raises `InputError` otherwise."""
    from sembla import api

    path = Path(os.path.normpath(png.parent.resolve() / file["path"]))
    if not path.is_file():
        raise InputError(f"{path}, from which {png} was made, is gone; put it back, or move {png.name} back to it.")
    if api.digest(path) != file["sha256"]:
        raise InputError(f"{path}, from which {png} was made, has changed since; put the old file back.")
    return path
