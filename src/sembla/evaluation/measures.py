"""What every measure over two sets of pictures shares: the pictures of one name, and the pass over all of them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from PIL import Image

from sembla.core.errors import SizeError
from sembla.core.types import LabelMap, Picture
from sembla.data.cores import cores
from sembla.data.loading import ahead
from sembla.evaluation.reading import Contents, Entry, PictureSet, picture_sha256, read_label_map
from sembla.imaging.folders import natural
from sembla.metrics import protocol
from sembla.metrics.protocol import Score

__all__ = ["FITTED", "FileHashes", "Findings", "Item", "Measure", "Sources", "mean_score", "run"]

FITTED = "made resized to the real picture's size, bicubic with antialiasing (Pillow)"
"""How pictures are made to fit, in the words of the protocol."""

_Looked = TypeVar("_Looked")


@dataclass(frozen=True)
class Sources:
    """Where the pictures of each name come from."""

    made: PictureSet
    real: PictureSet
    labels: Mapping[str, Path] = field(default_factory=dict)
    """Label maps that were given for the made pictures, by name."""
    real_labels: Mapping[str, Path] = field(default_factory=dict)
    """Label maps that were given for the real pictures, by name."""
    fit: bool = False
    """Resize made pictures to the size of their real ones."""

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Names that both sets have, in natural order."""
        return tuple(name for name in self.made.entries if name in self.real.entries)

    @cached_property
    def made_labelled(self) -> frozenset[str]:
        """Names of made pictures whose label map is known."""
        return frozenset(name for name in self.made.entries if self.maps_of_made(name))

    @cached_property
    def real_labelled(self) -> frozenset[str]:
        """Names of real pictures whose label map is known."""
        return frozenset(name for name in self.real.entries if self.maps_of_real(name))

    def maps_of_made(self, name: str) -> list[Path | Entry]:
        """Where the label map of a made picture may be, the best first: its own, else that of its real picture."""
        return [*self._of(self.made, self.labels, name), *self._of(self.real, self.real_labels, name)]

    def maps_of_real(self, name: str) -> list[Path | Entry]:
        """Where the label map of a real picture may be, the best first: its own, else that of its made picture."""
        return [*self._of(self.real, self.real_labels, name), *self._of(self.made, self.labels, name)]

    def labels_file(self, name: str) -> Path | None:
        """The file of a made picture's label map, for reports; None where there is none of its own."""
        places = self.maps_of_made(name)
        first = places[0] if places else None
        return first.labels_file if isinstance(first, Entry) else first

    @cached_property
    def real_files(self) -> Mapping[str, Path | str]:
        """Of each real picture the file, or its SHA-256 where the set knows it."""
        return {name: entry.sha256 or _file(entry.file) for name, entry in self.real.entries.items()}

    @cached_property
    def made_maps(self) -> Mapping[str, Path | str]:
        """The same of the label maps of made pictures."""
        return {name: _map_file(self.maps_of_made(name)[0]) for name in self.made_labelled}

    @cached_property
    def real_maps(self) -> Mapping[str, Path | str]:
        """The same of the label maps of real pictures."""
        return {name: _map_file(self.maps_of_real(name)[0]) for name in self.real_labelled}

    def _of(self, pictures: PictureSet, files: Mapping[str, Path], name: str) -> list[Path | Entry]:
        entry = pictures.entries.get(name)
        found: list[Path | Entry] = [files[name]] if name in files else []
        return [*found, *([entry] if entry and entry.has_labels else [])]


def _map_file(place: Path | Entry) -> Path | str:
    return place if isinstance(place, Path) else place.labels_sha256 or _file(place.labels_file)


def _file(path: Path | None) -> Path:
    assert path is not None  # what lies in a tar has its hash in the index
    return path


class Item:
    """All that goes by one name; what is asked for is decoded once. Not to be shared by threads."""

    def __init__(self, name: str, sources: Sources) -> None:
        self.name = name
        self._sources = sources
        self._read: dict[int, tuple[Picture, LabelMap | None]] = {}

    @cached_property
    def made(self) -> Picture:
        """The made picture at its own size."""
        return self._own(self._sources.made.entries[self.name])[0]

    @cached_property
    def real(self) -> Picture:
        """The real picture."""
        return self._own(self._sources.real.entries[self.name])[0]

    @property
    def is_fitted(self) -> bool:
        """Whether the made picture had another size than the real one."""
        return self.made.shape != self.real.shape

    @cached_property
    def fitted(self) -> Picture:
        """The made picture at the size of the real one. Raises `SizeError` where they differ and none may be fitted."""
        if not self.is_fitted:
            return self.made
        (height, width), (other_height, other_width) = self.real.shape[:2], self.made.shape[:2]
        if not self._sources.fit:
            raise SizeError(
                f"{self.name} is {other_width}x{other_height} in {self._sources.made.root} and {width}x{height} in "
                f"{self._sources.real.root}; pass --fit to resize the made pictures to the size of the real ones."
            )
        return np.asarray(Image.fromarray(self.made).resize((width, height), Image.Resampling.BICUBIC))

    @cached_property
    def made_labels(self) -> LabelMap:
        """The label map that the made picture was made from, at its size."""
        return self._labels(self.made, self._sources.maps_of_made(self.name)[0])

    @cached_property
    def real_labels(self) -> LabelMap:
        """The label map of the real picture, at its size."""
        return self._labels(self.real, self._sources.maps_of_real(self.name)[0])

    def _own(self, entry: Entry) -> tuple[Picture, LabelMap | None]:
        if id(entry) not in self._read:
            self._read[id(entry)] = entry.read()
        return self._read[id(entry)]

    def _labels(self, picture: Picture, source: Path | Entry) -> LabelMap:
        found = read_label_map(source) if isinstance(source, Path) else self._own(source)[1]
        assert found is not None  # entries are asked for labels that they have
        place = source if isinstance(source, Path) else f"the label map of {self.name}"
        height, width = picture.shape[:2]
        if found.shape == (height, width):
            return found
        if not self._sources.fit:
            raise SizeError(
                f"{place} is {found.shape[1]}x{found.shape[0]}, its picture {width}x{height}; pass --fit to resize "
                "label maps by their nearest pixels."
            )
        return np.asarray(Image.fromarray(found).resize((width, height), Image.Resampling.NEAREST))


