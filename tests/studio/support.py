"""A running studio, and clients that speak to it over sockets as a page does."""

import io
import json
import socket
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any

import httpx
import numpy as np
import uvicorn
from numpy.typing import NDArray
from PIL import Image
from tests.surfaces.support import layout, photo
from websockets.sync.client import ClientConnection, connect

from sembla import api
from sembla.core.tasks import AnalogyTask
from sembla.studio.access import Access
from sembla.studio.app import create_app
from sembla.studio.desk import Desk
from sembla.studio.wire import pack

PATIENCE = 60.0
"""Seconds that a test waits for what never takes so long, unless it never comes."""


class Server:
    """The studio on a port of its own, in a thread of this process."""

    def __init__(
        self,
        access: Access | None = None,
        *,
        runs: Path | None = None,
        banks: Sequence[Path] = (),
        packs: Mapping[str, Path] = MappingProxyType({}),
        **limits: int,
    ) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        nowhere = Path(tempfile.gettempdir(), "no-such-folder", "runs")  # never the user's own
        access = access or Access("127.0.0.1", self.port)
        self.app = create_app(access, runs=runs or nowhere, banks=banks, packs=packs, **limits)
        config = uvicorn.Config(
            self.app,
            log_level="error",
            http="h11",
            ws="websockets-sansio",
            lifespan="on",
            ws_max_size=40_000_000,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def desk(self) -> Desk:
        desk: Desk = self.app.state.desk
        return desk

    def __enter__(self) -> "Server":
        self.thread.start()
        deadline = time.monotonic() + PATIENCE
        while not self.server.started:
            assert self.thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        self.socket.close()
        assert not self.thread.is_alive()

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE, trust_env=False)

    def expected(self, task: AnalogyTask) -> list[NDArray[np.uint8]]:
        """What the engine itself makes of a task. On the worker, for numba runs in one thread at a time."""
        return list(self.desk.jobs.submit("oracle", lambda _: api.run(task)).future.result(PATIENCE).pictures)


@dataclass(frozen=True)
class Frame:
    """One picture as it came."""

    header: Mapping[str, Any]
    data: bytes

    @property
    def pixels(self) -> NDArray[np.uint8]:
        return np.array(Image.open(io.BytesIO(self.data)))


@dataclass
class Heard:
    """Everything that was said about one request, in its order."""

    words: list[dict[str, Any]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    @property
    def end(self) -> dict[str, Any]:
        return self.words[-1]

    @property
    def pictures(self) -> list[Frame]:
        return [frame for frame in self.frames if frame.header["kind"] == "picture"]


ENDS = {"done", "cancelled", "failed"}


class Page:
    """A live connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, content: str | bytes) -> None:
        self.connection.send(content)

    def receive(self) -> Frame | dict[str, Any]:
        content = self.connection.recv(PATIENCE)
        if isinstance(content, str):
            words: dict[str, Any] = json.loads(content)
            return words
        (length,) = struct.unpack_from("<I", content)
        header = json.loads(content[4 : 4 + length])
        data = content[4 + length :]
        assert len(data) == header["bytes"]
        return Frame(header, data)

    def words(self) -> dict[str, Any]:
        """The next message, which is a text."""
        message = self.receive()
        assert isinstance(message, dict), message
        return message

    def listen(self, number: int) -> Heard:
        """Listen until a request has ended. Whatever is said of others is passed over."""
        heard = Heard()
        while not heard.words or heard.end["kind"] not in ENDS:
            message = self.receive()
            if isinstance(message, Frame):
                if message.header["number"] == number:
                    heard.frames.append(message)
            elif message.get("number") == number:
                heard.words.append(message)
        return heard


@contextmanager
def page(server: Server, **options: Any) -> Iterator[Page]:
    """A live connection, closed at the end."""
    url = f"ws://127.0.0.1:{server.port}/api/live"
    quiet: dict[str, Any] = {"compression": None, "max_size": None, "proxy": None, "ping_interval": None}
    with connect(url, close_timeout=1, **quiet, **options) as connection:
        yield Page(connection)


def message(header: Mapping[str, Any] | bytes, *parts: bytes) -> bytes:
    """One binary message, put together by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + b"".join(parts)


def request(
    photo_id: str,
    task: AnalogyTask,
    *,
    number: int = 1,
    draft: bool = False,
    model: Mapping[str, Any] | None = None,
    **settings: Any,
) -> bytes:
    """A live request for the maps of `task`."""
    parts = [zlib.compress(labels.tobytes()) for labels in (task.labels, task.layout)]
    maps = [
        {"name": name, "width": labels.shape[1], "height": labels.shape[0], "bytes": len(part)}
        for name, labels, part in zip(("labels", "layout"), (task.labels, task.layout), parts, strict=True)
    ]
    header = {"number": number, "task": "analogy", "photo": photo_id, "settings": settings, "maps": maps}
    return message({**header, "draft": draft, "model": model}, *parts)


def small_task(sun: int = 30, **settings: Any) -> AnalogyTask:
    """The sun of a picture (48, 64, 3), moved to `sun`."""
    return AnalogyTask(photo(), layout(6), layout(sun), **settings)


LONG: dict[str, Any] = {"size": 400, "variations": 64}
"""Settings that make work for many seconds, to be stopped long before."""


def png(pixels: NDArray[Any]) -> bytes:
    """An array as a PNG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def packed(labels: NDArray[np.uint8]) -> dict[str, Any]:
    """A label map as JSON."""
    return pack(labels).model_dump()
