"""Splitting a set that has no splits: some pairs are held out of training, chosen by their names alone."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace

from sembla.core.errors import InputError
from sembla.data.records import SPLITS, Record

__all__ = ["with_splits"]


def with_splits(records: Sequence[Record], percent: float) -> list[Record]:
    """The records with splits: about `percent` of them "val", the others "train", in this order: train, val.

    A pair's split follows from a hash of its name, so that it stays where it is when others are added or removed.

    Raises `InputError` for a share that is not between 0 and 100, for records that have splits already, and where
    either split would be empty.
    """
    if not 0 < percent < 100:
        raise InputError(f"{percent:g} % to hold out came; give a share between 0 and 100.")
    there = {record.split for record in records}
    own = [split for split in SPLITS if split in there]
    if own:
        raise InputError(f"this set has splits of its own ({', '.join(own)}); leave out --hold-out.")
    train = [replace(record, split="train") for record in records if _place(record.name) >= percent]
    val = [replace(record, split="val") for record in records if _place(record.name) < percent]
    if not (train and val):
        raise InputError(
            f"holding out {percent:g} % of {len(records)} pairs leaves {len(train)} for training and {len(val)} held "
            f"out; hold out {'more' if train else 'fewer'}."
        )
    return [*train, *val]


def _place(name: str) -> float:
    """Where a name falls between 0 and 100, evenly."""
    digest = hashlib.sha256(name.encode()).digest()
    return math.ldexp(int.from_bytes(digest[:6], "big"), -48) * 100
