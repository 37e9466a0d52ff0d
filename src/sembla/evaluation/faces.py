"""Whole faces that were held out of training, to measure models of faces with."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.data.loading import held_out_batch
from sembla.data.prepared import Prepared, held_out
from sembla.evaluation.reading import Contents
from sembla.faces.landmarks import COUNT
from sembla.metrics.protocol import Protocol, versions

__all__ = ["WholeFaces", "whole_faces"]


@dataclass(frozen=True)
class WholeFaces:
    """Faces whose pixels are all known, to be damaged, and their points."""

    source: str
    """Where they are from, as their user named it."""
    split: str
    names: tuple[str, ...]
    pictures: NDArray[np.uint8]
    """(N, side, side, 3)."""
    landmarks: NDArray[np.float32]
    """(N, 68, 2), in pixels of these pictures."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.pictures.shape[1], self.pictures.shape[2]

    @cached_property
    def sha256(self) -> str:
        """Over the names, pixels and points."""
        found = Contents()
        for name, picture, points in zip(self.names, self.pictures, self.landmarks, strict=True):
            found.add(name, hashlib.sha256(picture.tobytes() + points.tobytes()).hexdigest())
        return found.sha256

    def protocol(self, made: str, *, seed: int, settings: dict[str, float | str]) -> Protocol:
        """How scores against these faces are taken; `made` says what by."""
        return Protocol(
            made=made,
            real=self.source,
            count_made=len(self.names),
            count_real=len(self.names),
            split=self.split,
            resize="none",
            seed=seed,
            settings={"side": float(self.size[0]), **settings},
            versions=versions(),
            real_sha256=self.sha256,
        )


def whole_faces(prepared: Prepared, *, side: int, count: int) -> WholeFaces:
    """The first faces that nothing learns from, in the order of the index, at the size that a model makes.

    Raises `InputError` for fewer than `count` faces, for a set without 68 points a face, and as `held_out` does.
    """
    split = held_out(prepared)
    there = prepared.counts[split]
    if there < count:
        raise InputError(f"{prepared.root} holds {there} faces to measure with; ask for no more, not for {count}.")
    batch = held_out_batch(prepared, size=(side, side), most=count)
    if batch.landmarks is None or batch.landmarks.shape[1] != COUNT:
        raise InputError(
            f"{prepared.root} has no {COUNT} landmarks a picture; make the set with: sembla prepare faces."
        )
    return WholeFaces(str(prepared.root), split, batch.names, batch.pictures, batch.landmarks)
