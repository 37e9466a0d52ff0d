"""FASSEG: frontal faces, and faces in several poses, in six classes drawn as colours."""

from pathlib import Path

from sembla.core.errors import InputError
from sembla.data.catalog.folder import plain_records
from sembla.data.catalog.reading import below, numbering, paired, read_coloured, read_pair
from sembla.data.labelsets import FASSEG_6
from sembla.data.records import Kind, Record, Sample
from sembla.imaging.palette import snap

__all__ = ["KIND"]

_IDS = numbering({label: label for label in range(FASSEG_6.count)})


def records(root: Path) -> list[Record]:
    """Pairs of Train_RGB/ and Train_Labels/, Test_RGB/ and Test_Labels/ (*.bmp), or plain train/images/ with ids.

    `root` is one version (V1 frontal, V2 frontal and precise, V3 several poses); of the repository, V2 is taken.
    """
    if (root / "V2").is_dir():
        root = root / "V2"
    found = [*_of_split(root, "Train", "train"), *_of_split(root, "Test", "test")] or plain_records(root)
    if not found:
        raise InputError(f"{root} is not FASSEG; expected Train_RGB/, Train_Labels/, Test_RGB/ and Test_Labels/ in it.")
    return found


def _of_split(root: Path, folder: str, split: str) -> list[Record]:
    images, maps = (below(root / f"{folder}_{what}", endings=(".bmp",)) for what in ("RGB", "Labels"))
    return [
        Record(record.name, split, {"image": record.files["image"], "colour map": record.files["labels"]})
        for record in paired(images, maps, split)
    ]


def read(record: Record) -> Sample:
    """Decode one entry; colours blended at the borders go to one of the classes beside them."""
    if "colour map" not in record.files:
        return read_pair(record, _IDS)
    picture, colours = read_coloured(record)
    return Sample(picture, snap(colours, FASSEG_6.palette))


KIND = Kind(
    name="fasseg",
    summary="FASSEG faces in 6 classes: Train_RGB/ and Train_Labels/ of one version as downloaded, or plain folders.",
    label_set=FASSEG_6,
    records=records,
    read=read,
    licence="No licence stated: research use; cite Khan, Mauro and Leonardi 2015.",
)
"""FASSEG."""
