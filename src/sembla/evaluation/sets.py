"""Scores of whole sets of pictures: how their features, or the patches of their classes, are distributed."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sembla.core.errors import InputError, LabelError
from sembla.core.labels import LabelSet
from sembla.core.types import LabelMap, Picture
from sembla.data.labelsets import IGNORE
from sembla.evaluation.measures import Findings, Item, Sources
from sembla.evaluation.networks import features
from sembla.evaluation.reading import contents
from sembla.metrics.frechet import RunningMoments, frechet_caution, frechet_distance
from sembla.metrics.kernel import kernel_distance
from sembla.metrics.neighbours import neighbourhoods
from sembla.metrics.protocol import Protocol, Score, score_name
from sembla.metrics.reservoir import Reservoir
from sembla.metrics.sliced import LabelDistances, LabelPatches, label_distances

if TYPE_CHECKING:
    from sembla.nn.features import Extractor

__all__ = ["MOST_ROWS", "Distribution", "LabelDistribution", "class_name"]

MOST_ROWS = 10_000
"""Rows of features of each set that KID and the nearest neighbours are taken over at most: a uniform sample."""

_SUBSETS = 100


@dataclass
class _Side:
    """The features of one set, as far as they are kept."""

    moments: RunningMoments
    sample: Reservoir
    names: list[str]
    inputs: list[Any]
    keys: list[int]


class Distribution:
    """Frechet distance, KID, precision, recall, density and coverage of two sets under one extractor.

    Every picture goes into the moments; KID and the neighbours see a sample of at most `MOST_ROWS` pictures a set,
    which the pictures' own pixels and the seed decide, whatever their order, names and batches.
    """

    def __init__(
        self,
        extractor: "Extractor",
        sources: Sources,
        about: Protocol,
        *,
        batch: int,
        nearest: int,
        subset_size: int,
    ) -> None:
        self.names: Collection[str] = sources.made.entries.keys() | sources.real.entries.keys()
        self._extractor, self._sources = extractor, sources
        self._batch, self._nearest, self._subset_size = batch, nearest, subset_size
        self._about = replace(
            about,
            extractor=extractor.label,
            weights_sha256=extractor.file.sha256,
            resize=extractor.resize,
        )
        self._made, self._real = (
            _Side(RunningMoments(), Reservoir(MOST_ROWS, seed=about.seed), [], [], []) for _ in range(2)
        )

    def look(self, item: Item) -> list[tuple[Any, int] | None]:
        """Make both pictures of a name ready for the network, those that there are."""
        made, real = self._sources.made.entries, self._sources.real.entries
        return [
            self._ready(item.made) if item.name in made else None,
            self._ready(item.real) if item.name in real else None,
        ]

    def take(self, name: str, looked: list[tuple[Any, int] | None]) -> None:
        """Let them wait for a full batch, or run the network over it."""
        for side, ready in zip((self._made, self._real), looked, strict=True):
            if ready is None:
                continue
            side.names.append(name)
            side.inputs.append(ready[0])
            side.keys.append(ready[1])
            if len(side.inputs) == self._batch:
                self._compute(side)

    def findings(self) -> Findings:
        """The scores; those that need more pictures than there are become notes."""
        for side in (self._made, self._real):
            if side.inputs:
                self._compute(side)
        scores = [self._frechet(), self._kernel(), *self._neighbours()]
        notes: tuple[str, ...] = ()
        if len(scores) == 2:
            notes = (
                f"Precision, recall, density and coverage were left out: they need more than {self._nearest} pictures "
                "on each side; pass a smaller --nearest.",
            )
        return Findings(tuple(scores), notes)

    def _ready(self, picture: Picture) -> tuple[Any, int]:
        """The network's input, and a key that only the pixels decide."""
        digest = hashlib.blake2b(picture.tobytes(), digest_size=8, key=str(self._about.seed).encode())
        return self._extractor.prepare([picture]), int.from_bytes(digest.digest(), "little")

    def _compute(self, side: _Side) -> None:
        rows = features(self._extractor, side.inputs)
        broken = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(broken):
            raise InputError(
                f"the features of {side.names[broken[0]]} hold NaN or infinity; check the picture and the weights "
                f"{self._extractor.label}."
            )
        side.moments.add(rows)
        side.sample.add(rows, keys=np.array(side.keys, np.uint64))
        for waiting in (side.names, side.inputs, side.keys):
            waiting.clear()

    def _score(self, metric: str, value: float, *, better: str, unit: str = "") -> Score:
        name = score_name(metric, self._extractor.label)
        return Score(name=name, value=value, unit=unit, better=better, protocol=self._about)

    def _frechet(self) -> Score:
        made, real = self._made.moments.result(), self._real.moments.result()
        standard = self._extractor.is_standard_inception
        score = self._score("frechet", frechet_distance(made, real), better="lower")
        caution = frechet_caution(made, real)
        return replace(
            score,
            name=score_name("fid" if standard else "frechet", self._extractor.label, standard=standard),
            cautions=(caution,) if caution else (),
        )

    def _kernel(self) -> Score:
        made, real = self._made.sample.rows, self._real.sample.rows
        distance = kernel_distance(made, real, subsets=_SUBSETS, subset_size=self._subset_size, seed=self._about.seed)
        name = score_name("kid", self._extractor.label, standard=self._extractor.is_standard_inception)
        settings = {"subsets": _SUBSETS, "subset_size": distance.subset_size}
        score = replace(self._score("kid", distance.value, better="lower"), name=name, protocol=self._with(settings))
        if distance.subset_size == len(made) == len(real):
            why = (
                f"no spread: a subset of {distance.subset_size} is the whole set; pass a smaller --subset-size for one."
            )
            return replace(score, cautions=(why,))
        return replace(score, spread=distance.spread, spread_of=f"{_SUBSETS} subsets of {distance.subset_size}")

    def _neighbours(self) -> list[Score]:
        made, real = self._made.sample.rows, self._real.sample.rows
        if min(len(made), len(real)) <= self._nearest:
            return []
        found, about = neighbourhoods(made, real, nearest=self._nearest), self._with({"nearest": self._nearest})
        shares = {"precision": found.precision, "recall": found.recall, "coverage": found.coverage}
        scores = [self._score(metric, value, better="higher", unit="0 to 1") for metric, value in shares.items()]
        scores.insert(2, self._score("density", found.density, better="higher", unit="about 1 when alike"))
        return [replace(score, protocol=about) for score in scores]

    def _with(self, settings: Mapping[str, float | str]) -> Protocol:
        return replace(self._about, settings={**self._about.settings, **settings, "most_rows": MOST_ROWS})


