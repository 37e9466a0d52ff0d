"""Generators that have learned nothing, and requests for boards."""

import io
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tests.methods.inpaint.support import faces
from tests.methods.scene.support import prepared
from tests.studio.support import Frame, Heard, Server, message, page, png

from sembla.methods.inpaint import config as inpaint
from sembla.methods.inpaint.learned import PARTS as INPAINT
from sembla.methods.preserve import config as preserve
from sembla.methods.preserve.learned import PARTS as PRESERVE
from sembla.runs.description import Description, write_description, write_weights
from sembla.runs.folder import RunFolder
from sembla.runs.plain import to_plain
from sembla.runs.tensors import named

Pixels = NDArray[np.uint8]

SIDE = 32

_SMALL: Mapping[str, Any] = {"side": SIDE, "width": 8, "discriminator_width": 8, "encoder_width": 8, "features": "none"}


def write_generators(runs: Path) -> None:
    """Runs `rooms` of preserve and `faces` of inpaint, with weights as they are drawn before the first step."""
    keeping = preserve.fitted(preserve.Sembla(**_SMALL), prepared())
    filling = inpaint.fitted(replace(inpaint.RECIPES["sembla"], **_SMALL), faces())
    torch.manual_seed(0)
    _write(runs / "rooms", "preserve", keeping, dict(PRESERVE.networks(keeping)))
    _write(runs / "faces", "inpaint", filling, dict(INPAINT.networks(filling)))


def _write(run: Path, method: str, config: object, networks: dict[str, Any]) -> None:
    run.mkdir(parents=True)
    about = Description(method, "sembla", to_plain(config), seed=0, batch=1, data="noise (small, SHA-256 0)")
    write_description(RunFolder(run), about)
    write_weights(RunFolder(run), named(networks), step=1)


def noise(seed: int, size: tuple[int, int] = (64, 80)) -> Pixels:
    """A picture (H, W, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def board(server: Server, *pictures: Pixels, square: bool = False) -> dict[str, Any]:
    """Pictures side by side, as the server answers."""
    with server.client() as client:
        parts = []
        for number, picture in enumerate(pictures):
            photo = client.post("/api/photos", content=png(picture)).json()["id"]
            parts.append({"photo": photo, "name": f"{number}.png"})
        answer = client.post("/api/boards", json={"parts": parts, "square": square})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def inside(tile: Mapping[str, int]) -> tuple[slice, slice]:
    """Rows and columns of a picture of a board."""
    return (
        slice(tile["top"], tile["top"] + tile["height"]),
        slice(tile["left"], tile["left"] + tile["width"]),
    )


def asked(task: str, made: Mapping[str, Any], marks: Pixels, *, number: int = 1, **what: Any) -> bytes:
    """A live request for a board."""
    part = zlib.compress(np.ascontiguousarray(marks).tobytes())
    maps = [{"name": "layout", "width": marks.shape[1], "height": marks.shape[0], "bytes": len(part)}]
    field = {"preserve": "keep", "inpaint": "fill"}[task]
    header = {"number": number, "task": task, "photo": made["photo"]["id"], "maps": maps}
    return message({**header, field: {"tiles": made["tiles"], **what}}, part)


def answered(server: Server, request: bytes) -> Heard:
    """What comes of a request."""
    with page(server) as opened:
        opened.send(request)
        return opened.listen(1)


def parts(heard: Heard, part: str) -> list[Frame]:
    """The finished pictures that show the same, in their order."""
    return [frame for frame in heard.pictures if frame.header["piece"]["part"] == part]


def record(frame: Frame) -> str:
    """What a picture says of how it was made."""
    text: str = Image.open(io.BytesIO(frame.data)).info["sembla"]
    return text
