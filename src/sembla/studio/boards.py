"""Pictures side by side, marked, and what trained generators make of them: regions kept, holes filled."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from sembla.core.errors import InputError, SemblaError, SizeError
from sembla.core.tasks import Kept, OnPreview, PreserveTask, ShouldStop
from sembla.core.types import MAX_PIXELS, LabelMap, Picture
from sembla.core.ways import fill_of, search_of
from sembla.studio.board_tasks import FillRequest, KeepRequest, Part, Piece, Tile
from sembla.studio.board_wire import BoardPart, FoundPoints, GeneratorCard, GeneratorCards
from sembla.studio.forms import BOARDS
from sembla.studio.models import Models
from sembla.studio.photos import PhotoStore
from sembla.studio.runs import RunStore, Shelf
from sembla.studio.scenes import forming
from sembla.studio.wire import one_line

if TYPE_CHECKING:
    from sembla.api import DamagedFace, Synthesizer

__all__ = ["Boards", "Finished", "UnknownGeneratorError", "find_points", "laid_out"]

_SQUARE = 512
"""Side of pictures of which only the middle square is of use: enough to mark eyes by hand."""
_GAP, _GREY = 8, 128


class UnknownGeneratorError(InputError):
    """There is no such model."""


@dataclass(frozen=True)
class Finished:
    """One of the pictures that came of a request."""

    picture: Picture
    piece: Piece
    seconds: float
    record: Mapping[str, Any]
    """How it came about, as JSON; saved pictures carry it."""


Request: TypeAlias = KeepRequest | FillRequest


class Boards:
    """Trained generators at work. Any thread may ask; only the worker's may `keep` and `fill`."""

    def __init__(self, runs: RunStore, models: Models, *, packs: Mapping[str, Path] = MappingProxyType({})) -> None:
        self._shelf = Shelf(runs, packs, BOARDS)
        self._models = models

    def cards(self) -> GeneratorCards:
        """Everything that keeps regions or fills holes."""
        from sembla import api

        cards = []
        for name in self._shelf.names():
            run = self._shelf.find(name)
            if run is not None and run.usable:
                cards.append(
                    GeneratorCard.model_validate({"name": name, "title": self._shelf.title(name), "method": run.method})
                )
        holes = [kind for kind in api.HOLES if kind != "full"]
        return GeneratorCards(models=cards, holes=holes, finds_faces=api.has_faces())

    def keep(
        self, request: KeepRequest, board: Picture, marks: LabelMap, *, on_preview: OnPreview, stop: ShouldStop
    ) -> Iterator[Finished]:
        """Make pictures that mean the same where a board (H, W, 3) is marked (H, W). Raises what `api.keep` does."""
        from sembla import api

        engine = self._load(request)
        task = PreserveTask(
            tuple(_kept(request, board, marks, engine=engine)),
            seed=request.seed,
            candidates=request.candidates,
            shown=request.shown,
            diverse=request.diverse,
            search=search_of(
                request.search, request.steps, meaning=request.meaning, gram=request.gram, hard=request.hard
            ),
            features=request.features,
        )
        result = api.run_preserve(task, forming(on_preview), stop=stop, engine=engine)
        notes = (
            [one_line(api.strangeness_note(result, self._shelf.title(request.model)))] if api.is_strange(result) else []
        )
        record = self._record("preserve", request)
        for part, picture in api.views_of(result).items():
            piece = Piece(part=part, notes=notes if part == "all" else [])
            yield Finished(picture, piece, result.seconds, record)
        for place, (picture, distance) in enumerate(zip(result.pictures, result.distances, strict=True)):
            yield Finished(picture, Piece(part="candidate", place=place, distance=distance), result.seconds, record)

    def fill(
        self,
        request: FillRequest,
        board: Picture,
        marks: LabelMap,
        *,
        variation: int,
        on_preview: OnPreview,
        stop: ShouldStop,
    ) -> Iterator[Finished]:
        """Fill what is marked (H, W) of a board (H, W, 3); `variation` is added to the seed.

        Raises what `api.damage` does.
        """
        from sembla import api

        engine = self._load(request)
        request = request.model_copy(update={"seed": request.seed + variation})
        frames = list(_damaged(request, board, marks))
        result = api.run_inpaint(
            frames,
            forming(on_preview),
            engine=engine,
            stop=stop,
            shared=request.shared and len(frames) > 1,
            fill=fill_of(request.search, request.steps),
            smooth=request.smooth,
            seed=request.seed,
        )
        record = self._record("inpaint", request)
        parts: dict[Part, Sequence[Picture]] = {"whole": result.pictures, "made": result.made}
        for part, pictures in parts.items():
            for place, picture in enumerate(pictures):
                yield Finished(picture, Piece(part=part, place=place), result.seconds, record)

    def _load(self, request: Request) -> "Synthesizer":
        run = self._shelf.find(request.model)
        if run is None or not run.usable:
            raise UnknownGeneratorError(f"there is no model {request.model[:100]!r} (any longer); choose another.")
        return self._models.load(request.model, run.root)

    def _record(self, verb: str, request: Request) -> dict[str, Any]:
        from sembla import api

        run = self._shelf.find(request.model)
        digest = api.digest(run.root / "weights.safetensors") if run else ""
        asked = request.model_dump(mode="json", exclude={"points"})
        model = {"name": request.model.partition(":")[2], "sha256": digest}
        return {"version": api.__version__, "verb": verb, **asked, "model": model}


