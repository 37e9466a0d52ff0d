"""Folders of pictures that belong together: the frames or versions of a subject, the variations of an answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from sembla.core.errors import ImageError, InputError, SizeError
from sembla.core.types import Picture, Region
from sembla.data.catalog.reading import below
from sembla.evaluation.measures import mean_score
from sembla.evaluation.reading import contents, is_contact_sheet
from sembla.imaging.folders import natural
from sembla.imaging.io import SUFFIXES, read_map, read_picture
from sembla.metrics.protocol import Protocol, Score

__all__ = [
    "Group",
    "Partners",
    "find_groups",
    "find_partners",
    "in_words",
    "mean_over",
    "naming",
    "read_hole",
    "sheets_note",
    "split_by_number",
]

_WHITE = 128  # the least grey that counts as white: masks may be JPEGs
_MOST_NAMED = 5


@dataclass(frozen=True)
class Group:
    """Pictures that belong together."""

    name: str
    """Of its folder."""
    pictures: Mapping[str, Path]
    """By the names that scores use: "frame", or "subject/frame" where there are several groups."""
    sheets: tuple[Path, ...] = ()
    """Contact sheets that lie among them and were left out."""

    def read(self) -> list[Picture]:
        """All of its pictures. Raises `ImageError` for one that cannot be read."""
        return [read_picture(path) for path in self.pictures.values()]


@dataclass(frozen=True)
class Partners:
    """Files that belong to pictures by their names."""

    root: Path
    files: Mapping[str, Path]
    """By name: the path below `root` without its suffix."""
    common: Path | None = None
    """One file for all pictures."""

    @property
    def sha256(self) -> str:
        """Over the names and files, wherever they lie. Raises `InputError` for one that cannot be read."""
        return contents(self.files or {"": self.root})

    def find(self, *names: str) -> Path | None:
        """The file of the first of these names that has one, else the one for all, else None."""
        return next((self.files[name] for name in names if name in self.files), self.common)

    def require(self, *names: str) -> Path:
        """As `find`; raises `InputError` where there is none."""
        found = self.find(*names)
        if found is None:
            raise InputError(
                f"{self.root} holds nothing for {names[0]}; put a picture named {' or '.join(names)} there."
            )
        return found


def find_groups(folder: Path) -> tuple[Group, ...]:
    """A folder of pictures as one group, or a folder of such folders as several, in natural order.

    Hidden files are left out, and so is the contact sheet that `sembla analogy` puts beside its results. Raises
    `InputError` for a folder that is missing, empty, or holds both pictures and folders of pictures, and for two
    pictures of one name.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; check the path.")
    files = _files(folder)
    groups: dict[str, dict[str, Path]] = {}
    for name in sorted(files, key=natural):
        groups.setdefault(name.rpartition("/")[0], {})[name] = files[name]
    if "" in groups and len(groups) > 1:
        inside = next(name for name in groups if name)
        raise InputError(f"{folder} holds pictures and folders of pictures ({inside}); give one or the other.")
    return tuple(_group(name or folder.resolve().name, pictures) for name, pictures in groups.items())


def split_by_number(group: Group) -> tuple[Group, ...]:
    """The parts of a folder whose pictures are all called NAME-NUMBER, as `sembla analogy --variations` calls them.

    The group itself where they are not, or where there is but one NAME, or one with a single picture.
    """
    parts: dict[str, dict[str, Path]] = {}
    for name, path in group.pictures.items():
        numbered = re.fullmatch(r"(.+)-\d+", name)
        if numbered is None:
            return (group,)
        parts.setdefault(numbered[1], {})[name] = path
    if len(parts) < 2 or min(map(len, parts.values())) < 2:
        return (group,)
    return tuple(Group(name, pictures) for name, pictures in parts.items())


def sheets_note(sheets: Sequence[Path]) -> str:
    """That contact sheets were left out."""
    return f"contact sheets are no results and were left out: {in_words([str(path) for path in sheets])}."


def find_partners(root: Path, *, for_all: bool = False) -> Partners:
    """Pictures of a folder, walked down, by name; a file in place of a folder belongs to all pictures.

    With `for_all`, the only picture of a folder belongs to all too. Raises `InputError` for what is missing or empty,
    and for two pictures of one name.
    """
    if root.is_file():
        return Partners(root, {}, root)
    if not root.is_dir():
        raise InputError(f"{root}: no such file or folder; check the path.")
    files = _files(root)
    common = next(iter(files.values())) if for_all and len(files) == 1 else None
    return Partners(root, files, common)


def check_sizes(group: Group, pictures: list[Picture]) -> None:
    """Raise `SizeError`, with the names of two, for pictures of a group that differ in size."""
    (first, path), *others = zip(pictures, group.pictures.values(), strict=True)
    for picture, other in others:
        if picture.shape != first.shape:
            raise SizeError(
                f"{path} is {first.shape[1]}x{first.shape[0]} and {other.name} {picture.shape[1]}x{picture.shape[0]}; "
                "pictures that belong together must have one size."
            )


def read_hole(path: Path, *, like: Picture) -> Region:
    """A mask (H, W) of the size of a picture; True where it is white. Raises `ImageError` for any other."""
    values = read_map(path)
    grey = values if values.ndim == 2 else np.asarray(Image.fromarray(values).convert("L"))
    if grey.shape != like.shape[:2]:
        raise ImageError(
            f"{path} is {grey.shape[1]}x{grey.shape[0]}, its picture {like.shape[1]}x{like.shape[0]}; give masks of "
            "their pictures' size."
        )
    if 0 < grey.max() < _WHITE:
        raise ImageError(f"{path} holds values up to {grey.max()}, none of them white; paint holes in white (255).")
    return np.asarray(grey >= _WHITE)


@contextmanager
def naming(what: object) -> Iterator[None]:
    """Put before the message of an `InputError` what it is about, where the message does not say so itself."""
    try:
        yield
    except InputError as error:
        if str(what) in str(error):
            raise
        raise type(error)(f"{what}: {error}") from error


def mean_over(name: str, values: Mapping[str, float], *, of: str, unit: str, better: str, about: Protocol) -> Score:
    """The mean of a score over groups, `of` in words ("subjects"); `about` is the protocol as it stands."""
    score = mean_score(name, values, unit=unit, better=better, about=about)
    return replace(score, protocol=about, spread_of=of if score.spread is not None else "")


def in_words(names: Sequence[str]) -> str:
    """Names for a message, the first five of them."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _files(folder: Path) -> dict[str, Path]:
    """Every picture below a folder by name; at least one."""
    files = below(folder)
    if not files:
        raise InputError(f"{folder} holds no picture; expected files that end with {', '.join(SUFFIXES[:6])} or such.")
    return files


def _group(name: str, pictures: Mapping[str, Path]) -> Group:
    """A group without its contact sheet."""
    sheets = tuple(path for path in pictures.values() if len(pictures) > 1 and is_contact_sheet(path))
    return Group(name, {name: path for name, path in pictures.items() if path not in sheets}, sheets)
