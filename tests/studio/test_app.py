"""The server as a whole: starts without the engine, serves the page's files and no others, leaves nothing behind."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp
from tests.studio.support import LONG, PATIENCE, Server, page, png, request, small_task
from tests.surfaces.support import photo

from sembla.studio.pages import add_pages

LIGHT = """
import sys
import sembla.studio.app
print([name for name in ("numba", "scipy", "skimage", "sembla.api") if name in sys.modules])
"""


def test_the_server_is_imported_without_the_engine() -> None:
    command = [sys.executable, "-c", LIGHT]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_server_that_ends_stops_its_work_and_takes_its_folder_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Server() as server:
        with server.client() as client:
            identity = client.post("/api/photos", content=png(photo())).json()["id"]
        (folder,) = tmp_path.glob("sembla-studio-*")
        assert (folder / f"{identity}.npy").exists()
        with page(server) as opened:
            opened.send(request(identity, small_task(), **LONG))
            assert opened.words()["kind"] == "started"
            start = time.monotonic()
            server.server.should_exit = True
            server.thread.join(PATIENCE)
    assert time.monotonic() - start < 10
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def site(tmp_path: Path) -> ASGIApp:
    """The pages of a front end."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "assets" / "main-3fa9.js").write_text("let x")
    for name in ("index.html", "api.html", "favicon.svg"):
        (folder / name).write_text(f"<p>{name}")
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url="/api/openapi.json")
    add_pages(app, folder)
    return app


def get(site: ASGIApp, path: str) -> httpx.Response:
    import asyncio

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://localhost") as client:
            return await client.get(path)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "content", "kind", "caching"),
    [
        ("/", "<p>index.html", "text/html", "no-cache"),
        ("/api", "<p>api.html", "text/html", "no-cache"),
        ("/favicon.svg", "<p>favicon.svg", "image/svg+xml", "no-cache"),
        ("/assets/main-3fa9.js", "let x", "text/javascript", "private, max-age=31536000, immutable"),
    ],
)
def test_the_pages_files_are_served(site: ASGIApp, path: str, *, content: str, kind: str, caching: str) -> None:
    answer = get(site, path)
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == caching


@pytest.mark.parametrize(
    "path",
    [
        *("/secret.txt", "/..%2Fsecret.txt", "/assets/..%2F..%2Fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"),
        *("/assets", "/assets/", "/none.js", "/assets/none.js", "/x%00.js", "/static/index.html"),
        "/" + "x" * 5000 + ".js",
    ],
)
def test_nothing_else_is(site: ASGIApp, path: str) -> None:
    answer = get(site, path)
    assert answer.status_code in {404, 307}
    assert "secret" not in answer.text.replace("secret.txt", "")


def test_a_checkout_without_a_built_page_says_so(tmp_path: Path) -> None:
    app = FastAPI()
    add_pages(app, tmp_path)
    answer = get(app, "/")
    assert answer.status_code == 500
    assert "npm run build" in answer.text
