"""The REST interface to portraits: what makes them, the parts of a face, and what another lends."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, Field, StrictInt

from sembla.core.types import MAX_CLASSES
from sembla.studio.portrait_wire import PortraitCards
from sembla.studio.serving import AtDesk, PhotoId, done, json, problems, received
from sembla.studio.wire import Labelled, PackedMap, pack, unpack

__all__ = ["router"]

_MOST_BYTES = 24 << 20

ModelName: TypeAlias = Annotated[str, Path(max_length=200, description="As `PortraitCard.name` says.")]
Reference: TypeAlias = Annotated[str, Query(pattern="^[0-9a-f]{32}$", description="The photo of the other face.")]


class LendRequest(BaseModel):
    """What a photo shows, what is wanted there, and what another face is to lend."""

    labels: PackedMap = Field(description="The parts of the photo's own face.")
    layout: PackedMap = Field(description="The parts as they are wanted so far.")
    parts: list[StrictInt] = Field(max_length=MAX_CLASSES, description="What is taken; none for all of the layout.")


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
    openapi_extra=json(LendRequest),
)
async def other(desk: AtDesk, request: Request, *, model: ModelName, photo: PhotoId, reference: Reference) -> PackedMap:
    """The layout of another face as it would lie in the photo, or what is wanted so far with parts of it."""
    wanted = await received(desk, request, model=LendRequest, most_bytes=_MOST_BYTES)

    def work() -> PackedMap:
        maps = {"labels": unpack(wanted.labels, "labels"), "layout": unpack(wanted.layout, "layout")}
        with desk.photos.hold(photo) as picture, desk.photos.hold(reference) as theirs:
            own, lender = (photo, picture), (reference, theirs)
            return pack(desk.portraits.layout_from(model, own, maps, reference=lender, parts=wanted.parts))

    return await done(request, desk.jobs, work)
