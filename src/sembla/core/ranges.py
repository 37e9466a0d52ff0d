"""The range of a whole number, told with the type of a setting, so that surfaces can build forms and refuse in time."""

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from sembla.core.errors import InputError

__all__ = ["Whole", "ranges", "whole"]


@dataclass(frozen=True)
class Whole:
    """The range of a whole number, both ends included; stands in the `Annotated` type of a setting."""

    least: int
    most: int


def ranges(task_type: type) -> Mapping[str, Whole]:
    """The settings of a task that are whole numbers, with their ranges, in the order of their fields."""
    hints = get_type_hints(task_type, include_extras=True)
    return {name: range_ for name, hint in hints.items() for range_ in _wholes(hint)}


def whole(value: int | None, name: str, range_: Whole) -> int:
    """A number as Python's own. Raises `InputError` for one out of its range, or no whole number."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]  # which TypeError is for
    except TypeError as error:
        raise InputError(f"{name} {value!r} came; expected a whole number {range_.least} to {range_.most}.") from error
    if not range_.least <= number <= range_.most:
        raise InputError(f"{name} {number} came; expected a whole number {range_.least} to {range_.most}.")
    return number


def _wholes(hint: Any) -> Iterator[Whole]:
    """The ranges within a type, however deep: `Annotated[int, Whole(...)] | None` has one."""
    if isinstance(hint, Whole):
        yield hint
    for part in get_args(hint):
        yield from _wholes(part)
