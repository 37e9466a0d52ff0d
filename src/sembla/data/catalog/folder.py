"""Any folder of pictures: `images/` with `labels/` and `instances/`, with splits or without, and two known forms.

The layouts, the first that fits is taken:

    train/images/  train/labels/  [train/instances/]      the same for val and test
    train_img/     train_label/   [train_inst/]           SPADE's custom form
    images/        labels/        [instances/]            each may hold train/, val/ and test/
    img.*          label.*        [cond/]                 SemIA's case; or a folder of such folders
    *.jpg, *.png                                          photos alone, or with label maps NAME_mask.png

A `classes.json` in the folder says what the ids mean.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sembla.core.errors import InputError
from sembla.core.labels import LabelSet
from sembla.data.catalog.reading import SPLIT_FOLDERS, below, numbering, paired, read_coloured, read_pair
from sembla.data.classes import CLASSES, read_declared
from sembla.data.records import Kind, Record, Sample
from sembla.imaging.io import SUFFIXES
from sembla.imaging.palette import read_classes

__all__ = ["KIND", "plain_records"]

_IDS = numbering({label: label for label in range(256)})

_ENDINGS = ("_mask", "_label", "_labels", "_seg")
"""What the names of label maps end with that lie beside their photos."""


def records(root: Path) -> list[Record]:
    """Entries of a folder in any of the layouts above."""
    found = plain_records(root) or _cases(root) or _photos(root)
    if not found:
        why = "holds no picture" if root.is_dir() else "is no folder"
        raise InputError(f"{root} {why}; expected images/ and labels/, or train/images/ and train/labels/, in it.")
    if not (root / CLASSES).is_file():
        return found
    # One of the files of each: where it changes, each is made again.
    return [replace(record, files={**record.files, "classes": root / CLASSES}) for record in found]


def declared(root: Path) -> LabelSet | None:
    """The classes that `classes.json` names. Those of a case are told by its colours alone: None."""
    label_set = read_declared(root)
    return label_set if label_set and (plain_records(root) or not _cases(root)) else None


def plain_records(root: Path) -> list[Record]:
    """Entries of the layouts with images/ or train_img/; none where the folder has neither.

    Labels may lack as a whole, but not those of single images: then `InputError` is raised.
    """
    found = []
    for folder, split in SPLIT_FOLDERS.items():
        found += _of_folders(root / folder, ("images", "labels", "instances"), split)
        found += _of_folders(root, (f"{folder}_img", f"{folder}_label", f"{folder}_inst"), split)
    return found or _split_within(root) or _of_folders(root, ("images", "labels", "instances"), "")


def _of_folders(root: Path, names: tuple[str, str, str], split: str) -> list[Record]:
    """Entries of the folders of images, labels and instances, which have these names."""
    images, labels, instances = (below(root / name) for name in names)
    if not labels:
        images, labels = _told_apart(images)
    return paired(images, labels, split, instances=instances, required=bool(labels))


def _told_apart(pictures: Mapping[str, Path]) -> tuple[dict[str, Path], dict[str, Path]]:
    """Photos, and the label maps beside them: what is called as another is, with an ending for label maps."""
    images, labels = dict(pictures), dict[str, Path]()
    for name, path in pictures.items():
        stem = next((name.removesuffix(ending) for ending in _ENDINGS if name.endswith(ending)), name)
        if stem != name and stem in pictures:
            if stem in labels:
                raise InputError(f"{labels[stem]} and {path.name} are maps of one photo; keep one of them.")
            labels[stem] = images.pop(name)
    return images, labels


def _split_within(root: Path) -> list[Record]:
    """Entries of images/train/, labels/train/ and so on."""
    found = []
    for folder, split in SPLIT_FOLDERS.items():
        if (root / "images" / folder).is_dir():
            found += _of_folders(root, (f"images/{folder}", f"labels/{folder}", f"instances/{folder}"), split)
    return found


def _cases(root: Path) -> list[Record]:
    """SemIA's cases: this folder, or those in it."""
    folders = [root, *sorted(path for path in root.glob("*") if path.is_dir())]
    return [case for folder in folders for case in _case(folder)]


def _case(folder: Path) -> list[Record]:
    """The one entry of a case; its new layouts have the roles "layout:NAME"."""
    files = {path.stem: path for path in sorted(folder.glob("*")) if path.suffix.lower() in SUFFIXES}
    if not {"img", "label"} <= set(files):
        return []
    layouts = {f"layout:{name}": path for name, path in below(folder / "cond").items()}
    return [Record(folder.resolve().name, "", {"image": files["img"], "colour map": files["label"], **layouts})]


def _photos(root: Path) -> list[Record]:
    """The pictures of the folder itself: those of folders in it may be label maps under another name."""
    images, labels = _told_apart({name: path for name, path in below(root).items() if "/" not in name})
    return paired(images, labels, "", required=bool(labels))


def read(record: Record) -> Sample:
    """Decode one entry: ids as they are stored; a case's colours become ids, the largest class first."""
    if "colour map" not in record.files:
        return read_pair(record, _IDS)
    picture, colours = read_coloured(record)
    return Sample(picture, read_classes(colours, [], names=[str(record.files["colour map"])]).labels)


KIND = Kind(
    name="folder",
    summary="Any folder: images/ and labels/ (and instances/), with splits or without; SPADE's custom form; a case.",
    label_set=None,
    records=records,
    read=read,
    licence="Your own.",
    declared=declared,
)
"""Any folder."""