class LabelDistribution:
    """Label-conditional sliced Wasserstein distance: the patches of each class in both sets."""

    def __init__(self, sources: Sources, about: Protocol, *, label_set: LabelSet | None) -> None:
        self.names: Collection[str] = sources.made_labelled | sources.real_labelled
        self._sources, self._about, self._label_set = sources, about, label_set
        self._ignore = IGNORE if label_set is None or label_set.ignore is None else label_set.ignore
        self._made, self._real = (LabelPatches(ignore=self._ignore, seed=about.seed) for _ in range(2))

    def look(self, item: Item) -> list[tuple[Picture, LabelMap] | None]:
        """Both pictures of a name with their label maps, those that there are."""
        return [
            (item.made, item.made_labels) if item.name in self._sources.made_labelled else None,
            (item.real, item.real_labels) if item.name in self._sources.real_labelled else None,
        ]

    def take(self, name: str, looked: list[tuple[Picture, LabelMap] | None]) -> None:
        """Take their patches in."""
        del name
        for side, pair in zip((self._made, self._real), looked, strict=True):
            if pair is not None:
                side.add(*pair)

    def findings(self) -> Findings:
        """The mean over classes, then each class."""
        try:
            found = label_distances(self._made, self._real, seed=self._about.seed)
        except LabelError as error:
            return Findings((), (f"The label-conditional distance was left out: {error}",))
        settings = {
            **self._about.settings,
            "patches_per_class": self._made.capacity,
            "ignored_id": self._ignore,
            "labels_sha256": contents(self._sources.real_maps),
        }
        about = replace(
            self._about,
            count_made=len(self._sources.made_labelled),
            count_real=len(self._sources.real_labelled),
            settings=settings,
        )
        named = {"label_swd": found.value} | {
            f"label_swd.{class_name(label, self._label_set)}": value for label, value in found.by_label.items()
        }
        scores = [Score(name, value, "colours 0 to 1", "lower", about) for name, value in named.items()]
        scores[0] = replace(scores[0], cautions=self._cautions(found))
        return Findings(tuple(scores))

    def _cautions(self, found: LabelDistances) -> tuple[str, ...]:
        if not found.missing:
            return ()
        told = ", ".join(class_name(label, self._label_set) for label in found.missing)
        return (f"only one of the sets shows {told}: in no number.",)


def class_name(label: int, label_set: LabelSet | None) -> str:
    """What scores call a class: its name, or "class 3" where no label set says it."""
    return label_set.names[label] if label_set and label < label_set.count else f"class {label}"
