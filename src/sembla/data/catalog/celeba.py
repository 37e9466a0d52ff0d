"""CelebA: 202,599 faces of celebrities, aligned by their eyes, with 40 attributes and five landmarks each."""

from pathlib import Path

import numpy as np

from sembla.core.errors import InputError, SizeError
from sembla.data.catalog.reading import below
from sembla.data.catalog.tables import attributes_of, read_table
from sembla.data.records import SPLITS, Kind, Record, Sample
from sembla.imaging.io import read_picture

__all__ = ["CROP", "KIND"]

CROP = (25, 50, 153, 178)
"""The usual square of the aligned pictures (178x218): left, top, right, bottom; 128 px a side."""

_WIDTH, _HEIGHT = 178, 218
_IMAGES = (
    *("Img/img_align_celeba/img_align_celeba", "Img/img_align_celeba", "Img/img_align_celeba_png"),
    *("img_align_celeba/img_align_celeba", "img_align_celeba", "img_align_celeba_png"),
)
_ROLES = {"attributes": "list_attr_celeba", "landmarks": "list_landmarks_align_celeba"}


def records(root: Path) -> list[Record]:
    """The aligned pictures, with the lists of attributes, landmarks and splits where they are there.

    Pictures are in Img/img_align_celeba/ or img_align_celeba/; lists in Anno/, Eval/ or beside, as .txt or .csv. The
    split of a picture without such a list is "".
    """
    images = next((pictures for name in _IMAGES if (pictures := below(root / name))), {})
    if not images:
        raise InputError(f"{root} is not CelebA; expected img_align_celeba/000001.jpg and so on in it.")
    lists = {role: path for role, stem in _ROLES.items() if (path := _list(root, stem)) is not None}
    partition = _list(root, "list_eval_partition")
    found = []
    for name, path in images.items():
        split = "" if partition is None else SPLITS[int(read_table(partition).line(name)[0])]
        found.append(Record(name, split, {"image": path, **lists}, key=name))
    return sorted(found, key=lambda record: ([*SPLITS, ""].index(record.split), record.name))


def _list(root: Path, stem: str) -> Path | None:
    """Where a list is, if it is there."""
    places = [root / folder / f"{stem}.{ending}" for folder in ("", "Anno", "Eval") for ending in ("txt", "csv")]
    return next((path for path in places if path.is_file()), None)


def read(record: Record) -> Sample:
    """Decode one entry: its middle square (see `CROP`), landmarks in pixels of that.

    Pictures of half or another scale are cropped in proportion. Raises `SizeError` for another shape.
    """
    picture = read_picture(record.files["image"])
    height, width = picture.shape[:2]
    scale = width / _WIDTH
    if abs(height - _HEIGHT * scale) > 1:
        raise SizeError(
            f"{record.files['image']} is {width}x{height}; CelebA's aligned pictures are {_WIDTH}x{_HEIGHT}."
        )
    left, top, right, bottom = (int(side * scale) for side in CROP)
    landmarks = None
    if "landmarks" in record.files:
        points = read_table(record.files["landmarks"]).line(record.key).reshape(-1, 2)
        landmarks = np.asarray(points * scale - [left, top], np.float32)
    attributes = {}
    if "attributes" in record.files:
        attributes = attributes_of(read_table(record.files["attributes"]), record.key)
    return Sample(picture[top:bottom, left:right].copy(), landmarks=landmarks, attributes=attributes)


KIND = Kind(
    name="celeba",
    summary="CelebA's aligned faces, cropped to 128x128, with attributes and five landmarks where the lists are there.",
    label_set=None,
    records=records,
    read=read,
    licence="Non-commercial research only.",
)
"""CelebA."""
