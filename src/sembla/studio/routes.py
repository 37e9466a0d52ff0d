"""The REST interface: what the server is, examples, photos, and label maps for photos."""

import base64
import binascii
import io
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, TypeVar

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket

from sembla.core.errors import InputError, LabelError, SizeError
from sembla.core.types import MAX_CLASSES, MAX_PIXELS, MIN_SIDE, LabelMap, Picture
from sembla.studio.desk import Desk, desk_of
from sembla.studio.drawing import encode_jpeg, encode_png
from sembla.studio.forms import FORMS
from sembla.studio.live import Connection
from sembla.studio.notes import heard
from sembla.studio.serving import (
    FILE,
    JPEG,
    PNG,
    AtDesk,
    FileName,
    PhotoId,
    done,
    held,
    json,
    palette,
    problems,
    received,
)
from sembla.studio.wire import (
    UNMARKED,
    About,
    ExampleCard,
    Filled,
    Labelled,
    Limits,
    MatchRequest,
    OpenedExample,
    PackedMap,
    Photo,
    ScribbleRequest,
    Segmented,
    SegmentRequest,
    class_entries,
    pack,
    unpack,
)

if TYPE_CHECKING:
    from sembla.api import Example

__all__ = ["router"]

_THUMBNAIL_WIDTH = 160
_MOST_STROKE_BYTES = 24 << 20
_MOST_SHORT_BYTES = 64 << 10

_FOR_A_PHOTO = problems(400, 404, 408, 413, 422, 503)

Answer = TypeVar("Answer")

router = APIRouter(prefix="/api")


@router.get("/about", responses=problems())
async def about(desk: AtDesk) -> About:
    """What this server is, what it takes, and what it does."""
    return About(
        version=version("sembla"),
        limits=Limits(pixels=MAX_PIXELS, side=MIN_SIDE, classes=MAX_CLASSES, upload_bytes=desk.upload_bytes),
        tasks=list(FORMS.values()),
    )


@router.get("/examples", responses=problems(503))
async def examples(desk: AtDesk, request: Request) -> list[ExampleCard]:
    """The bundled examples."""
    return list(await done(request, desk.library, _example_cards))


@router.get("/examples/{name}/thumbnail", responses=JPEG | problems(404, 422, 503), response_class=Response)
async def example_thumbnail(desk: AtDesk, request: Request, name: str) -> Response:
    """A small picture of an example, 160 px wide."""
    jpeg = await done(request, desk.library, lambda: _thumbnail(name))
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.post("/examples/{name}", responses=problems(404, 413, 422, 503, 507))
async def open_example(desk: AtDesk, request: Request, name: str) -> OpenedExample:
    """Open a bundled example: its photo is held, its maps are returned."""

    def work() -> OpenedExample:
        example = _load_example(name)
        return OpenedExample(
            photo=held(desk, example.picture),
            classes=class_entries(example.label_set.palette, example.label_set.names),
            labels=pack(example.labels),
            layouts={key: pack(layout) for key, layout in example.layouts.items()},
        )

    return await done(request, desk.library, work)


@router.post("/photos", responses=problems(400, 408, 413, 422, 503, 507), openapi_extra=dict(FILE))
async def upload_photo(desk: AtDesk, request: Request, name: FileName = "photo") -> Photo:
    """Decode a photo and hold it."""
    body = await request.body()

    def work() -> Photo:
        from sembla import api  # as everywhere here: the server is up before the engine's libraries are loaded

        with heard() as notes:
            picture = api.read_picture(io.BytesIO(body), name=name)
        return held(desk, picture, notes)

    return await done(request, desk.decoders, work)


@router.get("/photos/{photo}", responses=PNG | problems(404, 422, 503), response_class=Response)
async def photo_pixels(desk: AtDesk, request: Request, photo: PhotoId) -> Response:
    """A photo as it was decoded."""
    png = await done(request, desk.decoders, lambda: encode_png(desk.photos.get(photo)))
    # The id says what the pixels are: they never change.
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, max-age=31536000, immutable"})


@router.post("/photos/{photo}/labels", responses=_FOR_A_PHOTO, openapi_extra=dict(FILE))
async def read_labels(
    desk: AtDesk,
    request: Request,
    *,
    photo: PhotoId,
    name: FileName = "label map",
    resize: Annotated[bool, Query(description="Scale a map of another size than the photo.")] = False,
) -> Labelled:
    """Read a photo's label map from a file, and find its classes."""
    body = await request.body()

    def work(picture: Picture) -> Labelled:
        from sembla import api

        with heard() as notes:
            made = api.read_own_labels(picture, io.BytesIO(body), name=name, resize=resize)
        found = [fault.sentence for fault in api.examine_pair(picture, io.BytesIO(body), name=name)]
        return Labelled(map=pack(made.labels), classes=class_entries(made.palette), notes=[*notes, *found])

    return await _for_photo(desk, request, photo=photo, work=work)


