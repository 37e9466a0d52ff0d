"""ADE20K, the scene parsing benchmark: 150 classes indoors and out."""

from pathlib import Path

from sembla.core.errors import InputError
from sembla.data.catalog.reading import SPLIT_FOLDERS, below, numbering, paired, read_pair, subfolder
from sembla.data.labelsets import ADE20K_150, IGNORE
from sembla.data.records import Kind, Record, Sample

__all__ = ["KIND"]

# Stored 0 is "other objects", 1 to 150 are the classes.
_IDS = numbering({0: IGNORE, **{label + 1: label for label in range(ADE20K_150.count)}})


def records(root: Path) -> list[Record]:
    """Pairs of images/SPLIT/*.jpg and annotations/SPLIT/*.png, SPLIT being training or validation.

    `root` is ADEChallengeData2016 or the folder that holds it.
    """
    if (root / "ADEChallengeData2016").is_dir():
        root = root / "ADEChallengeData2016"
    images, annotations = subfolder(root, ["images"]), subfolder(root, ["annotations"])
    found = []
    for folder in ("training", "validation"):
        split = SPLIT_FOLDERS[folder]
        found += paired(below(images / folder), below(annotations / folder), split)
    if not found:
        raise InputError(f"{images} holds no photo; expected training/ADE_train_*.jpg and validation/ADE_val_*.jpg.")
    return found


def read(record: Record) -> Sample:
    """Decode one entry; the file's 0 becomes 255, to be ignored, and k becomes id k - 1."""
    return read_pair(record, _IDS)


KIND = Kind(
    name="ade20k",
    summary="ADE20K scene parsing with 150 classes: ADEChallengeData2016/ as downloaded.",
    label_set=ADE20K_150,
    records=records,
    read=read,
    licence="Annotations BSD-3; images for non-commercial research and education only.",
)
"""ADE20K scene parsing."""
