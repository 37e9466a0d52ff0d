"""Data sets: the one layout that training reads, and the label doctor's look at one pair."""

import os
from collections.abc import Callable, Mapping

from sembla.data import doctor
from sembla.data import prepare as preparing
from sembla.data.catalog import KINDS, find_kind
from sembla.data.doctor.report import Fault
from sembla.data.identities import Identities
from sembla.data.prepare import Preparation
from sembla.data.shards import PAIRS
from sembla.imaging.io import Source, read_map, read_picture, source_name

__all__ = ["examine_pair", "kinds", "prepare"]


def kinds() -> Mapping[str, str]:
    """The known data sets: what `prepare` calls each, and a sentence on what it is and how it must lie on the disk."""
    return {name: kind.summary for name, kind in KINDS.items()}


def prepare(
    kind: str,
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    size: int | None = None,
    shards: bool = False,
    hold_out: float | None = None,
    identities: Identities | None = None,
    workers: int | None = None,
    on_progress: Callable[[int, int], bool | None] | None = None,
) -> Preparation:
    """Make a prepared set of a data set in its makers' layout, or go on with one, or bring it up to date.

    Args:
        kind: One of `kinds`.
        source: Its folder or file, which is never written to.
        out: A new or empty folder, or one that the same call has begun or finished.
        size: Shorter side of the pictures in pixels, 16 to 4096; None keeps theirs.
        shards: Write tars of 512 pairs instead of single files.
        hold_out: Percentage of the pairs that become the split "val", for a set without splits.
        identities: Say of each face who it is, 128 numbers by dlib: "found" looks in the box that its detector finds,
            "whole" takes all of the picture for the face; None leaves it out.
        workers: Processes; None for one a core. With more than one, a script must call this from under
            `if __name__ == "__main__"`.
        on_progress: Told how many pairs are done, and of how many; an answer that is false but not None cancels.

    Raises `InputError` for an unknown kind, a source that is not of it, or pairs that cannot be read (all others are
    made before that is told), `OutputError` for a place that holds something else, `MissingExtraError` for identities
    without the extra `faces`, `Cancelled`.
    """
    return preparing.prepare(
        find_kind(kind),
        source,
        out,
        size=size,
        shard=PAIRS if shards else None,
        hold_out=hold_out,
        identities=identities,
        workers=workers,
        on_progress=on_progress,
    )


def examine_pair(photo: Source, labels: Source, *, name: str = "") -> tuple[Fault, ...]:
    """Look at one photo and its label map: JPEG noise, soft edges, 255 among ids, one class nearly everywhere, turned.

    `name` is what sentences call the map. Raises `ImageError` and `LabelError` for what cannot be read.
    """
    picture, values = read_picture(photo, name="photo"), read_map(labels, name=name or "label map")
    return doctor.examine_pair(picture, values, name=name or source_name(labels, "the label map"))
