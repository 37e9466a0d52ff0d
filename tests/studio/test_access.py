"""Who is let in, who is not, and what every answer carries."""

import asyncio
import base64
import socket
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, cast

import httpx
import pytest
from tests.studio.support import PATIENCE, Server, page
from websockets.exceptions import InvalidStatus

from sembla.core.errors import InputError
from sembla.studio.access import Access, Gate

TOKEN = "s3cret-Token_0123"

COOKIE = "sembla_token_0"
LOOPBACK = {"127.0.0.1", "127.0.0.2", "localhost", "::1"}

HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    with Server(Access("0.0.0.0", 0, token=TOKEN)) as running:
        yield running


def refused(answer: httpx.Response, status: int) -> str:
    """The one line that a refusal says."""
    assert answer.status_code == status
    told = answer.json()["message"]
    assert set(answer.json()) == {"message"}
    assert "\n" not in told
    return str(told)


@pytest.mark.parametrize(
    ("bound", "header", "taken"),
    [
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("127.0.0.1", "localhost:9", True),  # the far end of a tunnel has another port
        ("127.0.0.1", "LocalHost", True),
        ("127.0.0.1", "[::1]:8000", True),
        ("::1", "[::1]:8000", True),
        ("127.0.0.2", "127.0.0.2:8000", True),
        ("127.0.0.2", "192.168.1.5", False),
        ("localhost", "127.0.0.1", True),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "localhost.evil.example:8000", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "192.168.1.5:8000", False),
        ("127.0.0.1", "localhost:8000@evil.example", False),
        ("127.0.0.1", "localhost:80000000", False),
        ("127.0.0.1", "localhost, evil.example", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", " localhost", False),
        ("127.0.0.1", "[::1", False),
        ("127.0.0.1", "l\u043ecalhost", False),  # a Cyrillic o
        ("0.0.0.0", "192.168.1.5:8000", True),
        ("0.0.0.0", "[fe80::1]:8000", True),
        ("0.0.0.0", "localhost:8000", True),
        ("0.0.0.0", f"{socket.gethostname()}:8000", True),
        ("0.0.0.0", "evil.example:8000", False),
        ("0.0.0.0", "1.2.3.4.evil.example", False),
        ("0.0.0.0", "1.2.3.400", False),
        ("studio.lan", "studio.lan:8000", True),
        ("studio.lan", "evil.lan", False),
    ],
)
def test_a_host_header_names_this_server_or_a_stranger(*, bound: str, header: str, taken: bool) -> None:
    token = None if bound in LOOPBACK else TOKEN
    assert Access(bound, 8000, token=token).takes_host(header) is taken


@pytest.mark.parametrize("path", ["/", "/api/about", "/api/live", "/nothing"])
def test_a_rebound_name_is_refused_everywhere(server: Server, path: str) -> None:
    with server.client(host="evil.example") as client:
        assert "evil.example" in refused(client.get(path), 403)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://127.0.0.1:{port}"}, 200),
        ({"origin": "https://127.0.0.1:{port}"}, 200),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://localhost:{port}"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_requests_of_other_pages_are_refused(server: Server, headers: dict[str, str], status: int) -> None:
    given = {name: value.format(port=server.port) for name, value in headers.items()}
    with server.client(**given) as client:
        answer = client.get("/api/about")
    assert answer.status_code == status
    if status == 403:
        refused(answer, 403)
    with server.client(**given) as client:
        assert client.post("/api/examples/nothing").status_code == (404 if status == 200 else 403)


def test_a_link_from_elsewhere_opens_the_page(server: Server) -> None:
    with server.client(**{"sec-fetch-site": "cross-site"}) as client:
        assert client.get("/").status_code != 403


@pytest.mark.parametrize("hosts", [[], ["127.0.0.1", "127.0.0.1"], ["127.0.0.1", "evil.example"]])
def test_one_host_header_is_needed(server: Server, hosts: list[str]) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.putrequest("GET", "/api/about", skip_host=True)
    for host in hosts:
        connection.putheader("Host", host)
    connection.endheaders()
    assert connection.getresponse().status in {400, 403}
    connection.close()


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"], [b"localhost", b"evil.example"]])
def test_the_gate_itself_wants_one_host_header_too(hosts: list[bytes]) -> None:
    sent: list[Any] = []

    async def beyond(*_: Any) -> None:
        raise AssertionError("let in")

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", host) for host in hosts]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    asyncio.run(Gate(beyond, Access("127.0.0.1", 8000))(scope, cast(Any, None), send))
    assert sent[0]["status"] == 403


