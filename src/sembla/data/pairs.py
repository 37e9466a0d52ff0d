"""A prepared pair: its line of the index, and its pixels as bytes and back.

Pictures are lossless WebP because, at 256 px, it decodes in two thirds of the time of PNG at 70 % of its size, and
leaves no traces of JPEG for scores to pick up. Label maps are PNGs whose values are the class ids.
"""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sembla.core.errors import ImageError, InputError, LabelError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap
from sembla.data.records import IDENTITY, Record, Sample

__all__ = ["ROLES", "SPARE_COLOURS", "Packed", "Pair", "Stored", "check_name", "encode", "pack", "place_of"]

ROLES: Mapping[str, tuple[str, str]] = {
    "image": ("images", ".webp"),
    "labels": ("labels", ".png"),
    "instances": ("instances", ".png"),
}
"""The folder and the suffix of each kind of file."""

_WEBP_SIDE = 16383  # the most that the format holds

SPARE_COLOURS = (np.arange(256)[:, None] * (37, 91, 151) % 256).astype(np.uint8)
"""A colour for every byte where there is no label set; odd factors, so that no two are alike."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a pair, as it was written."""

    file: str
    """Below the folder of the set, with "/"; in a tar, the name of the member."""
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of the index: a picture and what belongs to it."""

    name: str
    split: str
    width: int
    height: int
    files: Mapping[str, Stored]
    """By role: "image", "labels", "instances"."""
    ids: tuple[int, ...] = ()
    """The values that occur in the label map."""
    landmarks: tuple[tuple[float, float], ...] = ()
    attributes: Mapping[str, bool] | None = None
    identity: tuple[float, ...] | None = None
    """Who it is; empty where no face was found, None where nobody asked."""

    def to_json(self) -> dict[str, Any]:
        """This pair as a line of the index."""
        files = {role: {"file": one.file, "sha256": one.sha256, "bytes": one.bytes} for role, one in self.files.items()}
        line: dict[str, Any] = {"name": self.name, "split": self.split, "width": self.width, "height": self.height}
        line |= {"files": files, "ids": self.ids}
        return (
            line
            | ({"landmarks": self.landmarks} if self.landmarks else {})
            | ({"attributes": dict(self.attributes)} if self.attributes else {})
            | ({} if self.identity is None else {"identity": self.identity})
        )

    @staticmethod
    def from_json(line: Mapping[str, Any]) -> "Pair":
        """The pair of a line; raises `KeyError`, `TypeError` or `ValueError` for a line that is none."""
        return Pair(
            name=str(line["name"]),
            split=str(line["split"]),
            width=int(line["width"]),
            height=int(line["height"]),
            files={role: Stored(one["file"], one["sha256"], one["bytes"]) for role, one in line["files"].items()},
            ids=tuple(line["ids"]),
            landmarks=tuple((x, y) for x, y in line.get("landmarks", ())),
            attributes=line.get("attributes"),
            identity=None if line.get("identity") is None else tuple(map(float, line["identity"])),
        )


@dataclass(frozen=True, slots=True)
class Packed:
    """A pair that is not decoded yet; cheap to pass between threads and processes."""

    pair: Pair
    read: Callable[[str], bytes]
    """Gives the encoded bytes of a role. Raises `InputError`."""

    def decode(self) -> Sample:
        """Give its pixels. Raises `ImageError` for a damaged file, `InputError` for a missing one."""
        files = self.pair.files
        picture = _decode(self, "image")
        labels = _decode(self, "labels") if "labels" in files else None
        instances = _decode(self, "instances") if "instances" in files else None
        return Sample(
            picture=picture,
            labels=labels,
            instances=None if instances is None else np.asarray(instances, np.uint16),
            landmarks=np.array(self.pair.landmarks, np.float32) if self.pair.landmarks else None,
            attributes=self.pair.attributes or {},
            identity=_identity(self.pair),
        )

    def decode_labels(self) -> LabelMap:
        """Give its label map alone, which is there. Raises as `decode` does."""
        return _decode(self, "labels")


def _identity(pair: Pair) -> NDArray[np.float32] | None:
    if pair.identity is None:
        return None
    return np.array(pair.identity or [np.nan] * IDENTITY, np.float32)


def _decode(packed: Packed, role: str) -> NDArray[Any]:
    stored = packed.pair.files[role]
    formats = ("WEBP",) if role == "image" else ("PNG",)
    try:
        with Image.open(io.BytesIO(packed.read(role)), formats=formats) as image:
            pixels = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"{stored.file} is damaged ({error}); run sembla prepare again, which mends it.") from error
    if pixels.shape[:2] != (packed.pair.height, packed.pair.width):
        raise ImageError(f"{stored.file} is not the file that was written; run sembla prepare again, which mends it.")
    return pixels


def pack(root: Path, pair: Pair) -> Packed:
    """A pair of single files below `root`, to be decoded later."""
    return Packed(pair, partial(_read, root, pair))


def _read(root: Path, pair: Pair, role: str) -> bytes:
    path = root / pair.files[role].file
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); run sembla prepare again.") from error


def check_name(name: str) -> None:
    """Raise `InputError` for a name that cannot be that of a prepared pair: it leads elsewhere, or is no UTF-8."""
    leads_elsewhere = not name or name.startswith("/") or ".." in PurePosixPath(name).parts
    is_text = name.encode(errors="replace").decode() == name
    if leads_elsewhere or not is_text or "\\" in name or "\0" in name:
        raise InputError(f"{name!r} cannot name a file in the prepared set; rename it.")


def place_of(record: Record) -> str:
    """Where the files of a pair lie in the folder of their role, without suffix: "train/7" for the name "train/7"."""
    return f"{record.split or 'all'}/{record.name.removeprefix(f'{record.split}/')}"


def encode(sample: Sample, record: Record, *, label_set: LabelSet | None) -> tuple[Pair, dict[str, bytes]]:
    """Encode a sample: its line of the index, and the bytes of each role. The same pixels give the same bytes.

    Raises `LabelError` where the label map holds an id that the label set lacks, `SizeError` for a picture that is too
    wide or too high for the format.
    """
    height, width = sample.picture.shape[:2]
    if max(height, width) > _WEBP_SIDE:
        raise SizeError(f"{record.name} is {width}x{height}; prepare it with a size, so that no side exceeds 16383 px.")
    ids = () if sample.labels is None else tuple(np.flatnonzero(np.bincount(sample.labels.ravel())).tolist())
    _check_ids(ids, record, label_set)
    blobs = {"image": _bytes(Image.fromarray(sample.picture), "WEBP", lossless=True, method=0)}
    if sample.labels is not None:
        image = Image.fromarray(sample.labels)
        image.putpalette(_palette(label_set).tobytes())
        blobs["labels"] = _bytes(image, "PNG", compress_level=4)
    if sample.instances is not None:
        blobs["instances"] = _bytes(Image.fromarray(sample.instances), "PNG", compress_level=4)
    files = {role: _stored(role, record, blob) for role, blob in blobs.items()}
    points = () if sample.landmarks is None else tuple((float(x), float(y)) for x, y in sample.landmarks)
    attributes = dict(sample.attributes) or None
    who = None if sample.identity is None else tuple(round(float(it), 6) for it in sample.identity if np.isfinite(it))
    pair = Pair(record.name, record.split, width, height, files, ids, points, attributes, who)
    return pair, blobs


def _check_ids(ids: tuple[int, ...], record: Record, label_set: LabelSet | None) -> None:
    if label_set is None:
        return
    strange = [label for label in ids if label >= label_set.count and label != label_set.ignore]
    if strange:
        raise LabelError(
            f"{record.files.get('labels', record.name)} holds id {strange[0]}; the set has ids 0 to "
            f"{label_set.count - 1}. Run sembla doctor on it."
        )


def _bytes(image: Image.Image, encoding: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, encoding, **options)
    return file.getvalue()


def _palette(label_set: LabelSet | None) -> NDArray[np.uint8]:
    palette = SPARE_COLOURS.copy()
    if label_set:
        palette[: label_set.count] = label_set.palette
        if label_set.ignore is not None:
            palette[label_set.ignore] = 0
    return palette


def _stored(role: str, record: Record, blob: bytes) -> Stored:
    folder, suffix = ROLES[role]
    return Stored(f"{folder}/{place_of(record)}{suffix}", hashlib.sha256(blob).hexdigest(), len(blob))
