"""The page itself: the files that the front end's build left in the folder `static`, and nothing beside them."""

import mimetypes
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["STATIC", "add_pages"]

STATIC = Path(__file__).parent / "static"

# Some systems know other types for these, and a browser told not to guess takes no script of another type.
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".wasm": "application/wasm"}


class _Pages(StaticFiles):
    """Static files with the caching that suits them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file; names under `assets` carry a hash of the content, so these never change."""
        response = await super().get_response(path, scope)
        hashed = scope["path"].startswith("/assets/")
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if hashed else "no-cache"
        return response


def add_pages(app: FastAPI, folder: Path = STATIC) -> None:
    """Serve `index.html` at /, `api.html` at /api, the folder `assets`, and the single files beside them."""
    for suffix, kind in _TYPES.items():
        mimetypes.add_type(kind, suffix)
    top = _Pages(directory=folder, check_dir=False)

    async def index(request: Request) -> Response:
        if not (folder / "index.html").is_file():
            return PlainTextResponse("The page has not been built: run 'npm run build' in studio-web.\n", 500)
        return await top.get_response("index.html", request.scope)

    async def api_page(request: Request) -> Response:
        return await top.get_response("api.html", request.scope)

    async def single_file(request: Request, name: str) -> Response:
        return await top.get_response(name, request.scope)

    methods = ["GET", "HEAD"]
    app.add_api_route("/", index, methods=methods, include_in_schema=False)
    app.add_api_route("/api", api_page, methods=methods, include_in_schema=False)
    app.mount("/assets", _Pages(directory=folder / "assets", check_dir=False))
    app.add_api_route("/{name}", single_file, methods=methods, include_in_schema=False)
