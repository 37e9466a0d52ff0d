"""`sembla studio`: the page where a layout is painted and the picture follows."""

import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import say
from sembla.commands.options import Flag
from sembla.core.errors import InputError

if TYPE_CHECKING:
    from sembla.studio.access import Access

__all__ = ["Studio"]

PORT = 8710
"""Where the studio is found unless another port is asked for."""

MOST_MESSAGE_BYTES = 40 << 20
"""Most bytes of one message: two label maps of the largest size, even where they do not compress."""

_TRIED = 20
_LAST_PORT = 65535


@dataclass(frozen=True)
class Studio:
    """Paint a layout in the browser, and watch the photo follow."""

    host: Annotated[str, tyro.conf.arg(metavar="ADDRESS")] = "127.0.0.1"
    """Address to listen on. On any but this machine's own, the page demands the token that is printed."""
    port: int = PORT
    """Port to listen on; 0 takes any that is free."""
    open: bool = True
    """Open the page in the browser."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Serve until Ctrl-C."""
        from sembla.studio.access import Access  # FastAPI takes longer to load than --help may last

        with _listening(self.host, self.port) as listener:
            port = int(listener.getsockname()[1])
            token = None if _is_loopback(self.host) else secrets.token_urlsafe(24)
            address = _address(self.host, port, token)
            say(f"Sembla studio: {address}   (Ctrl-C stops it)")
            sys.stdout.flush()
            with suppress(KeyboardInterrupt):  # the usual way to stop it
                self._serve(listener, Access(host=self.host, port=port, token=token), address)

    def _serve(self, listener: socket.socket, access: "Access", address: str) -> None:
        """Run the server on a socket that listens already."""
        import uvicorn

        from sembla.studio.app import create_app

        class Server(uvicorn.Server):
            """Opens the page once there is something to see."""

            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if opening and self.started:
                    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        opening = self.open
        config = uvicorn.Config(
            create_app(access),
            http="h11",
            ws="websockets-sansio",
            ws_max_size=MOST_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # maps and pictures are compressed already
            lifespan="on",
            log_level="debug" if self.debug else "warning",
            access_log=self.debug,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        Server(config).run(sockets=[listener])


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens. Raises `InputError` for an address that is not here, and for a port in use."""
    if not 0 <= port <= _LAST_PORT:
        raise InputError(f"port {port} came; expected 0 to {_LAST_PORT}, 0 for any that is free.")
    try:
        listener = _bound(host, port)
    except socket.gaierror as error:
        raise InputError(f"host {host!r} is no address of this machine ({error.strerror}); try 127.0.0.1.") from error
    except PermissionError as error:
        raise InputError(f"port {port} may not be used by you; take one above 1023, e.g. --port {PORT}.") from error
    except OSError as error:
        free = _free_port(host, port)
        if free is None:
            raise InputError(f"cannot listen on {host}:{port} ({error.strerror}); try --host 127.0.0.1.") from error
        raise InputError(
            f"port {port} is in use, perhaps by a studio that runs already ({_address(host, port, None)}); "
            f"open that, or start this one with --port {free}, which is free."
        ) from error
    with listener:
        yield listener


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _free_port(host: str, port: int) -> int | None:
    """The next port that is free, or None where none of the next ones is."""
    for candidate in range(port + 1, min(port + 1 + _TRIED, _LAST_PORT + 1)):
        with suppress(OSError), _bound(host, candidate):
            return candidate
    return None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _address(host: str, port: int, token: str | None) -> str:
    """What to open in a browser; a server that listens everywhere is reached by this machine's name."""
    try:
        number = ip_address(host)
        name = socket.gethostname() if number.is_unspecified else f"[{host}]" if number.version == 6 else host
    except ValueError:
        name = host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")
