"""`sembla studio`: the page where a layout is painted and the picture follows."""

import errno
import secrets
import signal
import socket
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from sembla.commands.console import say
from sembla.commands.options import Flag
from sembla.core.errors import InputError, OutputError

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
    """Address to listen on. On any but this machine's own, the page demands the token that is printed; connections are
    not encrypted, and strangers can hold some open: use it in a network that you trust."""
    port: int = PORT
    """Port to listen on; 0 takes any that is free."""
    open: bool = True
    """Open the page in the browser."""
    runs: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="")] = None
    """Folder of trained models. Without: sembla/runs among your programs' data."""
    bank: Annotated[
        tuple[Path, ...], tyro.conf.UseAppendAction, tyro.conf.arg(metavar="DIR", help_behavior_hint="")
    ] = ()
    """A prepared set (sembla prepare) that scenes are made from, without training; of one with splits, "train" alone.
    May be given more than once."""
    debug: Flag = False
    """Show where an error came from."""

    def run(self) -> None:
        """Serve until Ctrl-C."""
        from sembla.studio.access import Access  # FastAPI takes longer to load than --help may last

        if self.runs is not None and self.runs.exists() and not self.runs.is_dir():
            raise InputError(f"--runs {self.runs} is no folder; name one, which need not be there yet.")
        _check_banks(self.bank)
        _check_scratch()
        host = self.host.strip("[]")
        with _listening(host, self.port) as listener:
            bound, port = listener.getsockname()[:2]
            # A name tells little: what counts is who can reach the address that it stands for.
            token = None if ip_address(bound).is_loopback else secrets.token_urlsafe(24)
            address = _address(host, port, token)
            say(f"Sembla studio: {address}   (Ctrl-C stops it)")
            sys.stdout.flush()
            if self.open:  # the socket listens already: the browser waits until the server has come up
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
            with suppress(KeyboardInterrupt):  # the usual way to stop it
                self._serve(listener, Access(host=host, port=port, token=token))

    def _serve(self, listener: socket.socket, access: "Access") -> None:
        """Run the server on a socket that listens already."""
        import uvicorn

        from sembla import api
        from sembla.studio.app import create_app

        app = create_app(
            access,
            runs=self.runs and self.runs.absolute(),
            banks=[path.absolute() for path in self.bank],
            packs=api.pack_folders() if api.has_models() else {},  # what they need is an extra
        )
        config = uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            ws_max_size=MOST_MESSAGE_BYTES,
            ws_per_message_deflate=False,  # maps and pictures are compressed already
            lifespan="on",
            log_level="debug" if self.debug else "warning",
            access_log=self.debug,
            server_header=False,
            proxy_headers=False,  # what they say of a client, anybody can say
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup ignores it
            signal.signal(signal.SIGHUP, server.handle_exit)  # the terminal was closed
        server.run(sockets=[listener])


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
        if error.errno != errno.EADDRINUSE:
            raise InputError(f"cannot listen on {host}:{port} ({error.strerror}); try --host 127.0.0.1.") from error
        free = _free_port(host, port)
        raise InputError(
            f"port {port} is in use, perhaps by a studio that runs already ({_address(host, port, None)}); "
            f"open that, or start this one with --port {free}."
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


def _free_port(host: str, port: int) -> int:
    """The next port that is free, or 0, which takes any, where none of the next ones is."""
    for candidate in range(port + 1, min(port + 1 + _TRIED, _LAST_PORT + 1)):
        with suppress(OSError), _bound(host, candidate):
            return candidate
    return 0


def _check_banks(banks: tuple[Path, ...]) -> None:
    """Raise `InputError` for a folder that is no prepared set, before the page is there."""
    if not banks:
        return
    from sembla import api  # takes long to load

    for path in banks:
        api.open_prepared(path)


def _check_scratch() -> None:
    """Raise `OutputError` where temporary files have no place; uploaded photos are such."""
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise OutputError(f"no folder takes temporary files ({error.strerror}); name one in TMPDIR.") from error


def _address(host: str, port: int, token: str | None) -> str:
    """What to open in a browser; a server that listens everywhere is reached by this machine's name."""
    try:
        number = ip_address(host)
        name = socket.gethostname() if number.is_unspecified else f"[{host}]" if number.version == 6 else host
    except ValueError:
        name = host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")
