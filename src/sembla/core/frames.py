"""Frames in a row, read as they are asked for."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol, TypeVar

__all__ = ["Frames", "chunked"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Frames(Protocol[T_co]):
    """So many, which can be gone through again and again: a list of what is there, or a file that is read each time."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[T_co]: ...


def chunked(frames: Iterable[T], count: int) -> Iterator[tuple[T, ...]]:
    """So many at a time, in order, read as they are asked for; the last may be fewer."""
    left = iter(frames)
    while part := tuple(islice(left, count)):
        yield part
