"""One studio for all tests that leave it as they found it."""

from collections.abc import Iterator

import httpx
import pytest
from tests.studio.support import Server, png
from tests.surfaces.support import photo


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(runs=tmp_path_factory.mktemp("runs")) as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as opened:
        yield opened


@pytest.fixture
def photo_id(client: httpx.Client) -> str:
    """The id of the small photo, which the server holds."""
    answer = client.post("/api/photos", content=png(photo()))
    assert answer.status_code == 200, answer.text
    identity: str = answer.json()["id"]
    return identity
