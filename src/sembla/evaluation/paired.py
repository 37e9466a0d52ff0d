"""Scores of made pictures against the real ones of their names, picture by picture."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sembla.core.errors import InputError, SizeError
from sembla.core.labels import LabelSet
from sembla.core.types import Picture
from sembla.data.labelsets import IGNORE
from sembla.evaluation.measures import FITTED, Findings, Item, Sources, mean_score
from sembla.evaluation.networks import LPIPS_NETWORKS, features
from sembla.evaluation.reading import Contents, Points, contents
from sembla.evaluation.sets import class_name
from sembla.metrics.identity import identity_cosines
from sembla.metrics.landmarks import normalised_mean_error
from sembla.metrics.pixels import delta_e, l1, psnr, ssim, ssim_and_ms_ssim
from sembla.metrics.protocol import Protocol, Score, score_name

if TYPE_CHECKING:
    from sembla.metrics.lpips import LPIPS
    from sembla.nn.features import Extractor

__all__ = ["Identity", "LandmarkErrors", "PerceptualDistance", "PixelScores"]

_SMALLEST_MS_SSIM = 176  # px a side, as `ms_ssim` says


@dataclass(frozen=True)
class _Pixels:
    """What the pixels of one pair give."""

    scores: Mapping[str, float]
    class_sums: Mapping[int, tuple[float, int]]
    """By class: the sum of the colour differences and the number of pixels."""
    fitted: bool
    size: tuple[int, int]


class PixelScores:
    """PSNR, SSIM, MS-SSIM, L1 and the colour difference, this also by class where there are label maps.

    Means over pictures, as papers of this field print them; by class, over all pixels of the class.
    """

    def __init__(self, sources: Sources, about: Protocol, *, label_set: LabelSet | None) -> None:
        self.names: Collection[str] = sources.shared
        self._sources, self._about, self._label_set = sources, about, label_set
        self._ignore = IGNORE if label_set is None or label_set.ignore is None else label_set.ignore
        self._values: dict[str, dict[str, float]] = {}
        self._sums: dict[int, tuple[float, int]] = {}
        self._labelled = self._fitted = 0
        self._small: tuple[str, tuple[int, int]] | None = None

    def look(self, item: Item) -> _Pixels:
        """Score one pair."""
        made, real = item.fitted, item.real
        colours = delta_e(made, real)
        scores = {"psnr": psnr(made, real), "l1": l1(made, real)}
        if min(real.shape[:2]) >= _SMALLEST_MS_SSIM:
            scores["ssim"], scores["ms_ssim"] = ssim_and_ms_ssim(made, real)
        else:
            scores["ssim"] = ssim(made, real)
        sums = {}
        if item.name in self._sources.real_labelled:
            labels = item.real_labels
            totals, areas = np.bincount(labels.ravel(), weights=colours.ravel()), np.bincount(labels.ravel())
            sums = {int(label): (float(totals[label]), int(areas[label])) for label in np.flatnonzero(areas)}
            sums.pop(self._ignore, None)
        size = (real.shape[1], real.shape[0])
        return _Pixels({**scores, "delta_e": float(colours.mean())}, sums, item.is_fitted, size)

    def take(self, name: str, looked: _Pixels) -> None:
        """Keep its numbers."""
        for metric, value in looked.scores.items():
            self._values.setdefault(metric, {})[name] = value
        for label, (total, area) in looked.class_sums.items():
            before, counted = self._sums.get(label, (0.0, 0))
            self._sums[label] = before + total, counted + area
        self._labelled += bool(looked.class_sums)
        self._fitted += looked.fitted
        if "ms_ssim" not in looked.scores and self._small is None:
            self._small = name, looked.size

    def findings(self) -> Findings:
        """The means, the most telling first."""
        about = replace(self._about, resize=FITTED if self._fitted else "")
        kinds = {
            "ssim": ("-1 to 1", "higher"),
            "ms_ssim": ("0 to 1", "higher"),
            "psnr": ("dB", "higher"),
            "l1": ("0 to 1", "lower"),
            "delta_e": ("CIEDE2000", "lower"),
        }
        scores = [
            mean_score(metric, self._values[metric], unit=unit, better=better, about=about)
            for metric, (unit, better) in kinds.items()
            if metric != "ms_ssim" or not self._small
        ]
        notes: tuple[str, ...] = ()
        if self._small:
            name, (width, height) = self._small
            notes = (f"MS-SSIM was left out: it needs {_SMALLEST_MS_SSIM} px a side, and {name} is {width}x{height}.",)
        return Findings((*scores, *self._by_class(about)), notes)

    def _by_class(self, about: Protocol) -> Iterator[Score]:
        if not self._sums:
            return
        settings = {**about.settings, "labels_sha256": contents(self._sources.real_maps)}
        counted = replace(about, count_made=self._labelled, count_real=self._labelled, settings=settings)
        for label, (total, area) in sorted(self._sums.items()):
            name = f"delta_e.{class_name(label, self._label_set)}"
            yield Score(name, total / area, "CIEDE2000", "lower", counted)


class PerceptualDistance:
    """LPIPS of each pair."""

    def __init__(self, lpips: "LPIPS", sources: Sources, about: Protocol, *, backbone: str) -> None:
        self.names: Collection[str] = sources.shared
        self._lpips = lpips
        network, linear = LPIPS_NETWORKS[backbone]
        self._about = replace(
            about,
            extractor=lpips.label,
            weights_sha256=network.sha256,  # no others are taken
            settings={**about.settings, "version": "0.1", "linear_sha256": linear.sha256},
        )
        self._values: dict[str, float] = {}
        self._fitted = False

    def look(self, item: Item) -> tuple[Picture, Picture, bool]:
        """Decode one pair."""
        return item.fitted, item.real, item.is_fitted

    def take(self, name: str, looked: tuple[Picture, Picture, bool]) -> None:
        """Run the network over it."""
        made, real, fitted = looked
        try:
            self._values[name] = self._lpips(made, real)
        except SizeError as error:
            raise SizeError(f"{name}: {error} Leave out --lpips.") from error
        self._fitted |= fitted

    def findings(self) -> Findings:
        """Its mean."""
        about = replace(self._about, resize=FITTED if self._fitted else "")
        name = score_name("lpips", self._lpips.label)
        return Findings((mean_score(name, self._values, unit="", better="lower", about=about),))


@dataclass
class _Faces:
    """Pairs that wait for the network."""

    names: list[str] = field(default_factory=list)
    inputs: list[Any] = field(default_factory=list)
    """Of each pair the made face, then the real one."""


class Identity:
    """The cosine of each pair's embeddings: whether both show one person."""

    def __init__(self, extractor: "Extractor", sources: Sources, about: Protocol, *, batch: int) -> None:
        self.names: Collection[str] = sources.shared
        self._extractor, self._batch, self._waiting = extractor, batch, _Faces()
        self._about = replace(
            about, extractor=extractor.label, weights_sha256=extractor.file.sha256, resize=extractor.resize
        )
        self._values: dict[str, float] = {}

    def look(self, item: Item) -> Sequence[Any]:
        """Make both faces ready for the network."""
        return [self._extractor.prepare([picture]) for picture in (item.made, item.real)]

    def take(self, name: str, looked: Sequence[Any]) -> None:
        """Let them wait for a full batch, or run the network over it."""
        self._waiting.names.append(name)
        self._waiting.inputs.extend(looked)
        if len(self._waiting.names) >= self._batch:
            self._compute()

    def findings(self) -> Findings:
        """Its mean."""
        if self._waiting.names:
            self._compute()
        name = score_name("identity", self._extractor.label)
        score = mean_score(name, self._values, unit="-1 to 1", better="higher", about=self._about)
        told = "the pictures are taken as crops of the face, framed alike; others give lower numbers."
        return Findings((replace(score, cautions=(*score.cautions, told)),))

    def _compute(self) -> None:
        waiting, self._waiting = self._waiting, _Faces()
        rows = features(self._extractor, waiting.inputs)
        broken = np.flatnonzero(~(np.isfinite(rows).all(axis=1) & rows.any(axis=1)))
        if len(broken):
            raise InputError(f"{waiting.names[broken[0] // 2]} gives no embedding; check that it shows a face.")
        cosines = identity_cosines(rows[::2], rows[1::2])
        self._values.update(zip(waiting.names, cosines.tolist(), strict=True))


