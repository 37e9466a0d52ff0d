"""Finding pairs that are not two files, with the readers of the known sets.

CelebAMask-HQ as its makers give it has a file for each part of each face; pix2pix's facades have photo and map side by
side in one picture.
"""

from functools import partial
from pathlib import Path

from sembla.core.errors import InputError
from sembla.core.types import LabelMap, Picture
from sembla.data.catalog import KINDS, celebamask_hq, facades
from sembla.data.catalog.reading import below
from sembla.data.doctor.pairs import Finding, Pair, find
from sembla.data.labelsets import CELEBAMASK_HQ_TO_PARSING
from sembla.data.prepared import DATASET
from sembla.data.records import Record
from sembla.imaging.folders import natural

__all__ = ["find_pairs"]


def find_pairs(root: Path, kind: str | None) -> Finding:
    """The pairs of a folder, by its names; by the reader of a known set where the names do not tell.

    Raises `InputError` where there are none.
    """
    if (root / DATASET).is_file() and (root / "shards").is_dir():
        raise InputError(f"{root} holds its pairs in tars; let the doctor look at what they were made from.")
    try:
        return find(root)
    except InputError:
        if not root.is_dir():
            raise
        finding = _faces(root, kind) or _joined(root, kind) or _as_asked(root, kind)
        if finding is None:
            raise
        return finding


def _as_asked(root: Path, kind: str | None) -> Finding | None:
    """What the reader of the kind says, where each pair is two files."""
    pairs = []
    for record in KINDS[kind].records(root) if kind else ():
        labels = record.files.get("labels") or record.files.get("colour map")
        if labels and "image" in record.files:
            pairs.append(Pair(_name(record), record.split, record.files["image"], labels))
    return Finding(root, tuple(pairs)) if pairs else None


def _name(record: Record) -> str:
    return record.name.removeprefix(f"{record.split}/")


def _faces(root: Path, kind: str | None) -> Finding | None:
    """CelebAMask-HQ with a file for each part; None for anything else."""
    home = celebamask_hq.home(root)
    parts = celebamask_hq.parts(home / celebamask_hq.PARTS) if home else {}
    if home is None or not parts or kind not in {None, "celebamask_hq", "celebamask_hq_parsing"}:
        return None
    photos = below(home / celebamask_hq.PHOTOS)
    draw = _paint_parsing if kind == "celebamask_hq_parsing" else celebamask_hq.paint
    pairs = []
    for name in sorted(photos.keys() & parts.keys(), key=natural):
        record = Record(name, "", {"image": photos[name], **parts[name]})
        pairs.append(Pair(name, "", photos[name], next(iter(parts[name].values())), draw=partial(draw, record)))
    lone_images = [photos[name] for name in sorted(photos.keys() - parts.keys(), key=natural)]
    lone_labels = [next(iter(parts[name].values())) for name in sorted(parts.keys() - photos.keys(), key=natural)]
    return Finding(root, tuple(pairs), tuple(lone_images), tuple(lone_labels), kind=kind or "celebamask_hq")


def _paint_parsing(record: Record) -> LabelMap:
    return CELEBAMASK_HQ_TO_PARSING(celebamask_hq.paint(record))


def _joined(root: Path, kind: str | None) -> Finding | None:
    """Photo and colour map side by side; None for anything else."""
    records = facades.joined(root) if kind in {None, "facades"} else []
    if not records or (kind is None and not any(map(_is_joined, records[:3]))):
        return None
    pairs = [
        Pair(
            _name(record),
            record.split,
            record.files["joined"],
            record.files["joined"],
            show=partial(_photo, record),
            draw=partial(_labels, record),
        )
        for record in records
    ]
    return Finding(root, tuple(sorted(pairs, key=lambda pair: (pair.split, natural(pair.name)))), kind="facades")


def _is_joined(record: Record) -> bool:
    """Whether a picture has a photo on the left, and the colours of the facades on the right."""
    try:
        facades.read(record)
    except InputError:
        return False
    return True


def _photo(record: Record) -> Picture:
    return facades.read(record).picture


def _labels(record: Record) -> LabelMap:
    labels = facades.read(record).labels
    assert labels is not None  # a joined pair has both
    return labels
