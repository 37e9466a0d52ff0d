"""What trained generators are asked for, as live requests carry it: regions to keep, holes to fill."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, StrictBool, StrictInt

from sembla.core.types import MAX_CLASSES, MAX_PIXELS
from sembla.core.ways import MEANING, FeaturesName, FillName, SearchName

__all__ = ["MOST_TILES", "FillRequest", "KeepRequest", "KeptRegion", "Part", "Piece", "Tile"]

MOST_TILES = 64

_MOST_SEED = 2**53 - 1  # the largest whole number that JavaScript knows exactly

Part: TypeAlias = Literal["candidate", "all", "reference", "region", "mean", "deviation", "whole", "made"]
"""What one of several finished pictures shows; `whole` is a picture with its hole filled, `made` the face alone."""


class Piece(BaseModel):
    """One of several finished pictures."""

    part: Part
    place: int = Field(default=0, description="Which of those that show the same.")
    distance: float | None = Field(default=None, description="Of a candidate: how far from what was to be kept.")
    notes: list[str] = Field(default=[], description="What there is to say of all of them.")


class Tile(BaseModel):
    """A picture on a board of several."""

    name: str = Field(max_length=255)
    left: StrictInt = Field(ge=0, le=MAX_PIXELS)
    top: StrictInt = Field(ge=0, le=MAX_PIXELS)
    width: StrictInt = Field(ge=1, le=MAX_PIXELS)
    height: StrictInt = Field(ge=1, le=MAX_PIXELS)


Tiles: TypeAlias = Annotated[list[Tile], Field(min_length=1, max_length=MOST_TILES)]
Seed: TypeAlias = Annotated[StrictInt, Field(ge=0, le=_MOST_SEED)]


class KeptRegion(BaseModel):
    """How a region counts."""

    weight: float = Field(default=1.0, gt=0, le=1000)
    locked: StrictBool = False


class KeepRequest(BaseModel):
    """Keep what is marked on a board: 0 marks nothing, and id k the region `regions[k - 1]`."""

    model: str = Field(max_length=200, description="Who makes the pictures, as `GeneratorCard.name` says.")
    tiles: Tiles
    regions: list[KeptRegion] = Field(min_length=1, max_length=MAX_CLASSES - 1)
    seed: Seed = 0
    candidates: StrictInt = Field(default=36, ge=1, le=256)
    shown: StrictInt = Field(default=9, ge=1, le=256)
    diverse: StrictBool = False
    search: SearchName = "steered"
    steps: StrictInt | None = Field(default=None, description="Of the search; null for its own number.")
    meaning: float = Field(default=MEANING, ge=0, le=1, description="Of the search steered: 0 colours, 1 meaning.")
    features: FeaturesName = Field(default="", description="What regions are compared through; empty is the model's.")
    gram: StrictBool = Field(default=False, description="Of faces and bedrooms: compare Gram matrices.")
    hard: StrictBool = Field(default=False, description="Of faces: only cells within a region wholly count.")


class FillRequest(BaseModel):
    """Fill what is marked on a board: 0 is known, all else is missing."""

    model: str = Field(max_length=200, description="Who makes the pictures, as `GeneratorCard.name` says.")
    tiles: Tiles
    points: list[list[tuple[float, float]]] = Field(
        max_length=MOST_TILES, description="Of each picture the 68 points of its face, in its own pixels."
    )
    shared: StrictBool = Field(default=True, description="The pictures are frames of one person.")
    smooth: float = Field(default=1.5, ge=0, le=100, description="Over how many frames points are smoothed.")
    seed: Seed = 0
    fillings: StrictInt = Field(default=1, ge=1, le=16, description="How many, each of the next seed.")
    search: FillName = "predicted"
    steps: StrictInt | None = Field(default=None, description="Of the search; null for its own number.")
