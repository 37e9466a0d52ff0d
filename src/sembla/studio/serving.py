"""What the routes share: how they describe themselves, how they read JSON, and how they wait for work."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import numpy as np
from fastapi import Depends, Path, Query, Request
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from sembla.core.errors import LabelError
from sembla.core.types import Picture
from sembla.studio.desk import Desk, desk_of
from sembla.studio.guard import short_body
from sembla.studio.jobs import BusyError, Jobs
from sembla.studio.wire import ClassEntry, Photo, Problem, first_fault

__all__ = [
    "FILE",
    "JPEG",
    "PNG",
    "AtDesk",
    "FileName",
    "PhotoId",
    "done",
    "held",
    "json",
    "palette",
    "problems",
    "received",
]

_LOOK_SECONDS = 0.25
"""How often it is looked whether a client still waits."""

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "What came cannot be used."},
    401: {"model": Problem, "description": "The token is missing."},
    403: {"model": Problem, "description": "The request comes from elsewhere."},
    404: {"model": Problem, "description": "There is no such photo, example, run or engine (any longer)."},
    408: {"model": Problem, "description": "The request did not come to its end."},
    409: {"model": Problem, "description": "A training is at work."},
    413: {"model": Problem, "description": "The request is too long."},
    422: {"model": Problem, "description": "The request is malformed."},
    500: {"model": Problem, "description": "The server failed."},
    503: {"model": Problem, "description": "Too many jobs wait."},
    507: {"model": Problem, "description": "The disk is full."},
}

PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "A PNG."}}
"""The description of a picture as an answer."""

JPEG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": {}}, "description": "A JPEG."}}
"""The description of a small picture as an answer."""

FILE: Mapping[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The file's bytes.",
    }
}
"""The description of a body that is a file."""

Answer = TypeVar("Answer")
Model = TypeVar("Model", bound=BaseModel)

AtDesk: TypeAlias = Annotated[Desk, Depends(desk_of)]
PhotoId: TypeAlias = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="As `Photo.id` says.")]
FileName: TypeAlias = Annotated[str, Query(max_length=255, description="What messages call the file.")]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The descriptions of answers that tell a problem; some can come from every route."""
    return {status: _PROBLEMS[status] for status in (401, 403, *statuses, 500)}


def json(model: type[BaseModel]) -> dict[str, Any]:
    """The description of a JSON body that a route reads by itself: large ones are not parsed on the event loop."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)  # parts of answers too, which is where they are described
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def received(desk: Desk, request: Request, *, model: type[Model], most_bytes: int) -> Model:
    """The JSON that a request carries. Raises `HTTPException` for what is none, or too long, or does not fit."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(422, "expected JSON; send it with the header content-type: application/json.")
    body = await short_body(request, most_bytes)
    try:
        return await done(request, desk.decoders, lambda: model.model_validate_json(body))
    except ValidationError as error:
        raise HTTPException(422, first_fault(error)) from error


async def done(request: Request, jobs: Jobs, work: Callable[[], Answer]) -> Answer:
    """Have something done. Who goes away takes the job along, unless it runs already.

    Raises `BusyError` where too many wait or the server is ending, and `ClientDisconnect`.
    """
    client = request.client.host if request.client else ""  # a machine's requests take one turn
    job = jobs.submit(client, lambda _: work())
    future = asyncio.wrap_future(job.future)
    try:
        while not (await asyncio.wait({future}, timeout=_LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                raise ClientDisconnect
        if job.future.cancelled():
            raise BusyError("the server is shutting down; start it again.")
        return future.result()
    finally:
        job.cancel()


def held(desk: Desk, picture: Picture, notes: Sequence[str] = ()) -> Photo:
    """A photo (H, W, 3) that is held from now on. Raises `OutputError` where the disk is full."""
    height, width = picture.shape[:2]
    return Photo(id=desk.photos.put(picture), width=width, height=height, notes=list(notes))


def palette(classes: list[ClassEntry]) -> NDArray[np.uint8]:
    """The colours of classes, (K, 3). Raises `LabelError` where two have the same."""
    colours = np.array([list(bytes.fromhex(entry.colour[1:])) for entry in classes], np.uint8)
    if len(np.unique(colours, axis=0)) < len(colours):
        raise LabelError("two classes have the same colour; give each its own.")
    return colours
