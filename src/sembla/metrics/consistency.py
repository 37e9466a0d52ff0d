"""How alike the pictures of a sequence are that should show the same: the mean squared error of all pairs."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sembla.core.errors import InputError, SizeError
from sembla.core.types import Picture, Region

__all__ = ["Consistency", "consistency"]


@dataclass(frozen=True)
class Consistency:
    """Mean squared errors between versions of one picture; 0 is best; colours count as -1 to 1, so 4 is the most."""

    whole: float
    """Over all pixels of each pair."""
    holes: float | None
    """Over the pixels that lie in a hole of either version of the pair; None where no holes were given."""


def consistency(versions: Sequence[Picture], holes: Sequence[Region] | None = None) -> Consistency:
    """Mean over all pairs of versions (V pictures of one size) of their mean squared error.

    Meant for inpainted versions of one subject: 28 pairs for eight of them. Known pixels are equal by construction, so
    also the error over the union of each pair's `holes` (V regions (H, W)) is given; pairs without a hole are left out
    of that mean. Values are averaged over subjects by the caller.

    Raises `InputError` for fewer than two versions, `SizeError` for sizes that differ.
    """
    if len(versions) < 2:
        raise InputError(f"{len(versions)} pictures came; consistency compares two or more versions.")
    if len({version.shape for version in versions}) > 1:
        raise SizeError("the versions differ in size; bring them to one size first.")
    if holes is not None and (len(holes) != len(versions) or any(h.shape != versions[0].shape[:2] for h in holes)):
        raise SizeError(
            f"{len(holes)} holes came for {len(versions)} versions; give one of the picture's size for each."
        )
    whole, inside = [], []
    for first, second in itertools.combinations(range(len(versions)), 2):
        squares = (versions[first].astype(np.int32) - versions[second]) ** 2
        whole.append(squares.mean())
        if holes is not None:
            union = holes[first] | holes[second]
            inside += [squares[union].mean()] if union.any() else []
    scale = (2 / 255) ** 2
    return Consistency(float(np.mean(whole) * scale), float(np.mean(inside) * scale) if inside else None)
