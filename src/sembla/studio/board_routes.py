"""The REST interface to boards: what makes pictures of them, pictures side by side, masks, points of faces."""

import io
from typing import Annotated, TypeAlias

import numpy as np
from fastapi import APIRouter, Query, Request

from sembla.core.errors import SizeError
from sembla.core.types import MAX_PIXELS
from sembla.studio.board_wire import (
    Board,
    BoardRequest,
    FoundPoints,
    GeneratorCards,
    GuessRequest,
    HoleRequest,
    PointsRequest,
)
from sembla.studio.boards import find_points, laid_out
from sembla.studio.serving import FILE, AtDesk, FileName, PhotoId, done, held, json, problems, received
from sembla.studio.wire import PackedMap, pack, unpack

__all__ = ["router"]

_MOST_BYTES = 24 << 20

Width: TypeAlias = Annotated[int, Query(ge=1, le=MAX_PIXELS, description="Of the picture, in pixels.")]
Height: TypeAlias = Annotated[int, Query(ge=1, le=MAX_PIXELS, description="Of the picture, in pixels.")]

router = APIRouter(prefix="/api")


@router.get("/generators", responses=problems(503))
async def generators(desk: AtDesk, request: Request) -> GeneratorCards:
    """What keeps regions and fills holes here."""
    return await done(request, desk.library, desk.boards.cards)


@router.post("/boards", responses=problems(400, 404, 408, 413, 422, 503, 507), openapi_extra=json(BoardRequest))
async def lay_out(desk: AtDesk, request: Request) -> Board:
    """Lay photos side by side; what comes of it is held as a photo."""
    wanted = await received(desk, request, model=BoardRequest, most_bytes=_MOST_BYTES)

    def work() -> Board:
        picture, tiles = laid_out(desk.photos, wanted.parts, square=wanted.square)
        return Board(photo=held(desk, picture), tiles=tiles)

    return await done(request, desk.decoders, work)


@router.post("/holes", responses=problems(400, 408, 413, 422, 503), openapi_extra=json(HoleRequest))
async def hole(desk: AtDesk, request: Request) -> PackedMap:
    """A hole of a kind, 1 where it is."""
    wanted = await received(desk, request, model=HoleRequest, most_bytes=_MOST_BYTES)

    def work() -> PackedMap:
        from sembla import api

        _check_size(wanted.width, wanted.height)
        return pack(api.draw_hole(wanted.kind, (wanted.height, wanted.width)).astype(np.uint8))

    return await done(request, desk.decoders, work)


@router.post("/masks", responses=problems(400, 408, 413, 422, 503), openapi_extra=dict(FILE))
async def read_mask(
    desk: AtDesk, request: Request, *, width: Width, height: Height, name: FileName = "mask"
) -> PackedMap:
    """Read a mask from a file: 1 where it is white."""
    body = await request.body()

    def work() -> PackedMap:
        from sembla import api

        return pack(api.read_mask(io.BytesIO(body), (height, width), name=name).astype(np.uint8))

    return await done(request, desk.decoders, work)


@router.post(
    "/photos/{photo}/points",
    responses=problems(400, 404, 408, 413, 422, 503),
    openapi_extra=json(PointsRequest),
)
async def look_for_points(desk: AtDesk, request: Request, photo: PhotoId) -> list[FoundPoints]:
    """Find the 68 points of the face in each picture of a board; where none is found, they are a mean face's."""
    wanted = await received(desk, request, model=PointsRequest, most_bytes=_MOST_BYTES)

    def work() -> list[FoundPoints]:
        missing = None if wanted.missing is None else unpack(wanted.missing, "missing")
        with desk.photos.hold(photo) as board:
            return find_points(board, wanted.tiles, missing)

    return await done(request, desk.jobs, work)


@router.post("/points", responses=problems(400, 408, 413, 422, 503), openapi_extra=dict(FILE))
async def read_points(
    desk: AtDesk, request: Request, *, width: Width, height: Height, name: FileName = "points.json"
) -> FoundPoints:
    """Read the 68 points of a face from a file: .json, .pts, .txt or .csv, or a face-parsing map."""
    body = await request.body()

    def work() -> FoundPoints:
        from sembla import api

        size = (height, width)
        if name.lower().endswith(api.LANDMARK_SUFFIXES):
            points = api.parse_landmarks(body, size, name=name)
        else:
            points = api.landmarks_of_parsing(io.BytesIO(body), size)
        return FoundPoints(points=points.tolist(), found=True)

    return await done(request, desk.decoders, work)


@router.post("/points/guess", responses=problems(400, 408, 413, 422, 503), openapi_extra=json(GuessRequest))
async def guess_points(desk: AtDesk, request: Request) -> FoundPoints:
    """Have points follow from those that are right, by a model of what shapes faces have."""
    wanted = await received(desk, request, model=GuessRequest, most_bytes=_MOST_BYTES)

    def work() -> FoundPoints:
        from sembla import api

        right = np.isin(np.arange(len(wanted.points)), wanted.right)
        points = api.complete_landmarks(wanted.points, right, (wanted.height, wanted.width))
        return FoundPoints(points=points.tolist(), found=True)

    return await done(request, desk.decoders, work)


def _check_size(width: int, height: int) -> None:
    """Raise `SizeError` for more pixels than a picture may have."""
    if width * height > MAX_PIXELS:
        raise SizeError(f"{width}x{height} came; pictures have at most {MAX_PIXELS:,} pixels.")
