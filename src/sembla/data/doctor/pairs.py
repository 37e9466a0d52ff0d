"""Finding which photo belongs to which label map, in a folder of any layout.

A file's role is told by the folders above it (`images/`, `train_label/`, `gtFine/`), by the end of its name
(`_mask`, `_labelIds`), or, in a flat folder, by its suffix: `7.jpg` is the photo and `7.png` its map. What is left of
path and name when the words for the role are taken away is the key that a pair shares.
"""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sembla.core.errors import InputError
from sembla.core.types import LabelMap, Picture
from sembla.data.labelsets import CELEBAMASK_HQ_19
from sembla.imaging.folders import natural
from sembla.imaging.io import SUFFIXES

__all__ = ["Finding", "Pair", "find"]

_IMAGE = frozenset(
    (
        *("image", "images", "img", "imgs", "photo", "photos", "picture", "pictures"),
        *("jpegimages", "leftimg8bit", "rgb", "stillsraw"),
    )
)
_LABEL = frozenset(
    (
        *("label", "labels", "mask", "masks", "annotation", "annotations", "anno", "annot", "gt", "gtfine", "seg"),
        *("segmentation", "segmentations", "segmentationclass", "parsing", "labelmap", "labelmaps", "maps"),
        *("labelids", "labeltrainids", "groundtruth", "labeledapproved"),
    )
)
_INSTANCE = frozenset(("instance", "instances", "inst", "instanceids"))
_OTHER = frozenset(("color", "colour", "polygons", "disparity", "depth", "unlabelled", "unlabeled"))
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_PARTS = frozenset(CELEBAMASK_HQ_19.names)
_PHOTO_SUFFIXES = (".jpg", ".jpeg", ".webp", ".avif")


@dataclass(frozen=True)
class Pair:
    """A photo and its label map."""

    name: str
    """Unique within its split, without suffix; may hold "/"."""
    split: str
    """"train", "val", "test" or ""."""
    image: Path
    labels: Path
    instances: Path | None = None
    is_guess: bool = False
    """Whether the names do not match, so that numbers in them, or the sorted order, brought the two together."""
    show: Callable[[], Picture] | None = None
    """Gives the photo where it is not a file of its own."""
    draw: Callable[[], LabelMap] | None = None
    """Gives the label map where it is not a file of its own; `labels` is then a file that it is drawn from."""


@dataclass(frozen=True)
class Finding:
    """What lies in a folder."""

    root: Path
    pairs: tuple[Pair, ...]
    """Ordered by split and name, numbers counted."""
    lone_images: tuple[Path, ...] = ()
    """Photos without a label map."""
    lone_labels: tuple[Path, ...] = ()
    """Label maps without a photo."""
    layouts: tuple[Path, ...] = ()
    """Label maps of a case, for which a photo is to be made."""
    in_cases: bool = False
    """Whether these are cases of one photo each (img.*, label.*, cond/*), whose maps may be in colour."""
    kind: str = ""
    """The kind whose layout this is, where that alone tells what a pair is."""


def find(root: Path) -> Finding:
    """Find the pairs below a folder.

    Raises `InputError` for a folder that is not there, cannot be read, or holds no photo with a label map.
    """
    if not root.is_dir():
        what = "is a file; a folder was expected" if root.exists() else "no such folder; check the path"
        raise InputError(f"{root}: {what}.")
    folders = _walk(root)
    if not folders:
        raise InputError(f"{root} holds no picture; expected photos and label maps, e.g. in images/ and labels/.")
    cases = [folder for folder, files in folders.items() if _is_case(files)]
    if cases:
        return _find_cases(root, folders, cases)
    by_role = _roles(root, folders)
    if not by_role["labels"] or not by_role["images"]:
        return _refuse(root, by_role)
    finding = _match(root, by_role["images"], by_role["labels"])
    objects = {(file.split, file.key): file.path for file in by_role["instances"]}
    pairs = tuple(replace(pair, instances=objects.get((pair.split, pair.name))) for pair in finding.pairs)
    return replace(finding, pairs=pairs)


def _walk(root: Path) -> dict[Path, list[Path]]:
    """The pictures of each folder, in the order of their names; hidden files and folders are left out."""

    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}); change its permissions.") from error

    folders: dict[Path, list[Path]] = {}
    for folder, inside, names in os.walk(root, onerror=refuse):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        pictures = [name for name in names if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES]
        if pictures:
            folders[Path(folder)] = [Path(folder, name) for name in sorted(pictures, key=natural)]
    return folders


def _is_case(files: Iterable[Path]) -> bool:
    stems = {path.stem for path in files}
    return {"img", "label"} <= stems


def _find_cases(root: Path, folders: Mapping[Path, list[Path]], cases: Iterable[Path]) -> Finding:
    """Cases as SemIA lays them out: one pair each, and layouts in cond/ (not masks, nor copies as index maps)."""
    pairs, layouts = [], []
    for folder in cases:
        files = {path.stem: path for path in folders[folder]}
        name = folder.relative_to(root).as_posix() if folder != root else folder.resolve().name
        pairs.append(Pair(name, "", files["img"], files["label"]))
        wanted = folders.get(folder / "cond", [])
        stems = {path.stem for path in wanted}
        layouts += [p for p in wanted if p.stem.removesuffix("_idx") not in stems - {p.stem} and "mask" not in p.stem]
    return Finding(root, tuple(pairs), layouts=tuple(layouts), in_cases=True)


@dataclass(frozen=True)
class _File:
    """One file with a role."""

    key: str
    split: str
    path: Path


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[_\-. ]+|(?<=[a-z])(?=annot$)", text) if word]