@router.post("/photos/{photo}/matched", responses=_FOR_A_PHOTO, openapi_extra=json(MatchRequest))
async def match_map(desk: AtDesk, request: Request, photo: PhotoId) -> PackedMap:
    """Read a label map from a file with the classes of an open document: a layout, or another photo's map."""
    wanted = await received(desk, request, model=MatchRequest, most_bytes=desk.upload_bytes)

    def work(_: Picture) -> PackedMap:
        from sembla import api

        file = io.BytesIO(_bytes(wanted.file))
        colours = palette(wanted.classes)
        return pack(api.match_map(file, colours, name=wanted.name, adopt_nearest=wanted.adopt_nearest))

    return await _for_photo(desk, request, photo=photo, work=work)


@router.post("/photos/{photo}/scribbles", responses=_FOR_A_PHOTO, openapi_extra=json(ScribbleRequest))
async def fill_scribbles(desk: AtDesk, request: Request, photo: PhotoId) -> Filled:
    """Give every pixel of a photo to a class, from a few strokes of each."""
    wanted = await received(desk, request, model=ScribbleRequest, most_bytes=_MOST_STROKE_BYTES)

    def work(picture: Picture) -> Filled:
        from sembla import api

        start = time.perf_counter()
        labels = api.fill_scribbles(picture, _strokes(wanted, picture))
        return Filled(map=pack(labels), seconds=time.perf_counter() - start)

    return await _for_photo(desk, request, photo=photo, work=work)


@router.post("/photos/{photo}/segments", responses=_FOR_A_PHOTO, openapi_extra=json(SegmentRequest))
async def propose_segments(desk: AtDesk, request: Request, photo: PhotoId) -> Segmented:
    """Propose regions of a photo, to be named and edited."""
    wanted = await received(desk, request, model=SegmentRequest, most_bytes=_MOST_SHORT_BYTES)

    def work(picture: Picture) -> Segmented:
        from sembla import api

        made = api.segments(picture, wanted.count)
        return Segmented(map=pack(made.labels), classes=class_entries(made.palette), seconds=made.seconds)

    return await _for_photo(desk, request, photo=photo, work=work)


@router.websocket("/live")
async def live(websocket: WebSocket) -> None:
    """The live connection."""
    desk = await desk_of(websocket)
    await Connection(
        websocket,
        jobs=desk.jobs,
        photos=desk.photos,
        models=desk.models,
        scenes=desk.scenes,
        boards=desk.boards,
        portraits=desk.portraits,
    ).serve()


async def _for_photo(desk: Desk, request: Request, *, photo: str, work: Callable[[Picture], Answer]) -> Answer:
    """Do something for the engine with a photo, which is held meanwhile."""

    def with_photo() -> Answer:
        with desk.photos.hold(photo) as picture:
            return work(picture)

    return await done(request, desk.jobs, with_photo)


@cache
def _example_cards() -> tuple[ExampleCard, ...]:
    from sembla import api

    return tuple(_card(api.load_example(name)) for name in api.example_names())


def _card(example: "Example") -> ExampleCard:
    height, width = example.labels.shape
    return ExampleCard(
        name=example.name,
        width=width,
        height=height,
        classes=class_entries(example.label_set.palette, example.label_set.names),
        layouts=list(example.layouts),
        credit=example.credit,
    )


@cache
def _thumbnail(name: str) -> bytes:
    from sembla import api

    picture = _load_example(name).picture
    height, width = picture.shape[:2]
    longest = round(_THUMBNAIL_WIDTH * max(1.0, height / width))
    return encode_jpeg(api.thumbnail(picture, longest=longest))


def _load_example(name: str) -> "Example":
    from sembla import api

    if name not in api.example_names():
        raise HTTPException(
            404, f"there is no example {name[:100]!r}; the examples are {', '.join(api.example_names())}."
        )
    return api.load_example(name)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError("the file is no base64 text; send the base64 of its bytes.") from error


def _strokes(wanted: ScribbleRequest, picture: Picture) -> NDArray[np.int16]:
    """Strokes (H, W) as the engine takes them, -1 where there is none."""
    marked: LabelMap = unpack(wanted.strokes, "strokes")
    (height, width), (rows, columns) = picture.shape[:2], marked.shape
    if (height, width) != (rows, columns):
        raise SizeError(f"the strokes are {columns}x{rows}, the photo is {width}x{height}; draw them at its size.")
    strokes = np.where(marked == UNMARKED, np.int16(-1), marked.astype(np.int16))
    if strokes.max() < 0:
        raise LabelError("no class has strokes; mark a part of each first.")
    if int(strokes.max()) >= wanted.count:
        raise LabelError(f"the strokes hold id {strokes.max()}, but there are {wanted.count} classes.")
    return strokes
