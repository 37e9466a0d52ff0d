"""What settings of every method have in common."""

import math
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sembla.core.errors import InputError

__all__ = ["check_numbers"]


def check_numbers(config: Any, *, from_zero: Collection[str] = ()) -> None:
    """Raise `InputError` for a number among the fields of a dataclass that nothing can be trained with.

    Fractions are finite and 0 or more; whole numbers 1 or more, those of the fields `from_zero` 0 or more.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        if isinstance(value, float) and not 0 <= value < math.inf:
            raise InputError(f"{field.name} {value} came; give a number of 0 or more.")
        least = 0 if field.name in from_zero else 1
        if isinstance(value, int) and not isinstance(value, bool) and value < least:
            raise InputError(f"{field.name} {value} came; give {least} or more.")