def laid_out(photos: PhotoStore, parts: Sequence[BoardPart], *, square: bool) -> tuple[Picture, list[Tile]]:
    """Photos, or parts of them, in rows on grey, and where each of them lies; with `square`, the middle of each.

    Raises `UnknownPhotoError`, and `SizeError` where they are too large together.
    """
    pictures: list[Picture] = []
    for part in parts:
        pictures.append(_part(photos, part, square=square))
        _check_pixels(sum(picture.size // 3 for picture in pictures), len(parts))
    across = math.ceil(math.sqrt(len(pictures)))
    height, width = (max(picture.shape[axis] for picture in pictures) + _GAP for axis in (0, 1))
    size = (height * math.ceil(len(pictures) / across) - _GAP, width * across - _GAP)
    _check_pixels(size[0] * size[1], len(parts))
    board = np.full((*size, 3), _GREY, np.uint8)
    tiles = []
    for number, (picture, part) in enumerate(zip(pictures, parts, strict=True)):
        top, left = number // across * height, number % across * width
        tile = Tile(name=part.name, left=left, top=top, width=picture.shape[1], height=picture.shape[0])
        board[_inside(tile)] = picture
        tiles.append(tile)
    return board, tiles


def _check_pixels(pixels: int, pictures: int) -> None:
    if pixels > MAX_PIXELS:
        raise SizeError(
            f"{pictures} pictures came, with {pixels:,} pixels or more side by side; the page takes {MAX_PIXELS:,}. "
            "Take fewer, or smaller ones; the command line takes any number."
        )


def find_points(board: Picture, tiles: Sequence[Tile], marks: LabelMap | None) -> list[FoundPoints]:
    """The points of the face in each picture of a board (H, W, 3); what is marked (H, W) is not looked at.

    Where none can be found, a mean face stands in the middle, and a note says why.
    """
    from sembla import api

    found = []
    for tile in tiles:
        picture = _cut(board, tile)
        hole = None if marks is None else _cut(marks, tile) > 0
        try:
            points, note = api.find_landmarks(picture, hole, name=tile.name), ""
        except SemblaError as error:
            points, note = api.mean_landmarks((tile.height, tile.width)), one_line(error)
        found.append(FoundPoints(points=points.tolist(), found=not note, note=note))
    return found


def _part(photos: PhotoStore, wanted: BoardPart, *, square: bool) -> Picture:
    from sembla import api

    picture = photos.get(wanted.photo)
    if wanted.part is not None:
        picture = _cut(picture, wanted.part)
    return api.middle_square(picture, _SQUARE) if square else picture


def _inside(tile: Tile) -> tuple[slice, slice]:
    return slice(tile.top, tile.top + tile.height), slice(tile.left, tile.left + tile.width)


def _cut(pixels: Picture, tile: Tile) -> Picture:
    """What a board (H, W) or (H, W, 3) holds of one picture. Raises `SizeError` where that sticks out."""
    part = pixels[_inside(tile)]
    if part.shape[:2] != (tile.height, tile.width):
        raise SizeError(
            f"{tile.name} should lie at {tile.left},{tile.top} with {tile.width}x{tile.height}; the board is only "
            f"{pixels.shape[1]}x{pixels.shape[0]}. Open the pictures again."
        )
    return np.ascontiguousarray(part)


def _kept(request: KeepRequest, board: Picture, marks: LabelMap, *, engine: "Synthesizer") -> Iterator[Kept]:
    """Each region of each picture. Raises `InputError` where there is none, or an id has no region."""
    from sembla import api

    if not marks.any():
        raise InputError("nothing is marked; draw over what is to be kept, with the brush or a rectangle.")
    if int(marks.max()) > len(request.regions):
        raise InputError(f"region {marks.max()} is marked, but there are {len(request.regions)}.")
    for tile in request.tiles:
        picture, inside = _cut(board, tile), _cut(marks, tile)
        for number in np.unique(inside[inside > 0]).tolist():
            its = request.regions[number - 1]
            yield api.keep(picture, model=engine, mask=inside == number, weight=its.weight, locked=its.locked)


def _damaged(request: FillRequest, board: Picture, marks: LabelMap) -> "Iterator[DamagedFace]":
    """Each picture with its hole and its points. Raises `InputError` where one of the two is missing."""
    from sembla import api

    if len(request.points) != len(request.tiles):
        raise InputError(
            f"{len(request.tiles)} pictures came with points for {len(request.points)}; place all of them."
        )
    for tile, points in zip(request.tiles, request.points, strict=True):
        hole = _cut(marks, tile) > 0
        if not hole.any():
            raise InputError(f"nothing of {tile.name} is missing; paint what to fill, or take the picture away.")
        yield api.damage(_cut(board, tile), hole, landmarks=points)
