"""Frozen dataclasses as plain values that JSON can hold, and back; what came is checked against the types."""

import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, asdict, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from sembla.core.errors import InputError

__all__ = ["differences", "from_plain", "to_plain"]

T = TypeVar("T")

_LONGEST = 100  # characters that tell a change


def to_plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON gives it back: dictionaries by field, lists for tuples."""
    plain: dict[str, Any] = _listed(asdict(value))
    return plain


def from_plain(kind: type[T], values: object, *, place: str = "config") -> T:
    """The dataclass `kind` of plain values; fields that lack take their defaults.

    Understood are bool, int, float, str, None, Literal, tuples, mappings, unions and dataclasses of these. Raises
    `InputError` that names the field, as `place.FIELD`, for one that is unknown, that lacks, or is of another type.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"{place} {values!r} came; expected its fields by name.")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # a type that is a dataclass
    strange = [str(name) for name in values if name not in known]
    if strange:
        raise InputError(
            f"{place}.{strange[0]} came, which this version does not know; leave it out. It knows {', '.join(known)}."
        )
    needed = [name for name, field in known.items() if field.default is MISSING and field.default_factory is MISSING]
    lacking = [name for name in needed if name not in values]
    if lacking:
        raise InputError(f"{place}.{lacking[0]} is missing; give it.")
    hints = get_type_hints(kind, include_extras=False)
    return kind(**{name: _read(hints[name], value, f"{place}.{name}") for name, value in values.items()})


def differences(before: Mapping[str, Any], now: Mapping[str, Any], *, place: str = "") -> Iterator[str]:
    """Each field of plain values that has changed, as "a.b is 3, was 4"; long values are not told."""
    for name in dict.fromkeys([*before, *now]):
        was, is_now = before.get(name), now.get(name)
        if isinstance(was, Mapping) and isinstance(is_now, Mapping):
            yield from differences(was, is_now, place=f"{place}{name}.")
        elif was != is_now:
            told = f"{place}{name} is {is_now}, was {was}"
            yield told if len(told) <= _LONGEST else f"{place}{name} differs"


def _listed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _listed(each) for key, each in value.items()}
    return [_listed(each) for each in value] if isinstance(value, tuple | list) else value


def _read(hint: Any, value: Any, place: str) -> Any:
    """A value of the type `hint`."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _read_union(inner, value, place)
    if isinstance(hint, type) and is_dataclass(hint):
        return from_plain(hint, value, place=place)
    if origin is tuple and isinstance(value, list | tuple):
        return _read_tuple(inner, value, place)
    if origin in {dict, Mapping} and isinstance(value, Mapping):
        return {key: _read(inner[1], each, f"{place}.{key}") for key, each in value.items()}
    if hint is Any or (origin is Literal and value in inner) or _is(value, hint):
        return float(value) if hint is float else value
    expected = " or ".join(map(repr, inner)) if origin is Literal else getattr(hint, "__name__", str(hint))
    raise InputError(f"{place} {value!r} came; expected {expected}.")


def _is(value: Any, hint: Any) -> bool:
    """Whether a value is of a type without parts; whole numbers are numbers, truth values are not."""
    if isinstance(value, bool) or not isinstance(hint, type) or get_origin(hint):
        return isinstance(value, bool) and hint is bool
    return isinstance(value, (int, float) if hint is float else hint)


def _read_union(hints: tuple[Any, ...], value: Any, place: str) -> Any:
    for hint in hints[:-1]:
        with suppress(InputError):
            return _read(hint, value, place)
    return _read(hints[-1], value, place) if value is not None or type(None) not in hints else None


def _read_tuple(hints: tuple[Any, ...], values: Sequence[Any], place: str) -> tuple[Any, ...]:
    each = hints[:1] * len(values) if hints[-1:] == (Ellipsis,) else hints
    if len(each) != len(values):
        raise InputError(f"{place} {list(values)!r} came; expected {len(each)} values.")
    return tuple(_read(hint, value, place) for hint, value in zip(each, values, strict=True))
