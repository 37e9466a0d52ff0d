"""Kinds of options that the verbs share."""

from typing import Annotated, TypeAlias

import tyro

__all__ = ["Flag"]

Flag: TypeAlias = Annotated[bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help_behavior_hint="")]
"""Off unless given."""
