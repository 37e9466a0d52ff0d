"""What travels between page and server: the JSON models, packed label maps, and messages made of a header and parts."""

import base64
import binascii
import struct
import zlib
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, StrictBool, StrictInt, ValidationError

from sembla.core.errors import InputError, LabelError
from sembla.core.types import MAX_CLASSES, MAX_PIXELS, MIN_SIDE, LabelMap
from sembla.studio.board_tasks import FillRequest, KeepRequest, Piece
from sembla.studio.portrait_wire import PortraitAsk, Resemblance

__all__ = [
    "UNMARKED",
    "About",
    "ClassEntry",
    "ExampleCard",
    "Filled",
    "Form",
    "FrameHeader",
    "Labelled",
    "Limits",
    "LiveMap",
    "LiveModel",
    "LiveRequest",
    "MatchRequest",
    "OpenedExample",
    "PackedMap",
    "Photo",
    "Problem",
    "RunCard",
    "RunState",
    "Runs",
    "SceneCard",
    "SceneCards",
    "ScribbleRequest",
    "SegmentRequest",
    "Segmented",
    "Setting",
    "TrainRequest",
    "class_entries",
    "crash_message",
    "first_fault",
    "frame",
    "inflate",
    "one_line",
    "pack",
    "split_frame",
    "unpack",
]

UNMARKED = 255
"""The id of pixels without a stroke."""

_HEADER_LIMIT = 64 * 1024
_MOST_MAP_BYTES = 40 << 20


class Problem(BaseModel):
    """Why a request failed."""

    message: str = Field(description="One line: what came, what was expected, what to do.")


class Setting(BaseModel):
    """One setting of a task."""

    name: str
    help: str
    kind: Literal["whole", "switch", "optional_whole"]
    default: StrictBool | StrictInt | None
    least: int | None = Field(description="Null for switches.")
    most: int | None = Field(description="Null for switches.")


class Form(BaseModel):
    """A kind of task and its settings."""

    name: str
    summary: str
    settings: list[Setting]


class Limits(BaseModel):
    """What is refused beyond."""

    pixels: int = Field(description="Most pixels of a picture or label map.")
    side: int = Field(description="Least pixels of a side.")
    classes: int
    upload_bytes: int = Field(description="Most bytes of a request.")


class About(BaseModel):
    """What this server is and does."""

    version: str
    limits: Limits
    tasks: list[Form]


class ClassEntry(BaseModel):
    """One class: its name, and the colour that label maps show it in."""

    name: str
    colour: str = Field(pattern="^#[0-9a-f]{6}$")


class PackedMap(BaseModel):
    """A label map as JSON."""

    width: StrictInt = Field(le=MAX_PIXELS)
    height: StrictInt = Field(le=MAX_PIXELS)
    ids: str = Field(description="Base64 of the zlib-compressed ids, one byte a pixel, row by row.")


class ExampleCard(BaseModel):
    """A bundled example, before it is opened."""

    name: str
    width: int
    height: int
    classes: list[ClassEntry]
    layouts: list[str]
    credit: str


class Photo(BaseModel):
    """A photo that the server holds."""

    id: str = Field(description="Says what the pixels are: the same photo has the same id everywhere.")
    width: int
    height: int
    notes: list[str] = Field(description="What was decided on the reader's behalf, e.g. an animation's first frame.")


class OpenedExample(BaseModel):
    """A bundled example, ready to be changed."""

    photo: Photo
    classes: list[ClassEntry]
    labels: PackedMap
    layouts: dict[str, PackedMap]


class Labelled(BaseModel):
    """A label map that was read from a file."""

    map: PackedMap
    classes: list[ClassEntry]
    notes: list[str]


class Filled(BaseModel):
    """A label map that was filled from strokes."""

    map: PackedMap
    seconds: float


class Segmented(BaseModel):
    """A label map of proposed regions."""

    map: PackedMap
    classes: list[ClassEntry]
    seconds: float


class MatchRequest(BaseModel):
    """A label map file, to be read with known classes."""

    file: str = Field(description="Base64 of the file.")
    name: str = Field(default="layout", max_length=255, description="What messages call the file.")
    classes: list[ClassEntry] = Field(min_length=2, max_length=MAX_CLASSES)
    adopt_nearest: StrictBool = Field(default=False, description="Read a class that is none of these as the nearest.")


