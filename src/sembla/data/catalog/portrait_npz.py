"""Faces as the published face reconstruction prepares them: an .npz each of masks, mean colours and picture."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sembla.core.errors import InputError
from sembla.core.types import LabelMap
from sembla.data.labelsets import IGNORE, PORTRAIT_7
from sembla.data.records import IDENTITY, Kind, Record, Sample

__all__ = ["KIND"]

_FACES, _IDENTITIES = "CelebAMask-HQ-mask-anno-short", "identities"
_FIRST_TEST = 24_000  # faces from this number on are for tests

_PAINTED = ("skin", "nose", "eyes", "mouth", "hair", "accessories", "clothes")
"""The order in which groups that overlap are painted one over the other, as CelebAMask-HQ's parts are."""


def records(root: Path) -> list[Record]:
    """Faces of CelebAMask-HQ-mask-anno-short/0.npz and so on, here or in `root`, and who they are in identities/0.npz.

    As published, 0 to 23999 are trained on and the others for tests.
    """
    folder = root / _FACES if (root / _FACES).is_dir() else root
    found = sorted((path for path in folder.glob("*.npz") if path.stem.isdecimal()), key=lambda path: int(path.stem))
    if not found:
        raise InputError(f"{root} holds no prepared faces; expected {_FACES}/0.npz and so on in it.")
    known = next((folder for place in (root, root.parent) if (folder := place / _IDENTITIES).is_dir()), None)
    rows = []
    for path in found:
        split = "train" if int(path.stem) < _FIRST_TEST else "test"
        rows.append(Record(path.stem, split, {"image": path, **({"identities": known} if known else {})}))
    return sorted(rows, key=lambda record: (record.split != "train", int(record.name)))


def read(record: Record) -> Sample:
    """Decode one entry: red and blue exchanged, and one group a pixel. Mean colours follow from it, and are not read.

    Raises `InputError` for a file that holds something else.
    """
    path = record.files["image"]
    found = _arrays(path, ("Masks", "Image"))
    masks, picture = found["Masks"], found["Image"]
    if masks.ndim != 3 or masks.shape[2] != PORTRAIT_7.count or picture.shape != (*masks.shape[:2], 3):
        raise InputError(f"{path}: masks {masks.shape}, picture {picture.shape} came; expected (H, W, 7), (H, W, 3).")
    who: NDArray[np.float32] | None = None
    if "identities" in record.files:  # of faces that were not found there is no file
        who, file = np.full(IDENTITY, np.nan, np.float32), record.files["identities"] / path.name
        if file.is_file():
            who = _arrays(file, ("arr_0",))["arr_0"].astype(np.float32)
        if who.shape != (IDENTITY,):
            raise InputError(f"{file} holds {who.shape}; expected {IDENTITY} numbers.")
    return Sample(np.ascontiguousarray(picture[..., ::-1].astype(np.uint8)), _painted(masks > 0), identity=who)


def _painted(masks: NDArray[np.bool_]) -> LabelMap:
    """A label map (H, W) of masks (H, W, 7) that may overlap."""
    labels: LabelMap = np.full(masks.shape[:2], IGNORE, np.uint8)
    for name in _PAINTED:
        group = PORTRAIT_7.names.index(name)
        labels[masks[..., group]] = group
    return labels


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in names}
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} cannot be read ({error}); expected an .npz with {' and '.join(names)}.") from error


KIND = Kind(
    name="portrait_npz",
    summary="CelebAMask-HQ in seven groups: an .npz of Masks, Colors and Image each, as pix2pix's authors prepare it.",
    label_set=PORTRAIT_7,
    records=records,
    read=read,
    licence="Non-commercial research only.",
)
"""Faces in groups of parts."""