@dataclass(frozen=True)
class Findings:
    """What a measure found."""

    scores: tuple[Score, ...]
    notes: tuple[str, ...] = ()
    """What was left out and how to get it."""


class Measure(Protocol[_Looked]):
    """One kind of score over a pass: what each picture gives is found in threads, and taken in order."""

    names: Collection[str]
    """Of the pictures that it wants to see."""

    def look(self, item: Item) -> _Looked:
        """Find what the pictures of one name give; runs in a thread, several at a time."""
        ...

    def take(self, name: str, looked: _Looked) -> None:
        """Take that in; runs in the order of the names, one at a time."""
        ...

    def findings(self) -> Findings:
        """The scores, once all pictures were taken."""
        ...


class FileHashes:
    """Not a score but what scores were held against, as one SHA-256: of pictures, or of label maps, by name.

    Whoever compares runs goes by it, for a folder may have two paths, and a path may hold other pictures next week.
    """

    def __init__(self, files: Mapping[str, Path | str]) -> None:
        self.names: Collection[str] = files.keys()
        self._files, self._contents = files, Contents()

    def look(self, item: Item) -> str:
        """Hash a file that was just read, or take the hash that is known."""
        found = self._files[item.name]
        return found if isinstance(found, str) else picture_sha256(found)

    def take(self, name: str, looked: str) -> None:
        """Add it to those before."""
        self._contents.add(name, looked)

    def findings(self) -> Findings:
        """Nothing: `sha256` says it."""
        return Findings(())

    @property
    def sha256(self) -> str:
        """Over all names and files, 64 hexadecimal digits."""
        return self._contents.sha256


def run(
    measures: Sequence[Measure[Any]],
    sources: Sources,
    *,
    batch: int = 4,
    on_progress: Callable[[int, int], None] | None = None,
) -> Findings:
    """Read all pictures that the measures want, once, and give the findings of all.

    Pictures are decoded in threads while networks compute; about `batch` names are held at a time. `on_progress` is
    told how many names are done and how many there are. Raises what reading raises: errors name the file.
    """
    wanted = [frozenset(measure.names) for measure in measures]
    names = sorted(frozenset().union(*wanted), key=natural)

    def look(name: str) -> tuple[str, list[Any]]:
        item = Item(name, sources)
        found = [measure.look(item) if name in wants else None for measure, wants in zip(measures, wanted, strict=True)]
        return name, found

    threads = cores()
    for number, (name, looked) in enumerate(ahead(look, names, threads=threads, most=2 * batch + threads), 1):
        for measure, wants, part in zip(measures, wanted, looked, strict=True):
            if name in wants:
                measure.take(name, part)
        if on_progress:
            on_progress(number, len(names))
    found = [measure.findings() for measure in measures]
    return Findings(
        tuple(score for part in found for score in part.scores), tuple(note for part in found for note in part.notes)
    )


def mean_score(
    name: str, per_picture: Mapping[str, float], *, unit: str, better: str, about: protocol.Protocol
) -> Score:
    """The mean of a score over pictures, with their standard deviation; `about` is told how many there were.

    Infinite values (the PSNR of identical pictures) are left out of the mean, of its spread and of what is kept by
    picture, and told of; where all are infinite, so is the mean.
    """
    finite = {picture: value for picture, value in per_picture.items() if np.isfinite(value)}
    identical = len(per_picture) - len(finite)
    values = np.array(list(finite.values()))
    cautions = (
        (f"{identical} of {len(per_picture)} pictures are identical to the real ones and are left out of the mean.",)
        if identical and finite
        else ()
    )
    if not finite:
        cautions = ("every picture is identical to its real one.",)
    return Score(
        name=name,
        value=float(values.mean()) if finite else float("inf"),
        unit=unit,
        better=better,
        protocol=replace(about, count_made=len(per_picture), count_real=len(per_picture)),
        spread=float(values.std(ddof=1)) if len(values) > 1 else None,
        spread_of="pictures" if len(values) > 1 else "",
        cautions=cautions,
        per_picture=finite,
    )
