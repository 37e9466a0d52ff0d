"""A photo of the page as a case, which is what `sembla train` reads."""

import io
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import LabelError, SizeError
from sembla.core.types import LabelMap, Picture
from sembla.studio.drawing import encode_jpeg
from sembla.studio.runs import Record
from sembla.studio.serving import palette
from sembla.studio.wire import TrainRequest, unpack

__all__ = ["write_case"]

_THUMBNAIL = 96  # longest side


def write_case(folder: Path, picture: Picture, wanted: TrainRequest, *, photo: str, recipe: str) -> None:
    """Write what a training needs into a run's new folder, and last its studio.json, which makes it a run.

    Raises `LabelError` and `SizeError` for maps that do not fit, and `OutputError`.
    """
    from sembla import api

    labels = _of_size(unpack(wanted.labels, "labels"), picture)
    if int(labels.max()) >= len(wanted.classes):
        raise LabelError(f"the labels hold id {labels.max()}, but there are {len(wanted.classes)} classes.")
    case = folder / "case"
    case.mkdir()
    api.write_picture(case / "img.png", picture)
    colours = palette(wanted.classes)
    order, colours = _write_labels(case / "label.png", labels, colours)
    layout = unpack(wanted.layout, "layout") if wanted.layout else labels
    if not np.setdiff1d(layout, labels).size and not np.array_equal(layout, labels):
        (case / "cond").mkdir()
        api.write_label_map(case / "cond" / "layout.png", layout, palette=colours)
    (folder / "photo.jpg").write_bytes(encode_jpeg(api.thumbnail(picture, longest=_THUMBNAIL)))
    record = Record(
        title=wanted.name,
        photo=photo,
        labels=zlib.crc32(labels.tobytes()),
        classes=[wanted.classes[number] for number in order],
        steps=wanted.steps,
        recipe=recipe,
    )
    (folder / "studio.json").write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _write_labels(path: Path, labels: LabelMap, colours: NDArray[np.uint8]) -> tuple[list[int], NDArray[np.uint8]]:
    """Write a label map so that it is read with every class; gives its ids in the order that a reader numbers them in.

    In the classes' colours where reading finds them all, and in greys, which are read as ids, where it takes small or
    similar ones for faults. The colours used come back too.
    """
    from sembla import api

    api.write_label_map(path, labels, palette=colours)
    order = _order(path, labels)
    if order is None:
        colours = np.repeat(np.arange(len(colours), dtype=np.uint8)[:, None], 3, axis=1)
        api.write_label_map(path, labels, palette=colours, force=True)
        order = _order(path, labels)
    if order is None:
        raise LabelError("one class fills the whole photo; label two classes or more.")
    return order, colours


def _order(path: Path, labels: LabelMap) -> list[int] | None:
    """Which id each class is that a reader finds in the file; None unless it finds what was written."""
    from sembla import api

    try:
        read = api.read_own_labels(np.zeros((*labels.shape, 3), np.uint8), io.BytesIO(path.read_bytes())).labels
    except LabelError:
        return None
    present = np.unique(read)
    order = [int(labels.flat[int(np.argmax(read == number))]) for number in present]
    exact = len(present) == int(read.max()) + 1 and np.array_equal(np.array(order, np.uint8)[read], labels)
    return order if exact else None


def _of_size(labels: LabelMap, picture: Picture) -> LabelMap:
    (height, width), (rows, columns) = picture.shape[:2], labels.shape
    if (height, width) != (rows, columns):
        raise SizeError(f"the labels are {columns}x{rows}, the photo is {width}x{height}; draw them at its size.")
    return labels
