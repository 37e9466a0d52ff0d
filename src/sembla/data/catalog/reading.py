"""What the readers of the known data sets share: finding files, pairing them, and the stored values of label maps."""

import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sembla.core.errors import ImageError, InputError, LabelError, SizeError
from sembla.core.types import MAX_PIXELS, LabelMap, Picture
from sembla.data.records import Record, Sample
from sembla.imaging.io import SUFFIXES, MapArray, read_map, read_picture

__all__ = [
    "SPLIT_FOLDERS",
    "below",
    "check_ids",
    "fit",
    "numbering",
    "paired",
    "read_coloured",
    "read_pair",
    "read_values",
    "renumber",
    "same_size",
    "subfolder",
]

SPLIT_FOLDERS: Mapping[str, str] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
"""What folders of a split are called, and the split that each stands for."""

_UNKNOWN = 65535

# What Pillow's decoders raise on damaged files.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)


def subfolder(root: Path, names: Sequence[str]) -> Path:
    """The first of the folders `root/name` that exists.

    Raises `InputError` that lists what was looked for.
    """
    for name in names:
        if (root / name).is_dir():
            return root / name
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; check the path.")
    raise InputError(f"{root} has no folder {' or '.join(names)}; give the folder that holds it.")


def below(folder: Path, *, suffix: str = "", endings: tuple[str, ...] = SUFFIXES) -> dict[str, Path]:
    """Pictures in a folder and its subfolders, ordered by name.

    The name is the path below the folder without its ending (one of `endings`), "/" between its parts, and without
    `suffix`, which it must end with. Hidden files are left out. Raises `InputError` for two pictures of one name.
    """
    found: dict[str, Path] = {}
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        prefix = Path(place).relative_to(folder).as_posix()
        for file in files:
            stem, ending = os.path.splitext(file)  # noqa: PTH122  a Path for each of a million files takes long
            if ending.lower() not in endings or file.startswith(".") or not stem.endswith(suffix):
                continue
            name = stem.removesuffix(suffix) if prefix == "." else f"{prefix}/{stem.removesuffix(suffix)}"
            if name in found:
                raise InputError(f"{found[name]} and {file} have one name; keep one of them.")
            found[name] = Path(place) / file
    return dict(sorted(found.items()))


def paired(
    images: Mapping[str, Path],
    labels: Mapping[str, Path],
    split: str,
    *,
    instances: Mapping[str, Path] | None = None,
    required: bool = True,
) -> list[Record]:
    """Records of the images that have a label map of the same name, in the order of the images.

    Label maps without an image are left out. Raises `InputError` for images without a label map, if `required`.
    """
    alone = [name for name in images if name not in labels]
    if alone and required:
        raise InputError(
            f"{images[alone[0]]} has no label map ({len(alone)} of {len(images)} images have none); "
            "add them, or take the images out. `sembla doctor` lists them."
        )
    records = []
    for name, image in images.items():
        files = {"image": image}
        if name in labels:
            files["labels"] = labels[name]
        if instances is not None and name in instances:
            files["instances"] = instances[name]
        records.append(Record(f"{split}/{name}" if split else name, split, files))
    return records


def read_values(path: Path) -> NDArray[np.uint16]:
    """The whole numbers 0 to 65535 that a map (H, W) stores: grey values, or the indices of a palette.

    Colour files are taken where their channels are alike. Raises `ImageError` for files that cannot be read, and
    `LabelError` for those that hold no whole numbers.
    """
    values = _decode(path)
    if values.ndim == 3:
        colours = values[..., :-1] if values.shape[2] in {2, 4} else values  # without alpha
        values = colours[..., 0] if (colours == colours[..., :1]).all() else colours
    if values.ndim != 2 or values.dtype.kind not in "bui":
        what = "colours" if values.ndim == 3 else "fractions"
        raise LabelError(f"{path} holds {what}; expected one class id a pixel. `sembla doctor` tells how to convert.")
    if values.dtype.kind == "i" and (values.min() < 0 or values.max() > 65535):
        raise LabelError(f"{path} holds values {values.min()} to {values.max()}; expected 0 to 65535.")
    return values.astype(np.uint16)


