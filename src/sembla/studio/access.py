"""Who may talk to the server: this machine's own pages, or whoever holds the token.

Any web page that is open in the user's browser can send requests to a server on the same machine. What tells them
apart from our own page: the Host header (a page of a rebound name carries that name), Origin and Sec-Fetch-Site.
"""

import hmac
import ipaddress
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sembla.core.errors import InputError

__all__ = ["Access", "Gate"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", re.ASCII)

_TOKEN = re.compile("[A-Za-z0-9_-]{8,}")  # what cookies, headers and addresses carry as it is

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src {connect}; "
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}

_NO_TOKEN = "this server asks for its token; open the address that it printed when it started."

_NO_TOKEN_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sembla</title></head>
<body><h1>Sembla</h1><p>This server asks for its token. Open the address that it printed when it started.</p></body>
</html>
"""


@dataclass(frozen=True)
class Access:
    """Where the server listens, and what it asks for."""

    host: str
    """The name or address that it is bound to."""
    port: int
    token: str | None = field(default=None, repr=False)
    """The secret that every request must carry; None asks for nothing, which is for loopback addresses alone.

    Raises `InputError` unless it is 8 or more letters, digits, hyphens and underscores."""

    def __post_init__(self) -> None:
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise InputError("the token needs 8 letters, digits, hyphens or underscores or more, and nothing else.")

    @property
    def cookie(self) -> str:
        """What the cookie with the token is called. Cookies of all ports of a machine are one heap."""
        return f"sembla_token_{self.port}"

    def takes_host(self, header: str) -> bool:
        """Whether a Host header is one of ours, whatever its port: tunnels change that.

        A page that had its name rebound to our address is found out here: it carries its own name.
        """
        match = _HOST.fullmatch(header.lower())
        if match is None:
            return False
        name = match["name"]
        if name in _LOOPBACK or name == _bracketed(self.host):
            return True
        return self.token is not None and (_is_address(name) or name == socket.gethostname().lower())


@dataclass(frozen=True)
class _Refusal:
    """Why a request is turned away."""

    status: HTTPStatus
    message: str


class Gate:
    """ASGI middleware: turns away who may not enter, and sets the security headers of every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or connection, and pass it on."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        stranger = self._stranger(scope, headers)
        send = _with_headers(send, "" if stranger else headers["host"])
        if stranger:
            await _refuse(stranger, scope, receive=receive, send=send)
        elif self._access.token is None or self._carries_token(headers, self._access.token):
            await self._app(scope, receive, send)
        elif self._shows_token(scope, self._access.token):
            await _let_in(self._access.cookie, self._access.token)(scope, receive, send)
        else:
            await _refuse(_Refusal(HTTPStatus.UNAUTHORIZED, _NO_TOKEN), scope, receive=receive, send=send)

    def _stranger(self, scope: Scope, headers: Headers) -> _Refusal | None:
        """Why this request comes from a page that is not ours; None if it does not."""
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or not self._access.takes_host(hosts[0]):
            told = ", ".join(hosts)[:100] or "none"
            return _forbidden(f"host {told!r} came, which is no name of this server; open the address that it printed.")
        ours = {f"{scheme}://{hosts[0].lower()}" for scheme in ("http", "https")}
        if any(origin.lower() not in ours for origin in origins):
            return _forbidden("the request came from a page of another origin; open the studio's own page.")
        sites = {site.lower() for site in headers.getlist("sec-fetch-site")}
        from_elsewhere = not sites.isdisjoint({"cross-site", "same-site"})
        if from_elsewhere and scope["path"].startswith("/api/"):
            return _forbidden("the request came from a page of another site; open the studio's own page.")
        return None

    def _carries_token(self, headers: Headers, token: str) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        bearers = [given.strip()] if kind.lower() == "bearer" else []
        return any(_same(given, token) for given in (*bearers, *_cookies(headers, self._access.cookie)))

    def _shows_token(self, scope: Scope, token: str) -> bool:
        """Whether this is the printed address, which carries the token once."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        return len(given) == 1 and _same(given[0], token)


def _forbidden(message: str) -> _Refusal:
    return _Refusal(HTTPStatus.FORBIDDEN, message)


def _let_in(cookie: str, token: str) -> Response:
    """Put the token into a cookie, and off the address bar."""
    response = RedirectResponse("/", HTTPStatus.SEE_OTHER, {"Cache-Control": "no-store"})
    # Lax, not strict: else the printed address fails when it is clicked on another site's page. What other sites could
    # ask for with the cookie, they are refused by their Origin and Sec-Fetch-Site.
    response.set_cookie(cookie, token, path="/", httponly=True, samesite="lax")
    return response


async def _refuse(refusal: _Refusal, scope: Scope, *, receive: Receive, send: Send) -> None:
    """Answer a request that is not let in; a page gets words to read, anything else JSON."""
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status is HTTPStatus.UNAUTHORIZED else {}
    response: Response = JSONResponse({"message": refusal.message}, refusal.status, headers)
    reads_pages = "text/html" in Headers(scope=scope).get("accept", "") and not scope["path"].startswith("/api/")
    if refusal.status is HTTPStatus.UNAUTHORIZED and scope["type"] == "http" and reads_pages:
        response = HTMLResponse(_NO_TOKEN_PAGE, refusal.status, headers)
    await response(scope, receive, send)


def _with_headers(send: Send, host: str) -> Send:
    """A `send` that adds the security headers; `host` is the request's own, once it is known to be ours."""
    connect = f"'self' ws://{host} wss://{host}" if host else "'self'"  # older Safari: 'self' covers no WebSocket

    async def send_with_headers(message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = _POLICY.format(connect=connect)
            headers.update(_HEADERS)
        await send(message)

    return send_with_headers


def _cookies(headers: Headers, cookie: str) -> list[str]:
    """Every value given for our cookie."""
    pairs = (pair.partition("=") for header in headers.getlist("cookie") for pair in header.split(";"))
    return [value.strip().strip('"') for name, _, value in pairs if name.strip() == cookie]


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode())


def _bracketed(host: str) -> str:
    """A host as URLs write it: IPv6 addresses in brackets."""
    host = host.lower()
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
