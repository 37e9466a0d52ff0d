"""The REST interface to scenes: what makes them, layouts from files, and the photos of banks as styles."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Request, Response

from sembla.core.types import MAX_PIXELS
from sembla.studio.drawing import encode_jpeg
from sembla.studio.serving import FILE, JPEG, AtDesk, FileName, done, held, problems
from sembla.studio.wire import PackedMap, Photo, SceneCards, pack

__all__ = ["router"]

_THUMBNAIL = 96  # longest side

EngineName: TypeAlias = Annotated[str, Path(max_length=200, description="As `SceneCard.name` says.")]
PhotoNumber: TypeAlias = Annotated[int, Path(ge=0, le=MAX_PIXELS, description="From 0 to `SceneCard.photos` - 1.")]

router = APIRouter(prefix="/api")


@router.get("/scenes", responses=problems(503))
async def scenes(desk: AtDesk, request: Request) -> SceneCards:
    """What makes scenes here."""
    return await done(request, desk.jobs, desk.scenes.cards)


@router.post("/scenes/{engine}/layout", responses=problems(400, 404, 408, 413, 422, 503), openapi_extra=dict(FILE))
async def read_layout(
    desk: AtDesk,
    request: Request,
    *,
    engine: EngineName,
    name: FileName = "layout",
) -> PackedMap:
    """Read a label map from a file in the classes of an engine: by ids, or by colours."""
    body = await request.body()
    return await done(request, desk.decoders, lambda: pack(desk.scenes.read(engine, body, file=name)))


@router.get(
    "/scenes/{engine}/photos/{number}/thumbnail",
    responses=JPEG | problems(400, 404, 422, 503),
    response_class=Response,
)
async def style_thumbnail(desk: AtDesk, request: Request, *, engine: EngineName, number: PhotoNumber) -> Response:
    """A small picture of a photo of a bank, 96 px."""

    def work() -> bytes:
        from sembla import api

        return encode_jpeg(api.thumbnail(desk.scenes.photo(engine, number), longest=_THUMBNAIL))

    jpeg = await done(request, desk.library, work)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/scenes/{engine}/photos/{number}/layout", responses=problems(400, 404, 422, 503))
async def photo_layout(desk: AtDesk, request: Request, *, engine: EngineName, number: PhotoNumber) -> PackedMap:
    """The label map of a photo of a bank, to begin a layout with."""
    return await done(request, desk.library, lambda: pack(desk.scenes.layout(engine, number)))


@router.post("/scenes/{engine}/photos/{number}", responses=problems(400, 404, 422, 503, 507))
async def hold_photo(desk: AtDesk, request: Request, *, engine: EngineName, number: PhotoNumber) -> Photo:
    """Hold a photo of a bank, to be asked for as a style."""

    def work() -> Photo:
        return held(desk, desk.scenes.photo(engine, number))

    return await done(request, desk.library, work)
