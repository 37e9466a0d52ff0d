"""CelebA's lists: one line a picture, its name and numbers, as text with blanks or as CSV."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError

__all__ = ["Table", "attributes_of", "read_table"]


@dataclass(frozen=True, eq=False)
class Table:
    """A list that was read."""

    path: Path
    """The file."""
    columns: tuple[str, ...]
    """What the numbers of a line are called; empty where the file does not say."""
    lines: Mapping[str, int]
    """Name of the picture without its ending -> its line in `values`."""
    values: NDArray[np.float32]
    """The numbers, (lines, columns)."""

    def line(self, name: str) -> NDArray[np.float32]:
        """The numbers of one picture. Raises `InputError` for a picture that is not in the list."""
        if name not in self.lines:
            raise InputError(f"{self.path} has no line for {name}; is it the list of this data set?")
        numbers: NDArray[np.float32] = self.values[self.lines[name]]
        return numbers


@lru_cache(maxsize=8)
def read_table(path: Path) -> Table:
    """Read a list. Kept in memory, for every picture of a set asks for its line.

    Raises `InputError` for a file that is missing or no such list.
    """
    columns: tuple[str, ...] = ()
    names: list[str] = []
    rows: list[NDArray[np.float32]] = []
    try:
        with path.open(encoding="utf-8") as file:
            for text in file:
                name, *words = text.replace(",", " ").split() or [""]
                if not _is_row(name, words):  # how many lines there are, or what the columns are called
                    columns = columns if not words else tuple(words if name == "image_id" else (name, *words))
                    continue
                names.append(Path(name).stem)
                rows.append(np.array(words, np.float32))
        values = np.stack(rows)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}); check the path.") from error
    except ValueError as error:
        raise InputError(f"{path} is no list of CelebA ({error}); expected a name and numbers a line.") from error
    if columns and len(columns) != values.shape[1]:
        raise InputError(f"{path} names {len(columns)} columns but has {values.shape[1]}; get the file anew.")
    return Table(path, columns, {name: number for number, name in enumerate(names)}, values)


def _is_row(name: str, words: list[str]) -> bool:
    """Whether a line is that of a picture: an ending in its name, then numbers."""
    return "." in name and bool(words)


def attributes_of(table: Table, name: str) -> dict[str, bool]:
    """The attributes of one picture: 1 is yes, -1 is no."""
    return {column: bool(value > 0) for column, value in zip(table.columns, table.line(name), strict=True)}
