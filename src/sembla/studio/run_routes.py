"""The REST interface to trained models: the runs there are, training on a photo, stopping, going on, deleting."""

from functools import cache
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Path, Request, Response

from sembla.core.errors import MissingExtraError
from sembla.studio.cases import write_case
from sembla.studio.runs import Run
from sembla.studio.serving import JPEG, PNG, AtDesk, PhotoId, done, json, problems, received
from sembla.studio.training import METHOD, RECIPE
from sembla.studio.wire import RunCard, Runs, TrainRequest

__all__ = ["router"]

_MOST_BYTES = 48 << 20

_FOR_A_RUN = problems(400, 404, 409, 422, 503, 507)

RunName: TypeAlias = Annotated[str, Path(max_length=100, description="As `RunCard.name` says.")]

router = APIRouter(prefix="/api")


@router.get("/runs", responses=problems(503))
async def runs(desk: AtDesk, request: Request) -> Runs:
    """What was trained and is being trained on photos, the newest first."""

    def work() -> Runs:
        cards = [desk.training.card(run) for run in desk.runs.all() if run.method in ("", METHOD)]
        return Runs(folder=str(desk.runs.folder), missing=_missing(), steps=_steps(), runs=cards)

    return await done(request, desk.library, work)


@router.post(
    "/photos/{photo}/training",
    responses=problems(400, 404, 408, 409, 413, 422, 503, 507),
    openapi_extra=json(TrainRequest),
)
async def train(desk: AtDesk, request: Request, photo: PhotoId) -> RunCard:
    """Begin to train a model on a photo. One is trained at a time."""
    wanted = await received(desk, request, model=TrainRequest, most_bytes=_MOST_BYTES)

    def make() -> Run:
        with desk.photos.hold(photo) as picture, desk.runs.adding(wanted.name) as folder:
            write_case(folder, picture, wanted, photo=photo, recipe=RECIPE)
            return Run(folder)

    def work() -> RunCard:
        _need_models()
        return desk.training.card(desk.training.begin(make))

    return await done(request, desk.library, work)


@router.post("/runs/{name}/resume", responses=_FOR_A_RUN)
async def resume(desk: AtDesk, request: Request, name: RunName) -> RunCard:
    """Go on with a training that was stopped."""

    def work() -> RunCard:
        _need_models()
        return desk.training.card(desk.training.begin(lambda: desk.runs.find(name)))

    return await done(request, desk.library, work)


@router.post("/runs/{name}/stop", responses=_FOR_A_RUN)
async def stop(desk: AtDesk, request: Request, name: RunName) -> RunCard:
    """Ask a training to save and end."""

    def work() -> RunCard:
        run = desk.runs.find(name)
        desk.training.stop(run)
        return desk.training.card(run)

    return await done(request, desk.library, work)


@router.delete("/runs/{name}", responses=_FOR_A_RUN, status_code=204, response_class=Response)
async def delete(desk: AtDesk, request: Request, name: RunName) -> None:
    """Delete a run that is not being trained."""
    await done(request, desk.library, lambda: desk.training.remove(desk.runs.find(name)))


@router.get("/runs/{name}/photo", responses=JPEG | problems(404, 422, 503), response_class=Response)
async def run_photo(desk: AtDesk, request: Request, name: RunName) -> Response:
    """The photo that a model is trained on, 96 px."""
    jpeg = await done(request, desk.library, lambda: desk.runs.find(name).thumbnail())
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


@router.get("/runs/{name}/previews/{step}", responses=PNG | problems(404, 422, 503), response_class=Response)
async def preview(
    desk: AtDesk, request: Request, *, name: RunName, step: Annotated[int, Path(ge=0, le=99_999_999)]
) -> Response:
    """What a model could do at a step: photo, layout and what it made, side by side."""
    png = await done(request, desk.library, lambda: desk.runs.find(name).sheet(step))
    return Response(png, media_type="image/png", headers={"Cache-Control": "private, no-cache"})


def _need_models() -> None:
    from sembla.api import training  # as everywhere here: the server is up before the engine's libraries are loaded

    training.need_models()


def _missing() -> str:
    try:
        _need_models()
    except MissingExtraError as error:
        return str(error)
    return ""


@cache
def _steps() -> int:
    from sembla import api

    method = api.find_method(METHOD)
    return int(method.pace(method.recipes[RECIPE]).steps)
