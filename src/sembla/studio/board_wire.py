"""What travels between page and server about boards: pictures side by side, marks for them, points of faces."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StrictBool, StrictInt

from sembla.core.types import MAX_PIXELS
from sembla.studio.board_tasks import MOST_TILES, Tile
from sembla.studio.wire import PackedMap, Photo

__all__ = [
    "Board",
    "BoardPart",
    "BoardRequest",
    "FoundPoints",
    "GeneratorCard",
    "GeneratorCards",
    "GuessRequest",
    "HoleRequest",
    "PointsRequest",
]


class GeneratorCard(BaseModel):
    """A trained generator that keeps regions or fills holes."""

    name: str
    title: str
    method: Literal["preserve", "inpaint"]


class GeneratorCards(BaseModel):
    """All of them."""

    models: list[GeneratorCard]
    holes: list[str] = Field(description="The kinds of holes that can be laid over a picture.")
    finds_faces: bool = Field(description="Whether points of faces can be found here.")


class BoardPart(BaseModel):
    """A photo that is held, or a part of it."""

    photo: str = Field(pattern="^[0-9a-f]{32}$")
    name: str = Field(default="photo", max_length=255)
    part: Tile | None = Field(default=None, description="Which part; null for the whole.")


class BoardRequest(BaseModel):
    """Pictures to be laid side by side."""

    parts: list[BoardPart] = Field(min_length=1, max_length=MOST_TILES)
    square: StrictBool = Field(default=False, description="Take the middle square of each, at one size.")


class Board(BaseModel):
    """Pictures side by side, as one photo that is held."""

    photo: Photo
    tiles: list[Tile]


class HoleRequest(BaseModel):
    """A hole of a kind."""

    kind: str = Field(max_length=100, description="One of `GeneratorCards.holes`.")
    width: StrictInt = Field(ge=1, le=MAX_PIXELS)
    height: StrictInt = Field(ge=1, le=MAX_PIXELS)


class PointsRequest(BaseModel):
    """Pictures of a board whose faces' points are wanted."""

    tiles: list[Tile] = Field(min_length=1, max_length=MOST_TILES)
    missing: PackedMap | None = Field(default=None, description="What is marked is not looked at.")


class FoundPoints(BaseModel):
    """The 68 points of a face, x and y in pixels of its picture."""

    points: list[tuple[float, float]]
    found: bool = Field(description="Whether they were found; else they are those of a mean face, to be moved.")
    note: str = Field(default="", description="Why they were not found.")


class GuessRequest(BaseModel):
    """Points of which some are right."""

    points: list[tuple[float, float]] = Field(max_length=MOST_TILES * 2)
    right: list[Annotated[StrictInt, Field(ge=0, le=67)]] = Field(max_length=68, description="The others follow.")
    width: StrictInt = Field(ge=1, le=MAX_PIXELS)
    height: StrictInt = Field(ge=1, le=MAX_PIXELS)