class LandmarkErrors:
    """The normalised mean error of the made pictures' landmarks against those of the real ones."""

    def __init__(
        self, found: Mapping[str, Points], wanted: Mapping[str, Points], *, sources: Sources, about: Protocol
    ) -> None:
        self.names: Collection[str] = [name for name in sources.shared if name in found and name in wanted]
        self._found, self._wanted, self._about = found, wanted, about
        self._alone = len(sources.shared) - len(self.names)
        self._values: dict[str, float] = {}
        if not self.names:
            raise InputError(
                f"none of the {len(found)} and {len(wanted)} pictures with landmarks is in both folders by name; name "
                "each line of the tables after its picture."
            )

    def look(self, item: Item) -> tuple[float, float]:
        """How much wider and higher the real picture is than the made one."""
        _ = item.fitted  # says what to do where the sizes differ
        return item.real.shape[1] / item.made.shape[1], item.real.shape[0] / item.made.shape[0]

    def take(self, name: str, looked: tuple[float, float]) -> None:
        """Score one picture; x = 0 is the middle of the first pixel."""
        found = (self._found[name] + 0.5) * looked - 0.5
        try:
            self._values[name] = normalised_mean_error(found, self._wanted[name])
        except InputError as error:
            raise type(error)(f"the landmarks of {name}: {error}") from error

    def findings(self) -> Findings:
        """Its mean."""
        wanted = Contents()
        for name in self.names:
            wanted.add(name, hashlib.sha256(self._wanted[name].tobytes()).hexdigest())
        settings = {
            **self._about.settings,
            "divided_by": "distance of the eyes of the real picture",
            "landmarks_sha256": wanted.sha256,
        }
        about = replace(self._about, settings=settings)
        score = mean_score("nme", self._values, unit="eye distances", better="lower", about=about)
        notes = (f"{self._alone} pictures have no landmarks in both files and are not in the NME.",) * bool(self._alone)
        return Findings((score,), notes)
