"""Mending: a repaired copy of a folder, made from what the doctor found. The source is never touched.

The copy has the source's folders and names; where a pair is not two files there, it has images/ and labels/. It is
made under a name of its own beside its place and moved there when it is whole, so that nothing half-mended is ever
left.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from sembla.core.errors import InputError, OutputError
from sembla.core.labels import LabelSet
from sembla.data.classes import write_declared
from sembla.data.doctor.chart import MEND_THE_SOURCE
from sembla.data.doctor.expectations import expect
from sembla.data.doctor.looking import in_threads
from sembla.data.doctor.pairs import Finding, Pair
from sembla.data.doctor.pixels import decode, label_pixels, mixtures
from sembla.data.doctor.reading import find_pairs
from sembla.data.doctor.remedies import (
    Declare,
    Fill,
    LeaveOut,
    Plain,
    ReadColours,
    Remedy,
    Rename,
    Renumber,
    Resize,
    Sharpen,
    Shift,
    TakeClasses,
    Turn,
)
from sembla.data.doctor.report import Report
from sembla.data.prepared import is_prepared
from sembla.imaging.io import read_map, read_picture
from sembla.imaging.palette import read_classes, snap
from sembla.imaging.save import PICTURE_SUFFIXES, write_label_map, write_picture
from sembla.imaging.snapping import in_blocks

__all__ = ["Mended", "check_place", "repair"]

R = TypeVar("R")


@dataclass(frozen=True)
class Mended:
    """What became of a folder in its mended copy."""

    pairs: int
    """Photos with a label map in the copy."""
    files: int
    """Photos and label maps that are not as they were."""
    left_out: int
    """Pairs that are not in the copy."""


def repair(path: str | os.PathLike[str], out: str | os.PathLike[str], report: Report) -> Mended:
    """Write a mended copy of the folder that `report` is about.

    What the advice of each fault promises is done; faults without a safe repair stay. Files that belong to no pair
    are not copied, nor are pairs that are left out.

    Raises `OutputError` where `out` exists, lies within `path`, or cannot be written; then nothing is left there.
    Raises `InputError` for a prepared set: of that a copy would be none.
    """
    root, out = Path(path), Path(out)
    _check_source(root)
    finding = find_pairs(root, report.kind or None)
    plan = _Plan(finding, tuple(remedy for fault in report.faults for remedy in fault.remedies))
    with _whole_folder(root, out) as part:
        changes = list(in_threads(lambda number: plan.write(number, part), range(len(finding.pairs)), workers=2))
        made = [changed for changed in changes if changed is not None]
        if not made:
            raise OutputError(f"{out}: nothing would be left of {root}; mend its files by hand.")
        if not report.kind:
            _write_classes(root, part, plan)
    return Mended(len(made), sum(made), len(changes) - len(made))


def check_place(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Raise `OutputError` unless a mended copy of the folder `path` may be written to `out`.

    Raises `InputError` for a prepared set.
    """
    _check_source(Path(path))
    if os.path.lexists(out):
        raise OutputError(f"{out} exists already; choose another name for the mended copy.")
    if Path(out).resolve().is_relative_to(Path(path).resolve()):
        raise OutputError(f"{out} lies within {path}, which is never touched; choose a place beside it.")
    if not Path(out).resolve().parent.is_dir():
        raise OutputError(f"{Path(out).parent} is no folder; make it, or choose another place for the mended copy.")


def _check_source(root: Path) -> None:
    if is_prepared(root):
        raise InputError(f"{root} is a prepared set, of which no mended copy is made. {MEND_THE_SOURCE}")


