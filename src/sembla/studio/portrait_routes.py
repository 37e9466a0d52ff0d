"""The REST interface to portraits: what makes them, the parts of a face, and those of another as they lie in it."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from sembla.studio.portrait_wire import PortraitCards
from sembla.studio.serving import AtDesk, PhotoId, done, json, problems, received
from sembla.studio.wire import Labelled, PackedMap, pack, unpack

__all__ = ["router"]

_MOST_BYTES = 24 << 20

ModelName: TypeAlias = Annotated[str, Path(max_length=200, description="As `PortraitCard.name` says.")]
Reference: TypeAlias = Annotated[str, Query(pattern="^[0-9a-f]{32}$", description="The photo of the other face.")]


class CarryRequest(BaseModel):
    """The parts of the photo's own face."""

    labels: PackedMap


router = APIRouter(prefix="/api")


@router.get("/portraits", responses=problems(503))
async def portraits(desk: AtDesk, request: Request) -> PortraitCards:
    """What makes portraits here."""
    return await done(request, desk.library, desk.portraits.cards)


@router.post("/portraits/{model}/photos/{photo}/parts", responses=problems(400, 404, 422, 503))
async def parts(desk: AtDesk, request: Request, *, model: ModelName, photo: PhotoId) -> Labelled:
    """The map of the parts of the face in a photo, as the model's parser sees them."""

    def work() -> Labelled:
        with desk.photos.hold(photo) as picture:
            return desk.portraits.parse(model, picture)

    return await done(request, desk.jobs, work)


@router.post(
    "/portraits/{model}/photos/{photo}/other",
    responses=problems(400, 404, 408, 413, 422, 503),
    openapi_extra=json(CarryRequest),
)
async def other(desk: AtDesk, request: Request, *, model: ModelName, photo: PhotoId, reference: Reference) -> PackedMap:
    """The parts of another face, as they would lie in the photo."""
    wanted = await received(desk, request, model=CarryRequest, most_bytes=_MOST_BYTES)

    def work() -> PackedMap:
        labels = unpack(wanted.labels, "labels")
        with desk.photos.hold(photo) as picture, desk.photos.hold(reference) as theirs:
            return pack(desk.portraits.carried(model, (photo, picture), labels, reference=(reference, theirs)))

    return await done(request, desk.jobs, work)
