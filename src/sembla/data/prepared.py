"""The one layout on disk that every method trains from, and its reader.

    OUT/dataset.json                   what it is: kind, classes, size, counts, checksum of the index
    OUT/index.jsonl                    one line a pair: name, split, files with their checksums, landmarks, attributes
    OUT/images/SPLIT/NAME.webp         pictures, lossless
    OUT/labels/SPLIT/NAME.png          label maps: class ids, in the colours of their label set
    OUT/instances/SPLIT/NAME.png       instances, 16-bit
    OUT/shards/SPLIT-000000.tar        or, instead of the three: tars of many pairs; then a line of the index is a tar

SPLIT is train, val or test, or all where the set has no splits. NAME is the pair's, without SPLIT/ where it begins so.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.data.pairs import Pair

__all__ = [
    "DATASET",
    "INDEX",
    "JOURNAL",
    "VERSION",
    "Prepared",
    "Shard",
    "held_out",
    "is_prepared",
    "label_set_from_json",
    "label_set_to_json",
    "open_prepared",
    "part_of",
    "read_pairs",
    "read_shards",
]

VERSION = 1
"""Of the layout; a reader refuses others."""

DATASET = "dataset.json"
INDEX = "index.jsonl"
JOURNAL = ".prepare.jsonl"
"""What is done so far; there only while a set is half made."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One line of the index of a set in tars: a tar and how many pairs it holds."""

    file: str
    split: str
    pairs: int
    sha256: str
    bytes: int
    names: str
    """Checksum of the names of its pairs, in their order."""
    ids: tuple[int, ...] = ()
    """The values that occur in its label maps."""
    unknown: int = 0
    """Its pairs in which a face was looked for and none found."""

    def to_json(self) -> dict[str, Any]:
        """This tar as a line of the index."""
        line = {name: getattr(self, name) for name in self.__slots__}
        return line if self.unknown else {name: value for name, value in line.items() if name != "unknown"}

    @staticmethod
    def from_json(line: Mapping[str, Any]) -> "Shard":
        """The tar of a line; raises `KeyError` or `TypeError` for a line that is none."""
        return Shard(**{**line, "ids": tuple(line["ids"])})


@dataclass(frozen=True)
class Prepared:
    """A prepared set: what `dataset.json` says."""

    root: Path
    kind: str
    label_set: LabelSet | None
    size: int | None
    """Shorter side of the pictures in pixels; None where they kept theirs."""
    shard: int | None
    """Most pairs in a tar; None where they lie in single files."""
    hold_out: float | None
    """Percentage of the pairs that were to be held out as "val"; None where the splits are the makers'."""
    identities: str | None
    """Where faces were looked for to say who they are, as `Identities`; None where they were not."""
    counts: Mapping[str, int]
    """Pairs in each split; the split of a set without any is ""."""
    ids: tuple[int, ...]
    """The values that occur in the label maps."""
    licence: str
    made_by: str
    sha256: str
    """Of the index: the set itself in 64 letters, for it holds the checksum of every file."""

    @property
    def total(self) -> int:
        """Number of pairs."""
        return sum(self.counts.values())

    def to_json(self) -> dict[str, Any]:
        """What `dataset.json` holds."""
        return {
            "version": VERSION,
            "kind": self.kind,
            "label_set": self.label_set and label_set_to_json(self.label_set),
            "size": self.size,
            "shard": self.shard,
            "hold_out": self.hold_out,
            **({"identities": self.identities} if self.identities else {}),
            "counts": dict(self.counts),
            "ids": self.ids,
            "licence": self.licence,
            "made_by": self.made_by,
            "index": {"file": INDEX, "sha256": self.sha256},
        }


def is_prepared(root: Path) -> bool:
    """Whether a folder holds a prepared set, whole or half made."""
    return (root / JOURNAL).is_file() or ((root / DATASET).is_file() and (root / INDEX).is_file())