@contextmanager
def _whole_folder(root: Path, out: Path) -> Iterator[Path]:
    """Give a folder to fill; move it to `out` when the block ends, remove it when the block fails."""
    check_place(root, out)
    part = out.with_name(f".{secrets.token_hex(6)}.part")
    try:
        part.mkdir()
        yield part
        part.rename(out)
    except OSError as error:
        raise OutputError(f"{out} cannot be written ({error.strerror or error}); choose another place.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


@dataclass(frozen=True)
class _Plan:
    """What is to be done to which pair."""

    finding: Finding
    remedies: tuple[Remedy, ...]

    def all(self, sort: type[R]) -> list[R]:
        """The remedies of one sort."""
        return [remedy for remedy in self.remedies if isinstance(remedy, sort)]

    def write(self, number: int, part: Path) -> int | None:
        """Write one pair below `part`. Returns how many of its files are changed; None if it is left out."""
        source = self._source(number)
        if source is None:
            return None
        pair, labelled = self.finding.pairs[number], self.finding.pairs[source]
        if self.finding.in_cases:
            return self._write_case(number, part)
        changed = self._write_photo(number, part)
        place = _plain_place(pair, "labels", part) if pair.draw else self._place(pair.labels, part)
        renamed = any(number in remedy.pairs for remedy in self.all(Rename))
        if renamed:
            place = place.with_stem(pair.image.stem + "_mask" * (pair.image.parent == pair.labels.parent))
        labels = self._labels(source)
        if labels is None:
            shutil.copyfile(labelled.labels, place)
        else:
            _save_ids(place.with_name(f"{place.stem}.png"), labels)
        if pair.instances and labelled.instances:
            shutil.copyfile(labelled.instances, self._place(pair.instances, part))
        return changed + (source != number or renamed or bool(self._remedies_of(source)))

    def _source(self, number: int) -> int | None:
        """The pair whose label map this photo gets; None for pairs that are left out."""
        left_out = {one for remedy in self.all(LeaveOut) for one in remedy.pairs}
        source = number
        for shift in self.all(Shift):
            if number in shift.pairs:
                source += shift.step
        pairs = self.finding.pairs
        inside = 0 <= source < len(pairs) and pairs[source].split == pairs[number].split
        return source if inside and not {number, source} & left_out else None

    def _place(self, path: Path, part: Path) -> Path:
        """Where a file of the source goes."""
        place = part / path.relative_to(self.finding.root)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _write_photo(self, number: int, part: Path) -> bool:
        """A photo as it is, or without its EXIF mark; True for that."""
        pair = self.finding.pairs[number]
        path = pair.image
        place = _plain_place(pair, "images", part) if pair.draw else self._place(path, part)
        if pair.show:
            write_picture(place.with_name(f"{place.stem}.png"), pair.show())
            return False
        turns = [remedy.pairs[number] for remedy in self.all(Turn) if number in remedy.pairs]
        if not turns:
            shutil.copyfile(path, place)
            return False
        picture = read_picture(path) if turns[0] else np.asarray(decode(path)[0].convert("RGB"))
        write_picture(place if place.suffix.lower() in PICTURE_SUFFIXES else place.with_suffix(".png"), picture)
        return True

    def _remedies_of(self, number: int) -> list[Remedy]:
        """What is done to the values of a label map."""
        others = LeaveOut | Shift | Rename | Turn | Declare
        return [one for one in self.remedies if not isinstance(one, others) and number in one.pairs]

    def _labels(self, number: int) -> NDArray[np.uint8] | None:
        """The mended ids (H, W) of a pair; None where its file is to be copied as it is."""
        mine = self._remedies_of(number)
        pair = self.finding.pairs[number]
        if not (mine or pair.draw):
            return None
        values: NDArray[Any] = pair.draw() if pair.draw else label_pixels(decode(pair.labels)[0])
        for sort in (ReadColours, TakeClasses, Sharpen, Renumber, Fill, Resize, Plain):
            for remedy in mine:
                if isinstance(remedy, sort):
                    values = _apply(remedy, values, pair)
        if values.ndim == 3 or (values.size and int(values.max()) > 255):  # alpha dropped, but not to be read as ids
            return None if values.ndim == 2 else np.ascontiguousarray(values)
        return values.astype(np.uint8)

    def _write_case(self, number: int, part: Path) -> int:
        """One photo with its label map and its layouts, drawn anew if need be. Returns how many files are changed."""
        pair = self.finding.pairs[number]
        changed = self._write_photo(number, part)
        layouts = [path for path in self.finding.layouts if path.parent.parent == pair.labels.parent]
        maps = [pair.labels, *layouts]
        places = [self._place(path, part) for path in maps]
        if any(number in remedy.pairs for remedy in self.all(Plain)):
            source, *targets = [read_map(path) for path in maps]
            names = [str(path) for path in maps]
            read = read_classes(source, targets, names=names, adopt_nearest=True)
            for place, labels in zip(places, (read.labels, *read.layouts), strict=True):
                write_label_map(place.with_suffix(".png"), labels, palette=read.palette)
            return changed + len(maps)
        for path, place in zip(maps, places, strict=True):
            shutil.copyfile(path, place)
        return changed


def _plain_place(pair: Pair, folder: str, part: Path) -> Path:
    """Where a file of a pair goes in the plain layout."""
    place = part / pair.split / folder / f"{pair.name}{pair.image.suffix}"
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _apply(remedy: Remedy, values: NDArray[Any], pair: Pair) -> NDArray[Any]:
    """One remedy on the values or colours of one label map."""
    if isinstance(remedy, ReadColours):
        values = snap(values, remedy.palette)
    elif isinstance(remedy, TakeClasses):
        values = np.where(values >= 1000, values // 1000, values).astype(np.uint8)
    elif isinstance(remedy, Sharpen):
        values = _sharpen(values)
    elif isinstance(remedy, Renumber):
        values = remedy.table[values.astype(np.uint8)]
    elif isinstance(remedy, Fill):
        values = _fill(values, np.isin(values, list(remedy.values)))
    elif isinstance(remedy, Resize):
        height, width = read_picture(pair.image).shape[:2]
        values = np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.NEAREST))
    return values