def _decode(path: Path) -> NDArray[np.generic]:
    """The pixels of a file as Pillow holds them, upright."""
    try:
        with Image.open(path, formats=("PNG", "BMP", "TIFF", "JPEG", "GIF", "PPM", "WEBP")) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise SizeError(f"{path} is {width}x{height}; at most {MAX_PIXELS / 1e6:.1f} megapixels are taken.")
            return np.array(ImageOps.exif_transpose(image))
    except FileNotFoundError as error:
        raise ImageError(f"{path}: no such file; check the path.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise SizeError(f"{path} claims more pixels than any map taken here; shrink it first.") from error
    except _DAMAGE as error:
        raise ImageError(f"{path} cannot be read or is damaged ({error}); save it anew.") from error


def numbering(ids: Mapping[int, int]) -> NDArray[np.uint16]:
    """A table (65536,) for `renumber`: stored value -> id."""
    table = np.full(65536, _UNKNOWN, np.uint16)
    for value, label in ids.items():
        table[value] = label
    return table


def renumber(values: NDArray[np.uint16], table: NDArray[np.uint16], path: Path) -> LabelMap:
    """Stored values (H, W) as ids. Raises `LabelError` for values that are not in the table; `path` is named."""
    ids = table[values]
    if (ids == _UNKNOWN).any():
        wrong = np.unique(values[ids == _UNKNOWN])
        told = ", ".join(str(value) for value in wrong[:5]) + (", ..." if len(wrong) > 5 else "")
        allowed = np.flatnonzero(table != _UNKNOWN)
        raise LabelError(
            f"{path} holds {told}, which this data set does not have (it has {allowed[0]} to {allowed[-1]}); "
            "check the kind, or let `sembla doctor` look at the folder."
        )
    return ids.astype(np.uint8)


def check_ids(values: NDArray[np.uint16], path: Path) -> LabelMap:
    """Stored values (H, W) as ids 0 to 255. Raises `LabelError` for larger ones; `path` is named."""
    if values.max(initial=0) > 255:
        raise LabelError(
            f"{path} holds values up to {values.max()}; expected class ids 0 to 255. "
            "Is it a map of instances? `sembla doctor` tells."
        )
    return values.astype(np.uint8)


def read_pair(record: Record, table: NDArray[np.uint16]) -> Sample:
    """Decode image, labels and instances, those that the record has; the labels renumbered by a table (65536,).

    Raises `LabelError` for values that are not in the table, `SizeError` where the sizes differ.
    """
    picture = read_picture(record.files["image"])
    labels = instances = None
    if "labels" in record.files:
        path = record.files["labels"]
        labels = renumber(read_values(path), table, path)
        same_size(picture, labels, record)
    if "instances" in record.files:
        instances = read_values(record.files["instances"])
        same_size(picture, instances, record)
    return Sample(picture, labels, instances)


def read_coloured(record: Record) -> tuple[Picture, MapArray]:
    """Decode image and colour map of a record as they stand. Raises `SizeError` where the sizes differ."""
    picture, colours = read_picture(record.files["image"]), read_map(record.files["colour map"])
    same_size(picture, colours, record)
    return picture, colours


def same_size(picture: Picture, values: NDArray[np.uint16] | NDArray[np.uint8], record: Record) -> None:
    """Raise `SizeError` unless the picture of a record and its map, (H, W) or (H, W, 3), are of one size."""
    if picture.shape[:2] != values.shape[:2]:
        (high, wide), (height, width) = picture.shape[:2], values.shape[:2]
        raise SizeError(
            f"{record.files['image']} is {wide}x{high}, but its map is {width}x{height}; "
            "make them one size, the map with nearest-neighbour resizing."
        )


def fit(path: Path, size: tuple[int, int]) -> Picture:
    """Read a photo at the size (height, width) of its map, for sets that keep their maps smaller than the photos.

    Raises `SizeError` where the two differ in more than scale.
    """
    picture = read_picture(path)
    height, width = picture.shape[:2]
    if (height, width) == size:
        return picture
    if abs(height * size[1] - width * size[0]) > max(height, width):  # more than a pixel of the photo
        raise SizeError(
            f"{path} is {width}x{height}, but its map is {size[1]}x{size[0]}: another shape. Is it the map's photo?"
        )
    resized = Image.fromarray(picture).resize((size[1], size[0]), Image.Resampling.LANCZOS, reducing_gap=None)
    return np.asarray(resized, np.uint8)
