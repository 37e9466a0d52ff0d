"""The command line: reads the options, runs one verb, and turns what goes wrong into one line and an exit code.

0 is success, 1 faults that the doctor found, 2 bad input, 130 Ctrl-C, 141 a reader that went away, 143 a training that
was asked to end. Start here, then follow a verb into `sembla.commands`.
"""

import io
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from typing import Annotated, TypeAlias, get_args

import tyro
from tyro.conf import subcommand

from sembla.commands.analogy import Analogy
from sembla.commands.console import fail, notes, server_log
from sembla.commands.doctor import Doctor
from sembla.commands.evaluate import Evaluate, Kind
from sembla.commands.examples import Examples
from sembla.commands.export import Export
from sembla.commands.inpaint import Inpaint
from sembla.commands.label import Label
from sembla.commands.landmarks import Landmarks
from sembla.commands.methods import Methods, Recipes
from sembla.commands.portrait import Portrait
from sembla.commands.prepare import Prepare
from sembla.commands.preserve import Preserve
from sembla.commands.scene import Scene
from sembla.commands.settings import statement
from sembla.commands.studio import Studio
from sembla.commands.train import Train
from sembla.core.errors import SemblaError

__all__ = ["main"]

Verb: TypeAlias = (
    Annotated[Analogy, subcommand("analogy")]
    | Annotated[Scene, subcommand("scene")]
    | Annotated[Portrait, subcommand("portrait")]
    | Annotated[Preserve, subcommand("preserve")]
    | Annotated[Inpaint, subcommand("inpaint")]
    | Annotated[Landmarks, subcommand("landmarks")]
    | Annotated[Label, subcommand("label")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Prepare, subcommand("prepare")]
    | Annotated[Doctor, subcommand("doctor")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Methods, subcommand("methods")]
    | Annotated[Recipes, subcommand("recipes")]
    | Annotated[Export, subcommand("export")]
    | Annotated[Examples, subcommand("examples")]
    | Annotated[Studio, subcommand("studio")]
)

_CONFIG = (tyro.conf.DisallowNone, tyro.conf.OmitArgPrefixes, tyro.conf.OmitSubcommandPrefixes)
"""No `None` on the command line; the options of `evaluate KIND` are called as those of other verbs are."""

_ABOUT = "Say what is where, get the picture. sembla VERB --help explains a verb, sembla --version tells the version."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. `arguments` are those after the program's name."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Python flushes stdout once more as it exits; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _run(arguments: list[str]) -> int:
    """Run one verb and return its exit code; 2 after an error that was told."""
    if arguments == ["--version"]:
        from importlib.metadata import version  # a tenth of the time that --help may take

        sys.stdout.write(f"sembla {version('sembla')}\n")
        return 0
    try:
        verb = _parsed(arguments)
    except SystemExit as stop:
        return 0 if stop.code in {0, None} else 2
    try:
        with server_log() if isinstance(verb, Studio) else notes(), warnings.catch_warnings():
            if not verb.debug:
                warnings.simplefilter("ignore")  # other packages' warnings: nothing that the caller can act on
            return verb.run() or 0
    except (SemblaError, MemoryError) as error:
        if verb.debug:
            traceback.print_exc()
        fail(str(error) or "out of memory; ask for fewer pixels with --size.")
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:  # pathlib asks the system in many places: names too long, folders closed to us
        if verb.debug:
            traceback.print_exc()
        fail(f"{error.filename or 'the system'}: {error.strerror or error}; check the path.")
        return 2


def _parsed(arguments: list[str]) -> Verb:
    """The verb with its options. Raises `SystemExit` after --help, and after telling a wrong use in one line."""
    if arguments[:2] == ["evaluate", "--compare"]:
        arguments = ["evaluate", "compare", *arguments[2:]]
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            if arguments[:1] == ["train"]:
                return _parsed_train(arguments)
            verb: Verb = tyro.cli(Verb, prog="sembla", description=_ABOUT, args=arguments, config=_CONFIG)
        return verb
    except SystemExit as stop:
        if stop.code not in {0, None}:
            fail(f"{statement(said.getvalue())}. See {_help_for(arguments)}.")
        raise


def _help_for(arguments: Sequence[str]) -> str:
    """What explains the verb that was meant: "sembla evaluate folders --help"."""
    verb, kind = [*arguments, "", ""][:2]
    words = [verb] if verb in _names(Verb) else []
    if verb == "evaluate" and kind in _names(Kind):
        words.append(kind)
    return " ".join(["sembla", *words, "--help"])


def _names(union: object) -> list[str]:
    """What the members of a union of verbs are called."""
    return [get_args(member)[1].name for member in get_args(union)]


def _parsed_train(arguments: list[str]) -> Train:
    """The verb train; what it does not know are settings of the recipe, which only its method knows."""
    verb, rest = tyro.cli(
        Verb, prog="sembla", description=_ABOUT, args=arguments, config=_CONFIG, return_unknown_args=True
    )
    assert isinstance(verb, Train)
    return replace(verb, settings=tuple(rest))
