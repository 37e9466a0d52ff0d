"""The studio's server as an ASGI app: `uvicorn.run(create_app(Access("127.0.0.1", 8000)))`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from sembla.core.errors import OutputError, SemblaError
from sembla.studio.access import Access, Gate
from sembla.studio.board_routes import router as board_router
from sembla.studio.boards import UnknownGeneratorError
from sembla.studio.desk import open_desk
from sembla.studio.guard import Guard, Room
from sembla.studio.jobs import BusyError
from sembla.studio.pages import add_pages
from sembla.studio.photos import UnknownPhotoError
from sembla.studio.portrait_routes import router as portrait_router
from sembla.studio.portraits import UnknownPortraitModelError
from sembla.studio.routes import router
from sembla.studio.run_routes import router as run_router
from sembla.studio.runs import RunStore, UnknownRunError, default_runs
from sembla.studio.scene_routes import router as scene_router
from sembla.studio.scenes import UnknownSceneEngineError
from sembla.studio.training import TrainingBusyError
from sembla.studio.wire import one_line

__all__ = ["create_app"]


def create_app(
    access: Access,
    *,
    runs: Path | None = None,
    banks: Sequence[Path] = (),
    packs: Mapping[str, Path] = MappingProxyType({}),
    photo_bytes: int = 2**30,
    upload_bytes: int = 64 * 2**20,
) -> FastAPI:
    """The server, ready to be run.

    Args:
        access: Where it listens and who may enter.
        runs: The folder of trained models, which need not be there yet; None takes the usual one.
        banks: Prepared sets that scenes are made from.
        packs: Folders of bundled models, by name.
        photo_bytes: Most bytes of decoded photos in the temporary folder.
        upload_bytes: Most bytes of one request's body.
    """
    store = RunStore(runs or default_runs())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with open_desk(
            runs=store, banks=banks, packs=packs, photo_bytes=photo_bytes, upload_bytes=upload_bytes
        ) as desk:
            app.state.desk = desk
            yield

    app = FastAPI(
        title="Sembla studio",
        summary="Photos, label maps, and pictures made from them.",
        version=version("sembla"),
        openapi_url="/api/openapi.json",
        docs_url=None,  # those pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.include_router(router)
    app.include_router(run_router)
    app.include_router(scene_router)
    app.include_router(board_router)
    app.include_router(portrait_router)
    add_pages(app)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(SemblaError, _unusable)
    app.add_middleware(Guard, room=Room(each=upload_bytes))
    app.add_middleware(Gate, access=access)  # the outermost: every answer carries its headers
    return app


async def _refused(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"message": one_line(error.detail)}, error.status_code, error.headers)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"][1:]))  # the first says body, query or path
    return JSONResponse({"message": one_line(f"{place}: {fault['msg']}" if place else fault["msg"])}, 422)


async def _unusable(_: Request, error: Exception) -> JSONResponse:
    statuses: dict[type[Exception], int] = {
        UnknownPhotoError: 404,
        UnknownRunError: 404,
        UnknownSceneEngineError: 404,
        UnknownGeneratorError: 404,
        UnknownPortraitModelError: 404,
        TrainingBusyError: 409,
        BusyError: 503,
        OutputError: 507,
    }
    return JSONResponse({"message": one_line(error)}, statuses.get(type(error), 400))
