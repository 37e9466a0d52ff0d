"""Kinds of options that the verbs share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import tyro

__all__ = ["Backbone", "File", "Flag", "Folder", "Names", "WeightFiles"]

Flag: TypeAlias = Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help_behavior_hint="")]
"""Off unless given."""

Folder: TypeAlias = Annotated[Path | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")]
"""None unless given."""

File: TypeAlias = Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")]
"""None unless given."""

Names: TypeAlias = Annotated[
    tuple[tuple[str, ...], ...],
    tyro.conf.UseAppendAction,
    tyro.conf.arg(metavar="NAME [NAME ...]", help_behavior_hint=""),
]
"""Several after one option, or the option several times; a tuple for each time."""

WeightFiles: TypeAlias = Annotated[
    tuple[tuple[str, ...], ...],
    tyro.conf.UseAppendAction,
    tyro.conf.arg(metavar="[NAME=]FILE [[NAME=]FILE ...]", help_behavior_hint=""),
]
"""As `Names`: files of weights, with the networks that they belong to."""

Backbone: TypeAlias = Annotated[str | None, tyro.conf.arg(metavar="alex|vgg|squeeze", help_behavior_hint="")]
"""What LPIPS rests on; None unless given."""