class ScribbleRequest(BaseModel):
    """Strokes over a photo."""

    strokes: PackedMap = Field(description=f"Ids 0 to count - 1; {UNMARKED} where there is no stroke.")
    count: StrictInt = Field(ge=1, le=MAX_CLASSES)


class SegmentRequest(BaseModel):
    """How many regions to propose."""

    count: StrictInt = Field(ge=2, le=MAX_CLASSES)


class LiveMap(BaseModel):
    """One of the label maps that follow a live request's header."""

    name: str = Field(max_length=100)
    width: StrictInt = Field(le=MAX_PIXELS)
    height: StrictInt = Field(le=MAX_PIXELS)
    bytes: StrictInt = Field(ge=0, le=_MOST_MAP_BYTES, description="Length of its zlib-compressed ids.")


class LiveModel(BaseModel):
    """A trained model, in place of the instant engine."""

    run: str = Field(max_length=100, description="The run that it comes from.")
    classes: list[ClassEntry] = Field(
        max_length=MAX_CLASSES, description="What the ids of the maps mean; found again by name, else by colour."
    )


class LiveRequest(BaseModel):
    """Header of a live request."""

    number: StrictInt = Field(ge=0, le=2**53 - 1, description="The page's own; it stands in every answer.")
    task: str = Field(max_length=100)
    photo: str = Field(max_length=100, description="The photo; of a scene, the one whose style is wanted, or empty.")
    settings: dict[str, StrictBool | StrictInt | None] = {}
    maps: list[LiveMap] = Field(max_length=8)
    draft: StrictBool = Field(default=False, description="Stop at the first frame worth looking at.")
    model: LiveModel | None = Field(default=None, description="Who makes the picture; null for the instant engine.")
    scene: str | None = Field(default=None, max_length=200, description="Who makes a scene, as `SceneCard.name` says.")
    keep: KeepRequest | None = Field(default=None, description="Of the task preserve.")
    fill: FillRequest | None = Field(default=None, description="Of the task inpaint.")
    portrait: PortraitAsk | None = Field(default=None, description="Of the task portrait.")


class SceneCard(BaseModel):
    """Something that makes scenes: a bank of photos, or a trained model."""

    name: str
    title: str
    kind: Literal["bank", "model"]
    classes: list[ClassEntry] = Field(description="What the ids of its layouts mean; the last may stand for no class.")
    width: int = Field(description="What it was trained at, or most of its photos have.")
    height: int
    ignore: int | None = Field(description="What files hold where pixels are of no class, the last one here; or null.")
    photos: int = Field(description="Of a bank: how many may be taken. 0 for a model.")
    styled: bool = Field(description="Whether it takes after a style photo.")
    varies: bool = Field(description="Whether it has several pictures of one layout, and parts made anew.")
    varies_styled: bool = Field(description="The same where a style photo is given.")


class SceneCards(BaseModel):
    """All that makes scenes here."""

    engines: list[SceneCard]
    problems: list[str] = Field(description="Why others cannot be used.")


class TrainRequest(BaseModel):
    """What to train on, beside the photo."""

    name: str = Field(default="photo", max_length=255, description="What the photo is called.")
    classes: list[ClassEntry] = Field(min_length=2, max_length=MAX_CLASSES)
    labels: PackedMap
    layout: PackedMap | None = Field(default=None, description="Shown in previews; nothing is learned from it.")
    steps: StrictInt = Field(ge=1, le=1_000_000)


RunState: TypeAlias = Literal["training", "stopping", "elsewhere", "done", "stopped", "failed"]
"""Elsewhere: trained by another process. Stopped and failed ones can be gone on with."""


class RunCard(BaseModel):
    """A run, before its model is used."""

    name: str
    title: str = Field(description="Of the photo; of a run that was made on the command line, its own.")
    recipe: str
    made: float = Field(description="When it was begun, in seconds since 1970.")
    state: RunState
    step: int = Field(description="Steps done.")
    steps: int | None = Field(description="Steps in all, where known.")
    seconds_left: float | None
    images_per_second: float | None
    usable: bool = Field(description="Whether there are weights to make pictures with.")
    photo: str | None = Field(description="Id of the photo that it is trained on.")
    labels: int | None = Field(description="CRC-32 of the ids of that photo's label map.")
    preview: int | None = Field(description="Step of the last contact sheet.")
    thumbnail: bool
    message: str = Field(description="Why it failed.")


class Runs(BaseModel):
    """The runs, and whether more can be had."""

    folder: str
    missing: str = Field(description="Why nothing can be trained or used here; empty where it can.")
    steps: int = Field(description="How far to train unless told.")
    runs: list[RunCard]