@pytest.mark.parametrize(
    ("origin", "opens"), [(None, True), ("http://127.0.0.1:{port}", True), ("http://evil.example", False)]
)
def test_the_live_connection_keeps_to_the_same_rules(server: Server, *, origin: str | None, opens: bool) -> None:
    options: dict[str, Any] = {"origin": origin.format(port=server.port) if origin else None}
    if opens:
        with page(server, **options) as opened:
            opened.send('{"ping": 1}')
            assert opened.words()["kind"] == "pong"
        return
    with pytest.raises(InvalidStatus) as caught, page(server, **options):
        pass
    assert caught.value.response.status_code == 403


def everywhere(client: httpx.Client) -> Iterator[httpx.Response]:
    """An answer of every kind, errors included."""
    for path in ("/", "/api", "/api/about", "/api/openapi.json", "/favicon.svg", "/assets/none.js", "/api/nothing"):
        yield client.get(path)
    yield client.get("/api/photos/" + "0" * 32)
    yield client.get("/api/photos/none")
    yield client.delete("/api/about")
    yield client.post("/api/photos", content=b"hello")
    yield client.post("/api/examples/none")
    yield client.get("/api/examples/coffee/thumbnail")


def test_every_answer_carries_the_security_headers(client: httpx.Client, server: Server, guarded: Server) -> None:
    with server.client(host="evil.example") as stranger, guarded.client() as tokenless:
        answers = [*everywhere(client), *everywhere(stranger), *everywhere(tokenless)]
    assert {answer.status_code for answer in answers} >= {200, 400, 401, 403, 404, 405, 422}
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers.get_list(name) == [value]
        (policy,) = answer.headers.get_list("content-security-policy")
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert "unsafe" not in policy
        assert "evil" not in policy
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_policy_lets_the_page_connect_to_its_own_host_alone(client: httpx.Client, server: Server) -> None:
    policy = client.get("/api/about").headers["content-security-policy"]
    (connect,) = [part.strip() for part in policy.split(";") if part.strip().startswith("connect-src")]
    assert connect == f"connect-src 'self' ws://127.0.0.1:{server.port} wss://127.0.0.1:{server.port}"


def test_the_printed_address_lets_in_once_and_for_all(guarded: Server) -> None:
    with guarded.client() as client:
        answer = client.get("/", params={"token": TOKEN})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = answer.headers["set-cookie"].lower()
        assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/"))
        assert cookie.startswith("sembla_token_0="), "another studio on this machine has a cookie of its own"
        assert client.get("/api/about").status_code == 200
    with guarded.client(cookie=f"other=1; {answer.headers['set-cookie'].partition(';')[0]}") as client:
        assert client.get("/api/about").status_code == 200


def test_a_bearer_is_let_in(guarded: Server) -> None:
    with guarded.client() as client:
        for scheme in ("Bearer", "bearer"):
            given = f"{scheme} {TOKEN}".encode()
            assert client.get("/api/about", headers=[(b"authorization", given)]).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/about", {}),
        ("/", {}),
        ("/assets/a.js", {}),
        ("/?token=wrong", {}),
        ("/?token=", {}),
        ("/?token=%FF%FE", {}),
        ("/api/about?token={token}", {}),
        ("/?token={token}&token={token}", {}),
        ("/api/about", {"authorization": "Bearer"}),
        ("/api/about", {"authorization": "Bearer wrong"}),
        ("/api/about", {"authorization": "Basic {token}"}),
        ("/api/about", {"cookie": f"{COOKIE}=wrong"}),
        ("/api/about", {"cookie": f"{COOKIE}="}),
        ("/api/about", {"cookie": "x" + COOKIE + "={token}"}),
    ],
)
def test_without_the_token_nothing_is_shown(guarded: Server, path: str, headers: dict[str, str]) -> None:
    given = [(name.encode(), value.format(token=TOKEN).encode()) for name, value in headers.items()]
    with guarded.client() as client:
        answer = client.get(path.format(token=TOKEN), headers=given)
    assert "address that it printed" in refused(answer, 401)
    assert "set-cookie" not in answer.headers
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_browser_without_the_token_gets_a_page_to_read(guarded: Server) -> None:
    with guarded.client(accept="text/html,*/*") as client:
        answer = client.get("/")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert "address that it printed" in answer.text


def test_the_live_connection_asks_for_the_token_too(guarded: Server) -> None:
    with pytest.raises(InvalidStatus) as caught, page(guarded):
        pass
    assert caught.value.response.status_code == 401
    bearer = {"Authorization": "Bearer " + base64.b64encode(b"wrong").decode()}
    with pytest.raises(InvalidStatus), page(guarded, additional_headers=bearer):
        pass


@pytest.mark.parametrize("token", ["", "short", "with space in it", "with;semicolon", "tökentökentöken"])
def test_a_token_that_is_none_is_refused(token: str) -> None:
    with pytest.raises(InputError, match="letters, digits") as caught:
        Access("0.0.0.0", 1, token=token)
    assert not token or token not in str(caught.value)


def test_the_token_stays_out_of_sight() -> None:
    assert TOKEN not in repr(Access("0.0.0.0", 1, token=TOKEN))