def _sharpen(values: NDArray[Any]) -> NDArray[Any]:
    """Give what lies mixed between two regions, and fills no area of its own, to the nearer of them.

    The areas are sought away from the mixtures: blending makes them up to 3 px wide, and steps within them may be flat.
    """
    sure = in_blocks(values, 3)
    for _ in range(2):  # a value that fills an area in one place only as part of a soft border has no core
        sure &= ~mixtures(values)
    solid = np.bincount(values[in_blocks(values, 5)].astype(np.int64), minlength=1)
    known = np.flatnonzero(solid > 0)
    return _fill(values, ~(sure & np.isin(values, known)))


def _fill(values: NDArray[Any], unknown: NDArray[np.bool_]) -> NDArray[Any]:
    """Give unknown pixels the value of the nearest known one."""
    if unknown.all():
        return values
    rows, columns = ndimage.distance_transform_edt(unknown, return_distances=False, return_indices=True)
    filled: NDArray[Any] = values[rows, columns]
    return filled


def _save_ids(place: Path, values: NDArray[np.uint8]) -> None:
    """Write ids (H, W), or colours (H, W, 3), as a PNG without alpha."""
    Image.fromarray(values).save(place, "PNG", compress_level=4)


def _write_classes(root: Path, part: Path, plan: _Plan) -> None:
    """Write down what the ids mean: what the source says, which colours became ids, what to ignore."""
    expected = expect(root, "", ())
    label_set = expected.label_set if expected else None
    palettes = [remedy.palette for remedy in plan.all(ReadColours)]
    declared = plan.all(Declare)
    if label_set is None and palettes:
        colours = tuple((int(red), int(green), int(blue)) for red, green, blue in palettes[0])
        label_set = LabelSet(tuple(f"class {number}" for number in range(len(colours))), colours)
    if label_set is None and declared:
        label_set = _plain_set(max(remedy.count for remedy in declared))
    if label_set is None:
        return
    if declared:
        label_set = replace(label_set, ignore=declared[0].ignore)
    write_declared(part, label_set)


def _plain_set(count: int) -> LabelSet:
    """Classes nobody named, in colours that differ: the bits of the number, spread over the channels."""
    colours = []
    for number in range(count):
        channels = [0, 0, 0]
        for bit in range(8):
            channels[bit % 3] |= (number + 1 >> bit & 1) << (7 - bit // 3)
        colours.append((channels[0], channels[1], channels[2]))
    return LabelSet(tuple(f"class {number}" for number in range(count)), tuple(colours))