class FrameHeader(BaseModel):
    """Header of a picture on its way to the page."""

    number: int
    kind: Literal["preview", "picture"]
    variation: int = Field(description="0-based within the request.")
    level: int
    levels: int
    seconds: float
    width: int
    height: int
    type: Literal["image/jpeg", "image/png"]
    bytes: int
    credits: dict[str, float] = Field(
        default={}, description="Of a bank's picture: the photos that it was copied from, and their shares."
    )
    piece: Piece | None = Field(default=None, description="Which of several finished pictures it is.")
    resemblance: Resemblance | None = Field(default=None, description="Of a finished portrait.")


def pack(labels: LabelMap) -> PackedMap:
    """A label map (H, W) as JSON carries it."""
    height, width = labels.shape
    packed = zlib.compress(np.ascontiguousarray(labels).tobytes())
    return PackedMap(width=width, height=height, ids=base64.b64encode(packed).decode("ascii"))


def unpack(packed: PackedMap, name: str) -> LabelMap:
    """The label map (H, W) of its JSON form; `name` is what messages call it. Raises `InputError`."""
    try:
        data = base64.b64decode(packed.ids, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LabelError(f"{name}: its ids are no base64 text; send base64 of zlib-compressed bytes.") from error
    return inflate(data, (packed.width, packed.height), name=name)


def inflate(data: bytes | memoryview, size: tuple[int, int], *, name: str) -> LabelMap:
    """The label map (H, W) of zlib-compressed ids, for a `size` of (width, height).

    Nothing beyond that size is unpacked, whatever the data claim. Raises `InputError`.
    """
    width, height = size
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise LabelError(f"{name} is {width}x{height}; sides from {MIN_SIDE} px and {MAX_PIXELS:,} pixels are taken.")
    unpacker = zlib.decompressobj()
    try:
        ids = unpacker.decompress(data, width * height + 1)
    except zlib.error as error:
        raise LabelError(f"{name}: its ids are no zlib data ({error}); send zlib-compressed bytes.") from error
    if unpacker.unused_data:
        raise LabelError(f"{name}: {len(unpacker.unused_data)} bytes came behind its ids; send these alone.")
    if len(ids) != width * height or not unpacker.eof:
        came = "more" if len(ids) > width * height else f"{len(ids)}"
        raise LabelError(f"{name}: {came} ids came for {width}x{height}; expected {width * height}, one a pixel.")
    return np.frombuffer(ids, np.uint8).reshape(height, width)


def class_entries(palette: NDArray[np.uint8], names: tuple[str, ...] = ()) -> list[ClassEntry]:
    """Classes in the colours of a palette (K, 3), called `names`, or "class 1" and so on."""
    names = names or tuple(f"class {number + 1}" for number in range(len(palette)))
    colours = (f"#{bytes(colour.tolist()).hex()}" for colour in palette)
    return [ClassEntry(name=name, colour=colour) for name, colour in zip(names, colours, strict=True)]


def frame(header: BaseModel, *parts: bytes) -> bytes:
    """One binary message: the header's length, the header as JSON, and the parts back to back."""
    text = header.model_dump_json().encode("utf-8")
    return b"".join([struct.pack("<I", len(text)), text, *parts])


def split_frame(message: bytes) -> tuple[bytes, memoryview]:
    """Header and remainder of a binary message. Raises `InputError` where it is cut short or the header is too long."""
    if len(message) < 4:
        raise InputError(f"a message of {len(message)} bytes came; it starts with the length of its header in 4.")
    (length,) = struct.unpack_from("<I", message)
    if length > _HEADER_LIMIT:
        raise InputError(f"a header of {length} bytes came; at most {_HEADER_LIMIT} are taken.")
    if 4 + length > len(message):
        raise InputError(f"the header should have {length} bytes, but {len(message) - 4} came; send all of it.")
    return message[4 : 4 + length], memoryview(message)[4 + length :]


def first_fault(error: ValidationError) -> str:
    """One line on the first thing that is wrong with a model's input."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, fault["loc"]))
    return one_line(f"{place}: {fault['msg']}" if place else fault["msg"])


def one_line(text: object) -> str:
    """Any text as one line."""
    return " ".join(str(text).split())


def crash_message(error: BaseException) -> str:
    """What the page is told of an error that is none of the user's."""
    return one_line(f"the job failed ({type(error).__name__}: {error}); the server's terminal shows where.")
