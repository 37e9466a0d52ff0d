"""`sembla prepare`: a data set in its makers' layout becomes the one layout that training reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from sembla.commands.console import counting, say, say_json
from sembla.commands.options import Flag

if TYPE_CHECKING:
    from sembla.api import Preparation

__all__ = ["Prepare"]

_NAMED = 5


@dataclass(frozen=True)
class Prepare:
    """Make a data set ready for training: photos and label maps in one layout, checked and counted."""

    kind: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="KIND")]
    """What SOURCE is: cityscapes, cityscapes_19, ade20k, coco_stuff, camvid, facades, celebamask_hq,
    celebamask_hq_parsing, portrait_npz, celeba, lsun_bedrooms, fasseg, faces, or folder for any images/ and labels/."""
    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")]
    """Its folder, as downloaded; it is never written to."""
    out: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")]
    """A new folder; or one that the same command has begun, which goes on, or made, which is brought up to date."""
    size: Annotated[int | None, tyro.conf.arg(metavar="PIXELS", help_behavior_hint="")] = None
    """Shorter side of the pictures. Without: as they are."""
    shards: Flag = False
    """Write tars of 512 pairs, to be streamed, instead of single files."""
    hold_out: Annotated[float | None, tyro.conf.arg(metavar="PERCENT", help_behavior_hint="")] = None
    """Of a set without splits, put this share of the pairs into the split val, chosen by their names."""
    identities: Annotated[Literal["found", "whole"] | None, tyro.conf.arg(help_behavior_hint="")] = None
    """Say of each face who it is, 128 numbers by dlib, for the published recipes of portrait: in the box that its
    detector finds, or as published, in all of the picture, which is worse. Needs pip install 'sembla[faces]'."""
    workers: Annotated[int | None, tyro.conf.arg(metavar="COUNT", help_behavior_hint="")] = None
    """Processes at work. Without: one a core."""
    json: Flag = False
    """Print one JSON object: out, kind, pairs, counts, made, kept, changed, removed, unknown, sha256."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Do it, and say what was made."""
        from sembla import api  # loads after the options are read: --help stays fast

        with counting("preparing") as on_progress:
            done = api.prepare(
                self.kind,
                self.source,
                self.out,
                size=self.size,
                shards=self.shards,
                hold_out=self.hold_out,
                identities=self.identities,
                workers=self.workers,
                on_progress=on_progress,
            )
        if self.json:
            say_json(_as_json(self.out, done))
        else:
            say("\n".join(_as_lines(self.out, done)))


def _counts(done: "Preparation") -> dict[str, int]:
    """Pairs in each split; "all" where the set has none."""
    counts = done.prepared.counts
    return {split or "all": counts[split] for split in ("train", "val", "test", "") if split in counts}


def _as_json(out: Path, done: "Preparation") -> dict[str, object]:
    return {
        "out": str(out),
        "kind": done.prepared.kind,
        "pairs": done.prepared.total,
        "counts": _counts(done),
        "made": done.made,
        "kept": done.kept,
        "changed": list(done.changed),
        "removed": list(done.removed),
        "unknown": done.unknown,
        "sha256": done.prepared.sha256,
    }


def _as_lines(out: Path, done: "Preparation") -> list[str]:
    total = done.prepared.total
    splits = ", ".join(f"{split} {count:,}" for split, count in _counts(done).items())
    told = [
        f"{out}: {total:,} pair{'' if total == 1 else 's'} of {done.prepared.kind} ({splits})",
        f"made {done.made:,}, kept {done.kept:,}",
    ]
    if done.unknown:
        told.append(f"no face was found in {done.unknown:,}, which stay without an identity")
    if done.changed:
        told.append(f"changed since the last time: {_some(done.changed)}")
    if done.removed:
        told.append(f"removed, for their sources are gone: {_some(done.removed)}")
    return told


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