def _role(words: Iterable[str]) -> str:
    """The role that words tell of, or ""."""
    lower = {word.lower() for word in words}
    for role, known in (("other", _OTHER), ("instances", _INSTANCE), ("labels", _LABEL), ("images", _IMAGE)):
        if lower & known:
            return role
    return ""


def _stem_role(stem: str) -> tuple[str, str]:
    """The role that the last words of a name tell of, and the name without them."""
    words = _words(stem)
    end = len(words)
    while end > 1 and (_role(words[end - 1 : end])):
        end -= 1
    kept = re.match(r"[_\-. ]*" + r"[_\-. ]+".join(map(re.escape, words[:end])), stem)
    return _role(words[end:]), kept.group() if kept else stem


def _strip(part: str) -> str:
    """A folder's name without the words that tell its role."""
    return "_".join(word for word in _words(part) if not _role([word]))


def _roles(root: Path, folders: Mapping[Path, list[Path]]) -> dict[str, list[_File]]:
    """Every picture below the root by its role: images, labels, instances, other, or "" where none can be told."""
    found: dict[str, list[_File]] = defaultdict(list)
    for folder, files in folders.items():
        parts = folder.relative_to(root).parts
        role = next((told for told in map(_role, map(_words, reversed(parts))) if told), "")
        alike = Counter(_stem_role(path.stem)[1] for path in files)
        for path in files:
            own, stem = _stem_role(path.stem)
            if {own, role} == {"images", "labels"} and alike[stem] == 1:
                own = role  # images/starry_mask.jpg; but images/a.jpg and images/a_mask.png are a pair
            if role == "labels" and path.stem.partition("_")[2] in _PARTS:
                own = "parts"
            kept = [text for text in map(_strip, parts) if text]
            splits = [_SPLITS[word.lower()] for text in kept for word in _words(text) if word.lower() in _SPLITS]
            name = [text for text in kept if text.lower() not in _SPLITS]
            own = own if own or not role else role
            found[own].append(_File("/".join([*name, stem]), splits[0] if splits else "", path))
    if found["labels"] and not found["images"]:
        found["images"] = found.pop("")
    if not found["labels"] and not found["images"]:
        _split_by_suffix(found)
    elif not found["labels"] and found["images"]:
        _split_by_suffix(found, source="images")
    return found


def _split_by_suffix(found: dict[str, list[_File]], source: str = "") -> None:
    """Tell photos from maps in a flat folder: of two files with one name, the JPEG is the photo and the PNG the map."""
    by_key: dict[tuple[str, str], dict[str, _File]] = defaultdict(dict)
    for file in found[source]:
        by_key[file.split, file.key]["images" if file.path.suffix.lower() in _PHOTO_SUFFIXES else "labels"] = file
    if any(len(both) == 2 for both in by_key.values()):
        found[source] = []
        for both in by_key.values():
            for role, file in both.items():
                found[role].append(file)


def _refuse(root: Path, by_role: Mapping[str, list[_File]]) -> Finding:
    """Raise `InputError` for a folder in which no pair can be."""
    count = sum(map(len, by_role.values()))
    lacks = "label maps" if not by_role["labels"] else "photos"
    where = "labels/" if not by_role["labels"] else "images/"
    raise InputError(
        f"{root} holds {count} pictures but no {lacks} that could be told from the names; "
        f"put the {lacks} into {where}, each with the name of its partner."
    )


def _match(root: Path, images: list[_File], labels: list[_File]) -> Finding:
    """Pair photos and maps by their keys; by number, or in sorted order, where no key fits."""
    pairs: list[Pair] = []
    lone_images: list[Path] = []
    lone_labels: list[Path] = []
    for split in sorted({file.split for file in (*images, *labels)}):
        photos = [file for file in images if file.split == split]
        maps = [file for file in labels if file.split == split]
        matched = _by_key(photos, maps) or _by_number(photos, maps)
        if not matched and len(photos) == len(maps):
            matched = _by_order(photos, maps)
        for photo, map_ in matched:
            guessed = not map_.key.startswith(photo.key)
            pairs.append(Pair(photo.key, split, photo.path, map_.path, is_guess=guessed))
        taken = {file.path for both in matched for file in both}
        if maps or split != "test":  # photos of a test split often come without maps
            lone_images += [file.path for file in photos if file.path not in taken]
        lone_labels += [file.path for file in maps if file.path not in taken]
    pairs.sort(key=lambda pair: (pair.split, natural(pair.name)))
    return Finding(root, tuple(pairs), tuple(lone_images), tuple(lone_labels))


def _by_key(photos: list[_File], maps: list[_File]) -> list[tuple[_File, _File]]:
    known = {file.key: file for file in maps}
    return [(photo, known[photo.key]) for photo in photos if photo.key in known]


def _by_number(photos: list[_File], maps: list[_File]) -> list[tuple[_File, _File]]:
    """Pair by the numbers in the names, where those tell the files apart."""

    def number(file: _File) -> tuple[int, ...]:
        return tuple(map(int, re.findall(r"\d+", file.path.stem)))

    known = {number(file): file for file in maps}
    unique = len(known) == len(maps) and len(set(map(number, photos))) == len(photos)
    if not unique or () in known:
        return []
    return [(photo, known[number(photo)]) for photo in photos if number(photo) in known]


def _by_order(photos: list[_File], maps: list[_File]) -> list[tuple[_File, _File]]:
    def order(file: _File) -> tuple[list[tuple[bool, int, str]], str]:
        return natural(file.key)

    return list(zip(sorted(photos, key=order), sorted(maps, key=order), strict=True))
