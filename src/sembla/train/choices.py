"""What a user chooses of a training, and the YAML file that holds it: `config.yaml` of every run."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml

from sembla.core.errors import InputError
from sembla.core.method import Method
from sembla.engine.base import Precision
from sembla.runs.description import Description
from sembla.runs.folder import durable_file
from sembla.runs.plain import from_plain, to_plain
from sembla.train.settings import TrainSettings

__all__ = ["Choices", "Written", "filled", "read_written", "recipe_of", "write_written"]

C = TypeVar("C")

_HEAD = """# All settings of this training. The same again:
#   sembla train {method} --config {name} --data DATA --run ANOTHER_RUN
"""


@dataclass(frozen=True)
class Choices(Generic[C]):
    """What is trained, for how long and how; where it is read and written is another matter."""

    recipe: str
    """The one that the config began as."""
    config: C
    steps: int | None = None
    """None is as many as the method's pace says."""
    batch: int | None = None
    """Images a step; None as the method's pace says."""
    accumulate: int = 1
    """Parts that a step is computed in."""
    seed: int = 0
    precision: Precision = "fp32"


@dataclass(frozen=True)
class Written:
    """What a YAML file says; None where it says nothing."""

    method: str
    recipe: str | None = None
    steps: int | None = None
    batch: int | None = None
    accumulate: int | None = None
    seed: int | None = None
    precision: Precision | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the config, those of the recipe where they lack."""


class _Reader(yaml.SafeLoader):
    """Plain values only, no objects; 1e-4 is a number, as in YAML 1.2."""


_Reader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_written(path: Path) -> Written:
    """Read a YAML file. Raises `InputError` where it is missing or damaged, and that names a field that is unknown."""
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), _Reader)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path} is no YAML ({' '.join(str(error).split())}); mend it.") from error
    return from_plain(Written, values, place=str(path))


def write_written(path: Path, description: Description, settings: TrainSettings) -> None:
    """Write all settings of a training. Raises `OutputError` where the disk refuses."""
    written = Written(
        description.method,
        recipe=description.recipe,
        steps=settings.steps,
        batch=settings.batch,
        accumulate=settings.accumulate,
        seed=settings.seed,
        precision=settings.precision,
        config=description.config,
    )
    text = yaml.safe_dump(to_plain(written), sort_keys=False, allow_unicode=True)
    with durable_file(path) as part:
        part.write_text(_HEAD.format(method=description.method, name=path.name) + text, encoding="utf-8")


def filled(method: Method[C, Any, Any], written: Written, *, place: Path | None = None) -> Choices[C]:
    """The choices that `written`, read from `place`, stands for: what it does not say is the recipe's.

    Raises `InputError` for another method, an unknown recipe, and a config that is not of it.
    """
    if written.method != method.name:
        raise InputError(f"{place} is of method {written.method}, not {method.name}; give another file.")
    recipe = written.recipe or next(iter(method.recipes))
    base = recipe_of(method, recipe)
    values = _over(to_plain(base), written.config)
    return Choices(
        recipe,
        from_plain(type(base), values),
        steps=written.steps,
        batch=written.batch,
        accumulate=written.accumulate or 1,
        seed=written.seed or 0,
        precision=written.precision or "fp32",
    )


def recipe_of(method: Method[C, Any, Any], name: str) -> C:
    """A recipe by name. Raises `InputError` that lists them for one that is unknown."""
    if name not in method.recipes:
        raise InputError(f"recipe {name!r} came; {method.name} has {', '.join(method.recipes)}.")
    return method.recipes[name]


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values with those of `above` in their place."""

    def merged() -> Iterator[tuple[str, Any]]:
        for name in dict.fromkeys([*below, *above]):
            one, other = below.get(name), above.get(name)
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                yield name, _over(one, other)
            else:
                yield name, above.get(name, one)

    return dict(merged())
