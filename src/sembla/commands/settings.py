"""The settings of a recipe as options of the command line: `--depth.width 16` for the field `width` of `depth`."""

import ast
import difflib
import inspect
import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any, TypeVar

import tyro

from sembla.core.errors import InputError

__all__ = ["changed", "described", "options", "statement", "typed"]

C = TypeVar("C")


def changed(config: C, given: Sequence[str], *, where: str) -> C:
    """The config with what `given`, the rest of a command line, says otherwise.

    Raises `InputError` for an option that is no field, naming those that are near, and for a value of another type.
    `where` lists them all.
    """
    known = list(options(config))
    for word in given:
        name = word.partition("=")[0]
        if re.match(r"--[A-Za-z]", word) and name.replace("_", "-") not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.6) or _of_same_name(name, known)
            told = f"did you mean {' or '.join(near)}?" if near else f"{where} lists the settings."
            raise InputError(f"{name} came, which is neither an option nor a setting; {told}")
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            read: C = tyro.cli(type(config), default=config, args=list(given), add_help=False, prog="sembla train")
        return read
    except SystemExit as stop:
        raise InputError(f"{statement(said.getvalue())}. See {where}.") from stop


def options(config: object, *, prefix: str = "") -> Iterator[str]:
    """All options that `changed` understands."""
    for path, value in _leaves(config, prefix):
        yield f"--{path}"
        if isinstance(value, bool):
            below, dot, name = path.rpartition(".")
            yield f"--{below}{dot}no-{name}"


def described(config: object) -> Iterator[tuple[str, Any, str]]:
    """Each setting: its option, its value, and what its field says of itself."""
    helps = dict(_helps(config, ""))
    for path, value in _leaves(config, ""):
        yield f"--{path}", value, helps.get(path, "")


def typed(option: str, value: Any) -> str:
    """What sets a setting to this value when it is typed."""
    if isinstance(value, bool):
        path, dot, name = option.removeprefix("--").rpartition(".")
        return option if value else f"--{path}{dot}no-{name}"
    return " ".join([option, *map(str, value)]) if isinstance(value, tuple) else f"{option} {value}"


def statement(box: str) -> str:
    """What tyro complains about, without the frame it draws and the helpful text below."""
    told: list[str] = []
    for line in box.splitlines():
        text = line.strip("│╭╮╰╯─ \t")
        if told and not text:  # an empty line or a rule ends the statement
            break
        if text and not line.startswith("╭"):
            told.append(text)
    return " ".join(told).rstrip(".")


def _leaves(config: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for field in fields(config):
        value, path = getattr(config, field.name), f"{prefix}{field.name.replace('_', '-')}"
        if is_dataclass(value):
            yield from _leaves(value, f"{path}.")
        else:
            yield path, value


def _helps(config: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """What stands below each field in the source of its class, or of the class that this one extends."""
    told: dict[str, str] = {}
    for kind in reversed(type(config).__mro__[:-1]):
        (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        for field, below in pairwise(body.body if isinstance(body, ast.ClassDef) else ()):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                told[ast.unparse(field.target)] = " ".join(str(below.value.value).split())
    for each in fields(config):
        value, path = getattr(config, each.name), f"{prefix}{each.name.replace('_', '-')}"
        if is_dataclass(value):
            yield from _helps(value, f"{path}.")
        else:
            yield path, told.get(each.name, "")


def _of_same_name(name: str, known: Sequence[str]) -> list[str]:
    """Options that end alike: --width for --depth.width."""
    last = name.removeprefix("--").rpartition(".")[2]
    return [each for each in known if each.removeprefix("--").rpartition(".")[2] == last][:3]