def open_prepared(root: str | os.PathLike[str]) -> Prepared:
    """Read what a prepared set is. Raises `InputError` for a folder that is none, or half made, or damaged."""
    root = Path(root)
    if (root / JOURNAL).exists():
        raise InputError(f"{root} is half made; run the same sembla prepare again, which goes on where it stopped.")
    try:
        values = json.loads((root / DATASET).read_text(encoding="utf-8"))
        if values["version"] != VERSION:
            raise InputError(f"{root} has layout {values['version']}; this Sembla reads {VERSION}. Prepare it anew.")
        prepared = _prepared(root, values)
        index = hashlib.sha256((root / INDEX).read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{root} is no prepared set; make one with sembla prepare KIND SOURCE {root}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{root / DATASET} is damaged; run sembla prepare again.") from error
    if index != prepared.sha256:
        raise InputError(f"{root / INDEX} is not the index that was written; run sembla prepare again.")
    return prepared


def _prepared(root: Path, values: Mapping[str, Any]) -> Prepared:
    return Prepared(
        root=root,
        kind=str(values["kind"]),
        label_set=values["label_set"] and label_set_from_json(values["label_set"]),
        size=values["size"],
        shard=values["shard"],
        hold_out=values.get("hold_out"),
        identities=values.get("identities"),
        counts=dict(values["counts"]),
        ids=tuple(values["ids"]),
        licence=str(values["licence"]),
        made_by=str(values["made_by"]),
        sha256=str(values["index"]["sha256"]),
    )


def part_of(prepared: Prepared, wanted: str) -> str:
    """That split of a set, or "", all of a set that has no splits. Raises `InputError` where it lacks."""
    if "" in prepared.counts:
        return ""
    if wanted not in prepared.counts:
        raise InputError(f"{prepared.root} has no split {wanted!r}; it has {', '.join(prepared.counts)}.")
    return wanted


def held_out(prepared: Prepared) -> str:
    """The split that nothing learns from, or the training split of a set without one. Raises as `part_of` does."""
    return part_of(prepared, "val" if "val" in prepared.counts else "train")


def read_pairs(prepared: Prepared, split: str | None = None) -> tuple[Pair, ...]:
    """All pairs of a set of single files, or those of a split, in the order of the index.

    Raises `InputError` for a set in tars, for a split without pairs, and for a damaged index.
    """
    if prepared.shard:
        raise InputError(f"{prepared.root} holds its pairs in tars; stream them, or prepare it without shards.")
    return tuple(_chosen(prepared, split, (Pair.from_json(line) for line in _lines(prepared))))


def read_shards(prepared: Prepared, split: str | None = None) -> tuple[Shard, ...]:
    """All tars of a set, or those of a split. Raises `InputError` as `read_pairs` does."""
    if not prepared.shard:
        raise InputError(f"{prepared.root} holds its pairs in single files; prepare it with shards to stream it.")
    return tuple(_chosen(prepared, split, (Shard.from_json(line) for line in _lines(prepared))))


def _chosen(prepared: Prepared, split: str | None, found: Iterator[Any]) -> list[Any]:
    try:
        chosen = [each for each in found if split is None or each.split == split]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{prepared.root / INDEX} is damaged; run sembla prepare again.") from error
    if not chosen:
        there = ", ".join(repr(name) for name in prepared.counts) or "nothing"
        raise InputError(f"{prepared.root} has no pairs in split {split!r}; it has {there}.")
    return chosen


def _lines(prepared: Prepared) -> Iterator[Mapping[str, Any]]:
    with (prepared.root / INDEX).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def label_set_to_json(label_set: LabelSet) -> dict[str, Any]:
    """A label set as JSON can hold it."""
    return {
        "names": label_set.names,
        "colours": label_set.colours,
        "ignore": label_set.ignore,
        "swaps": label_set.swaps,
    }


def label_set_from_json(values: Mapping[str, Any]) -> LabelSet:
    """The label set of `label_set_to_json`; raises `KeyError`, `TypeError` or `ValueError` for anything else."""
    return LabelSet(
        names=tuple(values["names"]),
        colours=tuple((red, green, blue) for red, green, blue in values["colours"]),
        ignore=values["ignore"],
        swaps=tuple((left, right) for left, right in values["swaps"]),
    )
